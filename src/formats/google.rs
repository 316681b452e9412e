//! Google Authenticator: the codes of its export as lines of `otpauth-migration://` URIs. What they hold is [`crate::otp::migration`]'s matter.

use super::{Candidate, Format, FormatError, Imported, Problem, Writer, loss::Holds, uri_list};
use crate::otp::{Kind, migration};
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
        let (code, is) = if missing.len() == 1 { ("code", "is") } else { ("codes", "are") };
        let size = self.size;
        (!missing.is_empty())
            .then(|| format!("{code} {} of this export's {size} {is} missing: add it too", missing.join(", ")))
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
    imported.met(Export { id: part.id, size: part.size, met: vec![part.index] });
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

fn write(entries: &[Details], _: Option<&Text>, random: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let id = u32::from_le_bytes(random_bytes(random)?);
    let names = entries.iter().map(|details| (&details.otp, &*details.issuer, &*details.account));
    let mut out = Vec::new();
    for code in migration::write(names, id) {
        out.extend_from_slice(code.as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

fn loses(details: &Details) -> Vec<String> {
    let lost = HOLDS.loses(details);
    if HOLDS.holds(&details.otp) && !migration::holds(&details.otp) {
        return vec!["all of it: Google Authenticator has only 6 or 8 digits and 30 s".into()];
    }
    lost
}
