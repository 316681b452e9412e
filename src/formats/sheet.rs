//! A sheet of QR codes to print: one page of HTML without script, network or fonts of its own, each code with its name and its link in words.
//! What is written reads back by [`super::html`], and by anything that reads QR codes.

use zeroize::Zeroizing;

use super::{Format, FormatError, Writer, uri_list};
use crate::otp::uri;
use crate::qr::Symbol;
use crate::secret::{Random, Text};
use crate::text;
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "qr-sheet",
    name: "sheet of QR codes",
    help: "an HTML page to print: the QR code and the link of each entry",
    detect: |_| false,
    read: None,
    write: Some(Writer { encrypts: false, plain: true, write, loses: uri_list::loses }),
};

/// Nothing is fetched and nothing runs, whatever a name might hold.
const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>One-time passwords</title>
<style>
@page { margin: 12mm }
body { margin: 1em; font: 14px/1.35 sans-serif; color: #000; background: #fff }
main { display: flex; flex-wrap: wrap; gap: 1em }
section { box-sizing: border-box; width: 19em; padding: 1em; border: 1px solid #999; break-inside: avoid; overflow-wrap: anywhere }
h2, p { margin: 0 0 .3em; font-size: 1em }
svg { display: block; width: 100%; height: auto }
code { font-size: .7em }
</style>
</head>
<body>
<p>Whoever has this sheet has every secret on it: keep it locked away.</p>
<main>
";

fn write(entries: &[Details], _: Option<&Text>, _: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let mut parts = Vec::with_capacity(entries.len());
    for details in entries {
        let link = uri::write(&details.otp, &details.issuer, &details.account);
        let short = uri::write_short(&details.otp, &details.issuer, &details.account);
        let code = Symbol::of(&short).map_or_else(
            |error| Zeroizing::new(format!("<p>{error}: the link must be typed</p>")),
            |symbol| symbol.svg(),
        );
        parts.push((code, link, details));
    }
    let size = parts.iter().map(|(code, link, details)| {
        let words = details.issuer.len().saturating_add(details.account.len()).saturating_add(link.len());
        code.len().saturating_add(words.saturating_mul(6)).saturating_add(100)
    });
    // Room for all of it at once: a growing vector would leave copies of secrets behind.
    let mut out =
        Zeroizing::new(String::with_capacity(size.fold(HEAD.len().saturating_add(40), usize::saturating_add)));
    out.push_str(HEAD);
    for (code, link, details) in parts {
        out.push_str("<section>\n<h2>");
        escape(&text::clean(&details.issuer), &mut out);
        out.push_str("</h2>\n<p>");
        escape(&text::clean(&details.account), &mut out);
        out.push_str("</p>\n");
        out.push_str(&code);
        out.push_str("\n<code>");
        escape(&link, &mut out);
        out.push_str("</code>\n</section>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(std::mem::take(&mut *out).into_bytes())
}

fn escape(words: &str, out: &mut String) {
    for letter in words.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{html, samples};

    fn sheet(entries: &[Details]) -> String {
        String::from_utf8(write(entries, None, &mut samples::Counting(1)).unwrap()).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let entries = samples::entries();
        let page = sheet(&entries);
        assert!((html::FORMAT.detect)(page.as_bytes()));
        let read = samples::plain(&html::FORMAT, page.as_bytes());
        assert_eq!(read.problems, []);
        let expected: Vec<Details> = entries
            .iter()
            .map(|details| Details::new(details.otp.clone(), &*details.issuer, &*details.account))
            .collect();
        assert_eq!(read.entries.into_iter().map(|entry| entry.details).collect::<Vec<_>>(), expected);
        assert_eq!(page.matches("<svg").count(), entries.len());
    }

    #[test]
    fn names_are_only_words() {
        let mut details = samples::entries().remove(1);
        details.issuer = "<script>alert('x')</script>".into();
        details.account = "\"&\u{202e}\u{1b}[31m<img src=//evil.example>".into();
        let page = sheet(&[details]);
        for bad in ["<script", "<img", "\u{202e}", "\u{1b}", "'x'"] {
            assert!(!page.contains(bad), "{bad:?}");
        }
        for fetched in ["src=", "href=", "url(", "@import", "@font-face"] {
            assert!(!HEAD.contains(fetched), "{fetched}");
        }
    }
}
