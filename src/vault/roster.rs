//! Who belongs to a vault: a chain of links, each signed by an owner in the roster before it.
//!
//! A link is kept as the exact bytes that were signed. Link 0, `found`, signs itself, and the vault id is its hash: nobody else
//! can found a vault with this id.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::vault::seal::{Key, MemberKey, PublicKeys, VaultId, epoch_commitment, key_id, sha256, signed_by};
use crate::vault::{EntryId, VaultError};

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May read.
    Viewer,
    /// May read and change entries.
    Editor,
    /// May also change who belongs.
    Owner,
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
    /// Key ids of all signing keys the member ever had, the one in force among them.
    pub key_ids: Vec<[u8; 16]>,
    /// When the member came, in milliseconds since 1970, as the link says.
    pub since_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    bytes: Vec<u8>,
    by: [u8; 32],
    signature: [u8; 64],
}

/// The chain, verified, and what it adds up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    vault: VaultId,
    links: Vec<Link>,
    members: Vec<Member>,
    seen_keys: Vec<[u8; 32]>,
    epoch: u64,
    commitment: Option<[u8; 32]>,
    purged: BTreeSet<EntryId>,
}

#[derive(Serialize, Deserialize)]
struct LinkText {
    n: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    at: u64,
    #[serde(flatten)]
    op: Op,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Op {
    Found { name: String, sign: String, exchange: String },
    Admit { name: String, role: Role, sign: String, exchange: String },
    Rekey { old: String, sign: String, exchange: String },
    Epoch { epoch: u64, commitment: String },
    Purge { entries: Vec<String> },
}

/// How a link stands in the body.
#[derive(Serialize, Deserialize)]
pub struct StoredLink {
    link: String,
    by: String,
    signature: String,
}

fn altered(what: impl Into<String>) -> VaultError {
    VaultError::Altered(what.into())
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], VaultError> {
    BASE64
        .decode(text.as_bytes())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| altered(format!("a roster link holds something that is not {N} bytes")))
}

fn signed_text(vault: Option<&VaultId>, link: &[u8]) -> Vec<u8> {
    match vault {
        None => [b"tickey/1 found", link].concat(),
        Some(vault) => [b"tickey/1 link".as_slice(), vault, link].concat(),
    }
}

fn vault_id(found: &[u8]) -> VaultId {
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(sha256(&[b"tickey/1 found", found])) {
        *to = from;
    }
    id
}

impl Roster {
    /// Founds a vault: link 0, signed by itself.
    pub fn found(name: &str, founder: &MemberKey, wall_ms: u64) -> Result<Roster, VaultError> {
        let keys = founder.public();
        let op = Op::Found {
            name: name.to_owned(),
            sign: BASE64.encode(&keys.sign),
            exchange: BASE64.encode(&keys.exchange),
        };
        let link = write_link(0, None, wall_ms, op);
        let signature = founder.sign(&signed_text(None, &link));
        Roster::begin(Link { bytes: link, by: keys.sign, signature })
    }

    fn begin(link: Link) -> Result<Roster, VaultError> {
        let text = read_link(&link.bytes)?;
        let Op::Found { name, sign, exchange } = text.op else {
            return Err(altered("its roster does not begin with a founder"));
        };
        let keys = PublicKeys { sign: bytes(&sign)?, exchange: bytes(&exchange)? };
        if text.n != 0 || text.previous.is_some() || link.by != keys.sign {
            return Err(altered("its first roster link is not one"));
        }
        if !signed_by(&keys.sign, &signed_text(None, &link.bytes), &link.signature) {
            return Err(altered("the founder's signature does not hold"));
        }
        let founder = Member { name, role: Role::Owner, keys, key_ids: vec![key_id(&keys.sign)], since_ms: text.at };
        Ok(Roster {
            vault: vault_id(&link.bytes),
            links: vec![link],
            members: vec![founder],
            seen_keys: vec![keys.sign, keys.exchange],
            epoch: 0,
            commitment: None,
            purged: BTreeSet::new(),
        })
    }

    /// Verifies a stored chain for the vault of that id.
    ///
    /// # Errors
    /// [`VaultError::Altered`] naming the link; [`VaultError::Newer`] for an operation this program does not know.
    pub fn read(vault: &VaultId, stored: &[StoredLink]) -> Result<Roster, VaultError> {
        let mut links = stored.iter().map(|stored| {
            Ok::<_, VaultError>(Link {
                bytes: BASE64.decode(stored.link.as_bytes()).map_err(|_| altered("a roster link is not base64"))?,
                by: bytes(&stored.by)?,
                signature: bytes(&stored.signature)?,
            })
        });
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
        let stored = |link: &Link| StoredLink {
            link: BASE64.encode(&link.bytes),
            by: BASE64.encode(&link.by),
            signature: BASE64.encode(&link.signature),
        };
        self.links.iter().map(stored).collect()
    }

    /// Puts one more link on, if it may follow.
    fn take(&mut self, link: Link) -> Result<(), VaultError> {
        let text = read_link(&link.bytes)?;
        let n = text.n;
        let wrong = |what: &str| altered(format!("roster link {n}: {what}"));
        if n != self.links.len() as u64 || text.previous.as_deref() != Some(BASE64.encode(&self.head()).as_str()) {
            return Err(wrong("it does not follow the one before"));
        }
        let signer = self.member_by_key(&link.by).ok_or_else(|| wrong("it is signed by nobody in the roster"))?;
        if signer.role != Role::Owner {
            return Err(wrong("it is signed by somebody who is not an owner"));
        }
        let signer = signer.clone();
        if !signed_by(&link.by, &signed_text(Some(&self.vault), &link.bytes), &link.signature) {
            return Err(wrong("its signature does not hold"));
        }
        match text.op {
            Op::Found { .. } => return Err(wrong("a vault is founded once")),
            Op::Admit { name, role, sign, exchange } => {
                let keys = PublicKeys { sign: bytes(&sign)?, exchange: bytes(&exchange)? };
                self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                let key_ids = vec![key_id(&keys.sign)];
                self.members.push(Member { name, role, keys, key_ids, since_ms: text.at });
            }
            Op::Rekey { old, sign, exchange } => {
                let old = bytes::<32>(&old)?;
                let keys = PublicKeys { sign: bytes(&sign)?, exchange: bytes(&exchange)? };
                if link.by != old && signer.name != RECOVERY {
                    return Err(wrong("a new key is signed by the old one or by the recovery code"));
                }
                self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                let member = self.members.iter_mut().find(|member| member.keys.sign == old);
                let member = member.ok_or_else(|| wrong("it replaces a key that is not in force"))?;
                member.keys = keys;
                member.key_ids.push(key_id(&keys.sign));
            }
            Op::Epoch { epoch, commitment } => {
                if Some(epoch) != self.epoch.checked_add(1) {
                    return Err(wrong("epochs follow one another"));
                }
                self.epoch = epoch;
                self.commitment = Some(bytes(&commitment)?);
            }
            Op::Purge { entries } => {
                for entry in entries {
                    self.purged.insert(entry.parse().map_err(|_| wrong("it names something that is no entry"))?);
                }
            }
        }
        self.links.push(link);
        Ok(())
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
        let link = write_link(self.links.len() as u64, Some(self.head()), wall_ms, op);
        let signature = signer.sign(&signed_text(Some(&self.vault), &link));
        self.take(Link { bytes: link, by: signer.public().sign, signature })
    }

    /// A new epoch, committed to its vault key.
    pub fn start_epoch(&mut self, vault_key: &Key, signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        let epoch = self.epoch.checked_add(1).ok_or_else(|| VaultError::Refused("no epoch is left".into()))?;
        let commitment = BASE64.encode(&epoch_commitment(vault_key, &self.vault, epoch));
        self.add(Op::Epoch { epoch, commitment }, signer, wall_ms)
    }

    /// The recovery code becomes an owner.
    pub fn admit_recovery(&mut self, keys: PublicKeys, signer: &MemberKey, wall_ms: u64) -> Result<(), VaultError> {
        let op = Op::Admit {
            name: RECOVERY.into(),
            role: Role::Owner,
            sign: BASE64.encode(&keys.sign),
            exchange: BASE64.encode(&keys.exchange),
        };
        self.add(op, signer, wall_ms)
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

    /// The hash of the newest link.
    pub fn head(&self) -> [u8; 32] {
        self.links.last().map_or([0; 32], |link| sha256(&[&link.bytes]))
    }

    /// Whether `other` begins with all of this roster's links.
    pub fn is_prefix_of(&self, other: &Roster) -> bool {
        other.links.starts_with(&self.links)
    }

    /// Everybody in it, in the order they came.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member whose signing key in force this is.
    pub fn member_by_key(&self, sign: &[u8; 32]) -> Option<&Member> {
        self.members.iter().find(|member| member.keys.sign == *sign)
    }

    /// The member who has, or had, the signing key of that id.
    pub fn member_by_key_id(&self, id: &[u8; 16]) -> Option<&Member> {
        self.members.iter().find(|member| member.key_ids.contains(id))
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

fn write_link(n: u64, previous: Option<[u8; 32]>, at: u64, op: Op) -> Vec<u8> {
    let text = LinkText { n, previous: previous.map(|hash| BASE64.encode(&hash)), at, op };
    let mut out = Vec::new();
    // Writing plain strings and numbers to memory cannot fail.
    let _ = serde_json::to_writer(&mut out, &text);
    out
}

fn read_link(bytes: &[u8]) -> Result<LinkText, VaultError> {
    #[derive(Deserialize)]
    struct OpName {
        op: String,
    }
    serde_json::from_slice(bytes).map_err(|problem| match serde_json::from_slice::<OpName>(bytes) {
        Ok(OpName { op }) if !["found", "admit", "rekey", "epoch", "purge"].contains(&op.as_str()) => {
            VaultError::Newer(format!("its roster has an operation \"{}\"", op.escape_default()))
        }
        _ => altered(format!("a roster link cannot be read ({problem})")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::fixed::FixedRandom;

    fn founded(random: &mut FixedRandom) -> (Roster, MemberKey, Key) {
        let founder = MemberKey::random(random).unwrap();
        let vault_key = Key::random(random).unwrap();
        let mut roster = Roster::found("maya", &founder, 1_000).unwrap();
        roster.start_epoch(&vault_key, &founder, 1_000).unwrap();
        (roster, founder, vault_key)
    }

    #[test]
    fn a_chain_reads_back_as_itself() {
        let mut random = FixedRandom::new(11);
        let (mut roster, founder, vault_key) = founded(&mut random);
        let recovery = MemberKey::random(&mut random).unwrap();
        roster.admit_recovery(recovery.public(), &founder, 1_001).unwrap();
        roster.purge(&[EntryId::random(&mut random).unwrap()], &founder, 1_002).unwrap();
        let again = Roster::read(roster.vault(), &roster.stored()).unwrap();
        assert_eq!(again, roster);
        assert!(again.is_epoch(1, &vault_key));
        assert!(!again.is_epoch(1, &Key::new([0; 32])));
        assert_eq!(again.members().len(), 2);
    }

    #[test]
    fn links_dropped_reordered_or_forged_are_refused() {
        let mut random = FixedRandom::new(12);
        let (mut roster, founder, _) = founded(&mut random);
        let recovery = MemberKey::random(&mut random).unwrap();
        roster.admit_recovery(recovery.public(), &founder, 1_001).unwrap();
        let vault = *roster.vault();
        let refused = |links: Vec<StoredLink>| matches!(Roster::read(&vault, &links), Err(VaultError::Altered(_)));
        let mut dropped = roster.stored();
        dropped.remove(1);
        assert!(refused(dropped));
        let mut swapped = roster.stored();
        swapped.swap(1, 2);
        assert!(refused(swapped));
        assert!(refused(Vec::new()));
        let other = founded(&mut random).0;
        assert!(refused(other.stored()));
        let mut grafted = roster.stored();
        grafted.extend(other.stored().into_iter().skip(1));
        assert!(refused(grafted));
        for n in 0..3 {
            let mut forged = roster.stored();
            forged[n].signature = BASE64.encode(&[0; 64]);
            assert!(refused(forged), "signature of link {n}");
        }
    }

    #[test]
    fn a_stranger_cannot_add_a_link_and_a_key_enters_once() {
        let mut random = FixedRandom::new(13);
        let (mut roster, founder, vault_key) = founded(&mut random);
        let stranger = MemberKey::random(&mut random).unwrap();
        assert!(roster.clone().start_epoch(&vault_key, &stranger, 2).is_err());
        assert!(roster.clone().admit_recovery(founder.public(), &founder, 2).is_err());
        let old = founder.public().sign;
        assert!(roster.clone().rekey(&old, stranger.public(), &stranger, 2).is_err());
        roster.rekey(&old, stranger.public(), &founder, 2).unwrap();
        assert!(roster.clone().purge(&[], &founder, 3).is_err(), "the old key signs nothing any more");
        roster.purge(&[], &stranger, 3).unwrap();
        assert_eq!(roster.member_by_key_id(&key_id(&old)).map(|member| member.name.as_str()), Some("maya"));
    }

    #[test]
    fn an_operation_of_a_newer_program_is_named() {
        let link = br#"{"n":1,"previous":"","at":1,"op":"quorum"}"#;
        assert!(matches!(read_link(link), Err(VaultError::Newer(_))));
    }
}
