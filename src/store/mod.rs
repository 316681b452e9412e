//! Vaults on this machine: where they lie, how they are saved, their backups and what is remembered about them.

pub mod backups;
pub mod disk;
pub mod lock;
pub mod paths;
pub mod state;

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
    /// The vault itself.
    #[error(transparent)]
    Vault(#[from] VaultError),
}
