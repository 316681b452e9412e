//! The JSON outside: what a vault's file says without any key. Knows no cryptography beyond the lengths of its values.
//!
//! The layout is in `FORMAT.md`. Base64 is strict (padded, canonical), unknown and doubled keys are refused, and what is authenticated is
//! kept as the exact bytes that were read.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::vault::VaultError;
use crate::vault::kdf::{Cost, check_all};
use crate::vault::seal::{Grant, VaultId};

/// The largest file of this format, in bytes: 256 MiB.
pub const LARGEST: u64 = 256 * 1024 * 1024;
/// The most slots a header may have.
pub const MOST_SLOTS: usize = 4;
/// The most grants a header may have.
pub const MOST_GRANTS: usize = 1024;

/// A passphrase slot: a member key wrapped under a key derived from a passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What the derivation costs.
    pub cost: Cost,
    /// The derivation's salt.
    pub salt: [u8; 16],
    /// The nonce of the wrapping.
    pub nonce: [u8; 24],
    /// The wrapped member key and its tag.
    pub key: [u8; 48],
}

/// What is said in the clear, and authenticated with the body and the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The vault.
    pub vault: VaultId,
    /// The epoch, from 1.
    pub epoch: u64,
    /// Passphrase slots; a shared vault has none.
    pub slots: Vec<Slot>,
    /// The vault key, sealed to each member.
    pub grants: Vec<Grant>,
}

/// A vault's file, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The header's exact bytes.
    pub header_bytes: Vec<u8>,
    /// The header, read.
    pub header: Header,
    /// The nonce of the body.
    pub nonce: [u8; 24],
    /// The sealed body.
    pub body: Vec<u8>,
    /// The signing key of who wrote it.
    pub author: [u8; 32],
    /// The author's signature.
    pub signature: [u8; 64],
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({:?}, {} bytes)", self.header, self.body.len())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText<'a> {
    tickey: u64,
    header: &'a str,
    nonce: &'a str,
    body: &'a str,
    author: &'a str,
    signature: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderText {
    vault: String,
    epoch: u64,
    slots: Vec<SlotText>,
    grants: Vec<GrantText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotText {
    m_kib: u32,
    t: u32,
    p: u32,
    salt: String,
    nonce: String,
    key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantText {
    ephemeral: String,
    key: String,
}

#[derive(Deserialize)]
struct VersionText {
    tickey: u64,
}

/// Whether a file that begins so looks like a shared vault's: it has no passphrase slots. A hint for asking for the right passphrase, no more.
pub fn looks_shared(beginning: &[u8]) -> bool {
    let Some(header) = beginning.strip_prefix(br#"{"tickey":1,"header":""#) else { return false };
    let end = header.iter().position(|byte| *byte == b'"').unwrap_or(header.len());
    let whole = header.get(..(end.min(400) / 4).saturating_mul(4)).unwrap_or_default();
    let decoded = BASE64.decode(whole).unwrap_or_default();
    decoded.windows(10).any(|part| part == br#""slots":[]"#)
}

fn damaged(what: impl Into<String>) -> VaultError {
    VaultError::Damaged(what.into())
}

fn bytes<const N: usize>(text: &str, what: &str) -> Result<[u8; N], VaultError> {
    BASE64
        .decode(text.as_bytes())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| damaged(format!("its {what} is not {N} bytes in base64")))
}

/// What to say of bytes that are no JSON of ours.
fn not_ours(bytes: &[u8], problem: &serde_json::Error) -> VaultError {
    if bytes.is_empty() {
        return damaged("the file is empty");
    }
    const START: &[u8] = br#"{"tickey":"#;
    let start = bytes.get(..512).unwrap_or(bytes);
    let tail = bytes.get(bytes.len().saturating_sub(512)..).unwrap_or(bytes);
    let within = |part: &[u8], word: &[u8]| part.windows(word.len()).any(|window| window == word);
    let ours = [&br#""tickey""#[..], br#""header""#, br#""author""#, br#""signature""#];
    let seen = ours.iter().filter(|word| within(start, word) || within(tail, word)).count();
    if seen >= 2 || START.starts_with(start) || start.starts_with(START) {
        return damaged(format!("it stops making sense at byte {}", position(bytes, problem)));
    }
    let what = match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => "it is JSON of another program",
        _ => "it is a file of another kind",
    };
    VaultError::NotAVault(what.into())
}

/// The byte that an error of the JSON reader points at.
fn position(bytes: &[u8], problem: &serde_json::Error) -> usize {
    let before: usize =
        bytes.split_inclusive(|byte| *byte == b'\n').take(problem.line().saturating_sub(1)).map(<[u8]>::len).sum();
    before.saturating_add(problem.column())
}

/// Writes what must have a JSON form. Half of it would be another vault's text, or none.
pub(super) fn write_json(out: &mut Vec<u8>, value: &impl Serialize) -> Result<(), VaultError> {
    serde_json::to_writer(out, value).map_err(|_| VaultError::Internal("a part of the vault could not be written"))
}

impl File {
    /// Reads a file's bytes. The version is returned beside it: a file whose version is not 1 but which is format 1 in all else
    /// has a damaged version number, which only its signature can tell.
    ///
    /// # Errors
    /// [`VaultError::NotAVault`], [`VaultError::Damaged`], [`VaultError::Newer`].
    pub fn read(input: &[u8]) -> Result<(u64, File), VaultError> {
        if input.len() as u64 > LARGEST {
            return Err(VaultError::TooLarge(LARGEST / 1024 / 1024));
        }
        let text: FileText =
            serde_json::from_slice(input).map_err(|problem| match serde_json::from_slice::<VersionText>(input) {
                Ok(VersionText { tickey }) if tickey > 1 => VaultError::Newer(format!("format {tickey}")),
                Ok(_) if problem.is_data() => damaged(format!("{problem}")),
                _ => not_ours(input, &problem),
            })?;
        // serde would take a list for an object, its elements for the members in their order.
        if !input.trim_ascii_start().starts_with(b"{") {
            return Err(VaultError::NotAVault("it is JSON of another program".into()));
        }
        let header_bytes = BASE64.decode(text.header.as_bytes()).map_err(|_| damaged("its header is not base64"))?;
        let header = Header::read(&header_bytes);
        let file = |header| -> Result<File, VaultError> {
            Ok(File {
                header_bytes,
                header,
                nonce: bytes(text.nonce, "nonce")?,
                body: BASE64.decode(text.body.as_bytes()).map_err(|_| damaged("its body is not base64"))?,
                author: bytes(text.author, "author")?,
                signature: bytes(text.signature, "signature")?,
            })
        };
        match header.and_then(file) {
            Ok(file) => Ok((text.tickey, file)),
            Err(_) if text.tickey > 1 => Err(VaultError::Newer(format!("format {}", text.tickey))),
            Err(problem) => Err(problem),
        }
    }

    /// The file's bytes: one line of JSON.
    ///
    /// # Errors
    /// [`VaultError::Internal`].
    pub fn write(&self) -> Result<Vec<u8>, VaultError> {
        let body = BASE64.encode(&self.body);
        let mut out = Vec::with_capacity(body.len().saturating_add(4096));
        let text = FileText {
            tickey: 1,
            header: &BASE64.encode(&self.header_bytes),
            nonce: &BASE64.encode(&self.nonce),
            body: &body,
            author: &BASE64.encode(&self.author),
            signature: &BASE64.encode(&self.signature),
        };
        write_json(&mut out, &text)?;
        out.push(b'\n');
        Ok(out)
    }
}

impl Header {
    /// Reads a header's JSON.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] naming the part.
    pub fn read(input: &[u8]) -> Result<Header, VaultError> {
        let text: HeaderText = serde_json::from_slice(input)
            .map_err(|problem| damaged(format!("its header cannot be read ({problem})")))?;
        if !input.trim_ascii_start().starts_with(b"{") {
            return Err(damaged("its header is a list"));
        }
        if text.slots.len() > MOST_SLOTS {
            return Err(VaultError::ParametersRefused(format!(
                "{} key slots, and {MOST_SLOTS} are allowed",
                text.slots.len()
            )));
        }
        if text.grants.len() > MOST_GRANTS {
            return Err(VaultError::ParametersRefused(format!(
                "{} grants, and {MOST_GRANTS} are allowed",
                text.grants.len()
            )));
        }
        let costs: Vec<Cost> = text.slots.iter().map(|slot| Cost { m_kib: slot.m_kib, t: slot.t, p: slot.p }).collect();
        check_all(&costs)?;
        let slot = |slot: SlotText| {
            Ok(Slot {
                cost: Cost { m_kib: slot.m_kib, t: slot.t, p: slot.p },
                salt: bytes(&slot.salt, "slot's salt")?,
                nonce: bytes(&slot.nonce, "slot's nonce")?,
                key: bytes(&slot.key, "slot's key")?,
            })
        };
        let grant = |grant: GrantText| {
            Ok(Grant { ephemeral: bytes(&grant.ephemeral, "grant's key")?, key: bytes(&grant.key, "grant")? })
        };
        Ok(Header {
            vault: bytes(&text.vault, "vault id")?,
            epoch: text.epoch,
            slots: text.slots.into_iter().map(slot).collect::<Result<_, VaultError>>()?,
            grants: text.grants.into_iter().map(grant).collect::<Result<_, VaultError>>()?,
        })
    }

    /// The header's JSON.
    ///
    /// # Errors
    /// [`VaultError::Internal`].
    pub fn write(&self) -> Result<Vec<u8>, VaultError> {
        let text = HeaderText {
            vault: BASE64.encode(&self.vault),
            epoch: self.epoch,
            slots: self
                .slots
                .iter()
                .map(|slot| SlotText {
                    m_kib: slot.cost.m_kib,
                    t: slot.cost.t,
                    p: slot.cost.p,
                    salt: BASE64.encode(&slot.salt),
                    nonce: BASE64.encode(&slot.nonce),
                    key: BASE64.encode(&slot.key),
                })
                .collect(),
            grants: self
                .grants
                .iter()
                .map(|grant| GrantText { ephemeral: BASE64.encode(&grant.ephemeral), key: BASE64.encode(&grant.key) })
                .collect(),
        };
        let mut out = Vec::new();
        write_json(&mut out, &text)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_json_is_an_error_and_nothing_is_written() {
        struct Without;
        impl Serialize for Without {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("it has none"))
            }
        }
        assert!(matches!(write_json(&mut Vec::new(), &Without), Err(VaultError::Internal(_))));
    }
    use proptest::prelude::*;

    fn sample() -> File {
        let header = Header {
            vault: [1; 16],
            epoch: 2,
            slots: vec![Slot { cost: Cost::START, salt: [2; 16], nonce: [3; 24], key: [4; 48] }],
            grants: vec![Grant { ephemeral: [5; 32], key: [6; 48] }],
        };
        File {
            header_bytes: header.write().unwrap(),
            header,
            nonce: [7; 24],
            body: vec![8; 100],
            author: [9; 32],
            signature: [10; 64],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let file = sample();
        assert_eq!(File::read(&file.write().unwrap()), Ok((1, file)));
    }

    #[test]
    fn a_file_beyond_the_bound_is_refused_unread() {
        let input = vec![0; LARGEST as usize + 1];
        assert_eq!(File::read(&input), Err(VaultError::TooLarge(256)));
        assert_ne!(File::read(&input[1..]), Err(VaultError::TooLarge(256)));
    }

    #[test]
    fn only_a_shared_vaults_beginning_looks_shared() {
        let mut file = sample();
        let looks = |file: &File, length: usize| {
            let header_bytes = file.header.write().unwrap();
            let bytes = File { header_bytes, header: file.header.clone(), ..sample() }.write().unwrap();
            looks_shared(&bytes[..length.min(bytes.len())])
        };
        assert!(!looks(&file, 512));
        file.header.slots.clear();
        // Whole, as far as a program looks, and cut in the midst of a group of base64.
        for length in [9_999, 512, 301, 302, 303, 304] {
            assert!(looks(&file, length), "{length}");
        }
        file.header.grants = vec![file.header.grants[0].clone(); 20];
        assert!(looks(&file, 512));
        assert!(!looks_shared(b"") && !looks_shared(br#"{"tickey":1,"header":""#));
    }

    #[test]
    fn every_cut_is_damage_and_never_another_programs_file() {
        let whole = sample().write().unwrap();
        for end in 0..whole.len() - 1 {
            let said = File::read(&whole[..end]).unwrap_err();
            assert!(matches!(said, VaultError::Damaged(_)), "cut at {end}: {said}");
        }
    }

    #[test]
    fn doubled_and_unknown_keys_are_refused() {
        let text = String::from_utf8(sample().write().unwrap()).unwrap();
        for (from, to) in
            [("{\"tickey\":1,", "{\"tickey\":1,\"tickey\":1,"), ("{\"tickey\":1,", "{\"tickey\":1,\"more\":1,")]
        {
            let said = File::read(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(matches!(said, VaultError::Damaged(_)), "{said}");
        }
        let spaced = text.replacen("\"header\":\"", "\"header\":\" ", 1);
        assert!(matches!(File::read(spaced.as_bytes()), Err(VaultError::Damaged(_))));
    }

    #[test]
    fn a_list_of_the_same_values_is_no_vault() {
        let values: Vec<serde_json::Value> =
            serde_json::from_slice::<serde_json::Map<_, _>>(&sample().write().unwrap())
                .unwrap()
                .values()
                .cloned()
                .collect();
        let said = File::read(&serde_json::to_vec(&values).unwrap()).unwrap_err();
        assert!(matches!(said, VaultError::NotAVault(_)), "{said}");
        assert!(matches!(Header::read(b"[\"AQEBAQEBAQEBAQEBAQEBAQ==\",1,[],[]]"), Err(VaultError::Damaged(_))));
    }

    #[test]
    fn other_files_are_named_for_what_they_are() {
        let newer = br#"{"tickey":2,"anything":[]}"#;
        assert!(matches!(File::read(newer), Err(VaultError::Newer(_))));
        for (other, kind) in [
            (&b"{\"version\":1,\"header\":{},\"db\":{}}"[..], "JSON of another program"),
            (b" \n[1,2]", "JSON of another program"),
            (b"otpauth://totp/x?secret=AA", "a file of another kind"),
            (b"\x89PNG\r\n", "a file of another kind"),
            (b"\xff\xfe", "a file of another kind"),
        ] {
            assert_eq!(File::read(other), Err(VaultError::NotAVault(format!("it is {kind}"))));
        }
        // A header that this version cannot read is another version's, unless the file says that it is of this one.
        let broken = |version| {
            let file = File { header_bytes: b"{}".to_vec(), ..sample() };
            let text = String::from_utf8(file.write().unwrap()).unwrap();
            File::read(text.replacen("\"tickey\":1", &format!("\"tickey\":{version}"), 1).as_bytes()).unwrap_err()
        };
        assert!(matches!(broken(2), VaultError::Newer(_)));
        for version in [0, 1] {
            assert!(matches!(broken(version), VaultError::Damaged(_)));
        }
    }

    #[test]
    fn damage_is_named_by_its_byte() {
        for (text, byte) in
            [("{\"tickey\":1,x", 13), ("{\"tickey\":1,\n\n \"header\":x", 25), ("\n{\"tickey\":\n1,x", 15)]
        {
            assert_eq!(text.as_bytes()[byte - 1], b'x');
            let problem = serde_json::from_str::<FileText>(text).err().unwrap();
            assert_eq!(position(text.as_bytes(), &problem), byte, "{text:?}");
        }
    }

    #[test]
    fn a_header_has_so_many_slots_and_grants_and_no_more() {
        let header = sample().header;
        let of = |slots, grants| Header {
            slots: vec![header.slots[0].clone(); slots],
            grants: vec![header.grants[0].clone(); grants],
            ..header.clone()
        };
        let read = |slots, grants| Header::read(&of(slots, grants).write().unwrap());
        assert_eq!(read(MOST_SLOTS, MOST_GRANTS), Ok(of(MOST_SLOTS, MOST_GRANTS)));
        for (slots, grants) in [(MOST_SLOTS + 1, 1), (1, MOST_GRANTS + 1), (MOST_SLOTS + 9, 1), (1, MOST_GRANTS + 9)] {
            assert!(matches!(read(slots, grants), Err(VaultError::ParametersRefused(_))), "{slots} {grants}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(input: Vec<u8>) {
            let _ = File::read(&input);
            let _ = Header::read(&input);
        }
    }
}
