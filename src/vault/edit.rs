//! What a person can do to entries, turned into changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::otp::{Kind, base32};
use crate::vault::change::{self, Author, Change, Contents, Set, Value};
use crate::vault::conflict::Choice;
use crate::vault::document::Document;
use crate::vault::fold::{Assignments, Held, counter_of, field, newest};
use crate::vault::link::{self, Link};
use crate::vault::surplus::look_into;
use crate::vault::{Clock, Details, Entry, EntryId, RecoveryId, Stamp, VaultError, bounds, history};

/// One thing done to the vault's entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A new entry under that id.
    Add(EntryId, Box<Details>),
    /// An entry's values become these; only the fields that differ are written. Recovery codes without an id are added,
    /// those missing are removed, `used` can only turn on. A lower HOTP counter assigns the secret again.
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
    /// One of the values that stand for a field is taken; the others are replaced by it.
    Settle(EntryId, Choice),
    /// The key to a shared vault is kept, or what is known of that vault becomes this.
    Link(EntryId, Box<Link>),
    /// The key to a shared vault is forgotten.
    Unlink(EntryId),
}

impl Edit {
    fn entry(&self) -> EntryId {
        match self {
            Edit::Add(id, _)
            | Edit::Change(id, _)
            | Edit::Delete(id)
            | Edit::Restore(id)
            | Edit::Favourite(id, _)
            | Edit::UseCounter(id)
            | Edit::UseRecoveryCode(id, _)
            | Edit::Settle(id, _)
            | Edit::Link(id, _)
            | Edit::Unlink(id) => *id,
        }
    }
}

/// Bytes of the fields of one change of ours: what is left of [`bounds::CHANGE`] is for the names and the signature around them.
const FIELDS: usize = bounds::CHANGE - 16 * 1024;

/// What plans changes: a copy of the document that each planned change goes into, the clock and the author.
pub(crate) struct Planner<'a> {
    pub document: Document,
    pub clock: &'a mut Clock,
    pub wall_ms: u64,
    pub author: Author,
}

impl Planner<'_> {
    /// Plans edits one after another, each on what the ones before leave.
    ///
    /// # Errors
    /// [`VaultError::NoSuchEntry`], [`VaultError::Refused`].
    pub fn edits(mut self, edits: &[Edit]) -> Result<Vec<Change>, VaultError> {
        let mut done: Vec<Change> = Vec::with_capacity(edits.len());
        let mut times: BTreeMap<EntryId, usize> = BTreeMap::new();
        for edit in edits {
            let times = times.entry(edit.entry()).or_insert(0);
            *times = times.saturating_add(1);
        }
        for edit in edits {
            let changes = self.edit(edit)?;
            // Only a later edit of the same entry has to see this one.
            if times.get(&edit.entry()).is_some_and(|times| *times > 1) {
                self.document.insert(changes.clone());
            }
            done.extend(changes);
        }
        Ok(done)
    }

    fn held(&self, id: EntryId) -> Option<Arc<Held>> {
        self.document.held.get(&id).cloned()
    }

    /// A new stamp, later than all it replaces.
    fn stamp(&mut self, changes: &[Change]) -> Result<Stamp, VaultError> {
        let newest = changes.last().map(Change::at).unwrap_or_default();
        // What somebody who left could read is known by its stamp: what is set now must not look as if it had been there.
        let left =
            self.document.roster.left_at().iter().map(|(_, at)| *at).filter(|at| self.document.is_due(*at)).max();
        self.clock.tick(self.wall_ms, newest.max(left.unwrap_or_default())).ok_or_else(|| {
            VaultError::Refused(
                "this entry was changed by a clock at the end of time, and no change can come after it; add it anew"
                    .into(),
            )
        })
    }

    /// The changes of one entry that set those fields: the first at `at`, and as many as it takes to keep each within the bounds of the format.
    fn write(&mut self, id: EntryId, at: Stamp, mut sets: Vec<Set>) -> Result<Vec<Change>, VaultError> {
        if let Some(set) =
            sets.iter().find(|set| set.json.len() > bounds::VALUE || set.field.len() > bounds::FIELD_NAME)
        {
            return Err(VaultError::Refused(format!("the {} is too long", history::label(&set.field))));
        }
        if sets.len() > bounds::FIELDS || sets.iter().map(Set::len).fold(0, usize::saturating_add) > FIELDS {
            // A counter belongs to the secret of its own change.
            sets.sort_by_key(|set| set.field != field::SECRET && set.field != field::COUNTER);
        }
        self.has_room(id, &sets)?;
        let mut changes = Vec::with_capacity(1);
        let mut rest = sets.as_slice();
        let mut at = at;
        while !rest.is_empty() {
            let mut length: usize = 0;
            let fits = |set: &&Set| {
                length = length.saturating_add(set.len());
                length <= FIELDS
            };
            let count = rest.iter().take(bounds::FIELDS).take_while(fits).count().max(1);
            let Some((now, later)) = rest.split_at_checked(count) else { break };
            if !changes.is_empty() {
                at = self.stamp(&changes)?;
            }
            changes.push(change::write(id, at, now, &self.author)?);
            rest = later;
        }
        Ok(changes)
    }

    /// Whether this author may give the entry those fields, too: what is beyond the bound would count for nothing.
    fn has_room(&self, id: EntryId, sets: &[Set]) -> Result<(), VaultError> {
        let names = |sets: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
            sets.filter(|name| !field::ALWAYS.contains(name)).map(str::to_owned).collect()
        };
        let mut all = names(&mut sets.iter().map(|set| set.field.as_str()));
        if all.is_empty() {
            return Ok(());
        }
        let own = self.held(id).map(|held| held.in_force().to_vec()).unwrap_or_default();
        for change in own.iter().filter(|change| change.by() == self.author.key_id()) {
            all.append(&mut names(&mut change.contents().set.0.iter().map(|(name, _)| &**name)));
        }
        match all.len() > bounds::FIELDS_BY_ONE {
            true => Err(VaultError::Refused(
                "this entry has had too many recovery codes; add it anew, and delete this one".into(),
            )),
            false => Ok(()),
        }
    }

    fn edit(&mut self, edit: &Edit) -> Result<Vec<Change>, VaultError> {
        let id = edit.entry();
        let held = self.held(id);
        let entry = held.as_ref().and_then(|held| held.entry.clone());
        let changes = held.as_ref().map_or(&[][..], |held| held.in_force());
        let contents = look_into(changes);
        let at = self.stamp(changes)?;
        let mut draft = Draft::new(&contents, at);
        let known = || entry.clone().ok_or(VaultError::NoSuchEntry);
        match edit {
            Edit::Add(_, details) => {
                if held.is_some() {
                    return Err(VaultError::Refused("there is an entry of that id already".into()));
                }
                if self.document.roster.purged().contains(&id) {
                    return Err(VaultError::NoSuchEntry);
                }
                bounds::check(details, None)?;
                draft.add(details);
            }
            Edit::Change(_, details) => {
                let entry = known()?;
                bounds::check(details, Some(&entry.details))?;
                draft.change(&entry, details);
            }
            Edit::Delete(_) if !known()?.deleted => draft.set(field::DELETED, &true),
            Edit::Restore(_) if known()?.deleted => draft.set(field::DELETED, &false),
            Edit::Favourite(_, on) if known()?.details.favourite != *on => draft.set(field::FAVOURITE, on),
            Edit::Delete(_) | Edit::Restore(_) | Edit::Favourite(..) => {}
            Edit::Settle(_, choice) => {
                known()?;
                draft.settle(choice)?;
            }
            Edit::Link(_, link) => {
                if self.document.roster.is_shared() {
                    return Err(VaultError::Refused("keys to shared vaults are kept in a personal vault".into()));
                }
                draft.link(link);
            }
            Edit::Unlink(_) => draft.set(field::DELETED, &true),
            Edit::UseCounter(_) => {
                let entry = known()?;
                if entry.details.otp.kind != Kind::Hotp {
                    return Err(VaultError::Refused("only HOTP entries have a counter".into()));
                }
                let next = entry.details.otp.counter.checked_add(1).ok_or_else(|| {
                    VaultError::Refused("the counter is at its end; the issuer has to give out a new secret".into())
                })?;
                draft.counter(draft.secret_stamp(), next);
            }
            Edit::UseRecoveryCode(_, code) => {
                let entry = known()?;
                let codes = &entry.details.recovery_codes;
                let code = codes.iter().find(|known| known.id.as_ref() == Some(code)).ok_or(VaultError::NoSuchEntry)?;
                if let (Some(RecoveryId(id)), false) = (&code.id, code.used) {
                    draft.set(&format!("{}{id}", field::USED), &true);
                }
            }
        }
        let sets = draft.sets;
        self.write(id, at, sets)
    }

    /// The changes that take changes back.
    pub fn undo(mut self, done: &[Change]) -> Result<Vec<Change>, VaultError> {
        let mut of_entry: BTreeMap<EntryId, BTreeSet<&Change>> = BTreeMap::new();
        for change in done {
            of_entry.entry(change.entry()).or_default().insert(change);
        }
        let mut undone: Vec<Change> = Vec::with_capacity(of_entry.len());
        for (id, done) in of_entry {
            let Some(held) = self.held(id) else { continue };
            let contents = look_into(held.in_force());
            let taken: Vec<bool> = held.in_force().iter().map(|change| done.contains(change)).collect();
            if !taken.contains(&true) {
                continue;
            }
            let at = self.stamp(held.in_force())?;
            let mut draft = Draft::new(&contents, at);
            draft.take_back(&taken, Extent::Edits);
            let sets = draft.sets;
            undone.extend(self.write(id, at, sets)?);
        }
        Ok(undone)
    }

    /// The changes that take back all that those keys did since a time.
    pub fn revert(mut self, keys: &BTreeSet<[u8; 16]>, since_ms: u64) -> Result<Vec<Change>, VaultError> {
        let mut reverted = Vec::new();
        let is_theirs =
            |change: &Change| change.by().is_some_and(|by| keys.contains(&by)) && change.at().ms() >= since_ms;
        let of_entry = |(id, held): (&EntryId, &Arc<Held>)| held.in_force().iter().any(is_theirs).then_some(*id);
        let entries: Vec<EntryId> = self.document.held.iter().filter_map(of_entry).collect();
        for id in entries {
            let Some(held) = self.held(id) else { continue };
            let contents = look_into(held.in_force());
            let taken: Vec<bool> = held.in_force().iter().map(is_theirs).collect();
            let at = self.stamp(held.in_force())?;
            let mut draft = Draft::new(&contents, at);
            draft.take_back(&taken, Extent::CountersAndUsedCodes);
            let sets = draft.sets;
            reverted.extend(self.write(id, at, sets)?);
        }
        Ok(reverted)
    }

    /// The changes that bring the entries back to what an older copy says.
    pub fn return_to(mut self, old: &Document) -> Result<Vec<Change>, VaultError> {
        let mut done = Vec::new();
        let ids: Vec<EntryId> = self.document.held.keys().chain(old.held.keys()).copied().collect();
        let ids: std::collections::BTreeSet<EntryId> = ids.into_iter().collect();
        for id in ids {
            if self.document.roster.purged().contains(&id) {
                continue;
            }
            let (ours, theirs) = (self.held(id), old.held.get(&id));
            let changes = ours.as_ref().map_or(&[][..], |held| held.in_force());
            let contents = look_into(changes);
            let at = self.stamp(changes)?;
            let mut draft = Draft::new(&contents, at);
            match theirs {
                None if ours.as_ref().and_then(|held| held.entry.as_ref()).is_some_and(|entry| !entry.deleted) => {
                    draft.set(field::DELETED, &true);
                }
                None => {}
                Some(theirs) => {
                    let old_contents = look_into(theirs.in_force());
                    draft.become_like(&old_contents);
                }
            }
            let sets = draft.sets;
            done.extend(self.write(id, at, sets)?);
        }
        Ok(done)
    }
}

/// What is taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// What a person can change at will: a counter stays where it is, and a used recovery code used.
    Edits,
    /// Those two as well: the secret is set again with its earlier counter, and the codes under new ids.
    CountersAndUsedCodes,
}

/// What is to be set in one entry.
struct Draft<'c, 'a> {
    contents: &'c [Contents<'a>],
    assignments: Assignments<'c, 'a>,
    at: Stamp,
    sets: Vec<Set>,
}

impl<'c, 'a> Draft<'c, 'a> {
    /// Nothing yet, on top of those changes of one entry.
    fn new(contents: &'c [Contents<'a>], at: Stamp) -> Draft<'c, 'a> {
        Draft { contents, assignments: Assignments::of(contents), at, sets: Vec::new() }
    }

    fn set(&mut self, name: &str, value: &(impl serde::Serialize + ?Sized)) {
        self.sets.push(Set::new(name, value, self.over(name)));
    }

    /// Sets a field to a value that stood somewhere.
    fn set_json(&mut self, name: &str, json: &str) {
        self.sets.push(Set { field: name.to_owned(), json: json.to_owned().into(), over: self.over(name) });
    }

    /// The assignments that a new one replaces.
    fn over(&self, name: &str) -> Vec<Stamp> {
        self.assignments.open(name).into_iter().map(|(change, _)| change.at).collect()
    }

    /// The newest assignment of a field.
    fn newest(&self, name: &str) -> Option<(Stamp, Value<'a>)> {
        self.assignments.newest(name)
    }

    /// The stamp of the secret in force.
    fn secret_stamp(&self) -> Option<Stamp> {
        self.newest(field::SECRET).map(|(stamp, _)| stamp)
    }

    /// The counter of that secret (`None`: of the one in this change).
    fn counter(&mut self, of: Option<Stamp>, next: u64) {
        #[derive(serde::Serialize)]
        struct Counter {
            #[serde(skip_serializing_if = "Option::is_none")]
            of: Option<Stamp>,
            next: u64,
        }
        self.set(field::COUNTER, &Counter { of, next });
    }

    /// Sets a text field unless it is that already.
    fn become_text(&mut self, name: &str, text: Option<&str>) {
        let now = self.newest(name).filter(|(_, value)| !value.is_null()).and_then(|(_, value)| value.text());
        if now.as_deref() != text {
            self.set(name, &text);
        }
    }

    /// Replaces all values that stand for a field by one of them; does nothing where that one stands alone.
    fn settle(&mut self, choice: &Choice) -> Result<(), VaultError> {
        let open = self.assignments.open(&choice.field);
        let (chosen, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, value)| value.json() == &*choice.json);
        if chosen.is_empty() {
            return Err(VaultError::Refused("that value was replaced meanwhile".into()));
        }
        if others.is_empty() {
            return Ok(());
        }
        // A counter belongs to its secret, and the secret is assigned anew.
        let counters = chosen.iter().filter_map(|(change, _)| counter_of(self.contents, change.at));
        if choice.field == field::SECRET
            && let Some(counter) = counters.max()
        {
            self.counter(None, counter);
        }
        self.set_json(&choice.field, &choice.json);
        Ok(())
    }

    fn link(&mut self, link: &Link) {
        self.become_text(field::KIND, Some(link::KIND));
        self.become_text(field::ISSUER, Some(&link.name));
        self.become_text(field::SECRET, Some(&link::write_key(&link.keys.member)));
        self.become_text(link::VAULT, Some(&link.vault));
        self.become_text(link::REMOTE, Some(&link.remote).filter(|remote| !remote.is_empty()).map(|remote| &**remote));
        self.become_text(link::INVITE, link.keys.invite.as_ref().map(link::write_key).as_deref());
    }

    fn add(&mut self, details: &Details) {
        let otp = &details.otp;
        self.set(field::KIND, otp.kind.name());
        self.set(field::ISSUER, &details.issuer);
        self.set(field::ACCOUNT, &details.account);
        self.set(field::SECRET, &base32::encode(otp.secret.expose()));
        self.set(field::ALGORITHM, otp.algorithm.name());
        self.set(field::DIGITS, &otp.digits.get());
        if otp.kind == Kind::Hotp {
            self.counter(None, otp.counter);
        } else {
            self.set(field::PERIOD, &otp.period.get());
        }
        if let Some(pin) = &otp.pin {
            self.set(field::PIN, pin);
        }
        if !details.tags.is_empty() {
            self.set(field::TAGS, &details.tags);
        }
        if !details.note.is_empty() {
            self.set(field::NOTE, &details.note);
        }
        if details.favourite {
            self.set(field::FAVOURITE, &true);
        }
        self.recovery_codes(&[], details);
    }

    fn change(&mut self, entry: &Entry, new: &Details) {
        let old = &entry.details;
        // What stands there cannot be used: write all of what makes a code, even where it equals the stand-in.
        let broken = entry.problem.is_some();
        if broken || old.otp.kind != new.otp.kind {
            self.set(field::KIND, new.otp.kind.name());
        }
        if old.issuer != new.issuer {
            self.set(field::ISSUER, &new.issuer);
        }
        if old.account != new.account {
            self.set(field::ACCOUNT, &new.account);
        }
        let lowered = new.otp.kind == Kind::Hotp && new.otp.counter < old.otp.counter;
        let new_secret = old.otp.secret != new.otp.secret || lowered || (broken && !new.otp.secret.is_empty());
        if new_secret {
            self.set(field::SECRET, &base32::encode(new.otp.secret.expose()));
        }
        if broken || old.otp.algorithm != new.otp.algorithm {
            self.set(field::ALGORITHM, new.otp.algorithm.name());
        }
        if broken || old.otp.digits != new.otp.digits {
            self.set(field::DIGITS, &new.otp.digits.get());
        }
        if broken || old.otp.period != new.otp.period {
            self.set(field::PERIOD, &new.otp.period.get());
        }
        if new.otp.kind == Kind::Hotp && (new_secret || old.otp.counter != new.otp.counter) {
            let of = if new_secret { None } else { self.secret_stamp() };
            self.counter(of, new.otp.counter);
        }
        if old.otp.pin != new.otp.pin {
            self.set(field::PIN, &new.otp.pin);
        }
        if old.tags != new.tags {
            self.set(field::TAGS, &new.tags);
        }
        if old.note != new.note {
            self.set(field::NOTE, &new.note);
        }
        if old.favourite != new.favourite {
            self.set(field::FAVOURITE, &new.favourite);
        }
        let known: Vec<RecoveryId> = old.recovery_codes.iter().filter_map(|code| code.id.clone()).collect();
        self.recovery_codes(&known, new);
        for code in &old.recovery_codes {
            let Some(RecoveryId(id)) = &code.id else { continue };
            match new.recovery_codes.iter().find(|new| new.id == code.id) {
                None => self.set(&format!("{}{id}", field::RECOVERY), &None::<()>),
                Some(new) => {
                    if new.code != code.code {
                        self.set(&format!("{}{id}", field::RECOVERY), &new.code);
                    }
                    if new.used && !code.used {
                        self.set(&format!("{}{id}", field::USED), &true);
                    }
                }
            }
        }
    }

    /// Gives ids to the codes that are not known, and writes those.
    fn recovery_codes(&mut self, known: &[RecoveryId], details: &Details) {
        let new = details.recovery_codes.iter().filter(|code| code.id.as_ref().is_none_or(|id| !known.contains(id)));
        for (n, code) in new.enumerate() {
            // The stamp is this change's alone, so the id is; and ids sort in the order of adding.
            let id = format!("{}{n:03}", self.at);
            self.set(&format!("{}{id}", field::RECOVERY), &code.code);
            if code.used {
                self.set(&format!("{}{id}", field::USED), &true);
            }
        }
    }

    /// Gives back each field that one of the `taken` changes set the value it had before, unless something newer stands over it. An entry that
    /// nobody else made goes to the trash.
    fn take_back(&mut self, taken: &[bool], extent: Extent) {
        let is_taken = |place: usize| taken.get(place).copied().unwrap_or_default();
        let mut kinds = self.assignments.newest_first(field::KIND).map(|(place, ..)| place).peekable();
        let is_made_by_it = match kinds.peek() {
            Some(_) => kinds.all(is_taken),
            None => !taken.contains(&false),
        };
        drop(kinds);
        if is_made_by_it {
            let deleted = self.newest(field::DELETED).and_then(|(_, value)| value.read::<bool>());
            if deleted != Some(true) {
                self.set(field::DELETED, &true);
            }
            return;
        }
        let mut done: BTreeSet<String> = BTreeSet::new();
        if extent == Extent::CountersAndUsedCodes {
            self.unuse(taken, &mut done);
            self.lower_counter(taken, &mut done);
        }
        let names: Vec<&str> = self.assignments.names().collect();
        for name in names {
            let newest = self.assignments.newest_first(name).next();
            let in_force = newest.is_some_and(|(place, ..)| is_taken(place));
            let grows = name == field::COUNTER || name.starts_with(field::USED);
            if !in_force || grows || done.contains(name) {
                continue;
            }
            let old = self.before(name, taken);
            if name == field::SECRET
                && let Some((stamp, _)) = old
                && let Some(counter) = self.counter_before(stamp, taken, extent)
            {
                self.counter(None, counter);
            }
            match old {
                None if name == field::DELETED => self.set(field::DELETED, &false),
                None => self.set(name, &None::<()>),
                Some((_, value)) => self.set_json(name, value.json()),
            }
        }
    }

    /// The newest assignment of a field that is not taken back.
    fn before(&self, name: &str, taken: &[bool]) -> Option<(Stamp, Value<'a>)> {
        let stays = |place: &usize| !taken.get(*place).copied().unwrap_or_default();
        self.assignments.newest_first(name).find(|(place, ..)| stays(place)).map(|(_, stamp, value)| (stamp, value))
    }

    /// The highest counter of that stamp's secret: of all changes, or of those that stay.
    fn counter_before(&self, secret: Stamp, taken: &[bool], extent: Extent) -> Option<u64> {
        let stays = |taken: &bool| extent == Extent::Edits || !taken;
        let staying = self.contents.iter().zip(taken).filter(|(_, taken)| stays(taken)).map(|(change, _)| change);
        counter_of(staying, secret)
    }

    /// Sets the secret in force again with its earlier counter, where a taken change moved that on.
    fn lower_counter(&mut self, taken: &[bool], done: &mut BTreeSet<String>) {
        let Some((place, stamp, value)) = self.assignments.newest_first(field::SECRET).next() else { return };
        let earlier = self.counter_before(stamp, taken, Extent::CountersAndUsedCodes);
        let is_set_by_it = taken.get(place).copied().unwrap_or_default();
        if !is_set_by_it && earlier < counter_of(self.contents, stamp) {
            self.counter(None, earlier.unwrap_or_default());
            self.set_json(field::SECRET, value.json());
            done.insert(field::SECRET.to_owned());
        }
    }

    /// Keeps the recovery codes that only taken changes marked as used under new ids, on which nothing says so.
    fn unuse(&mut self, taken: &[bool], done: &mut BTreeSet<String>) {
        let (mut by_it, mut by_others): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
        for (change, taken) in self.contents.iter().zip(taken) {
            let used = change.set.0.iter().filter(|(_, value)| value.read() == Some(true));
            let ids = used.filter_map(|(name, _)| name.strip_prefix(field::USED));
            if *taken { by_it.extend(ids) } else { by_others.extend(ids) }
        }
        for (n, id) in by_it.difference(&by_others).enumerate() {
            let name = format!("{}{id}", field::RECOVERY);
            let newest = self.assignments.newest_first(&name).next();
            let in_force = newest.is_some_and(|(place, ..)| taken.get(place).copied().unwrap_or_default());
            let value = if in_force { self.before(&name, taken) } else { self.newest(&name) };
            if let Some((_, value)) = value.filter(|(_, value)| !value.is_null()) {
                self.set_json(&format!("{}{}{n:03}", field::RECOVERY, self.at), value.json());
                self.set(&name, &None::<()>);
                done.insert(name);
            }
        }
    }

    /// Assigns what older contents say wherever ours say something else. A counter of the secret in force never goes back.
    fn become_like(&mut self, old: &[Contents]) {
        let mut theirs: BTreeMap<&str, &str> = BTreeMap::new();
        for change in old {
            theirs.extend(change.set.0.iter().map(|(name, value)| (&**name, value.json())));
        }
        let ours: BTreeMap<&str, &str> = self
            .contents
            .iter()
            .flat_map(|change| change.set.0.iter().map(|(name, value)| (&**name, value.json())))
            .collect();
        let skipped = |name: &str| name == field::COUNTER || name.starts_with(field::USED);
        let new_secret = theirs.get(field::SECRET) != ours.get(field::SECRET);
        for (name, value) in &theirs {
            if *name != field::COUNTER && ours.get(name) != Some(value) {
                self.set_json(name, value);
            }
        }
        for name in ours.keys() {
            if !skipped(name) && !theirs.contains_key(name) {
                if *name == field::DELETED {
                    self.set(field::DELETED, &false);
                } else {
                    self.set(name, &None::<()>);
                }
            }
        }
        if new_secret
            && let Some((stamp, _)) = newest(old, field::SECRET)
            && let Some(counter) = counter_of(old, stamp)
        {
            // The secret may have served since under the same stamp: its highest counter known to either copy counts on.
            self.counter(None, counter.max(counter_of(self.contents, stamp).unwrap_or(0)));
        }
    }
}
