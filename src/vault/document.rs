//! The JSON inside: the roster and the changes, and what they add up to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::secret::Text;
use crate::vault::change::{Elements, Pairs};
use crate::vault::file::write_json;
use crate::vault::fold::{Held, due};
use crate::vault::join::Join;
use crate::vault::merge::KEPT;
use crate::vault::records::{BadRecord, Records};
use crate::vault::request::Request;
use crate::vault::roster::{Roster, StoredLink};
use crate::vault::seal::{VaultId, sha256};
use crate::vault::{EntryId, Stamp, VaultError, bounds};

pub use crate::vault::change::Change;
pub use crate::vault::history::HistoryItem;

/// Bodies are padded with blanks to a multiple of this many bytes, so that their length says little.
const PADDING: usize = 4096;

/// Everything in a vault. Cloning is cheap: entries are shared.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub roster: Roster,
    pub held: BTreeMap<EntryId, Arc<Held>>,
    /// Changes that do not count: their authors may not, or no longer, write. Kept, for an owner may still stand for them.
    aside: Arc<Aside>,
    /// What newcomers left.
    pub(super) joins: Records<Join>,
    /// What members ask owners for.
    pub(super) requests: Records<Request>,
    /// Elements of a personal vault's `entries` that are no changes this program can read, by their SHA-256: carried along.
    strays: BTreeMap<[u8; 32], Text>,
    /// Members of a personal vault's body that this program does not know, by the SHA-256 of their names: carried along.
    others: BTreeMap<[u8; 32], (String, Text)>,
    /// In a shared vault, the latest time of a stamp that counts: a day ahead of this machine's clock when it was last looked at. `None`: it was not yet.
    horizon_ms: Option<u64>,
}

/// Equal contents: when the clock was looked at is none of them.
impl PartialEq for Document {
    fn eq(&self, other: &Document) -> bool {
        self.agrees(other) && self.aside == other.aside
    }
}

impl Document {
    /// Whether both hold the same but for changes that do not count.
    fn agrees(&self, other: &Document) -> bool {
        self.roster == other.roster
            && self.held == other.held
            && self.joins == other.joins
            && self.requests == other.requests
            && self.strays == other.strays
            && self.others == other.others
    }
}

/// Changes by the key id they name and by their SHA-256.
type Aside = BTreeMap<Option<[u8; 16]>, BTreeMap<[u8; 32], Change>>;

/// Leaves so many elements, those with the smallest hashes: which stay does not depend on the order in which they came.
fn bound<T>(by_hash: &mut BTreeMap<[u8; 32], T>, most: usize) {
    while by_hash.len() > most {
        by_hash.pop_last();
    }
}

impl Document {
    /// An empty vault.
    pub fn new(roster: Roster) -> Document {
        Document {
            roster,
            held: BTreeMap::new(),
            aside: Arc::default(),
            joins: Records::default(),
            requests: Records::default(),
            strays: BTreeMap::new(),
            others: BTreeMap::new(),
            horizon_ms: None,
        }
    }

    /// Reads a body where the clock is not known.
    #[cfg(test)]
    pub fn read(vault: &VaultId, body: &[u8]) -> Result<Document, VaultError> {
        Document::read_and_note(vault, body, None, &mut Vec::new())
    }

    /// Reads a body, of which the changes stamped until `horizon_ms` count, and verifies its roster; `bad` gets the records in it that do not hold.
    ///
    /// # Errors
    /// [`VaultError::Altered`], [`VaultError::Newer`]; [`VaultError::Damaged`] when an authentic body is not what the format says.
    pub fn read_and_note(
        vault: &VaultId,
        body: &[u8],
        horizon_ms: Option<u64>,
        bad: &mut Vec<BadRecord>,
    ) -> Result<Document, VaultError> {
        let damaged = |what: &str| VaultError::Damaged(format!("its body was sealed with {what}"));
        let members: Pairs<&RawValue> = serde_json::from_slice(body).map_err(|_| damaged("no JSON object in it"))?;
        // Of doubled names the last counts.
        let members: BTreeMap<&str, &RawValue> = members.0.iter().map(|(name, value)| (&**name, *value)).collect();
        let roster = members.get("roster").ok_or_else(|| damaged("no roster"))?;
        let links: Vec<StoredLink> =
            serde_json::from_str(roster.get()).map_err(|_| damaged("a roster that is none"))?;
        let entries = members.get("entries").ok_or_else(|| damaged("no entries"))?;
        let Elements(elements) =
            serde_json::from_str(entries.get()).map_err(|_| damaged("entries that are no list"))?;
        let mut document = Document::new(Roster::read(vault, &links)?);
        let shared = document.roster.is_shared();
        document.horizon_ms = horizon_ms;
        let mut more = Vec::new();
        for element in elements {
            let Some((change, contents)) = Change::read(element) else {
                document.carry_stray(element);
                continue;
            };
            let id = change.entry();
            let counts = !shared || document.counts(&change) && document.is_due(change.at());
            if document.held.contains_key(&id) || document.roster.purged().contains(&id) || !counts {
                more.push(change);
            } else {
                document.held.insert(id, Arc::new(Held::one(change, contents, shared)));
            }
        }
        document.insert(more);
        for (name, value) in members {
            if name == "joins" && shared {
                let joins = Records::read(value.get(), &document.roster, bad);
                document.joins = joins.ok_or_else(|| damaged("joins that are none"))?;
            } else if name == "requests" && shared {
                let requests = Records::read(value.get(), &document.roster, bad);
                document.requests = requests.ok_or_else(|| damaged("requests that are none"))?;
            } else if name != "roster" && name != "entries" {
                document.carry_member(name, value.get());
            }
        }
        Ok(document)
    }

    /// Keeps an element that is no change. In a shared vault it is dropped: unsigned, it has no author to answer for it.
    fn carry_stray(&mut self, stray: &str) {
        if !self.roster.is_shared() {
            self.strays.insert(sha256(&[stray.as_bytes()]), Text::from(stray));
            bound(&mut self.strays, bounds::UNKNOWN);
        }
    }

    /// Keeps an unknown member of the body; of two values the larger text. In a shared vault it is dropped, too.
    fn carry_member(&mut self, name: &str, value: &str) {
        if !self.roster.is_shared() {
            let (_, known) =
                self.others.entry(sha256(&[name.as_bytes()])).or_insert_with(|| (name.to_owned(), Text::from(value)));
            if **known < *value {
                *known = Text::from(value);
            }
            bound(&mut self.others, bounds::UNKNOWN);
        }
    }

    /// The body, padded. One order of everything: the same contents give the same bytes.
    ///
    /// # Errors
    /// [`VaultError::Internal`].
    pub fn write(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let raw: usize = self.all_changes().map(|change| change.raw().len().saturating_add(1)).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(raw.saturating_add(8 * PADDING)));
        out.extend_from_slice(br#"{"roster":"#);
        write_json(&mut out, &self.roster.stored())?;
        out.extend_from_slice(br#","entries":["#);
        let strays = self.strays.values().map(|stray| &**stray);
        for (n, element) in self.all_changes().map(Change::raw).chain(strays).enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(element.as_bytes());
        }
        out.push(b']');
        if !self.joins.is_empty() {
            out.extend_from_slice(br#","joins":"#);
            write_json(&mut out, &self.joins)?;
        }
        if !self.requests.is_empty() {
            out.extend_from_slice(br#","requests":"#);
            write_json(&mut out, &self.requests)?;
        }
        for (name, value) in self.others.values() {
            out.push(b',');
            write_json(&mut out, name)?;
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
        let padded = out.len().next_multiple_of(PADDING);
        out.resize(padded, b' ');
        Ok(out)
    }

    /// All changes that count, or will once their time has come, by entry and then in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.held.values().flat_map(|held| &held.changes)
    }

    /// Those, and those that do not count behind them.
    pub fn all_changes(&self) -> impl Iterator<Item = &Change> {
        self.changes().chain(self.aside())
    }

    /// All changes that do not count.
    pub fn aside(&self) -> impl Iterator<Item = &Change> {
        self.aside.values().flat_map(BTreeMap::values)
    }

    /// What another copy that follows this one has, too, unless a rule has dropped it: all that is due, but for changes that do not count of whoever has
    /// more of them than every copy takes.
    pub fn lasting(&self) -> impl Iterator<Item = &Change> {
        let aside = self.aside_where(|kept| kept < bounds::ASIDE).filter(|change| self.is_due(change.at()));
        self.in_force().chain(aside)
    }

    /// The changes that do not count of whoever has more of them than every copy takes.
    pub fn crowded(&self) -> impl Iterator<Item = &Change> {
        self.aside_where(|kept| kept >= bounds::ASIDE)
    }

    fn aside_where(&self, fits: impl Fn(usize) -> bool) -> impl Iterator<Item = &Change> {
        self.aside.values().filter(move |kept| fits(kept.len())).flat_map(BTreeMap::values)
    }

    /// The changes that count now.
    pub fn in_force(&self) -> impl Iterator<Item = &Change> {
        self.held.values().flat_map(|held| held.in_force())
    }

    /// The changes dated too far ahead of this machine's clock.
    pub fn waiting(&self) -> impl Iterator<Item = &Change> {
        self.held.values().flat_map(|held| held.waiting())
    }

    /// Whether a change of that stamp counts by this machine's clock. A personal vault has one author, whose machines' clocks all count.
    pub fn is_due(&self, at: Stamp) -> bool {
        self.horizon().is_none_or(|horizon| at.ms() <= horizon)
    }

    fn horizon(&self) -> Option<u64> {
        if self.roster.is_shared() { self.horizon_ms } else { Some(u64::MAX) }
    }

    /// The latest time of a stamp that counts, where the clock was looked at.
    pub fn horizon_ms(&self) -> Option<u64> {
        self.horizon_ms
    }

    /// Goes by the clock: changes stamped after `horizon_ms` wait.
    pub fn set_horizon(&mut self, horizon_ms: Option<u64>) {
        let before = std::mem::replace(&mut self.horizon_ms, horizon_ms);
        if !self.roster.is_shared() || before == horizon_ms {
            return;
        }
        for (id, held) in &mut self.held {
            let was_pruned = before.is_some() || held.changes.len() <= KEPT;
            if !was_pruned || due(&held.changes, horizon_ms) != held.due {
                *held = Arc::new(Held::new(*id, held.changes.clone(), true, horizon_ms));
            }
        }
    }

    /// Whether this document has that change, counting or not.
    pub fn has(&self, change: &Change) -> bool {
        self.held.get(&change.entry()).is_some_and(|ours| ours.changes.binary_search(change).is_ok())
            || self.aside.get(&change.by()).is_some_and(|theirs| theirs.contains_key(change.hash()))
    }

    /// Takes those out that do not count and that `which` names.
    pub(super) fn take_from_aside(&mut self, mut which: impl FnMut(&Change) -> bool) {
        if !self.aside.is_empty() {
            Arc::make_mut(&mut self.aside).retain(|_, by_key| {
                by_key.retain(|_, change| !which(change));
                !by_key.is_empty()
            });
        }
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
    pub(super) fn counts(&self, change: &Change) -> bool {
        change.by().is_some_and(|by| self.roster.is_author(&by)) || self.roster.vouched().contains(change.hash())
    }

    /// Whether owners have dropped that change for good, with all that a key signed and they do not stand for.
    pub(super) fn is_cut(&self, change: &Change) -> bool {
        let by = || change.by().is_some_and(|by| self.roster.is_cut(&by));
        self.roster.drops_changes() && by() && !self.roster.vouched().contains(change.hash())
    }

    /// Takes changes in: the union with what is held.
    pub fn insert(&mut self, mut changes: Vec<Change>) {
        changes.retain(|change| !self.roster.purged().contains(&change.entry()));
        if self.roster.is_shared() {
            let (count, aside) = changes.into_iter().partition(|change| self.counts(change));
            changes = count;
            self.set_aside(aside);
        }
        changes.sort_by_key(Change::entry);
        let mut changes = changes.into_iter().peekable();
        while let Some(first) = changes.next() {
            let id = first.entry();
            // Theirs are taken over, not copied: opening a vault holds each change once.
            let mut all = vec![first];
            while let Some(next) = changes.next_if(|next| next.entry() == id) {
                all.push(next);
            }
            let held = self.held.get(&id).map_or(&[][..], |held| &held.changes);
            all.retain(|change| held.binary_search(change).is_err());
            if !all.is_empty() {
                all.extend_from_slice(held);
                let horizon = self.horizon();
                self.held.insert(id, Arc::new(Held::new(id, all, self.roster.is_shared(), horizon)));
            }
        }
    }

    /// Keeps changes that do not count.
    fn set_aside(&mut self, mut changes: Vec<Change>) {
        changes.retain(|change| !change.by().is_some_and(|by| self.roster.is_cut(&by)));
        if !changes.is_empty() {
            let aside = Arc::make_mut(&mut self.aside);
            for change in changes {
                aside.entry(change.by()).or_default().insert(*change.hash(), change);
            }
        }
    }

    /// Takes in what another copy brings that does not count: beside what is kept already of each key, as many as make `most`. Nothing that is kept gives way,
    /// for whoever has a key that has ended can sign any number of changes, and choose their hashes.
    fn take_late(&mut self, changes: Vec<Change>, most: usize) {
        let (count, mut late): (Vec<Change>, Vec<Change>) =
            changes.into_iter().partition(|change| !self.roster.is_shared() || self.counts(change));
        self.insert(count);
        late.retain(|change| !self.has(change));
        late.sort_unstable_by(|a, b| a.hash().cmp(b.hash()));
        for change in late {
            if self.aside.get(&change.by()).is_none_or(|kept| kept.len() < most) {
                self.insert(vec![change]);
            }
        }
    }

    /// Whether `theirs` has all that this document has. Of changes that do not count each copy keeps what came to it first: one that has as many as are taken
    /// from a copy holds enough of them.
    pub fn is_held_by(&self, theirs: &Document) -> bool {
        let is_enough = |by, ours: &BTreeMap<[u8; 32], Change>| {
            theirs.aside.get(by).is_some_and(|theirs| {
                theirs.len() >= bounds::ASIDE || ours.keys().all(|hash| theirs.contains_key(hash))
            })
        };
        self.agrees(theirs) && self.aside.iter().all(|(by, ours)| is_enough(by, ours))
    }

    /// Whether `theirs` has more changes that do not count than this document and than are taken from a copy.
    pub fn is_beyond(&self, theirs: &Document) -> bool {
        let of = |by| self.aside.get(by).map_or(0, BTreeMap::len);
        theirs.aside.iter().any(|(by, theirs)| theirs.len() > bounds::ASIDE.max(of(by)))
    }

    /// Goes by another roster: what counts is looked at anew where it makes a difference.
    pub fn set_roster(&mut self, roster: Roster) {
        let before = std::mem::replace(&mut self.roster, roster);
        self.held.retain(|id, _| !self.roster.purged().contains(id));
        if !self.aside.is_empty() {
            let purged = self.roster.purged();
            Arc::make_mut(&mut self.aside).retain(|_, by_key| {
                by_key.retain(|_, change| !purged.contains(&change.entry()));
                !by_key.is_empty()
            });
        }
        self.joins.retain(&self.roster);
        self.requests.retain(&self.roster);
        if !self.roster.is_shared() || before.counts_the_same(&self.roster) {
            return;
        }
        let held = std::mem::take(&mut self.held);
        let aside = std::mem::take(&mut self.aside);
        let mut again: Vec<Change> = aside.values().flat_map(BTreeMap::values).cloned().collect();
        for (id, held) in held {
            match held.changes.iter().all(|change| self.counts(change)) {
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

    /// The union with another copy, under `roster`, which holds both of theirs. Of changes that do not count, `most_late` of each key.
    pub fn merge(&self, other: &Document, roster: Roster, most_late: usize) -> Document {
        let mut merged = self.clone();
        merged.set_horizon(self.horizon_ms.or(other.horizon_ms));
        if merged.roster != roster {
            merged.set_roster(roster);
        }
        let shared = merged.roster.is_shared();
        let mut late: Vec<Change> = other.aside().cloned().collect();
        for (id, theirs) in &other.held {
            if merged.held.get(id).is_none_or(|ours| !Arc::ptr_eq(ours, theirs) && ours.changes != theirs.changes) {
                let (count, more): (Vec<Change>, Vec<Change>) =
                    theirs.changes.iter().cloned().partition(|change| !shared || merged.counts(change));
                merged.insert(count);
                late.extend(more);
            }
        }
        merged.take_late(late, most_late);
        merged.take_records(other);
        for stray in other.strays.values() {
            merged.carry_stray(stray);
        }
        for (name, value) in other.others.values() {
            merged.carry_member(name, value);
        }
        merged
    }

    /// The newest stamp that counts.
    pub fn newest(&self) -> Stamp {
        self.in_force().map(Change::at).max().unwrap_or_default()
    }
}
