//! OTPClient: its encrypted database, versions 1 to 3.
//!
//! AES-256-GCM with an IV of sixteen bytes, the header as associated data. Version 1 has no mark and PBKDF2-HMAC-SHA-512; 2 and 3 begin with the
//! program's name and have Argon2id with its costs, 2 as a C struct of little-endian numbers, 3 packed and big-endian.

use serde_json::Value;

use super::cipher::{self, Hash};
use super::draft::{Draft, Key};
use super::json::{Document, Fields};
use super::{Candidate, Format, FormatError, Imported, Opened, Problem};
use crate::otp::{Digits, Kind, uri};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "otpclient",
    name: "OTPClient",
    help: "OTPClient: NewDatabase.enc; files of its first version only with --format otpclient",
    detect: |bytes| bytes.starts_with(NAME),
    read: Some(read),
    write: None,
};

const NAME: &[u8] = b"OTPClient";

/// What a header says.
struct Header {
    /// How long it is.
    length: usize,
    iv: [u8; 16],
    salt: [u8; 32],
    /// Passes, KiB and lanes of Argon2id; none for PBKDF2.
    costs: Option<[u64; 3]>,
}

fn header(bytes: &[u8]) -> Option<Header> {
    let part = |from: usize| bytes.get(from..);
    let (iv_at, number): (usize, fn([u8; 4]) -> u32) = if !bytes.starts_with(NAME) {
        (0, u32::from_le_bytes)
    } else if u32::from_be_bytes(*part(9)?.first_chunk()?) == 3 {
        (13, u32::from_be_bytes)
    } else if u32::from_le_bytes(*part(12)?.first_chunk()?) == 2 {
        (16, u32::from_le_bytes)
    } else {
        return None;
    };
    let iv = *part(iv_at)?.first_chunk()?;
    let salt = *part(iv_at.checked_add(16)?)?.first_chunk()?;
    if iv_at == 0 {
        return Some(Header { length: 48, iv, salt, costs: None });
    }
    let cost = |place: usize| {
        Some(u64::from(number(*part(place.checked_mul(4)?.checked_add(iv_at)?.checked_add(48)?)?.first_chunk()?)))
    };
    Some(Header { length: iv_at.checked_add(60)?, iv, salt, costs: Some([cost(0)?, cost(1)?, cost(2)?]) })
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let header = header(bytes).ok_or_else(|| FormatError::Damaged("its header is cut or of a newer version".into()))?;
    let bytes = bytes.to_vec();
    Ok(Opened::encrypted(move |password, keys| {
        let key = match header.costs {
            None => keys.pbkdf2(Hash::Sha512, password.as_bytes(), &header.salt, 100_000)?,
            Some([passes, kib, lanes]) => keys.argon2id(password.as_bytes(), &header.salt, passes, kib, lanes)?,
        };
        let (head, sealed) = bytes.split_at_checked(header.length).ok_or(FormatError::WrongPasswordOrDamaged)?;
        let plain = cipher::gcm16_open(&key, &header.iv, sealed, head).ok_or(FormatError::WrongPasswordOrDamaged)?;
        let list = Document::read(&plain)?;
        let mut imported = Imported::default();
        for (number, entry) in (1..).zip(list.0.as_array().map_or(&[][..], Vec::as_slice)) {
            imported.push(read_entry(format!("entry {number}"), entry));
        }
        Ok(imported)
    }))
}

fn read_entry(place: String, entry: &Value) -> Result<Candidate, Problem> {
    let mut draft = Draft::new(place, Key::Base32(entry.text("secret").unwrap_or("")))
        .named(entry.text("issuer"), entry.text("label"));
    let kind = entry.text("type").unwrap_or("");
    draft.digits = entry.number("digits");
    draft.kind = Kind::from_name(kind).ok_or_else(|| kind.to_owned());
    let digits = draft.digits.get().and_then(Digits::new);
    if draft.kind == Ok(Kind::Totp) && uri::looks_like_steam(&draft.issuer, digits) {
        draft.kind = Ok(Kind::Steam);
    }
    draft.algorithm = entry.word("algo");
    draft.period = entry.number("period");
    draft.counter = entry.number("counter");
    draft.tags.extend(entry.text("group").map(Text::from));
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn a_packed_database_opens() {
        let plain =
            br#"[{"type":"TOTP","label":"b","issuer":"A","secret":"MZXW6","digits":7,"algo":"SHA256","period":60}]"#;
        let head = [
            NAME,
            &3u32.to_be_bytes(),
            &[1; 16],
            &[2; 32],
            &1u32.to_be_bytes(),
            &64u32.to_be_bytes(),
            &1u32.to_be_bytes(),
        ]
        .concat();
        let key = cipher::argon2id(b"word", &[2; 32], 1, 64, 1).unwrap();
        let sealed = cipher::gcm16_seal(&key, &[1; 16], plain, &head);
        let file = [head, sealed].concat();
        assert!((FORMAT.detect)(&file));
        let entry = samples::with_password(&FORMAT, &file, "word").unwrap().entries.remove(0).details;
        assert_eq!((entry.otp.digits.get(), entry.otp.period.get()), (7, 60));
        assert_eq!(samples::with_password(&FORMAT, &file, "x"), Err(FormatError::WrongPasswordOrDamaged));
        assert!(matches!(read(&file[..40]), Err(FormatError::Damaged(_))));
    }
}
