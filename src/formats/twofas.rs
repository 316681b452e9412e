//! 2FAS: plain and encrypted backups, schemas 1 to 4, both directions.
//!
//! Encrypted, the services are AES-256-GCM under PBKDF2-HMAC-SHA-256, packed as base64 of cipher text, salt and nonce with colons between.

use serde_json::{Value, json};

use super::cipher::{self, Hash};
use super::draft::{self, Draft, Key};
use super::json::{Document, Fields, Number, Word};
use super::loss::Holds;
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, Writer};
use crate::otp::{Kind, base32, uri};
use crate::secret::{Random, Text, random_bytes};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "2fas",
    name: "2FAS",
    help: "2FAS: Settings, Backup, Export (with or without a password)",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: true, plain: true, write, loses: |details| HOLDS.loses(details) }),
};

const HOLDS: Holds = Holds {
    program: "2FAS",
    kinds: &[Kind::Totp, Kind::Hotp, Kind::Steam],
    tags: 1,
    note: false,
    favourite: false,
    parameters: true,
};

const ITERATIONS: u64 = 10_000;
/// What every backup of 2FAS seals beside its services, so that a password can be checked at once.
const REFERENCE: &str = "tRViSsLKzd86Hprh4ceC2OP7xazn4rrt4xhfEUbOjxLX8Rc3mkISXE0lWbmnWfggogbBJhtYgpK6fMl1D6mtsy92R3HkdGfwuXbzLebqVFJsR7IZ2w58t938iymwG4824igYy1wi6n2WDpO1Q1P69zwJGs2F5a1qP4MyIiDSD7NCV2OvidXQCBnDlGfmz0f1BQySRkkt4ryiJeCjD2o4QsveJ9uDBUn8ELyOrESv5R5DMDkD4iAF8TXU7KyoJujd";

fn detect(bytes: &[u8]) -> bool {
    Document::probe(bytes).is_some_and(|file| file.0.has("services") && file.0.has("schemaVersion"))
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    match file.0.number("schemaVersion") {
        Number::Is(1..=4) => {}
        Number::Is(schema) => {
            return Err(FormatError::Unsupported(format!("2FAS backups of schema {schema} are not known; 1 to 4 are")));
        }
        _ => return Err(FormatError::Damaged("it has no schema".into())),
    }
    let Some(sealed) = file.0.text("servicesEncrypted").map(str::to_owned) else {
        return Ok(Opened::Plain(services(file.0.items("services"), &file.0)));
    };
    Ok(Opened::encrypted(move |password, keys| {
        let damaged = || FormatError::Damaged("its encrypted services are not three parts of base64".into());
        let mut parts = sealed.split(':').map(cipher::base64);
        let (Some(Some(sealed)), Some(Some(salt)), Some(Some(nonce)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(damaged());
        };
        let key = keys.pbkdf2(Hash::Sha256, password.as_bytes(), &salt, ITERATIONS)?;
        let plain = cipher::gcm_open(&key[..], &nonce, &sealed, &[]).ok_or(FormatError::WrongPasswordOrDamaged)?;
        let list = Document::read(&plain)?;
        let list = list.0.as_array().ok_or_else(|| FormatError::Damaged("its services are not a list".into()))?;
        Ok(services(list, &file.0))
    }))
}

fn services(list: &[Value], file: &Value) -> Imported {
    let mut imported = Imported::default();
    for (number, service) in (1..).zip(list) {
        imported.push(read_service(format!("entry {number}"), service, file));
    }
    imported
}

fn read_service(place: String, service: &Value, file: &Value) -> Result<Candidate, Problem> {
    let otp = service.part("otp");
    // Fields that an old or hand-made service lacks may be in its link.
    let link = match otp.word("link") {
        Word::Is(link) => uri::parse(link).map(Some),
        Word::Absent => Ok(None),
        Word::Broken => Err(uri::UriError::NotOtp),
    };
    let lost = link.is_err();
    let link = link.unwrap_or_default();
    let mut draft = Draft::new(place, Key::Base32(service.text("secret").unwrap_or("")));
    draft.issuer = service.text("name").or(otp.text("issuer")).unwrap_or("").into();
    draft.account = match (otp.text("account").or(otp.text("label")), &link) {
        (Some(account), _) => account.into(),
        (None, Some(link)) => link.account.clone(),
        (None, None) => Text::empty(),
    };
    draft.kind = match (otp.word("tokenType"), &link) {
        (Word::Absent, Some(link)) => Ok(link.otp.kind),
        (word, _) => word.kind(Kind::Totp),
    };
    let linked = |number: Number, value: fn(&uri::Labelled) -> u64| match (number, &link) {
        (Number::Absent, Some(link)) => Number::Is(value(link)),
        (number, _) => number,
    };
    draft.digits = linked(otp.number("digits"), |link| u64::from(link.otp.digits.get()));
    draft.period = linked(otp.number("period"), |link| link.otp.period.get());
    draft.counter = linked(otp.number("counter"), |link| link.otp.counter);
    draft.algorithm = match (otp.word("algorithm"), &link) {
        (Word::Absent, Some(link)) => Word::Is(link.otp.algorithm.name()),
        (word, _) => word,
    };
    let unsaid = ["tokenType", "algorithm"].iter().any(|key| otp.word(key) == Word::Absent)
        || ["digits", "period"].iter().any(|key| otp.number(key) == Number::Absent);
    if let Some(group) = service.text("groupId") {
        let named = file.items("groups").iter().find(|known| known.text("id") == Some(group));
        draft.tags.extend(named.and_then(|group| group.text("name")).map(Text::from));
    }
    let read = draft.finish()?;
    if lost && unsaid {
        let label = draft::label(&read.details.issuer, &read.details.account);
        let reason = "its link cannot be read, and nothing else says all that its codes are made of".into();
        return Err(Problem { place: read.place, label, reason });
    }
    Ok(read)
}

fn write(entries: &[Details], password: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let mut groups: Vec<(&str, String)> = Vec::new();
    let mut services = Vec::new();
    for details in entries.iter().filter(|details| HOLDS.holds(&details.otp)) {
        let group = match details.tags.first() {
            None => None,
            Some(tag) => Some(match groups.iter().find(|(name, _)| *name == tag.as_str()) {
                Some((_, id)) => id.clone(),
                None => {
                    let id = super::new_uuid(random)?;
                    groups.push((tag, id.clone()));
                    id
                }
            }),
        };
        let otp = &details.otp;
        services.push(json!({
            "name": if details.issuer.is_empty() { &details.account } else { &details.issuer }.as_str(),
            "secret": base32::encode(otp.secret.expose()).as_str(),
            "updatedAt": 0,
            "otp": {
                "link": uri::write(otp, &details.issuer, &details.account).as_str(),
                "label": details.account.as_str(),
                "account": details.account.as_str(),
                "issuer": details.issuer.as_str(),
                "digits": otp.digits.get(),
                "period": otp.is_timed().then_some(otp.period.get()),
                "algorithm": otp.algorithm.name(),
                "counter": (!otp.is_timed()).then_some(otp.counter),
                "tokenType": otp.kind.name().to_ascii_uppercase(),
                "source": "Link",
            },
            "order": { "position": services.len() },
            "groupId": group,
        }));
    }
    let groups: Vec<Value> =
        groups.into_iter().map(|(name, id)| json!({ "id": id, "name": name, "isExpanded": true })).collect();
    let services = Document(Value::Array(services));
    let mut file = Document(json!({
        "services": [], "groups": groups, "updatedAt": 0, "schemaVersion": 4,
        "appVersionCode": 5_000_009, "appVersionName": "5.1.0", "appOrigin": "android",
    }));
    let Some(object) = file.0.as_object_mut() else { return Ok(Vec::new()) };
    match password {
        None => {
            object.insert("services".into(), services.0.clone());
        }
        Some(password) => {
            let salt = random_bytes::<256>(random)?;
            let key = Derivations::default().pbkdf2(Hash::Sha256, password.as_bytes(), &salt, ITERATIONS)?;
            let mut pack = |plain: &[u8]| {
                let nonce = random_bytes::<12>(random)?;
                let sealed = cipher::gcm_seal(&key[..], &nonce, plain, &[])?;
                let text = [&sealed[..], &salt, &nonce].map(|part| data_encoding::BASE64.encode(part)).join(":");
                Ok::<_, FormatError>(Value::String(text))
            };
            let sealed = pack(&services.write())?;
            let reference = pack(REFERENCE.as_bytes())?;
            object.insert("servicesEncrypted".into(), sealed);
            object.insert("reference".into(), reference);
        }
    }
    Ok(file.write().to_vec())
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
            details.tags.truncate(1);
        });
    }

    #[test]
    fn old_and_bare_services() {
        let file = br#"{"schemaVersion":1,"services":[
            {"name":"Bare","secret":"jbsw y3dp"},
            {"name":"Linked","secret":"JBSWY3DP","otp":{"account":"","digits":null,
                "link":"otpauth://hotp/Linked:me?secret=JBSWY3DP&digits=8&counter=3"}},
            {"name":"New","secret":"JBSWY3DP","otp":{"algorithm":"SHA384","tokenType":"TOTP"}}]}"#;
        let imported = samples::plain(&FORMAT, file);
        assert_eq!(imported.entries[0].details.otp.kind, Kind::Totp);
        let linked = &imported.entries[1].details;
        assert_eq!((linked.otp.kind, linked.otp.counter, linked.otp.digits.get()), (Kind::Hotp, 3, 8));
        assert_eq!(linked.account.as_str(), "me");
        assert!(imported.problems[0].reason.contains("SHA384"));
        let lost = br#"{"schemaVersion":4,"services":[{"name":"A","secret":"JBSWY3DP","otp":{"link":"otpauth://totp/A?secret=JBSWY3DP&algorithm=SHA999"}},
            {"name":"B","secret":"JBSWY3DP","otp":{"link":"x","tokenType":"TOTP","algorithm":"SHA256","digits":6,"period":30}}]}"#;
        let imported = samples::plain(&FORMAT, lost);
        assert_eq!((imported.entries.len(), imported.problems.len(), &*imported.problems[0].label), (1, 1, "A"));
    }
}
