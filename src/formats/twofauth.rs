//! 2FAuth: its JSON export.

use super::draft::{Draft, Key};
use super::json::{Document, Fields};
use super::{Format, FormatError, Imported, Opened};
use crate::otp::Kind;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "2fauth",
    name: "2FAuth",
    help: "2FAuth: Manage, Export (2FAuth JSON)",
    detect: |bytes| {
        Document::probe(bytes)
            .is_some_and(|file| file.0.text("app").is_some_and(|app| app.starts_with("2fauth")) && file.0.has("data"))
    },
    read: Some(read),
    write: None,
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    for (number, account) in (1..).zip(file.0.items("data")) {
        let mut draft = Draft::new(format!("entry {number}"), Key::Base32(account.text("secret").unwrap_or("")))
            .named(account.text("service"), account.text("account"));
        let kind = account.text("otp_type").unwrap_or("");
        draft.kind = match kind {
            "steamtotp" => Ok(Kind::Steam),
            kind => Kind::from_name(kind).ok_or_else(|| kind.to_owned()),
        };
        draft.algorithm = account.word("algorithm");
        draft.digits = account.number("digits");
        draft.period = account.number("period");
        draft.counter = account.number("counter");
        if account.text("icon").is_some() {
            draft.notices.push("its icon is left behind".into());
        }
        imported.push(draft.finish());
    }
    Ok(Opened::Plain(imported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn accounts_of_each_type() {
        let file = br#"{"app":"2fauth_v5","schema":1,"data":[{"otp_type":"steamtotp","service":"S","account":"a","secret":"MZXW6"},
            {"otp_type":"hotp","service":"S","account":"b","secret":"MZXW6","counter":2,"digits":7,"algorithm":"sha512"},{"otp_type":"x","secret":"MZXW6"}]}"#;
        assert!((FORMAT.detect)(file));
        let imported = samples::plain(&FORMAT, file);
        assert_eq!(imported.entries[0].details.otp.kind, Kind::Steam);
        assert_eq!((imported.entries[1].details.otp.counter, imported.entries[1].details.otp.digits.get()), (2, 7));
        assert_eq!(imported.problems.len(), 1);
    }
}
