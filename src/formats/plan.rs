//! What an import would do: each candidate added, taken for an update, or skipped, and why.

use super::{Imported, Problem};
use crate::secret::{NoRandomness, Random};
use crate::vault::{Details, Edit, Entry, EntryId};

/// What to do with an entry that is there already (the same kind, secret, issuer and account; or the same issuer and account with another secret).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDuplicate {
    /// Leave ours.
    #[default]
    Skip,
    /// Ours takes the new values.
    Replace,
    /// Both.
    Keep,
}

/// What happens to one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A new entry.
    Add,
    /// That entry takes the new values.
    Replace(EntryId),
    /// Nothing, and why.
    Skip(String),
}

/// One row of an import's preview.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it stood in the file.
    pub place: String,
    /// The entry.
    pub details: Details,
    /// What was put right or left behind.
    pub notices: Vec<String>,
    /// Ours that it duplicates.
    pub duplicate_of: Option<EntryId>,
    /// What will happen; a person may change it row by row.
    pub action: Action,
}

/// An import, planned.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What was read.
    pub rows: Vec<Row>,
    /// What was not.
    pub problems: Vec<Problem>,
}

/// Plans an import into a vault that holds `existing` (deleted entries are not duplicates).
pub fn plan<'a>(imported: Imported, existing: impl Iterator<Item = &'a Entry>, policy: OnDuplicate) -> Plan {
    let _ = (imported, existing, policy);
    todo!()
}

impl Plan {
    /// The edits that carry it out.
    ///
    /// # Errors
    /// No randomness for new ids.
    pub fn edits(&self, random: &mut dyn Random) -> Result<Vec<Edit>, NoRandomness> {
        let _ = random;
        todo!()
    }
}
