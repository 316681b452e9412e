//! OTP Auth for iOS: its backup (.otpauthdb) and the export of one account (.otpauth).
//!
//! Both are keyed archives under AES-256-CBC with a key everybody knows. Within, the entries are an archive again, sealed with the password: older
//! ones under AES-256-CBC with a salted hash, newer ones as RNCryptor 3 does it (PBKDF2-HMAC-SHA-1, 10 000 iterations; AES-256-CBC; HMAC-SHA-256).

use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::cipher::{self, Hash};
use super::draft::{self, Draft, Key};
use super::json::{Number, Word};
use super::keyed_archive::{Item, KeyedArchive, MAGIC};
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem};
use crate::otp::Kind;
use crate::otp::uri::LONGEST_SECRET;
use crate::secret::{Secret, Text};

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "otp-auth",
    name: "OTP Auth",
    help: "OTP Auth for iOS: Settings, Backups, or an account's Export (.otpauthdb, .otpauth)",
    detect: |bytes| outer_key(bytes).is_some(),
    read: Some(read),
    write: None,
};

/// The most entries that are read; a file may refer to one entry any number of times.
const MOST_ENTRIES: usize = 10_000;

/// The known key under which the file becomes an archive: that of backups or that of single accounts.
fn outer_key(bytes: &[u8]) -> Option<[u8; 32]> {
    let first = bytes.get(..16).filter(|_| bytes.len().is_multiple_of(16))?;
    [&b"Authenticator"[..], b"OTPAuth"].into_iter().map(|name| Sha256::digest(name).into()).find(|key: &[u8; 32]| {
        cipher::cbc_open_unpadded(key, &[0; 16], first).is_some_and(|block| block.starts_with(MAGIC))
    })
}

fn damaged(what: &str) -> FormatError {
    FormatError::Damaged(what.into())
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let key = outer_key(bytes).ok_or_else(|| damaged("it is not what OTP Auth writes"))?;
    let outer = cipher::cbc_open(&key, &[0; 16], bytes).ok_or_else(|| damaged("it is cut off"))?;
    let archive = KeyedArchive::read(&outer).ok_or_else(|| damaged("its outer archive is broken"))?;
    let field = |name: &str| archive.root().get(name).and_then(|item| item.bytes(bytes.len()));
    let sealed = field("WrappedData").or_else(|| field("Data")).ok_or_else(|| damaged("it holds no entries"))?;
    let older = field("Salt").zip(field("IV"));
    if older.is_none() && !sealed.starts_with(&[3, 1]) {
        return Err(FormatError::Unsupported("it is of a newer version than this program reads".into()));
    }
    Ok(Opened::encrypted(move |password, keys| {
        let plain = match &older {
            Some((salt, iv)) => open_older(&sealed, password, salt, iv),
            None => open_rncryptor(&sealed, password, keys)?,
        };
        let plain = plain.filter(|plain| plain.starts_with(MAGIC)).ok_or(FormatError::WrongPasswordOrDamaged)?;
        let archive = KeyedArchive::read(&plain).ok_or_else(|| damaged("its inner archive is broken"))?;
        read_entries(archive.root())
    }))
}

fn open_older(sealed: &[u8], password: &Text, salt: &[u8], iv: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(b"-");
    hash.update(password.as_bytes());
    let key: cipher::Key = Zeroizing::new(hash.finalize().into());
    cipher::cbc_open(&key[..], Sha1::digest(iv).get(..16)?, sealed)
}

/// RNCryptor 3 with a password: version, options, salt, salt of the HMAC, IV, cipher text, HMAC over all before. `None` when that does not hold.
fn open_rncryptor(
    sealed: &[u8],
    password: &Text,
    keys: &mut Derivations,
) -> Result<Option<Zeroizing<Vec<u8>>>, FormatError> {
    let short = || damaged("it is cut off");
    let (head, mac) = sealed.split_last_chunk::<32>().ok_or_else(short)?;
    let ([_, _, salts @ ..], rest) = head.split_first_chunk::<18>().ok_or_else(short)?;
    let (salt, mac_salt) = salts.split_at_checked(8).ok_or_else(short)?;
    let (iv, text) = rest.split_at_checked(16).ok_or_else(short)?;
    let mac_key = keys.pbkdf2(Hash::Sha1, password.as_bytes(), mac_salt, 10_000)?;
    if cipher::hmac_sha256(&mac_key[..], head) != Some(*mac) {
        return Ok(None);
    }
    let key = keys.pbkdf2(Hash::Sha1, password.as_bytes(), salt, 10_000)?;
    Ok(cipher::cbc_open(&key[..], iv, text))
}

fn read_entries(root: Item) -> Result<Imported, FormatError> {
    let mut imported = Imported::default();
    let Some(folders) = root.get("Folders") else {
        imported.push(read_account("entry 1".into(), root));
        return Ok(imported);
    };
    let mut number = 0usize;
    for folder in folders.items().ok_or_else(|| damaged("its list of folders is broken"))? {
        let name = folder.get("name").and_then(Item::text).and_then(|name| draft::shared_tag(&name));
        let accounts = folder.get("accounts").and_then(Item::items);
        for account in accounts.ok_or_else(|| damaged("a folder's list is broken"))? {
            number = number.saturating_add(1);
            if number > MOST_ENTRIES {
                return Err(FormatError::Unsupported(format!("it holds more than {MOST_ENTRIES} entries")));
            }
            imported.push(read_account(format!("entry {number}"), account).map(|mut candidate| {
                candidate.details.tags.extend(name.clone());
                candidate
            }));
        }
    }
    Ok(imported)
}

fn read_account(place: String, account: Item) -> Result<Candidate, Problem> {
    let text = |name: &str| account.get(name).and_then(Item::text);
    // A zero is this app's word for the default.
    let number = |name: &str| match account.get(name).map_or(Number::Absent, Item::number) {
        Number::Is(0) => Number::Absent,
        number => number,
    };
    let secret = account.get("secret").and_then(|item| item.bytes(LONGEST_SECRET)).unwrap_or_default();
    let mut draft = Draft::new(place, Key::Bytes(Secret::from(&secret[..])))
        .named(text("issuer").as_deref(), text("label").as_deref());
    draft.kind = match number("type") {
        Number::Is(1) => Ok(Kind::Hotp),
        Number::Is(2) => Ok(Kind::Totp),
        other => Err(other.get().map_or_else(String::new, |type_| type_.to_string())),
    };
    draft.algorithm = match number("algorithm") {
        Number::Absent | Number::Is(1) => Word::Is("SHA1"),
        Number::Is(2) => Word::Is("SHA256"),
        Number::Is(3) => Word::Is("SHA512"),
        Number::Is(4) => Word::Is("MD5"),
        Number::Is(_) | Number::Broken => Word::Broken,
    };
    draft.digits = number("digits");
    draft.period = number("period");
    draft.counter = number("counter");
    draft.finish()
}

#[cfg(test)]
#[path = "otp_auth_tests.rs"]
mod tests;
