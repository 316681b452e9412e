//! The only file that calls a cipher, a key agreement or a signature. It knows purposes and keys, and no file format.
//!
//! XChaCha20-Poly1305, HKDF-SHA256 (RFC 5869), X25519 (RFC 7748), Ed25519 (RFC 8032, verified strictly). Everything that is derived,
//! bound or signed starts with its purpose, so that nothing made for one use passes for another.

use std::sync::Arc;

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::secret::{NoRandomness, Random, Secret, wiping_frames};
use crate::vault::VaultError;

/// Bytes that the authentication tag adds to what is sealed.
pub const TAG: usize = 16;

/// The 16 bytes that name a vault.
pub type VaultId = [u8; 16];

/// 32 secret bytes at one place on the heap, made there and never moved. Clones share them; they are wiped when the last one is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Arc<Zeroizing<[u8; 32]>>);

impl Key {
    /// A key whose bytes `fill` writes where they stay.
    ///
    /// # Errors
    /// As `fill` says.
    pub fn filled<E>(fill: impl FnOnce(&mut [u8; 32]) -> Result<(), E>) -> Result<Key, E> {
        let mut key = Arc::new(Zeroizing::new([0; 32]));
        // Nobody shares it yet, so this is the one that stays.
        let bytes: &mut Zeroizing<_> = Arc::make_mut(&mut key);
        fill(bytes)?;
        Ok(Key(key))
    }

    /// 32 random bytes.
    ///
    /// # Errors
    /// [`NoRandomness`] as the source says.
    pub fn random(random: &mut dyn Random) -> Result<Key, NoRandomness> {
        Key::filled(|bytes| random.fill(bytes))
    }

    /// `None` unless there are 32 of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Key> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        let copied = Key::filled(|to| {
            to.copy_from_slice(bytes);
            Ok::<(), NoRandomness>(())
        });
        copied.ok()
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

/// HKDF-SHA256.
fn expand(secret: &[u8], salt: &[u8], info: &[&[u8]], out: &mut [u8]) -> Result<(), VaultError> {
    let expanded = wiping_frames(|| Hkdf::<Sha256>::new(Some(salt), secret).expand_multi_info(info, out));
    expanded.map_err(|_| VaultError::Internal("a key could not be derived"))
}

/// HKDF-SHA256 to 32 bytes.
fn hkdf(secret: &[u8], salt: &[u8], info: &[&[u8]]) -> Result<Key, VaultError> {
    Key::filled(|key| expand(secret, salt, info, key))
}

/// Seals `text` in place and puts the tag behind it.
pub fn seal(key: &Key, nonce: &[u8; 24], associated_data: &[u8], text: &mut Vec<u8>) -> Result<(), NotAuthentic> {
    let tag = wiping_frames(|| {
        XChaCha20Poly1305::new(key.expose().into()).encrypt_inout_detached(
            &XNonce::from(*nonce),
            associated_data,
            InOutBuf::from(text.as_mut_slice()),
        )
    });
    text.extend_from_slice(&tag.map_err(|_| NotAuthentic)?);
    Ok(())
}

/// Opens `sealed` (text and tag) in place and takes the tag off.
pub fn open(key: &Key, nonce: &[u8; 24], associated_data: &[u8], sealed: &mut Vec<u8>) -> Result<(), NotAuthentic> {
    let end = sealed.len().checked_sub(TAG).ok_or(NotAuthentic)?;
    let (text, tag) = sealed.split_at_mut(end);
    let tag = Tag::try_from(&*tag).map_err(|_| NotAuthentic)?;
    wiping_frames(|| {
        XChaCha20Poly1305::new(key.expose().into()).decrypt_inout_detached(
            &XNonce::from(*nonce),
            associated_data,
            InOutBuf::from(text),
            &tag,
        )
    })
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

impl PublicKeys {
    /// Whether both may enter a roster: canonical encodings (RFC 8032 §5.1.3, RFC 7748 §5), neither of small order.
    pub fn are_sound(&self) -> bool {
        let signs = VerifyingKey::from_bytes(&self.sign).is_ok_and(|key| !key.is_weak());
        let agrees = StaticSecret::from([1; 32]).diffie_hellman(&PublicKey::from(self.exchange)).was_contributory();
        // The sign of x is the highest bit of an Ed25519 key; X25519 leaves it clear.
        let mut y = self.sign;
        let [.., top] = &mut y;
        *top &= 0x7f;
        signs && agrees && is_reduced(&y) && is_reduced(&self.exchange)
    }
}

/// Whether a little-endian number is below 2²⁵⁵ − 19.
fn is_reduced(number: &[u8; 32]) -> bool {
    const P: [u8; 32] = {
        let mut p = [0xff; 32];
        (p[0], p[31]) = (0xed, 0x7f);
        p
    };
    number.iter().rev().lt(P.iter().rev())
}

/// A member key and the two keys derived from it, at one place on the heap. Clones share them.
#[derive(Clone)]
pub struct MemberKey(Arc<Derived>);

struct Derived {
    key: Key,
    sign: SigningKey,
    exchange: StaticSecret,
    public: PublicKeys,
}

impl MemberKey {
    /// Derives both keys. The member key is 32 random bytes made for one vault, so the vault id (which for a founder depends on these very
    /// keys) is not part of the derivation.
    ///
    /// # Errors
    /// [`VaultError::Internal`].
    pub fn new(key: Key) -> Result<MemberKey, VaultError> {
        let seed = hkdf(key.expose(), b"", &[b"tickey/1 sign"])?;
        let scalar = hkdf(key.expose(), b"", &[b"tickey/1 exchange"])?;
        Ok(wiping_frames(|| {
            let sign = SigningKey::from_bytes(seed.expose());
            let exchange = StaticSecret::from(*scalar.expose());
            let public =
                PublicKeys { sign: sign.verifying_key().to_bytes(), exchange: PublicKey::from(&exchange).to_bytes() };
            MemberKey(Arc::new(Derived { key, sign, exchange, public }))
        }))
    }

    /// A new random member key.
    ///
    /// # Errors
    /// [`VaultError::Random`] as the source says, [`VaultError::Internal`].
    pub fn random(random: &mut dyn Random) -> Result<MemberKey, VaultError> {
        MemberKey::new(Key::random(random)?)
    }

    /// The member key of a printed code of 16 bytes.
    ///
    /// # Errors
    /// [`VaultError::Internal`].
    pub fn from_recovery_code(code: &Secret, vault: &VaultId) -> Result<MemberKey, VaultError> {
        MemberKey::new(hkdf(code.expose(), vault, &[b"tickey/1 recovery"])?)
    }

    /// The key of an invitation's code of 16 bytes.
    ///
    /// # Errors
    /// [`VaultError::Internal`].
    pub fn from_invite_code(code: &Secret, vault: &VaultId) -> Result<MemberKey, VaultError> {
        MemberKey::new(hkdf(code.expose(), vault, &[b"tickey/1 invite"])?)
    }

    /// The key itself, to be wrapped in a slot.
    pub fn key(&self) -> &Key {
        &self.0.key
    }

    /// The public halves.
    pub fn public(&self) -> PublicKeys {
        self.0.public
    }

    /// Signs a text that starts with its purpose.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        wiping_frames(|| self.0.sign.sign(text).to_bytes())
    }
}

impl PartialEq for MemberKey {
    fn eq(&self, other: &MemberKey) -> bool {
        self.0.key == other.0.key
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

/// `None` where the shared secret is all zero, which comes of a small-order point: refused, as in age.
fn grant_key(
    own: &StaticSecret,
    theirs: &[u8; 32],
    ephemeral: &[u8; 32],
    member: &[u8; 32],
) -> Result<Option<Key>, VaultError> {
    let shared = wiping_frames(|| {
        let shared = own.diffie_hellman(&PublicKey::from(*theirs));
        Key::from_slice(shared.as_bytes()).filter(|key| key.expose().iter().any(|byte| *byte != 0))
    });
    let Some(shared) = shared else { return Ok(None) };
    let salt: Vec<u8> = [ephemeral.as_slice(), member.as_slice()].concat();
    hkdf(shared.expose(), &salt, &[b"tickey/1 grant key"]).map(Some)
}

fn grant_data(vault: &VaultId, epoch: u64) -> Vec<u8> {
    [b"tickey/1 grant".as_slice(), vault, &epoch.to_be_bytes()].concat()
}

/// Seals the vault key to a member's X25519 key. `None` when that key is of small order.
///
/// # Errors
/// [`VaultError::Random`] as the source says, [`VaultError::Internal`].
pub fn grant(
    vault_key: &Key,
    member: &[u8; 32],
    vault: &VaultId,
    epoch: u64,
    random: &mut dyn Random,
) -> Result<Option<Grant>, VaultError> {
    let one_time = Key::random(random)?;
    wiping_frames(|| {
        let one_time = StaticSecret::from(*one_time.expose());
        let ephemeral = PublicKey::from(&one_time).to_bytes();
        let Some(key) = grant_key(&one_time, member, &ephemeral, member)? else { return Ok(None) };
        let mut sealed = Zeroizing::new(Vec::with_capacity(48));
        sealed.extend_from_slice(vault_key.expose());
        let unsealed = VaultError::Internal("the vault key could not be sealed to a member");
        match seal(&key, &[0; 24], &grant_data(vault, epoch), &mut sealed).map(|()| sealed.as_slice().try_into()) {
            Ok(Ok(key)) => Ok(Some(Grant { ephemeral, key })),
            _ => Err(unsealed),
        }
    })
}

/// Opens a grant; `None` when it is not for this member, vault and epoch.
pub fn open_grant(grant: &Grant, member: &MemberKey, vault: &VaultId, epoch: u64) -> Option<Key> {
    let own = &member.0;
    let key = grant_key(&own.exchange, &grant.ephemeral, &grant.ephemeral, &own.public.exchange).ok()??;
    let mut sealed = Zeroizing::new(grant.key.to_vec());
    open(&key, &[0; 24], &grant_data(vault, epoch), &mut sealed).ok()?;
    Key::from_slice(&sealed)
}

/// The key of the body in that epoch.
///
/// # Errors
/// [`VaultError::Internal`].
pub fn body_key(vault_key: &Key, vault: &VaultId, epoch: u64) -> Result<Key, VaultError> {
    hkdf(vault_key.expose(), b"", &[b"tickey/1 body key", vault, &epoch.to_be_bytes()])
}

/// What commits an epoch to its vault key.
pub fn epoch_commitment(vault_key: &Key, vault: &VaultId, epoch: u64) -> [u8; 32] {
    wiping_frames(|| sha256(&[b"tickey/1 epoch", vault, &epoch.to_be_bytes(), vault_key.expose()]))
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
        let key_of = |byte| Key::from_slice(&[byte; 32]).unwrap();
        let key = key_of(7);
        let mut text = b"words".to_vec();
        seal(&key, &[1; 24], b"data", &mut text).unwrap();
        assert_eq!(text.len(), 5 + TAG);
        for (key, nonce, data) in
            [(key_of(8), [1; 24], "data"), (key.clone(), [2; 24], "data"), (key.clone(), [1; 24], "date")]
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
    fn what_cannot_be_derived_is_an_error_and_no_key() {
        // One byte more than HKDF-SHA256 gives (RFC 5869: 255 blocks).
        let mut out = [0; 255 * 32 + 1];
        assert!(matches!(expand(b"secret", b"", &[b"info"], &mut out), Err(VaultError::Internal(_))));
        assert_eq!(expand(b"secret", b"", &[b"info"], &mut out[1..]), Ok(()));
    }

    #[test]
    fn clones_of_a_key_share_its_place() {
        let key = Key::random(&mut FixedRandom::new(4)).unwrap();
        assert!(std::ptr::eq(key.expose(), key.clone().expose()));
        let member = MemberKey::new(key.clone()).unwrap();
        assert!(std::ptr::eq(member.clone().key().expose(), key.expose()));
        let at = std::cell::Cell::new(std::ptr::null());
        let filled = Key::filled(|bytes| {
            at.set(std::ptr::from_ref(bytes));
            Ok::<(), NoRandomness>(())
        });
        let filled = filled.unwrap();
        assert!(std::ptr::eq(at.get(), filled.expose()));
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
    fn keys_that_cannot_be_used_do_not_enter() {
        let good = MemberKey::random(&mut FixedRandom::new(4)).unwrap().public();
        assert!(good.are_sound());
        let p_and = |more: u8| {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (0xed + more, 0x7f);
            bytes
        };
        let small = |first: u8| {
            let mut bytes = [0; 32];
            bytes[0] = first;
            bytes
        };
        let high = |mut bytes: [u8; 32]| {
            bytes[31] |= 0x80;
            bytes
        };
        let order_8: [u8; 32] = data_encoding::HEXLOWER
            .decode(b"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
            .unwrap()
            .try_into()
            .unwrap();
        for exchange in [small(0), small(1), p_and(0), p_and(1), p_and(9), high(good.exchange), order_8, [0xff; 32]] {
            assert!(!PublicKeys { exchange, ..good }.are_sound(), "{exchange:?}");
        }
        // The identity, points of order 2 and 4, encodings of p and above, and what is no point.
        let minus_one = {
            let mut bytes = p_and(0);
            bytes[0] = 0xec;
            bytes
        };
        for sign in [small(1), high(small(1)), minus_one, small(0), high(small(0)), p_and(0), p_and(1), small(2)] {
            assert!(!PublicKeys { sign, ..good }.are_sound(), "{sign:?}");
        }
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
