//! Somebody else's copy of this vault, from a place that anybody may have written to: verified, then merged.
//!
//! A copy counts when its roster extends the one known here, or the other way round, and its author is editor or owner in the newer of the two.
//! From a copy that a newcomer signed with an invite's key nothing is taken but the roster (whose links are signed by owners) and the records of
//! newcomers. Anything else is refused with its reason and never merged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::secret::Random;
use crate::vault::document::{Change, Document};
use crate::vault::roster::{Relation, Role, Roster};
use crate::vault::seal::{Key, MemberKey};
use crate::vault::unlocked::{decrypt, entitled};
use crate::vault::{Limits, Locked, Stamp, Unlocked, VaultError};

/// What a copy held: remembered, so that an older one is noticed. Learnt only from what was read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The epoch.
    pub epoch: u64,
    /// The roster's newest link, as hexadecimal digits.
    pub head: String,
    /// Each replica's newest stamp; the replica as hexadecimal digits.
    pub newest: BTreeMap<String, Stamp>,
}

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
    /// Two owners had acted at once, and this machine's owner has put both together.
    pub joined_fork: bool,
}

impl Seen {
    fn of(document: &Document) -> Seen {
        let mut newest: BTreeMap<String, Stamp> = BTreeMap::new();
        for change in document.all_changes() {
            let known = newest.entry(format!("{:016x}", change.at().replica())).or_default();
            *known = change.at().max(*known);
        }
        let head = data_encoding::HEXLOWER.encode(&document.roster.head());
        Seen { epoch: document.roster.epoch(), head, newest }
    }

    /// In what way `now` is older than this.
    fn older(&self, now: &Seen, roster: &Roster) -> Option<String> {
        if now.epoch < self.epoch {
            return Some(format!("it is of epoch {}, and epoch {} was there before", now.epoch, self.epoch));
        }
        if !self.head.is_empty() && now.head != self.head && !roster.has_had(&self.head) {
            return Some("its list of members is older than the one that was there before".into());
        }
        let behind = |(replica, newest): (&String, &Stamp)| now.newest.get(replica).is_none_or(|now| now < newest);
        self.newest.iter().any(behind).then(|| "changes that were in it before are missing".into())
    }
}

impl Unlocked {
    /// What this vault holds, as it is remembered of a remote that holds it.
    pub fn seen(&self) -> Seen {
        Seen::of(&self.document)
    }

    /// Takes in another copy of this vault's file.
    ///
    /// # Errors
    /// [`VaultError::NotAVault`], [`VaultError::Damaged`] (again later, perhaps), [`VaultError::Newer`]; [`VaultError::NotAMember`] when no key of
    /// ours opens it; [`VaultError::Altered`], [`VaultError::NotEntitled`], [`VaultError::Forked`]: never merged.
    pub fn accept(
        &self,
        bytes: &[u8],
        remembered: Option<&Seen>,
        limits: &Limits,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Accepted, VaultError> {
        let locked = Locked::read(bytes, limits)?;
        let file = &locked.file;
        if file.header.vault != self.header.vault {
            return Err(VaultError::Altered("another vault lies in its place".into()));
        }
        let keys: Vec<&MemberKey> = std::iter::once(&self.member).chain(&self.invite).collect();
        let (vault_key, theirs) = decrypt(file, &keys)?;
        let seen = Seen::of(&theirs);
        let went_back = remembered.and_then(|remembered| remembered.older(&seen, &theirs.roster));
        let relation = self.document.roster.relation(&theirs.roster);
        let mut next = self.clone();
        let newer = match relation {
            Relation::Same | Relation::Behind | Relation::Crossed { theirs: false } => &self.document.roster,
            Relation::Ahead | Relation::Crossed { theirs: true } => &theirs.roster,
            Relation::Forked => &theirs.roster,
        };
        let by_newcomer = newer.invites().iter().any(|invite| invite.keys.sign == file.author);
        if by_newcomer {
            if relation == Relation::Forked {
                return Err(VaultError::NotEntitled(
                    "it was left by a newcomer, with a list of members of its own".into(),
                ));
            }
            if newer == &theirs.roster && relation != Relation::Same {
                next.document.set_roster(theirs.roster.clone());
                next.vault_key = vault_key;
                next.renew_header(random)?;
            }
            next.document.take_joins(theirs.joins.clone());
            return Ok(Accepted { vault: next, holds_all: false, seen, went_back, joined_fork: false });
        }
        let nothing_new = theirs.all_changes().all(|change| self.document.has(change));
        if nothing_new && matches!(relation, Relation::Behind | Relation::Same) {
            // Who signed what we have already does not matter: a member who has left since, say.
            let entitled = entitled(newer, &file.author).is_ok();
            next.document = self.document.merge(&theirs, newer.clone());
            let holds_all = entitled && next.document == theirs;
            return Ok(Accepted { vault: next, holds_all, seen, went_back, joined_fork: false });
        }
        entitled(newer, &file.author)?;
        theirs.check_signatures(Some(&self.document))?;
        let mut joined_fork = false;
        let roster = match relation {
            Relation::Same | Relation::Behind | Relation::Crossed { theirs: false } => self.document.roster.clone(),
            Relation::Ahead | Relation::Crossed { theirs: true } => {
                next.header = file.header.clone();
                next.vault_key = vault_key;
                theirs.roster.clone()
            }
            Relation::Forked => {
                entitled(&self.document.roster, &file.author)?;
                joined_fork = true;
                next.vault_key = Key::random(random)?;
                self.join_fork(&theirs.roster, &next.vault_key, wall_ms)?
            }
        };
        next.document = self.document.merge(&theirs, roster);
        if joined_fork {
            next.renew_header(random)?;
        }
        let crossed = matches!(relation, Relation::Crossed { .. });
        if crossed && next.is_owner() {
            next.next_epoch(wall_ms, random)?;
        }
        let holds_all = next.document == theirs;
        Ok(Accepted { vault: next, holds_all, seen, went_back, joined_fork })
    }

    fn is_owner(&self) -> bool {
        let me = self.document.roster.member_by_key(&self.member.public().sign);
        me.is_some_and(|me| me.role == Role::Owner)
    }

    /// Puts our branch on top of theirs, if that is ours to do.
    fn join_fork(&self, theirs: &Roster, vault_key: &Key, wall_ms: u64) -> Result<Roster, VaultError> {
        if !self.is_owner() {
            return Err(VaultError::Forked);
        }
        self.document.roster.said_again_on(theirs, vault_key, &self.member, wall_ms)
    }

    /// How many changes this vault has that `before` did not have.
    pub fn new_since(&self, before: &Unlocked) -> usize {
        let (now, before) = (&self.document, &before.document);
        let known = |id: &crate::vault::EntryId, held: &std::sync::Arc<crate::vault::fold::Held>| {
            before.held.get(id).is_some_and(|known| std::sync::Arc::ptr_eq(known, held))
        };
        let changed = now.held.iter().filter(|(id, held)| !known(id, held));
        let new = changed.flat_map(|(_, held)| &held.changes).filter(|change| !before.has(change)).count();
        new + now.aside.values().flatten().filter(|change| !before.has(change)).count()
    }

    /// Changes that `other` does not have: what waits to be sent.
    pub fn ahead_of(&self, other: &Seen) -> usize {
        let newer = |change: &&Change| {
            let replica = format!("{:016x}", change.at().replica());
            other.newest.get(&replica).is_none_or(|newest| change.at() > *newest)
        };
        self.document.all_changes().filter(newer).count()
    }
}
