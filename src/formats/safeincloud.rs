//! SafeInCloud: its XML export. Several one-time passwords a card are possible; passwords are never read.
//!
//! Read as a stream of events, so depth costs nothing; entities other than XML's own five and numbered characters stay as they are written.

use std::collections::{BTreeSet, HashMap};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zeroize::Zeroizing;

use super::{Format, FormatError, Imported, Opened, draft, html};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "safeincloud",
    name: "SafeInCloud",
    help: "SafeInCloud: Export, As XML (its CSV is the format csv)",
    detect,
    read: Some(read),
    write: None,
};

/// A card while it is read.
#[derive(Default)]
struct Card {
    title: Text,
    user: Text,
    note: Text,
    labels: BTreeSet<String>,
    codes: Vec<Text>,
    favourite: bool,
    deleted: bool,
    template: bool,
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

/// The root element `database`, and within it a label or card first.
fn detect(bytes: &[u8]) -> bool {
    let bytes = without_mark(bytes);
    if !bytes.starts_with(b"<") {
        return false;
    }
    let mut reader = Reader::from_reader(bytes);
    let mut elements = std::iter::from_fn(|| {
        loop {
            match reader.read_event() {
                Ok(Event::Start(start) | Event::Empty(start)) => return Some(start.name().as_ref().to_vec()),
                Ok(Event::Eof) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    });
    elements.next().as_deref() == Some(b"database")
        && elements.next().is_some_and(|name| name == b"label" || name == b"card")
}

/// An attribute's value; `None` when it is absent.
fn attribute(start: &BytesStart, name: &str) -> Option<Zeroizing<String>> {
    // The check against repeated names compares each with all others.
    let found = start.attributes().with_checks(false).flatten().find(|found| found.key.as_ref() == name.as_bytes())?;
    Some(html::unescape(&String::from_utf8_lossy(&found.value)))
}

fn is_true(start: &BytesStart, name: &str) -> bool {
    attribute(start, name).is_some_and(|value| value.as_str() == "true")
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let mut reader = Reader::from_reader(without_mark(bytes));
    let mut imported = Imported::default();
    let mut labels: HashMap<String, Text> = HashMap::new();
    let mut cards = 0usize;
    let mut card: Option<Card> = None;
    // What the element that is open now is for, and its words so far.
    let mut kind = Zeroizing::new(String::new());
    let mut words = Zeroizing::new(String::new());
    let damaged = |reader: &Reader<&[u8]>| {
        FormatError::Damaged(format!("it stops being XML at byte {}", reader.error_position()))
    };
    while !imported.is_full() {
        match reader.read_event().map_err(|_| damaged(&reader))? {
            Event::Start(start) | Event::Empty(start) if start.name().as_ref() == b"label" => {
                let name = attribute(&start, "name").and_then(|name| draft::shared_tag(&name));
                labels.extend(attribute(&start, "id").map(|id| id.to_string()).zip(name));
            }
            Event::Start(start) if start.name().as_ref() == b"card" => {
                card = Some(Card {
                    title: Text::from(attribute(&start, "title").unwrap_or_default().as_str()),
                    favourite: is_true(&start, "star"),
                    deleted: is_true(&start, "deleted"),
                    template: is_true(&start, "template"),
                    ..Card::default()
                });
            }
            Event::Start(start) => {
                words.clear();
                *kind = match start.name().as_ref() {
                    b"field" => attribute(&start, "type").unwrap_or_default().to_string(),
                    b"notes" => "notes".into(),
                    b"label_id" => "label_id".into(),
                    _ => String::new(),
                };
            }
            Event::Text(text) => words.push_str(&text.decode().map_err(|_| damaged(&reader))?),
            Event::CData(text) => words.push_str(&text.decode().map_err(|_| damaged(&reader))?),
            Event::GeneralRef(name) => {
                let name = name.decode().map_err(|_| damaged(&reader))?;
                words.push_str(&html::unescape(&format!("&{name};")));
            }
            Event::End(end) if end.name().as_ref() == b"card" => {
                if let Some(card) = card.take().filter(|card| !card.template) {
                    cards = cards.saturating_add(1);
                    push(card, cards, &labels, &mut imported);
                }
            }
            Event::End(_) => {
                if let Some(card) = &mut card {
                    let value = words.trim();
                    match kind.as_str() {
                        "one_time_password" if !value.is_empty() => {
                            card.codes.push(value.into());
                        }
                        "login" | "email" if card.user.is_empty() => card.user = value.into(),
                        "notes" => card.note = value.into(),
                        "label_id" => {
                            card.labels.insert(value.into());
                        }
                        _ => {}
                    }
                }
                kind.clear();
                words.clear();
            }
            Event::Eof if card.is_some() => return Err(damaged(&reader)),
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(Opened::Plain(imported))
}

fn push(card: Card, number: usize, labels: &HashMap<String, Text>, imported: &mut Imported) {
    let codes = card.codes.iter().map(Text::as_str);
    draft::from_item(&format!("card {number}"), codes, (&card.title, &card.user), imported, |candidate| {
        candidate.trashed = card.deleted;
        candidate.details.favourite = card.favourite;
        candidate.details.note = card.note.clone();
        candidate.details.tags = card.labels.iter().filter_map(|id| labels.get(id).cloned()).collect();
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::{registry, samples};

    const FILE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE database [<!ENTITY lol "lolol">]>
<database><label name="Work &amp; home" id="4" type="business"/>
<card title="Form" template="true"><field type="one_time_password">MZXW6</field></card>
<card title="B&#228;nk &lt;1&gt;" id="1" star="true"><field name="Login" type="login">ida</field><field name="Password" type="password">hush</field>
<field name="2FA" type="one_time_password">mzxw 6</field><field type="one_time_password">otpauth://totp/A:b?secret=MY&amp;digits=8</field>
<field type="one_time_password"/><notes>two<![CDATA[ & ]]>&lol;</notes><label_id>4</label_id></card>
<card title="Gone" deleted="true"><field type="one_time_password">M1</field><field type="one_time_password">MY</field></card></database>"#;

    #[test]
    fn cards_with_their_labels() {
        assert_eq!(registry::detect(FILE.as_bytes()).unwrap().id, FORMAT.id);
        let imported = samples::plain(&FORMAT, FILE.as_bytes());
        assert_eq!((imported.entries.len(), imported.problems.len()), (3, 1));
        let bank = &imported.entries[0].details;
        assert_eq!((bank.issuer.as_str(), bank.account.as_str(), bank.favourite), ("Bänk <1>", "ida", true));
        assert_eq!((bank.note.as_str(), bank.tags[0].as_str()), ("two & &lol;", "Work & home"));
        assert_eq!(imported.entries[1].details.otp.digits.get(), 8);
        assert!(imported.entries[2].trashed);
        assert_eq!(imported.problems[0].place, "card 2");
        assert!(!detect(b"<database><entry/></database>") && !detect(b"<html><card/></html>"));
    }

    #[test]
    fn depth_costs_nothing_and_is_damage() {
        let deep = format!("<database><card title='x'>{}", "<field>".repeat(1_000_000));
        assert!(matches!(read(deep.as_bytes()), Err(FormatError::Damaged(_))));
        let many = format!("<database><card {}>", "a='' ".repeat(1_000_000));
        assert!(matches!(read(many.as_bytes()), Err(FormatError::Damaged(_))));
    }

    proptest! {
        #[test]
        fn cut_and_changed_files_do_no_harm(cut in 80usize..FILE.len(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let _ = read(&FILE.as_bytes()[..cut]);
            let mut file = FILE.as_bytes().to_vec();
            let at = at.index(file.len());
            file[at] = byte;
            let _ = read(&file);
        }
    }
}
