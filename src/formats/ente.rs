//! Ente Auth: its plain export (URIs with a `codeDisplay` parameter) and its encrypted one, both directions.
//!
//! Encrypted: Argon2id of the password, then one final message of libsodium's secretstream.

use serde_json::json;
use zeroize::Zeroizing;

use super::json::{Document, Fields, Number};
use super::loss::Holds;
use super::{Derivations, Format, FormatError, Imported, Opened, Writer, cipher, draft, uri_list};
use crate::otp::{Kind, links, percent, uri};
use crate::secret::{Random, Text, random_bytes};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "ente",
    name: "Ente Auth",
    help: "Ente Auth: Settings, Data, Export codes (plain text or encrypted)",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: true, plain: true, write, loses: |details| HOLDS.loses(details) }),
};

const HOLDS: Holds = Holds {
    program: "Ente Auth",
    kinds: &[Kind::Totp, Kind::Hotp, Kind::Steam],
    tags: usize::MAX,
    note: true,
    favourite: true,
    parameters: true,
};

/// The tag of a stream's last message.
const FINAL: u8 = 3;
/// What our own exports ask for: 64 MiB, 3 passes.
const MEMORY: u64 = 64 << 20;
const PASSES: u64 = 3;

fn detect(bytes: &[u8]) -> bool {
    match Document::probe(bytes) {
        Some(file) => file.0.has("kdfParams") && file.0.has("encryptedData"),
        None => {
            uri_list::first_line(bytes).is_some_and(|line| uri::is_uri(&line))
                && bytes.windows(13).any(|window| window == b"&codeDisplay=")
        }
    }
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let Some(file) = Document::probe(bytes) else { return Ok(Opened::Plain(read_lines(bytes))) };
    let damaged = |what: &str| FormatError::Damaged(format!("its {what} is missing or broken"));
    let params = file.0.get("kdfParams").ok_or_else(|| damaged("key derivation"))?;
    let number = |key| match params.number(key) {
        Number::Is(number) => Ok(number),
        _ => Err(damaged("key derivation")),
    };
    let (memory, passes) = (number("memLimit")?, number("opsLimit")?);
    let part = |text: Option<&str>, what| text.and_then(cipher::base64).ok_or_else(|| damaged(what));
    let salt = part(params.text("salt"), "salt")?;
    let header = part(file.0.text("encryptionNonce"), "nonce")?;
    let sealed = part(file.0.text("encryptedData"), "data")?;
    Ok(Opened::encrypted(move |password, keys| {
        let key = keys.argon2id(password.as_bytes(), &salt, passes, memory / 1024, 1)?;
        match cipher::secretstream_open(&key[..], &header, &sealed) {
            // Not all versions mark their one message as the last.
            Some((_, plain)) => Ok(read_lines(&plain)),
            None => Err(FormatError::WrongPasswordOrDamaged),
        }
    }))
}

fn read_lines(bytes: &[u8]) -> Imported {
    let mut imported = Imported::default();
    for (number, line) in uri_list::lines(bytes) {
        let Ok(line) = std::str::from_utf8(line) else {
            let reason = "the line is not UTF-8".into();
            let place = format!("line {number}");
            imported.push(Err(super::Problem { place, label: String::new(), reason }));
            continue;
        };
        for link in links::split(line) {
            imported.push(read_link(format!("line {number}"), link));
        }
    }
    imported
}

fn read_link(place: String, link: &str) -> Result<super::Candidate, super::Problem> {
    // Some versions lost the `&` before the period.
    let lost = |issuer: &str| issuer.split('&').next().is_some_and(|issuer| issuer.contains("period="));
    let mended = link.split_once("issuer=").filter(|(_, issuer)| lost(issuer)).map(|(before, issuer)| {
        Zeroizing::new(format!("{before}issuer={}", issuer.replacen("period=", "&period=", 1)))
    });
    let link = mended.as_ref().map_or(link, |mended| mended.as_str());
    draft::from_uri(place, link).map(|mut candidate| {
        if let Some(display) = uri::parameter(link, "codeDisplay") {
            show(&display, &mut candidate);
        }
        candidate
    })
}

/// What Ente keeps of an entry beside its code.
fn show(display: &Text, candidate: &mut super::Candidate) {
    // Some versions encode commas twice.
    let again = || Document::read(display.replace("%2C", ",").as_bytes()).ok();
    let Some(display) = Document::read(display.as_bytes()).ok().or_else(again) else {
        candidate.notices.push("its tags and note cannot be read".into());
        return;
    };
    candidate.trashed = display.0.is_true("trashed");
    let details = &mut candidate.details;
    details.favourite = display.0.is_true("pinned");
    details.note = display.0.text("note").unwrap_or("").into();
    details.tags = display.0.items("tags").iter().filter_map(|tag| tag.as_str()).map(Text::from).collect();
}

fn write(entries: &[Details], password: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let mut plain = Zeroizing::new(String::new());
    for details in entries.iter().filter(|details| HOLDS.holds(&details.otp)) {
        plain.push_str(&uri::write(&details.otp, &details.issuer, &details.account));
        let tags: Vec<&str> = details.tags.iter().map(|tag| tag.as_str()).collect();
        let display = Document(json!({
            "pinned": details.favourite, "trashed": false, "lastUsedAt": 0, "tapCount": 0,
            "tags": tags, "note": super::note_with_recovery_codes(details).as_str(), "position": 0,
        }));
        plain.push_str("&codeDisplay=");
        let display = Zeroizing::new(String::from_utf8_lossy(&display.write()).into_owned());
        percent::encode(&display, &mut plain);
        plain.push('\n');
    }
    let Some(password) = password else { return Ok(plain.as_bytes().to_vec()) };
    let (salt, header) = (random_bytes::<16>(random)?, random_bytes::<24>(random)?);
    let key = Derivations::default().argon2id(password.as_bytes(), &salt, PASSES, MEMORY / 1024, 1)?;
    let sealed = cipher::secretstream_seal(&key[..], &header, FINAL, plain.as_bytes())?;
    let text = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
    let file = Document(json!({
        "version": 1,
        "kdfParams": { "memLimit": MEMORY, "opsLimit": PASSES, "salt": text(&salt) },
        "encryptedData": text(&sealed),
        "encryptionNonce": text(&header),
    }));
    Ok(file.write().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn what_is_written_reads_back() {
        samples::round_trip(&FORMAT, |_| {});
    }

    #[test]
    fn trash_and_odd_lines() {
        let file =
            b"otpauth://totp/A:b?secret=MZXW6&issuer=Aperiod=45&codeDisplay=%7B%22trashed%22%3Atrue%7D\nrubbish\n";
        assert!(detect(file));
        let imported = samples::plain(&FORMAT, file);
        let entry = &imported.entries[0];
        assert!(entry.trashed);
        assert_eq!((entry.details.issuer.as_str(), entry.details.otp.period.get()), ("A", 45));
        assert_eq!(imported.problems.len(), 1);
        let odd = samples::plain(&FORMAT, b"otpauth://totp/A:b?secret=MZXW6&issuer=Aperiod=soon&codeDisplay=x");
        assert!(odd.entries.is_empty() && odd.problems[0].reason.contains("period"));
        let noted = b"otpauth://totp/A?secret=MZXW6&codeDisplay=%7B%22note%22%3A%22otpauth%3A%2F%2Ftotp%2Fx%22%7D";
        assert!(samples::plain(&FORMAT, noted).entries[0].notices[0].contains("note"));
    }

    #[test]
    fn a_greedy_file_is_refused() {
        let file =
            br#"{"version":1,"kdfParams":{"memLimit":99999999999999,"opsLimit":4,"salt":"AAAAAAAAAAAAAAAAAAAAAA=="},
            "encryptedData":"AAAA","encryptionNonce":"AAAA"}"#;
        let refused = samples::with_password(&FORMAT, file, "x");
        assert!(matches!(refused, Err(FormatError::ParametersRefused(_))), "{refused:?}");
    }
}
