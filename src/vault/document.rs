//! The JSON inside: the roster and the changes, and what they add up to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::secret::Text;
use crate::vault::change::{Pairs, key_id_of};
use crate::vault::fold::Held;
use crate::vault::join::Join;
use crate::vault::merge::union;
use crate::vault::records::{BadRecord, Records};
use crate::vault::request::Request;
use crate::vault::roster::{Roster, StoredLink, change_hash};
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
    /// Changes that do not count: their authors may not, or no longer, write. Kept, for an owner may still stand for them.
    pub aside: BTreeMap<EntryId, Vec<Change>>,
    /// What newcomers left.
    pub(super) joins: Records<Join>,
    /// What members ask owners for.
    pub(super) requests: Records<Request>,
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
        Document {
            roster,
            held: BTreeMap::new(),
            aside: BTreeMap::new(),
            joins: Records::default(),
            requests: Records::default(),
            strays: Vec::new(),
            others: BTreeMap::new(),
        }
    }

    /// Reads a body and verifies its roster.
    ///
    /// # Errors
    /// As [`Document::read_and_note`].
    #[cfg(test)]
    pub fn read(vault: &VaultId, body: &[u8]) -> Result<Document, VaultError> {
        Document::read_and_note(vault, body, &mut Vec::new())
    }

    /// Reads a body and verifies its roster; `bad` gets the records in it that do not hold.
    ///
    /// # Errors
    /// [`VaultError::Altered`], [`VaultError::Newer`]; [`VaultError::Damaged`] when an authentic body is not what the format says.
    pub fn read_and_note(vault: &VaultId, body: &[u8], bad: &mut Vec<BadRecord>) -> Result<Document, VaultError> {
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
            let counts = !document.roster.is_shared() || document.counts(&change, key_id_of(&contents.by));
            if document.held.contains_key(&id) || document.roster.purged().contains(&id) || !counts {
                more.push(change);
            } else {
                document.held.insert(id, Arc::new(Held::one(change, contents, document.roster.is_shared())));
            }
        }
        document.insert(more);
        for (name, value) in &members.0 {
            if name == "joins" && document.roster.is_shared() {
                let joins = Records::read(value.get(), &document.roster, bad);
                document.joins = joins.ok_or_else(|| damaged("joins that are none"))?;
            } else if name == "requests" && document.roster.is_shared() {
                let requests = Records::read(value.get(), &document.roster, bad);
                document.requests = requests.ok_or_else(|| damaged("requests that are none"))?;
            } else if name != "roster" && name != "entries" {
                document.others.insert(name.to_string(), Text::from(value.get()));
            }
        }
        Ok(document)
    }

    /// The body, padded. One order of everything: the same contents give the same bytes.
    pub fn write(&self) -> Zeroizing<Vec<u8>> {
        let raw: usize = self.all_changes().map(|change| change.raw().len().saturating_add(1)).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(raw.saturating_add(8 * PADDING)));
        out.extend_from_slice(br#"{"roster":"#);
        // Writing plain strings to memory cannot fail.
        let _ = serde_json::to_writer(&mut *out, &self.roster.stored());
        out.extend_from_slice(br#","entries":["#);
        let strays = self.strays.iter().map(|stray| &**stray);
        for (n, element) in self.all_changes().map(Change::raw).chain(strays).enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(element.as_bytes());
        }
        out.push(b']');
        if !self.joins.is_empty() {
            out.extend_from_slice(br#","joins":"#);
            let _ = serde_json::to_writer(&mut *out, &self.joins);
        }
        if !self.requests.is_empty() {
            out.extend_from_slice(br#","requests":"#);
            let _ = serde_json::to_writer(&mut *out, &self.requests);
        }
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

    /// All changes that count, by entry and then in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.held.values().flat_map(|held| &held.changes)
    }

    /// Those, and those that do not count behind them.
    pub fn all_changes(&self) -> impl Iterator<Item = &Change> {
        self.changes().chain(self.aside.values().flatten())
    }

    /// Whether this document has that change, counting or not.
    pub fn has(&self, change: &Change) -> bool {
        let held = |changes: &Vec<Change>| changes.binary_search(change).is_ok();
        self.held.get(&change.entry()).is_some_and(|ours| held(&ours.changes))
            || self.aside.get(&change.entry()).is_some_and(held)
    }

    /// Whether that change is here and counts.
    pub(super) fn counts_here(&self, change: &Change) -> bool {
        self.held.get(&change.entry()).is_some_and(|held| held.changes.binary_search(change).is_ok())
    }

    /// Takes those out that do not count and that `which` names.
    pub(super) fn take_from_aside(&mut self, mut which: impl FnMut(&Change) -> bool) {
        self.aside.retain(|_, changes| {
            changes.retain(|change| !which(change));
            !changes.is_empty()
        });
    }

    /// Checks the signature of every change of a shared vault that `known` does not have already.
    ///
    /// # Errors
    /// [`VaultError::Altered`] naming the entry.
    pub fn check_signatures(&self, known: Option<&Document>) -> Result<(), VaultError> {
        if !self.roster.is_shared() {
            return Ok(());
        }
        let new = self.all_changes().filter(|change| known.is_none_or(|known| !known.has(change)));
        for change in new {
            let key = change.by().and_then(|by| self.roster.signing_key(&by));
            if !key.is_some_and(|key| change.is_signed_by(key, self.roster.vault())) {
                return Err(VaultError::Altered(format!(
                    "a change of the entry {} is not signed by the member it names",
                    change.entry()
                )));
            }
        }
        Ok(())
    }

    /// Whether a change of a shared vault counts: its author's key is in force, and an editor's or owner's, or an owner stands for it.
    fn counts(&self, change: &Change, by: Option<[u8; 16]>) -> bool {
        by.is_some_and(|by| self.roster.is_author(&by)) || self.is_vouched(change)
    }

    fn is_vouched(&self, change: &Change) -> bool {
        !self.roster.vouched().is_empty() && self.roster.vouched().contains(&change_hash(change.raw()))
    }

    /// Takes changes in: the union with what is held.
    pub fn insert(&mut self, mut changes: Vec<Change>) {
        changes.retain(|change| !self.roster.purged().contains(&change.entry()));
        if self.roster.is_shared() {
            let (count, aside) = changes.into_iter().partition(|change| self.counts(change, change.by()));
            changes = count;
            for change in Vec::into_iter(aside) {
                if change.by().is_some_and(|by| self.roster.is_cut(&by)) {
                    continue;
                }
                let held = self.aside.entry(change.entry()).or_default();
                if let Err(place) = held.binary_search(&change) {
                    held.insert(place, change);
                }
            }
        }
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
                self.held.insert(id, Arc::new(Held::new(id, all, self.roster.is_shared())));
            }
        }
    }

    /// Goes by another roster: what counts is looked at anew where it makes a difference.
    pub fn set_roster(&mut self, roster: Roster) {
        let before = std::mem::replace(&mut self.roster, roster);
        self.held.retain(|id, _| !self.roster.purged().contains(id));
        self.aside.retain(|id, _| !self.roster.purged().contains(id));
        self.joins.retain(&self.roster);
        self.requests.retain(&self.roster);
        if !self.roster.is_shared() || before.counts_the_same(&self.roster) {
            return;
        }
        let held = std::mem::take(&mut self.held);
        let aside = std::mem::take(&mut self.aside);
        let mut again: Vec<Change> = aside.into_values().flatten().collect();
        for (id, held) in held {
            match held.changes.iter().all(|change| self.counts(change, change.by())) {
                true => {
                    self.held.insert(id, held);
                }
                false => again.extend(held.changes.iter().cloned()),
            }
        }
        self.insert(again);
    }

    /// Looks anew at what counts, after links were put on `before`.
    pub fn set_roster_again(&mut self, before: &Roster) {
        let now = std::mem::replace(&mut self.roster, before.clone());
        self.set_roster(now);
    }

    /// Takes in the records of another copy.
    pub(super) fn take_records(&mut self, other: &Document) {
        self.joins.merge(&other.joins, &self.roster);
        self.requests.merge(&other.requests, &self.roster);
    }

    /// The union with another copy, under `roster`, which holds both of theirs.
    pub fn merge(&self, other: &Document, roster: Roster) -> Document {
        let mut merged = self.clone();
        if merged.roster != roster {
            merged.set_roster(roster);
        }
        for (id, theirs) in &other.held {
            if merged.held.get(id).is_none_or(|ours| !Arc::ptr_eq(ours, theirs) && ours.changes != theirs.changes) {
                merged.insert(theirs.changes.clone());
            }
        }
        for theirs in other.aside.values() {
            merged.insert(theirs.clone());
        }
        merged.take_records(other);
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
        merged
    }

    /// The newest stamp.
    pub fn newest(&self) -> Stamp {
        self.all_changes().map(Change::at).max().unwrap_or_default()
    }
}
