//! An entry on its way from one vault to another: what is carried over, and what must not be.

use crate::otp::Kind;
use crate::vault::{Details, Entry, Unlocked, VaultError};

/// Whether it stays where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carry {
    /// It is in both vaults then.
    Copy,
    /// It goes to the trash where it was.
    Move,
}

impl Carry {
    /// "copy" or "move".
    pub fn verb(self) -> &'static str {
        match self {
            Carry::Copy => "copy",
            Carry::Move => "move",
        }
    }

    /// What is added to the other vault. Recovery codes get names of their own there.
    ///
    /// # Errors
    /// [`VaultError::Refused`] for an entry of which something would be lost on the way, and for a copy of a counter.
    pub fn details(self, entry: &Entry) -> Result<Details, VaultError> {
        let refused = |words: &str| Err(VaultError::Refused(words.into()));
        if entry.deleted {
            return refused("it is in the trash; restore it first");
        }
        if entry.problem.is_some() {
            return refused("what is stored makes no code and might be lost on the way; edit it first");
        }
        if !entry.conflicts.is_empty() {
            return refused("it was changed in two places at once; settle that first");
        }
        if self == Carry::Copy && entry.details.otp.kind == Kind::Hotp {
            return refused("a counter in two vaults gives the same code twice, and the issuer locks it out; move it");
        }
        let mut details = entry.details.clone();
        details.recovery_codes.iter_mut().for_each(|code| code.id = None);
        Ok(details)
    }
}

/// The entry of that vault, not deleted, that makes codes of the same kind and secret.
pub fn twin<'a>(vault: &'a Unlocked, details: &Details) -> Option<&'a Entry> {
    let otp = &details.otp;
    let same = |entry: &&Entry| entry.details.otp.kind == otp.kind && entry.details.otp.secret == otp.secret;
    vault.entries().filter(|entry| !entry.deleted && !otp.secret.is_empty()).find(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::Otp;
    use crate::secret::{Secret, Text};
    use crate::vault::{RecoveryCode, RecoveryId, Stamp};

    fn entry(kind: Kind) -> Entry {
        let mut details = Details::new(Otp::new(kind, Secret::from(&b"12345678901234567890"[..])), "Site", "me");
        details.otp.counter = 7;
        details.recovery_codes =
            vec![RecoveryCode { id: Some(RecoveryId("a".into())), code: Text::from("abcd"), used: true }];
        Entry {
            id: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            details,
            deleted: false,
            problem: None,
            conflicts: Vec::new(),
            left_out: 0,
            added: Stamp::default(),
            changed: Stamp::default(),
        }
    }

    #[test]
    fn a_counter_moves_with_its_number_and_is_not_copied() {
        let moved = Carry::Move.details(&entry(Kind::Hotp)).unwrap();
        assert_eq!(moved.otp.counter, 7);
        assert!(Carry::Copy.details(&entry(Kind::Hotp)).is_err());
        assert!(Carry::Copy.details(&entry(Kind::Totp)).is_ok());
    }

    #[test]
    fn used_recovery_codes_stay_used_and_lose_their_names() {
        let codes = Carry::Copy.details(&entry(Kind::Totp)).unwrap().recovery_codes;
        assert_eq!(codes, [RecoveryCode { id: None, code: Text::from("abcd"), used: true }]);
    }

    #[test]
    fn what_would_be_lost_on_the_way_stays() {
        for broken in [
            Entry { deleted: true, ..entry(Kind::Totp) },
            Entry { problem: Some("of an unknown kind".into()), ..entry(Kind::Totp) },
            Entry { conflicts: vec!["note".into()], ..entry(Kind::Totp) },
        ] {
            for carry in [Carry::Copy, Carry::Move] {
                assert!(matches!(carry.details(&broken), Err(VaultError::Refused(_))));
            }
        }
    }
}
