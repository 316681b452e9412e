//! Percent-encoding, RFC 3986 §2.1, of text that may be secret.

use std::fmt::Write;

use zeroize::Zeroizing;

use crate::secret::Text;

/// What is wrong with an encoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDecoded {
    /// A `%` without two hexadecimal digits after it.
    Percent,
    /// The bytes are not UTF-8.
    NotUtf8,
}

/// Decodes `text`; with `plus`, as in a query, `+` is a blank.
///
/// # Errors
/// [`NotDecoded`].
pub fn decode(text: &str, plus: bool) -> Result<Text, NotDecoded> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let high = bytes.next().and_then(hex).ok_or(NotDecoded::Percent)?;
                let low = bytes.next().and_then(hex).ok_or(NotDecoded::Percent)?;
                high << 4 | low
            }
            b'+' if plus => b' ',
            other => other,
        });
    }
    std::str::from_utf8(&out).map(Text::from).map_err(|_| NotDecoded::NotUtf8)
}

/// Decodes what is encoded in `text` and leaves all else, also what is encoded wrongly; bytes that are not UTF-8 are replaced.
pub fn decode_lossy(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let encoded = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        out.push(encoded.unwrap_or(*byte));
        rest = after.get(if encoded.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    Zeroizing::new(String::from_utf8_lossy(&out).into_owned())
}

/// Appends `text` to `out` with everything but the unreserved characters of RFC 3986 §2.3 encoded.
pub fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            // Writing into a String does not fail.
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

/// The value of one hexadecimal digit.
pub fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_text_is_named() {
        for text in ["%", "a%4", "%GG", "%+1"] {
            assert_eq!(decode(text, true), Err(NotDecoded::Percent), "{text}");
        }
        assert_eq!(decode("%FF%FE", false), Err(NotDecoded::NotUtf8));
    }

    #[test]
    fn plus_is_a_blank_only_in_a_query() {
        assert_eq!(decode("a+b", true).unwrap().as_str(), "a b");
        assert_eq!(decode("a+b", false).unwrap().as_str(), "a+b");
    }

    #[test]
    fn what_is_encoded_wrongly_is_left() {
        assert_eq!(decode_lossy("a%3Ab%3%zz%").as_str(), "a:b%3%zz%");
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(text in any::<String>(), plus in any::<bool>()) {
            let mut encoded = String::new();
            encode(&text, &mut encoded);
            prop_assert!(encoded.is_ascii());
            let decoded = decode(&encoded, plus).unwrap();
            prop_assert_eq!(decoded.as_str(), text);
        }
    }
}
