//! The only file that calls a cipher, a key agreement or a signature. It knows purposes and keys, and no file format.
//!
//! XChaCha20-Poly1305, HKDF-SHA256 (RFC 5869), X25519 (RFC 7748), Ed25519 (RFC 8032, verified strictly). Everything that is derived,
//! bound or signed starts with its purpose, so that nothing made for one use passes for another.

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::secret::{NoRandomness, Random, random_bytes};

/// Bytes that the authentication tag adds to what is sealed.
pub const TAG: usize = 16;

/// The 16 bytes that name a vault.
pub type VaultId = [u8; 16];

/// 32 secret bytes, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// Takes 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Key {
        Key(bytes)
    }

    /// 32 random bytes.
    ///
    /// # Errors
    /// [`NoRandomness`] as the source says.
    pub fn random(random: &mut dyn Random) -> Result<Key, NoRandomness> {
        random_bytes(random).map(Key)
    }

    /// `None` unless there are 32 of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Key> {
        bytes.try_into().ok().map(Key)
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// What was opened is not what was sealed, or not with this key, nonce and associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAuthentic;

/// The SHA-256 of the parts, one after another.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HKDF-SHA256 to 32 bytes.
fn hkdf(secret: &[u8], salt: &[u8], info: &[&[u8]]) -> Key {
    let mut out = Key([0; 32]);
    // 32 bytes are always within what HKDF-SHA256 can give (255 × 32).
    let _ = Hkdf::<Sha256>::new(Some(salt), secret).expand_multi_info(info, &mut out.0);
    out
}

/// Seals `text` in place and puts the tag behind it.
pub fn seal(key: &Key, nonce: &[u8; 24], associated_data: &[u8], text: &mut Vec<u8>) -> Result<(), NotAuthentic> {
    let cipher = XChaCha20Poly1305::new(&key.0.into());
    let tag = cipher
        .encrypt_inout_detached(&XNonce::from(*nonce), associated_data, InOutBuf::from(text.as_mut_slice()))
        .map_err(|_| NotAuthentic)?;
    text.extend_from_slice(&tag);
    Ok(())
}

/// Opens `sealed` (text and tag) in place and takes the tag off.
pub fn open(key: &Key, nonce: &[u8; 24], associated_data: &[u8], sealed: &mut Vec<u8>) -> Result<(), NotAuthentic> {
    let end = sealed.len().checked_sub(TAG).ok_or(NotAuthentic)?;
    let (text, tag) = sealed.split_at_mut(end);
    let tag = Tag::try_from(&*tag).map_err(|_| NotAuthentic)?;
    XChaCha20Poly1305::new(&key.0.into())
        .decrypt_inout_detached(&XNonce::from(*nonce), associated_data, InOutBuf::from(text), &tag)
        .map_err(|_| NotAuthentic)?;
    sealed.truncate(end);
    Ok(())
}

/// The public half of a member's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKeys {
    /// Ed25519: checks signatures.
    pub sign: [u8; 32],
    /// X25519: what grants are sealed to.
    pub exchange: [u8; 32],
}

/// A member key and the two keys derived from it.
#[derive(Clone)]
pub struct MemberKey {
    key: Key,
    sign: SigningKey,
    exchange: StaticSecret,
}

impl MemberKey {
    /// Derives both keys. The member key is 32 random bytes made for one vault, so the vault id (which for a founder depends on these very
    /// keys) is not part of the derivation.
    pub fn new(key: Key) -> MemberKey {
        let seed = hkdf(&key.0, b"", &[b"tickey/1 sign"]);
        let scalar = hkdf(&key.0, b"", &[b"tickey/1 exchange"]);
        MemberKey { sign: SigningKey::from_bytes(&seed.0), exchange: StaticSecret::from(scalar.0), key }
    }

    /// A new random member key.
    ///
    /// # Errors
    /// [`NoRandomness`] as the source says.
    pub fn random(random: &mut dyn Random) -> Result<MemberKey, NoRandomness> {
        Key::random(random).map(MemberKey::new)
    }

    /// The member key of a printed code.
    pub fn from_recovery_code(code: &[u8; 16], vault: &VaultId) -> MemberKey {
        MemberKey::new(hkdf(code, vault, &[b"tickey/1 recovery"]))
    }

    /// The key of an invitation's code.
    pub fn from_invite_code(code: &[u8; 16], vault: &VaultId) -> MemberKey {
        MemberKey::new(hkdf(code, vault, &[b"tickey/1 invite"]))
    }

    /// The key itself, to be wrapped in a slot.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The public halves.
    pub fn public(&self) -> PublicKeys {
        PublicKeys { sign: self.sign.verifying_key().to_bytes(), exchange: PublicKey::from(&self.exchange).to_bytes() }
    }

    /// Signs a text that starts with its purpose.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.sign.sign(text).to_bytes()
    }
}

impl PartialEq for MemberKey {
    fn eq(&self, other: &MemberKey) -> bool {
        self.key == other.key
    }
}

impl Eq for MemberKey {}

impl std::fmt::Debug for MemberKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemberKey(redacted)")
    }
}

/// Whether `signature` is that of `signer` over `text` (RFC 8032 with the strict checks: no small-order keys, no malleability).
pub fn signed_by(signer: &[u8; 32], text: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(signer).is_ok_and(|key| key.verify_strict(text, &Signature::from_bytes(signature)).is_ok())
}

/// The vault key sealed to one member: an ephemeral public key and the wrapped key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The one-time X25519 public key.
    pub ephemeral: [u8; 32],
    /// The vault key and its tag.
    pub key: [u8; 48],
}

fn grant_key(shared: &[u8; 32], ephemeral: &[u8; 32], member: &[u8; 32]) -> Option<Key> {
    // An all-zero result comes of a small-order point: refused, as in age.
    if shared.iter().all(|byte| *byte == 0) {
        return None;
    }
    let salt: Vec<u8> = [ephemeral.as_slice(), member.as_slice()].concat();
    Some(hkdf(shared, &salt, &[b"tickey/1 grant key"]))
}

fn grant_data(vault: &VaultId, epoch: u64) -> Vec<u8> {
    [b"tickey/1 grant".as_slice(), vault, &epoch.to_be_bytes()].concat()
}

/// Seals the vault key to a member's X25519 key. `None` when that key is of small order.
///
/// # Errors
/// [`NoRandomness`] as the source says.
pub fn grant(
    vault_key: &Key,
    member: &[u8; 32],
    vault: &VaultId,
    epoch: u64,
    random: &mut dyn Random,
) -> Result<Option<Grant>, NoRandomness> {
    let one_time = StaticSecret::from(*Zeroizing::new(random_bytes::<32>(random)?));
    let ephemeral = PublicKey::from(&one_time).to_bytes();
    let shared = one_time.diffie_hellman(&PublicKey::from(*member));
    let mut sealed = Vec::with_capacity(48);
    sealed.extend_from_slice(&vault_key.0);
    let done = grant_key(shared.as_bytes(), &ephemeral, member)
        .and_then(|key| seal(&key, &[0; 24], &grant_data(vault, epoch), &mut sealed).ok())
        .and_then(|()| sealed.as_slice().try_into().ok())
        .map(|key| Grant { ephemeral, key });
    sealed.zeroize();
    Ok(done)
}

/// Opens a grant; `None` when it is not for this member, vault and epoch.
pub fn open_grant(grant: &Grant, member: &MemberKey, vault: &VaultId, epoch: u64) -> Option<Key> {
    let shared = member.exchange.diffie_hellman(&PublicKey::from(grant.ephemeral));
    let key = grant_key(shared.as_bytes(), &grant.ephemeral, &member.public().exchange)?;
    let mut sealed = Zeroizing::new(grant.key.to_vec());
    open(&key, &[0; 24], &grant_data(vault, epoch), &mut sealed).ok()?;
    Key::from_slice(&sealed)
}

/// The key of the body in that epoch.
pub fn body_key(vault_key: &Key, vault: &VaultId, epoch: u64) -> Key {
    hkdf(&vault_key.0, b"", &[b"tickey/1 body key", vault, &epoch.to_be_bytes()])
}

/// What commits an epoch to its vault key.
pub fn epoch_commitment(vault_key: &Key, vault: &VaultId, epoch: u64) -> [u8; 32] {
    sha256(&[b"tickey/1 epoch", vault, &epoch.to_be_bytes(), &vault_key.0])
}

/// The short name of a signing key, by which changes name their author.
pub fn key_id(sign: &[u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(sha256(&[b"tickey/1 key id", sign])) {
        *to = from;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::fixed::FixedRandom;

    #[test]
    fn what_is_sealed_opens_and_nothing_else_does() {
        let key = Key::new([7; 32]);
        let mut text = b"words".to_vec();
        seal(&key, &[1; 24], b"data", &mut text).unwrap();
        assert_eq!(text.len(), 5 + TAG);
        for (key, nonce, data) in
            [(Key::new([8; 32]), [1; 24], "data"), (key.clone(), [2; 24], "data"), (key.clone(), [1; 24], "date")]
        {
            assert_eq!(open(&key, &nonce, data.as_bytes(), &mut text.clone()), Err(NotAuthentic));
        }
        for at in 0..text.len() {
            let mut flipped = text.clone();
            flipped[at] ^= 1;
            assert_eq!(open(&key, &[1; 24], b"data", &mut flipped), Err(NotAuthentic));
        }
        open(&key, &[1; 24], b"data", &mut text).unwrap();
        assert_eq!(text, b"words");
        assert_eq!(open(&key, &[1; 24], b"data", &mut vec![0; 15]), Err(NotAuthentic));
    }

    #[test]
    fn a_grant_is_for_one_member_vault_and_epoch() {
        let mut random = FixedRandom::new(1);
        let member = MemberKey::random(&mut random).unwrap();
        let other = MemberKey::random(&mut random).unwrap();
        let vault_key = Key::random(&mut random).unwrap();
        let vault = [9; 16];
        let sealed = grant(&vault_key, &member.public().exchange, &vault, 3, &mut random).unwrap().unwrap();
        assert_eq!(open_grant(&sealed, &member, &vault, 3), Some(vault_key));
        assert_eq!(open_grant(&sealed, &other, &vault, 3), None);
        assert_eq!(open_grant(&sealed, &member, &[8; 16], 3), None);
        assert_eq!(open_grant(&sealed, &member, &vault, 4), None);
    }

    #[test]
    fn keys_of_small_order_are_refused() {
        let mut random = FixedRandom::new(2);
        let vault_key = Key::random(&mut random).unwrap();
        assert_eq!(grant(&vault_key, &[0; 32], &[1; 16], 1, &mut random).unwrap(), None);
        let member = MemberKey::random(&mut random).unwrap();
        let hostile = Grant { ephemeral: [0; 32], key: [0; 48] };
        assert_eq!(open_grant(&hostile, &member, &[1; 16], 1), None);
    }

    #[test]
    fn signatures_hold_for_one_text_and_signer() {
        let mut random = FixedRandom::new(3);
        let (a, b) = (MemberKey::random(&mut random).unwrap(), MemberKey::random(&mut random).unwrap());
        let signature = a.sign(b"tickey/1 file text");
        assert!(signed_by(&a.public().sign, b"tickey/1 file text", &signature));
        assert!(!signed_by(&b.public().sign, b"tickey/1 file text", &signature));
        assert!(!signed_by(&a.public().sign, b"tickey/1 file texT", &signature));
    }
}
