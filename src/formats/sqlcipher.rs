//! SQLCipher 3's databases: each page decrypted and checked, to what SQLite would have written.
//!
//! <https://www.zetetic.net/sqlcipher/design/>, with the settings of version 3: pages of 1024 bytes, PBKDF2-HMAC-SHA-1 with 64 000 iterations,
//! AES-256-CBC, HMAC-SHA-1. Other versions and settings look the same until a password fails.

use zeroize::Zeroizing;

use super::cipher::{self, Hash};
use super::{Derivations, FormatError, sqlite};
use crate::secret::Text;

const PAGE: usize = 1024;
/// What each page keeps at its end: IV, HMAC, and filling.
const RESERVED: usize = 48;
const SALT: usize = 16;
/// What the salt of the HMAC's key differs by, and the iterations that make it.
const MAC_SALT: u8 = 0x3a;
const MAC_ITERATIONS: u64 = 2;
const ITERATIONS: u64 = 64_000;

/// Whether bytes may be such a database: whole pages that begin like nothing.
pub(super) fn may_be(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len().is_multiple_of(PAGE) && !bytes.starts_with(sqlite::MAGIC)
}

/// The database in the open.
///
/// # Errors
/// [`FormatError::WrongPasswordOrDamaged`] when the first page does not hold; [`FormatError::Damaged`] naming a later one.
pub(super) fn open(bytes: &[u8], password: &Text, keys: &mut Derivations) -> Result<Zeroizing<Vec<u8>>, FormatError> {
    let cut = || FormatError::Damaged("the database is cut off".into());
    let salt = bytes.first_chunk::<SALT>().ok_or_else(cut)?;
    let key = keys.pbkdf2(Hash::Sha1, password.as_bytes(), salt, ITERATIONS)?;
    let mac_key = keys.pbkdf2(Hash::Sha1, &key[..], &salt.map(|byte| byte ^ MAC_SALT), MAC_ITERATIONS)?;
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for (number, page) in (1u32..).zip(bytes.chunks(PAGE)) {
        // The salt stands where SQLite has its mark.
        let page = if number == 1 { page.get(SALT..).unwrap_or_default() } else { page };
        let length = page.len().checked_sub(RESERVED).ok_or_else(cut)?;
        let (text, reserved) = page.split_at_checked(length).ok_or_else(cut)?;
        let (iv, rest) = reserved.split_first_chunk::<16>().ok_or_else(cut)?;
        let mac = rest.first_chunk::<20>().ok_or_else(cut)?;
        if cipher::hmac_sha1(&mac_key[..], &[text, iv, &number.to_le_bytes()].concat()) != Some(*mac) {
            return Err(match number {
                1 => FormatError::WrongPasswordOrDamaged,
                _ => FormatError::Damaged(format!("page {number} of the database does not hold")),
            });
        }
        if number == 1 {
            out.extend_from_slice(sqlite::MAGIC);
        }
        out.extend_from_slice(&cipher::cbc_open_unpadded(&key[..], iv, text).ok_or_else(cut)?);
        out.extend_from_slice(&[0; RESERVED]);
    }
    Ok(out)
}

/// The same the other way round, for tests: `bytes` must leave the end of each page free.
#[cfg(test)]
pub(super) fn seal(bytes: &[u8], password: &str) -> Vec<u8> {
    let salt = [7; SALT];
    let key = cipher::pbkdf2(Hash::Sha1, password.as_bytes(), &salt, ITERATIONS).unwrap();
    let mac_key = cipher::pbkdf2(Hash::Sha1, &key[..], &[7 ^ MAC_SALT; SALT], MAC_ITERATIONS).unwrap();
    let mut out = salt.to_vec();
    for (number, page) in (1u32..).zip(bytes.chunks(PAGE)) {
        let page = if number == 1 { &page[SALT..] } else { page };
        let text = &page[..page.len() - RESERVED];
        let iv = [number as u8; 16];
        let mut sealed = cipher::cbc_seal(&key[..], &iv, text).unwrap();
        sealed.truncate(text.len());
        sealed.extend(iv);
        let mac = cipher::hmac_sha1(&mac_key[..], &[&sealed, &number.to_le_bytes()[..]].concat()).unwrap();
        out.extend(sealed);
        out.extend(mac);
        out.extend([0; 12]);
    }
    out
}
