//! How meanings look: the theme's colours as styles, and the signs that are drawn.

use ratatui::style::{Color, Modifier, Style};

use crate::config::Config;
use crate::config::theme::Colour;

/// Styles and signs of one configuration.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub(crate) accent: Style,
    pub(crate) good: Style,
    pub(crate) warn: Style,
    pub(crate) bad: Style,
    pub(crate) dim: Style,
    pub(crate) bold: Style,
    pub(crate) signs: &'static Signs,
    pub(crate) plain: bool,
    pub(crate) ascii: bool,
}

/// The signs that are drawn, in Unicode or in ASCII.
#[derive(Debug)]
pub(crate) struct Signs {
    pub(crate) selected: &'static str,
    pub(crate) star: &'static str,
    pub(crate) conflict: &'static str,
    pub(crate) full: &'static str,
    pub(crate) spent: &'static str,
    /// A bar in one cell, from empty to full.
    pub(crate) levels: &'static [&'static str],
    pub(crate) dot: &'static str,
    pub(crate) hidden: &'static str,
    pub(crate) undrawn: &'static str,
    pub(crate) enter: &'static str,
    pub(crate) ok: &'static str,
    pub(crate) bad: &'static str,
    pub(crate) news: &'static str,
    pub(crate) bullet: &'static str,
}

static UNICODE: Signs = Signs {
    selected: "▌",
    star: "★",
    conflict: "≠",
    full: "━",
    spent: "╌",
    levels: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    dot: "·",
    hidden: "••• •••",
    undrawn: "··· ···",
    enter: "⏎",
    ok: "✓",
    bad: "✗",
    news: "·",
    bullet: "•",
};

static ASCII: Signs = Signs {
    selected: ">",
    star: "*",
    conflict: "#",
    full: "=",
    spent: "-",
    levels: &[".", ":", "+", "#"],
    dot: "-",
    hidden: "*** ***",
    undrawn: "--- ---",
    enter: "Enter",
    ok: "+",
    bad: "x",
    news: "-",
    bullet: "*",
};

impl Look {
    /// The look of a configuration.
    pub fn of(config: &Config) -> Look {
        let style = |colour| match colour {
            Colour::Default => Style::new(),
            Colour::Ansi(n) => Style::new().fg(ansi(n)),
        };
        let theme = &config.theme;
        Look {
            accent: style(theme.accent),
            good: style(theme.good),
            warn: style(theme.warn),
            bad: style(theme.bad),
            dim: style(theme.dim),
            bold: Style::new().add_modifier(Modifier::BOLD),
            signs: if config.ascii { &ASCII } else { &UNICODE },
            plain: config.plain,
            ascii: config.ascii,
        }
    }
}

fn ansi(n: u8) -> Color {
    const COLOURS: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    COLOURS.get(usize::from(n)).copied().unwrap_or(Color::Reset)
}
