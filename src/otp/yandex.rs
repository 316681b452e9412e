//! Yandex Key: eight letters from SHA-256 over the PIN and the key.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Algorithm, Code, OtpError, Period, hotp, totp};
use crate::secret::Secret;

/// How many bytes of a key are used.
const USED: usize = 16;
/// How many bytes a key has when its checksum comes with it.
const CHECKED: usize = 26;
/// The polynomial of the 12-bit checksum.
const POLYNOMIAL: u32 = 0x18f3;

/// The code of the time step that holds `unix`.
///
/// The HMAC key is SHA-256 over the PIN and the secret's first 16 bytes, without its first byte when that is zero; eight bytes of
/// HMAC-SHA-256 over the step are read at the offset its last byte names, and written as eight letters in base 26.
///
/// # Errors
/// [`OtpError::YandexSecret`] for a secret of another length, [`OtpError::PinMissing`].
pub fn code(secret: &Secret, pin: &str, period: Period, unix: u64) -> Result<Code, OtpError> {
    check(secret)?;
    let key = used(secret.expose());
    if pin.is_empty() {
        return Err(OtpError::PinMissing);
    }
    let mut hash = Sha256::new();
    hash.update(pin);
    hash.update(key);
    let hash = Zeroizing::new(hash.finalize().to_vec());
    let hash = hash.strip_prefix(&[0]).unwrap_or(&hash);
    let mac = hotp::hmac(hash, Algorithm::Sha256, &totp::step(period, unix).to_be_bytes());
    let offset = mac.last().map_or(0, |byte| usize::from(byte & 15));
    let eight = mac.get(offset..).and_then(|rest| rest.first_chunk::<8>()).ok_or(OtpError::YandexSecret)?;
    let mut number = u64::from_be_bytes(*eight) & (u64::MAX >> 1);
    let mut letters = [b'a'; 8];
    for letter in letters.iter_mut().rev() {
        *letter = b'a'.saturating_add((number % 26) as u8);
        number /= 26;
    }
    Ok(Code::new(letters.iter().map(|letter| char::from(*letter)).collect::<String>()))
}

/// The part of a secret that codes are made of.
pub(super) fn used(secret: &[u8]) -> &[u8] {
    secret.get(..USED).unwrap_or(secret)
}

/// Checks a secret's length, and its checksum when it has one (26 bytes): the remainder of the first 196 bits by a polynomial over GF(2)
/// must be the last 12.
///
/// # Errors
/// [`OtpError::YandexSecret`], [`OtpError::YandexChecksum`].
pub fn check(secret: &Secret) -> Result<(), OtpError> {
    match secret.len() {
        USED => Ok(()),
        CHECKED => {
            let bits = secret.expose().iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1)));
            let mut remainder = 0u32;
            let mut last = 0u32;
            for (place, bit) in bits.enumerate() {
                if place < CHECKED * 8 - 12 {
                    remainder = remainder << 1 | bit;
                    if remainder & 0x1000 != 0 {
                        remainder ^= POLYNOMIAL;
                    }
                } else {
                    last = last << 1 | bit;
                }
            }
            if remainder == last { Ok(()) } else { Err(OtpError::YandexChecksum) }
        }
        _ => Err(OtpError::YandexSecret),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::base32;

    #[test]
    fn codes_of_another_program() {
        for (secret, pin, unix, expected) in [
            ("6SB2IKNM6OBZPAVBVTOHDKS4FAAAAAAADFUTQMBTRY", "5239", 1_641_559_648, "umozdicq"),
            ("LA2V6KMCGYMWWVEW64RNP3JA3IAAAAAAHTSG4HRZPI", "7586", 1_581_064_020, "oactmacq"),
            ("LA2V6KMCGYMWWVEW64RNP3JA3I", "7586", 1_581_090_810, "wemdwrix"),
            ("JBGSAU4G7IEZG6OY4UAXX62JU4AAAAAAHTSG4HXU3M", "5210481216086702", 1_581_093_059, "vunyprpd"),
        ] {
            let secret = base32::decode(secret).unwrap();
            assert_eq!(code(&secret, pin, Period::DEFAULT, unix).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn a_mistyped_secret_is_noticed() {
        let check = |text| check(&base32::decode(text).unwrap());
        assert_eq!(check("LA2V6KMCGYMWWVEW64RNP3JA3IAAAAAAHTSG4HRZPI"), Ok(()));
        assert_eq!(check("AA2V6KMCGYMWWVEW64RNP3JA3IAAAAAAHTSG4HRZPI"), Err(OtpError::YandexChecksum));
        assert_eq!(check("AA2V6KMCGJA3IAAAAAAHTSG4HRZPI"), Err(OtpError::YandexSecret));
    }
}
