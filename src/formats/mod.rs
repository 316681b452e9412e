//! Other programs' files: recognised, read, written. Pure: no input or output, no prompts, no printing.

pub mod aegis;
pub mod age;
pub mod andotp;
pub mod archive;
pub mod authenticator_plus;
pub mod authy;
pub mod battlenet;
pub mod bitwarden;
mod cipher;
pub mod columns;
pub mod cotp;
pub mod devolutions;
mod draft;
pub mod duo;
pub mod enpass;
pub mod ente;
pub mod extension;
pub mod freeotp;
pub mod google;
pub mod google_sqlite;
pub mod html;
mod json;
pub mod keepass;
pub mod keeper;
mod keyed_archive;
pub mod lastpass;
mod loss;
pub mod microsoft;
pub mod onepassword;
pub mod otp_auth;
pub mod otpclient;
mod parameters;
pub mod pass;
pub mod picture;
pub mod plan;
mod preferences;
pub mod proton;
pub mod proton_pass;
pub mod raivo;
pub mod registry;
pub mod safeincloud;
#[cfg(test)]
mod samples;
pub mod sheet;
mod sqlcipher;
mod sqlite;
pub mod steam;
pub mod stratum;
pub mod stratum_sqlite;
pub mod table;
pub mod terminal;
pub mod totp_authenticator;
pub mod totp_cli;
pub mod twofas;
pub mod twofauth;
pub mod uri_list;
mod yaml;

#[cfg(test)]
mod strange_tests;

use crate::otp::links;
use crate::secret::{NoRandomness, Random, Text, random_bytes};
use crate::vault::Details;
pub use cipher::Derivations;

/// Reads a file's bytes.
pub type Read = fn(&[u8]) -> Result<Opened, FormatError>;

/// Writes entries, encrypted when there is a password.
pub type Write = fn(&[Details], Option<&Text>, &mut dyn Random) -> Result<Vec<u8>, FormatError>;

/// One row of the registry: one format.
pub struct Format {
    /// What `--format` takes: "aegis".
    pub id: &'static str,
    /// The program's name: "Aegis".
    pub name: &'static str,
    /// One line: which menu of that program writes the file.
    pub help: &'static str,
    /// Whether these bytes look like it. Content only, never a file name.
    pub detect: fn(&[u8]) -> bool,
    /// How it is read.
    pub read: Option<Read>,
    /// How it is written.
    pub write: Option<Writer>,
}

/// How a format is written.
pub struct Writer {
    /// Whether it can be encrypted with a password.
    pub encrypts: bool,
    /// Whether it can be plain.
    pub plain: bool,
    /// The bytes. With a password: encrypted; without: plain.
    pub write: Write,
    /// What this format cannot hold of that entry, in words; empty when it holds all.
    pub loses: fn(&Details) -> Vec<String>,
}

/// A file that was recognised.
pub enum Opened {
    /// Its entries.
    Plain(Imported),
    /// It needs a password first.
    Encrypted(Box<dyn Encrypted + Send>),
}

impl Opened {
    /// A file that `open` opens with a password.
    fn encrypted(open: impl Fn(&Text, &mut Derivations) -> Result<Imported, FormatError> + Send + 'static) -> Opened {
        struct With<F>(F);
        impl<F: Fn(&Text, &mut Derivations) -> Result<Imported, FormatError>> Encrypted for With<F> {
            fn open_within(&self, password: &Text, keys: &mut Derivations) -> Result<Imported, FormatError> {
                (self.0)(password, keys)
            }
        }
        Opened::Encrypted(Box::new(With(open)))
    }
}

/// A recognised file that needs a password.
pub trait Encrypted {
    /// Opens it. May take some ten seconds.
    ///
    /// # Errors
    /// [`FormatError::WrongPassword`], [`FormatError::Damaged`] and so on.
    fn open(&self, password: &Text) -> Result<Imported, FormatError> {
        self.open_within(password, &mut Derivations::default())
    }

    /// The same within what the file around it has left.
    ///
    /// # Errors
    /// Those of [`Encrypted::open`].
    fn open_within(&self, password: &Text, keys: &mut Derivations) -> Result<Imported, FormatError>;
}

/// The most entries of one file.
const MOST_ENTRIES: usize = 100_000;

/// What came out of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// What was read.
    pub entries: Vec<Candidate>,
    /// What was not.
    pub problems: Vec<Problem>,
    /// Exports of several codes that were met: some of their codes may lie in other files.
    pub exports: Vec<google::Export>,
}

impl Imported {
    /// Adds what came out of another file.
    pub fn add(&mut self, other: Imported) {
        self.entries.extend(other.entries);
        self.problems.extend(other.problems);
        other.exports.into_iter().for_each(|export| self.met(export));
    }

    fn met(&mut self, export: google::Export) {
        if !self.exports.iter_mut().any(|known| known.join(&export)) {
            self.exports.push(export);
        }
    }

    /// The number of the entry that comes next, from 1.
    fn next_number(&self) -> usize {
        self.entries.len().saturating_add(self.problems.len()).saturating_add(1)
    }

    /// Adds one entry, read or not. Beyond [`MOST_ENTRIES`] none is added, which is said once. One with a link in its names is refused: it
    /// would show a secret.
    fn push(&mut self, read: Result<Candidate, Problem>) {
        let read = read.and_then(Candidate::without_links);
        match (self.next_number() > MOST_ENTRIES, read) {
            (false, Ok(candidate)) => self.entries.push(candidate),
            (false, Err(problem)) => self.problems.push(problem),
            (true, _) if self.is_full() => {}
            (true, Ok(Candidate { place, .. }) | Err(Problem { place, .. })) => {
                let reason = format!("there are more than {MOST_ENTRIES} entries: the others are left out");
                self.problems.push(Problem { place, label: String::new(), reason });
            }
        }
    }

    /// Whether nothing more is added: reading further is of no use.
    fn is_full(&self) -> bool {
        self.next_number() > MOST_ENTRIES.saturating_add(1)
    }
}

/// One entry read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it stood: "line 4", "entry 2".
    pub place: String,
    /// The entry.
    pub details: Details,
    /// What was put right or left behind on the way, in words ("period 0: the default of 30 s is used").
    pub notices: Vec<String>,
    /// It was in the other program's trash: shown, not imported unless asked.
    pub trashed: bool,
}

impl Candidate {
    fn without_links(mut self) -> Result<Candidate, Problem> {
        let names = [&self.details.issuer, &self.details.account];
        if names.into_iter().chain(&self.details.tags).any(|name| links::within(name)) {
            let reason = "a link stands in its name or tags: there it would show its secret".into();
            return Err(Problem { place: self.place, label: String::new(), reason });
        }
        if links::within(&self.details.note) {
            self.notices.push("its note holds a link: import that by itself to have its codes".into());
        }
        Ok(self)
    }
}

/// One entry that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stood.
    pub place: String,
    /// What it is called there, if it is; not cleaned for display.
    pub label: String,
    /// Why. Never a secret.
    pub reason: String,
}

/// Why a whole file could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No format looks like it.
    #[error("this file is of no known format ({tried})")]
    Unknown {
        /// What was tried.
        tried: String,
    },
    /// It looks like it but cannot be read.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// The password does not open it.
    #[error("wrong password")]
    WrongPassword,
    /// The format does not let a wrong password be told from damage.
    #[error("wrong password, or the file is damaged")]
    WrongPasswordOrDamaged,
    /// The password does not open it, and nothing says whether it is the only key.
    #[error(
        "wrong password, or the database has a key file too: one beside it with its name, ending in .keyx or .key, is used"
    )]
    WrongPasswordOrKeyFile,
    /// Key derivation numbers outside what is allowed.
    #[error("the file asks for key derivation this program refuses: {0}")]
    ParametersRefused(String),
    /// A version or variant that is not supported.
    #[error("{0}")]
    Unsupported(String),
    /// No random bytes to encrypt with.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

impl FormatError {
    /// What a person can do about it, if anything.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            FormatError::Unknown { .. } => {
                Some("tickey formats lists what can be read; choose the format by hand if you know it (--format ID)")
            }
            FormatError::WrongPasswordOrKeyFile => Some("--key-file FILE names a key file that lies elsewhere"),
            _ => None,
        }
    }

    /// The same, naming the entry whose key derivation is refused.
    fn at(self, place: &str) -> FormatError {
        match self {
            FormatError::ParametersRefused(words) => FormatError::ParametersRefused(format!("{place}: {words}")),
            other => other,
        }
    }
}

/// An entry's note with its recovery codes under it, for formats that have a place for the one but not the other.
fn note_with_recovery_codes(details: &Details) -> Text {
    if details.recovery_codes.is_empty() {
        return details.note.clone();
    }
    let mut note = zeroize::Zeroizing::new(details.note.to_string());
    if !note.is_empty() {
        note.push_str("\n\n");
    }
    note.push_str("Recovery codes:");
    for recovery in &details.recovery_codes {
        note.push('\n');
        note.push_str(&recovery.code);
        if recovery.used {
            note.push_str(" (used)");
        }
    }
    Text::from(note.as_str())
}

/// A new random UUID (version 4) as text.
fn new_uuid(random: &mut dyn Random) -> Result<String, NoRandomness> {
    Ok(uuid::Builder::from_random_bytes(random_bytes(random)?).into_uuid().as_hyphenated().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::{Kind, Otp};
    use crate::secret::Secret;

    #[test]
    fn no_entry_comes_in_with_a_link_in_its_names() {
        let link = "see OTPAUTH%3A//totp/x?secret=MY";
        let entry = |change: fn(&mut Details, &str)| {
            let mut details = Details::new(Otp::new(Kind::Totp, Secret::from(&b"a key"[..])), "Bank", "me");
            change(&mut details, link);
            let mut imported = Imported::default();
            imported.push(Ok(Candidate { place: "line 1".into(), details, notices: Vec::new(), trashed: false }));
            imported
        };
        for change in [
            |details: &mut Details, link: &str| details.issuer = link.into(),
            |details: &mut Details, link: &str| details.account = link.into(),
            |details: &mut Details, link: &str| details.tags = vec!["Work".into(), link.into()],
        ] {
            let imported = entry(change);
            assert!(imported.entries.is_empty());
            assert_eq!((&*imported.problems[0].place, &*imported.problems[0].label), ("line 1", ""));
        }
        let noted = entry(|details, link| details.note = link.into());
        assert!(noted.entries[0].notices[0].contains("note"));
        assert!(entry(|_, _| ()).entries[0].notices.is_empty());
    }
}
