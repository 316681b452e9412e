//! LastPass Authenticator: its JSON export.

use super::draft::{Draft, Key};
use super::json::{Document, Fields, Number};
use super::{Format, FormatError, Imported, Opened};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "lastpass",
    name: "LastPass Authenticator",
    help: "LastPass Authenticator: Settings, Transfer accounts, Export accounts to file",
    detect: |bytes| {
        Document::probe(bytes)
            .is_some_and(|file| file.0.has("accounts") && file.0.has("folders") && file.0.has("deviceName"))
    },
    read: Some(read),
    write: None,
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    for (number, account) in (1..).zip(file.0.items("accounts")) {
        let mut draft = Draft::new(format!("entry {number}"), Key::Base32(account.text("secret").unwrap_or(""))).named(
            account.text("issuerName").or(account.text("originalIssuerName")),
            account.text("userName").or(account.text("originalUserName")),
        );
        draft.algorithm = account.text("algorithm");
        draft.digits = account.number("digits");
        draft.period = account.number("timeStep");
        draft.favourite = account.is_true("isFavorite");
        // Folder 0 holds what is in none, folder 1 the favourites.
        let folder = account.get("folderData").map_or(Number::Absent, |folder| folder.number("folderId"));
        if let Some(id) = folder.get().filter(|id| *id > 1) {
            let named = file.0.items("folders").iter().find(|folder| folder.number("id") == Number::Is(id));
            draft.tags.extend(named.and_then(|folder| folder.text("name")).map(Text::from));
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
    fn folders_and_missing_names() {
        let file = br#"{"deviceName":"x","accounts":[{"secret":"MZXW6","issuerName":"","originalIssuerName":"I","userName":"u","timeStep":60,"folderData":{"folderId":7}}],
            "folders":[{"id":7,"name":"Work"},{"id":0,"name":"Other"}]}"#;
        assert!((FORMAT.detect)(file));
        let entry = samples::plain(&FORMAT, file).entries.remove(0).details;
        assert_eq!((entry.issuer.as_str(), entry.otp.period.get(), entry.tags[0].as_str()), ("I", 60, "Work"));
    }
}
