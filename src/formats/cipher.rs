//! The ciphers and key derivations of other programs' files. Every cost is bounded before it is paid.

pub(super) mod keepass;

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, AesGcm, KeyInit, Nonce};
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use chacha20::cipher::{StreamCipher, StreamCipherSeek};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use poly1305::Poly1305;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::FormatError;
use crate::vault::kdf::on_threads;

/// A key of 32 bytes, wiped when dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// The most PBKDF2 iterations that are done: about two seconds. Real files ask for up to 600 000.
const MOST_ITERATIONS: u64 = 5_000_000;
/// The most memory Argon2 may take, in KiB: what Ente Auth takes on a computer.
const MOST_KIB: u64 = 1024 * 1024;
/// The largest work factor of scrypt: 1 GiB, which age takes for a slow machine.
const MOST_SCRYPT: u8 = 20;
/// The most memory times passes, in KiB. Ente Auth takes 4 GiB.
const MOST_ARGON2_WORK: u64 = 8 * 1024 * 1024;

/// Opens AES-256-GCM: a key of 32 bytes, a nonce of 12, the tag at the end of the cipher text. `None` when anything does not hold.
pub(super) fn gcm_open(key: &[u8], nonce: &[u8], sealed: &[u8], associated: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = Aes256Gcm::new_from_slice(key).ok()?;
    let nonce = Nonce::try_from(nonce).ok()?;
    cipher.decrypt(&nonce, Payload { msg: sealed, aad: associated }).ok().map(Zeroizing::new)
}

/// The same with the nonce of 16 bytes that OTPClient takes.
pub(super) fn gcm16_open(key: &Key, nonce: &[u8; 16], sealed: &[u8], associated: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = AesGcm::<aes::Aes256, U16>::new_from_slice(&key[..]).ok()?;
    cipher.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: associated }).ok().map(Zeroizing::new)
}

/// Seals with AES-256-GCM and a nonce of 16 bytes, for the tests of what reads it.
#[cfg(test)]
pub(super) fn gcm16_seal(key: &Key, nonce: &[u8; 16], plain: &[u8], associated: &[u8]) -> Vec<u8> {
    let cipher = AesGcm::<aes::Aes256, U16>::new_from_slice(&key[..]).unwrap();
    cipher.encrypt(&Nonce::from(*nonce), Payload { msg: plain, aad: associated }).unwrap()
}

/// Nothing may be written in place of what could not be sealed.
fn unsealed<E>(_: E) -> FormatError {
    FormatError::Unsupported("the entries could not be encrypted; nothing was written".into())
}

/// Seals with AES-256-GCM; the tag comes at the end.
pub(super) fn gcm_seal(key: &[u8], nonce: &[u8], plain: &[u8], associated: &[u8]) -> Result<Vec<u8>, FormatError> {
    let cipher = Aes256Gcm::new_from_slice(key).map_err(unsealed)?;
    let nonce = Nonce::try_from(nonce).map_err(unsealed)?;
    cipher.encrypt(&nonce, Payload { msg: plain, aad: associated }).map_err(unsealed)
}

/// Opens AES-256-CBC with PKCS#7 padding. One wrong key in 256 passes: what comes out must still be looked at.
pub(super) fn cbc_open(key: &[u8], iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(sealed).ok().map(Zeroizing::new)
}

/// The same with AES-128.
pub(super) fn cbc128_open(key: &[u8], iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<aes::Aes128>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(sealed).ok().map(Zeroizing::new)
}

/// Seals with AES-128-CBC; only tests write such files.
#[cfg(test)]
pub(super) fn cbc128_seal(key: &[u8], iv: &[u8], plain: &[u8]) -> Vec<u8> {
    use cbc::cipher::BlockModeEncrypt;
    cbc::Encryptor::<aes::Aes128>::new_from_slices(key, iv).unwrap().encrypt_padded_vec::<Pkcs7>(plain)
}

/// The same without padding: whole blocks, of which nothing is checked.
pub(super) fn cbc_open_unpadded(key: &[u8], iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec::<NoPadding>(sealed).ok().map(Zeroizing::new)
}

/// Seals with AES-256-CBC and PKCS#7 padding; only tests write such files.
#[cfg(test)]
pub(super) fn cbc_seal(key: &[u8], iv: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    use cbc::cipher::BlockModeEncrypt;
    Some(cbc::Encryptor::<aes::Aes256>::new_from_slices(key, iv).ok()?.encrypt_padded_vec::<Pkcs7>(plain))
}

/// Opens XChaCha20-Poly1305: a key of 32 bytes, a nonce of 24, the tag at the end of the cipher text. `None` when anything does not hold.
pub(super) fn xchacha_open(key: &Key, nonce: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = XChaCha20Poly1305::new_from_slice(&key[..]).ok()?;
    cipher.decrypt(&XNonce::try_from(nonce).ok()?, sealed).ok().map(Zeroizing::new)
}

/// Seals with XChaCha20-Poly1305; the tag comes at the end.
pub(super) fn xchacha_seal(key: &Key, nonce: &[u8; 24], plain: &[u8]) -> Result<Vec<u8>, FormatError> {
    let cipher = XChaCha20Poly1305::new_from_slice(&key[..]).map_err(unsealed)?;
    cipher.encrypt(&XNonce::from(*nonce), plain).map_err(unsealed)
}

/// Opens ChaCha20-Poly1305: a nonce of 12 bytes, the tag at the end of the cipher text. `None` when anything does not hold.
pub(super) fn chacha_open(key: &Key, nonce: &[u8; 12], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = ChaCha20Poly1305::new_from_slice(&key[..]).ok()?;
    cipher.decrypt(&(*nonce).into(), sealed).ok().map(Zeroizing::new)
}

/// Seals with ChaCha20-Poly1305; only tests write such files.
#[cfg(test)]
pub(super) fn chacha_seal(key: &Key, nonce: &[u8; 12], plain: &[u8]) -> Vec<u8> {
    ChaCha20Poly1305::new_from_slice(&key[..]).unwrap().encrypt(&(*nonce).into(), plain).unwrap()
}

/// HKDF with SHA-256 to 32 bytes.
pub(super) fn hkdf(key: &[u8], salt: &[u8], info: &[u8]) -> Key {
    let mut out = Key::default();
    // 32 bytes are never too many.
    let _ = Hkdf::<Sha256>::new(Some(salt), key).expand(info, &mut out[..]);
    out
}

/// scrypt (RFC 7914) with r = 8 and p = 1, its cost as a power of two.
///
/// # Errors
/// [`FormatError::ParametersRefused`].
pub(super) fn scrypt(password: &[u8], salt: &[u8], log_n: u8) -> Result<Key, FormatError> {
    let refused = || FormatError::ParametersRefused(format!("scrypt with a work factor of {log_n}"));
    if !(1..=MOST_SCRYPT).contains(&log_n) {
        return Err(refused());
    }
    let params = scrypt::Params::new(log_n, 8, 1).map_err(|_| refused())?;
    let mut key = Key::default();
    scrypt::scrypt(password, salt, &params, &mut key[..]).map_err(|_| refused())?;
    Ok(key)
}

/// HKDF-Expand with SHA-256 to 32 bytes.
pub(super) fn hkdf_expand(key: &Key, info: &[u8]) -> Option<Key> {
    let mut out = Key::default();
    Hkdf::<Sha256>::from_prk(&key[..]).ok()?.expand(info, &mut out[..]).ok()?;
    Some(out)
}

/// HMAC-SHA-1.
pub(super) fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    match <Hmac<Sha1> as KeyInit>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(message);
            mac.finalize().into_bytes().into()
        }
        // HMAC takes keys of any length.
        Err(_) => [0; 20],
    }
}

/// AES in counter mode as WinZip counts: 128 bits, little-endian, from 1. The key chooses AES-128, 192 or 256; `None` for another length.
pub(super) fn aes_ctr_le(key: &[u8], data: &mut [u8]) -> Option<()> {
    fn run<C: StreamCipher + KeyIvInit>(key: &[u8], data: &mut [u8]) -> Option<()> {
        C::new_from_slices(key, &1u128.to_le_bytes()).ok()?.try_apply_keystream(data).ok()
    }
    match key.len() {
        16 => run::<ctr::Ctr128LE<aes::Aes128>>(key, data),
        24 => run::<ctr::Ctr128LE<aes::Aes192>>(key, data),
        32 => run::<ctr::Ctr128LE<aes::Aes256>>(key, data),
        _ => None,
    }
}

/// HMAC-SHA-256.
pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    match <Hmac<Sha256> as KeyInit>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(message);
            mac.finalize().into_bytes().into()
        }
        // HMAC takes keys of any length.
        Err(_) => [0; 32],
    }
}

/// The hash under PBKDF2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// PBKDF2 (RFC 8018) with HMAC.
///
/// # Errors
/// [`FormatError::ParametersRefused`].
pub(super) fn pbkdf2(hash: Hash, password: &[u8], salt: &[u8], iterations: u64) -> Result<Key, FormatError> {
    let mut key = Key::default();
    pbkdf2_into(hash, password, salt, iterations, &mut key[..])?;
    Ok(key)
}

/// The same, to any length.
///
/// # Errors
/// [`FormatError::ParametersRefused`].
pub(super) fn pbkdf2_into(
    hash: Hash,
    password: &[u8],
    salt: &[u8],
    iterations: u64,
    out: &mut [u8],
) -> Result<(), FormatError> {
    let refused = || FormatError::ParametersRefused(format!("PBKDF2 with {iterations} iterations"));
    if !(1..=MOST_ITERATIONS).contains(&iterations) {
        return Err(refused());
    }
    let rounds = u32::try_from(iterations).map_err(|_| refused())?;
    match hash {
        Hash::Sha1 => pbkdf2::pbkdf2::<Hmac<Sha1>>(password, salt, rounds, out),
        Hash::Sha256 => pbkdf2::pbkdf2::<Hmac<Sha256>>(password, salt, rounds, out),
        Hash::Sha512 => pbkdf2::pbkdf2::<Hmac<Sha512>>(password, salt, rounds, out),
    }
    .map_err(|_| refused())
}

/// Argon2id (RFC 9106, version 0x13): passes, KiB, lanes.
///
/// # Errors
/// [`FormatError::ParametersRefused`], also when the memory cannot be had.
pub(super) fn argon2id(password: &[u8], salt: &[u8], t: u64, kib: u64, p: u64) -> Result<Key, FormatError> {
    argon2_of(argon2::Algorithm::Argon2id, argon2::Version::V0x13, password, salt, [t, kib, p])
}

fn argon2_of(
    sort: argon2::Algorithm,
    version: argon2::Version,
    password: &[u8],
    salt: &[u8],
    [t, kib, p]: [u64; 3],
) -> Result<Key, FormatError> {
    let refused = || FormatError::ParametersRefused(format!("Argon2 with {kib} KiB, {t} passes, {p} lanes"));
    if kib > MOST_KIB || kib.saturating_mul(t) > MOST_ARGON2_WORK || p > 16 || t > 1024 {
        return Err(refused());
    }
    let part = |number: u64| u32::try_from(number).map_err(|_| refused());
    let params = argon2::Params::new(part(kib)?, part(t)?, part(p)?, Some(32)).map_err(|_| refused())?;
    let mut blocks: Vec<argon2::Block> = Vec::new();
    let count = params.block_count();
    blocks.try_reserve_exact(count).map_err(|_| {
        FormatError::ParametersRefused(format!("{} MiB of memory, which this machine does not have free", kib >> 10))
    })?;
    blocks.resize(count, argon2::Block::default());
    let mut key = Key::default();
    let argon2 = argon2::Argon2::new(sort, version, params);
    on_threads(|| argon2.hash_password_into_with_memory(password, salt, &mut key[..], &mut blocks[..]))
        .ok_or_else(|| FormatError::ParametersRefused("more threads than this machine has free".into()))?
        .map_err(|_| refused())?;
    Ok(key)
}

/// Opens one message of libsodium's secretstream (XChaCha20-Poly1305) without associated data: the message's tag and its text.
pub(super) fn secretstream_open(key: &[u8], header: &[u8], sealed: &[u8]) -> Option<(u8, Zeroizing<Vec<u8>>)> {
    let (tag_byte, rest) = sealed.split_first()?;
    let (sealed, mac) = rest.split_last_chunk::<16>()?;
    let mut stream = secretstream(key, header)?;
    let mut mac_key = Zeroizing::new([0u8; 64]);
    stream.apply_keystream(&mut mac_key[..]);
    let mut block = [0u8; 64];
    *block.first_mut()? = *tag_byte;
    stream.apply_keystream(&mut block);
    let tag = *block.first()?;
    *block.first_mut()? = *tag_byte;
    // Equal lengths, compared without a short cut.
    let ours = secretstream_mac(&mac_key, &block, sealed)?;
    let differs = ours.iter().zip(mac).fold(0u8, |seen, (a, b)| seen | (a ^ b));
    if differs != 0 {
        return None;
    }
    let mut plain = Zeroizing::new(sealed.to_vec());
    stream.apply_keystream(&mut plain);
    Some((tag, plain))
}

/// Seals one message of libsodium's secretstream under that tag.
pub(super) fn secretstream_seal(key: &[u8], header: &[u8], tag: u8, plain: &[u8]) -> Result<Vec<u8>, FormatError> {
    stream_seal(key, header, tag, plain).ok_or(()).map_err(unsealed)
}

fn stream_seal(key: &[u8], header: &[u8], tag: u8, plain: &[u8]) -> Option<Vec<u8>> {
    let mut stream = secretstream(key, header)?;
    let mut mac_key = Zeroizing::new([0u8; 64]);
    stream.apply_keystream(&mut mac_key[..]);
    let mut block = [0u8; 64];
    *block.first_mut()? = tag;
    stream.apply_keystream(&mut block);
    let mut out = Vec::with_capacity(plain.len().saturating_add(17));
    out.push(*block.first()?);
    out.extend_from_slice(plain);
    stream.apply_keystream(out.get_mut(1..)?);
    let mac = secretstream_mac(&mac_key, &block, out.get(1..)?)?;
    out.extend_from_slice(&mac);
    Some(out)
}

/// The key stream of a stream's first message, from its block 0.
fn secretstream(key: &[u8], header: &[u8]) -> Option<chacha20::ChaCha20> {
    let (input, rest) = header.split_first_chunk::<16>()?;
    let rest: &[u8; 8] = rest.try_into().ok()?;
    let key: [u8; 32] = key.try_into().ok()?;
    let subkey = Zeroizing::new(chacha20::hchacha::<chacha20::R20>(&key.into(), &(*input).into()).0);
    // The first message's counter is 1.
    let mut nonce = [0u8; 12];
    nonce.first_chunk_mut::<4>()?.copy_from_slice(&1u32.to_le_bytes());
    nonce.last_chunk_mut::<8>()?.copy_from_slice(rest);
    let mut stream = chacha20::ChaCha20::new_from_slices(&subkey[..], &nonce).ok()?;
    stream.try_seek(0u32).ok()?;
    Some(stream)
}

/// Poly1305 over the encrypted tag block and the message, each padded as libsodium does.
fn secretstream_mac(mac_key: &[u8; 64], block: &[u8; 64], sealed: &[u8]) -> Option<[u8; 16]> {
    let key: [u8; 32] = *mac_key.first_chunk()?;
    let mut message = Vec::with_capacity(sealed.len().saturating_add(96));
    message.extend_from_slice(block);
    message.extend_from_slice(sealed);
    // libsodium's padding depends on the length's last four bits.
    let padding = sealed.len() & 15;
    message.resize(message.len().saturating_add(padding_of(padding)), 0);
    message.extend_from_slice(&0u64.to_le_bytes());
    message.extend_from_slice(&(sealed.len() as u64).saturating_add(64).to_le_bytes());
    let mac = Poly1305::new_from_slice(&key).ok()?.compute_unpadded(&message);
    Some(mac.into())
}

/// How many zeros follow a message whose length ends in those four bits: `(16 - 64 + length) & 15` there, which is the length's own.
fn padding_of(length: usize) -> usize {
    length & 15
}

/// Base64 in either alphabet, with or without padding and line ends.
pub(super) fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut clean = Zeroizing::new(String::with_capacity(text.len()));
    for letter in text.chars() {
        match letter {
            '-' => clean.push('+'),
            '_' => clean.push('/'),
            '=' => {}
            _ if letter.is_ascii_whitespace() => {}
            _ => clean.push(letter),
        }
    }
    let mut specification = data_encoding::BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().ok()?.decode(clean.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_beyond_reason_are_refused() {
        assert!(pbkdf2(Hash::Sha1, b"", b"salt", 0).is_err());
        assert!(pbkdf2(Hash::Sha1, b"", b"salt", u64::MAX).is_err());
        for (t, kib, p) in [
            (0, 64, 1),
            (1, 1, 1),
            (1, u64::MAX, 1),
            (1, 2 << 20, 1),
            (1 << 40, 64, 1),
            (1, 64, 1 << 20),
            (100, 1 << 20, 1),
        ] {
            assert!(argon2id(b"", b"salt and salt", t, kib, p).is_err(), "{t} {kib} {p}");
        }
    }

    #[test]
    fn a_stream_opens_as_it_was_sealed_and_not_otherwise() {
        let (key, header) = ([7u8; 32], [9u8; 24]);
        for length in [0, 1, 15, 16, 17, 63, 64, 65, 200] {
            let plain = vec![0x5a; length];
            let mut sealed = secretstream_seal(&key, &header, 3, &plain).unwrap();
            let (tag, opened) = secretstream_open(&key, &header, &sealed).unwrap();
            assert_eq!((tag, opened.as_slice()), (3, plain.as_slice()));
            for place in [0, sealed.len() - 1] {
                sealed[place] ^= 1;
                assert!(secretstream_open(&key, &header, &sealed).is_none());
                sealed[place] ^= 1;
            }
        }
        assert!(secretstream_open(&key, &header, &[]).is_none());
        assert!(secretstream_open(&key[1..], &header, &[0; 40]).is_none());
    }

    #[test]
    fn base64_in_any_dress() {
        for text in ["-_8=", "+/8=", "+/8", " +\n/8 "] {
            assert_eq!(base64(text).unwrap().as_slice(), [0xfb, 0xff], "{text}");
        }
        assert!(base64("%%%").is_none());
    }
}
