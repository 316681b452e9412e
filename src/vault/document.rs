//! The JSON inside: the roster and the changes, and what they add up to.

use crate::secret::Text;
use crate::vault::{EntryId, Stamp};

/// One change as it is stored: exact bytes, with what is needed to order it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub(crate) entry: EntryId,
    pub(crate) at: Stamp,
    pub(crate) raw: Text,
}

impl Change {
    /// The entry it changes.
    pub fn entry(&self) -> EntryId {
        self.entry
    }

    /// When and by which replica.
    pub fn at(&self) -> Stamp {
        self.at
    }
}

/// One field's step in an entry's history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// When.
    pub at: Stamp,
    /// The name of the member who made the change, as the roster has it.
    pub by: String,
    /// What was changed: the field's name as a person reads it ("issuer", "secret", "deleted").
    pub field: String,
    /// The value before, in words; `None` when there was none. Secrets, PINs and recovery codes are never in words: they read "(hidden)".
    pub from: Option<Text>,
    /// The value after, likewise.
    pub to: Option<Text>,
}
