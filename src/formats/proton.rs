//! Proton Authenticator: plain and encrypted exports, both directions.
//!
//! Encrypted: Argon2id of the password (19 MiB, 2 passes), then nonce and AES-256-GCM with a fixed text as associated data.

use serde_json::{Value, json};

use super::json::{Document, Fields, Word};
use super::loss::Holds;
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, Writer, cipher, draft};
use crate::otp::{Kind, base32, uri};
use crate::secret::{Random, Text, random_bytes};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "proton",
    name: "Proton Authenticator",
    help: "Proton Authenticator: Settings, Export (with or without a password)",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: true, plain: true, write, loses }),
};

const HOLDS: Holds = Holds {
    program: "Proton Authenticator",
    kinds: &[Kind::Totp, Kind::Steam],
    tags: 0,
    note: true,
    favourite: false,
    parameters: true,
};

const ASSOCIATED: &[u8] = b"proton.authenticator.export.v1";

fn detect(bytes: &[u8]) -> bool {
    Document::probe(bytes).is_some_and(|file| {
        let plain = file.0.get("entries").and_then(Value::as_array).is_some_and(|entries| {
            file.0.has("version")
                && entries.iter().all(|entry| entry.get("content").is_some_and(|content| content.has("uri")))
        });
        plain || (file.0.text("salt").is_some() && file.0.text("content").is_some() && file.0.has("version"))
    })
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let Some(sealed) = file.0.text("content") else { return Ok(Opened::Plain(read_entries(&file.0))) };
    let damaged = |what: &str| FormatError::Damaged(format!("its {what} is missing or broken"));
    let sealed = cipher::base64(sealed).ok_or_else(|| damaged("content"))?;
    let salt = file.0.text("salt").and_then(cipher::base64).ok_or_else(|| damaged("salt"))?;
    Ok(Opened::encrypted(move |password, keys| {
        let key = keys.argon2id(password.as_bytes(), &salt, 2, 19_456, 1)?;
        let (nonce, sealed) =
            sealed.split_at_checked(12).ok_or_else(|| FormatError::Damaged("it is too short".into()))?;
        let plain = cipher::gcm_open(&key[..], nonce, sealed, ASSOCIATED).ok_or(FormatError::WrongPasswordOrDamaged)?;
        Ok(read_entries(&Document::read(&plain)?.0))
    }))
}

fn read_entries(file: &Value) -> Imported {
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(file.items("entries")) {
        imported.push(read_entry(format!("entry {number}"), entry));
    }
    imported
}

fn read_entry(place: String, entry: &Value) -> Result<Candidate, Problem> {
    let content = entry.part("content");
    let name = content.text("name");
    let mut candidate = draft::from_uri(place, content.text("uri").unwrap_or("")).map_err(|mut problem| {
        problem.label = name.unwrap_or("").into();
        problem
    })?;
    if let Some(name) = name {
        candidate.details.account = name.into();
    }
    let kind = candidate.details.otp.kind;
    let agrees = match content.word("entry_type") {
        Word::Absent => true,
        Word::Is(name) => Kind::from_name(name).is_some_and(|said| said == kind || said == Kind::Totp),
        Word::Broken => false,
    };
    if !agrees {
        let label = draft::label(&candidate.details.issuer, &candidate.details.account);
        let reason = "its type is not known, or not that of its link".into();
        return Err(Problem { place: candidate.place, label, reason });
    }
    candidate.details.note = entry.text("note").unwrap_or("").into();
    Ok(candidate)
}

fn write(entries: &[Details], password: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let mut list = Vec::new();
    for details in entries.iter().filter(|details| HOLDS.holds(&details.otp)) {
        let otp = &details.otp;
        let steam = otp.kind == Kind::Steam;
        let uri = if steam {
            Text::from(format!("steam://{}", base32::encode(otp.secret.expose()).as_str()))
        } else {
            uri::write(otp, &details.issuer, &details.account)
        };
        let note = super::note_with_recovery_codes(details);
        list.push(json!({
            "id": super::new_uuid(random)?,
            "content": {
                "uri": uri.as_str(),
                "entry_type": if steam { "Steam" } else { "Totp" },
                "name": details.account.as_str(),
            },
            "note": (!note.is_empty()).then_some(note.as_str()),
        }));
    }
    let plain = Document(json!({ "version": 1, "entries": list })).write();
    let Some(password) = password else { return Ok(plain.to_vec()) };
    let (salt, nonce) = (random_bytes::<16>(random)?, random_bytes::<12>(random)?);
    let key = Derivations::default().argon2id(password.as_bytes(), &salt, 2, 19_456, 1)?;
    let sealed = cipher::gcm_seal(&key[..], &nonce, &plain, ASSOCIATED)?;
    let text = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
    let content = text(&[&nonce[..], &sealed].concat());
    Ok(Document(json!({ "version": 1, "salt": text(&salt), "content": content })).write().to_vec())
}

fn loses(details: &Details) -> Vec<String> {
    let mut lost = HOLDS.loses(details);
    if details.otp.kind == Kind::Steam && details.issuer.as_str() != "Steam" {
        lost.push("its issuer, which becomes Steam".into());
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn what_is_written_reads_back() {
        samples::round_trip(&FORMAT, |details| {
            details.favourite = false;
            details.tags.clear();
        });
    }

    #[test]
    fn the_name_stands_for_the_label_and_a_bad_uri_is_a_problem() {
        let file = br#"{"version":1,"entries":[
            {"id":"1","content":{"uri":"otpauth://totp/x?secret=MZXW6&issuer=I","entry_type":"Totp","name":"a:b"},"note":"n"},
            {"id":"2","content":{"uri":"steam://","entry_type":"Steam","name":"me"},"note":null}]}"#;
        assert!(detect(file));
        let imported = samples::plain(&FORMAT, file);
        assert_eq!(imported.entries[0].details.account.as_str(), "a:b");
        assert_eq!(imported.problems[0].label, "me");
    }
}
