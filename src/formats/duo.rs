//! Duo Mobile: the accounts file of its app. Accounts that Duo itself pushes to have no key and are skipped.

use super::draft::{Draft, Key};
use super::json::{Document, Fields};
use super::{Format, FormatError, Imported, Opened};
use crate::otp::Kind;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "duo",
    name: "Duo Mobile",
    help: "Duo Mobile: accounts.json (rooted phone)",
    detect: |bytes| {
        Document::probe(bytes).is_some_and(|file| {
            file.0.as_array().is_some_and(|list| list.iter().any(|account| account.has("otpGenerator")))
        })
    },
    read: Some(read),
    write: None,
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    for (number, account) in (1..).zip(file.0.as_array().map_or(&[][..], Vec::as_slice)) {
        let generator = account.part("otpGenerator");
        let Some(secret) = generator.text("otpSecret") else { continue };
        let mut draft = Draft::new(format!("entry {number}"), Key::Base32(secret)).named(None, account.text("name"));
        if generator.has("counter") {
            draft.kind = Ok(Kind::Hotp);
        }
        draft.counter = generator.number("counter");
        imported.push(draft.finish());
    }
    Ok(Opened::Plain(imported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn a_counter_makes_it_hotp_and_pushed_accounts_are_skipped() {
        let file = br#"[{"name":"a","otpGenerator":{"otpSecret":"MZXW6","counter":4}},{"name":"b","otpGenerator":{"otpSecret":"MZXW6"}},{"name":"push"}]"#;
        assert!((FORMAT.detect)(file));
        let entries = samples::plain(&FORMAT, file).entries;
        assert_eq!((entries.len(), entries[0].details.otp.kind, entries[0].details.otp.counter), (2, Kind::Hotp, 4));
    }
}
