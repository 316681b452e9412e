//! The fields of one-time passwords, as KeePass and its plug-ins have them; an entry may have any of them at once:
//!
//! | field | whose |
//! |---|---|
//! | `otp`, `otp_1`, … = an `otpauth://` URI or a bare key | KeePassXC |
//! | `otp` = `key=…&size=…&step=…&type=…&counter=…&otpHashMode=…&encoding=…` | KeeOTP |
//! | `TOTP Seed`, and `TOTP Settings` = `period;digits`, or `S` for Steam | KeeTrayTOTP |
//! | `TimeOtp-Secret`, `-Hex`, `-Base32`, `-Base64`; `TimeOtp-Length`, `-Period`, `-Algorithm` | KeePass |
//! | `HmacOtp-Secret` likewise; `HmacOtp-Counter` | KeePass |

use super::document::Entry;
use crate::formats::draft::{self, Draft, Key};
use crate::formats::json::{Number, Word};
use crate::formats::{Candidate, Imported, Problem, cipher};
use crate::otp::{Kind, links, percent, uri};
use crate::secret::{Secret, Text};

/// Whether a field has to do with a one-time password.
pub(super) fn is_otp(name: &str) -> bool {
    is_uri_field(name)
        || matches!(name, "TOTP Seed" | "TOTP Settings")
        || name.starts_with("TimeOtp-")
        || name.starts_with("HmacOtp-")
}

fn is_uri_field(name: &str) -> bool {
    let number = name.strip_prefix("otp_").unwrap_or("1");
    (name == "otp" || name.starts_with("otp_")) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads all codes of an entry.
pub(super) fn read(number: usize, entry: &Entry, imported: &mut Imported) {
    // What cannot be decrypted may be what says how long the codes are.
    let unreadable = entry.strings.iter().any(|(name, value)| value.is_none() && is_otp(name));
    let values = entry.strings.iter().flat_map(|(name, value)| {
        let place = format!("entry {number}, {}", name.as_str());
        let links = links::split(value.as_deref().unwrap_or_default()).filter(|_| is_uri_field(name));
        let mut values: Vec<&str> = links.collect();
        if values.len() < 2 {
            values = vec![value.as_deref().unwrap_or_default().trim()];
        }
        values.into_iter().map(move |found| (place.clone(), name, value.as_ref().map(|_| found)))
    });
    for (place, name, value) in values {
        let read = match value {
            Some("") => continue,
            Some(value) => read_field(&place, name, value, entry),
            None if is_otp(name) => Some(Err("its value cannot be decrypted".into())),
            None => None,
        };
        let Some(read) = read else { continue };
        let read = read
            .and_then(|read| if unreadable { Err("a field beside it cannot be decrypted".into()) } else { Ok(read) });
        imported.push(match read {
            Ok(mut candidate) => {
                candidate.trashed = entry.trashed;
                candidate.details.note = entry.get("Notes").into();
                candidate.details.tags.clone_from(&entry.tags);
                Ok(candidate)
            }
            Err(reason) => Err(Problem { place, label: draft::label(title(entry), user(entry)), reason }),
        });
    }
}

fn title(entry: &Entry) -> &str {
    entry.get("Title").trim()
}

fn user(entry: &Entry) -> &str {
    entry.get("UserName").trim()
}

fn new_draft<'a>(place: &str, key: Key<'a>, entry: &Entry) -> Draft<'a> {
    Draft::new(place.into(), key).named(Some(title(entry)), Some(user(entry)))
}

/// A field's code; `None` when it makes none by itself.
fn read_field(place: &str, name: &str, value: &str, entry: &Entry) -> Option<Result<Candidate, String>> {
    let finish = |draft: Draft| draft.finish().map_err(|problem| problem.reason);
    if is_uri_field(name) {
        if !uri::is_uri(value) && uri::raw(value, "key").is_some() {
            return Some(keeotp(place, value, entry));
        }
        let read = draft::from_field(place.into(), value, title(entry), user(entry)).map(|mut candidate| {
            // KeePassXC's word for no user name.
            if user(entry).is_empty() && candidate.details.account.as_str() == "none" {
                candidate.details.account = Text::empty();
            }
            candidate
        });
        return Some(read.map_err(|problem| problem.reason));
    }
    if name == "TOTP Seed" {
        let mut draft = new_draft(place, Key::Base32(value), entry);
        let mut settings = entry.get("TOTP Settings").split(';').map(str::trim);
        draft.period = settings.next().map_or(Number::Absent, Number::of);
        match settings.next() {
            Some(sign) if sign.eq_ignore_ascii_case("s") => draft.kind = Ok(Kind::Steam),
            digits => draft.digits = digits.map_or(Number::Absent, Number::of),
        }
        return Some(finish(draft));
    }
    let (kind, encoding) = match name.strip_prefix("TimeOtp-Secret") {
        Some(encoding) => (Kind::Totp, encoding),
        None => (Kind::Hotp, name.strip_prefix("HmacOtp-Secret")?),
    };
    let key = match encoding.strip_prefix('-') {
        Some(encoding) => encoded(value, encoding),
        None if encoding.is_empty() => encoded(value, "utf8"),
        None => return None,
    };
    let mut draft = match key {
        Ok(key) => new_draft(place, key, entry),
        Err(reason) => return Some(Err(reason)),
    };
    draft.kind = Ok(kind);
    if kind == Kind::Totp {
        draft.digits = Number::of(entry.get("TimeOtp-Length"));
        draft.period = Number::of(entry.get("TimeOtp-Period"));
        draft.algorithm = Word::of(entry.get("TimeOtp-Algorithm"));
    } else {
        draft.counter = Number::of(entry.get("HmacOtp-Counter"));
    }
    Some(finish(draft))
}

/// A key in the encoding of that name.
fn encoded<'a>(value: &'a str, encoding: &str) -> Result<Key<'a>, String> {
    match encoding.to_ascii_lowercase().as_str() {
        "base32" => Ok(Key::Base32(value)),
        "hex" => Ok(Key::Hex(value)),
        "utf8" => Ok(Key::Bytes(Secret::from(value.as_bytes()))),
        "base64" => match cipher::base64(value) {
            Some(key) => Ok(Key::Bytes(Secret::from(&key[..]))),
            None => Err("the secret is not base64".into()),
        },
        _ => Err("the secret is in an encoding that is not known".into()),
    }
}

/// KeeOTP's own sort of query.
fn keeotp(place: &str, value: &str, entry: &Entry) -> Result<Candidate, String> {
    let parameter = |name: &str| {
        percent::decode(uri::raw(value, name).unwrap_or(""), false)
            .map_err(|_| format!("broken percent-encoding in its {name}"))
    };
    let (key, encoding, kind) = (parameter("key")?, parameter("encoding")?, parameter("type")?);
    let (size, step, counter, hash) =
        (parameter("size")?, parameter("step")?, parameter("counter")?, parameter("otpHashMode")?);
    let key = encoded(&key, if encoding.is_empty() { "base32" } else { &encoding })?;
    let mut draft = new_draft(place, key, entry);
    draft.kind = match kind.to_ascii_lowercase().as_str() {
        "" | "totp" => Ok(Kind::Totp),
        "hotp" => Ok(Kind::Hotp),
        "steam" => Ok(Kind::Steam),
        other => Err(other.to_owned()),
    };
    (draft.digits, draft.period, draft.counter) = (Number::of(&size), Number::of(&step), Number::of(&counter));
    draft.algorithm = Word::of(&hash);
    draft.finish().map_err(|problem| problem.reason)
}
