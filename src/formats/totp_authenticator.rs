//! TOTP Authenticator: its export (AES-256-CBC under SHA-256 of a password, a fixed one when none was chosen) and its preferences.

use serde_json::Value;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::draft::{Draft, Key, label};
use super::json::{Document, Fields, Number};
use super::{Candidate, Format, FormatError, Imported, Opened, Problem, cipher, preferences, totp_cli};
use crate::secret::Secret;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "totp-authenticator",
    name: "TOTP Authenticator or totp-cli 1",
    help: "TOTP Authenticator: Settings, Backup and restore, Export; the store of totp-cli 1 looks the same",
    detect: |bytes| in_preferences(bytes).is_some() || sealed(bytes).is_some(),
    read: Some(read),
    write: None,
};

const LIST: &str = "STATIC_TOTP_CODES_LIST";
/// What exports without a password are sealed with.
const FIXED: &str = "TotpAuthenticator";

fn in_preferences(bytes: &[u8]) -> Option<Document> {
    let texts = preferences::texts(bytes)?;
    let (_, list) = texts.iter().find(|(name, _)| name == LIST)?;
    Document::read(list.as_bytes()).ok()
}

/// A text that is base64 of whole cipher blocks and nothing else.
fn sealed(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    if text.len() < 60
        || text
            .bytes()
            .any(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r')))
    {
        return None;
    }
    cipher::base64(text).filter(|sealed| sealed.len() % 16 == 0)
}

fn open(sealed: &[u8], password: &str) -> Result<Imported, FormatError> {
    let key = Zeroizing::new(Sha256::digest(password.as_bytes()).to_vec());
    let plain = cipher::cbc_open(&key, &[0; 16], sealed).ok_or(FormatError::WrongPasswordOrDamaged)?;
    let file = Document::read(&plain).map_err(|_| FormatError::WrongPasswordOrDamaged)?;
    // An object whose one key is the list, as text.
    let inner = file.0.as_object().and_then(|object| object.keys().next());
    let list = inner.map_or(Ok(Document(file.0.clone())), |text| Document::read(text.as_bytes()))?;
    Ok(read_list(&list.0))
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    if let Some(list) = in_preferences(bytes) {
        return Ok(Opened::Plain(read_list(&list.0)));
    }
    let sealed = sealed(bytes).ok_or_else(|| FormatError::Damaged("it is not base64 of whole blocks".into()))?;
    match open(&sealed, FIXED) {
        Ok(imported) => Ok(Opened::Plain(imported)),
        Err(_) => Ok(Opened::encrypted(move |password, _| {
            open(&sealed, password).or_else(|_| totp_cli::open_v1(&sealed, password))
        })),
    }
}

fn read_list(list: &Value) -> Imported {
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(list.as_array().map_or(&[][..], Vec::as_slice)) {
        imported.push(read_entry(format!("entry {number}"), entry));
    }
    imported
}

fn read_entry(place: String, entry: &Value) -> Result<Candidate, Problem> {
    let text = entry.text("key").unwrap_or("");
    let issuer = entry.text("issuer").filter(|issuer| *issuer != "Unknown");
    let key = match entry.number("base") {
        Number::Is(16) => Key::Hex(text),
        Number::Is(64) => Key::Bytes(Secret::from(&cipher::base64(text).unwrap_or_default()[..])),
        Number::Absent | Number::Is(32) => Key::Base32(text),
        _ => {
            let reason = "its key is in an encoding that is not known".into();
            return Err(Problem {
                place,
                label: label(issuer.unwrap_or(""), entry.text("name").unwrap_or("")),
                reason,
            });
        }
    };
    let mut draft = Draft::new(place, key).named(issuer, entry.text("name"));
    draft.digits = entry.number("digits");
    draft.period = entry.number("period");
    draft.favourite = entry.is_true("isFavorite");
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    fn file(password: &str) -> Vec<u8> {
        let list = r#"[{"base":16,"key":"0102","issuer":"Unknown","name":"me","digits":"7","period":20}]"#;
        let plain = serde_json::json!({ list: "" }).to_string();
        let key = Sha256::digest(password.as_bytes());
        data_encoding::BASE64.encode(&cipher::cbc_seal(&key, &[0; 16], plain.as_bytes()).unwrap()).into_bytes()
    }

    #[test]
    fn with_the_fixed_password_and_with_ones_own() {
        assert!((FORMAT.detect)(&file(FIXED)));
        let entry = samples::plain(&FORMAT, &file(FIXED)).entries.remove(0).details;
        assert_eq!((entry.issuer.as_str(), entry.otp.digits.get(), entry.otp.period.get()), ("", 7, 20));
        assert_eq!(samples::with_password(&FORMAT, &file("word"), "word").unwrap().entries.len(), 1);
        assert_eq!(samples::with_password(&FORMAT, &file("word"), "x"), Err(FormatError::WrongPasswordOrDamaged));
    }
}
