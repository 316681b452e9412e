//! How a word on the command line names entries.

use crate::vault::{Entry, EntryId};

/// What a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// One entry.
    One(EntryId),
    /// Several, in the list's order.
    Several(Vec<EntryId>),
}

/// Finds entries by id, else by exact issuer, account or `issuer:account` without case, else by substring of those; never fuzzy.
/// Deleted entries are found only when the caller passes them in.
pub fn find<'a>(entries: impl Iterator<Item = &'a Entry>, query: &str) -> Found {
    let _ = (entries, query);
    todo!()
}
