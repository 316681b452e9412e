//! Keys as text: base32, RFC 4648 §6, read leniently and written canonically.
//!
//! Read: any case, blanks (also no-break ones), `-` and `_` anywhere, padding or none. `0`, `1`, `8` and `9` are never guessed to be letters: a
//! wrong guess gives wrong codes. For the same reason a text of impossible length is refused: whole bytes never take 1, 3 or 6 characters more
//! than full groups of eight, so one is missing or too many. Padding that does not complete the last group is the same mistake; after full groups
//! some programs write it all the same. (Apps that take a text of impossible length drop its last character: without it the text makes the
//! same codes here.) Bits left over in the last character are dropped
//! whatever they are: some issuers choose their characters at random, and phone apps drop them.
//! Written: upper case, no padding.

use std::fmt;

use crate::secret::{Secret, Text};

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Why a text is not base32. Never shows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBase32 {
    /// A character that is not base32.
    Character {
        /// Its place, counted from 1 over all characters of the text.
        place: usize,
        /// The digit that stands there, when it is one of `0 1 8 9`.
        digit: Option<char>,
    },
    /// So many characters stand for no number of whole bytes.
    Length(usize),
    /// `=` stands before a character, or does not complete the last group of eight.
    Padding,
}

impl fmt::Display for NotBase32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotBase32::Character { place, digit } => {
                write!(f, "the secret is not base32: character {place} is not a letter A-Z or a digit 2-7")?;
                match digit {
                    Some('0') => f.write_str(" (0 looks like the letter O)"),
                    Some('1') => f.write_str(" (1 looks like the letter I or L)"),
                    Some('8') => f.write_str(" (8 looks like the letter B)"),
                    _ => Ok(()),
                }
            }
            NotBase32::Length(count) => {
                let characters = if *count == 1 { "character" } else { "characters" };
                write!(
                    f,
                    "a secret never has {count} {characters}: one is missing or too many (if your issuer shows exactly these, leave out the last)"
                )
            }
            NotBase32::Padding => {
                f.write_str("the padding (=) does not fit the secret's length: a character is missing or too many")
            }
        }
    }
}

impl std::error::Error for NotBase32 {}

/// Reads base32 leniently (see the module). A text without a character of base32 gives no bytes.
///
/// # Errors
/// [`NotBase32`].
#[expect(
    clippy::arithmetic_side_effects,
    reason = "fewer than 13 bits are held, and a length of a text is far below the largest number"
)]
pub fn decode(text: &str) -> Result<Secret, NotBase32> {
    let mut out = Vec::with_capacity(text.len() / 8 * 5 + 5);
    let (mut bits, mut held) = (0u32, 0u32);
    let (mut letters, mut padding) = (0usize, 0usize);
    let mut wrong = None;
    for (index, letter) in text.chars().enumerate() {
        let value = match letter {
            'A'..='Z' => letter as u32 - 'A' as u32,
            'a'..='z' => letter as u32 - 'a' as u32,
            '2'..='7' => letter as u32 - '2' as u32 + 26,
            '=' => {
                padding = padding.saturating_add(1);
                continue;
            }
            '-' | '_' => continue,
            _ if letter.is_whitespace() => continue,
            _ => {
                let digit = letter.is_ascii_digit().then_some(letter);
                wrong = Some(NotBase32::Character { place: index.saturating_add(1), digit });
                break;
            }
        };
        if padding > 0 {
            // Go on: a wrong character further on says more.
            wrong = Some(NotBase32::Padding);
        }
        letters = letters.saturating_add(1);
        bits = (bits << 5 | value) & 0xfff;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    // Wiped when it is refused.
    let out = Secret::new(out);
    match (wrong, letters % 8) {
        (Some(wrong), _) => Err(wrong),
        (None, 1 | 3 | 6) => Err(NotBase32::Length(letters)),
        (None, last) if last > 0 && padding > 0 && last.saturating_add(padding) != 8 => Err(NotBase32::Padding),
        (None, _) => Ok(out),
    }
}

/// Whether nothing but characters of base32 stands there, whatever their number.
pub fn is_letters(text: &str) -> bool {
    !matches!(decode(text), Err(NotBase32::Character { .. }))
}

/// Writes base32 in upper case without padding.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "fewer than 13 bits are held, and a length of a text is far below the largest number"
)]
pub fn encode(bytes: &[u8]) -> Text {
    let mut out = String::with_capacity(bytes.len() / 5 * 8 + 8);
    let (mut bits, mut held) = (0u32, 0u32);
    let mut push = |value: u32| out.push(LETTERS.get(value as usize & 31).map_or('A', |letter| char::from(*letter)));
    for byte in bytes {
        bits = (bits << 8 | u32::from(*byte)) & 0xfff;
        held += 8;
        while held >= 5 {
            held -= 5;
            push(bits >> held & 31);
        }
    }
    if held > 0 {
        push(bits << (5 - held) & 31);
    }
    Text::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_type_it_in_many_ways() {
        let hello = b"Hello!\xde\xad\xbe\xef";
        for text in [
            "JBSWY3DPEHPK3PXP",
            "jbsw y3dp ehpk 3pxp",
            "JBSW-Y3DP_EHPK\u{a0}3PXP",
            "\tJBSWY3DPEHPK3PXP\r\n",
            "JBSWY3DPEHPK3PXP======",
        ] {
            assert_eq!(decode(text).unwrap().expose(), hello, "{text:?}");
        }
        for text in ["MZXW6", "MZXW6===", "mzxw 6= = =", "MZXW-6==="] {
            assert_eq!(decode(text).unwrap().expose(), b"foo", "{text:?}");
        }
        for text in ["", " ", "====", "--"] {
            assert!(decode(text).unwrap().is_empty(), "{text:?}");
        }
    }

    #[test]
    fn a_missing_character_is_noticed() {
        for (text, count) in
            [("A", 1), ("ABC", 3), ("JBSWY3", 6), ("JBSW Y3DP EHPK 3PXP J", 17), ("JBSWY3DPEHPK3P", 14)]
        {
            assert_eq!(decode(text), Err(NotBase32::Length(count)), "{text}");
        }
        for text in ["MZXW6==", "MZXW6====", "MZX=====", "MZXW6===========", "JB=SWY3DP", "MY=====A"] {
            assert!(matches!(decode(text), Err(NotBase32::Padding | NotBase32::Length(_))), "{text}");
        }
        let words = decode("JBSWY3DPEHPK3PXPA").unwrap_err().to_string();
        assert!(words.contains("17 characters") && words.contains("missing or too many") && !words.contains("JBSW"));
        assert!(is_letters("ABC") && is_letters("M=Y") && !is_letters("M1"));
    }

    #[test]
    fn every_possible_length_and_left_over_bits() {
        assert_eq!(decode("MZ").unwrap().expose(), b"f");
        assert_eq!(decode("ASECRET").unwrap().expose(), [0x04, 0x88, 0x28, 0x92]);
        for count in 1..100 {
            let possible = [0, 2, 4, 5, 7].contains(&(count % 8));
            assert_eq!(decode(&"A".repeat(count)).is_ok(), possible, "{count}");
        }
    }

    #[test]
    fn a_wrong_character_is_named_by_its_place() {
        let wrong = decode("JBSW 0Y3D").unwrap_err();
        assert_eq!(wrong, NotBase32::Character { place: 6, digit: Some('0') });
        let words = wrong.to_string();
        assert!(words.contains("character 6") && words.contains("letter O") && !words.contains("JBSW"), "{words}");
        assert_eq!(decode("ÄBSW").unwrap_err(), NotBase32::Character { place: 1, digit: None });
        for (digit, letters) in [("0", "letter O"), ("1", "letter I or L"), ("8", "letter B"), ("9", "digit 2-7")] {
            let wrong = decode(&format!("JBSW{digit}")).unwrap_err();
            assert!(matches!(wrong, NotBase32::Character { place: 5, .. }));
            assert!(wrong.to_string().contains(letters), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let text = encode(&bytes);
            prop_assert!(text.bytes().all(|byte| LETTERS.contains(&byte)));
            let read = decode(&text).unwrap();
            prop_assert_eq!(read.expose(), &bytes[..]);
        }

        #[test]
        fn nothing_makes_it_panic(text in any::<String>()) {
            let _ = decode(&text);
        }
    }
}
