//! Vaults on this machine: where they lie, how they are saved, their backups and what is remembered about them.
//!
//! A vault's file is only ever replaced as a whole ([`disk::save`]), by one writer at a time ([`lock`]), after what was written
//! has been read back and opened. Nothing here knows how a vault is sealed.

pub mod backups;
pub mod disk;
pub mod lock;
pub mod paths;
pub mod state;
mod temporary;

pub use disk::{Saved, Tag};

use std::path::PathBuf;

use crate::vault::VaultError;

/// What can go wrong with a vault's file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file there.
    #[error("there is no vault at {}", .0.display())]
    Missing(PathBuf),
    /// There is one already.
    #[error("{} exists already and was not changed", .0.display())]
    Exists(PathBuf),
    /// A directory, a device, a loop of links, something that is not a plain file.
    #[error("{} is not a file: {what}", .path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// More than the format allows.
    #[error("{} is larger than 256 MiB, the largest a vault can be", .0.display())]
    TooLarge(PathBuf),
    /// Another process holds the lock.
    #[error("the vault is being saved by {holder}; nothing was changed")]
    Busy {
        /// Who says it holds it, as far as is known.
        holder: String,
    },
    /// The system said no.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// A verb: "read", "write", "rename".
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system said no while a file was being written; what stood there before still does.
    #[error("cannot {doing} {}: {source}; {} was not changed", .path.display(), .target.display())]
    NotSaved {
        /// A verb: "read", "write", "rename".
        doing: &'static str,
        /// The file it was about: a temporary file, a lock, a folder.
        path: PathBuf,
        /// The file that was to be written.
        target: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The new file is in its place, but the system did not confirm that it is on the disk.
    #[error("{} was written, but it may be lost if the power fails now: the system did not confirm it ({source})", .path.display())]
    Unconfirmed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was written does not read back as what it should be; it was thrown away and the file is as it was.
    #[error("what was written beside {} does not read back as it should: {problem}; the file was not changed", .path.display())]
    ReadBack {
        /// The file that was to be replaced.
        path: PathBuf,
        /// What is wrong with what was read.
        problem: String,
    },
    /// The vault itself.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl StoreError {
    /// The same error said of a save: `target` is as it was.
    fn of_save(self, target: &std::path::Path) -> StoreError {
        match self {
            StoreError::Io { doing, path, source } => {
                StoreError::NotSaved { doing, path, target: target.into(), source }
            }
            other => other,
        }
    }
}
