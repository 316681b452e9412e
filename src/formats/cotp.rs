//! cotp: its database (XChaCha20-Poly1305 under Argon2id with fixed costs) and its plain JSON, both directions.

use serde_json::{Value, json};

use super::draft::{Draft, Key};
use super::json::{Document, Fields};
use super::loss::Holds;
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, Writer, cipher, uri_list};
use crate::otp::{Kind, base32, motp, uri};
use crate::secret::{Random, Text, random_bytes};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "cotp",
    name: "cotp",
    help: "cotp: its database file, or cotp export",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: true, plain: true, write, loses: |details| HOLDS.loses(details) }),
};

const HOLDS: Holds =
    Holds { program: "cotp", kinds: &Kind::ALL, tags: 0, note: false, favourite: false, parameters: true };

fn detect(bytes: &[u8]) -> bool {
    Document::probe(bytes).is_some_and(|file| {
        let sealed = ["cipher", "nonce", "salt"].iter().all(|key| file.0.text(key).is_some());
        let links = file.0.items("items").first().and_then(Value::as_str).is_some_and(uri::is_uri);
        sealed || links || (file.0.has("elements") && file.0.has("version"))
    })
}

fn key(password: &Text, salt: &[u8], keys: &mut Derivations) -> Result<cipher::Key, FormatError> {
    keys.argon2id(password.as_bytes(), salt, 4, 32_768, 4)
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let Some(sealed) = file.0.text("cipher") else { return Ok(Opened::Plain(read_elements(&file.0))) };
    let part = |text: Option<&str>| {
        text.and_then(cipher::base64).ok_or_else(|| FormatError::Damaged("a part of it is not base64".into()))
    };
    let (sealed, nonce, salt) = (part(Some(sealed))?, part(file.0.text("nonce"))?, part(file.0.text("salt"))?);
    Ok(Opened::encrypted(move |password, keys| {
        let key = key(password, &salt, keys)?;
        let plain = cipher::xchacha_open(&key, &nonce, &sealed).ok_or(FormatError::WrongPasswordOrDamaged)?;
        Ok(read_elements(&Document::read(&plain)?.0))
    }))
}

fn read_elements(file: &Value) -> Imported {
    let mut imported = Imported::default();
    for (number, element) in (1..).zip(file.items("elements")) {
        imported.push(read_element(format!("entry {number}"), element));
    }
    for (number, link) in (1..).zip(file.items("items")) {
        let place = format!("entry {number}");
        match link.as_str() {
            Some(link) => uri_list::read_line(place, link, &mut imported),
            None => imported.problems.push(Problem { place, label: String::new(), reason: "it is no link".into() }),
        }
    }
    imported
}

fn read_element(place: String, element: &Value) -> Result<Candidate, Problem> {
    let kind = element.text("type").unwrap_or("");
    let kind = Kind::from_name(kind).ok_or_else(|| kind.to_owned());
    let secret = element.text("secret").unwrap_or("");
    let key = if kind == Ok(Kind::Motp) { Key::Text(secret) } else { Key::Base32(secret) };
    let mut draft = Draft::new(place, key).named(element.text("issuer"), element.text("label"));
    draft.kind = kind;
    draft.algorithm = element.word("algorithm");
    draft.digits = element.number("digits");
    draft.period = element.number("period");
    draft.counter = element.number("counter");
    draft.pin = element.text("pin").map(Text::from);
    draft.finish()
}

fn write(entries: &[Details], password: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let elements: Vec<Value> = entries
        .iter()
        .map(|details| {
            let otp = &details.otp;
            let secret = match otp.kind {
                Kind::Motp => motp::text(&otp.secret),
                _ => base32::encode(otp.secret.expose()),
            };
            json!({
                "secret": secret.as_str(), "issuer": details.issuer.as_str(), "label": details.account.as_str(),
                "digits": otp.digits.get(), "type": otp.kind.name().to_ascii_uppercase(),
                "algorithm": otp.algorithm.name(), "period": otp.period.get(),
                "counter": (!otp.is_timed()).then_some(otp.counter), "pin": otp.pin.as_deref(),
            })
        })
        .collect();
    let plain = Document(json!({ "version": 2, "elements": elements })).write();
    let Some(password) = password else { return Ok(plain.to_vec()) };
    let (salt, nonce) = (random_bytes::<16>(random)?, random_bytes::<24>(random)?);
    let key = key(password, &salt, &mut Derivations::default())?;
    let sealed = cipher::xchacha_seal(&key, &nonce, &plain)?;
    let text = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
    let file = json!({ "version": 1, "nonce": text(&nonce), "salt": text(&salt), "cipher": text(&sealed) });
    Ok(Document(file).write().to_vec())
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
            details.tags.clear();
        });
    }

    #[test]
    fn its_list_of_links_is_read_too() {
        let file = br#"{"items":["otpauth://totp/Site:ida?secret=MZXW6YTBOI&algorithm=SHA1&digits=8&period=30&lock=false",7]}"#;
        assert!(detect(file));
        let imported = samples::plain(&FORMAT, file);
        assert_eq!((imported.entries.len(), imported.problems.len()), (1, 1));
        assert_eq!(imported.entries[0].details.otp.digits.get(), 8);
    }
}
