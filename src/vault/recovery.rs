//! Codes that people write down and type in: letters of Crockford's base32 in groups of four, with a check behind them.
//!
//! No I, L, O or U; read back in any case, with or without dashes, O as 0, I and L as 1. The recovery code of a vault is 128 random bits and 12 of
//! a check, in seven groups.

use data_encoding::{Encoding, Specification};
use zeroize::Zeroizing;

use crate::secret::Text;
use crate::vault::seal::sha256;

const LETTERS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A kind of code: how many bytes it holds, what its check is for, how many groups of four letters (20 bits) it has.
pub(super) struct Letters {
    pub bytes: usize,
    pub purpose: &'static [u8],
    pub groups: usize,
}

const RECOVERY: Letters = Letters { bytes: 16, purpose: b"tickey/1 recovery check", groups: 7 };

fn crockford() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(LETTERS);
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

impl Letters {
    fn letters(&self, code: &[u8]) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(code.to_vec());
        bytes.extend_from_slice(&sha256(&[self.purpose, code]));
        let mut letters = Zeroizing::new(crockford().map(|base32| base32.encode(&bytes)).unwrap_or_default());
        letters.truncate(self.groups.saturating_mul(4));
        letters
    }

    /// The code as it is printed.
    pub fn write(&self, code: &[u8]) -> Text {
        let letters = self.letters(code);
        let groups: Vec<&str> = (0..self.groups).filter_map(|n| letters.get(n.saturating_mul(4)..)?.get(..4)).collect();
        Text::from(groups.join("-"))
    }

    /// Reads a code as somebody typed it. `None` when letters are missing or the check does not fit: a typing error.
    pub fn read(&self, typed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let letter = |letter: char| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let letters: Zeroizing<String> = Zeroizing::new(
            typed.chars().filter(|typed| !typed.is_whitespace() && !"-‐–—".contains(*typed)).map(letter).collect(),
        );
        if letters.len() != self.groups.saturating_mul(4) {
            return None;
        }
        // The decoder takes whole bytes only: as many letters as make them, and the rest is compared as letters.
        let whole = (letters.len() / 8).saturating_mul(8);
        let mut bytes = Zeroizing::new(crockford()?.decode(letters.get(..whole)?.as_bytes()).ok()?);
        if bytes.len() < self.bytes {
            let rest = Zeroizing::new(crockford()?.decode(letters.get(whole..)?.as_bytes()).ok()?);
            bytes.extend_from_slice(&rest);
        }
        let code = Zeroizing::new(bytes.get(..self.bytes)?.to_vec());
        (*self.letters(&code) == *letters).then_some(code)
    }
}

/// The recovery code as it is printed.
pub fn write(code: &[u8; 16]) -> Text {
    RECOVERY.write(code)
}

/// Reads a recovery code as somebody typed it. `None` when letters are missing or the check does not fit: a typing error.
pub fn read(typed: &str) -> Option<[u8; 16]> {
    RECOVERY.read(typed)?.as_slice().try_into().ok()
}
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_reads_back_however_it_is_typed(code: [u8; 16]) {
            let printed = write(&code);
            prop_assert_eq!(printed.len(), 34);
            prop_assert_eq!(read(&printed), Some(code));
            let typed = printed.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(read(&typed), Some(code));
        }

        #[test]
        fn one_wrong_letter_is_noticed(code: [u8; 16], at in 0usize..34, to in 0usize..32) {
            let printed = write(&code).to_string();
            let wrong = &LETTERS[to..=to];
            prop_assume!(&printed[at..=at] != "-" && &printed[at..=at] != wrong);
            let typed = format!("{}{wrong}{}", &printed[..at], &printed[at + 1..]);
            // 12 bits of check let one error in 4096 pass; the vault refuses those too.
            if let Some(other) = read(&typed) {
                prop_assert_ne!(other, code);
            }
        }
    }

    #[test]
    fn other_words_are_no_code() {
        for typed in ["", "0000", "UUUU-UUUU-UUUU-UUUU-UUUU-UUUU-UUUU", "0000-0000-0000-0000-0000-0000-0000"] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }
}
