//! What only KeePass's databases use: key derivation by AES, both sorts of Argon2, Twofish, and the key streams over protected values.

use aes::cipher::{BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser};
use aes::{Aes256, Block};
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::consts::U16;
use cbc::cipher::{BlockModeDecrypt, KeyInit, KeyIvInit};
use chacha20::ChaCha20;
use chacha20::cipher::StreamCipher;
use salsa20::Salsa20;
use sha2::{Digest, Sha256, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::Key;

/// KeePass's oldest key derivation: a key's two halves encrypted under the seed again and again, then hashed. `None` for a seed of another
/// length than 32. What it may cost is the matter of [`super::Derivations`].
pub(super) fn aes_kdf(key: &Key, seed: &[u8], rounds: u64) -> Option<Key> {
    /// All rounds in one call: the processor's own AES is looked for once, not each time.
    struct Rounds<'a>(&'a mut [Block; 2], u64);
    impl BlockSizeUser for Rounds<'_> {
        type BlockSize = U16;
    }
    impl BlockCipherEncClosure for Rounds<'_> {
        fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
            let [mut first, mut second] = *self.0;
            for _ in 0..self.1 {
                backend.encrypt_block((&mut first).into());
                backend.encrypt_block((&mut second).into());
            }
            *self.0 = [first, second];
        }
    }
    let cipher = Aes256::new_from_slice(seed).ok()?;
    let (first, second) = key.split_first_chunk::<16>()?;
    let mut blocks = [Block::from(*first), Block::try_from(second).ok()?];
    cipher.encrypt_with_backend(Rounds(&mut blocks, rounds));
    let mut hash = Sha256::new();
    blocks.iter().for_each(|block| hash.update(block));
    blocks.iter_mut().for_each(|block| block.as_mut_slice().zeroize());
    Some(Zeroizing::new(hash.finalize().into()))
}

/// Opens Twofish-CBC with a key of 32 bytes and PKCS#7 padding.
pub(in crate::formats) fn twofish_cbc_open(key: &Key, iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<twofish::Twofish>::new_from_slices(&key[..], iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(sealed).ok().map(Zeroizing::new)
}

/// The same without padding: whole blocks, of which nothing is checked.
pub(in crate::formats) fn twofish_cbc_open_unpadded(key: &Key, iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<twofish::Twofish>::new_from_slices(&key[..], iv).ok()?;
    cipher.decrypt_padded_vec::<NoPadding>(sealed).ok().map(Zeroizing::new)
}

/// Seals with Twofish-CBC; only tests write such files.
#[cfg(test)]
pub(in crate::formats) fn twofish_cbc_seal(key: &Key, iv: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    use cbc::cipher::BlockModeEncrypt;
    let cipher = cbc::Encryptor::<twofish::Twofish>::new_from_slices(&key[..], iv).ok()?;
    Some(cipher.encrypt_padded_vec::<Pkcs7>(plain))
}

/// ChaCha20 with a nonce of 12 bytes, over what is to be opened or sealed. `None` for another length.
pub(in crate::formats) fn chacha20(key: &Key, nonce: &[u8], data: &mut [u8]) -> Option<()> {
    ChaCha20::new_from_slices(&key[..], nonce).ok()?.try_apply_keystream(data).ok()
}

/// The key stream under which a document's protected values are, one after the other.
pub(in crate::formats) enum KeyStream {
    /// Salsa20.
    Salsa20(Box<Salsa20>),
    /// ChaCha20.
    ChaCha20(Box<ChaCha20>),
}

impl KeyStream {
    /// Salsa20 under that key, as KeePass derives it.
    pub fn salsa20(key: &[u8]) -> Option<KeyStream> {
        const NONCE: [u8; 8] = [0xe8, 0x30, 0x09, 0x4b, 0x97, 0x20, 0x5d, 0x2a];
        let key = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(key)));
        Some(KeyStream::Salsa20(Box::new(Salsa20::new_from_slices(&key[..], &NONCE).ok()?)))
    }

    /// ChaCha20 under that key, as KeePass derives it.
    pub fn chacha20(key: &[u8]) -> Option<KeyStream> {
        let hash = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(key)));
        let (key, rest) = hash.split_first_chunk::<32>()?;
        Some(KeyStream::ChaCha20(Box::new(ChaCha20::new_from_slices(key, rest.get(..12)?).ok()?)))
    }

    /// Opens or seals the next value.
    pub fn apply(&mut self, value: &mut [u8]) -> Option<()> {
        match self {
            KeyStream::Salsa20(stream) => stream.try_apply_keystream(value).ok(),
            KeyStream::ChaCha20(stream) => stream.try_apply_keystream(value).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::FormatError;
    use crate::formats::cipher::{Cost, Derivations};

    #[test]
    fn rounds_of_aes_one_by_one() {
        let (key, seed) = (Zeroizing::new([7; 32]), [9; 32]);
        let cipher = Aes256::new_from_slice(&seed).unwrap();
        let mut halves = [Block::from([7; 16]), Block::from([7; 16])];
        for _ in 0..1000 {
            halves.iter_mut().for_each(|half| cipher.encrypt_block(half));
        }
        let expected: [u8; 32] = Sha256::digest(halves.concat()).into();
        assert_eq!(*aes_kdf(&key, &seed, 1000).unwrap(), expected);
        let mut keys = Derivations::default();
        assert!(matches!(keys.aes_kdf(&key, &seed, u64::MAX), Err(FormatError::ParametersRefused(_))));
        assert!(matches!(keys.aes_kdf(&key, &seed[1..], 1), Err(FormatError::ParametersRefused(_))));
    }

    #[test]
    fn argon2_beyond_reason_is_refused() {
        let argon2 = |id, version, [passes, kib, lanes]: [u64; 3]| {
            Derivations::default().argon2(Cost::Argon2 { id, version, passes, kib, lanes }, b"", b"salt and salt")
        };
        assert!(argon2(false, 0x13, [1, 64, 1]).is_ok());
        for (version, cost) in [(0x12, [1, 64, 1]), (0x13, [1, u64::MAX, 1]), (0x13, [u64::MAX, 64, 1])] {
            let refused = argon2(true, version, cost);
            assert!(matches!(refused, Err(FormatError::ParametersRefused(_))));
        }
    }
}
