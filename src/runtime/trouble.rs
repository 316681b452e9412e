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
    Trouble { wrong_passphrase: *error == VaultError::WrongPassphrase, ..trouble(error, error.hint()) }
}

/// What is said of a file.
pub fn store(error: &StoreError) -> Trouble {
    match error {
        StoreError::Vault(error) => vault(error),
        _ => Trouble { missing: matches!(error, StoreError::Missing(_)), ..trouble(error, error.hint()) },
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
    trouble(error, error.hint())
}

/// What is said of a file that cannot be read.
pub fn file(doing: &str, path: &Path, error: &std::io::Error) -> Trouble {
    trouble(format_args!("cannot {doing} {}: {error}", path.display()), None)
}
