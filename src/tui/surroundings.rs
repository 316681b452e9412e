//! What the environment says of the terminal: colour, and whether it shows more than ASCII.

use std::env;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// Colours are wanted: `NO_COLOR` is not set (no-color.org) and `TERM` is not `dumb`.
    pub colour: bool,
    /// The locale's characters are UTF-8.
    pub unicode: bool,
}

impl Surroundings {
    /// By the environment's variables.
    pub fn from_environment() -> Surroundings {
        let get = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Surroundings::new(get)
    }

    fn new(get: impl Fn(&str) -> Option<String>) -> Surroundings {
        let dumb = get("TERM").is_some_and(|term| term == "dumb");
        // The first that is set decides (POSIX, "Environment Variables").
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(&get).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8") || cfg!(target_os = "macos");
        Surroundings { colour: get("NO_COLOR").is_none() && !dumb, unicode: utf8 && !dumb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[(&str, &str)]) -> (bool, bool) {
        let seen = Surroundings::new(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into()));
        (seen.colour, seen.unicode)
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_environment_decides() {
        assert_eq!(with(&[("TERM", "xterm"), ("LANG", "de_AT.UTF-8")]), (true, true));
        assert_eq!(with(&[("LANG", "de_AT.UTF-8"), ("LC_ALL", "C")]), (true, false));
        assert_eq!(with(&[("LANG", "C"), ("LC_CTYPE", "C.utf8")]), (true, true));
        assert_eq!(with(&[("NO_COLOR", "1"), ("LANG", "C.UTF-8")]), (false, true));
        assert_eq!(with(&[("TERM", "dumb"), ("LANG", "C.UTF-8")]), (false, false));
        assert_eq!(with(&[]), (true, false));
    }
}
