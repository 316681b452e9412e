//! The Authenticator browser extension (authenticator.cc): plain backups and both encryptions.
//!
//! CryptoJS seals with a passphrase: `Salted__`, 8 bytes of salt, AES-256-CBC; key and IV from MD5 over passphrase and salt, chained. Version 2 seals
//! each secret under a passphrase that is itself sealed under the password; version 3 each entry under Argon2id of the password, as base64.

use std::collections::HashSet;

use md5::{Digest, Md5};
use serde_json::Value;
use zeroize::Zeroizing;

use super::cipher::Cost;
use super::draft::{Draft, Key};
use super::json::{Document, Fields, Number};
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, cipher};
use crate::otp::Kind;
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "authenticator-extension",
    name: "Authenticator extension",
    help: "Authenticator browser extension (authenticator.cc): Settings, Backup, Download (plain or encrypted)",
    detect: |bytes| Document::probe(bytes).is_some_and(|file| !entries(&file.0).is_empty()),
    read: Some(read),
    write: None,
};

/// What version 3's keys cost.
const PASSES: u64 = 2;
const KIB: u64 = 19_456;

/// Refuses a file of more keys than are worth deriving, before any is.
fn check_costs(file: &Value) -> Result<(), FormatError> {
    let sealed = |entry: &&Value| entry.text("dataType") == Some("EncOTPStorage");
    let salt = |entry: &Value| file.get(entry.text("keyId")?)?.text("salt").map(str::to_owned);
    let (mut costs, mut seen) = (Derivations::default(), HashSet::new());
    for (number, entry) in (1..).zip(entries(file)).filter(|(_, entry)| sealed(entry)) {
        if salt(entry).is_some_and(|salt| seen.insert(salt)) {
            let cost = Cost::Argon2 { id: true, version: 0x13, passes: PASSES, kib: KIB, lanes: 1 };
            costs.charge(cost).map_err(|wrong| wrong.at(&format!("entry {number}")))?;
        }
    }
    Ok(())
}

/// The values that are entries, sealed or not.
fn entries(file: &Value) -> Vec<&Value> {
    let object = file.as_object();
    let looks = |entry: &&Value| {
        let data = entry.text("dataType");
        data == Some("EncOTPStorage")
            || data == Some("OTPStorage")
            || (entry.has("secret") && entry.has("account") && entry.has("hash") && entry.has("type"))
    };
    object.map(|map| map.values().filter(looks).collect()).unwrap_or_default()
}

/// Opens what CryptoJS sealed with a passphrase.
fn crypto_js(sealed: &str, passphrase: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let sealed = cipher::base64(sealed)?;
    let (salt, sealed) = sealed.strip_prefix(b"Salted__")?.split_at_checked(8)?;
    let mut stream = Zeroizing::new(Vec::with_capacity(48));
    let mut last: Zeroizing<Vec<u8>> = Zeroizing::default();
    while stream.len() < 48 {
        let mut hash = Md5::new();
        hash.update(&*last);
        hash.update(passphrase);
        hash.update(salt);
        last = Zeroizing::new(hash.finalize().to_vec());
        stream.extend_from_slice(&last);
    }
    let (key, iv) = stream.split_at_checked(32)?;
    cipher::cbc_open(key, iv, sealed)
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let is_sealed = |entry: &Value| entry.text("dataType") == Some("EncOTPStorage") || entry.is_true("encrypted");
    if entries(&file.0).into_iter().any(is_sealed) {
        check_costs(&file.0)?;
        return Ok(Opened::encrypted(move |password, keys| open(&file.0, password, keys)));
    }
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(entries(&file.0)) {
        imported.push(read_entry(format!("entry {number}"), entry, None));
    }
    Ok(Opened::Plain(imported))
}

fn open(file: &Value, password: &Text, keys: &mut Derivations) -> Result<Imported, FormatError> {
    let wrong = || FormatError::WrongPasswordOrDamaged;
    // Version 2's one key, unwrapped; as its lower-case hexadecimal text it is the passphrase of all secrets.
    let old = file.get("key").and_then(|key| key.text("enc"));
    let old = match old {
        Some(sealed) => {
            let key = crypto_js(sealed, password.as_bytes()).ok_or_else(wrong)?;
            Some(Zeroizing::new(data_encoding::HEXLOWER.encode(&key)))
        }
        None => None,
    };
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(entries(file)) {
        let place = format!("entry {number}");
        if entry.text("dataType") == Some("EncOTPStorage") {
            let id = entry.text("keyId").unwrap_or("");
            let salt = file.get(id).and_then(|key| key.text("salt"));
            let salt = salt.ok_or_else(|| FormatError::Damaged("the key of an entry is missing".into()))?;
            let key = keys
                .argon2id(password.as_bytes(), salt.as_bytes(), PASSES, KIB, 1)
                .map_err(|wrong| wrong.at(&place))?;
            let passphrase = Zeroizing::new(data_encoding::BASE64_NOPAD.encode(&key[..]));
            let plain = crypto_js(entry.text("data").unwrap_or(""), passphrase.as_bytes()).ok_or_else(wrong)?;
            let inner = Document::read(&plain).map_err(|_| wrong())?;
            imported.push(read_entry(place, &inner.0, None));
        } else if entry.is_true("encrypted") {
            let passphrase = old.as_ref().map_or(password.as_bytes(), |key| key.as_bytes());
            let plain = crypto_js(entry.text("secret").unwrap_or(""), passphrase).ok_or_else(wrong)?;
            let secret = std::str::from_utf8(&plain).map_err(|_| wrong())?;
            imported.push(read_entry(place, entry, Some(secret)));
        } else {
            imported.push(read_entry(place, entry, None));
        }
    }
    Ok(imported)
}

fn read_entry(place: String, entry: &Value, secret: Option<&str>) -> Result<Candidate, Problem> {
    let secret = secret.or(entry.text("secret")).unwrap_or("");
    let number = entry.number("type").get();
    let kind = match (entry.text("type").filter(|_| number.is_none()), number) {
        (Some(name), _) => name.to_ascii_lowercase(),
        (None, Some(number @ 1..=6)) => {
            let names = ["totp", "hotp", "battle", "steam", "hex", "hhex"];
            names.iter().zip(1..).find(|(_, place)| *place == number).map_or("", |(name, _)| *name).to_owned()
        }
        (None, _) => String::new(),
    };
    let hex = matches!(kind.as_str(), "hex" | "hhex")
        || (kind == "battle" && secret.len().is_multiple_of(2) && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let issuer = entry.text("issuer").map(|issuer| issuer.split_once("::").map_or(issuer, |(name, _)| name));
    let key = if hex { Key::Hex(secret) } else { Key::Base32(secret) };
    let mut draft = Draft::new(place, key).named(issuer, entry.text("account"));
    draft.kind = match kind.as_str() {
        "totp" | "hex" | "battle" => Ok(Kind::Totp),
        "hotp" | "hhex" => Ok(Kind::Hotp),
        "steam" => Ok(Kind::Steam),
        _ => Err(kind.clone()),
    };
    draft.digits = if kind == "battle" { Number::Is(8) } else { entry.number("digits") };
    draft.period = entry.number("period");
    draft.counter = entry.number("counter");
    draft.algorithm = entry.word("algorithm");
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    fn seal(plain: &[u8], passphrase: &[u8]) -> String {
        let salt = [8; 8];
        let mut stream = Vec::new();
        let mut last = Vec::new();
        while stream.len() < 48 {
            last = Md5::digest([&last[..], passphrase, &salt].concat()).to_vec();
            stream.extend_from_slice(&last);
        }
        let sealed = cipher::cbc_seal(&stream[..32], &stream[32..], plain).unwrap();
        data_encoding::BASE64.encode(&[b"Salted__", &salt[..], &sealed].concat())
    }

    #[test]
    fn plain_entries_of_each_type() {
        let file = br#"{"a":{"issuer":"I::host","account":"x","type":5,"secret":"0102","hash":"a"},
            "b":{"account":"y","type":"hotp","secret":"MZXW6","counter":3,"hash":"b"},"c":{"account":"z","type":"what","secret":"MZXW6","hash":"c"}}"#;
        assert!((FORMAT.detect)(file));
        let imported = samples::plain(&FORMAT, file);
        assert_eq!(
            (imported.entries[0].details.issuer.as_str(), imported.entries[0].details.otp.secret.expose()),
            ("I", &[1, 2][..])
        );
        assert_eq!(imported.entries[1].details.otp.counter, 3);
        assert_eq!(imported.problems.len(), 1);
    }

    #[test]
    fn both_encryptions() {
        let passphrase = data_encoding::HEXLOWER.encode(&[7; 20]);
        let two = format!(
            r#"{{"key":{{"enc":"{}","hash":"x"}},"a":{{"account":"x","type":"totp","encrypted":true,"secret":"{}","hash":"a"}}}}"#,
            seal(&[7; 20], b"word"),
            seal(b"MZXW6", passphrase.as_bytes())
        );
        let key = cipher::argon2id(b"word", b"some salt of some length", 2, 19_456, 1).unwrap();
        let passphrase = data_encoding::BASE64_NOPAD.encode(&key[..]);
        let inner = br#"{"account":"x","type":"totp","secret":"MZXW6","hash":"a"}"#;
        let three = format!(
            r#"{{"k":{{"dataType":"Key","salt":"some salt of some length"}},"a":{{"dataType":"EncOTPStorage","keyId":"k","data":"{}"}}}}"#,
            seal(inner, passphrase.as_bytes())
        );
        for file in [two, three] {
            assert!((FORMAT.detect)(file.as_bytes()));
            let read = samples::with_password(&FORMAT, file.as_bytes(), "word").unwrap();
            assert_eq!(read.entries[0].details.otp.secret.expose(), b"foo");
            assert_eq!(samples::with_password(&FORMAT, file.as_bytes(), "x"), Err(FormatError::WrongPasswordOrDamaged));
        }
    }

    #[test]
    fn a_file_of_countless_keys_is_refused_before_one_is_derived() {
        let file = |salt: fn(usize) -> String| {
            let part = |n| {
                let salt = salt(n);
                format!(
                    r#""k{n}":{{"dataType":"Key","salt":"{salt}"}},"e{n}":{{"dataType":"EncOTPStorage","keyId":"k{n}","data":"x"}}"#
                )
            };
            format!("{{{}}}", (0..1000).map(part).collect::<Vec<_>>().join(","))
        };
        let refused = (FORMAT.read.unwrap())(file(|n| format!("salt number {n}")).as_bytes()).err();
        let Some(FormatError::ParametersRefused(words)) = refused else { panic!("{refused:?}") };
        assert!(words.starts_with("entry ") && words.contains("too much for one file"), "{words}");
        // The same key a thousand times is one.
        let same = samples::with_password(&FORMAT, file(|_| "one salt for all".into()).as_bytes(), "word");
        assert_eq!(same, Err(FormatError::WrongPasswordOrDamaged));
    }
}
