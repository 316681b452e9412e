//! What can go wrong with storage elsewhere, and what a person is told: what happened, what was not changed, what to do.

use std::fmt;
use std::time::Duration;

use crate::text::{clean, fit};

/// How much of what a server says is repeated, in columns.
const MOST_WORDS: usize = 300;

/// The kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No connection, no such host, no such command.
    Unreachable,
    /// Not allowed: no, wrong or too weak credentials, a read-only place.
    Refused,
    /// The server's certificate cannot be trusted.
    Certificate,
    /// Others on the way could read it.
    Unencrypted,
    /// The folder, the bucket or the repository the file should be in does not exist.
    NoPlace,
    /// More than a vault can be, or more than the server takes.
    TooLarge,
    /// Cut off in the middle, or not what was announced.
    Torn,
    /// Another place answers, or points elsewhere.
    Elsewhere,
    /// It took longer than it may.
    TimedOut,
    /// The person stopped it.
    Cancelled,
    /// The server is busy, and may have said for how long.
    Later(Option<Duration>),
    /// No space left there.
    Full,
    /// Anything else the server or the system said.
    Failed,
}

/// Whether what was written may be there although an error was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// Nothing was changed there.
    No,
    /// The answer was lost; only reading again can tell.
    Perhaps,
}

/// An error of storage elsewhere. Never holds a password or a key; what a server said is cleaned and cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteError {
    kind: Trouble,
    place: String,
    detail: String,
    arrived: Arrived,
}

impl RemoteError {
    /// Trouble of that kind at that place.
    pub fn new(kind: Trouble, place: &str, detail: impl AsRef<str>) -> RemoteError {
        let detail = fit(detail.as_ref().trim(), MOST_WORDS);
        RemoteError { kind, place: clean(place).into_owned(), detail, arrived: Arrived::No }
    }

    /// The same, said of `place` instead of the scratch file beside it on which something was tried out.
    #[must_use]
    pub(super) fn about(self, scratch: &str, place: &str) -> RemoteError {
        let detail = self.detail.replace(&*clean(scratch), &clean(place));
        RemoteError { place: clean(place).into_owned(), detail, ..self }
    }

    /// The same about a write whose answer was lost.
    #[must_use]
    pub fn perhaps_arrived(self) -> RemoteError {
        RemoteError { arrived: Arrived::Perhaps, ..self }
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> Trouble {
        self.kind
    }

    /// Whether what was to be written may be there all the same.
    pub fn arrived(&self) -> Arrived {
        self.arrived
    }

    /// Whether the same may succeed a little later, without anybody doing anything.
    pub fn may_pass(&self) -> bool {
        match self.kind {
            Trouble::Unreachable | Trouble::Torn | Trouble::TimedOut | Trouble::Later(_) | Trouble::Failed => true,
            Trouble::Refused
            | Trouble::Certificate
            | Trouble::Unencrypted
            | Trouble::NoPlace
            | Trouble::TooLarge
            | Trouble::Elsewhere
            | Trouble::Cancelled
            | Trouble::Full => false,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self.kind {
            Trouble::Unreachable => {
                Some("changes wait on this machine; look at the connection and the address, then sync again")
            }
            Trouble::Refused => Some("look at the login and at what it may do there"),
            Trouble::Certificate => Some(
                "if the server has a certificate authority of its own, name its file in SSL_CERT_FILE; do not go on if you do not know why",
            ),
            Trouble::Unencrypted => Some(
                "use an https:// endpoint; in a network of your own, --insecure with remote set, join or sync allows this one",
            ),
            Trouble::NoPlace => Some("make it, or look at the address; a disk may not be connected"),
            Trouble::TooLarge => Some("a vault holds at most 256 MiB; look at what lies there"),
            Trouble::Elsewhere => {
                Some("open a web page in a browser: the network may ask for a login; else look at the address")
            }
            Trouble::TimedOut | Trouble::Torn | Trouble::Later(_) => {
                Some("changes wait on this machine; sync again later")
            }
            Trouble::Full => Some("free some space there and sync again"),
            Trouble::Cancelled | Trouble::Failed => None,
        }
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RemoteError { kind, place, detail, arrived } = self;
        match kind {
            Trouble::Unreachable => write!(f, "cannot reach {place}: {detail}"),
            Trouble::Refused => write!(f, "{place} refused: {detail}"),
            Trouble::Certificate => write!(f, "the certificate of {place} cannot be trusted: {detail}"),
            Trouble::Torn => write!(f, "what {place} sent was cut off or damaged: {detail}"),
            Trouble::Elsewhere => write!(f, "{place} is not what answers there: {detail}"),
            Trouble::Later(Some(pause)) => write!(f, "{place} asks to wait {} s: {detail}", pause.as_secs()),
            Trouble::Later(None) => write!(f, "{place} is busy: {detail}"),
            Trouble::Unencrypted
            | Trouble::NoPlace
            | Trouble::TooLarge
            | Trouble::TimedOut
            | Trouble::Cancelled
            | Trouble::Full
            | Trouble::Failed => write!(f, "{place}: {detail}"),
        }?;
        f.write_str(match arrived {
            Arrived::No => "; nothing was changed there",
            Arrived::Perhaps => "; whether the change arrived is not known",
        })
    }
}

impl std::error::Error for RemoteError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_cleaned_and_cut() {
        let error = RemoteError::new(Trouble::Failed, "dav.example", format!("500 \u{1b}[2J{}", "x".repeat(9000)));
        let said = error.to_string();
        assert!(!said.contains('\u{1b}'));
        assert!(said.len() < 400, "{}", said.len());
        assert!(said.ends_with("; nothing was changed there"));
        assert!(error.perhaps_arrived().to_string().ends_with("; whether the change arrived is not known"));
    }
}
