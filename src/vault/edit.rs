//! What a person can do to entries, turned into changes.

use crate::vault::{Details, EntryId, RecoveryId};

/// One thing done to the vault's entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A new entry under that id.
    Add(EntryId, Box<Details>),
    /// An entry's values become these; only the fields that differ are written. Recovery codes without an id are added,
    /// those missing are removed, `used` can only turn on; the HOTP counter only grows unless the secret changes.
    Change(EntryId, Box<Details>),
    /// Into the trash.
    Delete(EntryId),
    /// Out of the trash.
    Restore(EntryId),
    /// Shown first, or not.
    Favourite(EntryId, bool),
    /// The HOTP counter moves on by one.
    UseCounter(EntryId),
    /// A recovery code has been used.
    UseRecoveryCode(EntryId, RecoveryId),
}
