//! Who belongs to a vault: a chain of links, each signed by an owner in the roster before it.
//!
//! A link is kept as the exact bytes that were signed. Link 0, `found`, signs itself, and the vault id is its hash: nobody else
//! can found a vault with this id.

mod fork;
mod link;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::vault::seal::{Key, MemberKey, PublicKeys, VaultId, epoch_commitment, key_id, sha256, signed_by};
use crate::vault::{EntryId, Stamp, VaultError};

pub use fork::Relation;
pub use link::StoredLink;
use link::{Link, LinkText, Op, bytes, keys, signed_text, vault_id};

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May read. Enforced by encryption: who has no key reads nothing.
    Viewer,
    /// May read and change entries. Enforced by every reader, who checks signatures.
    Editor,
    /// May also change who belongs. Enforced by every reader, who checks signatures.
    Owner,
}

impl Role {
    /// `viewer`, `editor` or `owner`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Editor => "editor",
            Role::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Viewer, Role::Editor, Role::Owner].into_iter().find(|role| role.name() == name)
    }
}

/// The name under which a recovery code is an owner.
pub const RECOVERY: &str = "recovery";

/// One member, as the whole chain says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name people gave.
    pub name: String,
    /// What the member may do.
    pub role: Role,
    /// The keys in force.
    pub keys: PublicKeys,
    /// All signing keys the member ever had, the one in force among them.
    pub signed_with: Vec<[u8; 32]>,
    /// Their key ids, in the same order.
    key_ids: Vec<[u8; 16]>,
    /// When the member came, in milliseconds since 1970, as the link says.
    pub since_ms: u64,
    /// Who let the member in; `None` for the founder.
    pub let_in_by: Option<String>,
}

impl Member {
    fn has_key_id(&self, id: &[u8; 16]) -> bool {
        self.key_ids.contains(id)
    }
}

/// A way in that is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// The hash of the link that opened it first.
    pub id: [u8; 32],
    /// For whom.
    pub name: String,
    /// The role the newcomer gets.
    pub role: Role,
    /// The keys made of the code.
    pub keys: PublicKeys,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: u64,
    /// When it was made, in milliseconds since 1970.
    pub since_ms: u64,
    /// Who made it.
    pub by: String,
}

/// One line of a vault's own history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, in milliseconds since 1970, by the clock of who did it.
    pub at_ms: u64,
    /// Who.
    pub by: String,
    /// What, in words: "invited Bob as editor".
    pub what: String,
}

/// The chain, verified, and what it adds up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    vault: VaultId,
    shared: Option<String>,
    links: Vec<Link>,
    members: Vec<Member>,
    gone: Vec<Member>,
    left_at: Vec<(String, Stamp)>,
    invites: Vec<Invite>,
    seen_keys: Vec<[u8; 32]>,
    epoch: u64,
    commitment: Option<[u8; 32]>,
    vouched: BTreeSet<[u8; 16]>,
    purged: BTreeSet<EntryId>,
    events: Vec<Event>,
}

fn altered(what: impl Into<String>) -> VaultError {
    VaultError::Altered(what.into())
}

fn is_last_owner(members: &[Member], sign: &[u8; 32]) -> bool {
    let others = members.iter().filter(|member| member.keys.sign != *sign);
    !others.into_iter().any(|member| member.role == Role::Owner && member.name != RECOVERY)
}

impl Roster {
    /// Founds a vault: link 0, signed by itself. `shared` is what a shared vault is called.
    pub fn found(name: &str, shared: Option<&str>, founder: &MemberKey, wall_ms: u64) -> Result<Roster, VaultError> {
        let shared = shared.map(str::to_owned);
        let keys = founder.public();
        let (sign, exchange) = (BASE64.encode(&keys.sign), BASE64.encode(&keys.exchange));
        let op = Op::Found { name: name.to_owned(), sign, exchange, shared };
        let text = LinkText { n: 0, previous: None, at: wall_ms, again: None, op };
        Roster::begin(Link::write(&text, None, founder))
    }

    fn begin(link: Link) -> Result<Roster, VaultError> {
        let text = link.read()?;
        let Op::Found { name, sign, exchange, shared } = text.op else {
            return Err(altered("its roster does not begin with a founder"));
        };
        let keys = keys(&sign, &exchange)?;
        if text.n != 0 || text.previous.is_some() || link.by != keys.sign {
            return Err(altered("its first roster link is not one"));
        }
        if !signed_by(&keys.sign, &signed_text(None, &link.bytes), &link.signature) {
            return Err(altered("the founder's signature does not hold"));
        }
        let event = Event { at_ms: text.at, by: name.clone(), what: "founded the vault".into() };
        let founder = Member {
            name,
            role: Role::Owner,
            keys,
            signed_with: vec![keys.sign],
            key_ids: vec![key_id(&keys.sign)],
            since_ms: text.at,
            let_in_by: None,
        };
        Ok(Roster {
            vault: vault_id(&link.bytes),
            shared,
            links: vec![link],
            members: vec![founder],
            gone: Vec::new(),
            left_at: Vec::new(),
            invites: Vec::new(),
            seen_keys: vec![keys.sign, keys.exchange],
            epoch: 0,
            commitment: None,
            vouched: BTreeSet::new(),
            purged: BTreeSet::new(),
            events: vec![event],
        })
    }

    /// Verifies a stored chain for the vault of that id.
    ///
    /// # Errors
    /// [`VaultError::Altered`] naming the link; [`VaultError::Newer`] for an operation this program does not know.
    pub fn read(vault: &VaultId, stored: &[StoredLink]) -> Result<Roster, VaultError> {
        let mut links = stored.iter().map(Link::from_stored);
        let mut roster = Roster::begin(links.next().ok_or_else(|| altered("its roster is empty"))??)?;
        if roster.vault != *vault {
            return Err(altered("its roster is that of another vault"));
        }
        for link in links {
            roster.take(link?)?;
        }
        Ok(roster)
    }

    /// The chain as it is stored.
    pub fn stored(&self) -> Vec<StoredLink> {
        self.links.iter().map(Link::stored).collect()
    }

    /// Puts one more link on, if it may follow. When it may not, the roster is as it was.
    fn take(&mut self, link: Link) -> Result<(), VaultError> {
        let text = link.read()?;
        let n = text.n;
        let wrong = |what: &str| altered(format!("roster link {n}: {what}"));
        if n != self.links.len() as u64 || text.previous.as_deref() != Some(BASE64.encode(&self.head()).as_str()) {
            return Err(wrong("it does not follow the one before"));
        }
        let signer = self.member_by_key(&link.by).ok_or_else(|| wrong("it is signed by nobody in the roster"))?;
        let own_key = matches!(&text.op, Op::Rekey { old, .. } if *old == BASE64.encode(&link.by));
        if signer.role != Role::Owner && !own_key {
            return Err(wrong("it is signed by somebody who is not an owner"));
        }
        let signer = signer.clone();
        if !signed_by(&link.by, &signed_text(Some(&self.vault), &link.bytes), &link.signature) {
            return Err(wrong("its signature does not hold"));
        }
        let origin = fork::origin(&link, &text)?;
        let what = self.apply(text.op, &link, origin, text.at, text.again.is_some(), &signer, &wrong)?;
        if let Some(what) = what {
            self.events.push(Event { at_ms: text.at, by: signer.name, what });
        }
        self.links.push(link);
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // One link's parts, taken apart once.
    fn apply(
        &mut self,
        op: Op,
        link: &Link,
        origin: [u8; 32],
        at: u64,
        is_again: bool,
        signer: &Member,
        wrong: &dyn Fn(&str) -> VaultError,
    ) -> Result<Option<String>, VaultError> {
        match op {
            Op::Found { .. } => Err(wrong("a vault is founded once")),
            Op::Invite { name, role, sign, exchange, expires } => {
                if role == Role::Owner || name == RECOVERY || name.is_empty() {
                    return Err(wrong("it invites in a way that is not allowed"));
                }
                let keys = keys(&sign, &exchange)?;
                self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                let what = format!("invited {name} as {}", role.name());
                let by = signer.name.clone();
                self.invites.push(Invite { id: origin, name, role, keys, expires_ms: expires, since_ms: at, by });
                Ok(Some(what))
            }
            Op::Admit { name, role, sign, exchange, invite } => {
                let keys = keys(&sign, &exchange)?;
                let mut let_in_by = signer.name.clone();
                if let Some(invite) = invite {
                    let open = self.open_invite(&invite, wrong)?;
                    let invite = self.invites.get(open).ok_or_else(|| wrong("it answers no open invite"))?;
                    if invite.role != role {
                        return Err(wrong("it gives another role than the invite"));
                    }
                    let_in_by.clone_from(&invite.by);
                    self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                    self.invites.remove(open);
                } else {
                    if role != Role::Owner || name != RECOVERY {
                        return Err(wrong("somebody is let in without an invite"));
                    }
                    self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                }
                let what = format!("let in {name} as {}", role.name());
                let (signed_with, key_ids) = (vec![keys.sign], vec![key_id(&keys.sign)]);
                self.members.push(Member {
                    name,
                    role,
                    keys,
                    signed_with,
                    key_ids,
                    since_ms: at,
                    let_in_by: Some(let_in_by),
                });
                Ok(Some(what))
            }
            Op::Close { invite } => {
                let open = self.open_invite(&invite, wrong)?;
                let invite = self.invites.remove(open);
                Ok(Some(format!("ended the invite of {}", invite.name)))
            }
            Op::Role { member, role } => {
                let sign = bytes::<32>(&member)?;
                if role != Role::Owner && is_last_owner(&self.members, &sign) {
                    return Err(wrong("the last owner stays one"));
                }
                let member = self.members.iter_mut().find(|member| member.keys.sign == sign && member.name != RECOVERY);
                let member = member.ok_or_else(|| wrong("it is about nobody in the roster"))?;
                member.role = role;
                Ok(Some(format!("made {} {}", member.name, with_article(role))))
            }
            Op::Rekey { old, sign, exchange } => {
                let old = bytes::<32>(&old)?;
                let keys = keys(&sign, &exchange)?;
                if link.by != old && signer.name != RECOVERY {
                    return Err(wrong("a new key is signed by the old one or by the recovery code"));
                }
                if !self.members.iter().any(|member| member.keys.sign == old) {
                    return Err(wrong("it replaces a key that is not in force"));
                }
                self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                let mut name = String::new();
                for member in self.members.iter_mut().filter(|member| member.keys.sign == old) {
                    member.keys = keys;
                    member.signed_with.push(keys.sign);
                    member.key_ids.push(key_id(&keys.sign));
                    name.clone_from(&member.name);
                }
                Ok(Some(format!("gave {name} a new key")))
            }
            Op::Remove { member, newest } => {
                let sign = bytes::<32>(&member)?;
                if sign == link.by {
                    return Err(wrong("nobody removes themselves"));
                }
                if is_last_owner(&self.members, &sign) {
                    return Err(wrong("the last owner stays"));
                }
                let place = self.members.iter().position(|member| member.keys.sign == sign);
                let member = self.members.remove(place.ok_or_else(|| wrong("it is about nobody in the roster"))?);
                let what = format!("removed {}", member.name);
                self.left_at.push((member.name.clone(), newest));
                self.gone.push(member);
                Ok(Some(what))
            }
            Op::Vouch { changes } => {
                let hashes = changes.iter().map(|hash| bytes::<16>(hash)).collect::<Result<Vec<_>, _>>()?;
                self.vouched.extend(hashes);
                Ok(None)
            }
            Op::Epoch { epoch, commitment } => {
                if Some(epoch) != self.epoch.checked_add(1) {
                    return Err(wrong("epochs follow one another"));
                }
                self.commitment = Some(bytes(&commitment)?);
                self.epoch = epoch;
                Ok((epoch > 1).then(|| "changed the vault key".to_owned()))
            }
            Op::Purge { entries } => {
                let entries: Result<Vec<EntryId>, _> = entries.iter().map(|entry| entry.parse()).collect();
                let entries = entries.map_err(|_| wrong("it names something that is no entry"))?;
                let what = match entries.len() {
                    1 => "deleted an entry for good".to_owned(),
                    n => format!("deleted {n} entries for good"),
                };
                self.purged.extend(entries);
                Ok(Some(what))
            }
            Op::Moot if is_again => Ok(None),
            Op::Moot => Err(wrong("it says nothing")),
        }
    }

    fn open_invite(&self, id: &str, wrong: &dyn Fn(&str) -> VaultError) -> Result<usize, VaultError> {
        let id = bytes::<32>(id)?;
        self.invites.iter().position(|invite| invite.id == id).ok_or_else(|| wrong("it is about no open invite"))
    }

    fn enter(&mut self, keys: PublicKeys) -> Option<()> {
        let known = |key| self.seen_keys.contains(key);
        if known(&keys.sign) || known(&keys.exchange) || keys.sign == keys.exchange {
            return None;
        }
        self.seen_keys.extend([keys.sign, keys.exchange]);
        Some(())
    }

    fn add(&mut self, op: Op, signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        self.add_again(op, None, signer, wall_ms)
    }

    fn add_again(
        &mut self,
        op: Op,
        again: Option<[u8; 32]>,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        let again = again.map(|hash| BASE64.encode(&hash));
        let previous = Some(BASE64.encode(&self.head()));
        let text = LinkText { n: self.links.len() as u64, previous, at: wall_ms, again, op };
        self.take(Link::write(&text, Some(&self.vault), signer))
    }

    /// A new epoch, committed to its vault key.
    pub fn start_epoch(&mut self, vault_key: &Key, signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        let epoch = self.epoch.checked_add(1).ok_or_else(|| VaultError::Refused("no epoch is left".into()))?;
        let commitment = BASE64.encode(&epoch_commitment(vault_key, &self.vault, epoch));
        self.add(Op::Epoch { epoch, commitment }, signer, wall_ms)
    }

    /// The recovery code becomes an owner.
    pub fn admit_recovery(&mut self, keys: PublicKeys, signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        let (sign, exchange) = (BASE64.encode(&keys.sign), BASE64.encode(&keys.exchange));
        let op = Op::Admit { name: RECOVERY.into(), role: Role::Owner, sign, exchange, invite: None };
        self.add(op, signer, wall_ms)
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
        self.add(Op::Invite { name: name.to_owned(), role, sign, exchange, expires: expires_ms }, signer, wall_ms)?;
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
        let op = Op::Admit { name: name.to_owned(), role: invite.role, sign, exchange, invite: invite_id };
        self.add(op, signer, wall_ms)
    }

    /// Ends an invite without anybody.
    pub fn close(&mut self, invite: &[u8; 32], signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        self.add(Op::Close { invite: BASE64.encode(invite) }, signer, wall_ms)
    }

    /// Gives a member another role.
    pub fn set_role(
        &mut self,
        member: &[u8; 32],
        role: Role,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        self.add(Op::Role { member: BASE64.encode(member), role }, signer, wall_ms)
    }

    /// Shuts a member out, who could read everything up to the stamp `newest`; a new epoch has to follow.
    pub fn remove(
        &mut self,
        member: &[u8; 32],
        newest: Stamp,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        self.add(Op::Remove { member: BASE64.encode(member), newest }, signer, wall_ms)
    }

    /// Stands for changes whatever becomes of their authors.
    pub fn vouch(&mut self, changes: &[[u8; 16]], signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        self.add(Op::Vouch { changes: changes.iter().map(|hash| BASE64.encode(hash)).collect() }, signer, wall_ms)
    }

    /// A member's old signing key gives way to new keys; signed by the old key or by the recovery code.
    pub fn rekey(
        &mut self,
        old: &[u8; 32],
        new: PublicKeys,
        signer: &MemberKey,
        wall_ms: u64,
    ) -> Result<(), VaultError> {
        let op = Op::Rekey {
            old: BASE64.encode(old),
            sign: BASE64.encode(&new.sign),
            exchange: BASE64.encode(&new.exchange),
        };
        self.add(op, signer, wall_ms)
    }

    /// Entries to be forgotten for good.
    pub fn purge(&mut self, entries: &[EntryId], signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        self.add(Op::Purge { entries: entries.iter().map(EntryId::to_string).collect() }, signer, wall_ms)
    }

    /// The vault whose roster this is.
    pub fn vault(&self) -> &VaultId {
        &self.vault
    }

    /// Whether several people share it: then every change is signed and no passphrase opens it.
    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// What its founder called a shared vault.
    pub fn title(&self) -> Option<&str> {
        self.shared.as_deref()
    }

    /// The hash of the newest link.
    pub fn head(&self) -> [u8; 32] {
        self.links.last().map_or([0; 32], Link::hash)
    }

    /// Everybody in it, in the order they came.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Everybody who was removed.
    pub fn gone(&self) -> &[Member] {
        &self.gone
    }

    /// Who left, and the newest stamp of what they could read.
    pub fn left_at(&self) -> &[(String, Stamp)] {
        &self.left_at
    }

    /// Whether a link of that hash (hexadecimal digits) is in the chain.
    pub fn has_had(&self, head: &str) -> bool {
        self.links.iter().any(|link| data_encoding::HEXLOWER.encode(&link.hash()) == head)
    }

    /// The ways in that are open, expired ones too.
    pub fn invites(&self) -> &[Invite] {
        &self.invites
    }

    /// What happened to the vault itself, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The member whose signing key in force this is.
    pub fn member_by_key(&self, sign: &[u8; 32]) -> Option<&Member> {
        self.members.iter().find(|member| member.keys.sign == *sign)
    }

    /// The member who has, or had, the signing key of that id, removed or not.
    pub fn member_by_key_id(&self, id: &[u8; 16]) -> Option<&Member> {
        self.members.iter().chain(&self.gone).find(|member| member.has_key_id(id))
    }

    /// The signing key of that id, if a member has or had it.
    pub fn signing_key(&self, id: &[u8; 16]) -> Option<&[u8; 32]> {
        let member = self.member_by_key_id(id)?;
        member.key_ids.iter().zip(&member.signed_with).find_map(|(known, sign)| (known == id).then_some(sign))
    }

    /// Whether changes signed with the key of that id count: its member is editor or owner now.
    pub fn is_author(&self, id: &[u8; 16]) -> bool {
        self.members.iter().any(|member| member.role >= Role::Editor && member.has_key_id(id))
    }

    /// Whether the same changes count under `other`.
    pub(super) fn counts_the_same(&self, other: &Roster) -> bool {
        let authors = |roster: &Roster| -> BTreeSet<[u8; 32]> {
            let authors = roster.members.iter().filter(|member| member.role >= Role::Editor);
            authors.flat_map(|member| member.signed_with.iter().copied()).collect()
        };
        self.vouched == other.vouched && authors(self) == authors(other)
    }

    /// The changes that an owner stands for.
    pub fn vouched(&self) -> &BTreeSet<[u8; 16]> {
        &self.vouched
    }

    /// Whether the epoch of a header and its vault key are those the newest `epoch` link commits to.
    pub fn is_epoch(&self, epoch: u64, vault_key: &Key) -> bool {
        epoch == self.epoch && self.commitment == Some(epoch_commitment(vault_key, &self.vault, epoch))
    }

    /// The epoch in force.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Entries that have been forgotten for good.
    pub fn purged(&self) -> &BTreeSet<EntryId> {
        &self.purged
    }
}

fn with_article(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Editor => "an editor",
        Role::Owner => "an owner",
    }
}

/// The first 16 bytes of a change's SHA-256: how an owner names it when standing for it.
pub fn change_hash(raw: &str) -> [u8; 16] {
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(sha256(&[raw.as_bytes()])) {
        *to = from;
    }
    short
}
