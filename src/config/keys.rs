//! Keys, without the terminal's dialect, and how people write them: `y`, `<Enter>`, `<C-r>`, `<F2>`.
//!
//! One parser for `config.toml` and for tests: a text such as `/git<Enter>` is a row of keys.

use std::fmt;

/// A key, without the terminal's dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// With Control.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
    /// With Shift; for characters the character already says it, and this is false.
    pub shift: bool,
}

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// A character, as typed.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key, 1 to 12.
    F(u8),
}

const NAMES: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Space", KeyCode::Char(' ')),
    ("lt", KeyCode::Char('<')),
];

impl Key {
    /// A key alone.
    pub const fn plain(code: KeyCode) -> Key {
        Key { code, ctrl: false, alt: false, shift: false }
    }

    /// A character alone.
    pub const fn char(c: char) -> Key {
        Key::plain(KeyCode::Char(c))
    }

    /// A character with Control.
    pub const fn ctrl(c: char) -> Key {
        Key { code: KeyCode::Char(c), ctrl: true, alt: false, shift: false }
    }

    /// The character that this key types, if it types one.
    pub fn typed(&self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// How the key is shown to a person: `⏎`, `^R`, `Space`, `↑`.
    pub fn label(&self, ascii: bool) -> String {
        let base = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) if self.ctrl => c.to_ascii_uppercase().to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter if !ascii => "⏎".into(),
            KeyCode::Up if !ascii => "↑".into(),
            KeyCode::Down if !ascii => "↓".into(),
            KeyCode::Left if !ascii => "←".into(),
            KeyCode::Right if !ascii => "→".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            KeyCode::BackTab => "S-Tab".into(),
            KeyCode::F(n) => format!("F{n}"),
            code => NAMES.iter().find(|(_, named)| *named == code).map_or("?", |(name, _)| name).to_owned(),
        };
        let mut out = String::new();
        if self.alt {
            out.push_str("M-");
        }
        if self.ctrl {
            out.push('^');
        }
        if self.shift {
            out.push_str("S-");
        }
        out.push_str(&base);
        out
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = [(self.ctrl, "C-"), (self.alt, "A-"), (self.shift, "S-")];
        let name = match self.code {
            KeyCode::F(n) => Some(format!("F{n}")),
            code => NAMES.iter().find(|(_, named)| *named == code).map(|(name, _)| (*name).to_owned()),
        };
        match (self.code, name) {
            (KeyCode::Char(c), None) if !self.ctrl && !self.alt => write!(f, "{c}"),
            (code, name) => {
                f.write_str("<")?;
                for (on, mark) in marks {
                    if on {
                        f.write_str(mark)?;
                    }
                }
                match (code, name) {
                    (_, Some(name)) => f.write_str(&name)?,
                    (KeyCode::Char(c), None) => write!(f, "{c}")?,
                    (_, None) => {}
                }
                f.write_str(">")
            }
        }
    }
}

/// A text that names no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a key: write one character, <Enter>, <Esc>, <Tab>, <Space>, <Up>, <F2>, <C-r>, <A-x> and the like"
)]
pub struct NotAKey(pub String);

/// The keys of a text such as `/git<Enter>` or `<C-r>`.
///
/// # Errors
/// [`NotAKey`] with the part that is none.
pub fn parse(text: &str) -> Result<Vec<Key>, NotAKey> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or("");
        if first == '<'
            && let Some((name, behind)) = after.split_once('>')
        {
            keys.push(named(name).ok_or_else(|| NotAKey(format!("<{name}>")))?);
            rest = behind;
        } else {
            keys.push(Key::char(first));
            rest = after;
        }
    }
    Ok(keys)
}

fn named(name: &str) -> Option<Key> {
    let mut key = Key::plain(KeyCode::Esc);
    let mut rest = name;
    loop {
        let (mark, after) = match rest.split_once('-') {
            Some((mark, after)) if mark.len() == 1 && !after.is_empty() => (mark, after),
            _ => break,
        };
        match mark {
            "C" | "c" => key.ctrl = true,
            "A" | "a" | "M" | "m" => key.alt = true,
            "S" | "s" => key.shift = true,
            _ => return None,
        }
        rest = after;
    }
    let mut chars = rest.chars();
    key.code = match (chars.next(), chars.as_str()) {
        (Some(c), "") => KeyCode::Char(if key.ctrl { c.to_ascii_lowercase() } else { c }),
        (Some('F' | 'f'), number) if number.parse::<u8>().is_ok_and(|n| (1..=12).contains(&n)) => {
            KeyCode::F(number.parse().ok()?)
        }
        _ => NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(rest)).map(|(_, code)| *code)?,
    };
    if key.code == KeyCode::Tab && key.shift {
        key.code = KeyCode::BackTab;
        key.shift = false;
    }
    if matches!(key.code, KeyCode::Char(_)) {
        key.shift = false;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_keys() {
        let keys = parse("/g<Enter><C-R><lt><S-Tab><F2>").unwrap();
        assert_eq!(
            keys,
            [
                Key::char('/'),
                Key::char('g'),
                Key::plain(KeyCode::Enter),
                Key::ctrl('r'),
                Key::char('<'),
                Key::plain(KeyCode::BackTab),
                Key::plain(KeyCode::F(2)),
            ]
        );
        assert!(parse("<Nonsense>").is_err());
        assert!(parse("<F13>").is_err());
        assert_eq!(parse("<").unwrap(), [Key::char('<')]);
    }

    #[test]
    fn written_keys_read_back() {
        for text in ["a", "<Enter>", "<C-r>", "<A-x>", "<F12>", "<Space>", "<lt>", "<PageDown>", "日"] {
            let keys = parse(text).unwrap();
            let written: String = keys.iter().map(Key::to_string).collect();
            assert_eq!(written, text);
            assert_eq!(parse(&written).unwrap(), keys);
        }
    }

    #[test]
    fn labels_are_short() {
        assert_eq!(Key::ctrl('r').label(false), "^R");
        assert_eq!(Key::plain(KeyCode::Enter).label(false), "⏎");
        assert_eq!(Key::plain(KeyCode::Enter).label(true), "Enter");
        assert_eq!(Key::char(' ').label(false), "Space");
    }
}
