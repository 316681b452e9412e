//! One link of a roster: the exact bytes that were signed, and what they say.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::{Role, altered};
use crate::vault::seal::{MemberKey, PublicKeys, VaultId, sha256};
use crate::vault::{Stamp, VaultError};

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
#[derive(Serialize, Deserialize)]
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
#[derive(Serialize, Deserialize)]
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
    /// The way in is open to whoever has the code that these keys are made of.
    Invite { name: String, role: Role, sign: String, exchange: String, expires: u64 },
    /// A new member; `invite` names the invite it came by.
    Admit {
        name: String,
        role: Role,
        sign: String,
        exchange: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invite: Option<String>,
    },
    /// An invite ends without anybody.
    Close { invite: String },
    /// A member may do more, or less.
    Role { member: String, role: Role },
    /// A member's key gives way to a new one.
    Rekey { old: String, sign: String, exchange: String },
    /// A member is shut out, who could read every change up to the stamp `newest`.
    Remove { member: String, newest: Stamp },
    /// An owner stands for these changes, whatever becomes of their authors: the first 16 bytes of each change's SHA-256.
    Vouch { changes: Vec<String> },
    /// A new vault key.
    Epoch { epoch: u64, commitment: String },
    /// Entries to be forgotten for good.
    Purge { entries: Vec<String> },
    /// The link it says again has nothing left to do here.
    Moot,
}

const OPERATIONS: &[&str] =
    &["found", "invite", "admit", "close", "role", "rekey", "remove", "vouch", "epoch", "purge", "moot"];

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

impl Link {
    /// Writes and signs a link.
    pub fn write(text: &LinkText, vault: Option<&VaultId>, signer: &MemberKey) -> Link {
        let mut bytes = Vec::new();
        // Writing plain strings and numbers to memory cannot fail.
        let _ = serde_json::to_writer(&mut bytes, text);
        let signature = signer.sign(&signed_text(vault, &bytes));
        Link { bytes, by: signer.public().sign, signature }
    }

    /// What it says.
    pub fn read(&self) -> Result<LinkText, VaultError> {
        #[derive(Deserialize)]
        struct OpName {
            op: String,
        }
        serde_json::from_slice(&self.bytes).map_err(|problem| match serde_json::from_slice::<OpName>(&self.bytes) {
            Ok(OpName { op }) if !OPERATIONS.contains(&op.as_str()) => {
                VaultError::Newer(format!("its roster has an operation \"{}\"", op.escape_default()))
            }
            _ => altered(format!("a roster link cannot be read ({problem})")),
        })
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
