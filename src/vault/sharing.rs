//! What makes a vault a team's: founding, inviting, joining, roles and removal.

use std::collections::{BTreeMap, BTreeSet};

use crate::secret::{Random, Secret, Text};
use crate::vault::document::{Change, Document};
use crate::vault::file::Slot;
use crate::vault::fold::field;
use crate::vault::join::{InviteCode, Join, Newcomer, fingerprint, fingerprint_of_keys};
use crate::vault::locked::{decrypt, entitled, granted};
use crate::vault::names::{Doubt, Names};
use crate::vault::rekey::LinkKeys;
use crate::vault::renewal::{NewCode, Renewed};
use crate::vault::roster::{Event, Invite, Member, RECOVERY, Role, Roster};
use crate::vault::seal::{Key, MemberKey, key_id};
use crate::vault::stamp::AHEAD_MS;
use crate::vault::unlocked::new_header;
use crate::vault::{EntryId, Founded, Locked, Stamp, Unlocked, VaultError};

/// Who this machine's member is in a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Me {
    /// A member.
    Member {
        /// By this name.
        name: String,
        /// With this role.
        role: Role,
    },
    /// A newcomer whom no owner's program has let in yet: may read.
    Pending {
        /// By the name on the invite.
        name: String,
        /// With this role, soon.
        role: Role,
    },
}

impl Me {
    /// The role in force: a newcomer's is viewer.
    pub fn role(&self) -> Role {
        match self {
            Me::Member { role, .. } => *role,
            Me::Pending { .. } => Role::Viewer,
        }
    }
}

/// An open invite and the code for it, which is shown only this once.
#[derive(Debug)]
pub struct Invited {
    /// The vault with the invite in it.
    pub vault: Unlocked,
    /// What is handed over, by another way than the vault.
    pub code: Text,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// What a member's program did by itself, or left to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A newcomer was let in.
    LetIn(String),
    /// An invite had expired and was ended.
    Expired(String),
    /// An invite was used after it had ended, at that time in milliseconds since 1970: an owner has to say yes.
    Late(String, u64),
    /// Two people used one invite: neither counts until an owner chooses.
    Doubled(String),
    /// A newcomer was not let in: an owner has to say yes first.
    Waits(String, Doubt),
    /// This member's key gave way to the new one that the link holds.
    OwnNewKey,
    /// Owners were asked to put this member's new key in force.
    AskedForKey,
    /// A member's new key is in force, and the vault sealed anew, so that the old one opens nothing that comes after.
    NewKey(String),
    /// Two requests for a new key of one member: neither counts until an owner chooses.
    TwoKeys(String),
    /// Something could not be done: what, and why.
    NotDone(String, String),
}

/// How many of those who knew a secret are named.
const MOST_NAMED: usize = 16;
/// How many changes an owner's program stands for unasked when their author's key ends.
const MOST_UNASKED: usize = 16_384;
/// Bytes of those changes.
const MOST_BYTES_UNASKED: usize = 16 * 1024 * 1024;

/// What becomes of what somebody did whose key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It stays, unless it is more than a person does.
    Usual,
    /// It stays, however much it is.
    Keep,
    /// It goes, but for what an owner stands for already.
    Drop,
}

/// An entry whose secret somebody who is gone could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToReenrol {
    /// The entry.
    pub entry: EntryId,
    /// Who could: of more than a few those who left last.
    pub known_to: Vec<String>,
    /// How many more.
    pub others: usize,
}

impl ToReenrol {
    /// Who could, in words.
    pub fn names(&self) -> String {
        let names = self.known_to.join(", ");
        match self.others {
            0 => names,
            1 => format!("{names} and 1 other"),
            more => format!("{names} and {more} others"),
        }
    }
}

fn only_owners(what: &str) -> VaultError {
    VaultError::Refused(format!("only an owner can {what}"))
}

impl Unlocked {
    /// Founds a vault called `title` that several people can share, with `member` as its owner. It has no passphrase: see [`Unlocked::link_keys`].
    ///
    /// # Errors
    /// When there is no randomness, or the name cannot be used.
    pub fn found_shared(
        title: &str,
        member: &str,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Founded, VaultError> {
        check_name(member)?;
        let founder = MemberKey::random(random)?;
        let mut roster = Roster::found(member, Some(title), &founder, wall_ms)?;
        let vault_key = Key::random(random)?;
        roster.start_epoch(&vault_key, &founder, wall_ms)?;
        let code = NewCode::random(roster.vault(), random)?;
        roster.renew_recovery(&code.keys, &founder, wall_ms)?;
        let header = new_header(&roster, &vault_key, Vec::new(), random)?;
        let vault = Unlocked::of_parts(header, founder, None, vault_key, Document::new(roster)).at(wall_ms);
        Ok(Founded { vault, recovery_code: code.write()? })
    }

    /// What the personal vault keeps to open this one.
    pub fn link_keys(&self) -> LinkKeys {
        self.all_keys()
    }

    /// Whether several people can share it.
    pub fn is_shared(&self) -> bool {
        self.document.roster.is_shared()
    }

    /// The roster.
    pub fn roster(&self) -> &Roster {
        &self.document.roster
    }

    /// What happened to the vault itself, oldest first.
    pub fn events(&self) -> &[Event] {
        self.document.roster.events()
    }

    /// Who this machine's member is here.
    pub fn me(&self) -> Me {
        let roster = &self.document.roster;
        if let Some(member) = roster.member_by_key(&self.member.public().sign) {
            return Me::Member { name: member.name.clone(), role: member.role };
        }
        let sign = self.invite.as_ref().map(|invite| invite.public().sign);
        let invite = sign.and_then(|sign| roster.invite_by_key(&sign));
        let (name, role) = invite.map_or_else(|| (String::new(), Role::Viewer), |i| (i.name.clone(), i.role));
        Me::Pending { name, role }
    }

    /// Whether this machine's member may change entries.
    ///
    /// # Errors
    /// [`VaultError::Refused`] with the reason.
    pub fn may_edit(&self) -> Result<(), VaultError> {
        match self.me() {
            Me::Member { role: Role::Editor | Role::Owner, .. } => Ok(()),
            Me::Pending { role: Role::Editor | Role::Owner, .. } => Err(VaultError::Refused(
                "you can read this vault; you can edit once an owner's next sync admits you".into(),
            )),
            Me::Member { .. } | Me::Pending { .. } => Err(VaultError::Refused(
                "you are a viewer of this vault: you can read and copy, not change; an owner can make you an editor"
                    .into(),
            )),
        }
    }

    pub(super) fn owner(&self, what: &str) -> Result<(), VaultError> {
        match self.me() {
            Me::Member { role: Role::Owner, .. } => Ok(()),
            _ => Err(only_owners(what)),
        }
    }

    /// Six words for this member's keys, to compare by voice: an owner sees the same for whoever waits and for whoever is in, until the key is replaced.
    pub fn own_words(&self) -> String {
        fingerprint_of_keys(&self.member.public())
    }

    /// Six words for the list of members: two people who hear the same words have the same list. They change with every change of it.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.document.roster.head())
    }

    pub(super) fn next_epoch(&mut self, wall_ms: u64, random: &mut dyn Random) -> Result<(), VaultError> {
        let vault_key = Key::random(random)?;
        self.document.roster.start_epoch(&vault_key, &self.member, wall_ms)?;
        self.vault_key = vault_key;
        self.renew_header(random)
    }

    /// The bytes of the file for the others, with the vault key sealed to everybody in the roster anew: whoever wrote the copy before may have left
    /// somebody out.
    ///
    /// # Errors
    /// As [`Unlocked::seal`].
    pub fn seal_to_all(&self, random: &mut dyn Random) -> Result<Vec<u8>, VaultError> {
        let mut vault = self.clone();
        vault.renew_header(random)?;
        vault.seal(random)
    }

    /// Seals the vault key to everybody in the roster anew.
    pub(super) fn renew_header(&mut self, random: &mut dyn Random) -> Result<(), VaultError> {
        let slots: Vec<Slot> = self.header.slots.clone();
        self.header = new_header(&self.document.roster, &self.vault_key, slots, random)?;
        Ok(())
    }

    /// Opens a way in for one person. Until it is used or `expires_ms` has passed, whoever has the code can read the vault.
    ///
    /// # Errors
    /// [`VaultError::Refused`]: not an owner, a personal vault, a name that is taken, the role of an owner.
    pub fn invite(
        &self,
        name: &str,
        role: Role,
        expires_ms: u64,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Invited, VaultError> {
        self.owner("invite")?;
        if !self.is_shared() {
            return Err(VaultError::Refused(
                "a personal vault has one member; create a shared vault to invite to".into(),
            ));
        }
        if role == Role::Owner {
            return Err(VaultError::Refused(
                "invite an editor first; once they are in, an owner can make them an owner".into(),
            ));
        }
        check_name(name)?;
        let mut vault = self.clone();
        vault.end_expired(wall_ms, random)?;
        match vault.names().doubt(name, None) {
            None => {}
            Some(Doubt::LooksLike(other)) if other.to_lowercase() == name.to_lowercase() => {
                return Err(VaultError::Refused(format!(
                    "there is a {name} in this vault already, or an open invite for one"
                )));
            }
            Some(doubt) => {
                return Err(VaultError::Refused(format!(
                    "{doubt}; choose another, so that nobody takes one for the other"
                )));
            }
        }
        let code = Secret::random(16, random)?;
        let key = MemberKey::from_invite_code(&code, &self.header.vault)?;
        let link = vault.document.roster.invite(name, role, key.public(), expires_ms, &self.member, wall_ms)?;
        vault.renew_header(random)?;
        Ok(Invited { vault, code: InviteCode::new(code, &link).write()?, expires_ms })
    }

    /// Ends the invites that nobody used in time: their names are free again.
    fn end_expired(&mut self, wall_ms: u64, random: &mut dyn Random) -> Result<(), VaultError> {
        let used: BTreeSet<[u8; 32]> = self.newcomers().iter().map(|newcomer| newcomer.invite.id).collect();
        let before = self.document.roster.clone();
        let expired =
            before.invites().iter().filter(|invite| invite.expires_ms < wall_ms && !used.contains(&invite.id));
        let mut ended = false;
        for invite in expired {
            self.document.roster.close(&invite.id, &self.member, wall_ms)?;
            ended = true;
        }
        if ended {
            self.document.set_roster_again(&before);
            self.next_epoch(wall_ms, random)?;
        }
        Ok(())
    }

    /// Ends an invite, and the power of its code.
    ///
    /// # Errors
    /// [`VaultError::Refused`]: not an owner.
    pub fn end_invite(&self, invite: &Invite, wall_ms: u64, random: &mut dyn Random) -> Result<Unlocked, VaultError> {
        self.owner("end an invite")?;
        let mut vault = self.clone();
        vault.document.roster.close(&invite.id, &self.member, wall_ms)?;
        vault.document.set_roster_again(&self.document.roster);
        vault.next_epoch(wall_ms, random)?;
        Ok(vault)
    }

    /// Lets in one of the people who used an invite.
    ///
    /// # Errors
    /// [`VaultError::Refused`]: not an owner.
    pub fn admit(&self, newcomer: &Newcomer, wall_ms: u64, random: &mut dyn Random) -> Result<Unlocked, VaultError> {
        self.owner("let somebody in")?;
        let mut vault = self.clone();
        vault
            .let_in(newcomer, &self.names().free(&newcomer.name, Some(&newcomer.invite.id)), wall_ms)
            .map_err(as_refusal)?;
        vault.next_epoch(wall_ms, random)?;
        Ok(vault)
    }

    /// The newcomer's link; an epoch has to follow.
    pub(super) fn let_in(&mut self, newcomer: &Newcomer, name: &str, wall_ms: u64) -> Result<(), VaultError> {
        let before = self.document.roster.clone();
        self.document.roster.admit(&newcomer.invite, name, newcomer.keys, &self.member, wall_ms)?;
        self.document.set_roster_again(&before);
        Ok(())
    }

    /// The names in use, by what they look like.
    pub fn names(&self) -> Names {
        Names::of(&self.document.roster)
    }

    /// People who came by an invite and wait to be let in.
    pub fn newcomers(&self) -> Vec<Newcomer> {
        let mut newcomers: Vec<Newcomer> = self.document.joins.said().cloned().collect();
        // Somebody may have left their record twice.
        let mut seen = BTreeSet::new();
        newcomers.retain(|newcomer| seen.insert(newcomer.keys.sign));
        newcomers
    }

    /// Gives a member another role. Of somebody who may edit no longer, what they did before still counts. Where somebody is an owner no longer, a new recovery
    /// code and a new epoch come with it.
    ///
    /// # Errors
    /// [`VaultError::Refused`]: not an owner, the last owner, an owner who would lower themselves.
    pub fn set_role(
        &self,
        member: &Member,
        role: Role,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Renewed, VaultError> {
        self.owner("give roles")?;
        if member.name == RECOVERY {
            return Err(VaultError::Refused("the recovery code is an owner, and stays one".into()));
        }
        if member.role == role {
            return Renewed::new(self.clone(), None);
        }
        let mut vault = self.at(wall_ms);
        vault.some_is_due()?;
        let code = self.code_after(member, random)?;
        if role == Role::Viewer {
            vault.vouch_for(&member.keys.sign, Work::Usual, wall_ms)?;
        }
        let keys = code.as_ref().map(|code| &code.keys);
        vault.document.roster.set_role(&member.keys.sign, role, keys, &self.member, wall_ms).map_err(as_refusal)?;
        vault.close_invites_by(member, wall_ms)?;
        vault.document.set_roster_again(&self.document.roster);
        if code.is_some() {
            vault.next_epoch(wall_ms, random)?;
        }
        Renewed::new(vault, code.as_ref())
    }

    /// Shuts a member out of everything that comes after: a new epoch and vault key for those who stay, and a new recovery code where an owner leaves.
    ///
    /// # Errors
    /// [`VaultError::Refused`]: not an owner, oneself, the last owner, or more changes of theirs than a person makes.
    pub fn remove(
        &self,
        member: &Member,
        work: Work,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Renewed, VaultError> {
        self.owner("remove somebody")?;
        if member.name == RECOVERY {
            return Err(VaultError::Refused(
                "the recovery code is removed by nobody: tickey vault recovery renews it".into(),
            ));
        }
        let mut vault = self.at(wall_ms);
        vault.some_is_due()?;
        let code = self.code_after(member, random)?;
        let keys = code.as_ref().map(|code| &code.keys);
        vault.vouch_for(&member.keys.sign, work, wall_ms).map_err(as_refusal)?;
        let newest = vault.newest();
        vault.document.roster.remove(&member.keys.sign, newest, keys, &self.member, wall_ms).map_err(as_refusal)?;
        vault.close_invites_by(member, wall_ms)?;
        if work == Work::Drop {
            // The keys that theirs replaced, too: nothing of them is left to drop later.
            for key in member.signed_with.iter().filter(|key| !self.document.roster.is_cut(&key_id(key))) {
                vault.document.roster.cut(key, &self.member, wall_ms).map_err(as_refusal)?;
            }
        }
        vault.document.set_roster_again(&self.document.roster);
        vault.next_epoch(wall_ms, random)?;
        Renewed::new(vault, code.as_ref())
    }

    /// Ends the invitations of somebody who may not invite any more: whoever has their codes could come in by them. An epoch has to follow.
    fn close_invites_by(&mut self, member: &Member, wall_ms: u64) -> Result<(), VaultError> {
        let made: Vec<[u8; 32]> = self.document.roster.invites_by(member).map(|invite| invite.id).collect();
        for id in &made {
            self.document.roster.close(id, &self.member, wall_ms).map_err(as_refusal)?;
        }
        Ok(())
    }

    /// Drops what somebody of that name did who was removed, or with a key that has been replaced, and no owner stands for.
    ///
    /// # Errors
    /// [`VaultError::Refused`]: not an owner, or nobody of that name has a key that has ended.
    pub fn cut(&self, name: &str, wall_ms: u64) -> Result<Unlocked, VaultError> {
        self.owner("drop what a member did")?;
        let mut vault = self.clone();
        let roster = &self.document.roster;
        let of_name = roster.members().iter().chain(roster.gone()).filter(|member| member.name == name);
        let ended: Vec<[u8; 32]> = of_name
            .flat_map(|member| member.signed_with.iter().copied())
            .filter(|key| roster.member_by_key(key).is_none() && !roster.is_cut(&key_id(key)))
            .collect();
        if ended.is_empty() {
            let shown = crate::text::clean(name);
            let of_name = |member: &&Member| member.name == name;
            return Err(VaultError::Refused(
                if roster.members().iter().any(|member| of_name(&member) && member.signed_with.len() < 2) {
                    format!("{shown} is a member with their first key, and all they did counts: remove them first")
                } else if roster.members().iter().chain(roster.gone()).any(|member| of_name(&member)) {
                    format!("what {shown} did with keys that have ended was dropped already")
                } else {
                    format!("nobody called {shown} is or was a member of this vault")
                },
            ));
        }
        for key in &ended {
            vault.document.roster.cut(key, &self.member, wall_ms).map_err(as_refusal)?;
        }
        vault.document.set_roster_again(roster);
        Ok(vault)
    }

    /// Stands for everything that counts now and was signed with that key: it is about to end.
    pub(super) fn vouch_for(&mut self, sign: &[u8; 32], work: Work, wall_ms: u64) -> Result<(), VaultError> {
        if work == Work::Drop {
            return Ok(());
        }
        let (roster, id) = (&self.document.roster, key_id(sign));
        let theirs = self.document.in_force().filter(|change| change.by() == Some(id));
        let new: Vec<[u8; 32]> =
            theirs.map(|change| *change.hash()).filter(|hash| !roster.vouched().contains(hash)).collect();
        let theirs = self.document.in_force().filter(|change| change.by() == Some(id));
        let bytes = theirs.fold(0_usize, |sum, change| sum.saturating_add(change.raw().len()));
        if work == Work::Usual && (new.len() > MOST_UNASKED || bytes > MOST_BYTES_UNASKED) {
            return Err(VaultError::Refused(format!(
                "they made {} changes, more or larger than an owner's program stands for unasked: remove them, and say whether all of it stays",
                new.len()
            )));
        }
        self.document.roster.vouch(&new, &self.member, wall_ms)
    }

    /// Changes that do not count, for their authors may not write any more: how many, by whom.
    pub fn set_aside(&self) -> BTreeMap<String, usize> {
        let mut by = BTreeMap::new();
        for change in self.document.aside() {
            let name = crate::vault::history::author(&self.document, &change.contents().by);
            let count = by.entry(name).or_insert(0_usize);
            *count = count.saturating_add(1);
        }
        by
    }

    /// Entries whose secrets somebody who is gone could read, and that have not been given new ones since.
    pub fn to_reenrol(&self) -> Vec<ToReenrol> {
        let mut gone: Vec<&(String, Stamp)> = self.document.roster.left_at().iter().collect();
        if gone.is_empty() {
            return Vec::new();
        }
        gone.sort_by_key(|(_, at)| *at);
        let mut list = Vec::new();
        for held in self.document.held.values() {
            let Some(entry) = held.entry.as_ref().filter(|entry| !entry.deleted) else { continue };
            let newest = held.in_force().iter().rev().find(|change| change.contents().set.get(field::SECRET).is_some());
            let Some(stamp) = newest.map(Change::at) else { continue };
            let known_to = gone.get(gone.partition_point(|(_, at)| *at < stamp)..).unwrap_or_default();
            if !known_to.is_empty() {
                let others = known_to.len().saturating_sub(MOST_NAMED);
                let named = known_to.iter().skip(others).map(|(name, _)| name.clone());
                list.push(ToReenrol { entry: entry.id, known_to: named.collect(), others });
            }
        }
        list
    }

    /// A newcomer comes in: opens the vault with the code and leaves a record with a key of their own. `name` instead of the one on the invite.
    ///
    /// # Errors
    /// [`VaultError::NotAMember`] when the code opens nothing here, [`VaultError::Refused`] when the invite is used up or expired.
    pub fn join(
        locked: &Locked,
        code: &InviteCode,
        name: Option<&str>,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Unlocked, VaultError> {
        let file = &locked.file;
        let invite_key = code.key(&file.header.vault)?;
        let vault_key = granted(file, &[&invite_key]).ok_or(VaultError::NotAMember)?;
        let mut document = decrypt(file, &vault_key, Some(wall_ms.saturating_add(AHEAD_MS)))?;
        let invite = code.invite(&document.roster).filter(|invite| invite.keys == invite_key.public());
        let Some(invite) = invite.cloned() else {
            return Err(VaultError::Refused(
                "this is not the vault that the code was made for, or the invite has been ended; ask for a new code"
                    .into(),
            ));
        };
        if invite.expires_ms < wall_ms {
            return Err(VaultError::Refused("this invite has expired; ask for a new one".into()));
        }
        if document.joins.said().any(|other| other.invite.id == invite.id) {
            return Err(VaultError::Refused(
                "this code has been used already; if that was not you, tell the vault's owner at once".into(),
            ));
        }
        // Another newcomer may have left their record last: whatever else that file holds is signed by members.
        if document.roster.invite_by_key(&file.author).is_none() {
            entitled(&document.roster, &file.author)?;
        }
        document.check_signatures(None)?;
        let own = MemberKey::random(random)?;
        let name = name.unwrap_or(&invite.name);
        check_name(name)?;
        if name != invite.name
            && let Some(doubt) = Names::of(&document.roster).doubt(name, Some(&invite.id))
        {
            return Err(VaultError::Refused(format!("{doubt}; choose another, or take the name on the invitation")));
        }
        let join = Join::write(&document.roster, &invite, &invite_key, &own, name, wall_ms)?;
        document.joins.add(join, &document.roster);
        Ok(Unlocked::of_parts(file.header.clone(), own, Some(invite_key), vault_key, document).at(wall_ms))
    }

    /// With the record by which an owner's program lets a newcomer in, where it is missing: the machine that was to leave it was stopped between keeping
    /// the key and writing the vault.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when it cannot be written.
    pub fn with_own_record(&self, wall_ms: u64) -> Result<Unlocked, VaultError> {
        let mut vault = self.clone();
        let Some(invite_key) = self.invite.as_ref().filter(|_| matches!(self.me(), Me::Pending { .. })) else {
            return Ok(vault);
        };
        let roster = &self.document.roster;
        let Some(invite) = roster.invite_by_key(&invite_key.public().sign) else { return Ok(vault) };
        if !self.document.joins.said().any(|newcomer| newcomer.invite.id == invite.id) {
            let record = Join::write(roster, invite, invite_key, &self.member, &invite.name, wall_ms)?;
            vault.document.joins.add(record, roster);
        }
        Ok(vault)
    }
}

/// A name for a member: something to read, of a length to show, and not the recovery code's.
pub(super) fn check_name(name: &str) -> Result<(), VaultError> {
    if name.trim().is_empty() || name.len() > 200 || name.trim() != name {
        return Err(VaultError::Refused("a member's name has 1 to 200 bytes, and no blanks around it".into()));
    }
    if crate::text::clean(name) != name {
        return Err(VaultError::Refused(
            "a member's name has no control characters in it, and none that do not show".into(),
        ));
    }
    if name.to_lowercase() == RECOVERY {
        return Err(VaultError::Refused(format!("the name \"{RECOVERY}\" is kept for the recovery code")));
    }
    Ok(())
}

/// What the roster's rules say, said to a person who tried it.
pub(super) fn as_refusal(error: VaultError) -> VaultError {
    match error {
        VaultError::Altered(words) => {
            let rule = words.split_once(": ").map_or(words.as_str(), |(_, rule)| rule);
            VaultError::Refused(format!("that is not possible: {rule}"))
        }
        other => other,
    }
}
