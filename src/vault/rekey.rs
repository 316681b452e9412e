//! A member's keys: the one in force, those it replaced, and one that is to replace it.
//!
//! A new passphrase can give each link to a shared vault a new key. The link's newest key is the one that is wanted; the older ones stay in its
//! history, so that every copy of the shared vault, however old, opens. The shared vault's roster says which key is in force: whichever of this
//! person's machines syncs first replaces that by the wanted one, on the newest roster there is.

use std::collections::BTreeSet;

use crate::secret::Random;
use crate::vault::accept::Seen;
use crate::vault::change::{Author, Change};
use crate::vault::request::{NewKey, Request};
use crate::vault::roster::{Role, Roster};
use crate::vault::seal::{MemberKey, key_id};
use crate::vault::sharing::{Deed, Work, as_refusal};
use crate::vault::{Edit, Link, Unlocked, VaultError};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What opens a shared vault: the member's keys and, until an owner's program has let a newcomer in, the invite's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkKeys {
    /// The member's own key for that vault.
    pub member: MemberKey,
    /// Those that it replaced, the newest first.
    pub older: Vec<MemberKey>,
    /// The key of the invite.
    pub invite: Option<MemberKey>,
}

impl LinkKeys {
    /// One key that never replaced another.
    pub fn of(member: MemberKey) -> LinkKeys {
        LinkKeys { member, older: Vec::new(), invite: None }
    }
}

/// The key of these that is in force in the roster.
pub(super) fn in_force<'a>(own: &'a [MemberKey], roster: &Roster) -> Option<&'a MemberKey> {
    own.iter().find(|key| roster.member_by_key(&key.public().sign).is_some())
}

impl Unlocked {
    /// All keys at hand.
    pub(super) fn all_keys(&self) -> LinkKeys {
        let mut own = self.own.iter().cloned();
        let member = own.next().unwrap_or_else(|| self.member.clone());
        LinkKeys { member, older: own.collect(), invite: self.invite.clone() }
    }

    /// Whether all of those keys are at hand.
    pub fn knows(&self, keys: &LinkKeys) -> bool {
        self.own.first() == Some(&keys.member) && keys.older.iter().all(|key| self.own.contains(key))
    }

    /// The same vault with the keys of its link, which may be newer ones, at hand.
    #[must_use]
    pub fn with_keys(&self, keys: &LinkKeys) -> Unlocked {
        let mut next = self.clone();
        next.own = std::iter::once(&keys.member).chain(&keys.older).cloned().collect();
        if !next.own.contains(&self.member) {
            next.own.push(self.member.clone());
        }
        next.invite = keys.invite.clone().or(next.invite);
        next.settle_key();
        next
    }

    /// The same personal vault, going on with the key by which somebody who typed its passphrase opened another copy: one with a new passphrase.
    #[must_use]
    pub fn with_key_of(&self, theirs: &Unlocked) -> Unlocked {
        let older = self.own.iter().filter(|key| **key != theirs.member).cloned().collect();
        self.with_keys(&LinkKeys { member: theirs.member.clone(), older, invite: None })
    }

    /// Goes by the key that is in force in the roster as it is now.
    pub(super) fn settle_key(&mut self) {
        let roster = &self.document.roster;
        if let Some(key) = in_force(std::slice::from_ref(&self.member), roster).or_else(|| in_force(&self.own, roster))
        {
            self.member = key.clone();
        }
    }

    /// The key that is to replace the one in force.
    fn wanted(&self) -> Option<&MemberKey> {
        let roster = &self.document.roster;
        roster.member_by_key(&self.member.public().sign)?;
        self.own.first().filter(|key| !roster.has_known(&key.public().sign))
    }

    /// Whether a key of the link waits to be put in force, and no owner has been asked for it.
    pub fn has_new_key(&self) -> bool {
        self.is_shared() && self.wanted().is_some() && self.asks_for().is_none()
    }

    /// The signing key that this member asks owners for.
    pub fn asks_for(&self) -> Option<[u8; 32]> {
        let own = |key| self.own.iter().any(|own| own.public() == key);
        self.document.requests.said().map(|request| request.keys).find(|keys| own(*keys)).map(|keys| keys.sign)
    }

    /// The public half of the key in force that signs.
    pub fn signs_as(&self) -> [u8; 32] {
        self.member.public().sign
    }

    /// Puts the wanted key in the place of the one in force, if there is one: an owner by a link and a new epoch, anybody else by a request to owners.
    ///
    /// # Errors
    /// No randomness; a roster with no room.
    pub(super) fn take_wanted_key(
        &self,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Option<(Unlocked, Deed)>, VaultError> {
        let Some(new) = self.wanted().filter(|_| self.asks_for().is_none()).cloned() else { return Ok(None) };
        let mut next = self.clone();
        let request = Request::write(&self.header.vault, &self.member.public().sign, &self.member, &new);
        if self.me().role() != Role::Owner {
            next.document.requests.add(request, &self.document.roster);
            return Ok(Some((next, Deed::AskedForKey)));
        }
        next.document.roster.rekey(&request, &self.member, wall_ms)?;
        // By the new key: what the old one signs beside its end, another machine of this owner does not believe.
        next.member = new;
        next.vouch_for(&self.member.public().sign, Work::Keep, wall_ms)?;
        next.document.set_roster_again(&self.document.roster);
        next.next_epoch(wall_ms, random)?;
        Ok(Some((next, Deed::OwnNewKey)))
    }

    /// Members who wait for an owner to put a new key of theirs in force.
    pub fn new_keys(&self) -> Vec<NewKey> {
        self.document.requests.said().cloned().collect()
    }

    /// Puts the key in force that a member asked for.
    ///
    /// # Errors
    /// [`VaultError::Refused`]: not an owner, or the member's key is another by now.
    pub fn give_key(&self, asked: &NewKey, wall_ms: u64, random: &mut dyn Random) -> Result<Unlocked, VaultError> {
        self.owner("give a member a new key")?;
        let mut next = self.clone();
        next.put_key(asked, Work::Keep, wall_ms).map_err(as_refusal)?;
        next.next_epoch(wall_ms, random)?;
        Ok(next)
    }

    /// The links of that; an epoch has to follow. When they cannot be put on, the vault is as it was.
    pub(super) fn put_key(&mut self, asked: &NewKey, work: Work, wall_ms: u64) -> Result<(), VaultError> {
        let before = self.document.roster.clone();
        let put = self.vouch_for(&asked.old, work, wall_ms);
        let put = put.and_then(|()| self.document.roster.rekey(&asked.request, &self.member, wall_ms));
        match put {
            Ok(()) => self.document.set_roster_again(&before),
            Err(_) => self.document.roster = before,
        }
        put
    }

    /// Whether an owner's program may put that key in force by itself: once a day for each member.
    pub(super) fn may_be_rekeyed(&self, asked: &NewKey, wall_ms: u64) -> bool {
        let member = self.document.roster.member_by_key(&asked.old);
        member.is_some_and(|member| member.rekeyed_ms.is_none_or(|at| wall_ms >= at.saturating_add(DAY_MS)))
    }

    fn own_changes(&self) -> impl Iterator<Item = &Change> {
        let own: BTreeSet<[u8; 16]> = self.own.iter().map(|key| key_id(&key.public().sign)).collect();
        self.document.changes().filter(move |change| change.by().is_some_and(|by| own.contains(&by)))
    }

    /// The hashes of the changes that this member's keys signed and that a copy which held `there` did not hold.
    pub fn unsent(&self, there: &Seen) -> BTreeSet<[u8; 32]> {
        let lacks = there.lacks();
        self.own_changes().filter(|change| lacks(change)).map(|change| *change.hash()).collect()
    }

    /// The hashes of the changes that this member's keys signed and that `before` does not hold.
    pub fn own_since(&self, before: &Unlocked) -> BTreeSet<[u8; 32]> {
        self.own_changes().filter(|change| !before.document.has(change)).map(|change| *change.hash()).collect()
    }

    /// Signs again, with the key in force, what this machine did under a key of its own that has ended since: changes that counted in `before`, are among
    /// `unsent` and count here no more. Whatever came from the remote is left to owners, who stand for it or not: the old key may be somebody
    /// else's by now.
    ///
    /// # Errors
    /// [`VaultError::Internal`].
    pub fn signed_again(&self, before: &Unlocked, unsent: &BTreeSet<[u8; 32]>) -> Result<Unlocked, VaultError> {
        self.sign_again(before.document.changes().filter(|change| unsent.contains(change.hash())))
    }

    /// Signs those again that do not count here, for they are signed with a key of this member's that has ended.
    pub(super) fn sign_again<'a>(&self, changes: impl Iterator<Item = &'a Change>) -> Result<Unlocked, VaultError> {
        let mut next = self.clone();
        if !self.is_shared() || self.may_edit().is_err() {
            return Ok(next);
        }
        let ended = self.own.iter().filter(|key| **key != self.member).map(|key| key_id(&key.public().sign));
        let ended: BTreeSet<[u8; 16]> = ended.collect();
        if ended.is_empty() {
            return Ok(next);
        }
        let is_own = |change: &&Change| change.by().is_some_and(|by| ended.contains(&by));
        let lost: BTreeSet<&Change> = changes.filter(is_own).filter(|change| !self.document.counts(change)).collect();
        let author = Author::new(&self.member, Some(self.header.vault));
        next.document.take_from_aside(|change| lost.contains(change));
        next.document.insert(lost.into_iter().map(|change| change.signed_again(&author)).collect::<Result<_, _>>()?);
        Ok(next)
    }

    /// The edits that give every link of this vault a new key. Whichever machine syncs a linked vault next puts its key in force there.
    ///
    /// # Errors
    /// No randomness.
    pub fn rekey_links(&self, random: &mut dyn Random) -> Result<Vec<Edit>, VaultError> {
        let mut edits = Vec::new();
        for (id, link) in self.links() {
            let keys = LinkKeys { member: MemberKey::random(random)?, ..link.keys };
            edits.push(Edit::Link(id, Box::new(Link { keys, ..link })));
        }
        Ok(edits)
    }
}
