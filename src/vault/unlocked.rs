//! A vault, locked and unlocked: two types.

use data_encoding::HEXLOWER;

use crate::secret::{Random, Text, random_bytes};
use crate::vault::change::Author;
use crate::vault::document::{Change, Document, HistoryItem};
use crate::vault::edit::Planner;
use crate::vault::file::{File, Header, LARGEST, MOST_GRANTS, Slot};
use crate::vault::kdf::derive;
use crate::vault::rekey::{self, LinkKeys};
use crate::vault::roster::{Member, RECOVERY, Relation, Role, Roster};
use crate::vault::seal::{self, Key, MemberKey, NotAuthentic, VaultId, body_key, sha256, signed_by};
use crate::vault::{Clock, Cost, Edit, Entry, EntryId, Limits, Stamp, VaultError, recovery};

/// A vault file that has been read and whose signature holds; nothing of it has been decrypted.
#[derive(Debug, Clone)]
pub struct Locked {
    pub(super) file: File,
}

impl Locked {
    /// Reads a vault's bytes: sizes, JSON, key derivation bounds, signature. No passphrase is needed to find damage.
    ///
    /// # Errors
    /// [`VaultError::NotAVault`], [`VaultError::Damaged`], [`VaultError::Newer`], [`VaultError::ParametersRefused`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Locked, VaultError> {
        let locked = Locked::read_unbound(bytes)?;
        locked.check(limits)?;
        Ok(locked)
    }

    /// The same for a file of which no slot will be opened.
    pub(super) fn read_unbound(bytes: &[u8]) -> Result<Locked, VaultError> {
        let (version, file) = File::read(bytes)?;
        let holds = signed_by(&file.author, &signed_text(&file.header_bytes, &file.nonce, &file.body), &file.signature);
        if version != 1 {
            // The version is not under the signature: where all else is format 1 and holds, only that number is wrong.
            return Err(match holds {
                true => VaultError::Damaged("its version number is wrong".into()),
                false => VaultError::Newer(format!("format {version}")),
            });
        }
        if !holds {
            return Err(VaultError::Damaged("its signature does not hold".into()));
        }
        Ok(Locked { file })
    }

    /// Whether this machine pays what its slots ask for.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), VaultError> {
        self.file.header.slots.iter().try_for_each(|slot| limits.check(slot.cost))
    }

    /// The 16 bytes of the vault id, as 32 hexadecimal digits.
    pub fn vault_id(&self) -> String {
        HEXLOWER.encode(&self.file.header.vault)
    }

    /// The epoch, from 1.
    pub fn epoch(&self) -> u64 {
        self.file.header.epoch
    }

    /// What each slot's derivation costs; empty for a shared vault.
    pub fn costs(&self) -> Vec<Cost> {
        self.file.header.slots.iter().map(|slot| slot.cost).collect()
    }

    /// How many members' keys the vault key is sealed to.
    pub fn grants(&self) -> usize {
        self.file.header.grants.len()
    }

    /// The signing key of who wrote the file, as 64 hexadecimal digits.
    pub fn author(&self) -> String {
        HEXLOWER.encode(&self.file.author)
    }

    /// The size of the sealed body, in bytes.
    pub fn body_size(&self) -> usize {
        self.file.body.len()
    }

    /// Opens with a passphrase. Takes about half a second: never call it on the screen's thread.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`], [`VaultError::Memory`], [`VaultError::Altered`] and what the body can be wrong with.
    pub fn unlock(&self, passphrase: &Text, limits: &Limits) -> Result<Unlocked, VaultError> {
        if self.file.header.slots.is_empty() {
            return Err(VaultError::NotAMember);
        }
        for slot in &self.file.header.slots {
            let key = derive(passphrase, &slot.salt, slot.cost, limits)?;
            let mut wrapped = zeroize::Zeroizing::new(slot.key.to_vec());
            let data = slot_data(&self.file.header.vault, slot.cost, &slot.salt);
            if seal::open(&key, &slot.nonce, &data, &mut wrapped).is_ok() {
                let member = Key::from_slice(&wrapped).ok_or_else(|| VaultError::Altered("its key slot".into()))?;
                return open(&self.file, LinkKeys::of(MemberKey::new(member)));
            }
        }
        Err(VaultError::WrongPassphrase)
    }

    /// Opens with the printed recovery code.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when it is no code at all (a typing error), [`VaultError::NotAMember`] when it is not this vault's.
    pub fn unlock_with_recovery_code(&self, code: &Text) -> Result<Unlocked, VaultError> {
        let code = zeroize::Zeroizing::new(recovery::read(code).ok_or_else(|| {
            VaultError::Refused(
                "this is not a recovery code: it has seven groups of four letters and digits, and one of them is wrong"
                    .into(),
            )
        })?);
        open(&self.file, LinkKeys::of(MemberKey::from_recovery_code(&code, &self.file.header.vault)))
    }

    /// Opens a shared vault with the keys that the personal vault keeps.
    ///
    /// # Errors
    /// [`VaultError::NotAMember`], [`VaultError::Altered`], [`VaultError::NotEntitled`].
    pub fn open_with(&self, keys: &LinkKeys) -> Result<Unlocked, VaultError> {
        open(&self.file, keys.clone())
    }
}

pub(super) fn signed_text(header: &[u8], nonce: &[u8; 24], body: &[u8]) -> Vec<u8> {
    [b"tickey/1 file".as_slice(), &sha256(&[header]), nonce, &sha256(&[body])].concat()
}

fn body_data(header: &[u8]) -> Vec<u8> {
    [b"tickey/1 body".as_slice(), header].concat()
}

fn slot_data(vault: &VaultId, cost: Cost, salt: &[u8; 16]) -> Vec<u8> {
    let numbers = [cost.m_kib.to_be_bytes(), cost.t.to_be_bytes(), cost.p.to_be_bytes()].concat();
    [b"tickey/1 slot".as_slice(), vault, &numbers, salt].concat()
}

/// The vault key, by whichever of those keys has a grant.
pub(super) fn granted(file: &File, keys: &[&MemberKey]) -> Option<Key> {
    let header = &file.header;
    let open_grant =
        |grant| keys.iter().find_map(|member| seal::open_grant(grant, member, &header.vault, header.epoch));
    header.grants.iter().find_map(open_grant)
}

/// Opens the body with that vault key.
pub(super) fn open_body(file: &File, vault_key: &Key) -> Result<zeroize::Zeroizing<Vec<u8>>, NotAuthentic> {
    let mut body = zeroize::Zeroizing::new(file.body.clone());
    let key = body_key(vault_key, &file.header.vault, file.header.epoch);
    seal::open(&key, &file.nonce, &body_data(&file.header_bytes), &mut body)?;
    Ok(body)
}

/// Opens the body, and holds the header against the roster. Whether its author may write is not looked at.
pub(super) fn decrypt(file: &File, vault_key: &Key) -> Result<Document, VaultError> {
    let header = &file.header;
    let body = open_body(file, vault_key)
        .map_err(|NotAuthentic| VaultError::Altered("its body does not belong to its header".into()))?;
    let document = Document::read(&header.vault, &body)?;
    if !document.roster.is_epoch(header.epoch, vault_key) {
        return Err(VaultError::Altered("its epoch is not the one its roster names".into()));
    }
    if document.roster.is_shared() && !header.slots.is_empty() {
        return Err(VaultError::Altered("it is shared and yet has a passphrase slot".into()));
    }
    Ok(document)
}

/// Opens a file of this machine: written by this member, whatever the role, or by somebody who may write.
fn open(file: &File, keys: LinkKeys) -> Result<Unlocked, VaultError> {
    let LinkKeys { member, older, invite } = keys;
    let own: Vec<MemberKey> = std::iter::once(member.clone()).chain(older).collect();
    let keys: Vec<&MemberKey> = own.iter().chain(&invite).collect();
    let vault_key = granted(file, &keys).ok_or(VaultError::NotAMember)?;
    let document = decrypt(file, &vault_key)?;
    let roster = &document.roster;
    let ours = keys.iter().any(|key| key.public().sign == file.author);
    if !(ours && roster.is_shared()) {
        entitled(roster, &file.author)?;
        document.check_signatures(None)?;
    }
    let member = rekey::in_force(&own, roster).cloned().unwrap_or(member);
    let me = roster.member_by_key(&member.public().sign);
    let invited = invite.as_ref().is_some_and(|invite| {
        let sign = invite.public().sign;
        roster.invites().iter().any(|invite| invite.keys.sign == sign)
    });
    if me.is_none() && !invited {
        return Err(VaultError::NotAMember);
    }
    let recovery = me.is_some_and(|me| me.name == RECOVERY);
    Ok(Unlocked { header: file.header.clone(), member, own, invite, vault_key, document, recovery })
}

/// Whether that key's member may write this vault.
pub(super) fn entitled(roster: &Roster, author: &[u8; 32]) -> Result<(), VaultError> {
    match roster.member_by_key(author) {
        None => match roster.gone().iter().find(|member| member.signed_with.contains(author)) {
            Some(gone) => Err(VaultError::NotEntitled(format!("{} was removed", gone.name))),
            None => Err(VaultError::NotEntitled("its author is not in its roster".into())),
        },
        Some(author) if author.role < Role::Editor => {
            Err(VaultError::NotEntitled(format!("{} may only view", author.name)))
        }
        Some(_) => Ok(()),
    }
}

/// A new vault and the recovery code to be shown once.
#[derive(Debug)]
pub struct Founded {
    /// The vault.
    pub vault: Unlocked,
    /// Seven groups of four letters and digits.
    pub recovery_code: Text,
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
    recovery: bool,
}

impl std::fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unlocked({}, epoch {}, {} entries)", self.vault_id(), self.epoch(), self.document.held.len())
    }
}

impl Unlocked {
    /// Founds a vault whose one member is `member`, opened by `passphrase`.
    ///
    /// # Errors
    /// When the cost is refused, or there is no memory or randomness.
    pub fn found(
        member: &str,
        passphrase: &Text,
        cost: Cost,
        limits: &Limits,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Founded, VaultError> {
        if member == RECOVERY {
            return Err(VaultError::Refused(format!("the name \"{RECOVERY}\" is kept for the recovery code")));
        }
        let founder = MemberKey::random(random)?;
        let mut roster = Roster::found(member, None, &founder, wall_ms)?;
        let vault = *roster.vault();
        let vault_key = Key::random(random)?;
        roster.start_epoch(&vault_key, &founder, wall_ms)?;
        let code = zeroize::Zeroizing::new(random_bytes::<16>(random)?);
        let recovery_key = MemberKey::from_recovery_code(&code, &vault);
        roster.admit_recovery(recovery_key.public(), &founder, wall_ms)?;
        let slot = new_slot(&founder, &vault, passphrase, cost, limits, random)?;
        let header = new_header(&roster, &vault_key, vec![slot], random)?;
        let document = Document::new(roster);
        let vault = Unlocked::of_parts(header, founder, None, vault_key, document);
        Ok(Founded { vault, recovery_code: recovery::write(&code) })
    }

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
        self.document.changes().map(Change::at).filter(|at| at.replica() == replica).max()
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

    /// What was done to an entry, oldest first; nothing for an entry that is not there.
    pub fn history(&self, id: EntryId) -> Vec<HistoryItem> {
        crate::vault::history::history(&self.document, id).unwrap_or_default()
    }

    /// When an entry was last changed, and the name of the member who did it: history's last line, without reading the rest.
    pub fn last_changed(&self, id: EntryId) -> Option<(Stamp, String)> {
        crate::vault::history::last(&self.document, id)
    }

    fn planner<'a>(&self, clock: &'a mut Clock, wall_ms: u64) -> Planner<'a> {
        let shared = self.document.roster.is_shared().then_some(self.header.vault);
        Planner { document: self.document.clone(), clock, wall_ms, author: Author::new(&self.member, shared) }
    }

    /// Turns edits into changes, each stamped by `clock` at `wall_ms` and replacing what is shown now. The vault itself stays as it is:
    /// see [`Unlocked::with`]. An edit that changes nothing gives no change.
    ///
    /// # Errors
    /// [`VaultError::NoSuchEntry`], [`VaultError::Refused`] (a counter at its end, a value too long).
    pub fn plan(&self, edits: &[Edit], clock: &mut Clock, wall_ms: u64) -> Result<Vec<Change>, VaultError> {
        self.may_edit()?;
        self.planner(clock, wall_ms).edits(edits)
    }

    /// The changes that take those changes back, as far as nothing newer stands over them: a field gets the value it had before, an added
    /// entry is deleted. Counters never go back and used recovery codes stay used. Undoing an undo is a redo.
    ///
    /// # Errors
    /// As [`Unlocked::plan`].
    pub fn plan_undo(&self, done: &[Change], clock: &mut Clock, wall_ms: u64) -> Result<Vec<Change>, VaultError> {
        self.may_edit()?;
        self.planner(clock, wall_ms).undo(done)
    }

    /// The changes that bring the entries back to what `old` (an older copy of this vault) says: for restoring a backup.
    /// Entries that `old` does not know are deleted (into the trash).
    ///
    /// # Errors
    /// As [`Unlocked::plan`]; [`VaultError::Altered`] when `old` is another vault.
    pub fn plan_return_to(&self, old: &Unlocked, clock: &mut Clock, wall_ms: u64) -> Result<Vec<Change>, VaultError> {
        self.same_vault(old)?;
        self.may_edit()?;
        self.planner(clock, wall_ms).return_to(&old.document)
    }

    /// What [`Unlocked::plan`] gives to a program that does not ask whether it may.
    #[cfg(test)]
    pub(super) fn plan_unasked(&self, edits: &[Edit], clock: &mut Clock, ms: u64) -> Result<Vec<Change>, VaultError> {
        self.planner(clock, ms).edits(edits)
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

    /// This vault with those changes in it.
    #[must_use]
    pub fn with(&self, changes: &[Change]) -> Unlocked {
        let mut next = self.clone();
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

    /// Opens another copy of this vault's file with the keys at hand.
    ///
    /// # Errors
    /// [`VaultError::NotAMember`] when the passphrase was changed elsewhere meanwhile; else as [`Locked::unlock`].
    pub fn reopen(&self, bytes: &[u8], limits: &Limits) -> Result<Unlocked, VaultError> {
        let locked = Locked::read(bytes, limits)?;
        if locked.file.header.vault != self.header.vault {
            return Err(VaultError::Altered("another vault lies in its place".into()));
        }
        open(&locked.file, self.all_keys())
    }

    fn same_vault(&self, other: &Unlocked) -> Result<(), VaultError> {
        match self.header.vault == other.header.vault {
            true => Ok(()),
            false => Err(VaultError::Altered("it is a copy of another vault".into())),
        }
    }

    /// The union of two copies of one vault.
    ///
    /// # Errors
    /// [`VaultError::Altered`] when they are not copies of one vault, [`VaultError::Forked`] when their rosters do not follow one another.
    pub fn merge(&self, other: &Unlocked) -> Result<Unlocked, VaultError> {
        self.same_vault(other)?;
        let (ours, theirs) = (&self.document.roster, &other.document.roster);
        // The epoch of the header goes with the roster.
        let newer = match ours.relation(theirs) {
            Relation::Same | Relation::Behind | Relation::Crossed { theirs: false } => self,
            Relation::Ahead | Relation::Crossed { theirs: true } => other,
            Relation::Forked => {
                return Err(VaultError::Forked);
            }
        };
        let document = self.document.merge(&other.document, newer.document.roster.clone());
        Ok(Unlocked {
            header: newer.header.clone(),
            member: newer.member.clone(),
            own: newer.own.clone(),
            invite: newer.invite.clone(),
            vault_key: newer.vault_key.clone(),
            document,
            recovery: newer.recovery,
        })
    }

    /// The bytes of the vault's file, under a fresh nonce.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`], [`VaultError::Random`].
    pub fn seal(&self, random: &mut dyn Random) -> Result<Vec<u8>, VaultError> {
        let too_large = || VaultError::TooLarge(LARGEST / 1024 / 1024);
        let nonce = random_bytes(random)?;
        let header_bytes = self.header.write();
        let mut body = self.document.write();
        if body.len() as u64 > LARGEST / 4 * 3 - 65_536 {
            return Err(too_large());
        }
        body.reserve_exact(seal::TAG);
        let key = body_key(&self.vault_key, &self.header.vault, self.header.epoch);
        seal::seal(&key, &nonce, &body_data(&header_bytes), &mut body).map_err(|_| too_large())?;
        // From here on the body is cipher text.
        let body = std::mem::take(&mut *body);
        let signer = self.signer();
        let signature = signer.sign(&signed_text(&header_bytes, &nonce, &body));
        let author = signer.public().sign;
        Ok(File { header_bytes, header: self.header.clone(), nonce, body, author, signature }.write())
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
        let key = body_key(&self.vault_key, &self.header.vault, self.header.epoch);
        let mut body = zeroize::Zeroizing::new(file.body);
        if !holds
            || file.header != self.header
            || seal::open(&key, &file.nonce, &body_data(&file.header_bytes), &mut body).is_err()
            || *body != *self.document.write()
        {
            return Err(VaultError::Damaged("what was written does not read back as it was".into()));
        }
        Ok(())
    }

    /// The vault under a new passphrase: new member key, new epoch, new slot. The recovery code stays good. After a
    /// recovery-code unlock this is how a new passphrase is set.
    ///
    /// # Errors
    /// As [`Unlocked::found`].
    pub fn change_passphrase(
        &self,
        passphrase: &Text,
        cost: Cost,
        limits: &Limits,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Unlocked, VaultError> {
        if self.document.roster.is_shared() {
            return Err(VaultError::Refused(
                "a shared vault has no passphrase of its own: its members open it with theirs".into(),
            ));
        }
        let owner = match self.recovery {
            false => self.member.public().sign,
            true => {
                let mut owners = self.members().iter().filter(|member| member.name != RECOVERY);
                owners.next().ok_or(VaultError::NotAMember)?.keys.sign
            }
        };
        let member = MemberKey::random(random)?;
        let vault_key = Key::random(random)?;
        let mut document = self.document.clone();
        document.roster.rekey(&owner, member.public(), &self.member, wall_ms)?;
        document.roster.start_epoch(&vault_key, &member, wall_ms)?;
        let slot = new_slot(&member, &self.header.vault, passphrase, cost, limits, random)?;
        let header = new_header(&document.roster, &vault_key, vec![slot], random)?;
        Ok(Unlocked::of_parts(header, member, None, vault_key, document))
    }

    /// Whether this vault was opened with the recovery code: then a new passphrase should be set first of all.
    pub fn opened_by_recovery(&self) -> bool {
        self.recovery
    }
}

fn new_slot(
    member: &MemberKey,
    vault: &VaultId,
    passphrase: &Text,
    cost: Cost,
    limits: &Limits,
    random: &mut dyn Random,
) -> Result<Slot, VaultError> {
    let (salt, nonce) = (random_bytes(random)?, random_bytes(random)?);
    let key = derive(passphrase, &salt, cost, limits)?;
    let mut wrapped = zeroize::Zeroizing::new(Vec::with_capacity(48));
    wrapped.extend_from_slice(member.key().expose());
    seal::seal(&key, &nonce, &slot_data(vault, cost, &salt), &mut wrapped)
        .ok()
        .and_then(|()| wrapped.as_slice().try_into().ok())
        .map(|key| Slot { cost, salt, nonce, key })
        .ok_or_else(|| VaultError::Refused("the member key could not be wrapped".into()))
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
