//! Google Authenticator: the codes of its export as lines of `otpauth-migration://` URIs. What they hold is [`crate::otp::migration`]'s matter.

use super::{Candidate, Format, FormatError, Imported, Problem, Writer, loss::Holds, uri_list};
use crate::otp::Kind;
use crate::otp::migration::{self, ENTRIES_A_CODE};
use crate::qr::Symbol;
use crate::secret::{Random, Text, random_bytes};
use crate::vault::Details;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "google",
    name: "Google Authenticator export",
    help: "Google Authenticator: Transfer accounts, Export accounts: the QR codes' texts, one a line",
    detect,
    read: Some(uri_list::read),
    write: Some(Writer { encrypts: false, plain: true, write, loses }),
};

/// The same as pictures: see [`super::registry::write`] for those that are several.
pub(super) const PICTURES: Format = Format {
    id: "google-qr",
    name: "Google Authenticator QR codes",
    help: "PNG pictures of up to ten entries each, for Google Authenticator: Transfer accounts, Import accounts",
    detect: |_| false,
    read: None,
    write: Some(Writer { encrypts: false, plain: true, write: write_picture, loses }),
};

const HOLDS: Holds = Holds {
    program: "Google Authenticator",
    kinds: &[Kind::Totp, Kind::Hotp],
    tags: 0,
    note: false,
    favourite: false,
    parameters: true,
};

fn detect(bytes: &[u8]) -> bool {
    uri_list::first_line(bytes).is_some_and(|line| migration::is_migration(&line))
}

/// An export of several codes, and which of them were met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Names it: equal in all its codes.
    id: u64,
    size: u64,
    met: Vec<u64>,
}

impl Export {
    /// That code of the export of that id and size.
    pub(super) fn new(id: u64, size: u64, index: u64) -> Export {
        Export { id, size, met: vec![index] }
    }

    /// Puts what was met of the same export together. False when it is another one.
    pub(super) fn join(&mut self, other: &Export) -> bool {
        let same = (self.id, self.size) == (other.id, other.size);
        if same {
            self.met.extend(other.met.iter().filter(|index| !self.met.contains(index)).copied().collect::<Vec<_>>());
        }
        same
    }

    /// Which codes are missing, in words; nothing when none is.
    pub fn missing(&self) -> Option<String> {
        // An export has a handful of codes; a larger number is nobody's.
        let missing: Vec<String> = (0..self.size.min(1000))
            .filter(|index| !self.met.contains(index))
            .map(|index| index.saturating_add(1).to_string())
            .collect();
        let (code, is, it) = if missing.len() == 1 { ("code", "is", "it") } else { ("codes", "are", "them") };
        let size = self.size;
        (!missing.is_empty())
            .then(|| format!("{code} {} of this export's {size} {is} missing: add {it} too", missing.join(", ")))
    }
}

/// Reads one code's line into `imported`.
pub(super) fn read_code(place: &str, line: &str, imported: &mut Imported) {
    let part = match migration::parse(line) {
        Ok(part) => part,
        Err(damaged) => {
            let reason = damaged.to_string();
            imported.problems.push(Problem { place: place.into(), label: String::new(), reason });
            return;
        }
    };
    imported.met(Export::new(part.id, part.size, part.index));
    for (number, entry) in (1..).zip(part.entries) {
        let place = format!("{place}, entry {number}");
        imported.push(match entry {
            Ok(read) => Ok(Candidate {
                place,
                details: Details::new(read.otp, read.issuer.as_str(), read.account.as_str()),
                notices: Vec::new(),
                trashed: false,
            }),
            Err(refused) => Err(Problem { place, label: refused.label.to_string(), reason: refused.reason.into() }),
        });
    }
}

/// The codes of an export, each of which fits into a QR code.
///
/// # Errors
/// No randomness, or an entry that is too long for a code of its own.
pub fn codes(entries: &[Details], random: &mut dyn Random) -> Result<Vec<(Text, Symbol)>, FormatError> {
    let id = u32::from_le_bytes(random_bytes(random)?);
    for most in [ENTRIES_A_CODE, 5, 2, 1] {
        let names = entries.iter().map(|details| (&details.otp, &*details.issuer, &*details.account));
        let codes: Result<Vec<_>, _> = migration::write(names, most, id)
            .into_iter()
            .map(|text| Symbol::of(&text).map(|symbol| (text, symbol)))
            .collect();
        if let Ok(codes) = codes {
            return Ok(codes);
        }
    }
    Err(FormatError::Unsupported("an entry's name is too long for a QR code".into()))
}

/// The codes as pictures; at least one.
pub(super) fn pictures(entries: &[Details], random: &mut dyn Random) -> Result<Vec<Vec<u8>>, FormatError> {
    let codes = codes(entries, random)?;
    if codes.is_empty() {
        return Err(FormatError::Unsupported("there is no entry that Google Authenticator can hold".into()));
    }
    Ok(codes.iter().map(|(_, symbol)| std::mem::take(&mut *symbol.png(6))).collect())
}

fn write(entries: &[Details], _: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let id = u32::from_le_bytes(random_bytes(random)?);
    let names = entries.iter().map(|details| (&details.otp, &*details.issuer, &*details.account));
    let mut out = Vec::new();
    for code in migration::write(names, ENTRIES_A_CODE, id) {
        out.extend_from_slice(code.as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

/// One picture, where one is enough.
fn write_picture(entries: &[Details], _: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let mut pictures = pictures(entries, random)?;
    match (pictures.pop(), pictures.len()) {
        (Some(only), 0) => Ok(only),
        (_, more) => Err(FormatError::Unsupported(format!(
            "these are {} pictures: name a file, and they are written beside each other",
            more.saturating_add(1)
        ))),
    }
}

fn loses(details: &Details) -> Vec<String> {
    let lost = HOLDS.loses(details);
    if HOLDS.holds(&details.otp) && !migration::holds(&details.otp) {
        return vec!["all of it: Google Authenticator has only 6 or 8 digits and 30 s".into()];
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Opened, picture, samples};
    use crate::otp::Otp;
    use crate::secret::Secret;

    fn many(count: u8, name: &str) -> Vec<Details> {
        (0..count)
            .map(|n| Details::new(Otp::new(Kind::Totp, Secret::new(vec![n; 20])), "Wolken AG", format!("{name}{n}")))
            .collect()
    }

    fn read(pictures: &[Vec<u8>]) -> Imported {
        let mut all = Imported::default();
        for bytes in pictures {
            match picture::FORMAT.read.unwrap()(bytes).unwrap() {
                Opened::Plain(imported) => all.add(imported),
                Opened::Encrypted(_) => panic!("pictures need no password"),
            }
        }
        all
    }

    #[test]
    fn pictures_read_back_and_what_is_missing_is_known() {
        let entries = many(23, "ida");
        let pictures = pictures(&entries, &mut samples::Counting(1)).unwrap();
        assert_eq!(pictures.len(), 3);
        let all = read(&pictures);
        assert_eq!(all.exports[0].missing(), None);
        assert_eq!(all.entries.into_iter().map(|entry| entry.details).collect::<Vec<_>>(), entries);
        let missing = |parts: &[Vec<u8>]| read(parts).exports[0].missing().unwrap();
        assert_eq!(missing(&pictures[..1]), "codes 2, 3 of this export's 3 are missing: add them too");
        assert_eq!(missing(&pictures[1..]), "code 1 of this export's 3 is missing: add it too");
    }

    #[test]
    fn long_names_make_more_codes() {
        let entries = many(10, &"long name ".repeat(40));
        let pictures = pictures(&entries, &mut samples::Counting(1)).unwrap();
        assert!(pictures.len() > 1);
        assert_eq!(read(&pictures).entries.len(), 10);
        let entry = many(1, &"x".repeat(4000));
        assert!(super::pictures(&entry, &mut samples::Counting(1)).is_err());
        assert!(super::pictures(&[], &mut samples::Counting(1)).is_err());
    }
}
