//! The ciphers and key derivations of other programs' files. Every cost is bounded before it is paid.

pub(super) mod keepass;

use std::collections::HashMap;

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
use sha2::{Digest, Sha256, Sha512};
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
/// The most rounds of AES that are done: some seconds. KeePass, asked for a delay of one second, takes up to about 50 million.
const MOST_ROUNDS: u64 = 300_000_000;

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
pub(super) fn hkdf(key: &[u8], salt: &[u8], info: &[u8]) -> Option<Key> {
    let mut out = Key::default();
    Hkdf::<Sha256>::new(Some(salt), key).expand(info, &mut out[..]).ok()?;
    Some(out)
}

/// HKDF-Expand with SHA-256 to 32 bytes.
pub(super) fn hkdf_expand(key: &Key, info: &[u8]) -> Option<Key> {
    let mut out = Key::default();
    Hkdf::<Sha256>::from_prk(&key[..]).ok()?.expand(info, &mut out[..]).ok()?;
    Some(out)
}

/// HMAC-SHA-1. HMAC takes keys of any length; should a library refuse one, there is no value, which equals none in a file.
pub(super) fn hmac_sha1(key: &[u8], message: &[u8]) -> Option<[u8; 20]> {
    let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().into())
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

/// HMAC-SHA-256, as [`hmac_sha1`].
pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> Option<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().into())
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

/// One derivation's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    /// PBKDF2 (RFC 8018) with HMAC to that many bytes.
    Pbkdf2 {
        /// The hash.
        hash: Hash,
        /// Iterations.
        iterations: u64,
        /// How many bytes come out.
        length: usize,
    },
    /// Argon2 (RFC 9106).
    Argon2 {
        /// Argon2id, or Argon2d.
        id: bool,
        /// 0x10 or 0x13.
        version: u64,
        /// Passes.
        passes: u64,
        /// Memory in KiB.
        kib: u64,
        /// Lanes.
        lanes: u64,
    },
    /// scrypt (RFC 7914).
    Scrypt {
        /// N as a power of two.
        log_n: u8,
        /// Block size.
        r: u32,
        /// Parallelism.
        p: u32,
    },
    /// KeePass's rounds of AES over two blocks.
    Aes {
        /// Rounds.
        rounds: u64,
    },
}

impl Cost {
    /// What it takes in units of [`BUDGET`]; `None` when it is dearer than any one derivation may be, or nonsense.
    fn units(self) -> Option<u64> {
        match self {
            Cost::Pbkdf2 { hash, iterations, length } => {
                let (size, weight) = match hash {
                    Hash::Sha1 => (20, 1),
                    Hash::Sha256 => (32, 2),
                    Hash::Sha512 => (64, 3),
                };
                let blocks = u64::try_from(length.div_ceil(size)).ok()?;
                (1..=MOST_ITERATIONS).contains(&iterations).then_some(())?;
                iterations.checked_mul(blocks)?.checked_mul(weight)
            }
            Cost::Argon2 { passes, kib, lanes, .. } => {
                let work = kib.checked_mul(passes)?;
                let fits = kib <= MOST_KIB && work <= MOST_ARGON2_WORK && lanes <= 16 && passes <= 1024;
                fits.then(|| work.saturating_mul(5) / 2)
            }
            Cost::Scrypt { log_n, r, p } => {
                let work = 1u64.checked_shl(u32::from(log_n))?.checked_mul(u64::from(r))?;
                let fits =
                    (1..=MOST_SCRYPT).contains(&log_n) && work.checked_mul(128)? <= MOST_KIB.checked_mul(1024)?;
                (fits && (1..=64).contains(&r) && (1..=64).contains(&p)).then_some(())?;
                work.checked_mul(u64::from(p))?.checked_mul(2)
            }
            Cost::Aes { rounds } => (rounds <= MOST_ROUNDS).then_some(rounds / 8),
        }
    }

    fn words(self) -> String {
        match self {
            Cost::Pbkdf2 { iterations, .. } => format!("PBKDF2 with {iterations} iterations"),
            Cost::Argon2 { passes, kib, lanes, .. } => {
                format!("Argon2 with {kib} KiB, {passes} passes, {lanes} lanes")
            }
            Cost::Scrypt { log_n, r, p } => format!("scrypt with a work factor of {log_n}, r = {r}, p = {p}"),
            Cost::Aes { rounds } => format!("{rounds} rounds of AES"),
        }
    }
}

/// What all derivations of one file may cost together, in quarters of a microsecond: some ten seconds. A file may name as many keys as it
/// has bytes.
const BUDGET: u64 = 40_000_000;

/// The keys derived for one file with one password: all together within `BUDGET`, each once.
pub struct Derivations {
    left: u64,
    known: HashMap<[u8; 32], Zeroizing<Vec<u8>>>,
}

impl Default for Derivations {
    fn default() -> Derivations {
        Derivations { left: BUDGET, known: HashMap::new() }
    }
}

impl Derivations {
    /// Takes a cost from what is left, without deriving anything.
    ///
    /// # Errors
    /// [`FormatError::ParametersRefused`] when it is too dear, by itself or with all before it.
    pub(super) fn charge(&mut self, cost: Cost) -> Result<(), FormatError> {
        let units = cost.units().ok_or_else(|| FormatError::ParametersRefused(cost.words()))?;
        self.left = self.left.checked_sub(units).ok_or_else(|| {
            FormatError::ParametersRefused(format!(
                "{}, which with the keys before it is too much for one file",
                cost.words()
            ))
        })?;
        Ok(())
    }

    /// Derives into `out`, unless the same was derived before.
    fn derive(
        &mut self,
        cost: Cost,
        [password, salt]: [&[u8]; 2],
        out: &mut [u8],
        derive: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> Result<(), FormatError> {
        let mut name = Sha256::new();
        name.update(format!("{cost:?} {}", out.len()));
        for part in [password, salt] {
            name.update((part.len() as u64).to_be_bytes());
            name.update(part);
        }
        let name = <[u8; 32]>::from(name.finalize());
        if let Some(known) = self.known.get(&name).filter(|known| known.len() == out.len()) {
            out.copy_from_slice(known);
            return Ok(());
        }
        self.charge(cost)?;
        derive(out).ok_or_else(|| FormatError::ParametersRefused(cost.words()))?;
        self.known.insert(name, Zeroizing::new(out.to_vec()));
        Ok(())
    }

    /// PBKDF2 to 32 bytes.
    ///
    /// # Errors
    /// [`FormatError::ParametersRefused`].
    pub(super) fn pbkdf2(
        &mut self,
        hash: Hash,
        password: &[u8],
        salt: &[u8],
        iterations: u64,
    ) -> Result<Key, FormatError> {
        let mut key = Key::default();
        self.pbkdf2_into(hash, password, salt, iterations, &mut key[..])?;
        Ok(key)
    }

    /// The same, to any length.
    ///
    /// # Errors
    /// [`FormatError::ParametersRefused`].
    pub(super) fn pbkdf2_into(
        &mut self,
        hash: Hash,
        password: &[u8],
        salt: &[u8],
        iterations: u64,
        out: &mut [u8],
    ) -> Result<(), FormatError> {
        let cost = Cost::Pbkdf2 { hash, iterations, length: out.len() };
        self.derive(cost, [password, salt], out, |out| {
            let rounds = u32::try_from(iterations).ok()?;
            match hash {
                Hash::Sha1 => pbkdf2::pbkdf2::<Hmac<Sha1>>(password, salt, rounds, out),
                Hash::Sha256 => pbkdf2::pbkdf2::<Hmac<Sha256>>(password, salt, rounds, out),
                Hash::Sha512 => pbkdf2::pbkdf2::<Hmac<Sha512>>(password, salt, rounds, out),
            }
            .ok()
        })
    }

    /// Argon2id (version 0x13) to 32 bytes: passes, KiB, lanes.
    ///
    /// # Errors
    /// [`FormatError::ParametersRefused`], also when the memory cannot be had.
    pub(super) fn argon2id(
        &mut self,
        password: &[u8],
        salt: &[u8],
        passes: u64,
        kib: u64,
        lanes: u64,
    ) -> Result<Key, FormatError> {
        self.argon2(Cost::Argon2 { id: true, version: 0x13, passes, kib, lanes }, password, salt)
    }

    /// Argon2 of that cost to 32 bytes.
    ///
    /// # Errors
    /// [`FormatError::ParametersRefused`], also when the memory cannot be had.
    pub(super) fn argon2(&mut self, cost: Cost, password: &[u8], salt: &[u8]) -> Result<Key, FormatError> {
        let mut key = Key::default();
        self.derive(cost, [password, salt], &mut key[..], |out| argon2_into(cost, password, salt, out))?;
        Ok(key)
    }

    /// scrypt to 32 bytes.
    ///
    /// # Errors
    /// [`FormatError::ParametersRefused`].
    pub(super) fn scrypt(
        &mut self,
        password: &[u8],
        salt: &[u8],
        log_n: u8,
        r: u32,
        p: u32,
    ) -> Result<Key, FormatError> {
        let mut key = Key::default();
        self.derive(Cost::Scrypt { log_n, r, p }, [password, salt], &mut key[..], |out| {
            scrypt::scrypt(password, salt, &scrypt::Params::new(log_n, r, p).ok()?, out).ok()
        })?;
        Ok(key)
    }

    /// KeePass's oldest key derivation.
    ///
    /// # Errors
    /// [`FormatError::ParametersRefused`], also for a seed of another length than 32.
    pub(super) fn aes_kdf(&mut self, key: &Key, seed: &[u8], rounds: u64) -> Result<Key, FormatError> {
        let mut out = Key::default();
        self.derive(Cost::Aes { rounds }, [&key[..], seed], &mut out[..], |out| {
            out.copy_from_slice(&keepass::aes_kdf(key, seed, rounds)?[..]);
            Some(())
        })?;
        Ok(out)
    }
}

fn argon2_into(cost: Cost, password: &[u8], salt: &[u8], out: &mut [u8]) -> Option<()> {
    let Cost::Argon2 { id, version, passes, kib, lanes } = cost else { return None };
    let sort = if id { argon2::Algorithm::Argon2id } else { argon2::Algorithm::Argon2d };
    let version = match version {
        0x10 => argon2::Version::V0x10,
        0x13 => argon2::Version::V0x13,
        _ => return None,
    };
    let part = |number: u64| u32::try_from(number).ok();
    let params = argon2::Params::new(part(kib)?, part(passes)?, part(lanes)?, Some(32)).ok()?;
    let mut blocks: Vec<argon2::Block> = Vec::new();
    let count = params.block_count();
    blocks.try_reserve_exact(count).ok()?;
    blocks.resize(count, argon2::Block::default());
    let argon2 = argon2::Argon2::new(sort, version, params);
    on_threads(|| argon2.hash_password_into_with_memory(password, salt, out, &mut blocks[..]))?.ok()
}

/// PBKDF2 for the tests of what is derived in a file of their own.
#[cfg(test)]
pub(super) fn pbkdf2(hash: Hash, password: &[u8], salt: &[u8], iterations: u64) -> Result<Key, FormatError> {
    Derivations::default().pbkdf2(hash, password, salt, iterations)
}

/// Argon2id, likewise.
#[cfg(test)]
pub(super) fn argon2id(password: &[u8], salt: &[u8], t: u64, kib: u64, p: u64) -> Result<Key, FormatError> {
    Derivations::default().argon2id(password, salt, t, kib, p)
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
    fn all_keys_of_a_file_share_one_budget_and_each_is_derived_once() {
        let cost = |iterations| Cost::Pbkdf2 { hash: Hash::Sha1, iterations, length: 32 };
        let mut keys = Derivations::default();
        for _ in 0..4 {
            keys.charge(cost(MOST_ITERATIONS)).unwrap();
        }
        let refused = keys.charge(cost(1)).unwrap_err();
        assert!(refused.to_string().contains("with the keys before it"), "{refused}");
        // Every way of derivation is charged, and the dearest of each is within a file's means.
        let argon2 = |passes, kib| Cost::Argon2 { id: true, version: 0x13, passes, kib, lanes: 4 };
        for dearest in [
            argon2(8, MOST_KIB),
            Cost::Scrypt { log_n: MOST_SCRYPT, r: 8, p: 1 },
            Cost::Aes { rounds: MOST_ROUNDS },
            Cost::Pbkdf2 { hash: Hash::Sha512, iterations: MOST_ITERATIONS, length: 64 },
        ] {
            let mut keys = Derivations::default();
            keys.charge(dearest).unwrap();
            let times = (1..100).take_while(|_| keys.charge(dearest).is_ok()).count();
            assert!(times < 4, "{dearest:?}: {times}");
        }
        let mut keys = Derivations::default();
        let first = keys.pbkdf2(Hash::Sha1, b"word", b"salt", 1000).unwrap();
        let left = keys.left;
        assert_eq!(first, keys.pbkdf2(Hash::Sha1, b"word", b"salt", 1000).unwrap());
        assert_eq!(keys.left, left, "the same is derived once");
        for (password, salt, iterations) in
            [(&b"wor"[..], &b"dsalt"[..], 1000), (b"word", b"salt", 1001), (b"word", b"sal", 1000)]
        {
            assert_ne!(first, keys.pbkdf2(Hash::Sha1, password, salt, iterations).unwrap());
        }
        assert!(keys.left < left);
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
