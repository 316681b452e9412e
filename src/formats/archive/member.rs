//! One member out of a zip archive: decrypted, unpacked, checked.
//!
//! Nothing larger than its directory entry says, than its packed bytes can be, or than [`LARGEST`] is ever made.

use zeroize::Zeroizing;

use super::directory::{Lock, Member};
use crate::formats::registry::LARGEST;
use crate::formats::{Derivations, FormatError, cipher};
use crate::secret::Text;
use crate::text;

/// The most that deflate can make of one byte.
const MOST_OF_A_BYTE: usize = 1032;

impl Member<'_> {
    /// The member's bytes.
    ///
    /// # Errors
    /// [`FormatError::WrongPassword`], also when it needs one and none is given; [`FormatError::Damaged`];
    /// [`FormatError::WrongPasswordOrDamaged`] where ZipCrypto cannot tell; [`FormatError::Unsupported`] for another packing or a size beyond
    /// all exports.
    pub fn open(&self, password: Option<&Text>, keys: &mut Derivations) -> Result<Zeroizing<Vec<u8>>, FormatError> {
        let name = || text::fit(&self.name, 40);
        if self.size > LARGEST {
            return Err(FormatError::Unsupported(format!("{} is larger than {} MiB", name(), LARGEST >> 20)));
        }
        let broken = || FormatError::Damaged(format!("{} in it does not unpack to what it was", name()));
        let (decrypted, wrong) = match self.lock {
            Lock::Open => (None, broken()),
            Lock::Unknown => {
                return Err(FormatError::Unsupported(format!("{} is encrypted in a way that is not known", name())));
            }
            Lock::ZipCrypto(check) => {
                let password = password.ok_or(FormatError::WrongPassword)?;
                let plain = zip_crypto(self.data, password.as_bytes(), check)?;
                (Some(plain), FormatError::WrongPasswordOrDamaged)
            }
            Lock::Aes(length) => {
                let password = password.ok_or(FormatError::WrongPassword)?;
                (Some(winzip_aes(self.data, password.as_bytes(), length, keys)?), broken())
            }
        };
        let packed = decrypted.as_ref().map_or(self.data, |plain| plain);
        let plain = match self.method {
            0 if packed.len() == self.size => Zeroizing::new(packed.to_vec()),
            8 => inflate(packed, self.size).ok_or_else(|| wrong.clone())?,
            0 => return Err(wrong),
            method => {
                let words = format!("{} is packed by method {method}: unpack it and import what comes out", name());
                return Err(FormatError::Unsupported(words));
            }
        };
        if self.crc.is_some_and(|crc| crc != crc32(&plain)) {
            return Err(wrong);
        }
        Ok(plain)
    }
}

/// Unpacks to exactly that size.
pub(in crate::formats) fn inflate(packed: &[u8], size: usize) -> Option<Zeroizing<Vec<u8>>> {
    if size > packed.len().saturating_mul(MOST_OF_A_BYTE) {
        return None;
    }
    let mut out = Zeroizing::new(vec![0; size]);
    let parts = std::iter::once(packed);
    let done = miniz_oxide::inflate::decompress_slice_iter_to_slice(&mut out, parts, false, true).ok()?;
    (done == size).then_some(out)
}

/// WinZip's AES: salt, two bytes that show the right password, cipher text, ten bytes of HMAC-SHA-1.
fn winzip_aes(
    data: &[u8],
    password: &[u8],
    length: usize,
    derived: &mut Derivations,
) -> Result<Zeroizing<Vec<u8>>, FormatError> {
    let short = || FormatError::Damaged("a file in the archive is cut off".into());
    let (salt, data) = data.split_at_checked(length / 2).ok_or_else(short)?;
    let (check, data) = data.split_first_chunk::<2>().ok_or_else(short)?;
    let (sealed, mac) = data.split_last_chunk::<10>().ok_or_else(short)?;
    let mut keys = Zeroizing::new([0u8; 66]);
    let keys = keys.get_mut(..length.saturating_mul(2).saturating_add(2)).ok_or_else(short)?;
    derived.pbkdf2_into(cipher::Hash::Sha1, password, salt, 1000, keys)?;
    let (key, rest) = keys.split_at_checked(length).ok_or_else(short)?;
    let (mac_key, ours) = rest.split_at_checked(length).ok_or_else(short)?;
    if ours != check {
        return Err(FormatError::WrongPassword);
    }
    if cipher::hmac_sha1(mac_key, sealed).is_none_or(|ours| ours.first_chunk() != Some(mac)) {
        return Err(FormatError::Damaged("a file in the archive was changed".into()));
    }
    let mut plain = Zeroizing::new(sealed.to_vec());
    cipher::aes_ctr_le(key, &mut plain).ok_or_else(short)?;
    Ok(plain)
}

/// ZipCrypto: twelve random bytes, of which the last shows the right password, then the cipher text. It protects next to nothing, and has no
/// check of its own but the sum over what is unpacked.
fn zip_crypto(data: &[u8], password: &[u8], check: [u8; 2]) -> Result<Zeroizing<Vec<u8>>, FormatError> {
    let mut keys = Keys { parts: Zeroizing::new([0x1234_5678, 0x2345_6789, 0x3456_7890]) };
    password.iter().for_each(|byte| keys.feed(*byte));
    let plain = Zeroizing::new(data.iter().map(|byte| keys.decrypt(*byte)).collect::<Vec<u8>>());
    let (head, plain) = plain
        .split_first_chunk::<12>()
        .ok_or_else(|| FormatError::Damaged("a file in the archive is cut off".into()))?;
    if !check.contains(head.last().unwrap_or(&0)) {
        return Err(FormatError::WrongPassword);
    }
    Ok(Zeroizing::new(plain.to_vec()))
}

/// The state of ZipCrypto.
struct Keys {
    parts: Zeroizing<[u32; 3]>,
}

impl Keys {
    fn feed(&mut self, byte: u8) {
        let [a, b, c] = *self.parts;
        let a = crc32_step(a, byte);
        let b = b.wrapping_add(a & 0xff).wrapping_mul(134_775_813).wrapping_add(1);
        *self.parts = [a, b, crc32_step(c, (b >> 24) as u8)];
    }

    fn decrypt(&mut self, byte: u8) -> u8 {
        let [_, _, c] = *self.parts;
        let c = (c | 2) & 0xffff;
        let plain = byte ^ (c.wrapping_mul(c ^ 1) >> 8) as u8;
        self.feed(plain);
        plain
    }
}

/// CRC-32 (ISO 3309).
pub(in crate::formats) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| crc32_step(crc, *byte))
}

fn crc32_step(crc: u32, byte: u8) -> u32 {
    let place = usize::from((crc as u8) ^ byte);
    TABLE.get(place).copied().unwrap_or(0) ^ (crc >> 8)
}

#[expect(clippy::indexing_slicing, reason = "it is made when the program is built")]
static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut place = 0;
    while place < 256 {
        let mut value = place as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        table[place] = value;
        place += 1;
    }
    table
};
