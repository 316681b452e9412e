//! One link of a roster: the exact bytes that were signed, and what they say.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::{Role, altered};
use crate::vault::seal::{MemberKey, PublicKeys, VaultId, sha256};
use crate::vault::{Stamp, VaultError};

/// Bytes of a link's text.
const LONGEST: usize = 1024;
/// Bytes of the text of a link that lists changes or entries.
const LONGEST_LIST: usize = 64 * 1024;
/// How many changes one `vouch`, or entries one `purge`, names: each takes at most 47 bytes there.
pub(super) const MOST_LISTED: usize = 1024;
/// Bytes of a name.
const LONGEST_NAME: usize = 200;

/// A link as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub bytes: Vec<u8>,
    pub by: [u8; 32],
    pub signature: [u8; 64],
}

/// How a link stands in the body.
#[derive(Serialize, Deserialize)]
pub struct StoredLink {
    pub(super) link: String,
    pub(super) by: String,
    pub(super) signature: String,
}

/// What a link's JSON says.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct LinkText {
    pub n: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    pub at: u64,
    /// The hash of the link that this one says again on another branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
    #[serde(flatten)]
    pub op: Op,
}

/// What a link does. Keys, hashes and commitments are base64.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(super) enum Op {
    /// Link 0: the founder. A shared vault says so here, where its id is made of, with what it is called.
    Found {
        name: String,
        sign: String,
        exchange: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shared: Option<String>,
    },
    /// The way in is open to whoever has the code that these keys are made of. Where it is said again for another owner, `maker` is a key of theirs: it ends with
    /// them.
    Invite {
        name: String,
        role: Role,
        sign: String,
        exchange: String,
        expires: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maker: Option<String>,
    },
    /// A new member; `invite` names the invite it came by. Without one it came by the recovery code, and a new code takes the place of that.
    Admit {
        name: String,
        role: Role,
        sign: String,
        exchange: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invite: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery: Option<CodeKeys>,
    },
    /// An invite ends without anybody.
    Close { invite: String },
    /// A member may do more, or less. Whoever is an owner no longer may know the recovery code, so a new one takes its place.
    Role {
        member: String,
        role: Role,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery: Option<CodeKeys>,
    },
    /// A new recovery code takes the place of the one in force.
    Recovery { sign: String, exchange: String },
    /// A member's key gives way to a new one, as the old key agreed to and the new one confirms.
    Rekey {
        old: String,
        sign: String,
        exchange: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agreed: Option<String>,
        signature: String,
    },
    /// A member is shut out, who could read every change up to the stamp `newest`.
    Remove {
        member: String,
        newest: Stamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery: Option<CodeKeys>,
    },
    /// An owner stands for these changes, whatever becomes of their authors: each change's SHA-256.
    Vouch { changes: Vec<String> },
    /// Changes that this ended key signed and no owner stands for are dropped.
    Cut { key: String },
    /// A new vault key.
    Epoch { epoch: u64, commitment: String },
    /// Entries to be forgotten for good.
    Purge { entries: Vec<String> },
    /// The link it says again has nothing left to do here.
    Moot,
}

/// The public keys of a recovery code.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeKeys {
    sign: String,
    exchange: String,
}

impl From<&PublicKeys> for CodeKeys {
    fn from(keys: &PublicKeys) -> CodeKeys {
        CodeKeys { sign: BASE64.encode(&keys.sign), exchange: BASE64.encode(&keys.exchange) }
    }
}

impl CodeKeys {
    /// The keys.
    pub fn read(&self) -> Result<PublicKeys, VaultError> {
        keys(&self.sign, &self.exchange)
    }
}

const OPERATIONS: &[&str] = &[
    "found", "invite", "admit", "close", "role", "recovery", "rekey", "remove", "vouch", "cut", "epoch", "purge",
    "moot",
];

/// Decodes base64 of exactly that many bytes.
pub(super) fn bytes<const N: usize>(text: &str) -> Result<[u8; N], VaultError> {
    BASE64
        .decode(text.as_bytes())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| altered(format!("a roster link holds something that is not {N} bytes")))
}

/// The two keys of a link.
pub(super) fn keys(sign: &str, exchange: &str) -> Result<PublicKeys, VaultError> {
    Ok(PublicKeys { sign: bytes(sign)?, exchange: bytes(exchange)? })
}

/// What is signed: link 0 stands for itself, the others for their vault.
pub(super) fn signed_text(vault: Option<&VaultId>, link: &[u8]) -> Vec<u8> {
    match vault {
        None => [b"tickey/1 found", link].concat(),
        Some(vault) => [b"tickey/1 link".as_slice(), vault, link].concat(),
    }
}

/// The id of the vault that link 0 founds.
pub(super) fn vault_id(found: &[u8]) -> VaultId {
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(sha256(&[b"tickey/1 found", found])) {
        *to = from;
    }
    id
}

/// Whether a name has 1 to 200 bytes and no control characters. Stricter rules are for whoever chooses one: tables of letters change.
pub(super) fn name_fits(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// A link's text, written.
fn write(text: &LinkText) -> Result<Vec<u8>, VaultError> {
    serde_json::to_vec(text).map_err(|problem| altered(format!("a roster link cannot be written ({problem})")))
}

impl Link {
    /// Writes and signs a link.
    pub fn write(text: &LinkText, vault: Option<&VaultId>, signer: &MemberKey) -> Result<Link, VaultError> {
        let bytes = write(text)?;
        let signature = signer.sign(&signed_text(vault, &bytes));
        Ok(Link { bytes, by: signer.public().sign, signature })
    }

    /// What it says.
    ///
    /// # Errors
    /// [`VaultError::Newer`] for an operation, or a member of one, that this program does not know; [`VaultError::Altered`] for what is
    /// longer than its bound or no link.
    pub fn read(&self) -> Result<LinkText, VaultError> {
        #[derive(Deserialize)]
        struct OpName {
            op: String,
        }
        if self.bytes.len() > LONGEST_LIST {
            return Err(altered("a roster link is longer than 64 KiB"));
        }
        let text: LinkText = serde_json::from_slice(&self.bytes).map_err(|problem| {
            match serde_json::from_slice::<OpName>(&self.bytes) {
                Ok(OpName { op }) if !OPERATIONS.contains(&op.as_str()) => {
                    VaultError::Newer(format!("its roster has an operation \"{}\"", op.escape_default()))
                }
                _ => altered(format!("a roster link cannot be read ({problem})")),
            }
        })?;
        if self.bytes.len() > LONGEST && !matches!(text.op, Op::Vouch { .. } | Op::Purge { .. }) {
            return Err(altered("a roster link is longer than 1 KiB"));
        }
        // What a link says beyond what is known may change what the rest of it means.
        let names = |bytes: &[u8]| -> Option<Vec<String>> {
            let members: BTreeMap<String, serde::de::IgnoredAny> = serde_json::from_slice(bytes).ok()?;
            Some(members.into_keys().collect())
        };
        if names(&self.bytes) != names(&write(&text)?) {
            return Err(VaultError::Newer(
                "a link of its roster says something that this program does not know".into(),
            ));
        }
        Ok(text)
    }

    /// Its hash, by which the next link names it.
    pub fn hash(&self) -> [u8; 32] {
        sha256(&[&self.bytes])
    }

    /// As it stands in the body.
    pub fn stored(&self) -> StoredLink {
        StoredLink {
            link: BASE64.encode(&self.bytes),
            by: BASE64.encode(&self.by),
            signature: BASE64.encode(&self.signature),
        }
    }

    /// Takes a stored link.
    pub fn from_stored(stored: &StoredLink) -> Result<Link, VaultError> {
        Ok(Link {
            bytes: BASE64.decode(stored.link.as_bytes()).map_err(|_| altered("a roster link is not base64"))?,
            by: bytes(&stored.by)?,
            signature: bytes(&stored.signature)?,
        })
    }
}

/// A link in its place, with what it is known by on other branches. Its text and its signer make it the link it is: one key can sign one text in any number
/// of ways.
#[derive(Debug)]
pub(super) struct Placed {
    pub link: Link,
    pub hash: [u8; 32],
    /// The hash of the link that was first to say what this one says.
    pub origin: [u8; 32],
    /// The same for links that differ in time, number and predecessor only; of an epoch, in its commitment, too. Vouching is never the same.
    pub act: [u8; 32],
    /// Whether it says again what another link said.
    pub is_again: bool,
    pub starts_epoch: bool,
    /// The signing key that gives way to a new one.
    pub replaces: Option<[u8; 32]>,
    /// Whether a new recovery code takes the place of the one in force.
    pub renews_code: bool,
    /// The signing key of whoever came in by the recovery code.
    pub came_by_code: Option<[u8; 32]>,
}

impl PartialEq for Placed {
    fn eq(&self, other: &Placed) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Placed {}

impl Placed {
    /// A link that says this.
    pub fn new(link: Link, text: &LinkText) -> Result<Placed, VaultError> {
        let hash = link.hash();
        let (starts_epoch, act) = match &text.op {
            Op::Epoch { epoch, .. } => (true, sha256(&[b"epoch", &epoch.to_be_bytes()])),
            Op::Vouch { .. } => (false, hash),
            _ => (false, sha256(&[&write(&LinkText { n: 0, previous: None, at: 0, ..text.clone() })?])),
        };
        let replaces = match &text.op {
            Op::Rekey { old, .. } => Some(bytes(old)?),
            _ => None,
        };
        let origin = text.again.as_deref().map_or(Ok(hash), bytes)?;
        let came_by_code = match &text.op {
            Op::Admit { sign, invite: None, .. } => Some(bytes(sign)?),
            _ => None,
        };
        let renews_code = matches!(
            &text.op,
            Op::Recovery { .. }
                | Op::Admit { recovery: Some(_), .. }
                | Op::Role { recovery: Some(_), .. }
                | Op::Remove { recovery: Some(_), .. }
        );
        Ok(Placed {
            renews_code,
            came_by_code,
            link,
            hash,
            origin,
            act,
            is_again: text.again.is_some(),
            starts_epoch,
            replaces,
        })
    }

    /// The order between two newest links: by hash; what has the same text is told apart by who signed it.
    pub fn rank(&self) -> ([u8; 32], [u8; 32]) {
        (self.hash, self.link.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_signed_twice_by_one_key_is_one_link() {
        let text = LinkText { n: 1, previous: None, at: 5, again: None, op: Op::Moot };
        let bytes = write(&text).unwrap();
        let signed = |by: u8, signature: u8| {
            let link = Link { bytes: bytes.clone(), by: [by; 32], signature: [signature; 64] };
            Placed::new(link, &text).unwrap()
        };
        assert_eq!(signed(1, 1), signed(1, 2));
        assert_ne!(signed(1, 1), signed(2, 1));
    }
}
