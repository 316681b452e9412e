//! HOTP: codes from a counter, RFC 4226.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::{Algorithm, Code, Digits, OtpError};
use crate::secret::Secret;

/// The code of `counter`: HMAC, dynamic truncation (RFC 4226 §5.3), the last `digits` decimal digits with leading zeros.
///
/// # Errors
/// [`OtpError::EmptySecret`]; [`OtpError::Md5`] where MD5's 16 bytes are too short for the truncation.
pub fn code(secret: &Secret, algorithm: Algorithm, digits: Digits, counter: u64) -> Result<Code, OtpError> {
    let number = u64::from(truncate(secret, algorithm, counter)?);
    let digits = digits.get();
    let shown = number.checked_rem(10u64.saturating_pow(u32::from(digits))).unwrap_or(number);
    Ok(Code::new(format!("{shown:0width$}", width = usize::from(digits))))
}

/// The 31-bit number under HOTP, TOTP and Steam codes.
///
/// # Errors
/// As [`code`].
pub(super) fn truncate(secret: &Secret, algorithm: Algorithm, counter: u64) -> Result<u32, OtpError> {
    if secret.is_empty() {
        return Err(OtpError::EmptySecret);
    }
    let mac = hmac(secret.expose(), algorithm, &counter.to_be_bytes());
    // A SHA-1 value has 20 bytes, so any offset up to 15 leaves four; an MD5 value has 16, and the standard says nothing
    // about an offset above 12: no code then, rather than one nobody else computes.
    let offset = mac.last().map_or(0, |byte| usize::from(byte & 15));
    let four = mac.get(offset..).and_then(|rest| rest.first_chunk::<4>()).ok_or(OtpError::Md5)?;
    Ok(u32::from_be_bytes(*four) & 0x7fff_ffff)
}

/// HMAC (RFC 2104) over `message`. HMAC takes keys of any length, so this cannot fail; should a library say otherwise, the value
/// is empty and no code is made of it.
pub(super) fn hmac(key: &[u8], algorithm: Algorithm, message: &[u8]) -> Zeroizing<Vec<u8>> {
    fn over<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        <M as KeyInit>::new_from_slice(key)
            .map(|mut mac| {
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            })
            .unwrap_or_default()
    }
    Zeroizing::new(match algorithm {
        Algorithm::Sha1 => over::<Hmac<Sha1>>(key, message),
        Algorithm::Sha256 => over::<Hmac<Sha256>>(key, message),
        Algorithm::Sha512 => over::<Hmac<Sha512>>(key, message),
        Algorithm::Md5 => over::<Hmac<Md5>>(key, message),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn six(counter: u64) -> String {
        let secret = Secret::from(&b"12345678901234567890"[..]);
        code(&secret, Algorithm::Sha1, Digits::new(6).unwrap(), counter).unwrap().as_str().to_owned()
    }

    #[test]
    fn the_table_of_the_standard() {
        let table =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (counter, expected) in (0..).zip(table) {
            assert_eq!(six(counter), expected, "counter {counter}");
        }
    }

    #[test]
    fn the_last_counter_has_a_code() {
        assert_eq!(six(u64::MAX).len(), 6);
    }

    #[test]
    fn an_empty_secret_has_none() {
        let none = code(&Secret::default(), Algorithm::Sha1, Digits::new(6).unwrap(), 0);
        assert_eq!(none, Err(OtpError::EmptySecret));
    }

    #[test]
    fn md5_has_codes_only_where_the_truncation_is_defined() {
        let secret = Secret::from(&b"12345678901234567890"[..]);
        let digits = Digits::new(6).unwrap();
        let (mut made, mut refused) = (0, 0);
        for counter in 0..400 {
            let mac = hmac(secret.expose(), Algorithm::Md5, &u64::to_be_bytes(counter));
            match code(&secret, Algorithm::Md5, digits, counter) {
                Ok(_) if mac[15] & 15 <= 12 => made += 1,
                Err(OtpError::Md5) if mac[15] & 15 > 12 => refused += 1,
                other => panic!("{other:?} at {counter}"),
            }
        }
        assert!(made > 0 && refused > 0);
    }
}
