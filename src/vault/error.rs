//! What can be wrong with a vault: one variant for each thing a person can be told.

use crate::secret::NoRandomness;
use crate::vault::bounds::TooLong;

/// Why a vault was not opened, changed or sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The bytes are not a vault at all: another program's file, or none.
    #[error("this is not a Tickey vault: {0}")]
    NotAVault(String),
    /// The file was a vault once: cut, flipped or half written.
    #[error("the vault is damaged: {0}")]
    Damaged(String),
    /// A newer program wrote it.
    #[error("the vault was written by a newer version of Tickey ({0}); update the program to open it")]
    Newer(String),
    /// Key derivation numbers outside the bounds this machine accepts.
    #[error("the vault asks for key derivation this program refuses: {0}")]
    ParametersRefused(String),
    /// No slot opens with this passphrase.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// No grant opens with this member key or recovery code.
    #[error("this key is not a member's of this vault")]
    NotAMember,
    /// Somebody changed and re-signed the file, or put two together.
    #[error("the vault was altered: {0}")]
    Altered(String),
    /// The file's author may not write this vault.
    #[error("the vault was written by somebody who may not: {0}")]
    NotEntitled(String),
    /// Two owners changed the roster at the same time, and only an owner's program can put both together.
    #[error("two owners changed who belongs to this vault at the same time; it is settled when one of them opens it")]
    Forked,
    /// The file is older than what this machine has seen.
    #[error("the vault went back in time: {0}")]
    RolledBack(String),
    /// The newest copy at the remote is sealed to others: whatever is changed here reaches nobody.
    #[error(
        "an owner removed you from this vault, or another machine of yours has a newer key: what you change here reaches nobody"
    )]
    ShutOut,
    /// The key derivation's memory could not be had.
    #[error("not enough memory: unlocking this vault takes {mib} MiB")]
    Memory {
        /// What it takes, in MiB.
        mib: u64,
    },
    /// The larger of the two files the format allows.
    #[error("the vault would be larger than {0} MiB, the largest this format allows")]
    TooLarge(u64),
    /// There is no such entry.
    #[error("there is no such entry in this vault any more")]
    NoSuchEntry,
    /// A value that cannot be kept.
    #[error("{0}")]
    Refused(String),
    /// What cannot happen has happened: what was begun is given up.
    #[error("internal error: {0}; nothing was changed")]
    Internal(&'static str),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

impl VaultError {
    /// What a person can do about it, if anything.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            VaultError::WrongPassphrase => {
                Some("check Caps Lock and the keyboard layout; tickey passphrase --recovery sets a new one")
            }
            VaultError::Damaged(_)
            | VaultError::Altered(_)
            | VaultError::NotEntitled(_)
            | VaultError::RolledBack(_) => {
                Some("tickey backup list shows older versions, tickey backup restore N brings one back")
            }
            VaultError::Memory { .. } => Some("close other programs, or open the vault on a larger machine"),
            VaultError::Internal(_) => Some("this is a bug: report it with what you did"),
            VaultError::ShutOut => {
                Some("nothing was changed; tickey sync looks again, tickey cp takes an entry into your personal vault")
            }
            VaultError::NotAVault(_) => Some("tickey import FILE reads another program's export into a vault"),
            _ => None,
        }
    }
}

impl From<TooLong> for VaultError {
    fn from(error: TooLong) -> VaultError {
        VaultError::Refused(error.to_string())
    }
}
