//! Stratum (once Authenticator Pro): plain backups and both encryptions, both directions.
//!
//! Strong: `AUTHENTICATORPRO`, salt 16, nonce 12, AES-256-GCM under Argon2id (3 passes, 64 MiB, 4 lanes). Legacy: `AuthenticatorPro`, salt 20, IV 16,
//! AES-256-CBC under PBKDF2-HMAC-SHA-1 (64 000).

use serde_json::{Value, json};

use super::cipher::{self, Hash};
use super::draft::{Draft, Key};
use super::json::{Document, Fields, Number, Word};
use super::loss::Holds;
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, Writer};
use crate::otp::{Algorithm, Kind, Period, base32, motp};
use crate::secret::{Random, Text, random_bytes};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "stratum",
    name: "Stratum",
    help: "Stratum or Authenticator Pro: Settings, Backup (.authpro)",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: true, plain: true, write, loses }),
};

const HOLDS: Holds =
    Holds { program: "Stratum", kinds: &Kind::ALL, tags: usize::MAX, note: false, favourite: false, parameters: true };

const STRONG: &[u8] = b"AUTHENTICATORPRO";
const LEGACY: &[u8] = b"AuthenticatorPro";
/// How many characters of a name are kept.
const LONGEST: [usize; 2] = [32, 40];

fn detect(bytes: &[u8]) -> bool {
    bytes.starts_with(STRONG)
        || bytes.starts_with(LEGACY)
        || Document::probe(bytes).is_some_and(|file| file.0.has("Authenticators"))
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let short = || FormatError::Damaged("it is too short".into());
    if let Some(rest) = bytes.strip_prefix(STRONG) {
        let (salt, rest) = rest.split_at_checked(16).ok_or_else(short)?;
        let (nonce, sealed) = rest.split_at_checked(12).ok_or_else(short)?;
        let (salt, nonce, sealed) = (salt.to_vec(), nonce.to_vec(), sealed.to_vec());
        return Ok(Opened::encrypted(move |password, keys| {
            let key = keys.argon2id(password.as_bytes(), &salt, 3, 65_536, 4)?;
            let plain = cipher::gcm_open(&key[..], &nonce, &sealed, &[]).ok_or(FormatError::WrongPasswordOrDamaged)?;
            read_backup(&Document::read(&plain)?)
        }));
    }
    if let Some(rest) = bytes.strip_prefix(LEGACY) {
        let (salt, rest) = rest.split_at_checked(20).ok_or_else(short)?;
        let (iv, sealed) = rest.split_at_checked(16).ok_or_else(short)?;
        let (salt, iv, sealed) = (salt.to_vec(), iv.to_vec(), sealed.to_vec());
        return Ok(Opened::encrypted(move |password, keys| {
            let key = keys.pbkdf2(Hash::Sha1, password.as_bytes(), &salt, 64_000)?;
            let plain = cipher::cbc_open(&key[..], &iv, &sealed).ok_or(FormatError::WrongPasswordOrDamaged)?;
            let backup = Document::read(&plain).map_err(|_| FormatError::WrongPasswordOrDamaged)?;
            read_backup(&backup).map_err(|_| FormatError::WrongPasswordOrDamaged)
        }));
    }
    read_backup(&Document::read(bytes)?).map(Opened::Plain)
}

/// Reads a plain backup.
///
/// # Errors
/// [`FormatError::Damaged`] when it is none.
pub(super) fn read_backup(file: &Document) -> Result<Imported, FormatError> {
    if !file.0.has("Authenticators") {
        return Err(FormatError::Damaged("it has no authenticators".into()));
    }
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(file.0.items("Authenticators")) {
        imported.push(read_entry(format!("entry {number}"), entry, &file.0));
    }
    Ok(imported)
}

fn read_entry(place: String, entry: &Value, file: &Value) -> Result<Candidate, Problem> {
    let secret = entry.text("Secret").unwrap_or("");
    let kind = match entry.number("Type") {
        Number::Is(1) => Ok(Kind::Hotp),
        Number::Is(2) => Ok(Kind::Totp),
        Number::Is(3) => Ok(Kind::Motp),
        Number::Is(4) => Ok(Kind::Steam),
        Number::Is(5) => Ok(Kind::Yandex),
        Number::Is(other) => Err(format!("number {other}")),
        _ => Err(String::new()),
    };
    let key = if kind == Ok(Kind::Motp) { Key::Text(secret) } else { Key::Base32(secret) };
    let mut draft = Draft::new(place, key).named(entry.text("Issuer"), entry.text("Username"));
    draft.kind = kind;
    let unknown;
    draft.algorithm = match entry.number("Algorithm") {
        Number::Absent | Number::Is(0) => Word::Absent,
        Number::Is(1) => Word::Is("SHA256"),
        Number::Is(2) => Word::Is("SHA512"),
        Number::Is(other) => {
            unknown = format!("number {other}");
            Word::Is(&unknown)
        }
        Number::Broken => Word::Broken,
    };
    draft.digits = entry.number("Digits");
    // Of mOTP it writes a period too, and means 10 s.
    draft.period = if draft.kind == Ok(Kind::Motp) { Number::Absent } else { entry.number("Period") };
    draft.counter = entry.number("Counter");
    draft.pin = entry.text("Pin").map(Text::from);
    for link in
        file.items("AuthenticatorCategories").iter().filter(|link| link.text("AuthenticatorSecret") == Some(secret))
    {
        let category = file.items("Categories").iter().find(|category| category.get("Id") == link.get("CategoryId"));
        draft.tags.extend(category.and_then(|category| category.text("Name")).map(Text::from));
    }
    if entry.text("Icon").is_some_and(|icon| icon.starts_with('@')) {
        draft.notices.push("its icon is left behind".into());
    }
    draft.finish()
}

fn write(entries: &[Details], password: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let mut categories: Vec<(&str, String)> = Vec::new();
    let (mut written, mut links) = (Vec::new(), Vec::new());
    for details in entries.iter().filter(|details| holds(details)) {
        let otp = &details.otp;
        let secret = match otp.kind {
            Kind::Motp => motp::text(&otp.secret),
            _ => base32::encode(otp.secret.expose()),
        };
        for tag in &details.tags {
            let id = match categories.iter().find(|(name, _)| *name == tag.as_str()) {
                Some((_, id)) => id.clone(),
                None => {
                    let id = data_encoding::HEXLOWER.encode(&random_bytes::<4>(random)?);
                    categories.push((tag, id.clone()));
                    id
                }
            };
            links.push(json!({ "CategoryId": id, "AuthenticatorSecret": secret.as_str(), "Ranking": 0 }));
        }
        let cut = |text: &str, longest: usize| text.chars().take(longest).collect::<String>();
        written.push(json!({
            "Type": match otp.kind {
                Kind::Hotp => 1, Kind::Totp => 2, Kind::Motp => 3, Kind::Steam => 4, Kind::Yandex => 5,
            },
            "Icon": null,
            "Issuer": cut(&details.issuer, LONGEST[0]),
            "Username": cut(&details.account, LONGEST[1]),
            "Secret": secret.as_str(),
            "Pin": otp.pin.as_deref(),
            "Algorithm": match otp.algorithm { Algorithm::Sha256 if otp.kind != Kind::Yandex => 1, Algorithm::Sha512 => 2, _ => 0 },
            "Digits": otp.digits.get(),
            "Period": otp.period.get(),
            "Counter": otp.counter,
            "CopyCount": 0,
            "Ranking": written.len(),
        }));
    }
    let categories: Vec<Value> =
        categories.into_iter().map(|(name, id)| json!({ "Id": id, "Name": name, "Ranking": 0 })).collect();
    let plain = Document(json!({
        "Authenticators": written, "Categories": categories, "AuthenticatorCategories": links, "CustomIcons": [],
    }))
    .write();
    let Some(password) = password else { return Ok(plain.to_vec()) };
    let (salt, nonce) = (random_bytes::<16>(random)?, random_bytes::<12>(random)?);
    let key = Derivations::default().argon2id(password.as_bytes(), &salt, 3, 65_536, 4)?;
    let sealed = cipher::gcm_seal(&key[..], &nonce, &plain, &[])?;
    Ok([STRONG, &salt, &nonce, &sealed].concat())
}

fn holds(details: &Details) -> bool {
    let otp = &details.otp;
    if otp.kind == Kind::Motp { otp.period == Period::MOTP } else { otp.algorithm != Algorithm::Md5 }
}

fn loses(details: &Details) -> Vec<String> {
    if !holds(details) {
        return vec!["all of it: Stratum knows MD5 only for mOTP of 10 s".into()];
    }
    let mut lost = HOLDS.loses(details);
    for (name, text, longest) in [("issuer", &details.issuer, LONGEST[0]), ("account", &details.account, LONGEST[1])] {
        if text.chars().count() > longest {
            lost.push(format!("its {name} after {longest} characters"));
        }
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
            details.note = Text::empty();
            details.favourite = false;
        });
    }

    #[test]
    fn the_legacy_encryption() {
        let plain = write(&samples::entries(), None, &mut samples::Counting(1)).unwrap();
        let (salt, iv) = ([3; 20], [4; 16]);
        let key = cipher::pbkdf2(Hash::Sha1, b"word", &salt, 64_000).unwrap();
        let file = [LEGACY, &salt, &iv, &cipher::cbc_seal(&key[..], &iv, &plain).unwrap()].concat();
        assert!(detect(&file));
        assert_eq!(samples::with_password(&FORMAT, &file, "word").unwrap().entries.len(), 8);
        assert_eq!(samples::with_password(&FORMAT, &file, "words"), Err(FormatError::WrongPasswordOrDamaged));
    }

    #[test]
    fn what_is_not_known_is_a_problem() {
        let file = br#"{"Authenticators":[{"Type":9,"Secret":"JBSWY3DP"},{"Type":2,"Algorithm":7,"Secret":"JBSWY3DP"},
            {"Type":3,"Secret":" "}]}"#;
        assert_eq!(samples::plain(&FORMAT, file).problems.len(), 3);
        assert!(matches!(read(b"AUTHENTICATORPROshort"), Err(FormatError::Damaged(_))));
    }
}
