//! Microsoft Authenticator's database `PhoneFactor`, from an Android phone whose owner can reach apps' files.

use super::draft::{Draft, Key, label};
use super::json::Number;
use super::sqlite::{self, Cells};
use super::{Candidate, Format, Opened, Problem, cipher};
use crate::secret::Secret;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "microsoft",
    name: "Microsoft Authenticator database",
    help: "Microsoft Authenticator on a rooted Android phone: com.azure.authenticator/databases/PhoneFactor",
    detect: |bytes| sqlite::has_table(bytes, "accounts", &["oath_secret_key", "account_type"]),
    read: Some(|bytes| sqlite::read_accounts(bytes, read_row).map(Opened::Plain)),
    write: None,
};

fn read_row(place: String, row: Cells) -> Result<Candidate, Problem> {
    let (issuer, account) = (row.text("name").unwrap_or_default(), row.text("username").unwrap_or_default());
    let secret = row.text("oath_secret_key").unwrap_or_default();
    let refused = |place, reason: &str| Problem { place, label: label(&issuer, &account), reason: reason.into() };
    if secret.is_empty() && row.text("encrypted_oath_secret_key").is_some_and(|sealed| !sealed.is_empty()) {
        return Err(refused(place, "its key is encrypted by the phone"));
    }
    match row.number("account_type") {
        Number::Is(0) => Draft::new(place, Key::Base32(&secret)).named(Some(&issuer), Some(&account)).finish(),
        // An account at Microsoft itself.
        Number::Is(1) => {
            let Some(key) = cipher::base64(&secret) else { return Err(refused(place, "its key is not base64")) };
            let mut draft = Draft::new(place, Key::Bytes(Secret::from(&key[..]))).named(Some(&issuer), Some(&account));
            draft.digits = Number::Is(8);
            draft.finish()
        }
        Number::Is(2) if secret.is_empty() => {
            Err(refused(place, "a work or school account that only confirms sign-ins: it makes no codes"))
        }
        Number::Is(2) => Draft::new(place, Key::Base32(&secret)).named(Some(&issuer), Some(&account)).finish(),
        _ => Err(refused(place, "an account of a type that is not known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn accounts_of_every_type() {
        let file = include_bytes!("../../tests/formats/databases/microsoft.sqlite");
        assert!((FORMAT.detect)(file));
        let imported = samples::plain(&FORMAT, file);
        let read: Vec<(&str, &str, &[u8], u8)> = imported
            .entries
            .iter()
            .map(|entry| &entry.details)
            .map(|it| (it.issuer.as_str(), it.account.as_str(), it.otp.secret.expose(), it.otp.digits.get()))
            .collect();
        let expected: [(&str, &str, &[u8], u8); 2] =
            [("Größe & Co", "ida", b"plain & simple", 6), ("Microsoft", "ida@wolken.example", &[0xfb, 0xff, 0x5a], 8)];
        assert_eq!(read, expected);
        let reasons: Vec<&str> = imported.problems.iter().map(|problem| problem.reason.as_str()).collect();
        assert!(reasons[0].contains("confirms") && reasons[1].contains("by the phone") && reasons[2].contains("type"));
        assert_eq!(imported.problems[0].label, "Schule:me");
        assert!(imported.entries[1].notices[0].contains("-wal") && imported.entries[0].notices.is_empty());
    }
}
