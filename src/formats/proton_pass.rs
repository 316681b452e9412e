//! Proton Pass: its zip archive and the JSON in it. Several one-time passwords an item are possible; passwords are never read.
//!
//! The encrypted export is an OpenPGP message (data.pgp), which gpg opens and this program does not.

use serde_json::Value;

use super::json::{Document, Fields};
use super::{Format, FormatError, Imported, Opened, archive, draft};

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "proton-pass",
    name: "Proton Pass",
    help: "Proton Pass: Settings, Export, ZIP or JSON (its CSV is the format csv; a PGP-encrypted one goes through gpg -d first)",
    detect: |bytes| {
        archive::holds(bytes, ENCRYPTED)
            || archive::holds_or_is(bytes, MEMBER, |file| {
                file.part("vaults").as_object().is_some_and(|vaults| {
                    !vaults.is_empty() && vaults.values().all(|vault| vault.has("items") && vault.has("name"))
                })
            })
    },
    read: Some(|bytes| {
        if archive::holds(bytes, ENCRYPTED) {
            return Err(FormatError::Unsupported(
                "this export is encrypted with OpenPGP: unpack it, open data.pgp with gpg -d and import what comes out"
                    .into(),
            ));
        }
        archive::read_within(bytes, MEMBER, read)
    }),
    write: None,
};

const MEMBER: &str = "data.json";
const ENCRYPTED: &str = "data.pgp";

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    let mut number = 0usize;
    for vault in file.0.get("vaults").and_then(Value::as_object).into_iter().flat_map(|vaults| vaults.values()) {
        for item in vault.items("items") {
            number = number.saturating_add(1);
            read_item(&format!("item {number}"), vault.text("name"), item, &mut imported);
        }
    }
    Ok(Opened::Plain(imported))
}

fn read_item(place: &str, vault: Option<&str>, item: &Value, imported: &mut Imported) {
    /// What Proton Pass calls an item in its trash.
    const TRASHED: u64 = 2;
    let data = item.part("data");
    let (metadata, content) = (data.part("metadata"), data.part("content"));
    let title = metadata.text("name").unwrap_or("");
    let user = content.text("itemUsername").or(content.text("itemEmail")).unwrap_or("");
    let extra = data.items("extraFields").iter().filter_map(|field| field.get("data")?.text("totpUri"));
    let codes = content.text("totpUri").into_iter().chain(extra);
    draft::from_item(place, codes, (title, user), imported, |candidate| {
        candidate.trashed = item.number("state").get() == Some(TRASHED);
        candidate.details.note = metadata.text("note").unwrap_or("").into();
        candidate.details.favourite = item.is_true("pinned");
        candidate.details.tags.extend(vault.and_then(draft::shared_tag));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::archive::tests::{Lock, pack};
    use crate::formats::{registry, samples};

    const FILE: &str = r#"{"version":"1.2","vaults":{"v1":{"name":"Private","items":[
        {"state":1,"pinned":true,"data":{"type":"login","metadata":{"name":"Bank","note":"n"},"content":{"itemUsername":"","itemEmail":"ida@example","password":"hush","totpUri":"mzxw 6"},
            "extraFields":[{"type":"totp","data":{"totpUri":"otpauth://totp/A:b?secret=MY"}},{"type":"text","data":{"content":"x"}},{"type":"totp","data":{"totpUri":"M1"}}]}},
        {"state":2,"data":{"metadata":{"name":"Gone"},"content":{"totpUri":"MZXW6"}}}]}}}"#;

    #[test]
    fn items_with_several_codes_in_an_archive_and_out_of_it() {
        for file in [pack(&[("Proton Pass/data.json", FILE)], Lock::None).as_slice(), FILE.as_bytes()] {
            assert_eq!(registry::detect(file).unwrap().id, FORMAT.id);
            let imported = samples::plain(&FORMAT, file);
            assert_eq!((imported.entries.len(), imported.problems.len()), (3, 1));
            let bank = &imported.entries[0].details;
            assert_eq!((bank.account.as_str(), bank.note.as_str(), bank.favourite), ("ida@example", "n", true));
            assert_eq!(bank.tags[0].as_str(), "Private");
            assert!(imported.entries[2].trashed);
        }
    }

    #[test]
    fn an_encrypted_one_is_refused_with_what_to_do() {
        let file = pack(&[("Proton Pass/data.pgp", "-----BEGIN PGP MESSAGE-----\n")], Lock::None);
        assert!(
            matches!(registry::read(&file, None), Err(FormatError::Unsupported(words)) if words.contains("gpg -d"))
        );
    }
}
