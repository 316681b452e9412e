//! Android's SharedPreferences: an XML file of named values, where several apps keep their entries.

use zeroize::Zeroizing;

use super::html::unescape;

/// The largest file that is looked into, in bytes: an app's settings have some kilobytes.
const LARGEST: usize = 16 << 20;

/// The named texts of a preferences file, in order; `None` when it is not one.
pub(super) fn texts(bytes: &[u8]) -> Option<Vec<(String, Zeroizing<String>)>> {
    if bytes.len() > LARGEST {
        return None;
    }
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()?;
    let mut rest = text.trim_start();
    if rest.starts_with("<?xml") {
        rest = rest.split_once("?>")?.1.trim_start();
    }
    rest = rest.strip_prefix("<map")?;
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once("<string ") {
        let (tag, after) = after.split_once('>')?;
        rest = after;
        let name = tag.split_once("name=\"").and_then(|(_, name)| name.split_once('"')).map(|(name, _)| name);
        let Some(name) = name else { continue };
        if tag.ends_with('/') {
            found.push((unescape(name).to_string(), Zeroizing::new(String::new())));
            continue;
        }
        let (value, after) = rest.split_once("</string>")?;
        rest = after;
        found.push((unescape(name).to_string(), unescape(value)));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_texts() {
        let file = b"<?xml version='1.0' encoding='utf-8'?>\n<map>\n<int name=\"n\" value=\"1\" />
            <string name=\"a&amp;b\">{&quot;x&quot;:1}</string><string name=\"empty\" /></map>";
        let found = texts(file).unwrap();
        assert_eq!(found[0].0, "a&b");
        assert_eq!(found[0].1.as_str(), "{\"x\":1}");
        assert_eq!(found[1].0, "empty");
        assert!(texts(b"<html></html>").is_none());
        assert!(texts(b"<map><string name=\"a\">never closed").is_none());
    }
}
