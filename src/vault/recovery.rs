//! Codes that people write down and type in: letters of Crockford's base32 in groups of four, with a check behind them.
//!
//! No I, L, O or U; read back in any case, with or without dashes, O as 0, I and L as 1. The recovery code of a vault is 128 random bits and 12 of
//! a check, in seven groups.

use data_encoding::{Encoding, Specification};
use zeroize::Zeroizing;

use crate::secret::{NoRandomness, Random, Secret, Text};
use crate::vault::VaultError;
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
    /// `None` for bytes that are no such code's.
    fn letters(&self, code: &[u8]) -> Option<Zeroizing<String>> {
        let mut bytes = Zeroizing::new(code.to_vec());
        bytes.extend_from_slice(&sha256(&[self.purpose, code]));
        let mut letters = Zeroizing::new(crockford()?.encode(&bytes));
        let length = self.groups.saturating_mul(4);
        letters.truncate(length);
        (code.len() == self.bytes && letters.len() == length).then_some(letters)
    }

    /// The code as it is printed.
    ///
    /// # Errors
    /// [`VaultError::Internal`] for bytes that are no such code's.
    pub fn write(&self, code: &[u8]) -> Result<Text, VaultError> {
        let letters = self.letters(code).ok_or(VaultError::Internal("a code could not be written"))?;
        let mut code = Zeroizing::new(String::with_capacity(letters.len().saturating_add(self.groups)));
        for (n, letter) in letters.chars().enumerate() {
            if n > 0 && n % 4 == 0 {
                code.push('-');
            }
            code.push(letter);
        }
        Ok(Text::from(code.as_str()))
    }

    /// Reads a code as somebody typed it. `None` when letters are missing or the check does not fit: a typing error.
    pub fn read(&self, typed: &str) -> Option<Secret> {
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
        let code = Secret::from(bytes.get(..self.bytes)?);
        (self.letters(code.expose())? == letters).then_some(code)
    }
}

/// A new recovery code.
pub(super) fn random(random: &mut dyn Random) -> Result<Secret, NoRandomness> {
    Secret::random(RECOVERY.bytes, random)
}

/// The recovery code as it is printed.
///
/// # Errors
/// [`VaultError::Internal`] unless it has 16 bytes.
pub fn write(code: &Secret) -> Result<Text, VaultError> {
    RECOVERY.write(code.expose())
}

/// Reads a recovery code as somebody typed it. `None` when letters are missing or the check does not fit: a typing error.
pub fn read(typed: &str) -> Option<Secret> {
    RECOVERY.read(typed)
}
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_reads_back_however_it_is_typed(code: [u8; 16]) {
            let code = Secret::from(&code[..]);
            let printed = write(&code).unwrap();
            prop_assert_eq!(printed.len(), 34);
            prop_assert_eq!(read(&printed), Some(code.clone()));
            let typed = printed.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(read(&typed), Some(code));
        }

        #[test]
        fn one_wrong_letter_is_noticed(code: [u8; 16], at in 0usize..34, to in 0usize..32) {
            let code = Secret::from(&code[..]);
            let printed = write(&code).unwrap().to_string();
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
    fn bytes_that_are_no_code_are_not_written_as_one() {
        for length in [0, 15, 17, 32] {
            assert!(matches!(write(&Secret::new(vec![7; length])), Err(VaultError::Internal(_))), "{length}");
        }
    }

    #[test]
    fn other_words_are_no_code() {
        for typed in ["", "0000", "UUUU-UUUU-UUUU-UUUU-UUUU-UUUU-UUUU", "0000-0000-0000-0000-0000-0000-0000"] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }
}
