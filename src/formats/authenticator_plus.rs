//! Authenticator Plus: its encrypted zip archive with a list of URIs in it, and its backup, a database of SQLCipher.

use super::draft::{self, Draft, Key, label};
use super::json::Number;
use super::sqlite::{self, Cells};
use super::{Candidate, Format, FormatError, Opened, Problem, archive, sqlcipher, uri_list};
use crate::otp::{Kind, uri};

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "authenticator-plus",
    name: "Authenticator Plus",
    help: "Authenticator Plus: Settings, Export as text and HTML (a zip archive with Accounts.txt); authplus.db with --format",
    detect: |bytes| archive::holds(bytes, MEMBER),
    read: Some(|bytes| archive::read_within(bytes, MEMBER, read)),
    write: None,
};

const MEMBER: &str = "Accounts.txt";

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    if uri_list::detect(bytes) || !sqlcipher::may_be(bytes) {
        return uri_list::read(bytes);
    }
    let bytes = bytes.to_vec();
    Ok(Opened::encrypted(move |password, keys| {
        sqlite::read_accounts(&sqlcipher::open(&bytes, password, keys)?, read_row)
    }))
}

fn read_row(place: String, row: Cells) -> Result<Candidate, Problem> {
    /// The category everything is in.
    const ALL: &str = "All Accounts";
    let text = |column: &str| row.text(column).unwrap_or_default();
    let (issuer, account, secret) = (text("issuer"), text("email"), text("secret"));
    let (kind, blizzard) = match row.number("type") {
        Number::Absent | Number::Is(0) if uri::looks_like_steam(&issuer, None) => (Kind::Steam, false),
        Number::Absent | Number::Is(0) => (Kind::Totp, false),
        Number::Is(1) => (Kind::Hotp, false),
        Number::Is(2) => (Kind::Totp, true),
        _ => {
            let reason = "it is of a type that is not known".into();
            return Err(Problem { place, label: label(&issuer, &account), reason });
        }
    };
    let key = if blizzard { Key::Hex(&secret) } else { Key::Base32(&secret) };
    let mut draft = Draft::new(place, key).named(Some(&issuer), Some(&account));
    draft.kind = Ok(kind);
    draft.counter = row.number("counter");
    if blizzard {
        draft.digits = Number::Is(8);
    } else if kind != Kind::Steam {
        draft
            .notices
            .push("the database does not say its algorithm, digits and period: the usual ones are taken".into());
    }
    draft
        .tags
        .extend(row.text("category").filter(|name| name.as_str() != ALL).and_then(|name| draft::shared_tag(&name)));
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::archive::tests::{Lock, pack};
    use crate::formats::sqlite::tests::{cell, page};
    use crate::formats::{registry, samples};

    #[test]
    fn the_list_in_its_archive() {
        let list = "otpauth://totp/A:b?secret=MZXW6\notpauth://steam/Steam:me?secret=MZXW6\n";
        for lock in [Lock::ZipCrypto("word"), Lock::Aes("word", 256)] {
            let file = pack(&[("Accounts.txt", list), ("Accounts.html", "<html></html>")], lock);
            assert_eq!(registry::detect(&file).unwrap().id, FORMAT.id);
            assert_eq!(samples::with_password(&FORMAT, &file, "word").unwrap().entries.len(), 2);
        }
    }

    /// A page of the database, its end left free.
    fn usable(first: bool, cells: &[Vec<u8>]) -> Vec<u8> {
        let mut page = page(976, first, 13, 0, cells);
        page.extend([0; 48]);
        page
    }

    fn database() -> Vec<u8> {
        let sql =
            "CREATE TABLE accounts(email TEXT, secret TEXT, counter INTEGER, type INTEGER, issuer TEXT, category TEXT)";
        let mut file = usable(true, &[cell(1, &["table", "accounts", "accounts", "2", sql])]);
        file[..16].copy_from_slice(crate::formats::sqlite::MAGIC);
        file[16..21].copy_from_slice(&[4, 0, 1, 1, 48]);
        file.extend(usable(
            false,
            &[
                cell(1, &["ida", "MZXW6", "0", "0", "Bank", "All Accounts"]),
                cell(2, &["ida", "MZXW6", "7", "1", "Bank", "Money"]),
                cell(3, &["me", "00ff", "0", "2", "Battle.net", "Games"]),
                cell(4, &["me", "MZXW6", "0", "0", "Steam", "Games"]),
                cell(5, &["x", "MZXW6", "0", "9", "New", "Games"]),
            ],
        ));
        file
    }

    #[test]
    fn the_database_opens_with_its_password() {
        let mut file = sqlcipher::seal(&database(), "wörd");
        let imported = samples::with_password(&FORMAT, &file, "wörd").unwrap();
        let kinds: Vec<_> = imported.entries.iter().map(|entry| entry.details.otp.kind).collect();
        assert_eq!(kinds, [Kind::Totp, Kind::Hotp, Kind::Totp, Kind::Steam]);
        let [bank, counted, blizzard, _] = imported.entries.as_slice() else { panic!() };
        assert!(bank.details.tags.is_empty() && bank.notices.len() == 1);
        assert_eq!((counted.details.otp.counter, counted.details.tags[0].as_str()), (7, "Money"));
        assert_eq!(blizzard.details.otp.secret.expose(), [0, 0xff]);
        assert_eq!(blizzard.details.otp.digits.get(), 8);
        assert_eq!(imported.problems[0].label, "New:x");

        assert_eq!(samples::with_password(&FORMAT, &file, "x"), Err(FormatError::WrongPasswordOrDamaged));
        file[1500] ^= 1;
        let damaged = samples::with_password(&FORMAT, &file, "wörd");
        assert!(matches!(damaged, Err(FormatError::Damaged(words)) if words.contains("page 2")));
    }
}
