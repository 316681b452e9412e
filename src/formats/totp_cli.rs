//! totp-cli: what its `dump` writes (YAML), and what its encrypted stores hold (JSON); of version 1 the store too. That of version 2 is
//! an age file.

use serde_json::Value;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::draft::{Draft, Key};
use super::json::{Document, Fields};
use super::{Format, FormatError, Imported, Opened, cipher, yaml};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "totp-cli",
    name: "totp-cli",
    help: "totp-cli: dump; its store credentials.age is read as an age file",
    detect: |bytes| Document::probe(bytes).or_else(|| yaml::probe(bytes)).is_some_and(|file| is_dump(&file.0)),
    read: Some(|bytes| {
        let file = Document::probe(bytes).map_or_else(|| yaml::read(bytes), Ok)?;
        Ok(Opened::Plain(read_dump(&file.0)))
    }),
    write: None,
};

fn is_dump(file: &Value) -> bool {
    file.as_array().and_then(|namespaces| namespaces.first()).is_some_and(|first| {
        first.text("name").is_some()
            && first.get("accounts").is_some_and(Value::is_array)
            && first.items("accounts").iter().all(|account| account.has("token"))
    })
}

fn read_dump(file: &Value) -> Imported {
    let mut imported = Imported::default();
    for namespace in file.as_array().into_iter().flatten() {
        let name = namespace.text("name").unwrap_or("");
        for account in namespace.items("accounts") {
            let place = format!("entry {}", imported.next_number());
            let mut draft = entry(place, name, account.text("name").unwrap_or(""), account.text("token").unwrap_or(""));
            draft.algorithm = account.word("algorithm");
            draft.digits = account.number("length");
            draft.period = account.number("timePeriod");
            // 0 is how it writes that nothing was chosen.
            for number in [&mut draft.digits, &mut draft.period] {
                number.zero_is_absent();
            }
            imported.push(draft.finish());
        }
    }
    imported
}

fn entry<'a>(place: String, namespace: &str, account: &str, token: &'a str) -> Draft<'a> {
    let mut draft = Draft::new(place, Key::Base32(token)).named(Some(namespace), Some(account));
    draft.tags = vec![Text::from(namespace)];
    draft
}

/// Opens the store of version 1: AES-256-CBC padded with zeros, behind its vector; the key is the beginning of SHA-1 in hexadecimal.
///
/// # Errors
/// [`FormatError::WrongPasswordOrDamaged`].
pub(super) fn open_v1(sealed: &[u8], password: &str) -> Result<Imported, FormatError> {
    let wrong = || FormatError::WrongPasswordOrDamaged;
    let hash = Zeroizing::new(data_encoding::HEXLOWER.encode(&Sha1::digest(password.as_bytes())));
    let (iv, sealed) = sealed.split_at_checked(16).ok_or_else(wrong)?;
    let key = hash.as_bytes().get(..32).ok_or_else(wrong)?;
    let plain = cipher::cbc_open_unpadded(key, iv, sealed).ok_or_else(wrong)?;
    let end = plain.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    let file = Document::read(plain.get(..end).unwrap_or_default()).map_err(|_| wrong())?;
    let mut imported = Imported::default();
    for (namespace, accounts) in file.0.as_object().ok_or_else(wrong)? {
        for (account, token) in accounts.as_object().into_iter().flatten() {
            let place = format!("entry {}", imported.next_number());
            imported.push(entry(place, namespace, account, token.as_str().unwrap_or("")).finish());
        }
    }
    Ok(imported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{age, registry, samples};

    const JSON: &str = r#"[{"name":"work","accounts":[{"name":"mail","token":"MZXW6","prefix":"","algorithm":"sha256","length":8,"timePeriod":60}]},
        {"name":"none","accounts":[]}]"#;

    #[test]
    fn dumps_and_stores() {
        let yaml = "- name: work\n  accounts:\n    - name: mail\n      token: MZXW6\n      prefix: \"\"\n      algorithm: sha256\n      length: 8\n      timePeriod: 60\n- name: none\n  accounts: []\n";
        let store = age::tests::seal(JSON.as_bytes(), "word");
        for read in [
            samples::plain(&FORMAT, JSON.as_bytes()),
            samples::plain(&FORMAT, yaml.as_bytes()),
            samples::with_password(&age::FORMAT, &store, "word").unwrap(),
        ] {
            assert_eq!((read.entries.len(), read.problems.len()), (1, 0));
            let details = &read.entries[0].details;
            assert_eq!((details.issuer.as_str(), details.account.as_str()), ("work", "mail"));
            assert_eq!((details.otp.digits.get(), details.otp.period.get()), (8, 60));
        }
        for file in [JSON, yaml] {
            assert_eq!(registry::detect(file.as_bytes()).unwrap().id, "totp-cli");
        }
    }

    #[test]
    fn the_store_of_version_1() {
        let mut plain = br#"{"work":{"mail":"MZXW6"},"home":{"nas":"1"}}"#.to_vec();
        plain.resize(plain.len().next_multiple_of(16), 0);
        let hash = data_encoding::HEXLOWER.encode(&Sha1::digest(b"word"));
        let mut sealed = cipher::cbc_seal(&hash.as_bytes()[..32], &[7; 16], &plain).unwrap();
        sealed.truncate(plain.len());
        let file = data_encoding::BASE64.encode(&[&[7; 16][..], &sealed].concat());
        let (format, opened) = registry::read(file.as_bytes(), None).unwrap();
        let Opened::Encrypted(locked) = opened else { panic!("it is encrypted") };
        let read = locked.open(&"word".into()).unwrap();
        assert_eq!((format.id, read.entries.len(), read.problems.len()), ("totp-authenticator", 1, 1));
        assert_eq!(locked.open(&"words".into()), Err(FormatError::WrongPasswordOrDamaged));
    }
}
