//! Values that must not outlive their use: wiped when dropped, never shown by `Debug`.
//!
//! [`Secret`] holds raw bytes (keys), [`Text`] holds words (passphrases, notes, names of accounts). Neither has
//! a `Display`; a place that shows one asks for the content by name, so that every such place can be found.

use std::fmt;
use std::hint::black_box;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, Zeroizing};

/// A source of random bytes. The program uses the operating system's; golden fixtures use a fixed stream.
pub trait Random {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`NoRandomness`] when the source cannot give them; nothing may be encrypted then.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// `N` random bytes from `random`, for what is no secret: salts, nonces, ids.
///
/// # Errors
/// [`NoRandomness`] as the source says.
pub fn random_bytes<const N: usize>(random: &mut dyn Random) -> Result<[u8; N], NoRandomness> {
    let mut out = [0; N];
    random.fill(&mut out)?;
    Ok(out)
}

/// Does one step with a key, a cipher's or a signature's, and overwrites the stack below: there the step's local variables were.
pub fn wiping_frames<T>(step: impl FnOnce() -> T) -> T {
    let done = below(step);
    // More than the deepest of them, Ed25519, takes.
    overwrite::<{ 16 << 10 }>();
    done
}

/// Does a whole piece of work with secrets, and overwrites the stack that it used. Threads that stay do so before they wait again, others before they
/// end: systems keep the stacks of ended threads for new ones.
pub fn wiping_stack<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    overwrite::<{ 256 << 10 }>();
    done
}

/// In a frame of its own, which ends where that of [`overwrite`] begins.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn overwrite<const SIZE: usize>() {
    black_box(&mut [0_u8; SIZE]);
}

/// Bytes that are wiped when dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// So many random bytes, made where they stay.
    ///
    /// # Errors
    /// [`NoRandomness`] as the source says.
    pub fn random(length: usize, random: &mut dyn Random) -> Result<Secret, NoRandomness> {
        let mut bytes = Zeroizing::new(vec![0; length]);
        random.fill(&mut bytes)?;
        Ok(Secret(bytes))
    }

    /// Takes the bytes over; the caller must not keep a copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Secret(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        Secret::new(bytes.to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Words that are wiped when dropped: passphrases, notes, recovery codes, and the names people give their accounts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Box<str>);

impl Text {
    /// No words.
    pub fn empty() -> Self {
        Text::default()
    }

    /// The words themselves.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Text(words.into())
    }
}

impl From<String> for Text {
    fn from(mut words: String) -> Self {
        // `into_boxed_str` may move the bytes; copy, then wipe the original with its spare room.
        let text = Text(words.as_str().into());
        words.zeroize();
        text
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(redacted)")
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl serde::de::Visitor<'_> for Words {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Text, E> {
                Ok(Text::from(v))
            }
            fn visit_string<E: serde::de::Error>(self, v: String) -> Result<Text, E> {
                Ok(Text::from(v))
            }
        }
        deserializer.deserialize_str(Words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from(&b"key"[..])), "Secret(redacted)");
        assert_eq!(format!("{:?}", Text::from("words")), "Text(redacted)");
    }
}
