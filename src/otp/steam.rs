//! Steam Guard: TOTP written in Valve's 26 letters and digits instead of decimal digits.

use super::{Algorithm, Code, Digits, OtpError, Period, hotp, totp};
use crate::secret::Secret;

const LETTERS: &[u8; 26] = b"23456789BCDFGHJKMNPQRTVWXY";

/// The code of the time step that holds `unix`: the truncated value of RFC 4226 in base 26, least significant place first.
/// Steam itself uses SHA-1, 5 characters and 30 seconds.
///
/// # Errors
/// As [`hotp::code`].
pub fn code(
    secret: &Secret,
    algorithm: Algorithm,
    digits: Digits,
    period: Period,
    unix: u64,
) -> Result<Code, OtpError> {
    let mut number = hotp::truncate(secret, algorithm, totp::step(period, unix))?;
    let mut out = String::with_capacity(usize::from(digits.get()));
    for _ in 0..digits.get() {
        out.push(LETTERS.get(number as usize % 26).map_or('2', |letter| char::from(*letter)));
        number /= 26;
    }
    Ok(Code::new(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::base32;

    #[test]
    fn codes_that_steam_itself_showed() {
        let secret = base32::decode("63BEDWCQZKTQWPESARIERL5DTTQFCJTK").unwrap();
        for (unix, expected) in [(1_511_200_518, "FR8RV"), (1_511_200_714, "9P3VP")] {
            let code = code(&secret, Algorithm::Sha1, Digits::new(5).unwrap(), Period::DEFAULT, unix).unwrap();
            assert_eq!(code.as_str(), expected);
        }
    }
}
