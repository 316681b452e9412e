//! New links: each operation, signed and put on.

use data_encoding::BASE64;

use super::link::{Link, LinkText, MOST_LISTED, Op};
use super::{Invite, RECOVERY, Role, Roster};
use crate::vault::request::Request;
use crate::vault::seal::{Key, MemberKey, PublicKeys, epoch_commitment};
use crate::vault::{EntryId, Stamp, VaultError};

impl Roster {
    fn add(&mut self, op: Op, signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        self.add_again(op, None, signer, wall_ms)
    }

    pub(super) fn add_again(
        &mut self,
        op: Op,
        again: Option<[u8; 32]>,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        let again = again.map(|hash| BASE64.encode(&hash));
        let previous = Some(BASE64.encode(&self.head()));
        let text = LinkText { n: self.links.len() as u64, previous, at: wall_ms, again, op };
        self.take(Link::write(&text, Some(&self.vault), signer)?)
    }

    /// A new epoch, committed to its vault key.
    pub fn start_epoch(&mut self, vault_key: &Key, signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        let epoch = self.epoch.checked_add(1).ok_or_else(|| VaultError::Refused("no epoch is left".into()))?;
        let commitment = BASE64.encode(&epoch_commitment(vault_key, &self.vault, epoch));
        self.add(Op::Epoch { epoch, commitment }, signer, wall_ms)
    }

    /// The recovery code of these keys is in force, and the one before ended.
    pub fn renew_recovery(&mut self, keys: &PublicKeys, signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        let (sign, exchange) = (BASE64.encode(&keys.sign), BASE64.encode(&keys.exchange));
        self.add(Op::Recovery { sign, exchange }, signer, wall_ms)
    }

    /// Whoever has the recovery code becomes an owner with keys of their own, and the code of the keys `recovery` takes the place of theirs.
    pub fn admit_by_code(
        &mut self,
        name: &str,
        keys: &PublicKeys,
        recovery: &PublicKeys,
        code: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        let (sign, exchange) = (BASE64.encode(&keys.sign), BASE64.encode(&keys.exchange));
        let recovery = Some(recovery.into());
        let op = Op::Admit { name: name.to_owned(), role: Role::Owner, sign, exchange, invite: None, recovery };
        self.add(op, code, wall_ms)
    }

    /// Opens a way in for whoever has the code of those keys; the hash of its link.
    pub fn invite(
        &mut self,
        name: &str,
        role: Role,
        keys: PublicKeys,
        expires_ms: u64,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<[u8; 32], VaultError> {
        let (sign, exchange) = (BASE64.encode(&keys.sign), BASE64.encode(&keys.exchange));
        let name = name.to_owned();
        self.add(Op::Invite { name, role, sign, exchange, expires: expires_ms, maker: None }, signer, wall_ms)?;
        Ok(self.head())
    }

    /// The newcomer of an invite becomes a member with keys of their own.
    pub fn admit(
        &mut self,
        invite: &Invite,
        name: &str,
        keys: PublicKeys,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        let (sign, exchange) = (BASE64.encode(&keys.sign), BASE64.encode(&keys.exchange));
        let invite_id = Some(BASE64.encode(&invite.id));
        let op =
            Op::Admit { name: name.to_owned(), role: invite.role, sign, exchange, invite: invite_id, recovery: None };
        self.add(op, signer, wall_ms)
    }

    /// Ends an invite without anybody.
    pub fn close(&mut self, invite: &[u8; 32], signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        self.add(Op::Close { invite: BASE64.encode(invite) }, signer, wall_ms)
    }

    /// Gives a member another role; an owner who is to be none any more takes the recovery code with them, so a new one is in force.
    pub fn set_role(
        &mut self,
        member: &[u8; 32],
        role: Role,
        recovery: Option<&PublicKeys>,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        self.add(Op::Role { member: BASE64.encode(member), role, recovery: recovery.map(Into::into) }, signer, wall_ms)
    }

    /// Shuts a member out, who could read everything up to the stamp `newest`; a new epoch has to follow. An owner takes the recovery code with them, so
    /// a new one is in force.
    pub fn remove(
        &mut self,
        member: &[u8; 32],
        newest: Stamp,
        recovery: Option<&PublicKeys>,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        let recovery = recovery.map(Into::into);
        self.add(Op::Remove { member: BASE64.encode(member), newest, recovery }, signer, wall_ms)
    }

    /// Stands for changes whatever becomes of their authors, in as many links as it takes.
    pub fn vouch(&mut self, changes: &[[u8; 32]], signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        for changes in changes.chunks(MOST_LISTED) {
            let changes = changes.iter().map(|hash| BASE64.encode(hash)).collect();
            self.add(Op::Vouch { changes }, signer, wall_ms)?;
        }
        Ok(())
    }

    /// Drops what an ended key signed and no owner stands for.
    pub fn cut(&mut self, key: &[u8; 32], signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        self.add(Op::Cut { key: BASE64.encode(key) }, signer, wall_ms)
    }

    /// A member's key gives way to a new one, as that member has asked for.
    pub(in crate::vault) fn rekey(
        &mut self,
        request: &Request,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        // The recovery code takes the place of an old key that was lost.
        let agreed = Some(request.agreed.clone()).filter(|_| !self.is_recovery(signer));
        let Request { old, sign, exchange, signature, .. } = request.clone();
        self.add(Op::Rekey { old, sign, exchange, agreed, signature }, signer, wall_ms)
    }

    fn is_recovery(&self, key: &MemberKey) -> bool {
        self.member_by_key(&key.public().sign).is_some_and(|member| member.name == RECOVERY)
    }

    /// Entries to be forgotten for good, in as many links as it takes.
    pub fn purge(&mut self, entries: &[EntryId], signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        for entries in entries.chunks(MOST_LISTED) {
            self.add(Op::Purge { entries: entries.iter().map(EntryId::to_string).collect() }, signer, wall_ms)?;
        }
        Ok(())
    }
}
