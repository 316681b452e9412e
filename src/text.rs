//! Text on screen: other people's words, made safe to show.
//!
//! Labels come from files that anybody may have written. Stored as they came, they are shown only through [`clean`] and [`fit`]:
//! no character of a label can move the cursor, turn the direction of writing, hide, or send the terminal a command.

use std::borrow::Cow;

use unicode_security::{RestrictionLevel, RestrictionLevelDetection, skeleton};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use zeroize::Zeroizing;

/// How many marks without a width of their own a character may carry. Real scripts need three or four.
const MOST_MARKS: usize = 6;

/// `text` without control characters, bidirectional overrides and invisible characters, with newlines and tabs as blanks.
/// The only way from a stored label to a terminal.
///
/// Joiners and variation selectors stay where they are part of an emoji; piles of combining marks are cut.
pub fn clean(text: &str) -> Cow<'_, str> {
    // Plain ASCII is what nearly all labels are.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(Cleaned::new(text).collect())
}

/// How many columns `text` takes in a terminal.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text`, cleaned and cut to `columns` by display width at grapheme boundaries, with `…` where something was cut.
/// Its cost follows `columns`, not the length of `text`.
pub fn fit(text: &str, columns: usize) -> String {
    if columns == 0 {
        return String::new();
    }
    // A column is filled by at most a base and its marks, so so many characters fill all columns and one more; a grapheme that is
    // longer still (a chain of joined emoji) is cut away whole.
    let most = columns.saturating_add(2).saturating_mul(MOST_MARKS + 2);
    let mut cleaned = Cleaned::new(text);
    let start: String = cleaned.by_ref().take(most).collect();
    let complete = cleaned.next().is_none();
    if complete && width(&start) <= columns {
        return start;
    }
    let room = columns.saturating_sub(1);
    let mut out = String::with_capacity(start.len());
    let mut used = 0usize;
    let mut graphemes = start.graphemes(true).peekable();
    while let Some(grapheme) = graphemes.next() {
        // The last one may go on beyond what was read.
        if graphemes.peek().is_none() && !complete {
            break;
        }
        used = used.saturating_add(width(grapheme));
        if used > room {
            break;
        }
        out.push_str(grapheme);
    }
    out.push('…');
    out
}

/// A text's lines, broken at blanks where it is wider than so many columns, and inside a word that is wider by itself. Wiped when they are dropped.
pub fn broken(text: &str, columns: u16) -> Vec<Zeroizing<String>> {
    let columns = usize::from(columns.max(1));
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = Zeroizing::new(String::with_capacity(paragraph.len()));
        for word in paragraph.split_whitespace() {
            let both = width(&line).saturating_add(width(word)).saturating_add(1);
            if !line.is_empty() && both > columns {
                lines.push(line.clone());
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            if width(word) <= columns {
                line.push_str(word);
                continue;
            }
            let mut used = 0_usize;
            for letter in word.graphemes(true) {
                used = used.saturating_add(width(letter));
                if used > columns && !line.is_empty() {
                    lines.push(line.clone());
                    line.clear();
                    used = width(letter);
                }
                line.push_str(letter);
            }
        }
        lines.push(line);
    }
    lines
}

/// What a name looks like to whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    /// Two names that share one of these can be taken for each other.
    pub alike: [String; 2],
    /// A word of it mixes letters of scripts that no language writes together, or has letters that none writes any more.
    pub mixed: bool,
}

/// How a name looks, by Unicode's data on confusable characters (UTS #39): Cyrillic `А` like Latin `A`, `0` like `O`, whatever its case. The data differ
/// between versions of Unicode, so two programs may differ, too: a reason to ask a person, never to refuse what somebody else has signed.
pub fn looks(name: &str) -> Looks {
    let name = clean(name).split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = |text: &str| skeleton(text).collect::<String>().to_lowercase();
    // An `I` looks like an `l` as it stands, and like an `i` to whoever does not mind case.
    let alike = [lower(&name), lower(&name.to_lowercase())];
    let mixed = name
        .split(|letter: char| !letter.is_alphanumeric())
        .any(|word| !word.check_restriction_level(RestrictionLevel::ModeratelyRestrictive));
    Looks { alike, mixed }
}

/// The characters of a text that may be shown, one after another.
struct Cleaned<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    last: Option<char>,
    marks: usize,
}

impl<'a> Cleaned<'a> {
    fn new(text: &'a str) -> Self {
        Cleaned { rest: text.chars().peekable(), last: None, marks: 0 }
    }
}

impl Iterator for Cleaned<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            let letter = self.rest.next()?;
            let shown = match letter {
                '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
                // A joiner or selector belongs only between parts of an emoji.
                '\u{200d}'
                    if self.last.is_some_and(pictorial)
                        && self.rest.peek().is_some_and(|next| *next != '\u{fe0f}' && pictorial(*next)) =>
                {
                    letter
                }
                '\u{fe0e}' | '\u{fe0f}' if self.last.is_some_and(takes_selector) => letter,
                _ if unshowable(letter) => continue,
                _ => letter,
            };
            if shown.width().unwrap_or(0) == 0 {
                self.marks = self.marks.saturating_add(1);
                if self.marks > MOST_MARKS {
                    continue;
                }
            } else {
                self.marks = 0;
            }
            self.last = Some(shown);
            return Some(shown);
        }
    }
}

/// Characters that are controls, or show nothing, or change how others are shown.
fn unshowable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Pictures that emoji sequences are joined from, with what may stand at the end of one.
fn pictorial(letter: char) -> bool {
    matches!(letter,
        '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}'
        | '\u{2b00}'..='\u{2bff}' | '\u{fe0f}')
}

/// Characters that exist both as text and as a picture.
fn takes_selector(letter: char) -> bool {
    letter != '\u{fe0f}'
        && (pictorial(letter)
            || matches!(letter, '0'..='9' | '#' | '*' | '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '〰' | '〽' | '㊗' | '㊙'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_left_alone() {
        for text in ["", "GitHub (work) #2", "Zürich & 測試", "日本郵便", "né́", "👨‍👩‍👧", "❤️", "1️⃣", "👍🏽", "हिन्दी"]
        {
            assert_eq!(clean(text), text);
        }
        assert!(matches!(clean("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn commands_and_tricks_are_taken_out() {
        for (text, expected) in [
            ("Evil\u{1b}]52;c;cm0=\u{7}", "Evil]52;c;cm0="),
            ("a\u{9b}31mb", "a31mb"),
            ("a\nb\r\tc\u{2028}d\u{85}e", "a b  c d e"),
            ("Pay\u{202e}laP", "PaylaP"),
            ("\u{2066}x\u{2069}\u{200f}\u{61c}", "x"),
            ("G\u{200b}oo\u{feff}gle\u{ad}", "Google"),
            ("a\u{200d}b", "ab"),
            ("a\u{fe0f}b", "ab"),
            ("x\u{e0041}\u{e007f}", "x"),
            ("\u{0}\u{7f}", ""),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn piles_of_marks_are_cut() {
        let pile = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(clean(&pile).chars().count(), 2 + MOST_MARKS);
    }

    #[test]
    fn cut_by_width_between_graphemes() {
        for (text, columns, expected) in [
            ("GitHub", 6, "GitHub"),
            ("GitHub", 5, "GitH…"),
            ("GitHub", 1, "…"),
            ("GitHub", 0, ""),
            ("日本郵便", 8, "日本郵便"),
            ("日本郵便", 7, "日本郵…"),
            ("日本郵便", 6, "日本…"),
            ("👨‍👩‍👧‍👦 family", 4, "👨‍👩‍👧‍👦 …"),
            ("a\u{1b}[2Jb", 10, "a[2Jb"),
            ("", 3, ""),
        ] {
            assert_eq!(fit(text, columns), expected, "{text} in {columns}");
        }
    }

    #[test]
    fn names_that_can_be_taken_for_each_other_are_told() {
        let alike = |a: &str, b: &str| looks(a).alike.iter().any(|key| looks(b).alike.contains(key));
        for (a, b) in [
            ("Alice", "alice"),
            ("Alice", "ALICE"),
            // Cyrillic, Greek, full width, mathematical.
            ("Alice", "\u{410}lice"),
            ("Alice", "\u{391}lice"),
            ("Alice", "\u{ff21}lice"),
            ("Alice", "\u{1d400}lice"),
            ("ALICE", "\u{410}LI\u{421}E"),
            ("bob", "\u{412}\u{41e}\u{412}"),
            ("Alice", "AIice"),
            ("Alice", "A1ice"),
            ("Bob", "B0b"),
            ("Tom", "Torn"),
            ("Ann Lee", "Ann\u{a0}\u{2003}Lee"),
            ("Alice", "Al\u{200b}ice\u{feff}"),
        ] {
            assert!(alike(a, b), "{a:?} {b:?}");
        }
        for (a, b) in [("Alice", "Alise"), ("Bob", "Bob 2"), ("Ann", "Anne"), ("Мария", "Марина"), ("田中", "田村")]
        {
            assert!(!alike(a, b), "{a:?} {b:?}");
        }
        for name in [
            "Alice",
            "Renée O'Hara-Smith",
            "Мария Иванова",
            "田中 太郎",
            "김민수",
            "Αλέξης",
            "Мария (QA)",
            "Tanaka太郎",
            "محمد",
            "zoë 2",
        ] {
            assert!(!looks(name).mixed, "{name}");
        }
        for name in ["\u{410}lice", "Al\u{456}ce", "Bob \u{3b1}nna", "Mari\u{430}", "\u{1d400}lice"] {
            assert!(looks(name).mixed, "{name}");
        }
    }

    #[test]
    fn a_very_long_label_costs_little() {
        let long = "x".repeat(50_000_000);
        let start = std::time::Instant::now();
        for _ in 0..100 {
            assert_eq!(fit(&long, 20).len(), 19 + '…'.len_utf8());
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(1), "it walks the whole label");
    }

    proptest! {
        #[test]
        fn whatever_comes_it_fits_and_is_clean(text in any::<String>(), columns in 0usize..30) {
            let fitted = fit(&text, columns);
            prop_assert!(width(&fitted) <= columns);
            prop_assert_eq!(clean(&fitted).into_owned(), fitted.clone());
            prop_assert!(!fitted.chars().any(char::is_control));
            let cleaned = clean(&text);
            prop_assert_eq!(clean(&cleaned).into_owned(), cleaned.clone().into_owned());
            if columns > 0 && width(&cleaned) <= columns && cleaned.chars().count() < 30 {
                prop_assert_eq!(fitted, cleaned.into_owned());
            }
        }

        #[test]
        fn tricks_from_a_small_alphabet(text in "[a1❤👨\u{200d}\u{fe0f}\u{301}\u{1b}\u{202e}日\n]{0,40}", columns in 0usize..12) {
            let fitted = fit(&text, columns);
            prop_assert!(width(&fitted) <= columns);
            let cleaned = clean(&text);
            prop_assert_eq!(clean(&cleaned).into_owned(), cleaned.clone().into_owned());
        }
    }
}
