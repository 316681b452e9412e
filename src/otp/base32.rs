//! Keys as text: base32, RFC 4648 §6, read leniently and written canonically.
//!
//! Read: any case, blanks (also no-break ones), `-`, `_` and `=` anywhere, any length; bits left over at the end are dropped,
//! whatever they are, as the phone apps do. `0`, `1`, `8` and `9` are never guessed to be letters: a wrong guess gives wrong codes.
//! Written: upper case, no padding.

use std::fmt;

use crate::secret::{Secret, Text};

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A character that is not base32. Names its place and, for the usual mix-ups, a hint; never the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBase32 {
    /// The place of the character, counted from 1 over all characters of the text.
    pub place: usize,
    /// The digit that stands there, when it is one of `0 1 8 9`.
    pub digit: Option<char>,
}

impl fmt::Display for NotBase32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the secret is not base32: character {} is not a letter A-Z or a digit 2-7", self.place)?;
        match self.digit {
            Some('0') => f.write_str(" (0 looks like the letter O)"),
            Some('1') => f.write_str(" (1 looks like the letter I or L)"),
            Some('8') => f.write_str(" (8 looks like the letter B)"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for NotBase32 {}

/// Reads base32 leniently (see the module). A text without a whole byte gives no bytes.
///
/// # Errors
/// [`NotBase32`] at the first character that is neither base32 nor something to skip.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "fewer than 13 bits are held, and a length of a text is far below the largest number"
)]
pub fn decode(text: &str) -> Result<Secret, NotBase32> {
    let mut out = Vec::with_capacity(text.len() / 8 * 5 + 5);
    let (mut bits, mut held) = (0u32, 0u32);
    for (index, letter) in text.chars().enumerate() {
        let value = match letter {
            'A'..='Z' => letter as u32 - 'A' as u32,
            'a'..='z' => letter as u32 - 'a' as u32,
            '2'..='7' => letter as u32 - '2' as u32 + 26,
            '-' | '_' | '=' => continue,
            _ if letter.is_whitespace() => continue,
            _ => {
                let digit = letter.is_ascii_digit().then_some(letter);
                // Wipes what was read so far.
                drop(Secret::new(out));
                return Err(NotBase32 { place: index.saturating_add(1), digit });
            }
        };
        bits = (bits << 5 | value) & 0xfff;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Ok(Secret::new(out))
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
            "JB=SWY3DPEHPK3PXP",
        ] {
            assert_eq!(decode(text).unwrap().expose(), hello, "{text:?}");
        }
    }

    #[test]
    fn any_length_and_left_over_bits() {
        assert_eq!(decode("").unwrap().len(), 0);
        assert_eq!(decode("A").unwrap().len(), 0);
        assert_eq!(decode("MZ").unwrap().expose(), b"f");
        assert_eq!(decode("ASECRET").unwrap().expose(), [0x04, 0x88, 0x28, 0x92]);
    }

    #[test]
    fn a_wrong_character_is_named_by_its_place() {
        let wrong = decode("JBSW 0Y3D").unwrap_err();
        assert_eq!(wrong, NotBase32 { place: 6, digit: Some('0') });
        let words = wrong.to_string();
        assert!(words.contains("character 6") && words.contains("letter O") && !words.contains("JBSW"), "{words}");
        assert_eq!(decode("ÄBSW").unwrap_err(), NotBase32 { place: 1, digit: None });
        for digit in ["1", "8", "9"] {
            assert!(decode(&format!("JBSW{digit}")).is_err());
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
