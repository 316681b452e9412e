//! Why an operation on a vault and its team failed, and what to do about it.

use crate::store::StoreError;
use crate::store::remote::{RemoteError, UrlError};
use crate::store::sync::SyncError;
use crate::vault::VaultError;

#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The files here, or what is in them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A name that no shared vault can have.
    #[error("a shared vault has a plain name, such as ops")]
    Name,
    #[error("there is no vault at {0} yet")]
    Nothing(String),
    /// A personal vault lies where a shared one was to be joined.
    #[error("somebody's personal vault lies there")]
    PersonalVault,
    /// The personal vault holds a key to it.
    #[error("you are in this vault already; nothing was changed")]
    AlreadyIn,
    /// Neither kind of code, or one with a typing error.
    #[error("this is not an invitation's code (15 groups of 4 letters and digits), nor a recovery code (7 groups)")]
    NotACode,
    /// An invitation's code for nothing that lies there.
    #[error("this code opens nothing there; nothing was changed")]
    WrongCode,
    #[error("wrong recovery code for this vault")]
    WrongRecoveryCode,
    #[error("another vault lies in its place")]
    AnotherVault,
    /// The key that the personal vault holds opens the vault's file no more.
    #[error("your key does not open this vault any more")]
    KeyEnded,
    /// It did when the vault was opened.
    #[error("your key does not open this vault any more; this change was not saved")]
    KeyEndedMeanwhile,
    #[error("your key does not open what lies at the remote; nothing was changed")]
    KeyEndedThere,
    #[error("no key here opens what lies at the remote: the passphrase was changed on another machine")]
    PassphraseChangedThere,
    /// Whoever is to be removed did more than an owner's program stands for unasked.
    #[error("{0}")]
    TooManyChanges(String),
    #[error("this is not the passphrase of the copy at the remote; nothing was changed")]
    WrongPassphraseThere,
    /// Another program set a new passphrase since the vault was opened.
    #[error("another program set a new passphrase; this change was not saved")]
    PassphraseChanged,
}

impl From<VaultError> for TeamError {
    fn from(error: VaultError) -> TeamError {
        TeamError::Store(error.into())
    }
}

impl TeamError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            TeamError::Remote(error) => error.hint(),
            TeamError::Sync(error) => error.hint(),
            TeamError::Store(error) => error.hint(),
            TeamError::PersonalVault => Some("tickey join brings it onto a machine that has none"),
            TeamError::AlreadyIn => Some("the next sync fetches it where this machine has no copy"),
            TeamError::NotACode => Some("look for a mistyped or missing letter"),
            TeamError::WrongCode => {
                Some("it may have been used or ended, or be for another vault: ask an owner for a new one")
            }
            TeamError::WrongRecoveryCode => {
                Some("a code ends when it is used, when an owner renews it, and when an owner leaves")
            }
            TeamError::KeyEnded | TeamError::KeyEndedMeanwhile => {
                Some("an owner removed you, or the file is another copy; tickey backup list shows older versions")
            }
            TeamError::KeyEndedThere => Some(
                "an owner removed you; or another machine of yours gave you a new key: it comes with your personal vault, by its remote or as a copy",
            ),
            TeamError::PassphraseChangedThere => {
                Some("tickey sync asks for the new one and merges (in a script: --new-passphrase-file)")
            }
            TeamError::TooManyChanges(_) => {
                Some("tickey member remove --keep-changes keeps all of their changes, --drop-changes none")
            }
            TeamError::WrongPassphraseThere => Some("check Caps Lock and the keyboard layout"),
            TeamError::PassphraseChanged => Some("unlock with the new passphrase, and make the change again"),
            TeamError::Url(_) | TeamError::Name | TeamError::Nothing(_) | TeamError::AnotherVault => None,
        }
    }
}
