//! FreeOTP and FreeOTP+.
//!
//! FreeOTP 1 and FreeOTP+'s own storage: preferences with a token's JSON in each value. FreeOTP+'s export: JSON with `tokens` and `tokenOrder`. Both
//! store the counter that was used last. FreeOTP 2's backup is a Java-serialised map: a master key under PBKDF2 of the password, and each token's
//! key under the master key, all AES-256-GCM; its counter is the next one.

use serde_json::{Value, json};

use super::cipher::{self, Hash};
use super::draft::{Draft, Key};
use super::json::{Document, Fields, Number, Word};
use super::loss::Holds;
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, Writer, preferences};
use crate::otp::{Digits, Kind, uri};
use crate::secret::{Random, Secret, Text};
use crate::vault::Details;

/// FreeOTP's row.
pub(super) const FORMAT: Format = Format {
    id: "freeotp",
    name: "FreeOTP",
    help: "FreeOTP: Backup (externalBackup.xml), or version 1's tokens.xml",
    detect: |bytes| is_map(bytes) || in_preferences(bytes).is_some(),
    read: Some(read),
    write: None,
};

/// FreeOTP+'s row.
pub(super) const PLUS: Format = Format {
    id: "freeotp-plus",
    name: "FreeOTP+",
    help: "FreeOTP+: Export (JSON)",
    detect: |bytes| Document::probe(bytes).is_some_and(|file| file.0.has("tokens") && file.0.has("tokenOrder")),
    read: Some(read_plus),
    write: Some(Writer { encrypts: false, plain: true, write: write_plus, loses: |details| HOLDS.loses(details) }),
};

const HOLDS: Holds = Holds {
    program: "FreeOTP+",
    kinds: &[Kind::Totp, Kind::Hotp, Kind::Steam],
    tags: 0,
    note: false,
    favourite: false,
    parameters: true,
};

/// How Java's serialisation begins.
const JAVA: &[u8] = &[0xac, 0xed, 0x00, 0x05];

fn is_map(bytes: &[u8]) -> bool {
    bytes.starts_with(JAVA)
}

/// The tokens of a preferences file; `None` when it is not FreeOTP's.
fn in_preferences(bytes: &[u8]) -> Option<Vec<Document>> {
    let texts = preferences::texts(bytes)?;
    let tokens: Vec<Document> = texts
        .iter()
        .filter(|(name, _)| name != "tokenOrder")
        .filter_map(|(_, value)| Document::read(value.as_bytes()).ok())
        .filter(|token| token.0.get("secret").is_some_and(Value::is_array) && token.0.has("type"))
        .collect();
    (!tokens.is_empty()).then_some(tokens)
}

fn damaged(what: &str) -> FormatError {
    FormatError::Damaged(what.into())
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    if is_map(bytes) {
        let map = java_map(bytes).ok_or_else(|| damaged("its map is cut or of another layout"))?;
        return Ok(Opened::encrypted(move |password, keys| read_backup(&map, password, keys)));
    }
    let tokens = in_preferences(bytes).ok_or_else(|| damaged("it holds no tokens"))?;
    let mut imported = Imported::default();
    for (number, token) in (1..).zip(&tokens) {
        imported.push(read_token(format!("entry {number}"), &token.0, secret_of(&token.0), 1));
    }
    Ok(Opened::Plain(imported))
}

fn read_plus(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    for (number, token) in (1..).zip(file.0.items("tokens")) {
        imported.push(read_token(format!("entry {number}"), token, secret_of(token), 1));
    }
    Ok(Opened::Plain(imported))
}

/// An array of Java's signed bytes.
fn signed_bytes(value: Option<&Value>) -> Option<Vec<u8>> {
    value?.as_array()?.iter().map(|byte| i8::try_from(byte.as_i64()?).ok().map(i8::cast_unsigned)).collect()
}

fn secret_of(token: &Value) -> Secret {
    Secret::new(signed_bytes(token.get("secret")).unwrap_or_default())
}

fn read_token(place: String, token: &Value, secret: Secret, used: u64) -> Result<Candidate, Problem> {
    let issuer = token.text("issuerAlt").or(token.text("issuerExt")).or(token.text("issuerInt"));
    let account = token.text("labelAlt").or(token.text("label"));
    let mut draft = Draft::new(place, Key::Bytes(secret)).named(issuer, account);
    draft.kind = token.word("type").kind(Kind::Totp);
    draft.algorithm = token.word("algo");
    draft.digits = token.number("digits");
    draft.period = token.number("period");
    draft.counter = match token.get("counter").and_then(Value::as_i64) {
        // No code was used yet.
        Some(-1) if used == 1 => Number::Is(0),
        _ => match token.number("counter") {
            Number::Is(last) => last.checked_add(used).map_or(Number::Broken, Number::Is),
            other => other,
        },
    };
    let five = draft.digits.get().and_then(Digits::new);
    if draft.kind == Ok(Kind::Totp) && five.is_some() && uri::looks_like_steam(&draft.issuer, five) {
        draft.kind = Ok(Kind::Steam);
    }
    draft.finish()
}

/// The texts of a serialised `HashMap<String, String>`.
fn java_map(bytes: &[u8]) -> Option<Vec<(String, Text)>> {
    // A block of 8 bytes: the capacity and the number of pairs.
    let start = bytes.windows(2).position(|pair| pair == [0x77, 0x08])?;
    let (head, mut rest) = bytes.get(start..)?.split_at_checked(10)?;
    let count = u32::from_be_bytes(*head.last_chunk()?);
    let mut text = || {
        let (tag, after) = rest.split_first()?;
        let (length, after) = match tag {
            0x74 => {
                let (length, after) = after.split_first_chunk::<2>()?;
                (u64::from(u16::from_be_bytes(*length)), after)
            }
            0x7c => {
                let (length, after) = after.split_first_chunk::<8>()?;
                (u64::from_be_bytes(*length), after)
            }
            _ => return None,
        };
        let (text, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
        rest = after;
        // Java writes two kinds of characters otherwise than UTF-8 (NUL, and those above U+FFFF); in JSON both may be escaped.
        Some(String::from_utf8_lossy(text).into_owned())
    };
    let mut pairs = Vec::new();
    for _ in 0..count {
        pairs.push((text()?, Text::from(text()?)));
    }
    Some(pairs)
}

fn read_backup(map: &[(String, Text)], password: &Text, keys: &mut Derivations) -> Result<Imported, FormatError> {
    let value = |name: &str| map.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let master = Document::read(value("masterKey").ok_or_else(|| damaged("it has no master key"))?.as_bytes())?;
    let hash = match master.0.text("mAlgorithm") {
        Some("PBKDF2withHmacSHA1") => Hash::Sha1,
        Some("PBKDF2withHmacSHA256") => Hash::Sha256,
        Some("PBKDF2withHmacSHA512") => Hash::Sha512,
        _ => return Err(FormatError::Unsupported("its key derivation is not known".into())),
    };
    let iterations =
        master.0.number("mIterations").get().ok_or_else(|| damaged("its master key names no iterations"))?;
    let salt = signed_bytes(master.0.get("mSalt")).ok_or_else(|| damaged("its master key has no salt"))?;
    let key = keys.pbkdf2(hash, password.as_bytes(), &salt, iterations)?;
    let sealed = master.0.get("mEncryptedKey").ok_or_else(|| damaged("its master key is missing"))?;
    let master = open_key(&key[..], sealed).ok_or(FormatError::WrongPasswordOrDamaged)?;

    let mut imported = Imported::default();
    for (number, (name, token)) in
        (1..).zip(map.iter().filter_map(|(key, token)| Some((key.strip_suffix("-token")?, token))))
    {
        let place = format!("entry {number}");
        let problem = |reason: &str| Problem { place: place.clone(), label: String::new(), reason: reason.into() };
        let Ok(token) = Document::read(token.as_bytes()) else {
            imported.problems.push(problem("it is not JSON"));
            continue;
        };
        let sealed = value(name)
            .and_then(|wrapped| Document::read(wrapped.as_bytes()).ok())
            .and_then(|wrapped| Document::read(wrapped.0.text("key")?.as_bytes()).ok());
        let Some(sealed) = sealed else {
            imported.problems.push(problem("its key is missing"));
            continue;
        };
        let Some(secret) = open_key(&master, &sealed.0) else {
            imported.problems.push(problem("its key does not open"));
            continue;
        };
        // The key names its algorithm, should the token not.
        let mut token = token;
        if token.0.word("algo") == Word::Absent
            && let (Some(object), Some(name)) = (token.0.as_object_mut(), sealed.0.text("mToken"))
        {
            object.insert("algo".into(), json!(name));
        }
        imported.push(read_token(place, &token.0, Secret::from(&secret[..]), 0));
    }
    Ok(imported)
}

/// Opens one sealed key: AES-256-GCM with the name of what it is as associated data.
fn open_key(key: &[u8], sealed: &Value) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let text = signed_bytes(sealed.get("mCipherText"))?;
    let parameters = signed_bytes(sealed.get("mParameters"))?;
    // DER: an octet string, alone or first in a sequence.
    let inner = match parameters.as_slice() {
        [0x30, _, inner @ ..] => inner,
        bare => bare,
    };
    let nonce = match inner {
        [0x04, length, rest @ ..] => rest.get(..usize::from(*length))?,
        _ => return None,
    };
    cipher::gcm_open(key, nonce, &text, sealed.text("mToken")?.as_bytes())
}

fn write_plus(entries: &[Details], _: Option<&Text>, _: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let (mut tokens, mut order) = (Vec::new(), Vec::new());
    for details in entries.iter().filter(|details| HOLDS.holds(&details.otp)) {
        let otp = &details.otp;
        let secret: Vec<i8> = otp.secret.expose().iter().map(|byte| byte.cast_signed()).collect();
        // Steam is told by this name alone.
        let issuer = if otp.kind == Kind::Steam { "Steam" } else { &details.issuer };
        order.push(format!("{issuer}:{}", details.account.as_str()));
        tokens.push(json!({
            "algo": otp.algorithm.name(),
            "counter": if otp.kind == Kind::Hotp { i64::try_from(otp.counter).unwrap_or(i64::MAX).saturating_sub(1) } else { 0 },
            "digits": otp.digits.get(),
            "issuerExt": issuer,
            "label": details.account.as_str(),
            "period": otp.period.get(),
            "secret": secret,
            "type": if otp.kind == Kind::Hotp { "HOTP" } else { "TOTP" },
        }));
    }
    Ok(Document(json!({ "tokenOrder": order, "tokens": tokens })).write().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn what_is_written_reads_back() {
        samples::round_trip(&PLUS, |details| {
            details.note = Text::empty();
            details.favourite = false;
            details.tags.clear();
        });
    }

    #[test]
    fn preferences_count_from_the_last_counter() {
        let file = b"<?xml version='1.0'?><map><string name=\"tokenOrder\">[]</string><string name=\"A:b\">{&quot;issuerExt&quot;:&quot;A&quot;,
            &quot;label&quot;:&quot;b&quot;,&quot;labelAlt&quot;:&quot;c&quot;,&quot;counter&quot;:6,&quot;secret&quot;:[-1,2],&quot;type&quot;:&quot;HOTP&quot;}</string></map>";
        assert!((FORMAT.detect)(file));
        let entry = samples::plain(&FORMAT, file).entries.remove(0).details;
        assert_eq!((entry.otp.counter, entry.account.as_str()), (7, "c"));
        assert_eq!(entry.otp.secret.expose(), [0xff, 2]);
    }

    #[test]
    fn a_backup_opens_with_its_password() {
        let text = |text: &str| [&[0x74], &(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat();
        let signed = |bytes: &[u8]| bytes.iter().map(|byte| byte.cast_signed()).collect::<Vec<i8>>();
        let seal = |key: &[u8], plain: &[u8], token: &str| {
            let sealed = cipher::gcm_seal(key, &[7; 12], plain, token.as_bytes()).unwrap();
            let parameters = [&[0x30, 17, 0x04, 12][..], &[7; 12], &[2, 1, 16]].concat();
            json!({ "mCipher": "AES/GCM/NoPadding", "mCipherText": signed(&sealed), "mParameters": signed(&parameters), "mToken": token })
        };
        let key = cipher::pbkdf2(Hash::Sha512, b"word", &[5; 32], 1000).unwrap();
        let master = json!({ "mAlgorithm": "PBKDF2withHmacSHA512", "mIterations": 1000, "mSalt": signed(&[5; 32]),
            "mEncryptedKey": seal(&key[..], &[9; 32], "AES") });
        let wrapped = json!({ "key": seal(&[9; 32], b"token's key", "HmacSHA256").to_string() });
        let token = json!({ "issuerExt": "A", "label": "b", "type": "HOTP", "counter": 5 });
        let pairs = [("masterKey", master), ("u-1", wrapped), ("u-1-token", token)];
        let mut file = [JAVA, b"sr..", &[0x77, 8, 0, 0, 0, 4, 0, 0, 0, 3]].concat();
        for (name, value) in pairs {
            file.extend(text(name));
            file.extend(text(&value.to_string()));
        }
        let imported = samples::with_password(&FORMAT, &file, "word").unwrap();
        let otp = &imported.entries[0].details.otp;
        assert_eq!((otp.secret.expose(), otp.counter, otp.algorithm.name()), (&b"token's key"[..], 5, "SHA256"));
        assert_eq!(samples::with_password(&FORMAT, &file, "x"), Err(FormatError::WrongPasswordOrDamaged));
        assert!(matches!(read(&file[..file.len() - 3]), Err(FormatError::Damaged(_))));
    }
}
