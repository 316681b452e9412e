//! Vaults on this machine: where they lie, how they are saved, their backups and what is remembered about them.
//!
//! A vault's file is only ever replaced as a whole ([`disk::save`]), by one writer at a time ([`lock`]), after what was written
//! has been read back and opened. Nothing here knows how a vault is sealed.

pub mod aside;
pub mod backups;
pub mod disk;
pub mod forget;
pub mod lock;
pub mod memory;
pub mod paths;
pub mod remote;
pub mod state;
pub mod sync;
pub mod sync_lock;
mod temporary;

pub use disk::{Saved, Tag};
pub use state::Os;

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
    #[error("the vault is being saved by {holder}")]
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
    /// What a person can do about it, if anything.
    pub fn hint(&self) -> Option<&'static str> {
        use std::io::ErrorKind;
        match self {
            StoreError::Io { source, .. } | StoreError::NotSaved { source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("free some space on that disk and try again"),
                ErrorKind::FileTooLarge => Some("raise the limit on file sizes (ulimit -f) and try again"),
                ErrorKind::PermissionDenied => Some("look at the permissions of the file and its folder"),
                ErrorKind::ReadOnlyFilesystem => Some("mount that disk for writing, or keep the vault elsewhere"),
                ErrorKind::Unsupported => Some("keep the vault on another file system"),
                _ => None,
            },
            StoreError::Exists(_) => Some("choose another name"),
            StoreError::Busy { .. } => Some("try again when the other program has finished"),
            StoreError::Unconfirmed { .. } => Some("make room or look at the disk's health, then save something again"),
            StoreError::ReadBack { .. } => Some("look at the disk's health, then try again"),
            StoreError::Missing(_) => {
                Some("tickey init makes one, tickey vault list shows those there are, --vault names another")
            }
            StoreError::Vault(error) => error.hint(),
            StoreError::NotAFile { .. } | StoreError::TooLarge(_) => None,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_failed_save_says_what_was_not_changed_and_an_unconfirmed_one_does_not() {
        let full = StoreError::Io { doing: "write", path: "/d/.v.tmp".into(), source: ErrorKind::StorageFull.into() };
        assert_eq!(full.hint(), Some("free some space on that disk and try again"));
        let full = full.of_save(std::path::Path::new("/d/v.json"));
        assert_eq!(full.hint(), Some("free some space on that disk and try again"));
        assert!(full.to_string().ends_with("; /d/v.json was not changed"), "{full}");
        let unconfirmed = StoreError::Unconfirmed { path: "/d/v.json".into(), source: Error::other("x") };
        assert!(!unconfirmed.to_string().contains("changed"));
        assert!(unconfirmed.hint().is_some());
    }
}
