//! Raivo: its zip archive (AES) and the JSON in it, where every value is text.

use super::draft::{Draft, Key};
use super::json::{Document, Fields};
use super::{Format, FormatError, Imported, Opened, archive};
use crate::otp::Kind;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "raivo",
    name: "Raivo",
    help: "Raivo: Settings, Export OTPs to ZIP archive; the master password opens it",
    detect: |bytes| archive::holds(bytes, MEMBER) || is_list(bytes),
    read: Some(|bytes| archive::read_within(bytes, MEMBER, read)),
    write: None,
};

const MEMBER: &str = "raivo-otp-export.json";

fn is_list(bytes: &[u8]) -> bool {
    Document::probe(bytes).is_some_and(|file| {
        let first = file.0.as_array().and_then(|list| list.first());
        first.is_some_and(|first| first.has("kind") && first.has("timer") && first.has("secret"))
    })
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(file.0.as_array().map_or(&[][..], Vec::as_slice)) {
        let mut draft = Draft::new(format!("entry {number}"), Key::Base32(entry.text("secret").unwrap_or("")))
            .named(entry.text("issuer"), entry.text("account"));
        let kind = entry.text("kind").unwrap_or("");
        draft.kind = Kind::from_name(kind).ok_or_else(|| kind.to_owned());
        draft.algorithm = entry.word("algorithm");
        draft.digits = entry.number("digits");
        draft.period = entry.number("timer");
        draft.counter = entry.number("counter");
        draft.favourite = entry.is_true("pinned");
        imported.push(draft.finish());
    }
    Ok(Opened::Plain(imported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::archive::tests::{Lock, pack};
    use crate::formats::samples;

    #[test]
    fn every_value_is_text() {
        let file = br#"[{"issuer":"A","account":"b","secret":"MZXW6","algorithm":"SHA256","digits":"8","kind":"TOTP","timer":"60","counter":"0","pinned":"true"}]"#;
        assert!((FORMAT.detect)(file));
        let entry = samples::plain(&FORMAT, file).entries.remove(0).details;
        assert_eq!((entry.otp.digits.get(), entry.otp.period.get(), entry.favourite), (8, 60, true));

        let text = std::str::from_utf8(file).unwrap();
        let archive = pack(&[("raivo-otp-export.html", "<html></html>"), (MEMBER, text)], Lock::Aes("master", 256));
        assert!((FORMAT.detect)(&archive));
        assert_eq!(samples::with_password(&FORMAT, &archive, "master").unwrap().entries.len(), 1);
        assert_eq!(samples::with_password(&FORMAT, &archive, "x"), Err(FormatError::WrongPassword));
    }
}
