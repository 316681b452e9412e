//! Two rosters of one vault: which follows from which, and how two that parted come together.
//!
//! Owners who act at once, each without the other's link, make a fork. An owner's program that sees one says its own branch's links again on top
//! of the other's, so that everybody's roster is contained in the result.

use data_encoding::BASE64;

use super::link::{Link, LinkText, Op, bytes};
use super::{Role, Roster};
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
    /// said again by one that is no lower.
    fn holds(&self, other: &Roster) -> bool {
        let common = self.in_common(other);
        let Some(branch) = other.links.get(common..) else { return false };
        if branch.is_empty() {
            return true;
        }
        if common == 0 {
            return false;
        }
        let ours: Vec<(&Link, LinkText)> =
            self.links.iter().skip(common).filter_map(|link| Some((link, link.read().ok()?))).collect();
        let epoch = self.epoch >= other.epoch && ours.iter().any(|(_, text)| matches!(text.op, Op::Epoch { .. }));
        branch.iter().all(|link| {
            let Ok(text) = link.read() else { return false };
            if matches!(text.op, Op::Epoch { .. }) {
                return epoch;
            }
            let Ok(wanted) = origin(link, &text) else { return false };
            ours.iter().any(|(link, text)| {
                // A link of this very hash is the one that was said again.
                let by_an_owner = || other.member_by_key(&link.by).is_some_and(|member| member.role == Role::Owner);
                origin(link, text).is_ok_and(|origin| origin == wanted) && (text.again.is_none() || by_an_owner())
            })
        })
    }

    /// Whether the branch of `theirs` was made by owners of this roster alone.
    ///
    /// # Errors
    /// [`VaultError::NotEntitled`].
    pub fn check_branch(&self, theirs: &Roster) -> Result<(), VaultError> {
        let common = self.in_common(theirs);
        let is_owner_here = |link: &Link| self.member_by_key(&link.by).is_some_and(|by| by.role == Role::Owner);
        if theirs.links.iter().skip(common).all(is_owner_here) {
            return Ok(());
        }
        Err(VaultError::NotEntitled(
            "its list of members was changed by somebody who is not an owner any more; talk to each other".into(),
        ))
    }

    /// This roster's branch said again on top of `theirs` by `owner`, ending in a new epoch of `vault_key`. What has nothing left to do there
    /// (somebody is gone already) is said again as settled.
    ///
    /// # Errors
    /// [`VaultError::NotEntitled`] when `owner` is not an owner there: then people have to decide.
    pub fn said_again_on(
        &self,
        theirs: &Roster,
        vault_key: &Key,
        owner: &MemberKey,
        wall_ms: u64,
    ) -> Result<Roster, VaultError> {
        let sign = owner.public().sign;
        if theirs.member_by_key(&sign).is_none_or(|member| member.role != Role::Owner) {
            return Err(VaultError::NotEntitled(
                "two owners changed who belongs at the same time, and the other's change shuts you out; talk to each other".into(),
            ));
        }
        let mut joined = theirs.clone();
        self.check_branch(theirs)?;
        let common = self.in_common(theirs);
        for link in self.links.iter().skip(common) {
            let text = link.read()?;
            if matches!(text.op, Op::Epoch { .. } | Op::Found { .. }) {
                continue;
            }
            let first = origin(link, &text)?;
            let said = |link: &Link| link.read().is_ok_and(|text| origin(link, &text).is_ok_and(|said| said == first));
            if joined.links.iter().skip(common).any(said) {
                continue;
            }
            // A key's owner alone may change it; what another signed is settled.
            let op = match text.op {
                Op::Rekey { old, .. } if old != BASE64.encode(&sign) => Op::Moot,
                op => op,
            };
            if joined.add_again(op, Some(first), owner, wall_ms).is_err() {
                joined.add_again(Op::Moot, Some(first), owner, wall_ms)?;
            }
        }
        joined.start_epoch(vault_key, owner, wall_ms)?;
        Ok(joined)
    }
}
