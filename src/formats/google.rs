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

/// Which codes of which exports were met, to say which are missing.
#[derive(Default)]
pub(super) struct Parts(Vec<(u64, u64, Vec<u64>)>);

impl Parts {
    /// Reads one code's line into `imported`.
    pub fn read(&mut self, place: &str, line: &str, imported: &mut Imported) {
        let part = match migration::parse(line) {
            Ok(part) => part,
            Err(damaged) => {
                let reason = damaged.to_string();
                imported.problems.push(Problem { place: place.into(), label: String::new(), reason });
                return;
            }
        };
        match self.0.iter_mut().find(|(id, size, _)| (*id, *size) == (part.id, part.size)) {
            Some((.., met)) => met.push(part.index),
            None => self.0.push((part.id, part.size, vec![part.index])),
        }
        for (number, entry) in (1..).zip(part.entries) {
            let place = format!("{place}, entry {number}");
            match entry {
                Ok(read) => imported.entries.push(Candidate {
                    place,
                    details: Details::new(read.otp, read.issuer.as_str(), read.account.as_str()),
                    notices: Vec::new(),
                    trashed: false,
                }),
                Err(refused) => {
                    let (label, reason) = (refused.label.to_string(), refused.reason.into());
                    imported.problems.push(Problem { place, label, reason });
                }
            }
        }
    }

    /// Says which codes of the exports are missing.
    pub fn missing(self, imported: &mut Imported) {
        for (_, size, met) in self.0 {
            // An export has a handful of codes; a larger number is nobody's.
            let missing: Vec<String> =
                (0..size.min(1000)).filter(|index| !met.contains(index)).map(|index| (index + 1).to_string()).collect();
            if !missing.is_empty() {
                let reason = format!("code {} of this export's {size} is missing: scan it too", missing.join(", "));
                imported.problems.push(Problem { place: "the export".into(), label: String::new(), reason });
            }
        }
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
