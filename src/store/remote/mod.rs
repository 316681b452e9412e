//! One file of opaque bytes on storage that a team already has: a folder, an S3 bucket, a WebDAV server, a git repository.
//!
//! Nothing here knows what a vault is: bytes are never opened, merged or judged. A remote reads and writes the whole file, says
//! which version it saw, and refuses to replace another version as well as its server lets it. **It is the caller's loop
//! that is safe, not the guard**: many servers look at no precondition, so whoever wrote reads again until it sees its change. A read
//! may give fewer bytes than were written, none at all, or a web page that asks for a login: such bytes mean "again", never
//! "an empty vault".
//!
//! Every operation ends in bounded time and looks now and then whether it was cancelled. Passwords and keys come from the
//! person's own places ([`credentials`]) or from the caller, and appear in no error.

mod command;
mod copies;
pub mod credentials;
mod error;
mod folder;
mod git;
mod http;
mod object;
mod s3;
mod signature;
pub mod url;
mod webdav;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use credentials::{Environment, Login};
pub use error::{Arrived, RemoteError, Trouble};
pub use url::{RemoteUrl, UrlError};

/// The most a file may hold, in bytes.
pub const LARGEST: usize = 256 * 1024 * 1024;

/// Storage of one file. All of it blocks, at most as long as its [`Bounds`] say.
pub trait Remote: Send {
    /// The file as it is now. With the tag of a version the caller holds, an unchanged file costs one small request where the server
    /// can say so.
    ///
    /// # Errors
    /// [`RemoteError`]; a file that is not there is [`Read::Absent`], a folder or bucket that is not there is an error.
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError>;

    /// Replaces the version `expected`, or makes the file when that is `None` (then it must not exist), with the best guard the server
    /// has. [`Written::Conflict`]: there is another version (or none, or one already), and it was not touched.
    ///
    /// # Errors
    /// [`RemoteError`]; [`RemoteError::arrived`] says whether the bytes may be there all the same.
    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError>;

    /// Conflict copies that sync clients have laid beside the file, oldest name first.
    ///
    /// # Errors
    /// [`RemoteError`].
    fn siblings(&mut self) -> Result<Vec<Sibling>, RemoteError> {
        Ok(Vec::new())
    }

    /// A conflict copy's bytes; `None` when it has gone.
    ///
    /// # Errors
    /// [`RemoteError`].
    fn read_sibling(&mut self, _copy: &Sibling) -> Result<Option<(Vec<u8>, Tag)>, RemoteError> {
        Ok(None)
    }

    /// Removes a conflict copy that has been merged, unless it is no longer what was read.
    ///
    /// # Errors
    /// [`RemoteError`].
    fn remove_sibling(&mut self, _copy: &Sibling, _read: &Tag) -> Result<(), RemoteError> {
        Ok(())
    }

    /// Measures what the server really guarantees, with a scratch object beside the file that is removed afterwards.
    ///
    /// # Errors
    /// [`RemoteError`]: what would hinder a sync, too.
    fn probe(&mut self) -> Result<Guarantees, RemoteError>;
}

/// What a read found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// No file. A disk that is not connected can look like this.
    Absent,
    /// The version that the caller named; its tag may have become more certain.
    Same(Tag),
    /// Another version, or one whose tag was not given: at most [`LARGEST`] bytes.
    Found(Vec<u8>, Tag),
}

impl Read {
    /// What a read found that fetched the whole file.
    pub fn of(bytes: Vec<u8>, tag: Tag, known: Option<&Tag>) -> Read {
        match known {
            Some(known) if known.digest == tag.digest => Read::Same(tag),
            _ => Read::Found(bytes, tag),
        }
    }
}

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The bytes were taken. Others may have replaced them already.
    Done(Tag),
    /// Another version is there, and was left alone.
    Conflict,
}

/// Which version of a file was seen. Plain text, to be remembered; equal content has equal digests whatever the server calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The server's name for it; empty when it gave none.
    name: String,
    /// Whether another version can no longer get the same name: many servers make it from a time in whole seconds.
    settled: bool,
    /// SHA-256 of the bytes.
    digest: String,
}

impl Tag {
    /// The version of those bytes that the server calls `name`; `settled`: no other version can get that name any more.
    pub fn new(name: impl Into<String>, settled: bool, bytes: &[u8]) -> Tag {
        Tag { name: name.into(), settled, digest: HEXLOWER.encode(&Sha256::digest(bytes)) }
    }

    /// Whether these bytes are that version.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        self.digest == HEXLOWER.encode(&Sha256::digest(bytes))
    }
}

/// A conflict copy beside the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Its path.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
}

/// How a server guards one writer from another, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// Of several writers that expect one version, exactly one succeeds.
    Atomic,
    /// A writer locks the file, and others are refused meanwhile.
    Locks,
    /// Preconditions are looked at, but two writers at once may both pass.
    Checks,
    /// Preconditions mean nothing.
    Ignores,
}

impl Guard {
    /// In words, as a person reads them.
    pub fn words(self) -> &'static str {
        match self {
            Guard::Atomic => "checks preconditions atomically",
            Guard::Locks => "locks the file while it is written",
            Guard::Checks => {
                "checks preconditions, but two writers at once may both pass: sync reads again until it sees its change"
            }
            Guard::Ignores => "ignores preconditions: sync reads again until it sees its change",
        }
    }
}

/// What a probe measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarantees {
    /// What keeps two writers apart.
    pub guard: Guard,
    /// What else a person should know, a line each.
    pub notes: Vec<String>,
}

impl Guarantees {
    /// One line each, the guard first.
    pub fn lines(&self) -> Vec<String> {
        std::iter::once(self.guard.words().to_owned()).chain(self.notes.iter().cloned()).collect()
    }
}

/// How long a remote may take, and how it is stopped.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// For a connection to be made.
    pub connect: Duration,
    /// For one operation of [`Remote`], all its requests together.
    pub whole: Duration,
    /// Set from elsewhere: the operation under way ends soon with [`Trouble::Cancelled`], and those after it at once.
    pub cancelled: Arc<AtomicBool>,
}

impl Default for Bounds {
    /// Ten seconds to connect, five minutes in all.
    fn default() -> Bounds {
        Bounds {
            connect: Duration::from_secs(10),
            whole: Duration::from_secs(300),
            cancelled: Arc::new(AtomicBool::new(false)),
        }
    }
}

impl Bounds {
    /// One operation begins.
    fn start(&self) -> Deadline {
        Deadline { cancelled: self.cancelled.clone(), ..Deadline::of(self.whole) }
    }
}

/// When the operation under way must have ended.
#[derive(Debug, Clone)]
struct Deadline {
    end: Instant,
    cancelled: Arc<AtomicBool>,
}

impl Deadline {
    /// So much from now on, and nobody cancels it.
    fn of(time: Duration) -> Deadline {
        let now = Instant::now();
        // An instant that cannot be reckoned is too far away to matter; a day is bound enough.
        let end = now.checked_add(time).or_else(|| now.checked_add(Duration::from_secs(86_400)));
        Deadline { end: end.unwrap_or(now), cancelled: Arc::new(AtomicBool::new(false)) }
    }

    /// What is left of the time.
    ///
    /// # Errors
    /// [`Trouble::TimedOut`], [`Trouble::Cancelled`].
    fn left(&self, place: &str) -> Result<Duration, RemoteError> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(RemoteError::new(Trouble::Cancelled, place, "cancelled"));
        }
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(RemoteError::new(Trouble::TimedOut, place, "it took too long"));
        }
        Ok(left)
    }
}

/// Between looks at whether an operation was cancelled.
const LOOK: Duration = Duration::from_millis(50);

/// Does it on a thread of its own, and waits no longer than the deadline: a network disk may hang for ever, and nothing interrupts that.
fn within<T: Send + 'static>(
    deadline: &Deadline,
    place: &str,
    work: impl FnOnce() -> Result<T, RemoteError> + Send + 'static,
) -> Result<T, RemoteError> {
    deadline.left(place)?;
    let (done, result) = mpsc::channel();
    let start = std::thread::Builder::new().name("remote".into()).spawn(move || {
        let _ = done.send(work());
    });
    start.map_err(|error| RemoteError::new(Trouble::Failed, place, format!("no thread could be started: {error}")))?;
    loop {
        match result.recv_timeout(LOOK.min(deadline.left(place)?)) {
            Ok(result) => return result,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(RemoteError::new(Trouble::Failed, place, "it broke off for a reason unknown"));
            }
        }
    }
}

/// What a remote is opened with.
#[derive(Debug, Clone)]
pub struct RemoteContext {
    /// The process's variables: where credentials are looked up, and what `git` runs with.
    pub environment: Environment,
    /// A login from the personal vault; used instead of what lies in the person's files.
    pub login: Option<Login>,
    /// Whether somebody allowed what goes to [`open_endpoint`] to be read on the way.
    pub insecure: bool,
    /// A folder of this machine's for what can be fetched again (the copy of a git repository).
    pub cache: PathBuf,
    /// How long things may take.
    pub bounds: Bounds,
}

/// The storage a URL names. Nothing is connected to yet.
///
/// # Errors
/// [`Trouble::Refused`] without the credentials it cannot do without.
pub fn open(url: &RemoteUrl, around: RemoteContext) -> Result<Box<dyn Remote>, RemoteError> {
    match url {
        RemoteUrl::Folder(path) => Ok(Box::new(folder::Folder::new(path.clone(), around.bounds))),
        RemoteUrl::S3 { bucket, key } => Ok(Box::new(s3::S3::new(bucket, key, &around)?)),
        RemoteUrl::WebDav(url) => Ok(Box::new(webdav::WebDav::new(url, &around)?)),
        RemoteUrl::Git(repository) => Ok(Box::new(git::Git::new(repository, &around))),
    }
}

/// Where this machine's copy of a git repository lies in the folder `cache`; `None` for all other places.
pub fn repository_copy(cache: &Path, url: &RemoteUrl) -> Option<PathBuf> {
    match url {
        RemoteUrl::Git(repository) => Some(git::copy_of(cache, repository)),
        _ => None,
    }
}

/// The S3 endpoint of those variables and the files they name, when it is neither encrypted nor on this machine: `http://HOST:PORT`.
pub fn open_endpoint(environment: &Environment) -> Option<String> {
    s3::open_endpoint(environment)
}

/// A name for a scratch object beside the file `name`, that nobody else takes. Its ending is the same: some servers treat files by theirs.
fn scratch_name(name: &str) -> String {
    let mut unpredictable = [0; 8];
    // Without randomness two probes at once could meet, and would only report each other.
    let _ = getrandom::fill(&mut unpredictable);
    let (stem, ending) = match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    };
    format!("{stem}.probe-{}{ending}", HEXLOWER.encode(&unpredictable))
}
