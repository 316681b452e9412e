//! The printed recovery code: 128 random bits and 12 of a check, in seven groups of four.
//!
//! Letters are Crockford's base32: no I, L, O or U; read back in any case, with or without dashes, O as 0, I and L as 1.

use data_encoding::{Encoding, Specification};
use zeroize::Zeroizing;

use crate::secret::Text;
use crate::vault::seal::sha256;

const LETTERS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn crockford() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(LETTERS);
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

/// 18 bytes of which 140 bits count: the code, 12 bits of its SHA-256, four zero bits.
fn checked(code: &[u8; 16]) -> Zeroizing<Vec<u8>> {
    let check = sha256(&[b"tickey/1 recovery check", code]);
    let mut bytes = Zeroizing::new(code.to_vec());
    bytes.extend(check.iter().take(1));
    bytes.extend(check.iter().skip(1).take(1).map(|byte| byte & 0xf0));
    bytes
}

/// The code as it is printed.
pub fn write(code: &[u8; 16]) -> Text {
    let letters = Zeroizing::new(crockford().map(|base32| base32.encode(&checked(code))).unwrap_or_default());
    let groups: Vec<&str> = (0..7).filter_map(|n| letters.get(n * 4..n * 4 + 4)).collect();
    Text::from(groups.join("-"))
}

/// Reads a code as somebody typed it. `None` when letters are missing or the check does not fit: a typing error.
pub fn read(typed: &str) -> Option<[u8; 16]> {
    let letter = |letter: char| match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let letters: Zeroizing<String> = Zeroizing::new(
        typed.chars().filter(|typed| !typed.is_whitespace() && !"-‐–—".contains(*typed)).map(letter).collect(),
    );
    if letters.len() != 28 {
        return None;
    }
    let bytes = Zeroizing::new(crockford()?.decode(letters.as_bytes()).ok()?);
    let code: [u8; 16] = bytes.get(..16)?.try_into().ok()?;
    let expected = checked(&code);
    // 28 letters are 140 bits: 17 whole bytes and half of one, which the decoder leaves out.
    let last = LETTERS.find(letters.chars().last()?)? as u8 & 0x0f;
    let whole = bytes.get(..17)? == expected.get(..17)?;
    (whole && last == expected.get(17)? >> 4).then_some(code)
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
