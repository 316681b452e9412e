//! Places where a team keeps one file: a folder, a WebDAV server, an S3 bucket, a git repository. Bytes go in and out; nothing here knows what
//! they are.

use std::sync::atomic::AtomicBool;

/// What a read found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Just what had that tag before.
    Unchanged,
    /// There is nothing.
    Absent,
    /// A file.
    Found {
        /// Its bytes.
        bytes: Vec<u8>,
        /// What names this version of it, where the place has such names.
        tag: Option<String>,
    },
}

/// What must hold for a write to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Nothing is there yet.
    Absent,
    /// The version of that tag is there.
    Tag(String),
    /// Whatever is there.
    Any,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there now, as far as the place says; whoever cares reads it back.
    Done,
    /// The guard did not hold, or somebody else is writing: read again, then write again.
    Conflict,
}

/// A copy that a synchronising program put beside the file, because two machines had written it at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A place for one file.
pub trait Remote {
    /// Reads the file. `known` is the tag of a version that the caller has.
    ///
    /// # Errors
    /// [`RemoteError`].
    fn read(&mut self, known: Option<&str>, cancel: &AtomicBool) -> Result<Read, RemoteError>;

    /// Writes the file, as far as the place can under that guard.
    ///
    /// # Errors
    /// [`RemoteError`].
    fn write(&mut self, bytes: &[u8], guard: &Guard, cancel: &AtomicBool) -> Result<Written, RemoteError>;

    /// Conflict copies beside the file.
    ///
    /// # Errors
    /// [`RemoteError`].
    fn siblings(&mut self) -> Result<Vec<Sibling>, RemoteError> {
        Ok(Vec::new())
    }

    /// Removes a conflict copy, if it is still what was read.
    ///
    /// # Errors
    /// [`RemoteError`].
    fn remove(&mut self, _sibling: &Sibling) -> Result<(), RemoteError> {
        Ok(())
    }

    /// Tries out what the place guarantees, with a file of its own beside; in words for a person, one line each.
    ///
    /// # Errors
    /// [`RemoteError`].
    fn probe(&mut self, cancel: &AtomicBool) -> Result<Vec<String>, RemoteError>;
}

/// Why a place could not be reached, read or written. The file there is as it was, unless a write was under way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The address makes no sense, or is refused.
    #[error("{0}")]
    Address(String),
    /// Nobody answers, or too slowly.
    #[error("the remote cannot be reached: {0}")]
    Unreachable(String),
    /// It wants another name or password, or does not let this one in.
    #[error("the remote refuses access: {0}")]
    Refused(String),
    /// Its certificate is not to be trusted.
    #[error("the remote's certificate is not to be trusted: {0}")]
    Certificate(String),
    /// The folder, bucket or repository is not there.
    #[error("the remote has no such place: {0}")]
    NoPlace(String),
    /// It asks to come back later.
    #[error("the remote is busy: {0}")]
    Busy(String),
    /// More bytes than a vault can have.
    #[error("what lies at the remote is larger than a vault can be")]
    TooLarge,
    /// Anything else it said or did.
    #[error("the remote does not work: {0}")]
    Failed(String),
    /// Somebody asked for the end of it.
    #[error("cancelled; nothing is lost")]
    Cancelled,
}
