//! What a member asks owners for: a new key in the place of the one in force.
//!
//! Only owners write the roster. A member's program leaves a request, signed with the old key and with the new one; an owner's program turns it
//! into a link.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::vault::records::{Record, Unfit};
use crate::vault::roster::Roster;
use crate::vault::seal::{MemberKey, PublicKeys, VaultId, sha256, signed_by};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// A new key.
    Rekey,
}

/// How a request stands in the body. Keys and signatures are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub kind: Kind,
    /// The signing key in force.
    pub old: String,
    pub sign: String,
    pub exchange: String,
    /// By the old key.
    pub agreed: String,
    /// By the new one.
    pub signature: String,
}

/// A request that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Who asks.
    pub name: String,
    /// The signing key of theirs that is in force.
    pub old: [u8; 32],
    /// The keys that are to be in force.
    pub keys: PublicKeys,
    pub(super) request: Request,
}

fn signed_text(vault: &VaultId, old: &[u8; 32], new: &PublicKeys) -> Vec<u8> {
    [b"tickey/1 rekey".as_slice(), vault, old, &new.sign, &new.exchange].concat()
}

/// Whether `signer` signed that `old` gives way to `new`.
pub(super) fn holds(
    vault: &VaultId,
    old: &[u8; 32],
    new: &PublicKeys,
    signer: &[u8; 32],
    signature: &[u8; 64],
) -> bool {
    signed_by(signer, &signed_text(vault, old, new), signature)
}

impl Request {
    /// That the signing key `old` gives way to `new`, agreed to by `by`.
    pub fn write(vault: &VaultId, old: &[u8; 32], by: &MemberKey, new: &MemberKey) -> Request {
        let keys = new.public();
        let text = signed_text(vault, old, &keys);
        Request {
            kind: Kind::Rekey,
            old: BASE64.encode(old),
            sign: BASE64.encode(&keys.sign),
            exchange: BASE64.encode(&keys.exchange),
            agreed: BASE64.encode(&by.sign(&text)),
            signature: BASE64.encode(&new.sign(&text)),
        }
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl Record for Request {
    type Said = NewKey;
    const NAME: &'static str = "request of a member";

    fn verify(&self, roster: &Roster) -> Result<NewKey, Unfit> {
        let unreadable = || Unfit::bad("a request of a member", "it cannot be read");
        let old: [u8; 32] = bytes(&self.old).ok_or_else(unreadable)?;
        let member = roster.member_by_key(&old).ok_or(Unfit::Past)?;
        let bad = |why| Unfit::bad(format!("{}'s request for a new key", member.name), why);
        let read = || Some(PublicKeys { sign: bytes(&self.sign)?, exchange: bytes(&self.exchange)? });
        let signatures = || Some((bytes::<64>(&self.agreed)?, bytes::<64>(&self.signature)?));
        let (keys, (agreed, signature)) = read().zip(signatures()).ok_or_else(|| bad("it cannot be read"))?;
        let by = |signer, signature| holds(roster.vault(), &old, &keys, signer, signature);
        if !by(&old, &agreed) || !by(&keys.sign, &signature) {
            return Err(bad("its signatures do not hold"));
        }
        roster.may_enter(&keys).map_err(bad)?;
        Ok(NewKey { name: member.name.clone(), old, keys, request: self.clone() })
    }

    fn stands(said: &NewKey, roster: &Roster) -> bool {
        let PublicKeys { sign, exchange } = &said.keys;
        roster.member_by_key(&said.old).is_some() && !roster.has_known(sign) && !roster.has_known(exchange)
    }

    fn subject(said: &NewKey) -> [u8; 32] {
        said.old
    }

    fn hash(&self) -> [u8; 32] {
        let Request { kind: Kind::Rekey, old, sign, exchange, agreed, signature } = self;
        let parts = [old, sign, exchange, agreed, signature];
        sha256(&[b"rekey", parts.map(String::as_str).concat().as_bytes()])
    }
}
