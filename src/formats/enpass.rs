//! Enpass: its JSON export. Several one-time passwords an item are possible.

use serde_json::Value;

use super::json::{Document, Fields};
use super::{Format, FormatError, Imported, Opened, draft};

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "enpass",
    name: "Enpass",
    help: "Enpass: File, Export, JSON",
    detect: |bytes| {
        Document::probe(bytes).is_some_and(|file| {
            file.0.items("items").first().is_some_and(|item| item.has("fields") && item.has("category"))
        })
    },
    read: Some(read),
    write: None,
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    for (number, item) in (1..).zip(file.0.items("items")) {
        let fields = item.items("fields");
        let field = |kind: &str| {
            fields.iter().find(|field| field.text("type") == Some(kind)).and_then(|field| field.text("value"))
        };
        let user = field("username").or(field("email")).or(item.text("subtitle")).unwrap_or("");
        let codes = fields.iter().filter(|field| field.text("type") == Some("totp") && !field.is_true("deleted"));
        let codes = codes.filter_map(|code| code.text("value"));
        let names = (item.text("title").unwrap_or(""), user);
        draft::from_item(&format!("item {number}"), codes, names, &mut imported, |candidate| {
            candidate.trashed = item.is_true("trashed");
            let details = &mut candidate.details;
            details.note = item.text("note").unwrap_or("").into();
            details.favourite = item.is_true("favorite");
            for id in item.items("folders").iter().filter_map(Value::as_str) {
                let named = file.0.items("folders").iter().find(|folder| folder.text("uuid") == Some(id));
                details.tags.extend(named.and_then(|folder| draft::shared_tag(folder.text("title")?)));
            }
        });
    }
    Ok(Opened::Plain(imported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn fields_of_an_item() {
        let file = br#"{"folders":[{"uuid":"f","title":"Work"}],"items":[{"title":"A","category":"login","favorite":1,"trashed":1,"folders":["f"],
            "fields":[{"type":"username","value":"me"},{"type":"totp","value":"MZXW6"},{"type":"totp","value":"AA","deleted":1},{"type":"totp","value":""}]}]}"#;
        assert!((FORMAT.detect)(file));
        let entries = samples::plain(&FORMAT, file).entries;
        assert_eq!((entries.len(), entries[0].trashed, entries[0].details.account.as_str()), (1, true, "me"));
    }
}
