//! Aegis: plain and encrypted vaults, both directions.
//!
//! A vault is JSON: `{ version: 1, header: { slots, params }, db }`. Encrypted, `db` is base64 under a master key that each slot wraps;
//! password slots (type 1) wrap it under scrypt. AES-256-GCM throughout, without associated data.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::cipher::Cost;
use super::draft::{Draft, Key};
use super::json::{Document, Fields, Number};
use super::{Derivations, Encrypted, Format, FormatError, Imported, Opened, Writer, cipher};
use crate::otp::{Algorithm, Kind, base32, motp};
use crate::secret::{Random, Text, random_bytes};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "aegis",
    name: "Aegis",
    help: "Aegis: Settings, Import & Export, Export (plain or encrypted JSON)",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: true, plain: true, write, loses }),
};

/// The newest layout of the content that is known.
const CONTENT_VERSION: u64 = 3;

fn detect(bytes: &[u8]) -> bool {
    Document::probe(bytes).is_some_and(|file| file.0.has("header") && file.0.has("db") && file.0.has("version"))
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    match file.0.number("version") {
        Number::Is(1) => {}
        Number::Is(version) => {
            return Err(FormatError::Unsupported(format!("Aegis vaults of version {version} are not known; 1 is")));
        }
        _ => return Err(damaged("it has no version")),
    }
    match file.0.get("db") {
        Some(content @ Value::Object(_)) => Ok(Opened::Plain(read_content(content)?)),
        Some(Value::String(sealed)) => Ok(Opened::Encrypted(Box::new(Locked::read(&file.0, sealed)?))),
        _ => Err(damaged("it holds no database")),
    }
}

fn damaged(what: &str) -> FormatError {
    FormatError::Damaged(what.into())
}

/// The master key, wrapped under a password.
struct Slot {
    /// scrypt's numbers: N as a power of two, r, p.
    scrypt: (u8, u32, u32),
    salt: Vec<u8>,
    nonce: Vec<u8>,
    key: Vec<u8>,
    /// The password's key was derived as it is now, not by the fault of old versions.
    repaired: bool,
}

/// An encrypted vault.
struct Locked {
    slots: Vec<Slot>,
    nonce: Vec<u8>,
    sealed: Vec<u8>,
}

impl Locked {
    fn read(file: &Value, sealed: &str) -> Result<Locked, FormatError> {
        let header = file.get("header").ok_or_else(|| damaged("it has no header"))?;
        let params = header.get("params").ok_or_else(|| damaged("its header has no parameters"))?;
        let mut sealed = data_encoding::BASE64
            .decode(sealed.trim().as_bytes())
            .map_err(|_| damaged("its database is not base64"))?;
        sealed.extend(hex(params, "tag")?);
        let mut slots = Vec::new();
        // What all slots cost is known before the first key is derived.
        let mut costs = Derivations::default();
        let passwords = header.items("slots").iter().filter(|slot| slot.number("type") == Number::Is(1));
        for (number, slot) in (1..).zip(passwords) {
            let (log_n, r, p) = numbers(slot)?;
            costs.charge(Cost::Scrypt { log_n, r, p }).map_err(|wrong| wrong.at(&format!("key slot {number}")))?;
            let wrapping = slot.get("key_params").ok_or_else(|| damaged("a key slot has no parameters"))?;
            let mut key = hex(slot, "key")?;
            key.extend(hex(wrapping, "tag")?);
            slots.push(Slot {
                scrypt: (log_n, r, p),
                salt: hex(slot, "salt")?,
                nonce: hex(wrapping, "nonce")?,
                key,
                repaired: slot.is_true("repaired"),
            });
        }
        if slots.is_empty() {
            return Err(FormatError::Unsupported(
                "this Aegis vault has no password, only a key that never leaves the phone: export it with a password"
                    .into(),
            ));
        }
        Ok(Locked { slots, nonce: hex(params, "nonce")?, sealed })
    }
}

/// The numbers of a slot's scrypt.
fn numbers(slot: &Value) -> Result<(u8, u32, u32), FormatError> {
    let number = |key| slot.number(key).get().ok_or_else(|| damaged("a key slot has no scrypt numbers"));
    let (n, r, p) = (number("n")?, number("r")?, number("p")?);
    let refused = || FormatError::ParametersRefused(format!("scrypt with N = {n}, r = {r}, p = {p}"));
    let log_n = u8::try_from(n.trailing_zeros()).ok().filter(|_| n.is_power_of_two()).ok_or_else(refused)?;
    Ok((log_n, u32::try_from(r).map_err(|_| refused())?, u32::try_from(p).map_err(|_| refused())?))
}

impl Encrypted for Locked {
    fn open_within(&self, password: &Text, keys: &mut Derivations) -> Result<Imported, FormatError> {
        for slot in &self.slots {
            let (log_n, r, p) = slot.scrypt;
            let key = keys.scrypt(password.as_bytes(), &slot.salt, log_n, r, p)?;
            let Some(master) = cipher::gcm_open(&key[..], &slot.nonce, &slot.key, &[]) else { continue };
            let content = cipher::gcm_open(&master, &self.nonce, &self.sealed, &[])
                .ok_or_else(|| damaged("the password is right, but the database does not open"))?;
            return read_content(&Document::read(&content)?.0);
        }
        // Old versions of Aegis derived another key from a long password.
        if password.len() > 64 && self.slots.iter().any(|slot| !slot.repaired) {
            return Err(FormatError::Unsupported(
                "wrong password, or a vault with a long password that an old Aegis saved: open and save it in a new one first"
                    .into(),
            ));
        }
        Err(FormatError::WrongPassword)
    }
}

fn hex(object: &Value, key: &str) -> Result<Vec<u8>, FormatError> {
    let text = object.text(key).ok_or_else(|| FormatError::Damaged(format!("{key} is missing")))?;
    data_encoding::HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|_| FormatError::Damaged(format!("{key} is not hexadecimal")))
}

fn read_content(content: &Value) -> Result<Imported, FormatError> {
    match content.number("version") {
        Number::Is(1..=CONTENT_VERSION) => {}
        Number::Is(version) => {
            return Err(FormatError::Unsupported(format!(
                "the content of this Aegis vault is of version {version}; 1 to {CONTENT_VERSION} are known"
            )));
        }
        _ => return Err(damaged("its database has no version")),
    }
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(content.items("entries")) {
        imported.push(read_entry(format!("entry {number}"), entry, content));
    }
    Ok(imported)
}

fn read_entry(place: String, entry: &Value, content: &Value) -> Result<super::Candidate, super::Problem> {
    let info = entry.part("info");
    let kind = entry.text("type").unwrap_or("");
    let mut draft = Draft::new(place, Key::Base32(info.text("secret").unwrap_or("")))
        .named(entry.text("issuer"), entry.text("name"));
    draft.kind = match kind {
        "steamtotp" => Ok(Kind::Steam),
        _ => Kind::from_name(kind).ok_or_else(|| kind.to_owned()),
    };
    draft.algorithm = info.word("algo");
    draft.digits = info.number("digits");
    draft.period = info.number("period");
    draft.counter = info.number("counter");
    draft.pin = info.text("pin").map(Text::from);
    draft.note = entry.text("note").unwrap_or("").into();
    draft.favourite = entry.is_true("favorite");
    draft.tags.extend(entry.text("group").map(Text::from));
    for id in entry.items("groups").iter().filter_map(Value::as_str) {
        match content.items("groups").iter().find(|group| group.text("uuid") == Some(id)) {
            Some(group) => draft.tags.extend(group.text("name").map(Text::from)),
            None => draft.notices.push("it is in a group that the file does not name".into()),
        }
    }
    if entry.get("icon").is_some_and(|icon| !icon.is_null()) {
        draft.notices.push("its icon is left behind".into());
    }
    draft.finish()
}

fn write(entries: &[Details], password: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let content = Document(content_of(entries, random)?);
    let Some(password) = password else {
        let mut file = Document(json!({ "version": 1, "header": { "slots": null, "params": null } }));
        if let Some(object) = file.0.as_object_mut() {
            object.insert("db".into(), content.0.clone());
        }
        return Ok(file.write().to_vec());
    };
    let master = Zeroizing::new(random_bytes::<32>(random)?);
    let salt = random_bytes::<32>(random)?;
    let key = Derivations::default().scrypt(password.as_bytes(), &salt, 15, 8, 1)?;
    let (wrap_nonce, wrapped, wrap_tag) = seal(&key[..], &master[..], random)?;
    let (nonce, sealed, tag) = seal(&master[..], &content.write(), random)?;
    let file = Document(json!({
        "version": 1,
        "header": {
            "slots": [{
                "type": 1,
                "uuid": super::new_uuid(random)?,
                "key": hex_text(&wrapped),
                "key_params": { "nonce": wrap_nonce, "tag": wrap_tag },
                "n": 1 << 15, "r": 8, "p": 1,
                "salt": hex_text(&salt),
                "repaired": true,
                "is_backup": false,
            }],
            "params": { "nonce": nonce, "tag": tag },
        },
        "db": data_encoding::BASE64.encode(&sealed),
    }));
    Ok(file.write().to_vec())
}

/// Nonce, cipher text and tag, as the file keeps them apart.
fn seal(key: &[u8], plain: &[u8], random: &mut dyn Random) -> Result<(String, Vec<u8>, String), FormatError> {
    let nonce = random_bytes::<12>(random)?;
    let mut sealed = cipher::gcm_seal(key, &nonce, plain, &[])?;
    let tag = sealed.split_off(sealed.len().saturating_sub(16));
    Ok((hex_text(&nonce), sealed, hex_text(&tag)))
}

fn hex_text(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn content_of(entries: &[Details], random: &mut dyn Random) -> Result<Value, FormatError> {
    let mut groups: Vec<(&str, String)> = Vec::new();
    let mut written = Vec::with_capacity(entries.len());
    for details in entries.iter().filter(|details| holds(details)) {
        let mut ids = Vec::new();
        for tag in &details.tags {
            let id = match groups.iter().find(|(name, _)| *name == tag.as_str()) {
                Some((_, id)) => id.clone(),
                None => {
                    let id = super::new_uuid(random)?;
                    groups.push((tag, id.clone()));
                    id
                }
            };
            ids.push(id);
        }
        let otp = &details.otp;
        let secret = otp.secret.expose();
        let used = if otp.kind == Kind::Yandex { secret.get(..16).unwrap_or(secret) } else { secret };
        let mut info = json!({
            "secret": base32::encode(used).as_str(),
            "algo": otp.algorithm.name(),
            "digits": otp.digits.get(),
        });
        if let Some(info) = info.as_object_mut() {
            match otp.kind {
                Kind::Hotp => info.insert("counter".into(), json!(otp.counter.min(i64::MAX as u64))),
                _ => info.insert("period".into(), json!(otp.period.get())),
            };
            if matches!(otp.kind, Kind::Motp | Kind::Yandex) {
                info.insert("pin".into(), json!(otp.pin.as_deref().unwrap_or("")));
            }
        }
        written.push(json!({
            "type": otp.kind.name(),
            "uuid": super::new_uuid(random)?,
            "name": details.account.as_str(),
            "issuer": details.issuer.as_str(),
            "note": super::note_with_recovery_codes(details).as_str(),
            "favorite": details.favourite,
            "icon": null,
            "info": info,
            "groups": ids,
        }));
    }
    let groups: Vec<Value> = groups.into_iter().map(|(name, id)| json!({ "uuid": id, "name": name })).collect();
    Ok(json!({ "version": CONTENT_VERSION, "entries": written, "groups": groups, "icons_optimized": true }))
}

/// Aegis keeps the bytes of an mOTP key, not its text.
fn holds(details: &Details) -> bool {
    details.otp.kind != Kind::Motp || motp::is_hex(&details.otp.secret)
}

fn loses(details: &Details) -> Vec<String> {
    if !holds(details) {
        return vec!["all of it: Aegis has only mOTP keys of lower-case hexadecimal".into()];
    }
    let mut lost = Vec::new();
    if !details.recovery_codes.is_empty() {
        lost.push("its recovery codes become part of its note".into());
    }
    if details.otp.kind == Kind::Hotp && i64::try_from(details.otp.counter).is_err() {
        lost.push("its counter is larger than Aegis can count".into());
    }
    if details.otp.algorithm == Algorithm::Md5 && details.otp.kind != Kind::Motp {
        lost.push("Aegis makes no codes with MD5".into());
    }
    lost
}

#[cfg(test)]
#[path = "aegis_tests.rs"]
mod tests;
