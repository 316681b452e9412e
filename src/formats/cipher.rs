//! The ciphers of other programs' files.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use zeroize::Zeroizing;

/// Opens AES-256-GCM: a key of 32 bytes, a nonce of 12, the tag at the end of the cipher text. `None` when anything does not hold.
pub(super) fn gcm_open(key: &[u8], nonce: &[u8], sealed: &[u8], associated: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = Aes256Gcm::new_from_slice(key).ok()?;
    let nonce = Nonce::try_from(nonce).ok()?;
    cipher.decrypt(&nonce, Payload { msg: sealed, aad: associated }).ok().map(Zeroizing::new)
}

/// Seals with AES-256-GCM; the tag comes at the end. `None` only for a key or nonce of a wrong length.
pub(super) fn gcm_seal(key: &[u8], nonce: &[u8], plain: &[u8], associated: &[u8]) -> Option<Vec<u8>> {
    let cipher = Aes256Gcm::new_from_slice(key).ok()?;
    let nonce = Nonce::try_from(nonce).ok()?;
    cipher.encrypt(&nonce, Payload { msg: plain, aad: associated }).ok()
}
