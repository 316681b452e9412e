//! Links of one-time passwords in a text: where they begin, several in one line, and one that hides in another.

use zeroize::Zeroizing;

use super::percent;

/// The schemes of such links.
const SCHEMES: [&str; 5] = ["otpauth", "otpauth-migration", "lpaauth-migration", "motp", "steam"];

/// Where a scheme begins, whatever stands before it.
fn begins(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices("://").filter_map(|(at, _)| {
        let head = text.as_bytes().get(..at)?;
        let ends = |scheme: &str| {
            head.len()
                .checked_sub(scheme.len())
                .filter(|from| head.get(*from..).is_some_and(|tail| tail.eq_ignore_ascii_case(scheme.as_bytes())))
        };
        SCHEMES.iter().filter_map(|scheme| ends(scheme)).min()
    })
}

/// Whether a text begins like a link, after blanks, control characters and quotes.
pub fn is_link(text: &str) -> bool {
    begins(text.trim_start_matches(is_filling)).next() == Some(0)
}

/// What stands between links and is no part of them.
fn is_filling(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, ',' | ';' | '|' | '"' | '\'' | '`' | '<' | '>' | '\u{feff}')
}

/// The same, of what may follow a link: an apostrophe may be its own.
fn is_filling_after(letter: char) -> bool {
    letter != '\'' && is_filling(letter)
}

/// The sign that ends what `sign` begins.
fn closes(sign: char) -> Option<char> {
    match sign {
        '"' | '\'' | '`' => Some(sign),
        '<' => Some('>'),
        _ => None,
    }
}

/// The links of a text, one by one, and what else stands there, in order: a link begins at the start or behind a blank, a comma or the
/// like. One that begins elsewhere is part of the link before it, and no reader takes that.
pub fn split<'a>(text: &'a str) -> impl Iterator<Item = &'a str> {
    let opens = move |at: &usize| text.get(..*at).and_then(|head| head.chars().next_back()).is_none_or(is_filling);
    let mut starts = begins(text).filter(move |at| opens(at)).peekable();
    let mut from = Some(0);
    let pieces = std::iter::from_fn(move || {
        let start = from?;
        // Two schemes never begin at one place.
        let is_link = starts.next_if_eq(&start).is_some();
        let end = starts.peek().copied();
        from = end;
        let piece = text.get(start..end.unwrap_or(text.len()))?;
        // Before another link an apostrophe is no part of this one.
        let piece = if end.is_some() { piece.trim_end_matches(is_filling) } else { piece };
        let before = text.get(..start).and_then(|head| head.chars().next_back());
        let close = before.and_then(closes).filter(|_| is_link);
        Some(match close.and_then(|close| piece.split_once(close)) {
            Some((link, rest)) => [link, rest],
            None => [piece, ""],
        })
    });
    let bare = |piece: &'a str| piece.trim_start_matches(is_filling).trim_end_matches(is_filling_after);
    pieces.flatten().map(bare).filter(|piece| !piece.is_empty())
}

/// Whether a link begins anywhere in a text, also percent-encoded, once or several times over.
pub fn within(text: &str) -> bool {
    /// More than anybody encodes by mistake.
    const ROUNDS: usize = 4;
    let mut now = Zeroizing::new(text.to_owned());
    for _ in 0..ROUNDS {
        if begins(&now).next().is_some() {
            return true;
        }
        if !now.contains('%') {
            return false;
        }
        now = percent::decode_lossy(&now);
    }
    begins(&now).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(text: &str) -> Vec<&str> {
        split(text).collect()
    }

    #[test]
    fn what_stands_around_a_link_is_no_part_of_it() {
        const LINK: &str = "otpauth://totp/A?secret=MY";
        for (open, close) in [("\"", "\""), ("'", "'"), ("`", "`"), ("<", ">")] {
            assert_eq!(pieces(&format!("see {open}{LINK}{close}: mine")), ["see", LINK, ": mine"], "{open}");
        }
    }

    const A: &str = "otpauth://totp/Acme%2C:a?secret=MY&issuer=Acme,";
    const B: &str = "OTPAUTH://hotp/B?secret=MZ (old)";
    const C: &str = "steam://MY";

    #[test]
    fn links_are_parted_wherever_they_stand_on_a_line() {
        for between in [" ", ",", ", ", ";", "\t", "\r", "\0", "\u{85}", "\u{2028}", "\" \"", "','", " | ", "> <"] {
            let text = format!("{A}{between}{B}{between}{C}");
            assert_eq!(pieces(&text), [A.trim_end_matches(','), B, C], "{between:?}");
        }
        assert_eq!(pieces(&format!("\"{C}\",\"{B}\"\r\n")), [C, B]);
        assert_eq!(pieces(&format!("'{C}' then '{C}'")), [C, "then", C]);
        assert_eq!(pieces(&format!("GitHub: {C}")), ["GitHub:", C]);
        assert_eq!(pieces("JBSW Y3DP"), ["JBSW Y3DP"]);
        assert_eq!(pieces(" \n"), [""; 0]);
    }

    #[test]
    fn what_begins_within_a_link_is_part_of_it() {
        let text = format!("{C}{A}");
        assert_eq!(pieces(&text), [text.trim_end_matches(',')]);
        assert!(within(&text));
    }

    #[test]
    fn a_link_is_found_under_its_encoding() {
        for text in [
            "x otpauth://",
            "xOtpAuth%3a%2F%2Ftotp",
            "otpauth%253A%252F%252F",
            "%6Fotpauth-migration://",
            "a%steam:%2f/",
        ] {
            assert!(within(text), "{text}");
        }
        for text in ["https://example.org/otpauth", "otpauth:/", "100% %25%25 steam", "esteam:/%2", ""] {
            assert!(!within(text), "{text}");
        }
        assert!(
            is_link("  \"otpauth://x") && is_link("\0Steam://") && !is_link("see otpauth://x") && !is_link("https://x")
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_made_up(text in "[,; a%\"<>:/'é]{0,12}(otpauth://|steam://x|motp:)?[,; a%\"<>'é]{0,12}(otpauth://)?.{0,4}") {
            let kept: Vec<&str> = split(&text).collect();
            let mut rest = text.as_str();
            for piece in kept {
                let (before, after) = rest.split_once(piece).expect("in order");
                prop_assert!(before.chars().all(is_filling), "{before:?} of {text:?}");
                rest = after;
            }
            prop_assert!(rest.chars().all(is_filling), "{rest:?} of {text:?}");
            let _ = within(&text);
        }
    }
}
