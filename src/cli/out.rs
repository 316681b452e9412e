//! Standard output for data, standard error for words.

use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use super::args::Color;
use super::error::Failure;
use crate::text;
use crate::time::Utc;

pub fn data(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::nobody_reads(),
        _ => Failure::failed(format!("cannot write to standard output: {error}")),
    })
}

/// A name as it is typed in a shell.
pub fn word(name: &str) -> String {
    let name = text::clean(name);
    let plain = |c: char| c.is_alphanumeric() || "-_.:/+".contains(c);
    match !name.is_empty() && !name.starts_with('-') && name.chars().all(plain) {
        true => name.into_owned(),
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}

/// One line of data: on a terminal cleaned, elsewhere as it is.
pub fn line(text: &str) -> Result<(), Failure> {
    let text = if io::stdout().is_terminal() { text::clean(text) } else { text.into() };
    let mut line = Zeroizing::new(Vec::with_capacity(text.len().saturating_add(1)));
    line.extend_from_slice(text.as_bytes());
    line.push(b'\n');
    data(&line)
}

/// Whether data may go where standard output goes: to a terminal only text that does nothing there.
pub fn may_be_shown(bytes: &[u8]) -> bool {
    !io::stdout().is_terminal() || acts_on_no_terminal(bytes)
}

fn acts_on_no_terminal(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.split('\n').all(|line| text::clean(line) == line))
}

/// One JSON value and a newline. Characters that would act on a terminal are escaped.
pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map(Zeroizing::new);
    let text = text.map_err(|error| Failure::failed(format!("cannot print JSON: {error}")))?;
    line(&escaped(&text))
}

/// Outside strings JSON is plain ASCII, so every such character stands in a string and may be written as its escape.
fn escaped(json: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(json.len().saturating_add(json.len() / 16)));
    for c in json.chars() {
        if acts_on_a_terminal(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn acts_on_a_terminal(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Lines of words on standard error, cleaned. That they cannot be said is no reason to fail.
pub fn say(words: &str) {
    words.split('\n').for_each(|line| say_styled(&text::clean(line)));
}

/// One line with colours of our own in it, its words cleaned by the caller.
pub fn say_styled(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Something worth knowing that hinders nothing.
pub fn warn(words: &str) {
    say(&format!("tickey: warning: {}", text::clean(words)));
}

/// Whether standard error shows colours.
pub fn colors_errors(color: Color) -> bool {
    wanted(color, io::stderr().is_terminal())
}

fn wanted(color: Color, terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// Columns side by side, cleaned, each as wide as its widest cell (at most `limit`), without blanks at the end.
pub fn table(rows: &[Vec<String>], limit: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let fitted: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| text::fit(cell, limit)).collect()).collect();
    let widths: Vec<usize> = (0..columns)
        .map(|column| fitted.iter().filter_map(|row| row.get(column)).map(|cell| text::width(cell)).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in &fitted {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            if *width == 0 {
                continue;
            }
            line.push_str(cell);
            let gap = width.saturating_sub(text::width(cell)).saturating_add(2);
            line.extend(std::iter::repeat_n(' ', gap));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A moment in UTC: `2026-11-24 06:05:17 UTC`.
pub fn utc(wall_ms: u64) -> String {
    let Utc { year, month, day, hour, minute, second } = Utc::from_unix(wall_ms / 1000);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `1 entry`, `2 entries`.
pub fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// `1 change`, `2 changes`.
pub fn changes(count: usize) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_change_is_no_changes() {
        assert_eq!([0, 1, 2].map(changes), ["0 changes", "1 change", "2 changes"]);
    }

    #[test]
    fn dates() {
        assert_eq!(utc(1_795_500_317_999), "2026-11-24 06:05:17 UTC");
    }

    #[test]
    fn json_has_nothing_that_acts_on_a_terminal() {
        let text = "a\u{1b}[31m\u{9b}b\u{202e}c\u{e0041}";
        let json = escaped(&serde_json::to_string(text).unwrap());
        assert!(json.is_ascii(), "{}", json.as_str());
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn text_that_acts_on_a_terminal_is_seen() {
        for text in ["a\tb", "a\rb", "\u{1b}[31m", "\u{9b}", "a\u{202e}b", "zero\u{200b}width"] {
            assert!(!acts_on_no_terminal(text.as_bytes()), "{text:?}");
        }
        assert!(!acts_on_no_terminal(&[0xff, 0xfe]));
        assert!(acts_on_no_terminal("{\n  \"a\": \"日本 é\"\n}\n".as_bytes()));
    }

    #[test]
    fn a_name_is_one_word_for_a_shell() {
        for (name, word) in [
            ("ops", "ops"),
            ("my team", "'my team'"),
            ("it's", r"'it'\''s'"),
            ("-x", "'-x'"),
            ("", "''"),
            ("Tëam", "Tëam"),
        ] {
            assert_eq!(super::word(name), word);
        }
    }
}
