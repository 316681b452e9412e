//! One line of text being typed. What was typed is wiped when the line goes.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroize;

use crate::app::core::outbox::Outbox;
use crate::app::{Effect, Ticket};
use crate::config::keys::{Key, KeyCode};
use crate::secret::Text;

/// The most that can be typed or pasted into one line, in bytes.
const MOST: usize = 64 * 1024;

/// A line of text with a cursor.
pub struct Input {
    text: String,
    /// A byte's place, always at a grapheme's start or the end.
    cursor: usize,
    /// Shown as dots.
    pub(crate) masked: bool,
    completing: Option<Ticket>,
}

impl Input {
    /// An empty line.
    pub fn new() -> Input {
        Input { text: String::with_capacity(64), cursor: 0, masked: false, completing: None }
    }

    /// An empty line whose letters are shown as dots.
    pub fn masked() -> Input {
        let mut input = Input::new();
        input.masked = true;
        input
    }

    /// A line with that text, the cursor at its end.
    pub fn with(text: &str) -> Input {
        let mut input = Input::new();
        input.paste(text);
        input
    }

    /// What stands there.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The part before the cursor.
    pub fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or("")
    }

    /// Takes what stands there and leaves the line empty.
    pub fn take(&mut self) -> Text {
        let text = Text::from(self.text.as_str());
        self.clear();
        text
    }

    /// Wipes the line.
    pub fn clear(&mut self) {
        // Zeroizing a string empties it and keeps its room.
        self.text.zeroize();
        self.cursor = 0;
    }

    /// Puts `text` in the line's place, the cursor at its end.
    pub fn set(&mut self, text: &str) {
        self.clear();
        self.paste(text);
    }

    /// Inserts `text` at the cursor, as much of it as has room.
    pub fn paste(&mut self, text: &str) {
        let mut room = MOST.saturating_sub(self.text.len()).min(text.len());
        while !text.is_char_boundary(room) {
            room = room.saturating_sub(1);
        }
        let text = text.get(..room).unwrap_or("");
        self.make_room(text.len());
        self.text.insert_str(self.cursor, text);
        self.cursor = self.cursor.saturating_add(text.len());
    }

    /// Inserts the first line of a pasted text.
    pub(crate) fn paste_line(&mut self, text: &str) {
        self.paste(text.lines().next().unwrap_or("").trim());
    }

    /// Asks for the paths that complete what is typed.
    pub(crate) fn ask_to_complete(&mut self, out: &mut Outbox) {
        let typed = Text::from(self.text.as_str());
        self.completing = Some(out.ask(|ticket| Effect::CompletePath(ticket, typed)));
    }

    /// Whether that answer completes what is typed.
    pub(crate) fn waits_for(&self, ticket: Ticket) -> bool {
        self.completing == Some(ticket)
    }

    /// Takes the paths that complete what is typed: what they have in common.
    pub(crate) fn complete(&mut self, found: &[String]) {
        self.completing = None;
        let Some(first) = found.first() else { return };
        let common = found.iter().fold(first.as_str(), |common, path| {
            let same = common.char_indices().zip(path.chars()).find(|((_, a), b)| a != b).map(|((place, _), _)| place);
            common.get(..same.unwrap_or_else(|| common.len().min(path.len()))).unwrap_or("")
        });
        if common.len() > self.text.len() {
            self.set(common);
        }
    }

    /// Acts on a key that edits a line. False when it is not one of those.
    pub fn key(&mut self, key: &Key) -> bool {
        if let Some(c) = key.typed() {
            let mut letter = [0; 4];
            self.paste(c.encode_utf8(&mut letter));
            return true;
        }
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Backspace, false, false) => self.cut(self.left(), self.cursor),
            (KeyCode::Delete, false, false) => self.cut(self.cursor, self.right()),
            (KeyCode::Char('w'), true, _) | (KeyCode::Backspace, _, _) => self.cut(self.word_left(), self.cursor),
            (KeyCode::Char('u'), true, _) => self.cut(0, self.cursor),
            (KeyCode::Char('k'), true, _) => self.cut(self.cursor, self.text.len()),
            (KeyCode::Left, false, false) | (KeyCode::Char('b'), true, _) => self.cursor = self.left(),
            (KeyCode::Right, false, false) | (KeyCode::Char('f'), true, _) => self.cursor = self.right(),
            (KeyCode::Left, _, _) => self.cursor = self.word_left(),
            (KeyCode::Home, _, _) | (KeyCode::Char('a'), true, _) => self.cursor = 0,
            (KeyCode::End, _, _) | (KeyCode::Char('e'), true, _) => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn left(&self) -> usize {
        self.before_cursor().grapheme_indices(true).next_back().map_or(0, |(place, _)| place)
    }

    fn right(&self) -> usize {
        let after = self.text.get(self.cursor..).unwrap_or("");
        self.cursor.saturating_add(after.graphemes(true).next().map_or(0, str::len))
    }

    fn word_left(&self) -> usize {
        let before = self.before_cursor();
        let words = before.trim_end();
        words.rfind(char::is_whitespace).map_or(0, |blank| {
            blank.saturating_add(words.get(blank..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8))
        })
    }

    fn cut(&mut self, from: usize, to: usize) {
        if from >= to || self.text.get(from..to).is_none() {
            return;
        }
        // Rebuilt in a fresh string, so that the letters cut away are wiped with the old one.
        let mut rest = String::with_capacity(self.text.capacity());
        rest.push_str(self.text.get(..from).unwrap_or(""));
        rest.push_str(self.text.get(to..).unwrap_or(""));
        std::mem::swap(&mut self.text, &mut rest);
        rest.zeroize();
        self.cursor = from;
    }

    /// Grows without leaving a copy behind.
    fn make_room(&mut self, more: usize) {
        let needed = self.text.len().saturating_add(more);
        if needed <= self.text.capacity() {
            return;
        }
        let mut bigger = String::with_capacity(needed.max(self.text.capacity().saturating_mul(2)));
        bigger.push_str(&self.text);
        std::mem::swap(&mut self.text, &mut bigger);
        bigger.zeroize();
    }
}

impl Default for Input {
    fn default() -> Input {
        Input::new()
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Input(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::parse;

    fn typed(keys: &str) -> Input {
        let mut input = Input::new();
        for key in parse(keys).unwrap() {
            input.key(&key);
        }
        input
    }

    #[test]
    fn letters_are_edited_by_grapheme() {
        assert_eq!(typed("a日e\u{301}<Backspace>").text(), "a日");
        assert_eq!(typed("abc<Left><Left>X").text(), "aXbc");
        assert_eq!(typed("abc<Home><Delete>").text(), "bc");
        assert_eq!(typed("one two<C-w>").text(), "one ");
        assert_eq!(typed("one two<C-u>").text(), "");
        assert_eq!(typed("one<Left><C-k>").text(), "on");
        assert_eq!(typed("<Backspace><Delete><Left><Right>").text(), "");
    }

    #[test]
    fn there_is_a_limit() {
        let mut input = Input::with("é");
        input.paste(&"é".repeat(MOST));
        assert!(input.text().len() <= MOST);
        assert!(input.text().ends_with('é'));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Input::with("words")), "Input(redacted)");
    }
}
