//! Who belongs to a vault: a chain of links, each signed by an owner in the roster before it.
//!
//! A link is kept as the exact bytes that were signed. Link 0, `found`, signs itself, and the vault id is its hash: nobody else
//! can found a vault with this id.

mod fork;
mod link;
mod rules;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::vault::seal::{Key, MemberKey, PublicKeys, VaultId, epoch_commitment, key_id, sha256, signed_by};
use crate::vault::{EntryId, Stamp, VaultError};

pub use fork::Relation;
pub use link::StoredLink;
use link::{Link, LinkText, Op, keys, signed_text, vault_id};

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
    rekeyed: Vec<String>,
    vouched: BTreeSet<[u8; 16]>,
    purged: BTreeSet<EntryId>,
    events: Vec<Event>,
}

fn altered(what: impl Into<String>) -> VaultError {
    VaultError::Altered(what.into())
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
            rekeyed: Vec::new(),
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

    /// Whether that key is an open invite's.
    pub(super) fn has_invited(&self, key: &[u8; 32]) -> bool {
        self.invites.iter().any(|invite| invite.keys.sign == *key)
    }

    /// How many keys a file is sealed to: the members' and the open invites'.
    pub(super) fn readers(&self) -> usize {
        self.members.len().saturating_add(self.invites.len())
    }

    /// What happened to the vault itself, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The member whose signing key in force this is.
    pub fn member_by_key(&self, sign: &[u8; 32]) -> Option<&Member> {
        self.members.iter().find(|member| member.keys.sign == *sign)
    }

    /// The keys of the recovery code in force.
    pub(super) fn recovery_key(&self) -> Option<PublicKeys> {
        self.members.iter().find(|member| member.name == RECOVERY).map(|member| member.keys)
    }

    /// Whether that key is, or was, a member's or an invite's.
    pub(super) fn has_known(&self, key: &[u8; 32]) -> bool {
        self.seen_keys.contains(key)
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

    /// Members who got new keys since the epoch began: until the next one, their old keys open what is written.
    pub fn rekeyed(&self) -> &[String] {
        &self.rekeyed
    }

    /// Entries that have been forgotten for good.
    pub fn purged(&self) -> &BTreeSet<EntryId> {
        &self.purged
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
