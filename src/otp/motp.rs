//! Mobile-OTP: MD5 over the time, the key and the PIN (motp.sourceforge.net).

use std::fmt::Write;

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{Code, Digits, OtpError, Period, totp};
use crate::secret::Secret;

/// The code of the time step that holds `unix`: the first `digits` hexadecimal digits of MD5 over the number of whole periods in decimal,
/// the key as lower-case hexadecimal text, and the PIN. mOTP itself uses 6 digits and 10 seconds.
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
    hash.update(hex(secret.expose()).as_bytes());
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
    fn without_a_pin_there_is_no_code() {
        let secret = Secret::from(&[1u8; 8][..]);
        assert_eq!(code(&secret, "", Digits::new(6).unwrap(), Period::MOTP, 0), Err(OtpError::PinMissing));
    }
}
