//! 1Password: the archive it exports (.1pux). Several one-time passwords an item are possible; passwords are never read.

use serde_json::Value;

use super::json::{Document, Fields};
use super::{Format, FormatError, Imported, Opened, archive, draft};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "1password",
    name: "1Password",
    help: "1Password 8: File, Export, 1PUX (its CSV is the format csv)",
    detect: |bytes| {
        archive::holds_or_is(bytes, MEMBER, |file| {
            file.items("accounts").first().is_some_and(|account| account.has("vaults"))
        })
    },
    read: Some(|bytes| archive::read_within(bytes, MEMBER, read)),
    write: None,
};

const MEMBER: &str = "export.data";

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    let vaults = file.0.items("accounts").iter().flat_map(|account| account.items("vaults"));
    for (number, item) in (1..).zip(vaults.flat_map(|vault| vault.items("items"))) {
        read_item(&format!("item {number}"), item, &mut imported);
    }
    Ok(Opened::Plain(imported))
}

fn read_item(place: &str, item: &Value, imported: &mut Imported) {
    let (overview, details) = (item.part("overview"), item.part("details"));
    let title = overview.text("title").unwrap_or("");
    let user = details.items("loginFields").iter().find(|field| field.text("designation") == Some("username"));
    let user = user.and_then(|field| field.text("value")).unwrap_or("");
    let fields = details.items("sections").iter().flat_map(|section| section.items("fields"));
    let codes = fields.filter_map(|field| field.get("value")?.text("totp"));
    draft::from_item(place, codes, (title, user), imported, |candidate| {
        candidate.trashed = item.text("state").is_some_and(|state| state != "active");
        let kept = &mut candidate.details;
        kept.note = details.text("notesPlain").unwrap_or("").into();
        kept.favourite = item.number("favIndex").get().is_some_and(|place| place > 0);
        kept.tags.extend(overview.items("tags").iter().filter_map(Value::as_str).map(Text::from));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::archive::tests::{Lock, pack};
    use crate::formats::samples;

    const FILE: &str = r#"{"accounts":[{"attrs":{"name":"me"},"vaults":[{"attrs":{"name":"Private"},"items":[
        {"favIndex":1,"state":"active","overview":{"title":"Bank","tags":["Money","Home"]},"details":{"notesPlain":"n","loginFields":[
            {"designation":"password","value":"hush"},{"designation":"username","value":"ida"}],
            "sections":[{"fields":[{"value":{"totp":"MZXW6"}},{"value":{"string":"x"}}]},{"fields":[{"value":{"totp":"otpauth://totp/A:b?secret=MY"}}]}]}},
        {"state":"archived","overview":{"title":"Old"},"details":{"sections":[{"fields":[{"value":{"totp":"MZXW6"}},{"value":{"totp":"M1"}}]}]}}]}]}]}"#;

    #[test]
    fn items_with_several_codes_in_an_archive_and_out_of_it() {
        let archive =
            pack(&[("export.attributes", "{}"), ("export.data", FILE), ("files/a__b.txt", "hush")], Lock::None);
        for file in [archive.as_slice(), FILE.as_bytes()] {
            assert!((FORMAT.detect)(file));
            let imported = samples::plain(&FORMAT, file);
            assert_eq!((imported.entries.len(), imported.problems.len()), (3, 1));
            let bank = &imported.entries[0].details;
            assert_eq!((bank.issuer.as_str(), bank.account.as_str(), bank.note.as_str()), ("Bank", "ida", "n"));
            assert!(bank.favourite && bank.tags.len() == 2 && !imported.entries[0].trashed);
            assert_eq!(imported.entries[1].details.issuer.as_str(), "A");
            assert!(imported.entries[2].trashed);
            assert_eq!(imported.problems[0].label, "Old");
        }
    }
}
