//! Steam's own files: the app's `Steamguard-…`, and the maFile of Steam Desktop Authenticator and steamguard-cli.
//!
//! What opens an encrypted maFile stands in the `manifest.json` beside it: such a file is read behind its manifest, as one text.
//!
//! They hold keys that sign trades as well (`identity_secret`): those are never read.

use serde_json::Value;
use zeroize::Zeroizing;

use super::draft::{Draft, Key};
use super::json::{self, Document, Fields};
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, cipher};
use crate::otp::Kind;
use crate::secret::{Secret, Text};
use crate::vault::RecoveryCode;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "steam",
    name: "Steam maFile",
    help: "Steam Desktop Authenticator or steamguard-cli: a .maFile, an encrypted one beside its manifest.json; the Steam app: Steamguard-…",
    detect: |bytes| {
        manifest(bytes).is_some() || Document::probe(bytes).is_some_and(|file| !accounts(&file.0).is_empty())
    },
    read: Some(read),
    write: None,
};

fn accounts(file: &Value) -> Vec<&Value> {
    if file.text("shared_secret").is_some() {
        return vec![file];
    }
    let within = file.get("accounts").and_then(Value::as_object);
    within
        .map(|map| map.values().filter(|account| account.text("shared_secret").is_some()).collect())
        .unwrap_or_default()
}

/// The most entries of a manifest that are tried on a file.
const MOST_TRIED: usize = 64;

/// Whether these bytes are an encrypted maFile, which is nothing without its manifest.
pub fn wants_manifest(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte))
}

/// A manifest at the beginning, and what follows it.
fn manifest(bytes: &[u8]) -> Option<(Document, &[u8])> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if start.trim_ascii_start().first() != Some(&b'{') || json::too_large(start) {
        return None;
    }
    let mut values = serde_json::Deserializer::from_slice(start).into_iter::<Value>();
    let file = Document(values.next()?.ok()?);
    let is_one = file.0.get("entries").is_some_and(Value::is_array)
        && (file.0.has("periodic_checking") || file.0.items("entries").iter().any(|entry| entry.has("filename")));
    is_one.then(|| (file, start.get(values.byte_offset()..).unwrap_or_default().trim_ascii()))
}

/// How one entry of a manifest says that its file is encrypted.
struct Lock {
    argon2: bool,
    salt: Zeroizing<Vec<u8>>,
    iv: Zeroizing<Vec<u8>>,
}

impl Lock {
    fn read(entry: &Value) -> Option<Result<Lock, FormatError>> {
        let (scheme, salt, iv) = match entry.get("encryption").filter(|inner| inner.is_object()) {
            Some(inner) => (inner.text("scheme").unwrap_or(""), inner.text("salt")?, inner.text("iv")?),
            None => ("LegacySdaCompatible", entry.text("encryption_salt")?, entry.text("encryption_iv")?),
        };
        let argon2 = match scheme {
            "LegacySdaCompatible" => false,
            "Argon2idAes256" => true,
            _ => {
                return Some(Err(FormatError::Unsupported(
                    "this maFile is encrypted in a way that is not known".into(),
                )));
            }
        };
        Some(Ok(Lock { argon2, salt: cipher::base64(salt)?, iv: cipher::base64(iv)? }))
    }

    fn open(&self, password: &Text, sealed: &[u8], keys: &mut Derivations) -> Result<Option<Document>, FormatError> {
        let key = match self.argon2 {
            true => keys.argon2id(password.as_bytes(), &self.salt, 3, 12_288, 12)?,
            false => keys.pbkdf2(cipher::Hash::Sha1, password.as_bytes(), &self.salt, 50_000)?,
        };
        let plain = cipher::cbc_open(&key[..], &self.iv, sealed);
        Ok(plain.and_then(|plain| Document::read(&plain).ok()).filter(|file| !accounts(&file.0).is_empty()))
    }
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let Some((manifest, sealed)) = manifest(bytes) else {
        let file = Document::read(bytes).map_err(|_| {
            FormatError::Unsupported("this maFile is encrypted: its manifest.json must stand beside it".into())
        })?;
        return Ok(Opened::Plain(read_accounts(&file.0)));
    };
    if sealed.is_empty() {
        let words = "this is the manifest of Steam's maFiles: import the .maFile that stands beside it".into();
        return Err(FormatError::Unsupported(words));
    }
    let sealed = std::str::from_utf8(sealed).ok().and_then(cipher::base64);
    let sealed = sealed.ok_or_else(|| FormatError::Damaged("the maFile is not base64".into()))?;
    let locks = manifest.0.items("entries").iter().take(MOST_TRIED).filter_map(Lock::read);
    let locks = locks.collect::<Result<Vec<Lock>, FormatError>>()?;
    if locks.is_empty() {
        return Err(FormatError::Damaged("its manifest does not say how it is encrypted".into()));
    }
    Ok(Opened::encrypted(move |password, keys| {
        for lock in &locks {
            if let Some(file) = lock.open(password, &sealed, keys)? {
                return Ok(read_accounts(&file.0));
            }
        }
        Err(FormatError::WrongPasswordOrDamaged)
    }))
}

fn read_accounts(file: &Value) -> Imported {
    let mut imported = Imported::default();
    for (number, account) in (1..).zip(accounts(file)) {
        imported.push(read_account(format!("entry {number}"), account));
    }
    imported
}

fn read_account(place: String, account: &Value) -> Result<Candidate, Problem> {
    let secret = cipher::base64(account.text("shared_secret").unwrap_or("")).unwrap_or_default();
    let mut draft =
        Draft::new(place, Key::Bytes(Secret::from(&secret[..]))).named(Some("Steam"), account.text("account_name"));
    draft.kind = Ok(Kind::Steam);
    let code = account.text("revocation_code").map(Text::from);
    draft.recovery_codes.extend(code.map(|code| RecoveryCode { id: None, code, used: false }));
    if account.text("identity_secret").is_some() {
        draft.notices.push("the key that confirms trades is left behind".into());
    }
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn an_encrypted_file_behind_its_manifest() {
        let plain = br#"{"shared_secret":"AQIDBA==","account_name":"me"}"#;
        let b64 = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
        let (salt, iv) = (b64(&[8; 8]), b64(&[9; 16]));
        let argon2 = cipher::argon2id(b"word", &[8; 8], 3, 12_288, 12).unwrap();
        let pbkdf2 = cipher::pbkdf2(cipher::Hash::Sha1, b"word", &[8; 8], 50_000).unwrap();
        for (key, entry) in [
            (&pbkdf2, format!(r#"{{"filename":"1.maFile","encryption_iv":"{iv}","encryption_salt":"{salt}"}}"#)),
            (
                &argon2,
                format!(
                    r#"{{"filename":"1.maFile","encryption":{{"scheme":"Argon2idAes256","iv":"{iv}","salt":"{salt}"}}}}"#
                ),
            ),
        ] {
            let manifest = format!(r#"{{"entries":[{{"filename":"0.maFile"}},{entry}]}}"#);
            let sealed = b64(&cipher::cbc_seal(&key[..], &[9; 16], plain).unwrap());
            assert!(wants_manifest(sealed.as_bytes()) && !wants_manifest(plain) && !wants_manifest(b" "));
            let file = format!("{manifest}\n{sealed}\n");
            assert!((FORMAT.detect)(file.as_bytes()));
            let read = samples::with_password(&FORMAT, file.as_bytes(), "word").unwrap();
            assert_eq!(read.entries[0].details.otp.secret.expose(), [1, 2, 3, 4]);
            let wrong = samples::with_password(&FORMAT, file.as_bytes(), "words");
            assert_eq!(wrong, Err(FormatError::WrongPasswordOrDamaged));
            assert!((FORMAT.detect)(manifest.as_bytes()));
            assert!(
                matches!(super::read(manifest.as_bytes()), Err(FormatError::Unsupported(words)) if words.contains("beside"))
            );
        }
        let other = r#"{"entries":[{"filename":"x","encryption":{"scheme":"New","iv":"","salt":""}}]} AAAA"#;
        assert!(super::read(other.as_bytes()).is_err());
        let bomb = format!("{{\"entries\":[{}{{\"filename\":\"1.maFile\"}}]}} AAAA", "{},".repeat(1_000_000));
        assert!(manifest(bomb.as_bytes()).is_none());
    }

    #[test]
    fn both_layouts() {
        let account =
            r#"{"shared_secret":"AQIDBA==","account_name":"me","revocation_code":"R1","identity_secret":"x"}"#;
        for file in [account.to_owned(), format!(r#"{{"accounts":{{"1":{account}}}}}"#)] {
            assert!((FORMAT.detect)(file.as_bytes()));
            let entry = samples::plain(&FORMAT, file.as_bytes()).entries.remove(0);
            assert_eq!(entry.details.otp.secret.expose(), [1, 2, 3, 4]);
            assert_eq!(entry.details.recovery_codes[0].code.as_str(), "R1");
            assert_eq!(entry.notices.len(), 1);
        }
    }
}
