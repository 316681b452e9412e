//! Which colour means what. The terminal's own foreground and background are never set.

/// A colour of the terminal's own sixteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// The terminal's own foreground.
    #[default]
    Default,
    /// One of the sixteen, 0 to 15.
    Ansi(u8),
}

const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

impl Colour {
    /// `default`, `red`, `bright-black` and so on.
    pub fn from_name(name: &str) -> Option<Colour> {
        if name == "default" {
            return Some(Colour::Default);
        }
        NAMES.iter().position(|known| *known == name).and_then(|n| u8::try_from(n).ok()).map(Colour::Ansi)
    }
}

/// A colour for each meaning. Every meaning is also said without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Theme {
    /// Keys in hints, the chosen tab, the program's name.
    pub accent: Colour,
    /// Something worked; a bar with time left.
    pub good: Colour,
    /// A code's last seconds; something to look at.
    pub warn: Colour,
    /// Something did not work.
    pub bad: Colour,
    /// Less important words.
    pub dim: Colour,
}

impl Theme {
    /// No colours at all: `NO_COLOR`, and terminals that have none.
    pub const MONO: Theme = Theme {
        accent: Colour::Default,
        good: Colour::Default,
        warn: Colour::Default,
        bad: Colour::Default,
        dim: Colour::Default,
    };

    /// Sets the meaning of that name.
    pub(super) fn set(&mut self, meaning: &str, colour: Colour) -> bool {
        let place = match meaning {
            "accent" => &mut self.accent,
            "good" => &mut self.good,
            "warn" => &mut self.warn,
            "bad" => &mut self.bad,
            "dim" => &mut self.dim,
            _ => return false,
        };
        *place = colour;
        true
    }
}

/// The text of the theme of that name, in the form of `config.toml`'s `[theme]`.
pub(super) fn embedded(name: &str) -> Option<&'static str> {
    match name {
        "default" => Some(include_str!("../../assets/themes/default.toml")),
        "contrast" => Some(include_str!("../../assets/themes/contrast.toml")),
        "mono" => Some(include_str!("../../assets/themes/mono.toml")),
        _ => None,
    }
}
