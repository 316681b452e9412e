//! TOTP: codes from the time, RFC 6238.

use super::{Algorithm, Code, Digits, OtpError, Period, hotp};
use crate::secret::Secret;

/// The code of the time step that holds `unix` (seconds since 1970): HOTP with the number of whole periods as its counter (RFC 6238 §4.2).
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
    hotp::code(secret, algorithm, digits, step(period, unix))
}

/// How many whole periods have passed at `unix`.
pub(super) fn step(period: Period, unix: u64) -> u64 {
    unix.checked_div(period.get()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_standard() {
        let (long, eight) = (b"1234567890".repeat(7), Digits::new(8).unwrap());
        for (length, algorithm, unix, expected) in [
            (20, Algorithm::Sha1, 59, "94287082"),
            (32, Algorithm::Sha256, 59, "46119246"),
            (64, Algorithm::Sha512, 59, "90693936"),
            (20, Algorithm::Sha1, 20_000_000_000, "65353130"),
            (32, Algorithm::Sha256, 20_000_000_000, "77737706"),
            (64, Algorithm::Sha512, 20_000_000_000, "47863826"),
        ] {
            let secret = Secret::from(&long[..length]);
            let code = code(&secret, algorithm, eight, Period::DEFAULT, unix).unwrap();
            assert_eq!(code.as_str(), expected);
        }
    }

    #[test]
    fn ten_digits_and_the_end_of_time() {
        let secret = Secret::from(&b"12345678901234567890"[..]);
        let ten = Digits::new(10).unwrap();
        let code_at = |unix| code(&secret, Algorithm::Sha1, ten, Period::DEFAULT, unix).unwrap();
        assert_eq!(code_at(1_234_567_890).as_str(), "0689005924");
        assert_eq!(code_at(u64::MAX).as_str().len(), 10);
    }
}
