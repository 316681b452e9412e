//! KDBX, the container of KeePass's databases: versions 3.1 and 4.0 to 4.1, to the document within.
//!
//! In version 4 a keyed hash over the header tells a wrong password from damage, in version 3.1 the first 32 bytes under the key do.

use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::damaged;
use super::document::Document;
use crate::formats::archive::gzip;
use crate::formats::cipher::{self, Cost, Key, keepass as ciphers, keepass::KeyStream};
use crate::formats::registry::LARGEST;
use crate::formats::{Derivations, FormatError};
use crate::secret::Text;

/// How every database of KeePass 2 begins.
pub(super) const MAGIC: &[u8] = b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5";

const AES: [u8; 16] = *b"\x31\xc1\xf2\xe6\xbf\x71\x43\x50\xbe\x58\x05\x21\x6a\xfc\x5a\xff";
const TWOFISH: [u8; 16] = *b"\xad\x68\xf2\x9f\x57\x6f\x4b\xb9\xa3\x6a\xd4\x7a\xf9\x65\x34\x6c";
const CHACHA20: [u8; 16] = *b"\xd6\x03\x8a\x2b\x8b\x6f\x4c\xb5\xa5\x24\x33\x9a\x31\xdb\xb5\x9a";
const AES_KDF: [u8; 16] = *b"\xc9\xd9\xf3\x9a\x62\x8a\x44\x60\xbf\x74\x0d\x08\xc1\x8a\x4f\xea";
const AES_KDF_4: [u8; 16] = *b"\x7c\x02\xbb\x82\x79\xa7\x4a\xc0\x92\x7d\x11\x4a\x00\x64\x82\x38";
const ARGON2D: [u8; 16] = *b"\xef\x63\x6d\xdf\x8c\x29\x44\x4b\x91\xf7\xa9\xa4\x03\xe3\x0a\x0c";
const ARGON2ID: [u8; 16] = *b"\x9e\x29\x8b\x19\x56\xdb\x47\x73\xb2\x3d\xfc\x3e\xc6\xf0\xa1\xe6";

/// The next `length` bytes.
fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// A little-endian number of at most eight bytes.
fn number(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// The next little-endian number of four bytes, as a length.
fn length(bytes: &mut &[u8]) -> Option<usize> {
    usize::try_from(number(take(bytes, 4)?)?).ok()
}

fn cut_off() -> FormatError {
    damaged("it is cut off")
}

/// How a password becomes a key.
enum Kdf {
    Aes { seed: Vec<u8>, rounds: u64 },
    Argon2 { id: bool, version: u64, salt: Vec<u8>, cost: [u64; 3] },
}

impl Kdf {
    /// Version 4's list of named parameters.
    fn read(mut list: &[u8]) -> Option<Result<Kdf, FormatError>> {
        // Its own version; only the first number must be known.
        if take(&mut list, 2)?.last() != Some(&1) {
            return None;
        }
        let mut fields: Vec<(&[u8], &[u8])> = Vec::new();
        while take(&mut list, 1)? != [0] {
            let name = length(&mut list)?;
            let name = take(&mut list, name)?;
            let value = length(&mut list)?;
            fields.push((name, take(&mut list, value)?));
        }
        let field = |name: &str| fields.iter().find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| *value);
        let uuid = field("$UUID")?;
        if uuid == AES_KDF || uuid == AES_KDF_4 {
            return Some(Ok(Kdf::Aes { seed: field("S")?.to_vec(), rounds: number(field("R")?)? }));
        }
        if uuid != ARGON2D && uuid != ARGON2ID {
            let words = "the database's key derivation is not known: choose Argon2 or AES-KDF in its settings";
            return Some(Err(FormatError::Unsupported(words.into())));
        }
        if ["K", "A"].iter().any(|name| field(name).is_some_and(|value| !value.is_empty())) {
            return Some(Err(FormatError::Unsupported("the database's Argon2 has a key of its own".into())));
        }
        let cost = [number(field("I")?)?, number(field("M")?)? / 1024, number(field("P")?)?];
        let salt = field("S")?.to_vec();
        Some(Ok(Kdf::Argon2 { id: uuid == ARGON2ID, version: number(field("V")?)?, salt, cost }))
    }

    fn derive(&self, composite: &Key, keys: &mut Derivations) -> Result<Key, FormatError> {
        match self {
            Kdf::Aes { seed, rounds } => keys.aes_kdf(composite, seed, *rounds),
            Kdf::Argon2 { id, version, salt, cost: [passes, kib, lanes] } => {
                let cost = Cost::Argon2 { id: *id, version: *version, passes: *passes, kib: *kib, lanes: *lanes };
                keys.argon2(cost, &composite[..], salt)
            }
        }
    }
}

/// What stands in front of the encrypted part.
struct Header {
    cipher: [u8; 16],
    zipped: bool,
    seed: [u8; 32],
    iv: Vec<u8>,
    kdf: Kdf,
    /// Version 3 only: the key of protected values, what it is for, and how what is encrypted begins.
    inner: Option<(Vec<u8>, u64, [u8; 32])>,
}

/// A database that was not opened yet.
pub(super) struct Database {
    header: Header,
    header_hash: [u8; 32],
    /// Version 4 only: the header's bytes and their keyed hash.
    check: Option<(Vec<u8>, [u8; 32])>,
    sealed: Vec<u8>,
}

impl Database {
    /// Reads what is not encrypted.
    ///
    /// # Errors
    /// [`FormatError::Damaged`]; [`FormatError::Unsupported`] for versions and ciphers that are not known.
    pub fn read(bytes: &[u8]) -> Result<Database, FormatError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it is no database of KeePass"))?;
        let version = take(&mut rest, 4).and_then(number).ok_or_else(cut_off)?;
        let (major, minor) = (version >> 16, version & 0xffff);
        if !matches!((major, minor), (3, 0..=1) | (4, _)) {
            let words = format!(
                "a database of version {major}.{minor}: those of 3.1 and 4 are read; save it anew with a current KeePassXC"
            );
            return Err(FormatError::Unsupported(words));
        }
        let header = read_header(&mut rest, major == 4).ok_or_else(|| damaged("its header is broken"))??;
        let head = bytes.get(..bytes.len().saturating_sub(rest.len())).ok_or_else(cut_off)?;
        let header_hash: [u8; 32] = Sha256::digest(head).into();
        let mut check = None;
        if major == 4 {
            if take(&mut rest, 32).ok_or_else(cut_off)? != header_hash {
                return Err(damaged("its header was changed"));
            }
            let keyed = take(&mut rest, 32).and_then(|hash| hash.try_into().ok()).ok_or_else(cut_off)?;
            check = Some((head.to_vec(), keyed));
        }
        Ok(Database { header, header_hash, check, sealed: rest.to_vec() })
    }

    /// Opens it. Takes as long as its settings say: a second or two, at most some.
    ///
    /// # Errors
    /// [`FormatError::WrongPasswordOrKeyFile`]; [`FormatError::Damaged`]; [`FormatError::ParametersRefused`];
    /// [`FormatError::Unsupported`] when it is larger than any database.
    pub fn open(
        &self,
        password: &Text,
        key_file: Option<&Key>,
        keys: &mut Derivations,
    ) -> Result<Document, FormatError> {
        // Each part of a key is hashed, then all parts together. With a key file the password may be missing.
        let mut parts = Sha256::new();
        if key_file.is_none() || !password.is_empty() {
            parts.update(&Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password.as_bytes())))[..]);
        }
        if let Some(part) = key_file {
            parts.update(&part[..]);
        }
        let composite: Key = Zeroizing::new(parts.finalize().into());
        let derived = self.header.kdf.derive(&composite, keys)?;
        let mut hash = Sha256::new();
        hash.update(self.header.seed);
        hash.update(&derived[..]);
        let key: Key = Zeroizing::new(hash.finalize().into());
        match &self.check {
            Some((head, keyed)) => self.open_4(&key, &derived, head, keyed),
            None => self.open_3(&key),
        }
    }

    fn open_4(&self, key: &Key, derived: &Key, head: &[u8], keyed: &[u8; 32]) -> Result<Document, FormatError> {
        let mut hash = Sha512::new();
        hash.update(self.header.seed);
        hash.update(&derived[..]);
        hash.update([1]);
        let base = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
        let key_of = |block: u64| {
            let mut hash = Sha512::new();
            hash.update(block.to_le_bytes());
            hash.update(&base[..]);
            Zeroizing::new(<[u8; 64]>::from(hash.finalize()))
        };
        if cipher::hmac_sha256(&key_of(u64::MAX)[..], head) != Some(*keyed) {
            return Err(FormatError::WrongPasswordOrKeyFile);
        }
        let mut rest = self.sealed.as_slice();
        let mut sealed = Vec::with_capacity(rest.len());
        for block in 0u64.. {
            let hash = take(&mut rest, 32).ok_or_else(cut_off)?;
            let head = rest.get(..4).ok_or_else(cut_off)?;
            let size = length(&mut rest).ok_or_else(cut_off)?;
            let data = take(&mut rest, size).ok_or_else(cut_off)?;
            let message = [&block.to_le_bytes()[..], head, data].concat();
            if cipher::hmac_sha256(&key_of(block)[..], &message).is_none_or(|mac| mac != hash) {
                return Err(damaged(format!("block {block} of it was changed")));
            }
            if data.is_empty() {
                break;
            }
            sealed.extend_from_slice(data);
        }
        let plain = self.decrypt(key, sealed).ok_or_else(|| damaged("what is encrypted in it is broken"))?;
        let plain = self.unzip(plain)?;
        let mut rest = plain.as_slice();
        let stream = inner_header(&mut rest).ok_or_else(|| damaged("its inner header is broken"))??;
        Document::read(rest, stream)
    }

    fn open_3(&self, key: &Key) -> Result<Document, FormatError> {
        let broken = || damaged("what is encrypted in it is broken");
        let (stream_key, stream, start) = self.header.inner.as_ref().ok_or_else(broken)?;
        // The start is looked at alone: behind it the padding may be what is broken.
        let head = self.sealed.get(..48).ok_or_else(cut_off)?;
        let begins = match self.header.cipher {
            AES => cipher::cbc_open_unpadded(&key[..], &self.header.iv, head),
            _ => ciphers::twofish_cbc_open_unpadded(key, &self.header.iv, head),
        };
        if begins.is_none_or(|begins| begins.first_chunk() != Some(start)) {
            return Err(FormatError::WrongPasswordOrKeyFile);
        }
        let plain = self.decrypt(key, self.sealed.clone()).ok_or_else(broken)?;
        let mut rest = plain.get(32..).ok_or_else(broken)?;
        let mut data = Zeroizing::new(Vec::with_capacity(rest.len()));
        for block in 0u64.. {
            let index = take(&mut rest, 4).and_then(number).ok_or_else(cut_off)?;
            let hash = take(&mut rest, 32).ok_or_else(cut_off)?;
            let size = length(&mut rest).ok_or_else(cut_off)?;
            let part = take(&mut rest, size).ok_or_else(cut_off)?;
            if part.is_empty() && hash.iter().all(|byte| *byte == 0) {
                break;
            }
            if index != block || Sha256::digest(part).as_slice() != hash {
                return Err(damaged(format!("block {block} of it was changed")));
            }
            data.extend_from_slice(part);
        }
        let data = self.unzip(data)?;
        let document = Document::read(&data, key_stream(*stream, stream_key)?)?;
        // Nothing else covers the header.
        let same = |hash: &Text| cipher::base64(hash).is_some_and(|hash| hash[..] == self.header_hash);
        if document.header_hash.as_ref().is_some_and(|hash| !hash.is_empty() && !same(hash)) {
            return Err(damaged("its header was changed"));
        }
        Ok(document)
    }

    fn decrypt(&self, key: &Key, sealed: Vec<u8>) -> Option<Zeroizing<Vec<u8>>> {
        let iv = &self.header.iv;
        match self.header.cipher {
            AES => cipher::cbc_open(&key[..], iv, &sealed),
            TWOFISH => ciphers::twofish_cbc_open(key, iv, &sealed),
            _ => {
                let mut plain = Zeroizing::new(sealed);
                ciphers::chacha20(key, iv, &mut plain)?;
                Some(plain)
            }
        }
    }

    fn unzip(&self, plain: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, FormatError> {
        if !self.header.zipped {
            return Ok(plain);
        }
        if gzip::unpacked_size(&plain).is_some_and(|size| size > LARGEST) {
            let words = format!("what is in the database is larger than {} MiB", LARGEST >> 20);
            return Err(FormatError::Unsupported(words));
        }
        gzip::unpack(&plain, LARGEST).ok_or_else(|| damaged("it does not unpack"))
    }
}

/// The fields up to the one that ends them; `None` when they are broken.
fn read_header(rest: &mut &[u8], four: bool) -> Option<Result<Header, FormatError>> {
    let mut fields: [Option<&[u8]>; 13] = [None; 13];
    loop {
        let id = *take(rest, 1)?.first()?;
        let size = number(take(rest, if four { 4 } else { 2 })?)?;
        let value = take(rest, usize::try_from(size).ok()?)?;
        if id == 0 {
            break;
        }
        // Others are remarks of other programs.
        if let Some(field) = fields.get_mut(usize::from(id)) {
            *field = Some(value);
        }
    }
    let [_, _, cipher, zipped, seed, kdf_seed, rounds, iv, stream_key, start, stream, kdf, _] = fields;
    let cipher: [u8; 16] = cipher?.try_into().ok()?;
    if !(cipher == AES || cipher == TWOFISH || (cipher == CHACHA20 && four)) {
        let words = "the database's cipher is not known: choose AES, Twofish or ChaCha20 in its settings";
        return Some(Err(FormatError::Unsupported(words.into())));
    }
    let zipped = match number(zipped?)? {
        0 => false,
        1 => true,
        _ => return Some(Err(FormatError::Unsupported("the database's compression is not known".into()))),
    };
    let kdf = match four {
        true => match Kdf::read(kdf?)? {
            Ok(kdf) => kdf,
            Err(wrong) => return Some(Err(wrong)),
        },
        false => Kdf::Aes { seed: kdf_seed?.to_vec(), rounds: number(rounds?)? },
    };
    let inner = match four {
        true => None,
        false => Some((stream_key?.to_vec(), number(stream?)?, start?.try_into().ok()?)),
    };
    Some(Ok(Header { cipher, zipped, seed: seed?.try_into().ok()?, iv: iv?.to_vec(), kdf, inner }))
}

/// Version 4's header within what is encrypted: the key stream of protected values; attachments are passed over.
fn inner_header(rest: &mut &[u8]) -> Option<Result<Option<KeyStream>, FormatError>> {
    let (mut stream, mut key): (u64, &[u8]) = (0, &[]);
    loop {
        let id = *take(rest, 1)?.first()?;
        let size = length(rest)?;
        let value = take(rest, size)?;
        match id {
            0 => return Some(key_stream(stream, key)),
            1 => stream = number(value)?,
            2 => key = value,
            _ => {}
        }
    }
}

fn key_stream(stream: u64, key: &[u8]) -> Result<Option<KeyStream>, FormatError> {
    match stream {
        0 => Ok(None),
        2 => Ok(KeyStream::salsa20(key)),
        3 => Ok(KeyStream::chacha20(key)),
        _ => Err(FormatError::Unsupported("the cipher of the database's protected values is not known".into())),
    }
}
