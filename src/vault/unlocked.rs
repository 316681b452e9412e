//! An open vault: what is in it, what changes it, and how it is sealed again.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use crate::secret::{Random, random_bytes};
use crate::vault::change::Author;
use crate::vault::document::{Change, Document, HistoryItem};
use crate::vault::edit::Planner;
use crate::vault::file::{File, Header, LARGEST, MOST_GRANTS, Slot};
use crate::vault::locked::{self, From};
use crate::vault::roster::{Member, Relation, Roster};
use crate::vault::seal::{self, Key, MemberKey, VaultId, body_key, sha256, signed_by};
use crate::vault::stamp::AHEAD_MS;
use crate::vault::{Clock, Cost, Edit, Entry, EntryId, Limits, Locked, Stamp, VaultError};

pub(super) fn signed_text(header: &[u8], nonce: &[u8; 24], body: &[u8]) -> Vec<u8> {
    [b"tickey/1 file".as_slice(), &sha256(&[header]), nonce, &sha256(&[body])].concat()
}

pub(super) fn body_data(header: &[u8]) -> Vec<u8> {
    [b"tickey/1 body".as_slice(), header].concat()
}

/// An open vault: its keys and everything in it. Cloning is cheap (entries are shared). Wiped when dropped.
#[derive(Clone, PartialEq)]
pub struct Unlocked {
    pub(super) header: Header,
    /// The member's key in force in the roster.
    pub(super) member: MemberKey,
    /// All keys of this member that are at hand, the newest first; one that the roster does not know yet is to replace the one in force.
    pub(super) own: Vec<MemberKey>,
    /// The key of the invite by which a newcomer reads until an owner's program has let them in.
    pub(super) invite: Option<MemberKey>,
    pub(super) vault_key: Key,
    pub(super) document: Document,
    pub(super) recovery: bool,
}

impl std::fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unlocked({}, epoch {}, {} entries)", self.vault_id(), self.epoch(), self.document.held.len())
    }
}

impl Unlocked {
    pub(super) fn of_parts(
        header: Header,
        member: MemberKey,
        invite: Option<MemberKey>,
        vault_key: Key,
        document: Document,
    ) -> Unlocked {
        Unlocked { header, own: vec![member.clone()], member, invite, vault_key, document, recovery: false }
    }

    /// The vault id.
    pub fn id(&self) -> VaultId {
        self.header.vault
    }

    /// The vault id, as 32 hexadecimal digits.
    pub fn vault_id(&self) -> String {
        HEXLOWER.encode(&self.header.vault)
    }

    /// The epoch, from 1.
    pub fn epoch(&self) -> u64 {
        self.header.epoch
    }

    /// What each slot's derivation costs.
    pub fn costs(&self) -> Vec<Cost> {
        self.header.slots.iter().map(|slot| slot.cost).collect()
    }

    /// What is in it, for the tests beside.
    #[cfg(test)]
    pub(super) fn document(&self) -> &Document {
        &self.document
    }

    /// Everybody in the vault, in the order they came; the recovery code is one of them.
    pub fn members(&self) -> &[Member] {
        self.document.roster.members()
    }

    /// The newest stamp in the vault, for [`Clock::tick`].
    pub fn newest(&self) -> Stamp {
        self.document.newest()
    }

    /// The newest stamp of that replica.
    pub fn newest_of(&self, replica: u64) -> Option<Stamp> {
        self.document.in_force().map(Change::at).filter(|at| at.replica() == replica).max()
    }

    /// All entries, deleted ones too, ordered by id. Entries of kinds that only the program itself uses are left out.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.document.held.values().filter_map(|held| held.entry.as_ref())
    }

    /// One entry, deleted or not.
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.document.held.get(&id)?.entry.as_ref()
    }

    /// Whether somebody else moved an HOTP counter to the same number as `change` did: then the code is theirs, and another must be drawn.
    pub fn drawn_twice(&self, change: &Change) -> bool {
        let held = self.document.held.get(&change.entry());
        held.is_some_and(|held| crate::vault::fold::drawn_twice(&held.changes, change))
    }

    /// This vault as it is at `wall_ms`. In a shared vault, changes dated more than a day ahead of that wait until their time has come.
    #[must_use]
    pub fn at(&self, wall_ms: u64) -> Unlocked {
        let mut next = self.clone();
        next.document.set_horizon(Some(wall_ms.saturating_add(AHEAD_MS)));
        next
    }

    /// Changes dated too far ahead of this machine's clock to count: how many, by whom.
    pub fn waiting(&self) -> BTreeMap<String, usize> {
        let mut by: BTreeMap<String, usize> = BTreeMap::new();
        for change in self.document.waiting() {
            let count = by.entry(crate::vault::history::author(&self.document, &change.contents().by)).or_default();
            *count = count.saturating_add(1);
        }
        by
    }

    /// Whether any change waits for its time.
    pub fn waits(&self) -> bool {
        self.document.waiting().next().is_some()
    }

    /// Whether this machine's clock can be right, by the changes that wait: one author may date theirs ahead, but not two, nor all.
    ///
    /// # Errors
    /// [`VaultError::Refused`] with the reason.
    pub fn clock_is_plausible(&self) -> Result<(), VaultError> {
        let waiting = self.waiting();
        if waiting.len() < 2 {
            return self.some_is_due();
        }
        let names: Vec<&str> = waiting.keys().map(String::as_str).take(3).collect();
        Err(VaultError::Refused(format!(
            "this machine's clock is behind: {} made changes dated more than a day ahead of it; set it right, then edit",
            crate::text::clean(&names.join(" and "))
        )))
    }

    /// Whether anything counts by this machine's clock.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when every change is dated ahead.
    pub(super) fn some_is_due(&self) -> Result<(), VaultError> {
        if self.document.in_force().next().is_none() && self.document.waiting().next().is_some() {
            return Err(VaultError::Refused(
                "this machine's clock is behind: all of this vault is dated more than a day ahead of it; set it right first"
                    .into(),
            ));
        }
        Ok(())
    }

    /// What was done to an entry, oldest first; nothing for an entry that is not there.
    pub fn history(&self, id: EntryId) -> Vec<HistoryItem> {
        crate::vault::history::history(&self.document, id).unwrap_or_default()
    }

    /// When an entry was last changed, and the name of the member who did it: history's last line, without reading the rest.
    pub fn last_changed(&self, id: EntryId) -> Option<(Stamp, String)> {
        crate::vault::history::last(&self.document, id)
    }

    fn planner<'a>(&self, clock: &'a mut Clock, wall_ms: u64) -> Result<Planner<'a>, VaultError> {
        self.may_edit()?;
        let now = self.at(wall_ms);
        now.clock_is_plausible()?;
        Ok(now.planner_unasked(clock, wall_ms))
    }

    fn planner_unasked<'a>(&self, clock: &'a mut Clock, wall_ms: u64) -> Planner<'a> {
        let shared = self.document.roster.is_shared().then_some(self.header.vault);
        Planner { document: self.document.clone(), clock, wall_ms, author: Author::new(&self.member, shared) }
    }

    /// Turns edits into changes, each stamped by `clock` at `wall_ms` and replacing what is shown now. The vault itself stays as it is:
    /// see [`Unlocked::with`]. An edit that changes nothing gives no change.
    ///
    /// # Errors
    /// [`VaultError::NoSuchEntry`], [`VaultError::Refused`] (a counter at its end, a value too long).
    pub fn plan(&self, edits: &[Edit], clock: &mut Clock, wall_ms: u64) -> Result<Vec<Change>, VaultError> {
        self.planner(clock, wall_ms)?.edits(edits)
    }

    /// The changes that take those changes back, as far as nothing newer stands over them: a field gets the value it had before, an added
    /// entry is deleted. Counters never go back and used recovery codes stay used. Undoing an undo is a redo.
    ///
    /// # Errors
    /// As [`Unlocked::plan`].
    pub fn plan_undo(&self, done: &[Change], clock: &mut Clock, wall_ms: u64) -> Result<Vec<Change>, VaultError> {
        self.planner(clock, wall_ms)?.undo(done)
    }

    /// The changes that take back all that a member, in force or removed, did since a time (0: everything): each field whose value in force
    /// they set gets the value before, entries they made go to the trash, those they deleted come back. A time is what they dated their changes
    /// with, and can be backdated.
    ///
    /// # Errors
    /// As [`Unlocked::plan`]; [`VaultError::Refused`] unless an owner asks.
    pub fn plan_revert(
        &self,
        member: &Member,
        since_ms: u64,
        clock: &mut Clock,
        wall_ms: u64,
    ) -> Result<Vec<Change>, VaultError> {
        self.owner("take back what a member did")?;
        let keys = member.signed_with.iter().map(seal::key_id).collect();
        self.planner(clock, wall_ms)?.revert(&keys, since_ms)
    }

    /// The changes that bring the entries back to what `old` (an older copy of this vault) says: for restoring a backup.
    /// Entries that `old` does not know are deleted (into the trash).
    ///
    /// # Errors
    /// As [`Unlocked::plan`]; [`VaultError::Altered`] when `old` is another vault.
    pub fn plan_return_to(&self, old: &Unlocked, clock: &mut Clock, wall_ms: u64) -> Result<Vec<Change>, VaultError> {
        self.same_vault(old)?;
        self.planner(clock, wall_ms)?.return_to(&old.at(wall_ms).document)
    }

    /// What [`Unlocked::plan`] gives to a program that does not ask whether it may.
    #[cfg(test)]
    pub(super) fn plan_unasked(&self, edits: &[Edit], clock: &mut Clock, ms: u64) -> Result<Vec<Change>, VaultError> {
        self.planner_unasked(clock, ms).edits(edits)
    }

    /// This vault with every change's exact bytes run through `alter`.
    #[cfg(test)]
    pub(super) fn forged(&self, alter: impl Fn(&str) -> String) -> Unlocked {
        let mut next = self.clone();
        let changes: Vec<String> = self.document.all_changes().map(|change| alter(change.raw())).collect();
        next.document.held.clear();
        next.document.insert(changes.iter().filter_map(|raw| Some(Change::read(raw)?.0)).collect());
        next
    }

    /// This vault with those changes in it, which this machine has made: all count.
    #[must_use]
    pub fn with(&self, changes: &[Change]) -> Unlocked {
        let mut next = self.clone();
        let newest = changes.iter().map(|change| change.at().ms()).max().unwrap_or_default();
        next.document.set_horizon(self.document.horizon_ms().map(|horizon| horizon.max(newest)));
        next.document.insert(changes.to_vec());
        next
    }

    /// This vault without those entries, for good: their changes are dropped here and in every copy that meets this one.
    ///
    /// # Errors
    /// [`VaultError::Refused`] unless the member is an owner.
    pub fn purge(&self, entries: &[EntryId], wall_ms: u64) -> Result<Unlocked, VaultError> {
        self.owner("delete for good")?;
        let mut next = self.clone();
        next.document.roster.purge(entries, &self.member, wall_ms)?;
        next.document.set_roster_again(&self.document.roster);
        Ok(next)
    }

    /// Opens this machine's own working copy, as it is on the disk now, with the keys at hand.
    ///
    /// # Errors
    /// [`VaultError::NotAMember`] when the passphrase was changed elsewhere meanwhile; else as [`Locked::unlock`].
    pub fn reopen(&self, bytes: &[u8], limits: &Limits) -> Result<Unlocked, VaultError> {
        self.open_copy(bytes, limits, From::WorkingCopy)
    }

    /// Opens another copy of this vault's file, from anywhere, with the keys at hand.
    ///
    /// # Errors
    /// As [`Unlocked::reopen`]; [`VaultError::NotEntitled`] and [`VaultError::Altered`] for what nobody who may write has signed.
    pub fn open_from_elsewhere(&self, bytes: &[u8], limits: &Limits) -> Result<Unlocked, VaultError> {
        self.open_copy(bytes, limits, From::Elsewhere)
    }

    fn open_copy(&self, bytes: &[u8], limits: &Limits, from: From) -> Result<Unlocked, VaultError> {
        let locked = Locked::read(bytes, limits)?;
        if locked.file.header.vault != self.header.vault {
            return Err(VaultError::Altered("another vault lies in its place".into()));
        }
        locked::open_until(&locked.file, self.all_keys(), from, self.document.horizon_ms())
    }

    fn same_vault(&self, other: &Unlocked) -> Result<(), VaultError> {
        match self.header.vault == other.header.vault {
            true => Ok(()),
            false => Err(VaultError::Altered("it is a copy of another vault".into())),
        }
    }

    /// The union of two working copies of one vault, both of this machine.
    ///
    /// # Errors
    /// [`VaultError::Altered`] when they are not copies of one vault, [`VaultError::Forked`] when their rosters do not follow one another.
    pub fn merge(&self, other: &Unlocked) -> Result<Unlocked, VaultError> {
        self.same_vault(other)?;
        let (ours, theirs) = (&self.document.roster, &other.document.roster);
        // The epoch of the header goes with the roster.
        let newer = match ours.relation(theirs) {
            Relation::Same | Relation::Behind | Relation::Crossed { theirs: false, .. } => self,
            Relation::Ahead | Relation::Crossed { theirs: true, .. } => other,
            Relation::Forked => {
                return Err(VaultError::Forked);
            }
        };
        let document = self.document.merge(&other.document, newer.document.roster.clone(), usize::MAX);
        // Both are this machine's: what one program did while another one took in the end of the key is signed again.
        let (one, two) = (&self.document, &other.document);
        let counted_in_one =
            one.changes().filter(|change| !two.has(change)).chain(two.changes().filter(|change| !one.has(change)));
        let merged = Unlocked {
            header: newer.header.clone(),
            member: newer.member.clone(),
            own: newer.own.clone(),
            invite: newer.invite.clone(),
            vault_key: newer.vault_key.clone(),
            document,
            recovery: newer.recovery,
        };
        merged.sign_again(counted_in_one)
    }

    /// The bytes of the vault's file, under a fresh nonce.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`], [`VaultError::Random`].
    pub fn seal(&self, random: &mut dyn Random) -> Result<Vec<u8>, VaultError> {
        let too_large = || VaultError::TooLarge(LARGEST / 1024 / 1024);
        let nonce = random_bytes(random)?;
        let header_bytes = self.header.write()?;
        let mut body = self.document.write()?;
        if body.len() as u64 > LARGEST / 4 * 3 - 65_536 {
            return Err(too_large());
        }
        body.reserve_exact(seal::TAG);
        let key = body_key(&self.vault_key, &self.header.vault, self.header.epoch)?;
        seal::seal(&key, &nonce, &body_data(&header_bytes), &mut body).map_err(|_| too_large())?;
        // From here on the body is cipher text.
        let body = std::mem::take(&mut *body);
        let signer = self.signer();
        let signature = signer.sign(&signed_text(&header_bytes, &nonce, &body));
        let author = signer.public().sign;
        File { header_bytes, header: self.header.clone(), nonce, body, author, signature }.write()
    }

    /// The key that signs files: the member's own, or while that is not in the roster the invite's.
    fn signer(&self) -> &MemberKey {
        match &self.invite {
            Some(invite) if self.document.roster.member_by_key(&self.member.public().sign).is_none() => invite,
            _ => &self.member,
        }
    }

    /// Whether those bytes open and hold exactly this vault: the read-back of a save.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check_sealed(&self, bytes: &[u8]) -> Result<(), VaultError> {
        let (version, file) = File::read(bytes)?;
        let holds = version == 1
            && file.author == self.signer().public().sign
            && signed_by(&file.author, &signed_text(&file.header_bytes, &file.nonce, &file.body), &file.signature);
        let key = body_key(&self.vault_key, &self.header.vault, self.header.epoch)?;
        let mut body = zeroize::Zeroizing::new(file.body);
        if !holds
            || file.header != self.header
            || seal::open(&key, &file.nonce, &body_data(&file.header_bytes), &mut body).is_err()
            || *body != *self.document.write()?
        {
            return Err(VaultError::Damaged("what was written does not read back as it was".into()));
        }
        Ok(())
    }
}

/// The header of the roster's newest epoch: the vault key sealed to everybody in the roster and to every open invite.
pub(super) fn new_header(
    roster: &Roster,
    vault_key: &Key,
    slots: Vec<Slot>,
    random: &mut dyn Random,
) -> Result<Header, VaultError> {
    let members = roster.members().iter().map(|member| (&member.name, &member.keys));
    let invites = roster.invites().iter().map(|invite| (&invite.name, &invite.keys));
    let mut grants = Vec::with_capacity(roster.members().len());
    for (name, keys) in members.chain(invites) {
        let grant = seal::grant(vault_key, &keys.exchange, roster.vault(), roster.epoch(), random)?;
        grants.push(grant.ok_or_else(|| VaultError::Altered(format!("the key of {name} is not one")))?);
    }
    if grants.len() > MOST_GRANTS {
        return Err(VaultError::Refused(format!("a vault has at most {MOST_GRANTS} members and open invites")));
    }
    Ok(Header { vault: *roster.vault(), epoch: roster.epoch(), slots, grants })
}
