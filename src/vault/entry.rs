//! An entry as people see it: the newest value of each of its fields.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::otp::{Code, Otp, OtpError};
use crate::secret::{NoRandomness, Random, Text, random_bytes};
use crate::vault::stamp::Stamp;

/// Names an entry for as long as it exists; never its place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(Uuid);

impl EntryId {
    /// A new random id (UUID version 4).
    ///
    /// # Errors
    /// [`NoRandomness`] when there is none.
    pub fn random(random: &mut dyn Random) -> Result<EntryId, NoRandomness> {
        Ok(EntryId(uuid::Builder::from_random_bytes(random_bytes(random)?).into_uuid()))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for EntryId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(EntryId)
    }
}

/// Names one recovery code within its entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecoveryId(pub String);

/// A code that an issuer gave out for the day the authenticator is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCode {
    /// `None` until the vault has given it one (an imported or newly typed code).
    pub id: Option<RecoveryId>,
    /// The code as it was given out.
    pub code: Text,
    /// Used codes stay on record; this only ever turns on.
    pub used: bool,
}

/// What a person keeps about one account: what the add form fills in and an export writes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What makes the codes.
    pub otp: Otp,
    /// Who asks for the code ("GitHub").
    pub issuer: Text,
    /// Whose code it is ("octo@example.com").
    pub account: Text,
    /// Tags; a folder is a tag with `/`.
    pub tags: Vec<Text>,
    /// Free text.
    pub note: Text,
    /// Recovery codes in the order they were added.
    pub recovery_codes: Vec<RecoveryCode>,
    /// Shown first.
    pub favourite: bool,
}

impl Details {
    /// Details with a way to make codes and nothing else.
    pub fn new(otp: Otp, issuer: impl Into<Text>, account: impl Into<Text>) -> Details {
        Details {
            otp,
            issuer: issuer.into(),
            account: account.into(),
            tags: Vec::new(),
            note: Text::empty(),
            recovery_codes: Vec::new(),
            favourite: false,
        }
    }

    /// These values, with what differs between `before` and `after` changed in them too.
    ///
    /// A form shows values for as long as a person thinks about them. Meanwhile another window, or a drawn counter, may have changed
    /// the entry: what the person did not touch must not go back to what it was.
    pub fn with_difference(&self, before: &Details, after: &Details) -> Details {
        fn pick<T: Clone + PartialEq>(now: &T, before: &T, after: &T) -> T {
            if before == after { now.clone() } else { after.clone() }
        }
        let (now, old, new) = (&self.otp, &before.otp, &after.otp);
        let otp = Otp {
            kind: pick(&now.kind, &old.kind, &new.kind),
            secret: pick(&now.secret, &old.secret, &new.secret),
            algorithm: pick(&now.algorithm, &old.algorithm, &new.algorithm),
            digits: pick(&now.digits, &old.digits, &new.digits),
            period: pick(&now.period, &old.period, &new.period),
            // A counter belongs to its secret.
            counter: if old.secret == new.secret {
                pick(&now.counter, &old.counter, &new.counter)
            } else {
                new.counter
            },
            pin: pick(&now.pin, &old.pin, &new.pin),
        };
        let gone = |code: &RecoveryCode| {
            let named = |codes: &[RecoveryCode]| codes.iter().any(|other| other.id == code.id);
            named(&before.recovery_codes) && !named(&after.recovery_codes)
        };
        let mut codes: Vec<RecoveryCode> = self.recovery_codes.iter().filter(|code| !gone(code)).cloned().collect();
        codes.extend(after.recovery_codes.iter().filter(|code| code.id.is_none()).cloned());
        Details {
            otp,
            issuer: pick(&self.issuer, &before.issuer, &after.issuer),
            account: pick(&self.account, &before.account, &after.account),
            tags: pick(&self.tags, &before.tags, &after.tags),
            note: pick(&self.note, &before.note, &after.note),
            recovery_codes: codes,
            favourite: pick(&self.favourite, &before.favourite, &after.favourite),
        }
    }
}

/// An entry: the newest value of each field, folded from the vault's changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name for ever.
    pub id: EntryId,
    /// Its values. Where a stored value is not usable it holds the default and `problem` says so.
    pub details: Details,
    /// In the trash.
    pub deleted: bool,
    /// Why no code can be made of what is stored (an unknown kind, a period of 0): one line for a person.
    pub problem: Option<String>,
    /// Fields that were changed in two places at once; the newer value is shown.
    pub conflicts: Vec<String>,
    /// Values of fields beyond those that an entry may have: they count for nothing.
    pub left_out: usize,
    /// The stamp of the first change: when it was added.
    pub added: Stamp,
    /// The stamp of the newest change.
    pub changed: Stamp,
}

impl Entry {
    /// The code at `unix` seconds.
    ///
    /// # Errors
    /// Why none can be made.
    pub fn code(&self, unix: u64) -> Result<Code, NoCode> {
        match &self.problem {
            Some(problem) => Err(NoCode::Entry(problem.clone())),
            None => Ok(self.details.otp.code(unix)?),
        }
    }

    /// What to call it in a sentence: the issuer, else the account, else "entry without a name". Not cleaned for display.
    pub fn title(&self) -> &str {
        [&self.details.issuer, &self.details.account]
            .into_iter()
            .find(|name| !name.trim().is_empty())
            .map_or("entry without a name", |name| name)
    }
}

/// Why an entry has no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCode {
    /// What is stored cannot be used.
    #[error("{0}")]
    Entry(String),
    /// The values are each fine but make no code.
    #[error(transparent)]
    Otp(#[from] OtpError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::Kind;
    use crate::secret::Secret;

    fn code(id: Option<&str>, code: &str) -> RecoveryCode {
        RecoveryCode { id: id.map(|id| RecoveryId(id.into())), code: Text::from(code), used: false }
    }

    #[test]
    fn only_what_was_touched_is_changed() {
        let mut before = Details::new(Otp::new(Kind::Hotp, Secret::new(b"12345".to_vec())), "Bank", "maya");
        before.otp.counter = 5;
        before.recovery_codes = vec![code(Some("a"), "one"), code(Some("b"), "two")];
        let mut after = before.clone();
        after.account = Text::from("yui");
        after.recovery_codes = vec![code(Some("b"), "two"), code(None, "three")];
        let mut now = before.clone();
        now.note = Text::from("written in another window");
        now.otp.counter = 7;
        now.recovery_codes.push(code(Some("c"), "four"));

        let got = now.with_difference(&before, &after);
        assert_eq!(&*got.account, "yui");
        assert_eq!(&*got.note, "written in another window");
        assert_eq!(got.otp.counter, 7, "a counter went back");
        let codes: Vec<&str> = got.recovery_codes.iter().map(|code| &*code.code).collect();
        assert_eq!(codes, ["two", "four", "three"]);
    }

    #[test]
    fn a_new_secret_has_its_own_counter() {
        let mut before = Details::new(Otp::new(Kind::Hotp, Secret::new(b"12345".to_vec())), "Bank", "maya");
        before.otp.counter = 5;
        let mut now = before.clone();
        now.otp.counter = 7;
        let mut after = before.clone();
        after.otp.secret = Secret::new(b"new".to_vec());
        assert_eq!(now.with_difference(&before, &after).otp.counter, 5);
    }
}
