//! The JSON inside: the roster and the changes, and what they add up to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::secret::Text;
use crate::vault::change::Pairs;
use crate::vault::fold::Held;
use crate::vault::merge::union;
use crate::vault::roster::{Roster, StoredLink};
use crate::vault::seal::VaultId;
use crate::vault::{EntryId, Stamp, VaultError};

pub use crate::vault::change::Change;
pub use crate::vault::history::HistoryItem;

/// Bodies are padded with blanks to a multiple of this many bytes, so that their length says little.
const PADDING: usize = 4096;

/// Everything in a vault. Cloning is cheap: entries are shared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    pub roster: Roster,
    pub held: BTreeMap<EntryId, Arc<Held>>,
    /// Elements of `entries` that are no changes this program can read: carried along.
    strays: Vec<Text>,
    /// Members of the body that this program does not know: carried along.
    others: BTreeMap<String, Text>,
}

#[derive(Deserialize)]
struct Elements<'a>(#[serde(borrow)] Vec<&'a RawValue>);

impl Document {
    /// An empty vault.
    pub fn new(roster: Roster) -> Document {
        Document { roster, held: BTreeMap::new(), strays: Vec::new(), others: BTreeMap::new() }
    }

    /// Reads a body and verifies its roster.
    ///
    /// # Errors
    /// [`VaultError::Altered`], [`VaultError::Newer`]; [`VaultError::Damaged`] when an authentic body is not what the format says.
    pub fn read(vault: &VaultId, body: &[u8]) -> Result<Document, VaultError> {
        let damaged = |what: &str| VaultError::Damaged(format!("its body was sealed with {what}"));
        let members: Pairs<&RawValue> = serde_json::from_slice(body).map_err(|_| damaged("no JSON object in it"))?;
        let roster = members.get("roster").ok_or_else(|| damaged("no roster"))?;
        let links: Vec<StoredLink> =
            serde_json::from_str(roster.get()).map_err(|_| damaged("a roster that is none"))?;
        let entries = members.get("entries").ok_or_else(|| damaged("no entries"))?;
        let Elements(elements) =
            serde_json::from_str(entries.get()).map_err(|_| damaged("entries that are no list"))?;
        let mut document = Document::new(Roster::read(vault, &links)?);
        let mut more = Vec::new();
        for element in elements {
            let Some((change, contents)) = Change::read(element.get()) else {
                document.strays.push(Text::from(element.get()));
                continue;
            };
            let id = change.entry();
            if document.held.contains_key(&id) || document.roster.purged().contains(&id) {
                more.push(change);
            } else {
                document.held.insert(id, Arc::new(Held::one(change, contents)));
            }
        }
        document.insert(more);
        for (name, value) in &members.0 {
            if name != "roster" && name != "entries" {
                document.others.insert(name.to_string(), Text::from(value.get()));
            }
        }
        Ok(document)
    }

    /// The body, padded. One order of everything: the same contents give the same bytes.
    pub fn write(&self) -> Zeroizing<Vec<u8>> {
        let raw: usize = self.changes().map(|change| change.raw().len().saturating_add(1)).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(raw.saturating_add(8 * PADDING)));
        out.extend_from_slice(br#"{"roster":"#);
        // Writing plain strings to memory cannot fail.
        let _ = serde_json::to_writer(&mut *out, &self.roster.stored());
        out.extend_from_slice(br#","entries":["#);
        let strays = self.strays.iter().map(|stray| &**stray);
        for (n, element) in self.changes().map(Change::raw).chain(strays).enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(element.as_bytes());
        }
        out.push(b']');
        for (name, value) in &self.others {
            out.push(b',');
            let _ = serde_json::to_writer(&mut *out, name);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
        let padded = out.len().next_multiple_of(PADDING);
        out.resize(padded, b' ');
        out
    }

    /// All changes, by entry and then in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.held.values().flat_map(|held| &held.changes)
    }

    /// Takes changes in: the union with what is held.
    pub fn insert(&mut self, mut changes: Vec<Change>) {
        changes.retain(|change| !self.roster.purged().contains(&change.entry()));
        changes.sort_by_key(Change::entry);
        let mut changes = changes.into_iter().peekable();
        while let Some(first) = changes.next() {
            let id = first.entry();
            let mut group = vec![first];
            while let Some(next) = changes.next_if(|next| next.entry() == id) {
                group.push(next);
            }
            let held = self.held.get(&id).map_or(&[][..], |held| &held.changes);
            let all = union(held, group);
            if all != held {
                self.held.insert(id, Arc::new(Held::new(id, all)));
            }
        }
    }

    /// The union with another copy. The roster is the longer of the two.
    ///
    /// # Errors
    /// [`VaultError::Altered`] when neither roster follows from the other.
    pub fn merge(&self, other: &Document) -> Result<Document, VaultError> {
        let mut merged = self.clone();
        if self.roster.is_prefix_of(&other.roster) {
            merged.roster = other.roster.clone();
        } else if !other.roster.is_prefix_of(&self.roster) {
            return Err(VaultError::Altered("its roster does not follow from the one known here".into()));
        }
        merged.held.retain(|id, _| !merged.roster.purged().contains(id));
        for (id, theirs) in &other.held {
            if merged.held.get(id).is_none_or(|ours| !Arc::ptr_eq(ours, theirs)) {
                merged.insert(theirs.changes.clone());
            }
        }
        for stray in &other.strays {
            if !merged.strays.contains(stray) {
                merged.strays.push(stray.clone());
            }
        }
        merged.strays.sort();
        for (name, theirs) in &other.others {
            let ours = merged.others.entry(name.clone()).or_insert_with(|| theirs.clone());
            if *ours < *theirs {
                *ours = theirs.clone();
            }
        }
        Ok(merged)
    }

    /// The newest stamp.
    pub fn newest(&self) -> Stamp {
        self.changes().map(Change::at).max().unwrap_or_default()
    }
}
