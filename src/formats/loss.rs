//! What a format can hold, and what it therefore loses of an entry.

use crate::otp::{Algorithm, Kind, Otp, Period};
use crate::vault::Details;

/// What a format can hold.
pub(super) struct Holds {
    /// The program's name.
    pub program: &'static str,
    /// The kinds it knows; entries of others are left out.
    pub kinds: &'static [Kind],
    /// How many tags an entry can have.
    pub tags: usize,
    /// Whether it has a note; recovery codes are then written under it.
    pub note: bool,
    /// Whether it marks favourites.
    pub favourite: bool,
    /// Whether it knows other algorithms than SHA-1, other lengths and periods.
    pub parameters: bool,
}

impl Holds {
    /// Whether the entry can be written at all.
    pub fn holds(&self, otp: &Otp) -> bool {
        let plain = || {
            otp.algorithm != Algorithm::Sha1
                || otp.digits != otp.kind.default_digits()
                || (otp.is_timed() && otp.period != Period::DEFAULT)
        };
        self.kinds.contains(&otp.kind) && (self.parameters || !plain())
    }

    /// What it cannot hold, in words.
    pub fn loses(&self, details: &Details) -> Vec<String> {
        if !self.kinds.contains(&details.otp.kind) {
            return vec![format!("all of it: {} has no {} entries", self.program, details.otp.kind.name())];
        }
        if !self.holds(&details.otp) {
            return vec![format!(
                "all of it: {} has only SHA1, {} digits and 30 s",
                self.program,
                details.otp.kind.default_digits().get()
            )];
        }
        let mut lost = Vec::new();
        if details.tags.len() > self.tags {
            lost.push(if self.tags == 0 { "its tags".into() } else { "its tags but the first".into() });
        }
        if !self.note && !details.note.is_empty() {
            lost.push("its note".into());
        }
        if !details.recovery_codes.is_empty() {
            lost.push(if self.note {
                "its recovery codes become part of its note".into()
            } else {
                "its recovery codes".into()
            });
        }
        if !self.favourite && details.favourite {
            lost.push("that it is a favourite".into());
        }
        if details.otp.algorithm == Algorithm::Md5 && details.otp.kind != Kind::Motp {
            lost.push(format!("{} makes no codes with MD5", self.program));
        }
        lost
    }
}
