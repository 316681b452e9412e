//! A new passphrase, typed twice; a hint how strong it is.

use crate::app::core::input::Input;
use crate::config::keys::Key;
use crate::secret::Text;

/// Two lines for a new passphrase.
pub(crate) struct Twice {
    pub(crate) first: Input,
    pub(crate) second: Input,
    /// The second line is being typed.
    pub(crate) at_second: bool,
    pub(crate) error: Option<&'static str>,
}

impl Twice {
    pub(crate) fn new() -> Twice {
        Twice { first: Input::masked(), second: Input::masked(), at_second: false, error: None }
    }

    pub(crate) fn line(&mut self) -> &mut Input {
        if self.at_second { &mut self.second } else { &mut self.first }
    }

    /// Text was pasted: its first line counts.
    pub(crate) fn paste(&mut self, text: &str) {
        self.line().paste_line(text);
    }

    pub(crate) fn key(&mut self, key: &Key) {
        if self.line().key(key) {
            self.error = None;
        }
    }

    pub(crate) fn show_typed(&mut self) {
        self.first.masked = !self.first.masked;
        self.second.masked = self.first.masked;
    }

    /// The passphrase, once both lines are the same; else the error stands in its row.
    pub(crate) fn submit(&mut self) -> Option<Text> {
        if self.first.is_empty() {
            self.at_second = false;
            self.error = Some("a passphrase is needed");
        } else if !self.at_second && self.second.is_empty() {
            self.at_second = true;
        } else if self.first.text() != self.second.text() {
            self.at_second = true;
            self.second.clear();
            self.error = Some("the two are not the same; type the second again");
        } else {
            self.second.clear();
            self.at_second = false;
            return Some(self.first.take());
        }
        None
    }
}

/// How strong a passphrase looks: words for a hint, 0 to 4 for a bar. It knows nothing of dictionaries: long and varied is what counts.
pub(crate) fn strength(passphrase: &str) -> (usize, &'static str) {
    let letters = passphrase.chars().count();
    let distinct = passphrase.chars().collect::<std::collections::BTreeSet<_>>().len();
    let words = passphrase.split_whitespace().filter(|word| word.chars().count() > 2).count();
    let classes = [
        passphrase.chars().any(char::is_lowercase),
        passphrase.chars().any(char::is_uppercase),
        passphrase.chars().any(char::is_numeric),
        passphrase.chars().any(|c| !c.is_alphanumeric()),
    ];
    let classes = classes.iter().filter(|present| **present).count();
    let score = letters
        .min(distinct.saturating_mul(2))
        .saturating_add(classes.saturating_mul(2))
        .saturating_add(words.saturating_mul(2));
    match score {
        0..=11 => (0, "very weak: five random words are easy to remember and hard to guess"),
        12..=17 => (1, "weak: longer is better than odder"),
        18..=23 => (2, "fair: two more words make it strong"),
        24..=31 => (3, "good"),
        _ => (4, "strong"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_is_stronger() {
        let order = [
            "aaaaaaaaaaaaaaaaaaaaaaaa",
            "horse",
            "Passw0rd!",
            "correct horse battery",
            "correct horse battery staple wagon",
        ];
        let scores: Vec<usize> = order.iter().map(|words| strength(words).0).collect();
        assert!(scores.is_sorted(), "{scores:?}");
        assert_eq!(scores.first(), Some(&0));
        assert_eq!(scores.last(), Some(&4));
    }
}
