//! Somebody else's copy of this vault, from a place that anybody may have written to: verified, then merged.
//!
//! A copy counts when its roster extends the one known here, or the other way round, and its author is editor or owner in the newer of the two.
//! From a copy that a newcomer signed with an invite's key, or a viewer with a new key, nothing is taken but what others signed (the roster's links, changes
//! that count) and the records of newcomers. Anything else is refused with its reason and never merged.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::secret::Random;
use crate::vault::document::{Change, Document};
use crate::vault::file::File;
use crate::vault::locked::{decrypt_and_note, entitled, granted, open_body};
use crate::vault::records::BadRecord;
use crate::vault::roster::{Relation, Role, Roster};
use crate::vault::seal::{Key, MemberKey};
use crate::vault::sharing::Me;
use crate::vault::{Limits, Locked, Stamp, Unlocked, VaultError, bounds};

/// What a copy held: remembered, so that an older one is noticed. Learnt only from what was read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The epoch.
    pub epoch: u64,
    /// The roster's newest link, as hexadecimal digits.
    pub head: String,
    /// Each replica's newest stamp, of at most 1 024 the newest; the replica as hexadecimal digits.
    pub newest: BTreeMap<String, Stamp>,
    /// How many changes.
    #[serde(default)]
    pub changes: usize,
    /// How many records of newcomers.
    #[serde(default)]
    pub joins: usize,
    /// How many requests of members.
    #[serde(default)]
    pub requests: usize,
}

/// How many replicas are remembered of a copy: whoever writes to it can make up any number of them.
const REPLICAS: usize = 1024;

/// A copy that was taken in.
#[derive(Debug)]
pub struct Accepted {
    /// Ours, with all of theirs in it.
    pub vault: Unlocked,
    /// Whether the copy holds all that ours does now: then there is nothing to write.
    pub holds_all: bool,
    /// What the copy held, to be remembered.
    pub seen: Seen,
    /// In what way the copy is older than what was remembered, in words.
    pub went_back: Option<String>,
    /// The signing keys that members ask for in the copy.
    pub asked: BTreeSet<[u8; 32]>,
    /// Records in it that do not hold, and were left out.
    pub bad: Vec<BadRecord>,
    /// Two owners had acted at once, and this machine's owner has put both together.
    pub joined_fork: bool,
}

impl Seen {
    fn of(document: &Document) -> Seen {
        let mut newest: BTreeMap<u64, Stamp> = BTreeMap::new();
        let mut changes = 0_usize;
        for change in document.lasting() {
            let known = newest.entry(change.at().replica()).or_default();
            *known = change.at().max(*known);
            changes = changes.saturating_add(1);
        }
        let newest = newest.into_iter().map(|(replica, at)| (format!("{replica:016x}"), at)).collect();
        let head = data_encoding::HEXLOWER.encode(&document.roster.head());
        Seen {
            epoch: document.roster.epoch(),
            head,
            newest,
            changes,
            joins: document.joins.len(),
            requests: document.requests.len(),
        }
    }

    /// The same, but for the replicas of these changes.
    fn without<'a>(&self, changes: impl Iterator<Item = &'a Change>) -> Seen {
        let mut seen = self.clone();
        for change in changes {
            seen.newest.remove(&format!("{:016x}", change.at().replica()));
        }
        seen
    }

    /// What of it is remembered.
    fn bounded(mut self) -> Seen {
        let mut stamps: Vec<Stamp> = self.newest.values().copied().collect();
        if stamps.len() > REPLICAS {
            stamps.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = stamps.get(REPLICAS - 1).copied().unwrap_or_default();
            self.newest.retain(|_, stamp| *stamp >= oldest);
            while self.newest.len() > REPLICAS {
                self.newest.pop_last();
            }
        }
        self
    }

    /// Tells of a change whether it was not in the copy yet. Of the replicas that are not remembered, all was there that is older than what is.
    pub(super) fn lacks(&self) -> impl Fn(&Change) -> bool {
        let is_whole = self.newest.len() < REPLICAS;
        let oldest = self.newest.values().min().copied().filter(|_| !is_whole);
        move |change| {
            let newest = self.newest.get(&format!("{:016x}", change.at().replica())).copied();
            newest.or(oldest).is_none_or(|newest| change.at() > newest)
        }
    }

    /// In what way `now` is older than this. `relation` is how its roster stands to the one known here; `merged` is both together: what is
    /// missing there, too, was dropped by a rule and not by whoever keeps the file.
    fn older(&self, now: &Seen, merged: &Seen, roster: &Roster, relation: Relation) -> Option<String> {
        if now.epoch < self.epoch {
            return Some(format!("it is of epoch {}, and epoch {} was there before", now.epoch, self.epoch));
        }
        let follows = !matches!(relation, Relation::Same | Relation::Behind);
        if !follows && !self.head.is_empty() && now.head != self.head && !roster.has_had(&self.head) {
            return Some("its list of members is older than the one that was there before".into());
        }
        let lacks = |(replica, newest): (&String, &Stamp)| {
            let there = now.newest.get(replica);
            there.is_none_or(|there| there < newest) && merged.newest.get(replica) > there
        };
        // The newest change of all is dropped by no rule but those of entries forgotten for good and of members cut off.
        let newest = |seen: &Seen| seen.newest.values().copied().max();
        let all_lack = !roster.drops_changes() && newest(now) < newest(self);
        (all_lack || self.newest.iter().any(lacks)).then(|| "changes that were in it before are missing".into())
    }
}

impl Unlocked {
    /// What this vault holds, as it is remembered of a remote that holds it.
    pub fn seen(&self) -> Seen {
        Seen::of(&self.document).bounded()
    }

    /// Takes in another copy of this vault's file.
    ///
    /// # Errors
    /// [`VaultError::NotAVault`], [`VaultError::Damaged`] (again later, perhaps), [`VaultError::Newer`]; [`VaultError::RolledBack`] when it is from
    /// before our key, [`VaultError::NotAMember`] when no key of ours opens it otherwise; [`VaultError::ParametersRefused`] when it is genuine, and
    /// this machine too small for it; [`VaultError::Altered`], [`VaultError::NotEntitled`], [`VaultError::Forked`]: never merged.
    pub fn accept(
        &self,
        bytes: &[u8],
        remembered: Option<&Seen>,
        limits: &Limits,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Accepted, VaultError> {
        let us = self.at(wall_ms);
        let locked = Locked::read_unbound(bytes).map_err(|error| match error {
            // More slots or grants than there can be: whoever asks for them, no writer of this format.
            VaultError::ParametersRefused(words) => VaultError::Altered(words),
            error => error,
        })?;
        let file = &locked.file;
        if file.header.vault != self.header.vault {
            return Err(VaultError::Altered("another vault lies in its place".into()));
        }
        let keys: Vec<&MemberKey> = self.own.iter().chain(&self.invite).collect();
        let granted = granted(file, &keys);
        // Of this epoch we have the key, even where whoever wrote this left us out.
        let is_ours = || file.header.epoch == self.header.epoch && open_body(file, &self.vault_key).is_ok();
        let ours = || is_ours().then(|| self.vault_key.clone());
        let vault_key = granted.clone().or_else(ours).ok_or_else(|| self.unopened(file, remembered))?;
        let mut bad = Vec::new();
        // Without the clock, by which others may have pruned otherwise: what was written so is written so again.
        let (mut theirs, body) = decrypt_and_note(file, &vault_key, None, &mut bad).map_err(|error| match error {
            // What was sealed and signed is not torn: reading it again brings nothing else.
            VaultError::Damaged(words) => VaultError::Altered(words),
            error => error,
        })?;
        let is_plain = file.header.write()? == file.header_bytes && theirs.write()? == body && file.write()? == bytes;
        drop(body);
        theirs.set_horizon(us.document.horizon_ms());
        // Genuine, then: but the file could not be opened again on this machine.
        locked.check(limits)?;
        let seen = Seen::of(&theirs);
        let relation = self.document.roster.relation(&theirs.roster);
        let accepted = us.take_in(file, vault_key, &theirs, relation, wall_ms, random)?;
        let merged = &accepted.vault.document;
        let went_back = remembered.and_then(|remembered| {
            remembered.without(merged.crowded()).older(&seen, &Seen::of(merged), &theirs.roster, relation)
        });
        // Our key was replaced by one that this machine does not have yet, or we were removed.
        let shut_out = matches!(accepted.vault.me(), Me::Pending { .. }) && matches!(self.me(), Me::Member { .. });
        if shut_out {
            return Err(VaultError::NotAMember);
        }
        // What means nothing, by whomever it was put there, goes with the next thing that is written.
        let is_plain = is_plain && !accepted.vault.document.is_beyond(&theirs);
        let holds_all = accepted.holds_all && granted.is_some() && (is_plain || self.may_edit().is_err());
        let asked = theirs.requests.said().map(|request| request.keys.sign).collect();
        Ok(Accepted { seen: seen.bounded(), went_back, holds_all, asked, bad, ..accepted })
    }

    /// What a copy is that no key of ours opens: one from before our key, one from nobody, or one from after we were shut out.
    fn unopened(&self, file: &File, remembered: Option<&Seen>) -> VaultError {
        let (roster, epoch) = (&self.document.roster, file.header.epoch);
        let known = roster.has_known(&file.author);
        if known && epoch < self.header.epoch {
            return VaultError::RolledBack(format!("it is of epoch {epoch}, sealed before the key in use here"));
        }
        // Both machines of one person may have set a new passphrase before either heard of the other's.
        let two_at_once = !self.is_shared() && remembered.is_some_and(|seen| seen.epoch > 0 && seen.epoch < epoch);
        if !known && epoch <= self.header.epoch && !two_at_once {
            return VaultError::Altered(
                "it is sealed to nobody here and signed by nobody in its list of members".into(),
            );
        }
        VaultError::NotAMember
    }

    /// Whether `theirs` has all of this vault that is for this member to write: of a newcomer that is the record alone.
    fn is_held_by(&self, theirs: &Document) -> bool {
        match self.me() {
            Me::Pending { .. } => self.document.joins.all_in(&theirs.joins),
            Me::Member { .. } => self.document.is_held_by(theirs),
        }
    }

    fn take_in(
        &self,
        file: &File,
        vault_key: Key,
        theirs: &Document,
        relation: Relation,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Accepted, VaultError> {
        let accepted = |vault: Unlocked, holds_all, joined_fork| Accepted {
            vault,
            holds_all,
            seen: Seen::default(),
            went_back: None,
            asked: BTreeSet::new(),
            bad: Vec::new(),
            joined_fork,
        };
        let mut next = self.clone();
        let newer = match relation {
            Relation::Same | Relation::Behind | Relation::Crossed { theirs: false, .. } => &self.document.roster,
            Relation::Ahead | Relation::Crossed { theirs: true, .. } | Relation::Forked => &theirs.roster,
        };
        let follows = matches!(relation, Relation::Ahead | Relation::Crossed { theirs: true, .. });
        let by_newcomer = newer.invite_by_key(&file.author).is_some();
        let asks = theirs.requests.said().any(|request| request.old == file.author);
        let by_viewer = newer.member_by_key(&file.author).is_some_and(|author| author.role == Role::Viewer);
        if by_newcomer && relation == Relation::Forked {
            return Err(VaultError::NotEntitled("it was left by a newcomer, with a list of members of its own".into()));
        }
        // A newcomer's record comes this way, and a viewer's request. Of the entries what counts by its own author's signature is taken: it may be nowhere
        // else.
        if by_newcomer || by_viewer && asks && relation != Relation::Forked {
            theirs.check_signatures(Some(&self.document))?;
            if follows {
                next.document.set_roster(theirs.roster.clone());
                next.settle_key();
                next.vault_key = vault_key;
                next.renew_header(random)?;
            }
            let new = theirs.changes().filter(|change| !self.document.has(change) && next.document.counts(change));
            next.document.insert(new.cloned().collect());
            next.document.take_records(theirs);
            // Others cannot take the rest of it, so a member writes it anew.
            let holds_all = matches!(next.me(), Me::Pending { .. }) && next.is_held_by(theirs);
            return Ok(accepted(next, holds_all, false));
        }
        let roster = &self.document.roster;
        let known = |change: &Change| {
            self.document.has(change) || roster.purged().contains(&change.entry()) || self.document.is_cut(change)
        };
        if let Err(barred) = entitled(newer, &file.author) {
            // Who signed what we have already does not matter, of those who might once (a member who has left since, say), or who asked for a new key.
            // Records of newcomers and requests vouch for themselves; nothing else is taken.
            let might = entitled(&theirs.roster, &file.author).is_ok()
                || theirs.roster.invite_by_key(&file.author).is_some()
                || asks;
            let no_more = matches!(relation, Relation::Behind | Relation::Same) && theirs.all_changes().all(known);
            if !might || !no_more {
                return Err(barred);
            }
            next.document.take_records(theirs);
            return Ok(accepted(next, false, false));
        }
        theirs.check_signatures(Some(&self.document))?;
        let mut joined_fork = false;
        let roster = match relation {
            Relation::Same | Relation::Behind | Relation::Crossed { theirs: false, .. } => self.document.roster.clone(),
            Relation::Ahead | Relation::Crossed { theirs: true, .. } => {
                next.header = file.header.clone();
                next.vault_key = vault_key;
                theirs.roster.clone()
            }
            Relation::Forked => {
                self.believed_in_a_fork(&theirs.roster, &file.author)?;
                joined_fork = self.is_owner();
                next.header = file.header.clone();
                next.vault_key = if joined_fork { Key::random(random)? } else { vault_key };
                self.join_fork(&theirs.roster, &next.vault_key, wall_ms, random)?
            }
        };
        next.document = self.document.merge(theirs, roster, bounds::ASIDE);
        next.settle_key();
        if relation == Relation::Forked {
            next.renew_header(random)?;
        }
        if matches!(relation, Relation::Crossed { equal: false, .. }) && next.is_owner() {
            next.next_epoch(wall_ms, random)?;
        }
        // Whom it is sealed to is its author's word: where somebody is left out, it is written again.
        let whole = file.header.grants.len() == theirs.roster.readers();
        let holds_all = whole && next.is_held_by(theirs);
        Ok(accepted(next, holds_all, joined_fork))
    }

    fn is_owner(&self) -> bool {
        let me = self.document.roster.member_by_key(&self.member.public().sign);
        me.is_some_and(|me| me.role == Role::Owner)
    }

    /// Whether the author of a copy whose roster parted from ours may write by ours, too: with the key known here, or with one that took its place there.
    fn believed_in_a_fork(&self, theirs: &Roster, author: &[u8; 32]) -> Result<(), VaultError> {
        let ours = &self.document.roster;
        let own = || !ours.is_shared() && self.own.iter().any(|key| key.public().sign == *author);
        // None of the keys they ever had is known here: nobody's new key.
        let there = || theirs.member_by_key(author).map(|member| &member.signed_with);
        let let_in_there = || there().is_some_and(|keys| !keys.iter().any(|key| ours.has_known(key)));
        let void = ours.void_in(theirs);
        if there().is_some_and(|keys| keys.iter().any(|key| void.contains(key))) {
            return Err(VaultError::NotEntitled(
                "it is by somebody who came in with a recovery code that had been replaced".into(),
            ));
        }
        match ours.member_of(theirs, author) {
            Some(member) => entitled(ours, &member.keys.sign),
            None if own() => Ok(()),
            // Let in there: by owners of ours, or the branch is not joined.
            None if let_in_there() => Ok(()),
            None => entitled(ours, author),
        }
    }

    /// Puts our branch on top of theirs, if that is ours to do.
    fn join_fork(
        &self,
        theirs: &Roster,
        vault_key: &Key,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Roster, VaultError> {
        let ours = &self.document.roster;
        ours.check_branch(theirs, &self.own)?;
        if !self.is_owner() {
            return Err(VaultError::Forked);
        }
        // Upon a branch on which somebody came in by an ended code they would stay in: there it is theirs that is said again on ours.
        match ours.void_in(theirs).is_empty() {
            true => ours.said_again_on(theirs, vault_key, &self.own, wall_ms, random),
            false => theirs.said_again_on(ours, vault_key, &self.own, wall_ms, random),
        }
    }

    /// Whether an owner signed that copy of this vault, in a later epoch than is known here: it is sealed to others because an owner wants it so. Anybody
    /// else can put bytes there that nobody opens.
    pub fn is_shut_out_by(&self, bytes: &[u8]) -> bool {
        let Ok(Locked { file, .. }) = Locked::read_unbound(bytes) else { return false };
        let author = self.document.roster.member_by_key(&file.author);
        file.header.vault == self.header.vault
            && file.header.epoch > self.header.epoch
            && author.is_some_and(|author| author.role == Role::Owner)
    }

    /// Whether that copy of this vault is by somebody who may still write it, so that everybody takes it.
    pub fn may_be_put_back(&self, bytes: &[u8], limits: &Limits) -> bool {
        let author = Locked::read_unbound(bytes).map(|locked| locked.file.author);
        let entitled = author.is_ok_and(|author| entitled(&self.document.roster, &author).is_ok());
        entitled && self.open_from_elsewhere(bytes, limits).is_ok()
    }

    /// How many changes this vault has that `before` did not have.
    pub fn new_since(&self, before: &Unlocked) -> usize {
        let (now, before) = (&self.document, &before.document);
        let known = |id: &crate::vault::EntryId, held: &std::sync::Arc<crate::vault::fold::Held>| {
            before.held.get(id).is_some_and(|known| std::sync::Arc::ptr_eq(known, held))
        };
        let changed = now.held.iter().filter(|(id, held)| !known(id, held));
        let new = changed.flat_map(|(_, held)| &held.changes).filter(|change| !before.has(change)).count();
        now.aside().filter(|change| !before.has(change)).count().saturating_add(new)
    }

    /// Changes that `other` does not have: what waits to be sent.
    pub fn ahead_of(&self, other: &Seen) -> usize {
        let lacks = other.lacks();
        self.document.changes().filter(|change| lacks(change)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::{Kind, Otp};
    use crate::secret::Secret;
    use crate::vault::fixed::FixedRandom;
    use crate::vault::{Clock, Details, Edit, EntryId};

    /// A copy's newest stamps, by replica and time.
    fn seen(epoch: u64, head: &str, newest: &[(u64, u64)]) -> Seen {
        let newest = newest.iter().map(|(replica, ms)| (format!("{replica:016x}"), Stamp::new(*ms, 0, *replica)));
        Seen { epoch, head: head.to_owned(), newest: newest.collect(), ..Seen::default() }
    }

    #[test]
    fn a_copy_is_older_by_its_epoch_its_members_or_its_changes() {
        let founded = Unlocked::found_shared("ops", "maya", 1, &mut FixedRandom::new(1)).unwrap().vault;
        let purged = founded.purge(&[EntryId::random(&mut FixedRandom::new(2)).unwrap()], 2).unwrap();
        let (roster, changes) = (founded.roster(), [(1, 10), (2, 20)]);
        let (head, other) = (data_encoding::HEXLOWER.encode(&roster.head()), "ab".repeat(32));
        let ours = seen(2, &head, &changes);
        let of = |remembered: &Seen, now: &Seen, merged: &[(u64, u64)], relation| {
            remembered.older(now, &seen(2, &head, merged), roster, relation).unwrap_or_default()
        };
        for newer in [&changes[..], &[(1, 10), (2, 21)], &[(1, 10), (2, 20), (3, 5)]] {
            for epoch in [2, 3] {
                assert_eq!(of(&ours, &seen(epoch, &head, newer), newer, Relation::Same), "");
            }
        }
        assert!(of(&ours, &seen(1, &head, &changes), &changes, Relation::Same).contains("epoch 1"));
        // Another list of members than the one that was there: older, unless it follows what is known here or has that one in it.
        let unknown = seen(2, &other, &changes);
        for relation in [Relation::Same, Relation::Behind] {
            assert!(of(&unknown, &ours, &changes, relation).contains("members"));
        }
        for relation in [Relation::Ahead, Relation::Forked, Relation::Crossed { theirs: true, equal: true }] {
            assert_eq!(of(&unknown, &ours, &changes, relation), "");
        }
        assert_eq!(of(&unknown, &unknown, &changes, Relation::Same), "");
        assert_eq!(of(&ours, &unknown, &changes, Relation::Same), "");
        assert_eq!(of(&seen(2, "", &changes), &ours, &changes, Relation::Same), "");
        // What is missing there and here was dropped by a rule, but never the newest of all.
        for (there, merged, is_older) in [
            (&[(1, 10)][..], &changes[..], true),
            (&[(2, 20)], &changes, true),
            (&[(1, 9), (2, 20)], &changes, true),
            (&[(2, 20)], &[(2, 20)], false),
            (&[(1, 9), (2, 20)], &[(1, 9), (2, 20)], false),
            (&[(1, 10)], &[(1, 10)], true),
        ] {
            let said = of(&ours, &seen(2, &head, there), merged, Relation::Same);
            assert_eq!(said.contains("changes"), is_older, "{there:?} {merged:?}");
        }
        // Unless owners have dropped changes for good.
        let cut = [(1, 10)];
        assert!(of(&ours, &seen(2, &other, &cut), &cut, Relation::Ahead).contains("changes"));
        assert_eq!(ours.older(&seen(2, &head, &cut), &seen(2, &head, &cut), purged.roster(), Relation::Same), None);
    }

    #[test]
    fn a_change_is_lacked_that_is_newer_than_what_is_remembered_of_its_replica() {
        let founded = Unlocked::found_shared("ops", "maya", 1, &mut FixedRandom::new(1)).unwrap().vault;
        let change = |replica, ms| {
            let details = Details::new(Otp::new(Kind::Totp, Secret::from(&b"12345678901234567890"[..])), "Site", "");
            let edit = Edit::Add(EntryId::random(&mut FixedRandom::new(ms)).unwrap(), Box::new(details));
            founded.plan(&[edit], &mut Clock::new(replica, Stamp::default()), ms).unwrap().remove(0)
        };
        let few = seen(1, "", &[(1, 100), (2, 200)]);
        for (replica, ms, lacks) in [(1, 99, false), (1, 100, false), (1, 101, true), (2, 150, false), (3, 1, true)] {
            assert_eq!(few.lacks()(&change(replica, ms)), lacks, "{replica} {ms}");
        }
        // Where not every replica is remembered, what is older than all that is counts as seen.
        let all: Vec<(u64, u64)> = (0..REPLICAS as u64).map(|replica| (replica, 1_000 + replica)).collect();
        for (replica, ms, lacks) in [(5_000, 999, false), (5_000, 1_001, true), (5, 1_005, false), (5, 1_006, true)] {
            assert_eq!(seen(1, "", &all).lacks()(&change(replica, ms)), lacks, "{replica} {ms}");
            let whole = seen(1, "", &all[..REPLICAS - 1]);
            assert_eq!(whole.lacks()(&change(replica, ms)), lacks || replica == 5_000, "{replica} {ms}");
        }
    }

    #[test]
    fn of_any_number_of_replicas_the_newest_are_remembered() {
        let stamp = |n: u64| Stamp::new(1_000 + n, 0, n);
        let all = (0..5_000).map(|n| (format!("{n:016x}"), stamp(n))).collect();
        let seen = Seen { newest: all, ..Seen::default() }.bounded();
        assert_eq!(seen.newest.len(), REPLICAS);
        assert_eq!(seen.newest.values().min(), Some(&stamp(5_000 - REPLICAS as u64)));
    }
}
