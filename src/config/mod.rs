//! `config.toml`: keys, theme and a few settings. Pure: text in, values out.
//!
//! ```toml
//! clipboard_seconds = 30   # a copied code leaves the clipboard after so long, 5 to 600
//! lock_minutes = 5         # without a key; 0: never by itself
//! hidden_codes = false     # codes are shown by Space only
//! plain = false            # true: no countdown bars, no moving parts
//! ascii = false            # true: no signs outside ASCII
//! theme = "default"        # default, contrast, mono
//!
//! [colours]                # accent, good, warn, bad, dim: one of the terminal's sixteen, or "default"
//! dim = "bright-black"
//!
//! [keys]                   # an action's name and its keys; see assets/keys.toml
//! copy = ["<Enter>", "y"]
//! ```

pub mod keys;
pub mod theme;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::config::keys::Key;
use crate::config::theme::{Colour, Theme};

/// The keys the program has when nothing else is said, in the form of `[keys]`.
pub const DEFAULT_KEYS: &str = include_str!("../../assets/keys.toml");

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// A copied code leaves the clipboard after so many seconds: 5 to 600.
    pub clipboard_seconds: u64,
    /// Minutes without a key until the vault locks: up to 1 440; 0: never by itself.
    pub lock_minutes: u64,
    /// Codes are shown only when asked for.
    pub hidden_codes: bool,
    /// No countdown bars, no moving parts.
    pub plain: bool,
    /// No signs outside ASCII in what the program itself draws.
    pub ascii: bool,
    /// What colours mean.
    pub theme: Theme,
    /// Each action's keys, by the action's name. The table of actions says which names there are.
    pub keys: BTreeMap<String, Vec<Key>>,
}

impl Default for Config {
    fn default() -> Config {
        let mut config = Config {
            clipboard_seconds: 30,
            lock_minutes: 5,
            hidden_codes: false,
            plain: false,
            ascii: false,
            theme: Theme::MONO,
            keys: BTreeMap::new(),
        };
        // The embedded texts are read by a test; what could not be read would be missing, not fatal.
        if let Ok(keys) = read_keys(DEFAULT_KEYS) {
            config.keys = keys;
        }
        if let Some(theme) = theme::embedded("default").and_then(read_theme) {
            config.theme = theme;
        }
        config
    }
}

/// What is wrong with a `config.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ConfigError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    clipboard_seconds: Option<Spanned<u64>>,
    lock_minutes: Option<Spanned<u64>>,
    hidden_codes: Option<bool>,
    plain: Option<bool>,
    ascii: Option<bool>,
    theme: Option<Spanned<String>>,
    colours: Option<BTreeMap<Spanned<String>, Spanned<String>>>,
    keys: Option<BTreeMap<Spanned<String>, Spanned<Vec<String>>>>,
}

impl Config {
    /// Reads a `config.toml`; what it does not say stays as by default.
    ///
    /// # Errors
    /// [`ConfigError`] with the line of the first thing that is wrong: TOML, an unknown name, a number out of range, a text that is no key.
    /// Whether one key means two things is checked against the table of actions, which is not known here.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        let written: Written = read(text)?;
        let at = |span: Range<usize>, message: String| ConfigError { line: line(text, span.start), message };
        if let Some(seconds) = written.clipboard_seconds {
            if !(5..=600).contains(seconds.get_ref()) {
                return Err(at(seconds.span(), "clipboard_seconds is a number from 5 to 600".into()));
            }
            config.clipboard_seconds = *seconds.get_ref();
        }
        if let Some(minutes) = written.lock_minutes {
            if *minutes.get_ref() > 1_440 {
                return Err(at(minutes.span(), "lock_minutes is a number from 0 (never) to 1440".into()));
            }
            config.lock_minutes = *minutes.get_ref();
        }
        config.hidden_codes = written.hidden_codes.unwrap_or(config.hidden_codes);
        config.plain = written.plain.unwrap_or(config.plain);
        config.ascii = written.ascii.unwrap_or(config.ascii);
        if let Some(name) = written.theme {
            config.theme = theme::embedded(name.get_ref()).and_then(read_theme).ok_or_else(|| {
                at(name.span(), format!("there is no theme \"{}\": default, contrast, mono", name.get_ref()))
            })?;
        }
        for (meaning, name) in written.colours.into_iter().flatten() {
            let colour = Colour::from_name(name.get_ref()).ok_or_else(|| {
                at(
                    name.span(),
                    format!("\"{}\" is not one of the terminal's sixteen colours or \"default\"", name.get_ref()),
                )
            })?;
            if !config.theme.set(meaning.get_ref(), colour) {
                let known = "accent, good, warn, bad, dim";
                return Err(at(meaning.span(), format!("there is no colour \"{}\": {known}", meaning.get_ref())));
            }
        }
        for (action, texts) in written.keys.into_iter().flatten() {
            if !config.keys.contains_key(action.get_ref()) {
                return Err(at(action.span(), format!("there is no action \"{}\"", action.get_ref())));
            }
            let keys = read_key_list(texts.get_ref()).map_err(|error| at(texts.span(), error.to_string()))?;
            config.keys.insert(action.into_inner(), keys);
        }
        Ok(config)
    }
}

fn read_key_list(texts: &[String]) -> Result<Vec<Key>, keys::NotAKey> {
    texts
        .iter()
        .map(|text| match keys::parse(text)?.as_slice() {
            [key] => Ok(*key),
            _ => Err(keys::NotAKey(text.clone())),
        })
        .collect()
}

fn read_keys(text: &str) -> Result<BTreeMap<String, Vec<Key>>, ConfigError> {
    let table: BTreeMap<String, Spanned<Vec<String>>> = read(text)?;
    let read_row = |(action, texts): (String, Spanned<Vec<String>>)| {
        let keys = read_key_list(texts.get_ref())
            .map_err(|error| ConfigError { line: line(text, texts.span().start), message: error.to_string() })?;
        Ok((action, keys))
    };
    table.into_iter().map(read_row).collect()
}

fn read_theme(text: &str) -> Option<Theme> {
    let table: BTreeMap<String, String> = toml::from_str(text).ok()?;
    let mut theme = Theme::MONO;
    for (meaning, name) in table {
        if !theme.set(&meaning, Colour::from_name(&name)?) {
            return None;
        }
    }
    Some(theme)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError {
        line: line(text, error.span().map_or(0, |span| span.start)),
        message: error.message().lines().next().unwrap_or("this is not TOML").to_owned(),
    })
}

/// The line, from 1, of a byte's place.
fn line(text: &str, place: usize) -> usize {
    text.bytes().take(place).filter(|byte| *byte == b'\n').count().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_texts_are_good() {
        assert!(read_keys(DEFAULT_KEYS).unwrap().contains_key("copy"));
        for name in ["default", "contrast", "mono"] {
            assert!(theme::embedded(name).and_then(read_theme).is_some(), "{name}");
        }
        assert_ne!(Config::default().theme, Theme::MONO);
    }

    #[test]
    fn nothing_written_changes_nothing() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn everything_written_counts() {
        let text = "clipboard_seconds = 20\nlock_minutes = 0\nhidden_codes = true\nplain = true\nascii = true\n\
                    theme = \"mono\"\n[colours]\nbad = \"bright-red\"\n[keys]\ncopy = [\"c\", \"<C-y>\"]\n";
        let config = Config::parse(text).unwrap();
        assert_eq!((config.clipboard_seconds, config.lock_minutes), (20, 0));
        assert!(config.hidden_codes && config.plain && config.ascii);
        assert_eq!(config.theme, Theme { bad: Colour::Ansi(9), ..Theme::MONO });
        assert_eq!(config.keys.get("copy").unwrap(), &[Key::char('c'), Key::ctrl('y')]);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, part) in [
            ("\nclipboard_seconds = 0", 2, "5 to 600"),
            ("lock_minutes = 9999", 1, "1440"),
            ("theme = \"loud\"", 1, "no theme"),
            ("[colours]\n\nbad = \"mauve\"", 3, "sixteen"),
            ("[colours]\nloud = \"red\"", 2, "no colour"),
            ("[keys]\nfly = [\"f\"]", 2, "no action"),
            ("[keys]\ncopy = [\"yy\"]", 2, "not a key"),
            ("what = 1", 1, "unknown"),
            ("a = = 1", 1, ""),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.message.contains(part), "{text}: {error}");
        }
    }
}
