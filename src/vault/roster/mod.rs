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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::vault::seal::{Key, MemberKey, PublicKeys, VaultId, epoch_commitment, key_id, signed_by};
use crate::vault::{EntryId, Stamp, VaultError};

pub use fork::Relation;
pub use link::StoredLink;
use link::{Link, LinkText, Op, Placed, keys, name_fits, signed_text, vault_id};

/// How many links a roster has at most.
const MOST_LINKS: usize = 20_000;
/// How many of those are kept for removals, the ends of invitations, and new epochs.
const KEPT_LINKS: usize = 64;
/// How many members and open invitations there are at most, together.
pub const MOST_READERS: usize = 1024;

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
    /// All signing keys the member ever had, the one in force last.
    pub signed_with: Vec<[u8; 32]>,
    /// When the member came, in milliseconds since 1970, as the link says.
    pub since_ms: u64,
    /// When the member's key was last replaced, as the link says.
    pub rekeyed_ms: Option<u64>,
    /// Who let the member in; `None` for the founder.
    pub let_in_by: Option<String>,
    /// Which of all who ever came this is.
    number: usize,
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
    /// The number of that member.
    maker: usize,
    /// Which of all invitations this is.
    number: usize,
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

/// A new recovery code in the place of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// Who made it.
    pub by: String,
    /// Who came in by the one before.
    pub came_in: Option<String>,
}

/// Whose a signing key is or was.
#[derive(Debug, Clone, Copy)]
enum Whose {
    /// The member of that number, who is in.
    In(usize),
    /// Who stands at that place among those who are gone.
    Gone(usize),
}

/// A signing key that is or was a member's.
#[derive(Debug, Clone, Copy)]
struct Signer {
    sign: [u8; 32],
    whose: Whose,
    /// Which of the member's keys it is.
    nth: usize,
}

/// What only grows, looked up by key or hash.
#[derive(Debug, Clone, Default)]
struct Past {
    gone: Vec<Member>,
    left_at: Vec<(String, Stamp)>,
    events: Vec<Event>,
    renewals: Vec<Renewal>,
    /// By key id.
    signers: BTreeMap<[u8; 16], Signer>,
    /// All keys that ever entered, of members and invitations, for signing and for exchange.
    keys: BTreeSet<[u8; 32]>,
    /// The links' hashes.
    hashes: BTreeSet<[u8; 32]>,
    /// The key ids of ended keys whose changes are dropped unless an owner stands for them.
    cut: BTreeSet<[u8; 16]>,
}

/// The chain, verified, and what it adds up to. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Roster {
    vault: VaultId,
    shared: Option<String>,
    links: Vec<Arc<Placed>>,
    head: [u8; 32],
    /// In the order they came.
    members: Vec<Member>,
    came: usize,
    /// In the order they were made.
    invites: Vec<Invite>,
    /// The number of each by its id.
    invited: BTreeMap<[u8; 32], usize>,
    made: usize,
    epoch: u64,
    commitment: Option<[u8; 32]>,
    past: Arc<Past>,
    vouched: Arc<BTreeSet<[u8; 32]>>,
    purged: Arc<BTreeSet<EntryId>>,
}

/// All else follows from the links.
impl PartialEq for Roster {
    fn eq(&self, other: &Roster) -> bool {
        self.links == other.links
    }
}

impl Eq for Roster {}

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
        Roster::begin(Link::write(&text, None, founder)?)
    }

    fn begin(link: Link) -> Result<Roster, VaultError> {
        let text = link.read()?;
        let placed = Placed::new(link, &text)?;
        let Op::Found { name, sign, exchange, shared } = text.op else {
            return Err(altered("its roster does not begin with a founder"));
        };
        let keys = keys(&sign, &exchange)?;
        if text.n != 0 || text.previous.is_some() || placed.is_again || placed.link.by != keys.sign {
            return Err(altered("its first roster link is not one"));
        }
        if !signed_by(&keys.sign, &signed_text(None, &placed.link.bytes), &placed.link.signature) {
            return Err(altered("the founder's signature does not hold"));
        }
        if !name_fits(&name) || name == RECOVERY || shared.as_deref().is_some_and(|shared| !name_fits(shared)) {
            return Err(altered("its first roster link has an unfit name"));
        }
        let mut roster = Roster {
            vault: vault_id(&placed.link.bytes),
            shared,
            links: Vec::new(),
            head: placed.hash,
            members: Vec::new(),
            came: 0,
            invites: Vec::new(),
            invited: BTreeMap::new(),
            made: 0,
            epoch: 0,
            commitment: None,
            past: Arc::default(),
            vouched: Arc::default(),
            purged: Arc::default(),
        };
        roster.enter(keys).map_err(altered)?;
        let what = "founded the vault".into();
        Arc::make_mut(&mut roster.past).events.push(Event { at_ms: text.at, by: name.clone(), what });
        roster.come(name, Role::Owner, keys, text.at, None);
        roster.put(placed);
        Ok(roster)
    }

    /// Puts a link on that was found to follow.
    fn put(&mut self, placed: Placed) {
        self.head = placed.hash;
        Arc::make_mut(&mut self.past).hashes.insert(placed.hash);
        self.links.push(Arc::new(placed));
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
        self.links.iter().map(|placed| placed.link.stored()).collect()
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
        self.head
    }

    /// Everybody in it, in the order they came.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Everybody who was removed.
    pub fn gone(&self) -> &[Member] {
        &self.past.gone
    }

    /// Who left, and the newest stamp of what they could read.
    pub fn left_at(&self) -> &[(String, Stamp)] {
        &self.past.left_at
    }

    /// Whether a link of that hash (hexadecimal digits) is in the chain.
    pub fn has_had(&self, head: &str) -> bool {
        let hash: Option<[u8; 32]> =
            data_encoding::HEXLOWER.decode(head.as_bytes()).ok().and_then(|hash| hash.try_into().ok());
        hash.is_some_and(|hash| self.past.hashes.contains(&hash))
    }

    /// The ways in that are open, expired ones too.
    pub fn invites(&self) -> &[Invite] {
        &self.invites
    }

    /// The open invitation of that id.
    pub(super) fn open_invite(&self, id: &[u8; 32]) -> Option<&Invite> {
        self.invites.get(self.place_of(id)?)
    }

    /// The open invitations that were made by somebody who is no owner here, and once was that member.
    pub(super) fn invites_by(&self, member: &Member) -> impl Iterator<Item = &Invite> {
        let maker = member.number;
        let is_owner = self.members.iter().any(|now| now.number == maker && now.role == Role::Owner);
        self.invites.iter().filter(move |invite| !is_owner && invite.maker == maker)
    }

    fn place_of(&self, id: &[u8; 32]) -> Option<usize> {
        let number = self.invited.get(id)?;
        self.invites.binary_search_by_key(number, |invite| invite.number).ok()
    }

    /// The open invitation with that signing key.
    pub(super) fn invite_by_key(&self, sign: &[u8; 32]) -> Option<&Invite> {
        self.invites.iter().find(|invite| invite.keys.sign == *sign)
    }

    /// How many keys a file is sealed to: the members' and the open invites'.
    pub(super) fn readers(&self) -> usize {
        self.members.len().saturating_add(self.invites.len())
    }

    /// What happened to the vault itself, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.past.events
    }

    /// Every recovery code there was, oldest first; the last is in force.
    pub fn renewals(&self) -> &[Renewal] {
        &self.past.renewals
    }

    fn whoever(&self, whose: Whose) -> Option<&Member> {
        match whose {
            Whose::In(number) => {
                let place = self.members.binary_search_by_key(&number, |member| member.number).ok()?;
                self.members.get(place)
            }
            Whose::Gone(place) => self.past.gone.get(place),
        }
    }

    fn signer(&self, sign: &[u8; 32]) -> Option<&Signer> {
        self.past.signers.get(&key_id(sign))
    }

    /// The member whose signing key in force this is.
    pub fn member_by_key(&self, sign: &[u8; 32]) -> Option<&Member> {
        let signer = self.signer(sign).filter(|signer| matches!(signer.whose, Whose::In(_)))?;
        self.whoever(signer.whose).filter(|member| member.keys.sign == *sign)
    }

    /// The member who has, or had, that signing key, removed or not.
    pub(super) fn member_who_had(&self, sign: &[u8; 32]) -> Option<&Member> {
        self.whoever(self.signer(sign)?.whose)
    }

    /// The keys of the recovery code in force.
    pub(super) fn recovery_key(&self) -> Option<PublicKeys> {
        self.members.iter().find(|member| member.name == RECOVERY).map(|member| member.keys)
    }

    /// Whether that member of this roster is still in.
    pub(super) fn is_in(&self, member: &Member) -> bool {
        self.whoever(Whose::In(member.number)).is_some()
    }

    /// Whether that key is, or was, a member's or an invite's.
    pub(super) fn has_known(&self, key: &[u8; 32]) -> bool {
        self.past.keys.contains(key)
    }

    /// The member who has, or had, the signing key of that id, removed or not.
    pub fn member_by_key_id(&self, id: &[u8; 16]) -> Option<&Member> {
        self.whoever(self.past.signers.get(id)?.whose)
    }

    /// The signing key of that id, if a member has or had it.
    pub fn signing_key(&self, id: &[u8; 16]) -> Option<&[u8; 32]> {
        self.past.signers.get(id).map(|signer| &signer.sign)
    }

    /// Whether changes signed with the key of that id count: it is in force, and its member editor or owner.
    pub fn is_author(&self, id: &[u8; 16]) -> bool {
        let Some(Signer { sign, whose: whose @ Whose::In(_), .. }) = self.past.signers.get(id) else { return false };
        let counts = |member: &Member| member.role >= Role::Editor && member.name != RECOVERY;
        self.whoever(*whose).is_some_and(|member| counts(member) && member.keys.sign == *sign)
    }

    /// Whether changes signed with the key of that id are dropped unless an owner stands for them.
    pub fn is_cut(&self, id: &[u8; 16]) -> bool {
        self.past.cut.contains(id)
    }

    /// Whether owners have dropped changes for good.
    pub(super) fn drops_changes(&self) -> bool {
        !self.purged.is_empty() || !self.past.cut.is_empty()
    }

    /// Whether the same changes count under `other`.
    pub(super) fn counts_the_same(&self, other: &Roster) -> bool {
        let authors = |roster: &Roster| -> BTreeSet<[u8; 32]> {
            let authors = roster.members.iter().filter(|member| member.role >= Role::Editor);
            authors.map(|member| member.keys.sign).collect()
        };
        let same = |ours: &Arc<BTreeSet<[u8; 32]>>, theirs| Arc::ptr_eq(ours, theirs) || ours == theirs;
        same(&self.vouched, &other.vouched) && self.past.cut == other.past.cut && authors(self) == authors(other)
    }

    /// The changes that an owner stands for.
    pub fn vouched(&self) -> &BTreeSet<[u8; 32]> {
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
