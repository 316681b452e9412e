//! Keeper: its JSON export. Several one-time passwords a record are possible.

use serde_json::Value;

use super::json::{Document, Fields};
use super::{Format, FormatError, Imported, Opened, draft};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "keeper",
    name: "Keeper",
    help: "Keeper: Settings, Export, Export to .json File",
    detect: |bytes| {
        Document::probe(bytes).is_some_and(|file| {
            file.0
                .items("records")
                .iter()
                .any(|record| record.has("title") && (record.has("login") || record.has("custom_fields")))
        })
    },
    read: Some(read),
    write: None,
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    for (number, record) in (1..).zip(file.0.items("records")) {
        let Some(fields) = record.get("custom_fields").and_then(Value::as_object) else { continue };
        let codes = fields.iter().filter(|(name, _)| name.starts_with("$oneTimeCode") || *name == "TFC:Keeper");
        let values = codes.flat_map(|(_, value)| match value {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            value => value.as_str().into_iter().collect::<Vec<_>>(),
        });
        let values = values.filter(|value| !value.trim().is_empty());
        let names = (record.text("title").unwrap_or(""), record.text("login").unwrap_or(""));
        draft::from_item(&format!("record {number}"), values, names, &mut imported, |candidate| {
            candidate.details.note = record.text("notes").unwrap_or("").into();
            let folders = record.items("folders").iter();
            let names = folders.filter_map(|folder| folder.text("folder").or(folder.text("shared_folder")));
            candidate.details.tags = names.map(|name| Text::from(name.replace('\\', "/"))).collect();
        });
    }
    Ok(Opened::Plain(imported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn several_codes_a_record() {
        let file = br#"{"records":[{"title":"A","login":"me","notes":"n","folders":[{"folder":"X\\Y"}],
            "custom_fields":{"$oneTimeCode":["MZXW6","steam://MZXW6"],"TFC:Keeper":"otpauth://totp/b?secret=MZXW6"}}]}"#;
        assert!((FORMAT.detect)(file));
        let entries = samples::plain(&FORMAT, file).entries;
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[0].details.tags[0].as_str(), "X/Y");
    }
}
