//! A file encrypted with age and a passphrase (age-encryption.org/v1), binary or armoured: whatever file of a known format is in it is read.
//!
//! Files encrypted to keys are not opened: the keys are age's. An encrypted file in an encrypted file is not opened either.

use zeroize::Zeroizing;

use super::{Derivations, Format, FormatError, Imported, Opened, cipher, registry};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "age",
    name: "age",
    help: "a file encrypted with age and a passphrase (totp-cli keeps its own so); what is in it is recognised by its content",
    detect: |bytes| bytes.starts_with(VERSION) || bytes.trim_ascii_start().starts_with(BEGIN),
    read: Some(read),
    write: None,
};

const VERSION: &[u8] = b"age-encryption.org/v1\n";
const BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
/// The payload is sealed in chunks of that many bytes, each with a tag of 16.
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// A file taken apart; nothing is opened yet.
struct Sealed {
    salt: Vec<u8>,
    work: u8,
    /// The file's key under that of the passphrase.
    wrapped: Vec<u8>,
    /// What the header's sum is over.
    header: Vec<u8>,
    mac: Vec<u8>,
    nonce: Vec<u8>,
    payload: Vec<u8>,
}

fn damaged(what: &str) -> FormatError {
    FormatError::Damaged(what.into())
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let sealed = if bytes.starts_with(VERSION) { parse(bytes)? } else { parse(&unarmoured(bytes)?)? };
    Ok(Opened::encrypted(move |password, keys| open(&sealed, password, keys)))
}

fn unarmoured(bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("its armour is not text"))?.trim();
    let inner = text.get(BEGIN.len()..).and_then(|rest| rest.strip_suffix(END));
    let inner = inner.and_then(cipher::base64).ok_or_else(|| damaged("its armour is cut off or is not base64"))?;
    Ok(inner.to_vec())
}

/// One line of the header, without its end; the rest goes on behind it.
fn line<'a>(rest: &mut &'a [u8]) -> Result<&'a str, FormatError> {
    const LONGEST: usize = 1024;
    let end = rest.iter().take(LONGEST).position(|byte| *byte == b'\n');
    let (line, after) =
        end.and_then(|end| rest.split_at_checked(end)).ok_or_else(|| damaged("its header is cut off"))?;
    *rest = after.get(1..).unwrap_or_default();
    std::str::from_utf8(line).map_err(|_| damaged("its header is not text"))
}

fn parse(bytes: &[u8]) -> Result<Sealed, FormatError> {
    let part = |text: &str| {
        cipher::base64(text).map(|bytes| bytes.to_vec()).ok_or_else(|| damaged("its header is not base64"))
    };
    let mut rest = bytes.strip_prefix(VERSION).ok_or_else(|| damaged("its header is of another version"))?;
    let mut words = line(&mut rest)?.split(' ');
    let (arrow, kind, salt, work) = (words.next(), words.next(), words.next(), words.next());
    if (arrow, kind) != (Some("->"), Some("scrypt")) {
        return Err(FormatError::Unsupported(
            "this file is encrypted to a key, not with a passphrase: open it with age -d and import what comes out"
                .into(),
        ));
    }
    let work = work.and_then(|work| work.parse().ok()).ok_or_else(|| damaged("its header names no work factor"))?;
    let salt = part(salt.unwrap_or_default())?;
    let wrapped = part(line(&mut rest)?)?;
    // A passphrase stands alone: of several ways in, one could be somebody else's.
    let last = line(&mut rest)?;
    let mac = last.strip_prefix("--- ").ok_or_else(|| damaged("there is another way in beside the passphrase"))?;
    let above = bytes.len().saturating_sub(rest.len()).saturating_sub(mac.len()).saturating_sub(2);
    let header = bytes.get(..above).unwrap_or_default().to_vec();
    let (nonce, payload) = rest.split_at_checked(16).ok_or_else(|| damaged("it is cut off"))?;
    if (salt.len(), wrapped.len()) != (16, 32) {
        return Err(damaged("its header has a part of another length"));
    }
    Ok(Sealed { salt, work, wrapped, header, mac: part(mac)?, nonce: nonce.to_vec(), payload: payload.to_vec() })
}

fn open(sealed: &Sealed, password: &Text, keys: &mut Derivations) -> Result<Imported, FormatError> {
    let salt = [&b"age-encryption.org/v1/scrypt"[..], &sealed.salt].concat();
    let key = keys.scrypt(password.as_bytes(), &salt, sealed.work, 8, 1)?;
    let file_key = cipher::chacha_open(&key, &[0; 12], &sealed.wrapped).ok_or(FormatError::WrongPassword)?;
    let underivable = || damaged("what it opens is no key");
    let mac_key = cipher::hkdf(&file_key, &[], b"header").ok_or_else(underivable)?;
    if cipher::hmac_sha256(&mac_key[..], &sealed.header).is_none_or(|mac| mac[..] != sealed.mac[..]) {
        return Err(damaged("its header was changed"));
    }
    let key = cipher::hkdf(&file_key, &sealed.nonce, b"payload").ok_or_else(underivable)?;
    let plain = payload(&key, &sealed.payload)
        .ok_or_else(|| damaged("the passphrase is right, but what it opens is damaged or cut off"))?;
    if FORMAT.id == registry::detect(&plain)?.id {
        return Err(FormatError::Unsupported(
            "there is an age file in the age file: open the outer one with age -d".into(),
        ));
    }
    match registry::read(&plain, None)?.1 {
        Opened::Plain(imported) => Ok(imported),
        Opened::Encrypted(_) => Err(FormatError::Unsupported(
            "what is in it has a password of its own: open it with age -d and import what comes out".into(),
        )),
    }
}

/// Opens the chunks one after another; the nonce counts them and marks the last.
fn payload(key: &cipher::Key, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let mut rest = sealed;
    let mut count = 0u64;
    loop {
        let (chunk, after) = rest.split_at_checked(CHUNK.saturating_add(TAG)).unwrap_or((rest, &[]));
        let mut nonce = [0u8; 12];
        nonce.get_mut(3..11)?.copy_from_slice(&count.to_be_bytes());
        *nonce.last_mut()? = u8::from(after.is_empty());
        let opened = cipher::chacha_open(key, &nonce, chunk)?;
        // Only a file of nothing ends in a chunk of nothing.
        if opened.is_empty() && count > 0 {
            return None;
        }
        plain.extend_from_slice(&opened);
        if after.is_empty() {
            return Some(plain);
        }
        rest = after;
        count = count.checked_add(1)?;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::formats::samples;

    /// A file as age writes it, with little work.
    pub(in crate::formats) fn seal(plain: &[u8], password: &str) -> Vec<u8> {
        let b64 = |bytes: &[u8]| data_encoding::BASE64_NOPAD.encode(bytes);
        let (file_key, salt, nonce) = ([3u8; 16], [4u8; 16], [5u8; 16]);
        let key = Derivations::default()
            .scrypt(password.as_bytes(), &[&b"age-encryption.org/v1/scrypt"[..], &salt].concat(), 4, 8, 1)
            .unwrap();
        let wrapped = cipher::chacha_seal(&key, &[0; 12], &file_key);
        let header = format!("age-encryption.org/v1\n-> scrypt {} 4\n{}\n---", b64(&salt), b64(&wrapped)).into_bytes();
        let mac = cipher::hmac_sha256(&cipher::hkdf(&file_key, &[], b"header").unwrap()[..], &header).unwrap();
        let mut out = [&header[..], b" ", b64(&mac).as_bytes(), b"\n", &nonce].concat();
        let key = cipher::hkdf(&file_key, &nonce, b"payload").unwrap();
        let chunks: Vec<&[u8]> = if plain.is_empty() { vec![plain] } else { plain.chunks(CHUNK).collect() };
        for (count, chunk) in (0u64..).zip(&chunks) {
            let mut nonce = [0u8; 12];
            nonce[3..11].copy_from_slice(&count.to_be_bytes());
            nonce[11] = u8::from(count as usize + 1 == chunks.len());
            out.extend(cipher::chacha_seal(&key, &nonce, chunk));
        }
        out
    }

    #[test]
    fn what_is_in_it_is_read_and_nothing_of_a_changed_file() {
        let list = "otpauth://totp/A:b?secret=MZXW6\n".repeat(3000);
        assert!(list.len() > CHUNK);
        let file = seal(list.as_bytes(), "word");
        let armoured = format!(
            "-----BEGIN AGE ENCRYPTED FILE-----\n{}\n-----END AGE ENCRYPTED FILE-----\n",
            data_encoding::BASE64.encode(&file)
        );
        for file in [&file[..], armoured.as_bytes()] {
            assert!((FORMAT.detect)(file));
            assert_eq!(samples::with_password(&FORMAT, file, "word").unwrap().entries.len(), 3000);
            assert_eq!(samples::with_password(&FORMAT, file, "words"), Err(FormatError::WrongPassword));
        }
        let short = seal(b"otpauth://totp/A:b?secret=MZXW6\n", "word");
        for place in 0..short.len() {
            let mut wrong = short.clone();
            wrong[place] ^= 1;
            let read = read(&wrong).and_then(|opened| match opened {
                Opened::Encrypted(locked) => locked.open(&"word".into()),
                Opened::Plain(_) => panic!("nothing in it is plain"),
            });
            assert!(read.is_err(), "{place}");
            assert!(read_cut(&short[..place]).is_err(), "{place}");
        }
        // A whole chunk less: the one before is not marked as the last.
        assert!(matches!(read_cut(&file[..file.len() - (list.len() - CHUNK) - TAG]), Err(FormatError::Damaged(_))));
    }

    fn read_cut(file: &[u8]) -> Result<Imported, FormatError> {
        match read(file)? {
            Opened::Encrypted(locked) => locked.open(&"word".into()),
            Opened::Plain(_) => panic!("nothing in it is plain"),
        }
    }

    #[test]
    fn keys_and_costs_are_refused() {
        let refused = |text: &str| read(text.as_bytes()).err().unwrap();
        let other = "age-encryption.org/v1\n-> X25519 abcd\nabcd\n--- abcd\n";
        assert!(matches!(refused(other), FormatError::Unsupported(words) if words.contains("age -d")));
        let dear = String::from_utf8_lossy(&seal(b"", "word")[..60]).replacen(" 4\n", " 40\n", 1);
        let dear = [dear.as_bytes(), &seal(b"", "word")[60..]].concat();
        assert!(matches!(read_cut(&dear), Err(FormatError::ParametersRefused(_))));
        let nested = seal(&seal(b"x", "word"), "word");
        assert!(matches!(read_cut(&nested), Err(FormatError::Unsupported(_))));
    }
}
