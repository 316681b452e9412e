//! Two rosters of one vault: which follows from which, and how two that parted come together.
//!
//! Owners who act at once, each without the other's link, make a fork. An owner's program that sees one says its own branch's links again on top
//! of the other's, so that everybody's roster is contained in the result.

use data_encoding::BASE64;

use super::link::{Link, LinkText, Op, bytes};
use super::{Member, Role, Roster};
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
    /// Each holds the other's branch said again; `theirs` says whether theirs wins (the smaller head hash). A new epoch is due.
    Crossed {
        /// Whether theirs is the one that counts.
        theirs: bool,
    },
    /// They parted, and neither holds the other.
    Forked,
}

/// The hash of the link that was first to say what this one says.
pub(super) fn origin(link: &Link, text: &LinkText) -> Result<[u8; 32], VaultError> {
    text.again.as_deref().map_or_else(|| Ok(link.hash()), bytes)
}

impl Roster {
    /// How `theirs` stands to this roster.
    pub fn relation(&self, theirs: &Roster) -> Relation {
        if self.links == theirs.links {
            return Relation::Same;
        }
        match (theirs.holds(self), self.holds(theirs)) {
            (true, true) => Relation::Crossed { theirs: theirs.head() < self.head() },
            (true, false) => Relation::Ahead,
            (false, true) => Relation::Behind,
            (false, false) => Relation::Forked,
        }
    }

    /// How many links two rosters begin with in common.
    fn in_common(&self, other: &Roster) -> usize {
        self.links.iter().zip(&other.links).take_while(|(ours, theirs)| ours == theirs).count()
    }

    /// Whether this roster has every link of `other`, or an owner in `other` has said it again. Epochs are
    /// said again by one that is no lower, a new key by a link that gives the very same one. A key that was replaced there has no power here either.
    fn holds(&self, other: &Roster) -> bool {
        self.holds_but(other, &|_, _| false)
    }

    /// The same where links that `settled` names do not matter.
    fn holds_but(&self, other: &Roster, settled: &dyn Fn(&Link, &LinkText) -> bool) -> bool {
        let common = self.in_common(other);
        let Some(branch) = other.links.get(common..) else { return false };
        if branch.is_empty() {
            return true;
        }
        if common == 0 {
            return false;
        }
        let read = |link: &'_ Link| link.read().ok();
        let ours: Vec<(&Link, LinkText)> =
            self.links.iter().skip(common).filter_map(|link| Some((link, read(link)?))).collect();
        let theirs: Vec<(&Link, LinkText)> = branch.iter().filter_map(|link| Some((link, read(link)?))).collect();
        if theirs.len() != branch.len() {
            return false;
        }
        let theirs: Vec<_> = theirs.into_iter().filter(|(link, text)| !settled(link, text)).collect();
        let rekeys: Vec<(&str, &str, &str)> = theirs.iter().filter_map(|(_, text)| rekey(text)).collect();
        let by_a_replaced_key = |(link, text): &(&Link, LinkText)| {
            let by = BASE64.encode(&link.by);
            rekeys.iter().any(|(old, ..)| *old == by) && !rekey(text).is_some_and(|rekey| rekeys.contains(&rekey))
        };
        if ours.iter().any(by_a_replaced_key) {
            return false;
        }
        let epoch = self.epoch >= other.epoch && ours.iter().any(|(_, text)| matches!(text.op, Op::Epoch { .. }));
        theirs.iter().all(|(link, text)| {
            if matches!(text.op, Op::Epoch { .. }) {
                return epoch;
            }
            if rekey(text).is_some_and(|wanted| ours.iter().any(|(_, text)| rekey(text) == Some(wanted))) {
                return true;
            }
            let Ok(wanted) = origin(link, text) else { return false };
            ours.iter().any(|(link, text)| {
                // A link of this very hash is the one that was said again.
                let by_an_owner = || other.member_by_key(&link.by).is_some_and(|member| member.role == Role::Owner);
                origin(link, text).is_ok_and(|origin| origin == wanted) && (text.again.is_none() || by_an_owner())
            })
        })
    }

    /// The member here whose key that is in `theirs`: the one in force here, or one that took its place there.
    pub(in crate::vault) fn member_of(&self, theirs: &Roster, sign: &[u8; 32]) -> Option<&Member> {
        self.member_by_key(sign).or_else(|| {
            let mut there = theirs.members.iter().chain(&theirs.gone);
            let there = there.find(|member| member.signed_with.contains(sign))?;
            there.signed_with.iter().take_while(|key| *key != sign).find_map(|key| self.member_by_key(key))
        })
    }

    /// What this roster's branch says of the keys `own`, said again here: the old one signs once more for the new one.
    fn say_own_keys_of(&mut self, branch: &[Link], own: &[MemberKey], wall_ms: u64) -> Result<(), VaultError> {
        for link in branch {
            let text = link.read()?;
            let first = origin(link, &text)?;
            let Some((old, sign, _)) = rekey(&text) else { continue };
            let key = |wanted: &str| own.iter().find(|key| BASE64.encode(&key.public().sign) == wanted);
            let (Some(old), Some(new)) = (key(old), key(sign)) else { continue };
            if self.member_by_key(&old.public().sign).is_some() && !self.has_known(&new.public().sign) {
                self.add_again(text.op, Some(first), old, wall_ms)?;
            }
        }
        Ok(())
    }

    /// `theirs` with this roster's new keys of `own` on top; `None` when something else of this roster is missing there, which is for an owner to settle.
    /// New keys of others who are no owners are theirs to say again.
    pub fn own_keys_on(&self, theirs: &Roster, own: &[MemberKey], wall_ms: u64) -> Option<Roster> {
        let mut joined = theirs.clone();
        joined.say_own_keys_of(self.links.get(self.in_common(theirs)..)?, own, wall_ms).ok()?;
        let everybody = || self.members.iter().chain(&self.gone);
        let of_no_owner =
            |link: &Link| everybody().any(|member| member.role != Role::Owner && member.signed_with.contains(&link.by));
        joined.holds_but(self, &|link, text| is_own_rekey(link, text) && of_no_owner(link)).then_some(joined)
    }

    /// Whether the branch of `theirs` was made by owners of this roster alone, but for members' own new keys. `own` are the keys of whoever asks: in a personal
    /// vault they are all its one member's.
    ///
    /// # Errors
    /// [`VaultError::NotEntitled`].
    pub fn check_branch(&self, theirs: &Roster, own: &[MemberKey]) -> Result<(), VaultError> {
        let common = self.in_common(theirs);
        let believed = |link: &Link| {
            let owner = || self.member_of(theirs, &link.by).is_some_and(|by| by.role == Role::Owner);
            let own_rekey = || link.read().is_ok_and(|text| is_own_rekey(link, &text));
            owner() || own_rekey() || !self.is_shared() && own.iter().any(|key| key.public().sign == link.by)
        };
        if theirs.links.iter().skip(common).all(believed) {
            return Ok(());
        }
        Err(VaultError::NotEntitled(
            "its list of members was changed by somebody who is not an owner any more; talk to each other".into(),
        ))
    }

    /// This roster's branch said again on top of `theirs` by `owner`, ending in an epoch of `vault_key` that is new to both. What has nothing left to do there
    /// (somebody is gone already) is said again as settled. `own` are the owner's keys: which of them signs is for `theirs` to say.
    ///
    /// # Errors
    /// [`VaultError::NotEntitled`] when `owner` is not an owner there: then people have to decide.
    pub fn said_again_on(
        &self,
        theirs: &Roster,
        vault_key: &Key,
        own: &[MemberKey],
        wall_ms: u64,
    ) -> Result<Roster, VaultError> {
        let is_owner = |roster: &Roster, key: &MemberKey| {
            roster.member_by_key(&key.public().sign).is_some_and(|member| member.role == Role::Owner)
        };
        if !own.iter().any(|key| is_owner(theirs, key)) {
            return Err(VaultError::NotEntitled(
                "two owners changed who belongs at the same time, and the other's change shuts you out; talk to each other".into(),
            ));
        }
        self.check_branch(theirs, own)?;
        let mut joined = theirs.clone();
        let common = self.in_common(theirs);
        let branch = self.links.get(common..).unwrap_or_default();
        joined.say_own_keys_of(branch, own, wall_ms)?;
        let owner = own.iter().find(|key| is_owner(&joined, key)).cloned();
        let owner = &owner.ok_or_else(|| VaultError::Refused("no key of this owner is in force".into()))?;
        for link in branch {
            let text = link.read()?;
            if matches!(text.op, Op::Epoch { .. } | Op::Found { .. }) {
                continue;
            }
            let first = origin(link, &text)?;
            let said = |link: &Link| link.read().is_ok_and(|text| origin(link, &text).is_ok_and(|said| said == first));
            if joined.links.iter().skip(common).any(said) {
                continue;
            }
            let in_force = |member: String| joined.in_force_now(&member).unwrap_or(member);
            let op = match text.op {
                // A key's owner alone may change it: their program does it again. In a personal vault the key there counts.
                Op::Rekey { .. } => Op::Moot,
                Op::Remove { member, newest } => Op::Remove { member: in_force(member), newest },
                Op::Role { member, role } => Op::Role { member: in_force(member), role },
                op => op,
            };
            if joined.add_again(op, Some(first), owner, wall_ms).is_err() {
                joined.add_again(Op::Moot, Some(first), owner, wall_ms)?;
            }
        }
        // Beyond the epochs of both: whoever followed this branch alone takes no lower one.
        joined.start_epoch(vault_key, owner, wall_ms)?;
        while joined.epoch <= self.epoch {
            joined.start_epoch(vault_key, owner, wall_ms)?;
        }
        Ok(joined)
    }

    /// The key in force of whoever has, or had, that one (base64).
    fn in_force_now(&self, sign: &str) -> Option<String> {
        let sign = bytes::<32>(sign).ok()?;
        let member = self.members.iter().find(|member| member.signed_with.contains(&sign))?;
        Some(BASE64.encode(&member.keys.sign))
    }
}

/// The old signing key and the new keys, if the link gives a member new ones.
fn rekey(text: &LinkText) -> Option<(&str, &str, &str)> {
    match &text.op {
        Op::Rekey { old, sign, exchange } => Some((old, sign, exchange)),
        _ => None,
    }
}

/// Whether a member gave themselves a new key.
fn is_own_rekey(link: &Link, text: &LinkText) -> bool {
    rekey(text).is_some_and(|(old, ..)| *old == BASE64.encode(&link.by))
}
