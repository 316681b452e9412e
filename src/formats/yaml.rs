//! The little of YAML that lists of entries are written in: sequences and mappings in blocks, and one-line texts. Anything else is refused.

use serde_json::{Map, Value};

use super::FormatError;
use super::json::Document;

/// How deep blocks may lie in blocks.
const DEEPEST: usize = 8;
/// The largest text that is looked at.
const LARGEST: usize = 4 * 1024 * 1024;

/// A line that says something: its number, how far it is indented, and its content.
#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    indent: usize,
    content: &'a str,
}

/// The document, when the text begins with a sequence and is one.
pub(super) fn probe(bytes: &[u8]) -> Option<Document> {
    bytes.trim_ascii_start().starts_with(b"- ").then(|| read(bytes).ok()).flatten()
}

/// Reads a document; numbers stay texts.
///
/// # Errors
/// [`FormatError::Damaged`] naming the line; [`FormatError::Unsupported`] when it is too large.
pub(super) fn read(bytes: &[u8]) -> Result<Document, FormatError> {
    if bytes.len() > LARGEST {
        return Err(FormatError::Unsupported("the file is larger than any export of this kind can be".into()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| FormatError::Damaged("it is not UTF-8".into()))?;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim_start_matches(' ');
        let indent = line.len().saturating_sub(content.len());
        let content = content.trim_end();
        if !content.is_empty() && !content.starts_with('#') && content != "---" {
            lines.push(Line { number, indent, content });
        }
    }
    let mut reader = Reader { lines, at: 0 };
    let value = Document(reader.block(0)?);
    match reader.lines.get(reader.at) {
        Some(line) => Err(odd(line)),
        None => Ok(value),
    }
}

fn odd(line: &Line<'_>) -> FormatError {
    FormatError::Damaged(format!("line {} is not of the YAML that is read", line.number))
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn here(&self) -> Option<Line<'a>> {
        self.lines.get(self.at).copied()
    }

    /// The block that begins here; nothing when there is none.
    fn block(&mut self, depth: usize) -> Result<Value, FormatError> {
        let Some(first) = self.here() else { return Ok(Value::Null) };
        if depth > DEEPEST {
            return Err(odd(&first));
        }
        if is_item(first.content) { self.sequence(first.indent, depth) } else { self.mapping(first.indent, depth) }
    }

    fn sequence(&mut self, indent: usize, depth: usize) -> Result<Value, FormatError> {
        let mut items = Vec::new();
        while let Some(line) = self.here().filter(|line| line.indent == indent && is_item(line.content)) {
            let content = line.content.get(1..).unwrap_or("");
            let inner = content.trim_start();
            if inner.is_empty() {
                self.at = self.at.saturating_add(1);
                items.push(match self.here() {
                    Some(next) if next.indent > indent => self.block(depth.saturating_add(1))?,
                    _ => Value::Null,
                });
            } else if key(inner).is_some() || is_item(inner) {
                // What stands behind the dash is the first line of a block of its own.
                let within = indent.saturating_add(line.content.len().saturating_sub(inner.len()));
                if let Some(here) = self.lines.get_mut(self.at) {
                    *here = Line { indent: within, content: inner, ..line };
                }
                items.push(self.block(depth.saturating_add(1))?);
            } else {
                items.push(scalar(inner, &line)?);
                self.at = self.at.saturating_add(1);
            }
        }
        Ok(Value::Array(items))
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Result<Value, FormatError> {
        let mut map = Map::new();
        while let Some(line) = self.here().filter(|line| line.indent == indent && !is_item(line.content)) {
            let (name, value) = key(line.content).ok_or_else(|| odd(&line))?;
            self.at = self.at.saturating_add(1);
            let value = if value.is_empty() {
                match self.here() {
                    // A sequence may stand as far out as its key.
                    Some(next) if next.indent > indent || (next.indent == indent && is_item(next.content)) => {
                        self.block(depth.saturating_add(1))?
                    }
                    _ => Value::Null,
                }
            } else {
                scalar(value, &line)?
            };
            map.insert(name.to_owned(), value);
        }
        Ok(Value::Object(map))
    }
}

fn is_item(content: &str) -> bool {
    content == "-" || content.starts_with("- ")
}

/// A key and what stands behind it.
fn key(content: &str) -> Option<(&str, &str)> {
    let (name, value) = content.split_once(':')?;
    let plain = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_-. ".contains(letter));
    (plain && (value.is_empty() || value.starts_with(' '))).then_some((name, value.trim()))
}

fn scalar(text: &str, line: &Line<'_>) -> Result<Value, FormatError> {
    let quoted = |quote| text.strip_prefix(quote).map(|rest| rest.strip_suffix(quote));
    if let Some(single) = quoted('\'') {
        return Ok(single.ok_or_else(|| odd(line))?.replace("''", "'").into());
    }
    if let Some(double) = quoted('"') {
        // The escapes that occur are those of JSON.
        double.ok_or_else(|| odd(line))?;
        return serde_json::from_str::<String>(text).map(Value::from).map_err(|_| odd(line));
    }
    match text {
        "[]" => Ok(Value::Array(Vec::new())),
        "{}" => Ok(Value::Object(Map::new())),
        "null" | "~" => Ok(Value::Null),
        // Texts of several lines, anchors, tags, flow: not in such lists.
        _ if text.starts_with(['|', '>', '&', '*', '!', '[', '{', '%', '@', '`']) => Err(odd(line)),
        _ => Ok(text.split(" #").next().unwrap_or("").trim_end().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn blocks_in_either_indentation() {
        let expected = json!([{"a": "1", "l": [{"x": "it's", "y": "q\""}, {"x": null}]}, {"l": []}, "word"]);
        for text in [
            "- a: 1\n  l:\n  - x: 'it''s'\n    y: \"q\\\"\"\n  - x:\n- l: []\n- word\n",
            "---\n-\n  a: 1 # one\n\n  l:\n      - x: 'it''s'\n        y: \"q\\\"\"\n      -\n        x: ~\n- l: []\n- word",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().0, expected, "{text}");
        }
    }

    #[test]
    fn other_yaml_is_refused() {
        for text in ["- a: |\n    text", "- &x a", "- a: 1\n b: 2", "a", "- 'open", "- a: \"\\q\""] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        let deep = "- ".repeat(50);
        assert!(read(deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "([- :a'\"#\n\\[]|  ){0,80}") {
            let _ = read(text.as_bytes());
        }
    }
}
