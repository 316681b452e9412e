//! Devolutions Server, Hub and Remote Desktop Manager: JSON of entries.
//!
//! The names of fields are those of Devolutions' own module; the layout of its files is not published, so names are compared without case and an
//! entry is found wherever it has a key.

use serde_json::Value;

use super::draft::{Draft, Key};
use super::json::{Document, Number, Word};
use super::{Candidate, Format, FormatError, Imported, Opened, Problem};
use crate::secret::Text;
use crate::vault::RecoveryCode;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "devolutions",
    name: "Devolutions JSON",
    help: "Devolutions Server or Remote Desktop Manager: entries as JSON",
    detect: |bytes| {
        bytes.windows(10).any(|window| window.eq_ignore_ascii_case(b"otpKeyItem"))
            && Document::probe(bytes).is_some_and(|file| !entries(&file.0).is_empty())
    },
    read: Some(read),
    write: None,
};

/// A field whose name differs at most in case.
fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    field(object, name)?.as_str().filter(|text| !text.is_empty())
}

/// The list of entries: the file itself, or what lies in one of its fields.
fn entries(file: &Value) -> Vec<&Value> {
    let lists = [Some(file), field(file, "connections"), field(file, "entries"), field(file, "data")];
    let list = lists.into_iter().flatten().find_map(Value::as_array);
    list.map(|list| list.iter().collect()).unwrap_or_else(|| vec![file])
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes)?;
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(entries(&file.0)) {
        // The data of an entry is an object, or its text.
        let parsed = text(entry, "data").and_then(|data| Document::read(data.as_bytes()).ok());
        let data = parsed
            .as_ref()
            .map(|data| &data.0)
            .or_else(|| field(entry, "data").filter(|data| data.is_object()))
            .unwrap_or(entry);
        let key =
            field(data, "otpKeyItem").and_then(|item| text(item, "sensitiveData")).or_else(|| text(data, "otpKey"));
        if let Some(key) = key {
            imported.push(read_entry(format!("entry {number}"), entry, data, key));
        }
    }
    Ok(Opened::Plain(imported))
}

fn read_entry(place: String, entry: &Value, data: &Value, key: &str) -> Result<Candidate, Problem> {
    let issuer = text(data, "otpQrCodeApplicationName").or_else(|| text(entry, "name"));
    let account = text(data, "otpQrCodeAccountName").or_else(|| text(data, "userName"));
    let mut draft = Draft::new(place, Key::Base32(key)).named(issuer, account);
    let value = |name| field(data, name).cloned().unwrap_or(Value::Null);
    draft.digits = match value("otpCodeSize") {
        Value::String(size) if size.eq_ignore_ascii_case("eight") => Number::Is(8),
        Value::String(size) if size.eq_ignore_ascii_case("six") => Number::Is(6),
        Value::Number(size) if size.as_u64() == Some(1) => Number::Is(8),
        Value::Number(size) if size.as_u64() == Some(0) => Number::Is(6),
        Value::Number(size) => size.as_u64().map_or(Number::Broken, Number::Is),
        Value::Null => Number::Absent,
        _ => Number::Broken,
    };
    let algorithm = value("otpHashAlgorithm");
    draft.algorithm = match (&algorithm, algorithm.as_u64()) {
        (Value::String(name), _) => Word::of(name),
        (_, Some(1)) => Word::Is("SHA256"),
        (_, Some(2)) => Word::Is("SHA512"),
        (Value::Null, _) | (_, Some(0)) => Word::Absent,
        _ => Word::Broken,
    };
    draft.period = field(data, "otpTimeStep").filter(|step| !step.is_null()).map_or(Number::Absent, |step| {
        step.as_u64().map(Number::Is).or_else(|| step.as_str().map(Number::of)).unwrap_or(Number::Broken)
    });
    draft.note = text(entry, "description").unwrap_or("").into();
    draft.tags.extend(text(entry, "group").map(|group| Text::from(group.replace('\\', "/"))));
    draft.tags.extend(text(entry, "keywords").unwrap_or("").split_whitespace().map(Text::from));
    for code in field(data, "otpRecoveryCodes").and_then(Value::as_array).into_iter().flatten() {
        let words = text(code, "code").or_else(|| text(code, "safeCode")).or(code.as_str());
        let used = field(code, "isValid").and_then(Value::as_bool) == Some(false);
        draft.recovery_codes.extend(words.map(|words| RecoveryCode { id: None, code: words.into(), used }));
    }
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn data_as_object_or_text_in_any_case() {
        let data = r#"{"OtpKeyItem":{"SensitiveData":"MZXW6"},"otpcodesize":1,"otpHashAlgorithm":2,"otpRecoveryCodes":[{"code":"c1","isValid":false}]}"#;
        let quoted = Value::String(data.into());
        let file = format!(
            r#"[{{"name":"A","group":"X\\Y","keywords":"p q","data":{data}}},{{"name":"B","data":{quoted}}},{{"name":"none","data":{{}}}}]"#
        );
        assert!((FORMAT.detect)(file.as_bytes()));
        let entries = samples::plain(&FORMAT, file.as_bytes()).entries;
        assert_eq!(entries.len(), 2);
        let first = &entries[0].details;
        assert_eq!((first.otp.digits.get(), first.otp.algorithm.name()), (8, "SHA512"));
        assert_eq!(first.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["X/Y", "p", "q"]);
        assert!(first.recovery_codes[0].used);
    }
}
