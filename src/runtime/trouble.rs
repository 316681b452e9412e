//! Errors turned into a person's words: what happened, and what to do about it.

use std::path::Path;

use crate::app::Trouble;
use crate::formats::FormatError;
use crate::store::StoreError;
use crate::team::TeamError;
use crate::vault::VaultError;

/// A sentence and what to do.
pub fn trouble(message: impl std::fmt::Display, hint: Option<&str>) -> Trouble {
    Trouble { message: message.to_string(), hint: hint.map(str::to_owned), wrong_passphrase: false, missing: false }
}

/// What is said of a vault that cannot be opened.
pub fn vault(error: &VaultError) -> Trouble {
    let hint = match error {
        VaultError::Damaged(_) | VaultError::Altered(_) | VaultError::RolledBack(_) => {
            Some("nothing was changed; `tickey backup list` shows older versions to go back to")
        }
        VaultError::NotAVault(_) => Some("nothing was changed; another program's export is taken in with import"),
        VaultError::WrongPassphrase => Some("nothing was changed; check the keyboard layout and Caps Lock"),
        VaultError::NotAMember => Some("nothing was changed; check the recovery code"),
        VaultError::Memory { .. } => Some("close other programs and try again"),
        VaultError::Internal(_) => Some("this is a bug: report it with what you did"),
        _ => None,
    };
    Trouble { wrong_passphrase: *error == VaultError::WrongPassphrase, ..trouble(error, hint) }
}

/// What is said of a file.
pub fn store(error: &StoreError) -> Trouble {
    match error {
        StoreError::Vault(error) => vault(error),
        StoreError::Missing(_) => Trouble { missing: true, ..trouble(error, None) },
        // Only a read leaves its sentence without what became of the file.
        StoreError::Io { .. } | StoreError::NotAFile { .. } | StoreError::TooLarge(_) => {
            trouble(error, error.hint().or(Some("nothing was changed")))
        }
        _ => trouble(error, error.hint()),
    }
}

/// What is said of an operation on a vault and its team.
pub fn team(error: &TeamError) -> Trouble {
    match error {
        TeamError::Store(error) => store(error),
        _ => trouble(error, error.hint()),
    }
}

/// What is said of a file to be imported or exported.
pub fn format(error: &FormatError) -> Trouble {
    let hint = match error {
        FormatError::Unknown { .. } => Some("nothing was changed; choose the format by hand if you know it"),
        _ => Some("nothing was changed"),
    };
    trouble(error, hint)
}

/// What is said of a file that cannot be read.
pub fn file(doing: &str, path: &Path, error: &std::io::Error) -> Trouble {
    trouble(format_args!("cannot {doing} {}: {error}", path.display()), Some("nothing was changed"))
}
