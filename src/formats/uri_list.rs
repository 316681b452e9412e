//! One URI a line: `otpauth://`, `motp://`, `steam://`. What each URI may hold is [`crate::otp::uri`]'s matter.
//!
//! Blank lines and lines that begin with `#` are skipped. A line that cannot be read is a problem of its own; the others are read. Several
//! links on one line are read one by one: see [`crate::otp::links`].

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::json::{Document, Fields};
use super::{Candidate, Format, FormatError, Imported, Opened, Problem, Writer, cipher, draft, google, lastpass};
use crate::otp::{Kind, links, migration, uri};
use crate::secret::{Random, Secret, Text};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "uri",
    name: "otpauth:// URI list",
    help: "a text file with one otpauth://, motp:// or steam:// URI a line",
    detect,
    read: Some(read),
    write: Some(Writer { encrypts: false, plain: true, write, loses }),
};

/// The lines that say something, with their numbers from 1. A line ends with LF, CR LF, or CR alone.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = Some(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let lines = std::iter::from_fn(move || {
        let bytes = rest?;
        let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            rest = None;
            return Some(bytes);
        };
        let (line, after) = bytes.split_at_checked(end)?;
        rest = after.strip_prefix(b"\r\n").or(after.get(1..));
        Some(line)
    });
    (1..)
        .zip(lines)
        .map(|(number, line)| (number, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"))
}

pub(super) fn detect(bytes: &[u8]) -> bool {
    // A scheme stands near the beginning.
    let begins = |line: &[u8]| links::is_link(&String::from_utf8_lossy(line.get(..64).unwrap_or(line)));
    lines(&as_utf8(bytes)).take(1000).any(|(_, line)| begins(line))
}

/// Text from Windows may be UTF-16 with its mark in front.
fn as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let decode = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, _) = rest.as_chunks::<2>();
        let text: String = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
            .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        Cow::Owned(text.into_bytes())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => decode(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => decode(rest, u16::from_be_bytes),
        _ => Cow::Borrowed(bytes),
    }
}

/// The first line that says something, as text.
pub(super) fn first_line(bytes: &[u8]) -> Option<String> {
    let bytes = as_utf8(bytes);
    let (_, line) = lines(&bytes).next()?;
    std::str::from_utf8(line).ok().map(str::to_owned)
}

pub(super) fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let bytes = as_utf8(bytes);
    let mut imported = Imported::default();
    for (number, line) in lines(&bytes) {
        if imported.is_full() {
            break;
        }
        let place = format!("line {number}");
        let Ok(line) = std::str::from_utf8(line) else {
            let reason = "the line is not UTF-8".into();
            imported.push(Err(Problem { place, label: String::new(), reason }));
            continue;
        };
        read_line(place, line, &mut imported);
    }
    Ok(Opened::Plain(imported))
}

/// Reads the links of a line into `imported`.
pub(super) fn read_line(place: String, line: &str, imported: &mut Imported) {
    let several = links::split(line).nth(1).is_some();
    for (number, link) in (1..).zip(links::split(line)) {
        if imported.is_full() {
            return;
        }
        let place = if several { format!("{place}, link {number}") } else { place.clone() };
        if migration::is_migration(link) {
            google::read_code(&place, link, imported);
        } else if lastpass::is_code(link) {
            lastpass::read_code(&place, link, imported);
        } else {
            imported.push(draft::from_uri(place, link).map(|candidate| with_winauth_secret(candidate, link)));
        }
    }
}

/// WinAuth keeps the true key of a Steam entry in a parameter of its own, as JSON.
fn with_winauth_secret(mut candidate: Candidate, line: &str) -> Candidate {
    let data = uri::parameter(line, "data").and_then(|data| Document::read(data.as_bytes()).ok());
    let secret = data.as_ref().and_then(|data| cipher::base64(data.0.text("shared_secret")?));
    if let (Kind::Steam, Some(secret)) = (candidate.details.otp.kind, secret.filter(|secret| !secret.is_empty())) {
        candidate.details.otp.secret = Secret::from(&secret[..]);
    }
    candidate
}

fn write(entries: &[Details], _: Option<&Text>, _: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let mut out = Zeroizing::new(String::new());
    for details in entries {
        out.push_str(&uri::write(&details.otp, &details.issuer, &details.account));
        out.push('\n');
    }
    Ok(out.as_bytes().to_vec())
}

pub(super) fn loses(details: &Details) -> Vec<String> {
    let mut lost = Vec::new();
    let mut say = |is: bool, what: &str| {
        if is {
            lost.push(what.to_owned());
        }
    };
    say(!details.tags.is_empty(), "its tags");
    say(!details.note.is_empty(), "its note");
    say(!details.recovery_codes.is_empty(), "its recovery codes");
    say(details.favourite, "that it is a favourite");
    lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::Otp;
    use crate::secret::NoRandomness;

    struct NoneNeeded;
    impl Random for NoneNeeded {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), NoRandomness> {
            Err(NoRandomness)
        }
    }

    fn imported(bytes: &[u8]) -> Imported {
        match read(bytes) {
            Ok(Opened::Plain(imported)) => imported,
            _ => panic!("a list needs no password"),
        }
    }

    #[test]
    fn bad_lines_do_not_stop_the_rest() {
        let file = b"\xef\xbb\xbf# mine\r\n\r\notpauth://totp/a?secret=MY\r\nrubbish\notpauth://totp/b?secret=M1\n\xff\nsteam://MY";
        let imported = imported(file);
        let places: Vec<_> = imported.entries.iter().map(|entry| entry.place.as_str()).collect();
        assert_eq!(places, ["line 3", "line 7"]);
        let places: Vec<_> = imported.problems.iter().map(|problem| problem.place.as_str()).collect();
        assert_eq!(places, ["line 4", "line 5", "line 6"]);
        assert!(imported.problems[1].reason.contains("character 2"), "{}", imported.problems[1].reason);
    }

    #[test]
    fn several_links_on_a_line_are_as_many_entries() {
        let (one, two) = (
            "otpauth://totp/One:a?secret=MFRGGZDF&issuer=One",
            "otpauth://hotp/Two:b?secret=MZXW6YTB&issuer=Two&counter=3",
        );
        for between in [" ", ",", ", ", ";", "\t", "\r", "\r\n", "\0", "\n", "\",\""] {
            let file = format!("{one}{between}{two}\n");
            let imported = imported(file.as_bytes());
            let read: Vec<_> =
                imported.entries.iter().map(|read| (&*read.details.issuer, read.details.otp.secret.expose())).collect();
            assert_eq!(read, [("One", &b"abcde"[..]), ("Two", b"fooba")], "{between:?}");
            assert!(imported.problems.is_empty(), "{between:?}");
        }
        for between in ["", "x", "%2C", "%0D", "/"] {
            let imported = imported(format!("{one}{between}{two}\n").as_bytes());
            assert!(imported.entries.is_empty(), "{between:?}");
            assert!(imported.problems[0].reason.contains("another link") && imported.problems[0].label.is_empty());
        }
        let migrations = "otpauth-migration://offline?data=AAAA otpauth-migration://offline?data=BBBB";
        assert_eq!(imported(migrations.as_bytes()).problems.len(), 2);
        assert_eq!(
            imported(b"a\rb\r\nc\n\nd").problems.iter().map(|it| &*it.place).collect::<Vec<_>>(),
            ["line 1", "line 2", "line 3", "line 5"]
        );
    }

    #[test]
    fn a_list_without_end_is_cut_short_and_said_to_be() {
        for line in ["otpauth://totp/a?secret=MY\n", "x\n", "\u{ff}\n"] {
            let imported = imported(line.repeat(150_000).as_bytes());
            assert_eq!(imported.entries.len() + imported.problems.len(), crate::formats::MOST_ENTRIES + 1);
            let last = imported.problems.last().unwrap();
            assert!(last.place == "line 100001" && last.reason.contains("left out"), "{}", last.reason);
        }
    }

    #[test]
    fn windows_text_is_read() {
        let uri = "otpauth://totp/Zürich?secret=MY\r\n";
        let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(uri.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(uri.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for file in [little, big] {
            assert!(detect(&file));
            assert_eq!(imported(&file).entries[0].details.account.as_str(), "Zürich");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let key = || Secret::from(&b"a key of 16 byte"[..]);
        let entries: Vec<Details> = Kind::ALL
            .into_iter()
            .map(|kind| {
                let mut otp = Otp::new(kind, key());
                if matches!(kind, Kind::Motp | Kind::Yandex) {
                    otp.pin = Some("2468".into());
                }
                Details::new(otp, "Über & co", "a:b?c=d#e")
            })
            .collect();
        let file = write(&entries, None, &mut NoneNeeded).unwrap();
        assert!(detect(&file));
        let read: Vec<Details> = imported(&file).entries.into_iter().map(|entry| entry.details).collect();
        assert_eq!(read, entries);
    }

    #[test]
    fn steam_entries_of_winauth() {
        let file = b"otpauth://totp/Steam:me?secret=AAAAAAAA&digits=5&issuer=Steam&data=%7B%22shared_secret%22%3A%22AQID%22%7D\n";
        assert_eq!(imported(file).entries[0].details.otp.secret.expose(), [1, 2, 3]);
    }

    #[test]
    fn other_text_is_not_a_list() {
        for file in ["", "hello\n", "see https://example.com/otpauth://", "{\"uri\": \"otpauth://totp/x\"}"] {
            assert!(!detect(file.as_bytes()), "{file}");
        }
    }
}
