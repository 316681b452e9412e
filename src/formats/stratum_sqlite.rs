//! Stratum's (Authenticator Pro's) own database, from an Android phone whose owner can reach apps' files, where it has no password.
//! Its columns are the keys of the plain backup: it is turned into one, and that is read.

use serde_json::{Map, Value};

use super::json::{Document, Number};
use super::sqlite::{self, Database};
use super::{Format, FormatError, Imported, Opened, stratum};

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "stratum-sqlite",
    name: "Stratum database",
    help: "Stratum or Authenticator Pro without a password, on a rooted Android phone: its database",
    detect: |bytes| sqlite::has_table(bytes, "authenticator", &["type", "issuer", "username", "secret"]),
    read: Some(|bytes| read(bytes).map(Opened::Plain)),
    write: None,
};

/// The backup's lists, each with its table and its keys; a column has the key's name in another case.
const TABLES: [(&str, &str, &[&str], &[&str]); 3] = [
    (
        "Authenticators",
        "authenticator",
        &["Icon", "Issuer", "Username", "Secret", "Pin"],
        &["Type", "Algorithm", "Digits", "Period", "Counter"],
    ),
    ("Categories", "category", &["Id", "Name"], &[]),
    ("AuthenticatorCategories", "authenticatorcategory", &["CategoryId", "AuthenticatorSecret"], &[]),
];

fn read(bytes: &[u8]) -> Result<Imported, FormatError> {
    let database = Database::open(bytes)?;
    let mut backup = Document(Value::Object(Map::new()));
    for (list, name, texts, numbers) in TABLES {
        let table = match name {
            "authenticator" => Some(database.table_or_damaged(name)?),
            _ => database.table(name)?,
        };
        let rows = table.iter().flat_map(|table| table.rows()).map(|row| {
            let texts = texts.iter().map(|key| (*key, row.text(key).map_or(Value::Null, |text| text.as_str().into())));
            let numbers = numbers.iter().map(|key| {
                let number = match row.number(key) {
                    Number::Absent => Value::Null,
                    Number::Is(number) => number.into(),
                    Number::Broken => false.into(),
                };
                (*key, number)
            });
            Value::Object(texts.chain(numbers).map(|(key, value)| (key.to_owned(), value)).collect())
        });
        let rows = rows.collect();
        if let Value::Object(lists) = &mut backup.0 {
            lists.insert(list.into(), Value::Array(rows));
        }
    }
    let mut imported = stratum::read_backup(&backup)?;
    database.mention_log(&mut imported);
    Ok(imported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;
    use crate::otp::Kind;

    #[test]
    fn entries_with_their_categories() {
        let file = include_bytes!("../../tests/formats/databases/stratum.sqlite");
        assert!((FORMAT.detect)(file));
        let imported = samples::plain(&FORMAT, file);
        let read: Vec<String> = imported
            .entries
            .iter()
            .map(|entry| &entry.details)
            .map(|it| {
                let tags: Vec<&str> = it.tags.iter().map(|tag| tag.as_str()).collect();
                let (otp, pin) = (&it.otp, it.otp.pin.as_deref());
                let names = (it.issuer.as_str(), it.account.as_str(), otp.kind.name(), otp.algorithm.name());
                format!("{names:?} {} {} {} {pin:?} {tags:?}", otp.digits.get(), otp.period.get(), otp.counter)
            })
            .collect();
        let expected = [
            r#"("Wolken AG", "ida 🔑", "totp", "SHA512") 8 45 0 None ["Äußerst", "Work"]"#,
            r#"("Bank", "", "hotp", "SHA1") 6 30 41 None ["Work"]"#,
            r#"("VPN", "badge 7", "motp", "MD5") 6 10 0 Some("9753") []"#,
        ];
        assert_eq!(read, expected);
        assert_eq!(imported.entries[2].details.otp.kind, Kind::Motp);
        assert_eq!(imported.problems.len(), 1);
        assert!(imported.problems[0].reason.contains("number 9"));
    }
}
