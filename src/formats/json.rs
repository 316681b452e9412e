//! Other programs' JSON: read leniently, wiped when done with.
//!
//! Real files write numbers as text, leave keys out, or set them to null; a reader asks for what it needs and is told what is there.

use serde_json::Value;
use zeroize::Zeroize;

use super::FormatError;
use crate::otp::Kind;

/// The largest text that is parsed.
const LARGEST: usize = 32 * 1024 * 1024;

/// The most values of a text that is parsed: a small one takes a hundred times its text in memory.
const MOST_VALUES: usize = 1_500_000;

/// A JSON document whose strings are wiped when it is dropped.
pub(super) struct Document(pub Value);

impl Document {
    /// Parses bytes, with or without a byte order mark.
    ///
    /// # Errors
    /// [`FormatError::Damaged`] naming the line; [`FormatError::Unsupported`] when it is too large.
    pub fn read(bytes: &[u8]) -> Result<Document, FormatError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if too_large(bytes) {
            return Err(FormatError::Unsupported("the file is larger than any export of this kind can be".into()));
        }
        // serde_json's own words may quote the text.
        serde_json::from_slice(bytes).map(Document).map_err(|wrong| {
            FormatError::Damaged(format!("it stops being JSON at line {}, column {}", wrong.line(), wrong.column()))
        })
    }

    /// The same, where anything but an object or array is of no interest: for recognition.
    pub fn probe(bytes: &[u8]) -> Option<Document> {
        let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().first()?;
        if !matches!(start, b'{' | b'[') {
            return None;
        }
        Document::read(bytes).ok()
    }

    /// The document as text in memory that is wiped.
    pub fn write(&self) -> zeroize::Zeroizing<Vec<u8>> {
        // Twice over: a growing vector would leave copies behind.
        struct Count(usize);
        impl std::io::Write for Count {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0 = self.0.saturating_add(bytes.len());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut count = Count(0);
        // A Value has text keys only and the writers do not fail.
        let _ = serde_json::to_writer_pretty(&mut count, &self.0);
        let mut out = zeroize::Zeroizing::new(Vec::with_capacity(count.0));
        let _ = serde_json::to_writer_pretty(&mut *out, &self.0);
        out
    }
}

/// Whether parsing would take more memory than any export is worth. Commas within texts count too: no export has so many of them.
pub(super) fn too_large(bytes: &[u8]) -> bool {
    bytes.len() > LARGEST || bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MOST_VALUES
}

/// What recognition needs to see of a file, so that a large one is parsed once and not by every format: of JSON its first keys and items with the
/// beginnings of its texts, of anything else that begins like JSON its beginning, of all other files everything.
pub(super) fn skeleton(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    const SMALL: usize = 64 * 1024;
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().first();
    if bytes.len() <= SMALL || !matches!(start, Some(b'{' | b'[')) {
        return bytes.into();
    }
    match Document::probe(bytes) {
        Some(mut file) => {
            prune(&mut file.0);
            file.write().to_vec().into()
        }
        None => bytes.get(..SMALL).unwrap_or(bytes).into(),
    }
}

fn prune(value: &mut Value) {
    const ITEMS: usize = 64;
    const LETTERS: usize = 1024;
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(LETTERS) {
                text.truncate(end);
            }
        }
        Value::Array(items) => {
            items.iter_mut().skip(ITEMS).for_each(wipe);
            items.truncate(ITEMS);
            items.iter_mut().for_each(prune);
        }
        Value::Object(map) => {
            let mut kept = 0usize;
            map.retain(|_, value| {
                kept = kept.saturating_add(1);
                if kept > ITEMS {
                    wipe(value);
                }
                kept <= ITEMS
            });
            map.values_mut().for_each(prune);
        }
        _ => {}
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        _ => {}
    }
}

/// A number as a file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// Not there, null, or an empty text.
    Absent,
    /// There, as a number or its text.
    Is(u64),
    /// There, and not a whole number from 0.
    Broken,
}

impl Number {
    /// The number of a text.
    pub fn of(text: &str) -> Number {
        let text = text.trim();
        if text.is_empty() {
            return Number::Absent;
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Number::Broken;
        }
        text.parse().map_or(Number::Broken, Number::Is)
    }

    /// Takes 0 for absent, of programs that write it so.
    pub fn zero_is_absent(&mut self) {
        if *self == Number::Is(0) {
            *self = Number::Absent;
        }
    }

    /// The number, when there is one.
    pub fn get(self) -> Option<u64> {
        match self {
            Number::Is(number) => Some(number),
            _ => None,
        }
    }
}

/// A word as a file has it: the name of an algorithm or of a kind of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// Not there, null, or an empty text.
    Absent,
    /// There.
    Is(&'a str),
    /// There, and no text.
    Broken,
}

impl<'a> Word<'a> {
    /// The word of a text.
    pub fn of(text: &'a str) -> Word<'a> {
        if text.trim().is_empty() { Word::Absent } else { Word::Is(text) }
    }

    /// The kind of that name, `absent` where there is none; else the name of one that is not known.
    pub fn kind(self, absent: Kind) -> Result<Kind, String> {
        match self {
            Word::Absent => Ok(absent),
            Word::Is(name) => Kind::from_name(name).ok_or_else(|| name.to_owned()),
            Word::Broken => Err("not a word".into()),
        }
    }
}

/// Lenient access to the fields of an object.
pub(super) trait Fields {
    /// A text, not empty.
    fn text(&self, key: &str) -> Option<&str>;
    /// A word that must be understood where it is there.
    fn word(&self, key: &str) -> Word<'_>;
    /// A number, or a text of one.
    fn number(&self, key: &str) -> Number;
    /// `true`, `"true"` or 1.
    fn is_true(&self, key: &str) -> bool;
    /// An array's items; none when it is not one.
    fn items(&self, key: &str) -> &[Value];
    /// Whether an object has that key, whatever its value.
    fn has(&self, key: &str) -> bool;
    /// What is there, or null.
    fn part(&self, key: &str) -> &Value;
}

impl Fields for Value {
    fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    fn word(&self, key: &str) -> Word<'_> {
        match self.get(key) {
            None | Some(Value::Null) => Word::Absent,
            Some(Value::String(text)) => Word::of(text),
            Some(_) => Word::Broken,
        }
    }

    fn number(&self, key: &str) -> Number {
        match self.get(key) {
            None | Some(Value::Null) => Number::Absent,
            Some(Value::String(text)) => Number::of(text),
            Some(Value::Number(number)) => number
                .as_u64()
                .or_else(|| {
                    number
                        .as_f64()
                        .filter(|float| float.fract() == 0.0 && (0.0..9e15).contains(float))
                        .map(|float| float as u64)
                })
                .map_or(Number::Broken, Number::Is),
            Some(_) => Number::Broken,
        }
    }

    fn is_true(&self, key: &str) -> bool {
        match self.get(key) {
            Some(Value::Bool(is)) => *is,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text == "1",
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            _ => false,
        }
    }

    fn items(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn part(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_files_write_them() {
        let value = Document::read(
            br#"{"a":6,"b":"6","c":6.0,"d":"","e":null,"f":-1,"g":"six","h":1.5,"i":18446744073709551615,"j":[]}"#,
        )
        .unwrap();
        for (key, number) in [
            ("a", Number::Is(6)),
            ("b", Number::Is(6)),
            ("c", Number::Is(6)),
            ("d", Number::Absent),
            ("e", Number::Absent),
            ("z", Number::Absent),
            ("f", Number::Broken),
            ("g", Number::Broken),
            ("h", Number::Broken),
            ("i", Number::Is(u64::MAX)),
            ("j", Number::Broken),
        ] {
            assert_eq!(value.0.number(key), number, "{key}");
        }
    }

    #[test]
    fn a_skeleton_is_small_and_of_the_same_shape() {
        let long = "x".repeat(100_000);
        let file =
            format!("{{\"version\":1,\"db\":{{\"entries\":[{}7]}},\"text\":\"{long}\"}}", "{\"a\":1},".repeat(5000));
        let small = skeleton(file.as_bytes());
        assert!(small.len() < 8192);
        let value = Document::read(&small).unwrap();
        assert_eq!(value.0["db"].items("entries").len(), 64);
        assert!(value.0.has("version") && value.0.text("text").is_some());
        assert_eq!(skeleton(b"plain text").as_ref(), b"plain text");
        assert_eq!(skeleton("[".repeat(1_000_000).as_bytes()).len(), 64 * 1024);
    }

    #[test]
    fn more_values_than_memory_is_for_are_not_parsed() {
        let many = |count: usize| format!("[{}0]", "0,".repeat(count));
        assert!(Document::read(many(MOST_VALUES - 1).as_bytes()).is_ok());
        assert!(matches!(Document::read(many(MOST_VALUES).as_bytes()), Err(FormatError::Unsupported(_))));
    }

    #[test]
    fn an_error_does_not_quote_the_file() {
        let wrong = Document::read(b"{\"secret\": JBSWY3DPEHPK3PXP}").err().unwrap();
        assert!(!wrong.to_string().contains("JBSW"), "{wrong}");
    }
}
