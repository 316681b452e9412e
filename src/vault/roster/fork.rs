//! Two rosters of one vault: which follows from which, and how two that parted come together.
//!
//! Owners who act at once, each without the other's link, make a fork. An owner's program that sees one says its own branch's links again on top
//! of the other's, so that everybody's roster is contained in the result. Where both did the same, nothing has to be said again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use data_encoding::BASE64;

use super::link::{CodeKeys, Op, Placed, bytes};
use super::{Member, Role, Roster};
use crate::secret::Random;
use crate::vault::VaultError;
use crate::vault::seal::{Key, MemberKey};

/// How another roster stands to ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They are the same.
    Same,
    /// Theirs holds all of ours, and more.
    Ahead,
    /// Ours holds all of theirs, and more.
    Behind,
    /// Each holds the other's branch.
    Crossed {
        /// Whether theirs is the one that counts (the smaller head hash).
        theirs: bool,
        /// Whether both branches are the same acts. Where they are not, one was said again, and a new epoch is due.
        equal: bool,
    },
    /// They parted, and neither holds the other.
    Forked,
}

impl Roster {
    /// How `theirs` stands to this roster.
    pub fn relation(&self, theirs: &Roster) -> Relation {
        if self.links == theirs.links {
            return Relation::Same;
        }
        match (theirs.holds(self), self.holds(theirs)) {
            (true, true) => {
                let common = self.in_common(theirs);
                let acts = |roster: &Roster| {
                    let mut acts: Vec<[u8; 32]> = roster.branch(common).iter().map(|placed| placed.act).collect();
                    acts.sort_unstable();
                    acts
                };
                let rank = |roster: &Roster| roster.links.last().map(|placed| placed.rank());
                Relation::Crossed { theirs: rank(theirs) < rank(self), equal: acts(self) == acts(theirs) }
            }
            (true, false) => Relation::Ahead,
            (false, true) => Relation::Behind,
            (false, false) => Relation::Forked,
        }
    }

    /// How many links two rosters begin with in common.
    fn in_common(&self, other: &Roster) -> usize {
        self.links.iter().zip(&other.links).take_while(|(ours, theirs)| ours == theirs).count()
    }

    fn branch(&self, common: usize) -> &[Arc<Placed>] {
        self.links.get(common..).unwrap_or_default()
    }

    /// Whether this roster has every link of `other`.
    fn holds(&self, other: &Roster) -> bool {
        let common = self.in_common(other);
        let (ours, theirs) = (self.branch(common), other.branch(common));
        if theirs.is_empty() {
            return true;
        }
        // A key that was replaced there has no power here either, but to do the same.
        let replaced: BTreeMap<[u8; 32], [u8; 32]> =
            theirs.iter().filter_map(|placed| Some((placed.replaces?, placed.act))).collect();
        let by_a_replaced_key =
            |placed: &&Arc<Placed>| replaced.get(&placed.link.by).is_some_and(|act| *act != placed.act);
        common > 0 && !ours.iter().any(|placed| by_a_replaced_key(&placed)) && self.lacks(other, common).is_empty()
    }

    /// The links of `other` past those in common that this roster has not: neither that very link, nor one by which an owner in `other` has said it
    /// again or done the same. Of epochs, one that is no lower is as good; of new keys, the very same one, whoever put it here.
    fn lacks<'a>(&self, other: &'a Roster, common: usize) -> Vec<&'a Arc<Placed>> {
        let (ours, theirs) = (self.branch(common), other.branch(common));
        let wanted: BTreeSet<[u8; 32]> = theirs.iter().map(|placed| placed.origin).collect();
        let by_an_owner =
            |placed: &Placed| other.member_by_key(&placed.link.by).is_some_and(|member| member.role == Role::Owner);
        let mut said: BTreeSet<[u8; 32]> = BTreeSet::new();
        let mut done: BTreeMap<[u8; 32], usize> = BTreeMap::new();
        for placed in ours {
            // A link of this very hash is the one that was said again.
            if wanted.contains(&placed.origin) && (!placed.is_again || by_an_owner(placed)) {
                said.insert(placed.origin);
            } else if placed.replaces.is_some() || by_an_owner(placed) {
                let times = done.entry(placed.act).or_default();
                *times = times.saturating_add(1);
            }
        }
        let epoch = self.epoch >= other.epoch && ours.iter().any(|placed| placed.starts_epoch);
        // Of two uses of one recovery code apart, the one whose code was replaced here is void.
        let renewed = ours.iter().any(|placed| placed.renews_code);
        let mut holds = |placed: &Placed| {
            if renewed && placed.came_by_code.is_some() {
                return true;
            }
            if placed.starts_epoch {
                return epoch;
            }
            if said.contains(&placed.origin) {
                return true;
            }
            let left = done.get_mut(&placed.act).filter(|left| **left > 0);
            left.map(|left| *left = left.saturating_sub(1)).is_some()
        };
        theirs.iter().filter(|placed| !holds(placed)).collect()
    }

    /// The signing keys of those who came into `theirs` by a recovery code that has been replaced here since the two parted: their coming is void.
    pub(in crate::vault) fn void_in(&self, theirs: &Roster) -> BTreeSet<[u8; 32]> {
        let common = self.in_common(theirs);
        if !self.branch(common).iter().any(|placed| placed.renews_code) {
            return BTreeSet::new();
        }
        theirs.branch(common).iter().filter_map(|placed| placed.came_by_code).collect()
    }

    /// The member here whose key that is in `theirs`: the one in force here, or one that took its place there.
    pub(in crate::vault) fn member_of(&self, theirs: &Roster, sign: &[u8; 32]) -> Option<&Member> {
        self.member_by_key(sign).or_else(|| {
            let signer = theirs.signer(sign)?;
            let before = theirs.whoever(signer.whose)?.signed_with.get(..signer.nth)?;
            before.iter().find_map(|key| self.member_by_key(key))
        })
    }

    /// Whether the branch of `theirs` was made by owners of this roster alone. `own` are the keys of whoever asks: in a personal
    /// vault they are all its one member's.
    ///
    /// # Errors
    /// [`VaultError::NotEntitled`].
    pub fn check_branch(&self, theirs: &Roster, own: &[MemberKey]) -> Result<(), VaultError> {
        let common = self.in_common(theirs);
        // A new key that is the same here is what the old one signed last, by another machine of that owner; so is any in a personal vault.
        let rekeys = self.branch(common).iter().filter(|placed| placed.replaces.is_some()).map(|placed| placed.act);
        let rekeys: BTreeSet<[u8; 32]> = rekeys.collect();
        let is_last = |placed: &Placed| {
            rekeys.contains(&placed.act) || !self.is_shared() && placed.replaces == Some(placed.link.by)
        };
        // Somebody's coming that is void, and the epoch that came with it, are left out; whatever else they signed is nobody's.
        let void = self.void_in(theirs);
        let is_void = |placed: &Placed| {
            placed.came_by_code.is_some_and(|came| void.contains(&came))
                || placed.starts_epoch && void.contains(&placed.link.by)
        };
        let branch = theirs.branch(common).iter().filter(|placed| !is_last(placed) && !is_void(placed));
        let by: BTreeSet<[u8; 32]> = branch.map(|placed| placed.link.by).collect();
        // Whose key of today's stands at which place among those that they had there.
        let mut known: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        let mut believed = |sign: &[u8; 32]| {
            let is_owner = |sign: &[u8; 32]| self.member_by_key(sign).is_some_and(|by| by.role == Role::Owner);
            if is_owner(sign) || !self.is_shared() && own.iter().any(|key| key.public().sign == *sign) {
                return true;
            }
            let Some(signer) = theirs.signer(sign) else { return false };
            let Some(member) = theirs.whoever(signer.whose) else { return false };
            let first = known.entry(member.number).or_insert_with(|| member.signed_with.iter().position(is_owner));
            first.is_some_and(|first| first < signer.nth)
        };
        if by.iter().all(&mut believed) {
            return Ok(());
        }
        Err(VaultError::NotEntitled(
            "its list of members was changed by somebody who is not an owner any more; talk to each other".into(),
        ))
    }

    /// This roster's branch said again on top of `theirs` by an owner, ending in an epoch of `vault_key` that is new to both. What has nothing left to
    /// do there (somebody is gone already) is said again as settled. `own` are the owner's keys: which of them signs is for `theirs` to say.
    ///
    /// # Errors
    /// [`VaultError::NotEntitled`] when the owner is not an owner there: then people have to decide. Whether the two may be joined, [`Roster::check_branch`]
    /// says first.
    pub fn said_again_on(
        &self,
        theirs: &Roster,
        vault_key: &Key,
        own: &[MemberKey],
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Roster, VaultError> {
        let owner = |roster: &Roster| {
            let is_owner =
                |sign: &[u8; 32]| roster.member_by_key(sign).is_some_and(|member| member.role == Role::Owner);
            own.iter().find(|key| is_owner(&key.public().sign)).ok_or_else(|| {
                VaultError::NotEntitled(
                    "two owners changed who belongs at the same time, and the other's change shuts you out; talk to each other"
                        .into(),
                )
            })
        };
        owner(theirs)?;
        let mut joined = theirs.clone();
        let missing = theirs.lacks(self, self.in_common(theirs));
        let is_own =
            |placed: &&&Arc<Placed>| placed.replaces.is_some_and(|old| own.iter().any(|key| key.public().sign == old));
        let by_oneself = |placed: &Placed| own.iter().any(|key| key.public().sign == placed.link.by);
        // An owner's own new key first: what the old one signs after it there would count for nothing.
        let (first, then): (Vec<&Arc<Placed>>, Vec<&Arc<Placed>>) = missing.iter().partition(|placed| is_own(placed));
        for placed in first.into_iter().chain(then) {
            let text = placed.link.read()?;
            let in_force = |member: String| joined.in_force_now(&member).unwrap_or(member);
            // A recovery code of somebody who is no owner there opens nothing, and of somebody who never was in there nothing counts.
            let by = joined.member_who_had(&placed.link.by);
            let by_nobody = joined.is_shared() && by.is_none();
            let is_owner_there = |by: &Member| joined.is_in(by) && by.role == Role::Owner;
            // Nor does somebody who was removed there give anybody anything, or take it; whom they shut out stays out.
            let by_a_removed = joined.is_shared() && by.is_some_and(|by| !joined.is_in(by));
            let by_an_owner = !joined.is_shared() || by.is_some_and(is_owner_there);
            // Where one has to end and there is no other, it is one that nobody has: an owner can renew it.
            let mut code = |recovery: Option<CodeKeys>, member: &str| {
                let member = bytes(member).ok().and_then(|sign| joined.member_by_key(&sign));
                match recovery.filter(|_| by_an_owner) {
                    None if member.is_some_and(|member| member.role == Role::Owner) => {
                        MemberKey::random(random).map(|key| Some(CodeKeys::from(&key.public())))
                    }
                    recovery => Ok(recovery),
                }
            };
            let op = match text.op {
                Op::Epoch { .. } | Op::Found { .. } => continue,
                _ if by_nobody => Op::Moot,
                Op::Remove { member, newest, recovery } => {
                    let member = in_force(member);
                    Op::Remove { recovery: code(recovery, &member)?, member, newest }
                }
                op @ Op::Close { .. } => op,
                _ if by_a_removed => Op::Moot,
                Op::Invite { .. } if !by_an_owner => Op::Moot,
                // Without its maker it would be one's own, and outlive the owner who made it.
                Op::Invite { name, role, sign, exchange, expires, maker } => {
                    let maker = maker.or_else(|| (!by_oneself(placed)).then(|| BASE64.encode(&placed.link.by)));
                    Op::Invite { name, role, sign, exchange, expires, maker }
                }
                Op::Role { member, role, recovery } => {
                    let member = in_force(member);
                    Op::Role { recovery: code(recovery, &member)?, member, role }
                }
                Op::Recovery { .. } if !by_an_owner => Op::Moot,
                op => op,
            };
            let signer = owner(&joined)?;
            if joined.add_again(op, Some(placed.origin), signer, wall_ms).is_err() {
                joined.add_again(Op::Moot, Some(placed.origin), signer, wall_ms)?;
            }
        }
        // Beyond the epochs of both: whoever followed this branch alone takes no lower one.
        joined.start_epoch(vault_key, owner(&joined)?, wall_ms)?;
        while joined.epoch <= self.epoch {
            joined.start_epoch(vault_key, owner(&joined)?, wall_ms)?;
        }
        Ok(joined)
    }

    /// The key in force of whoever has, or had, that one (base64).
    fn in_force_now(&self, sign: &str) -> Option<String> {
        let member = self.member_who_had(&bytes::<32>(sign).ok()?)?;
        Some(BASE64.encode(&member.keys.sign))
    }
}
