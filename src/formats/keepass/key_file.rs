//! KeePass's key files: what of one goes into a database's key.

use data_encoding::{HEXLOWER_PERMISSIVE, HEXUPPER_PERMISSIVE};
use quick_xml::Reader;
use quick_xml::events::Event;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::damaged;
use crate::formats::FormatError;
use crate::formats::cipher::{self, Key};

/// The largest key file whose insides are looked at; a larger one counts as a whole, as KeePass does it.
const LARGEST: usize = 64 * 1024;

/// The key in a key file: in XML of version 1 (base64) or 2 (hexadecimal, with the start of its hash), 32 bytes or 64 hexadecimal digits as they are, and
/// of any other file its SHA-256.
///
/// # Errors
/// [`FormatError::Damaged`] for XML whose key is none or has another hash.
pub(super) fn part(file: &[u8]) -> Result<Key, FormatError> {
    if file.len() <= LARGEST
        && let Some(key) = of_xml(file)?
    {
        return Ok(key);
    }
    let as_it_is = match file.len() {
        32 => <[u8; 32]>::try_from(file).ok().map(Zeroizing::new),
        64 => HEXLOWER_PERMISSIVE.decode(file).ok().and_then(|bytes| key(Zeroizing::new(bytes))),
        _ => None,
    };
    Ok(as_it_is.unwrap_or_else(|| Zeroizing::new(Sha256::digest(file).into())))
}

fn key(bytes: Zeroizing<Vec<u8>>) -> Option<Key> {
    <[u8; 32]>::try_from(&bytes[..]).ok().map(Zeroizing::new)
}

/// The key in `<KeyFile>`'s XML; `None` for another file.
fn of_xml(file: &[u8]) -> Result<Option<Key>, FormatError> {
    let mut reader = Reader::from_reader(file);
    let (mut within, mut version, mut data, mut hash) =
        (Vec::new(), String::new(), Zeroizing::new(String::new()), None);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                within.push(start.name().as_ref().to_vec());
                if within.len() > 8 || within.first().is_some_and(|root| root != b"KeyFile") {
                    return Ok(None);
                }
                if start.name().as_ref() == b"Data" {
                    let named = start.try_get_attribute("Hash").ok().flatten();
                    hash = named.and_then(|named| HEXUPPER_PERMISSIVE.decode(&named.value).ok());
                }
            }
            Ok(Event::End(_)) => {
                within.pop();
            }
            Ok(Event::Text(text)) => {
                let text = Zeroizing::new(String::from_utf8_lossy(&text).into_owned());
                match within.last().map(Vec::as_slice) {
                    Some(b"Version") => version.push_str(text.trim()),
                    Some(b"Data") => data.extend(text.chars().filter(|letter| !letter.is_whitespace())),
                    _ => {}
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => return Ok(None),
        }
    }
    if version.is_empty() && data.is_empty() {
        return Ok(None);
    }
    let broken = || damaged("the key file has no whole key in it");
    if !version.starts_with("2.") {
        return cipher::base64(&data)
            .and_then(|bytes| key(Zeroizing::new(bytes.to_vec())))
            .ok_or_else(broken)
            .map(Some);
    }
    let key = HEXUPPER_PERMISSIVE.decode(data.as_bytes()).ok().and_then(|bytes| key(Zeroizing::new(bytes)));
    let key = key.ok_or_else(broken)?;
    match hash {
        Some(hash) if !hash.is_empty() && Sha256::digest(&key[..]).starts_with(&hash) => Ok(Some(key)),
        _ => Err(damaged("the key in the key file is not the one that was written into it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_key_file() {
        let bytes: Vec<u8> = (0..32).collect();
        let hex = HEXUPPER_PERMISSIVE.encode(&bytes);
        let base64 = data_encoding::BASE64.encode(&bytes);
        let hash = HEXUPPER_PERMISSIVE.encode(&Sha256::digest(&bytes)[..4]);
        let xml = |version: &str, attribute: &str, data: &str| {
            format!(
                "<?xml version=\"1.0\"?>\n<KeyFile><Meta><Version>{version}</Version></Meta><Key><Data{attribute}>\n {data}\n</Data></Key></KeyFile>"
            )
        };
        let two = |hash: &str| xml("2.0", &format!(" Hash=\"{hash}\""), &format!("{} {}", &hex[..16], &hex[16..]));
        for file in [bytes.clone(), hex.clone().into(), hex.to_lowercase().into()] {
            assert_eq!(part(&file).unwrap()[..], bytes[..]);
        }
        for file in [xml("1.00", "", &base64), two(&hash)] {
            assert_eq!(part(file.as_bytes()).unwrap()[..], bytes[..], "{file}");
        }
        for file in [b"any file".as_slice(), b"", b"<KeePassFile></KeePassFile>", b"<<<", &[7; 100_000]] {
            assert_eq!(part(file).unwrap()[..], Sha256::digest(file)[..]);
        }
        for file in [two("00000000"), two(""), xml("2.0", "", &hex), xml("1.00", "", "AAAA"), xml("2.0", "", "xx")] {
            assert!(matches!(part(file.as_bytes()), Err(FormatError::Damaged(_))), "{file}");
        }
    }
}
