//! andOTP: plain backups and those encrypted with a password, old and new, both directions.
//!
//! New: a big-endian count of PBKDF2-HMAC-SHA-1 iterations, 12 bytes of salt, 12 of nonce, AES-256-GCM. Old (to 0.6.2): the nonce and AES-256-GCM
//! under SHA-256 of the password. Neither has a mark to know it by, so an encrypted file is read only when asked for by name or when nothing
//! else fits.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::cipher::{self, Hash};
use super::draft::{Draft, Key};
use super::json::{Document, Fields};
use super::loss::Holds;
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, Writer};
use crate::otp::{Kind, base32, motp};
use crate::secret::{Random, Text, random_bytes};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "andotp",
    name: "andOTP",
    help: "andOTP: Backup, Backup (plain) or Backup (encrypted); GNOME Authenticator: backup as JSON",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: true, plain: true, write, loses: |details| HOLDS.loses(details) }),
};

const HOLDS: Holds = Holds {
    program: "andOTP",
    kinds: &[Kind::Totp, Kind::Hotp, Kind::Steam, Kind::Motp],
    tags: usize::MAX,
    note: false,
    favourite: false,
    parameters: true,
};

const ITERATIONS: u32 = 150_000;

fn detect(bytes: &[u8]) -> bool {
    match Document::probe(bytes) {
        Some(file) => file.0.as_array().and_then(|list| list.first()).is_some_and(|first| {
            first.has("secret")
                && first.has("type")
                && first.has("label")
                && (first.has("tags") || first.has("thumbnail") || first.has("algorithm"))
        }),
        None => iterations(bytes).is_some_and(|count| (140_000..=160_000).contains(&count)),
    }
}

/// The iterations an encrypted file names, where they can be any. andOTP chooses 140 000 to 160 000; by chance one file in 200 000 has those.
fn iterations(bytes: &[u8]) -> Option<u32> {
    let count = u32::from_be_bytes(*bytes.first_chunk()?);
    (bytes.len() >= 4 + 12 + 12 + 16 && (1..=5_000_000).contains(&count)).then_some(count)
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    if Document::probe(bytes).is_some() {
        return read_list(bytes, true).map(Opened::Plain);
    }
    if bytes.starts_with(b"-----BEGIN PGP") {
        return Err(FormatError::Unsupported(
            "this backup is encrypted with OpenPGP: open it with gpg -d first".into(),
        ));
    }
    if bytes.len() < 28 {
        return Err(FormatError::Damaged("it is too short".into()));
    }
    let bytes = bytes.to_vec();
    Ok(Opened::encrypted(move |password, keys| {
        if let (Some(count), Some((head, sealed))) = (iterations(&bytes), bytes.split_at_checked(28)) {
            let (salt, nonce) = head.get(4..).unwrap_or_default().split_at_checked(12).unwrap_or_default();
            let key = keys.pbkdf2(Hash::Sha1, password.as_bytes(), salt, u64::from(count))?;
            if let Some(plain) = cipher::gcm_open(&key[..], nonce, sealed, &[]) {
                return read_list(&plain, false);
            }
        }
        let key = Zeroizing::new(Sha256::digest(password.as_bytes()).to_vec());
        let (nonce, sealed) = bytes.split_at_checked(12).unwrap_or_default();
        let plain = cipher::gcm_open(&key, nonce, sealed, &[]).ok_or(FormatError::WrongPasswordOrDamaged)?;
        read_list(&plain, false)
    }))
}

/// Reads the list; a plain one without a single issuer may be GNOME Authenticator's.
fn read_list(bytes: &[u8], plain: bool) -> Result<Imported, FormatError> {
    let file = Document::read(bytes)?;
    let list = file.0.as_array().ok_or_else(|| FormatError::Damaged("it is not a list of entries".into()))?;
    let gnome = plain && list.iter().all(|entry| !entry.has("issuer"));
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(list) {
        imported.push(read_entry(format!("entry {number}"), entry, gnome));
    }
    Ok(imported)
}

fn read_entry(place: String, entry: &Value, gnome: bool) -> Result<Candidate, Problem> {
    let secret = entry.text("secret").unwrap_or("");
    let kind = entry.text("type").unwrap_or("");
    let kind = Kind::from_name(kind).ok_or_else(|| kind.to_owned());
    // The secret of mOTP is its text, in base32.
    let text = (kind == Ok(Kind::Motp))
        .then(|| base32::decode(secret).ok().and_then(|bytes| std::str::from_utf8(bytes.expose()).ok().map(Text::from)))
        .flatten();
    let mut draft = Draft::new(place, text.as_deref().map_or(Key::Base32(secret), Key::Text));
    draft.kind = kind;
    draft.algorithm = entry.word("algorithm");
    draft.digits = entry.number("digits");
    draft.period = entry.number("period");
    draft.counter = entry.number("counter");
    draft.pin = entry.text("pin").map(Text::from);
    draft.tags = entry.items("tags").iter().filter_map(Value::as_str).map(Text::from).collect();
    let label = entry.text("label").unwrap_or("");
    let (issuer, account) = match entry.text("issuer") {
        // An old fault wrote the issuer into the label as well.
        Some(issuer) => (issuer, label.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(':')).unwrap_or(label)),
        // Before there was an issuer it stood in the label; GNOME Authenticator has it as the first tag.
        None if !entry.has("issuer") => {
            let tag = draft.tags.first().filter(|_| gnome).map_or("", Text::as_str);
            label.split_once(" - ").unwrap_or((tag, label))
        }
        None => ("", label),
    };
    let (issuer, account) = (Text::from(issuer), Text::from(account));
    (draft.issuer, draft.account) = (issuer, account);
    draft.finish()
}

fn write(entries: &[Details], password: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let list = entries
        .iter()
        .filter(|details| HOLDS.holds(&details.otp))
        .map(|details| {
            let otp = &details.otp;
            let secret = match otp.kind {
                Kind::Motp => base32::encode(motp::text(&otp.secret).as_bytes()),
                _ => base32::encode(otp.secret.expose()),
            };
            let tags: Vec<&str> = details.tags.iter().map(|tag| tag.as_str()).collect();
            let mut entry = json!({
                "secret": secret.as_str(), "issuer": details.issuer.as_str(), "label": details.account.as_str(),
                "digits": otp.digits.get(), "type": otp.kind.name().to_ascii_uppercase(),
                "algorithm": otp.algorithm.name(), "thumbnail": "Default", "last_used": 0, "used_frequency": 0, "tags": tags,
            });
            if let Some(entry) = entry.as_object_mut() {
                match otp.kind {
                    Kind::Hotp => entry.insert("counter".into(), json!(otp.counter)),
                    _ => entry.insert("period".into(), json!(otp.period.get())),
                };
                if let Some(pin) = &otp.pin {
                    entry.insert("pin".into(), json!(pin.as_str()));
                }
            }
            entry
        })
        .collect();
    let plain = Document(Value::Array(list)).write();
    let Some(password) = password else { return Ok(plain.to_vec()) };
    let (salt, nonce) = (random_bytes::<12>(random)?, random_bytes::<12>(random)?);
    let key = Derivations::default().pbkdf2(Hash::Sha1, password.as_bytes(), &salt, u64::from(ITERATIONS))?;
    let sealed = cipher::gcm_seal(&key[..], &nonce, &plain, &[])?;
    Ok([&ITERATIONS.to_be_bytes()[..], &salt, &nonce, &sealed].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn what_is_written_reads_back() {
        samples::round_trip(&FORMAT, |details| {
            details.note = Text::empty();
            details.favourite = false;
        });
    }

    #[test]
    fn the_old_encryption() {
        let file = write(&samples::entries(), None, &mut samples::Counting(1)).unwrap();
        let key = Sha256::digest(b"word");
        let sealed = cipher::gcm_seal(&key, &[1; 12], &file, &[]).unwrap();
        let old = [&[1; 12][..], &sealed].concat();
        assert_eq!(samples::with_password(&FORMAT, &old, "word").unwrap().entries.len(), 7);
        assert!(samples::with_password(&FORMAT, &old, "words").is_err());
    }

    #[test]
    fn labels_of_old_versions() {
        let file = br#"[{"secret":"JBSWY3DP","type":"TOTP","label":"Bank - me"},
            {"secret":"JBSWY3DP","type":"TOTP","issuer":"Bank","label":"Bank:me"}]"#;
        for entry in samples::plain(&FORMAT, file).entries {
            assert_eq!((entry.details.issuer.as_str(), entry.details.account.as_str()), ("Bank", "me"));
        }
    }
}
