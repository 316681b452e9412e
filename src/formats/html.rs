//! A web page with URIs of one-time passwords in it, such as Stratum and Aegis export for printing.

use zeroize::Zeroizing;

use super::{Format, FormatError, Imported, Opened, draft};
use crate::otp::links;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "html",
    name: "HTML page",
    help: "an HTML export with otpauth:// URIs in it (Stratum, Aegis)",
    detect,
    read: Some(read),
    write: None,
};

const SCHEMES: [&str; 3] = ["otpauth://", "motp://", "steam://"];

fn detect(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let page = ["<!doctype html", "<html"]
        .iter()
        .any(|start| bytes.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes())));
    page && std::str::from_utf8(bytes).is_ok_and(|text| uris(text).next().is_some())
}

/// Everything in the text that begins like a URI, to the next mark-up, quote or blank.
fn uris(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let starts = |at: usize, scheme: &str| {
            let start = at.saturating_add("://".len()).checked_sub(scheme.len())?;
            rest.get(start..)?.starts_with(scheme).then_some(start)
        };
        let mut marks = rest.match_indices("://");
        let start = marks.find_map(|(at, _)| SCHEMES.iter().find_map(|scheme| starts(at, scheme)))?;
        let from = rest.get(start..)?;
        let end = from.find(|letter: char| matches!(letter, '<' | '>' | '"' | '\'') || letter.is_whitespace());
        let (uri, after) = from.split_at_checked(end.unwrap_or(from.len()))?;
        rest = after;
        Some(uri)
    })
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|_| FormatError::Damaged("it is not UTF-8".into()))?;
    let mut imported = Imported::default();
    // A page may have each URI as a link and as its words.
    let mut last = None;
    for uri in uris(text) {
        if imported.is_full() {
            break;
        }
        if last.replace(uri) == Some(uri) {
            continue;
        }
        for link in links::split(&unescape(uri)) {
            imported.push(draft::from_uri(format!("URI {}", imported.next_number()), link));
        }
    }
    Ok(Opened::Plain(imported))
}

/// Text with the entities of XML and numbered characters put back.
pub(super) fn unescape(text: &str) -> Zeroizing<String> {
    /// More than any entity takes.
    const LONGEST: usize = 16;
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.bytes().take(LONGEST).position(|byte| byte == b';');
        let named = end.and_then(|end| Some((after.get(..end)?, after.get(end.checked_add(1)?..)?)));
        let entity = named.and_then(|(name, after)| Some((entity(name)?, after)));
        match entity {
            Some((letter, after)) => {
                out.push(letter);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The letter of an entity of XML, or of a numbered one, by what stands between `&` and `;`.
pub(super) fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn uris_are_found_among_the_words() {
        let page =
            b"<!DOCTYPE html><html><p>Mine</p><code>otpauth://totp/A:b?secret=MZXW6&amp;issuer=A&#38;digits=8</code>
            <a href='steam://MZXW6'>x</a> otpauth://totp/broken";
        assert!(detect(page));
        let imported = samples::plain(&FORMAT, page);
        assert_eq!((imported.entries.len(), imported.problems.len()), (2, 1));
        assert_eq!(imported.entries[0].details.otp.digits.get(), 8);
        assert!(!detect(b"<html>nothing here</html>"));
    }

    #[test]
    fn a_page_costs_no_more_than_its_length() {
        let page = format!("<html>{}", "otpauth://totp/a?secret=MY</i>".repeat(60_000));
        assert_eq!(samples::plain(&FORMAT, page.as_bytes()).entries.len(), 1);
        let page = format!("<html>{}", "otpauth://totp/a?secret=MY<i>motp://a<b>".repeat(200_000));
        let started = std::time::Instant::now();
        assert_eq!(uris(&page).count(), 400_000);
        assert_eq!(unescape(&"&".repeat(1 << 20)).len(), 1 << 20);
        assert!(started.elapsed().as_secs() < 20);
    }

    #[test]
    fn entities() {
        assert_eq!(unescape("a&amp;b&lt;&gt;&quot;&#x41;&#66;&nbsp;&").as_str(), "a&b<>\"AB&nbsp;&");
    }
}
