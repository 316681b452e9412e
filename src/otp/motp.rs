//! Mobile-OTP: MD5 over the time, the key and the PIN (motp.sourceforge.net).
//!
//! The key is text, of which every letter and its case count: usually lower-case hexadecimal, but some programs take any words. An entry's
//! secret holds the bytes that lower-case hexadecimal stands for; any other text is held as it is, behind the mark `text:`.

use std::fmt::Write;

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{Code, Digits, OtpError, Period, totp};
use crate::secret::{Secret, Text};

const MARK: &[u8] = b"text:";

/// A key's text as an entry's secret; blanks around it, and within hexadecimal, are dropped.
pub fn secret(text: &str) -> Secret {
    let text = text.trim();
    let mut dense = Zeroizing::new(String::with_capacity(text.len()));
    dense.extend(text.chars().filter(|letter| !letter.is_whitespace()));
    let text = if dense.bytes().all(|byte| byte.is_ascii_hexdigit()) { &dense } else { text };
    match data_encoding::HEXLOWER.decode(text.as_bytes()).map(Secret::new) {
        Ok(bytes) if !bytes.expose().starts_with(MARK) => bytes,
        _ => Secret::new([MARK, text.as_bytes()].concat()),
    }
}

/// The key's text: what is hashed, and what other programs hold.
pub fn text(secret: &Secret) -> Text {
    match secret.expose().strip_prefix(MARK).map(std::str::from_utf8) {
        Some(Ok(text)) => Text::from(text),
        _ => Text::from(hex(secret.expose()).as_str()),
    }
}

/// Whether the key's text is lower-case hexadecimal, so that its bytes say all.
pub fn is_hex(secret: &Secret) -> bool {
    !secret.expose().starts_with(MARK)
}

/// The code of the time step that holds `unix`: the first `digits` hexadecimal digits of MD5 over the number of whole periods in decimal,
/// the key's text, and the PIN. mOTP itself uses 6 digits and 10 seconds.
///
/// # Errors
/// [`OtpError::EmptySecret`], [`OtpError::PinMissing`].
pub fn code(secret: &Secret, pin: &str, digits: Digits, period: Period, unix: u64) -> Result<Code, OtpError> {
    if secret.is_empty() {
        return Err(OtpError::EmptySecret);
    }
    if pin.is_empty() {
        return Err(OtpError::PinMissing);
    }
    let mut hash = Md5::new();
    hash.update(totp::step(period, unix).to_string());
    hash.update(text(secret).as_bytes());
    hash.update(pin);
    let mut shown = hex(&hash.finalize());
    shown.truncate(usize::from(digits.get()));
    Ok(Code::new(shown.as_str()))
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(bytes.len().saturating_mul(2)));
    for byte in bytes {
        // Writing into a String does not fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_another_program() {
        for (secret, pin, unix, expected) in [
            (0xe315_2afe_e625_99c8, "1234", 165_892_298, "e7d8b6"),
            (0xbbb1_912b_b5c5_15be, "9999", 1_659_540_022, "ced7b1"),
            (0x7ac6_1d47_36f5_1a2b, "5555", 0, "c42a26"),
        ] {
            let secret = Secret::from(&u64::to_be_bytes(secret)[..]);
            let code = code(&secret, pin, Digits::new(6).unwrap(), Period::MOTP, unix).unwrap();
            assert_eq!(code.as_str(), expected);
        }
    }

    #[test]
    fn keys_are_kept_as_they_are_typed() {
        let digits = Digits::new(6).unwrap();
        for typed in ["e3152afe", "E3152AFE", "free text", "abc", "Größe", "text:", "746578743a00", "xyz"] {
            let kept = secret(&format!("  {typed}\n"));
            assert_eq!(text(&kept).as_str(), typed);
            let hash = hex(&Md5::digest(format!("0{typed}1234")));
            assert_eq!(code(&kept, "1234", digits, Period::MOTP, 0).unwrap().as_str(), &hash[..6]);
        }
        assert_eq!(secret("e315 2afe").expose(), [0xe3, 0x15, 0x2a, 0xfe]);
        assert!(is_hex(&secret("e3152afe")) && !is_hex(&secret("E3152AFE")) && !is_hex(&secret("746578743a00")));
        assert!(secret(" ").is_empty());
    }

    #[test]
    fn without_a_pin_there_is_no_code() {
        let secret = Secret::from(&[1u8; 8][..]);
        assert_eq!(code(&secret, "", Digits::new(6).unwrap(), Period::MOTP, 0), Err(OtpError::PinMissing));
    }
}
