//! Google Authenticator's own database, from an Android phone whose owner can reach apps' files.

use super::draft::{Draft, Key, label};
use super::json::Number;
use super::sqlite::{self, Cells};
use super::{Candidate, Format, Opened, Problem};
use crate::otp::Kind;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "google-sqlite",
    name: "Google Authenticator database",
    help: "Google Authenticator on a rooted Android phone: com.google.android.apps.authenticator2/databases/databases",
    detect: |bytes| sqlite::has_table(bytes, "accounts", &["email", "secret", "provider"]),
    read: Some(|bytes| sqlite::read_accounts(bytes, read_row).map(Opened::Plain)),
    write: None,
};

fn read_row(place: String, row: Cells) -> Result<Candidate, Problem> {
    let (issuer, name) = (row.text("issuer").unwrap_or_default(), row.text("email").unwrap_or_default());
    let prefix = name.strip_prefix(issuer.as_str()).and_then(|rest| rest.strip_prefix(':'));
    let account = if issuer.is_empty() { name.as_str() } else { prefix.unwrap_or(&name).trim_start() };
    if row.number("isencrypted").get().is_some_and(|is| is != 0) {
        let reason = "its key is encrypted by the phone: export it from the app with Transfer accounts".into();
        return Err(Problem { place, label: label(&issuer, account), reason });
    }
    let secret = row.text("secret").unwrap_or_default();
    let mut draft = Draft::new(place, Key::Base32(&secret)).named(Some(&issuer), Some(account));
    draft.kind = match row.number("type") {
        Number::Is(0) => Ok(Kind::Totp),
        Number::Is(1) => Ok(Kind::Hotp),
        other => Err(other.get().map_or_else(String::new, |type_| format!("number {type_}"))),
    };
    draft.counter = row.number("counter");
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn accounts_over_many_pages_and_one_that_needs_pages_of_its_own() {
        let file = include_bytes!("../../tests/formats/databases/google.sqlite");
        assert!((FORMAT.detect)(file));
        let imported = samples::plain(&FORMAT, file);
        assert_eq!((imported.entries.len(), imported.problems.len()), (61, 2));
        let names = |place: usize| {
            let details = &imported.entries[place].details;
            (details.issuer.as_str(), details.account.as_str())
        };
        assert_eq!(names(0), ("Wolken AG", "user 0: Ä"));
        assert_eq!(names(1), ("", "Keine:user 1: Ä"));
        assert_eq!(imported.entries[59].details.otp.secret.expose(), b"key of number 59");
        assert_eq!(
            (imported.entries[2].details.otp.kind, imported.entries[2].details.otp.counter),
            (Kind::Hotp, 1 << 40)
        );
        let long = &imported.entries[60].details;
        assert_eq!((long.account.len(), long.otp.secret.expose()), (6000, &b"the last key"[..]));
        assert!(long.account.chars().all(|letter| letter == 'x'));
        assert!(imported.problems[0].reason.contains("encrypted") && imported.problems[0].label == "Wolken AG:sealed");
        assert!(imported.problems[1].reason.contains("number 7"));
        assert!(imported.entries.iter().all(|entry| entry.notices.is_empty()));
    }
}
