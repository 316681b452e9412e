//! Bitwarden and Bitwarden Authenticator: JSON, plain and encrypted with a password. Their CSV is [`super::table`]'s matter.
//!
//! Only items with a one-time password are looked at, and of those neither the password nor anything else that signs in.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::cipher::{self, Hash};
use super::json::{Document, Fields, Number};
use super::loss::Holds;
use super::{Format, FormatError, Imported, Opened, Writer, draft};
use crate::otp::{Kind, base32, uri};
use crate::secret::{Random, Text};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "bitwarden",
    name: "Bitwarden JSON",
    help: "Bitwarden: Tools, Export vault, .json or .json (Encrypted, password protected); Bitwarden Authenticator: Export",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: false, plain: true, write, loses }),
};

const HOLDS: Holds = Holds {
    program: "Bitwarden",
    kinds: &[Kind::Totp, Kind::Steam],
    tags: 1,
    note: true,
    favourite: true,
    parameters: true,
};

fn detect(bytes: &[u8]) -> bool {
    Document::probe(bytes).is_some_and(|file| {
        file.0.get("encrypted").is_some_and(Value::is_boolean) && (file.0.has("items") || file.0.has("data"))
    })
}

fn damaged(what: &str) -> FormatError {
    FormatError::Damaged(format!("its {what} is missing or broken"))
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    if !file.0.is_true("encrypted") {
        return Ok(Opened::Plain(read_items(&file.0)));
    }
    if !file.0.is_true("passwordProtected") {
        return Err(FormatError::Unsupported(
            "only the Bitwarden account that made this export can open it: export again as \"password protected\" or plain"
                .into(),
        ));
    }
    Ok(Opened::encrypted(move |password, keys| {
        let salt = file.0.text("salt").ok_or_else(|| damaged("salt"))?.as_bytes();
        let number = |name| file.0.number(name).get().ok_or_else(|| damaged(name));
        let key = match file.0.number("kdfType") {
            Number::Is(0) => keys.pbkdf2(Hash::Sha256, password.as_bytes(), salt, number("kdfIterations")?)?,
            Number::Is(1) => keys.argon2id(
                password.as_bytes(),
                &Sha256::digest(salt),
                number("kdfIterations")?,
                number("kdfMemory")?.saturating_mul(1024),
                number("kdfParallelism")?,
            )?,
            _ => return Err(FormatError::Unsupported("its key derivation is not known".into())),
        };
        let check = open(&key, file.0.text("encKeyValidation_DO_NOT_EDIT").ok_or_else(|| damaged("check of the key"))?);
        check.ok_or(FormatError::WrongPassword)?;
        let data = file.0.text("data").ok_or_else(|| damaged("data"))?;
        let plain = open(&key, data).ok_or_else(|| damaged("data"))?;
        Ok(read_items(&Document::read(&plain)?.0))
    }))
}

/// Opens `2.iv|cipher text|mac`: AES-256-CBC, then HMAC-SHA-256 over IV and cipher text, under keys of their own.
fn open(key: &cipher::Key, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (seal_key, mac_key) = (cipher::hkdf_expand(key, b"enc")?, cipher::hkdf_expand(key, b"mac")?);
    let mut parts = text.strip_prefix("2.")?.split('|').map(cipher::base64);
    let (iv, sealed, mac) = (parts.next()??, parts.next()??, parts.next()??);
    let ours = cipher::hmac_sha256(&mac_key[..], &[iv.as_slice(), sealed.as_slice()].concat())?;
    if mac.len() != ours.len() || ours.iter().zip(mac.iter()).fold(0, |seen, (a, b)| seen | (a ^ b)) != 0 {
        return None;
    }
    cipher::cbc_open(&seal_key[..], &iv, &sealed)
}

fn read_items(file: &Value) -> Imported {
    let mut imported = Imported::default();
    let name_of = |list: &str, id: &str| {
        let found = file.items(list).iter().find(|group| group.text("id") == Some(id));
        found.and_then(|group| group.text("name")).map(Text::from)
    };
    for (number, item) in (1..).zip(file.items("items")) {
        let login = item.part("login");
        let Some(value) = login.text("totp") else { continue };
        let title = item.text("name").unwrap_or("");
        let user = login.text("username").unwrap_or("");
        draft::from_item(&format!("item {number}"), [value].into_iter(), (title, user), &mut imported, |candidate| {
            let details = &mut candidate.details;
            details.favourite = item.is_true("favorite");
            details.note = item.text("notes").unwrap_or("").into();
            details.tags.extend(item.text("folderId").and_then(|id| name_of("folders", id)));
            let collections = item.items("collectionIds").iter().filter_map(Value::as_str);
            details.tags.extend(collections.filter_map(|id| name_of("collections", id)));
            candidate.trashed = item.text("deletedDate").is_some();
        });
    }
    imported
}

fn write(entries: &[Details], _: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let mut folders: Vec<(&str, String)> = Vec::new();
    let mut items = Vec::new();
    for details in entries.iter().filter(|details| HOLDS.holds(&details.otp)) {
        let folder = match details.tags.first() {
            None => None,
            Some(tag) => Some(match folders.iter().find(|(name, _)| *name == tag.as_str()) {
                Some((_, id)) => id.clone(),
                None => {
                    let id = super::new_uuid(random)?;
                    folders.push((tag, id.clone()));
                    id
                }
            }),
        };
        let totp = match details.otp.kind {
            Kind::Steam => Text::from(format!("steam://{}", base32::encode(details.otp.secret.expose()).as_str())),
            _ => uri::write(&details.otp, &details.issuer, &details.account),
        };
        let note = super::note_with_recovery_codes(details);
        items.push(json!({
            "id": super::new_uuid(random)?,
            "organizationId": null, "folderId": folder, "type": 1, "reprompt": 0,
            "name": if details.issuer.is_empty() { "(no name)" } else { details.issuer.as_str() },
            "notes": (!note.is_empty()).then_some(note.as_str()),
            "favorite": details.favourite,
            "login": {
                "uris": [], "username": details.account.as_str(), "password": null, "totp": totp.as_str(),
            },
            "collectionIds": null,
        }));
    }
    let folders: Vec<Value> = folders.into_iter().map(|(name, id)| json!({ "id": id, "name": name })).collect();
    Ok(Document(json!({ "encrypted": false, "folders": folders, "items": items })).write().to_vec())
}

fn loses(details: &Details) -> Vec<String> {
    HOLDS.loses(details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn what_is_written_reads_back() {
        samples::round_trip(&FORMAT, |details| details.tags.truncate(1));
    }

    fn sealed(password: &str) -> Vec<u8> {
        let key = cipher::pbkdf2(Hash::Sha256, password.as_bytes(), b"salt", 1000).unwrap();
        let seal = |plain: &[u8]| {
            let expand = |info: &[u8]| cipher::hkdf_expand(&key, info).unwrap();
            let sealed = cipher::cbc_seal(&expand(b"enc")[..], &[6; 16], plain).unwrap();
            let mac = cipher::hmac_sha256(&expand(b"mac")[..], &[&[6; 16], &sealed[..]].concat()).unwrap();
            let text = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
            format!("2.{}|{}|{}", text(&[6; 16]), text(&sealed), text(&mac))
        };
        let plain = write(&samples::entries(), None, &mut samples::Counting(1)).unwrap();
        json!({ "encrypted": true, "passwordProtected": true, "salt": "salt", "kdfType": 0, "kdfIterations": 1000,
            "encKeyValidation_DO_NOT_EDIT": seal(b"anything"), "data": seal(&plain) })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn encrypted_with_a_password_or_for_one_account() {
        let file = sealed("word");
        assert!(detect(&file));
        assert_eq!(samples::with_password(&FORMAT, &file, "word").unwrap().entries.len(), 3);
        assert_eq!(samples::with_password(&FORMAT, &file, "words"), Err(FormatError::WrongPassword));
        let account = br#"{"encrypted":true,"items":[]}"#;
        assert!(matches!(read(account), Err(FormatError::Unsupported(words)) if words.contains("account")));
    }
}
