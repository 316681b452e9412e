//! A member's keys: the one in force, those it replaced, and one that is to replace it.
//!
//! A new passphrase can give each link to a shared vault a new key. The link's newest key is the one that is wanted; the older ones stay in its
//! history, so that every copy of the shared vault, however old, opens. The shared vault's roster says which key is in force: whichever of this
//! person's machines syncs first replaces that by the wanted one, on the newest roster there is.

use crate::secret::Random;
use crate::vault::roster::{Role, Roster};
use crate::vault::seal::MemberKey;
use crate::vault::{Edit, Link, Unlocked, VaultError};

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

    /// Whether a key of the link waits to be put in force.
    pub fn has_new_key(&self) -> bool {
        self.is_shared() && self.wanted().is_some()
    }

    /// The public half of the key in force that signs.
    pub fn signs_as(&self) -> [u8; 32] {
        self.member.public().sign
    }

    /// Puts the wanted key in the place of the one in force, if there is one. An owner starts a new epoch with it; anybody else's old key ends when an owner's
    /// program sees the new one.
    ///
    /// # Errors
    /// No randomness.
    pub(super) fn take_wanted_key(
        &self,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Option<Unlocked>, VaultError> {
        let Some(new) = self.wanted().cloned() else { return Ok(None) };
        let mut next = self.clone();
        next.document.roster.rekey(&self.member.public().sign, new.public(), &self.member, wall_ms)?;
        next.member = new;
        match next.me().role() {
            Role::Owner => next.next_epoch(wall_ms, random)?,
            _ => next.renew_header(random)?,
        }
        Ok(Some(next))
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
