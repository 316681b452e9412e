//! Archives as other programs write them, and as nobody should.

use std::io::Write;

use proptest::prelude::*;
use zip::unstable::write::FileOptionsExt;
use zip::write::SimpleFileOptions;

use super::*;
use crate::formats::samples;

/// How the members of a test's archive are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Lock {
    /// Not at all.
    None,
    /// With ZipCrypto.
    ZipCrypto(&'static str),
    /// With WinZip's AES, a key of so many bits.
    Aes(&'static str, u16),
}

/// An archive made by another writer than ours, which is none.
pub(in crate::formats) fn pack(members: &[(&str, &str)], lock: Lock) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let options = match lock {
            Lock::None => options,
            Lock::ZipCrypto(password) => options.with_deprecated_encryption(password.as_bytes()).unwrap(),
            Lock::Aes(password, 128) => options.with_aes_encryption(zip::AesMode::Aes128, password),
            Lock::Aes(password, 192) => options.with_aes_encryption(zip::AesMode::Aes192, password),
            Lock::Aes(password, _) => options.with_aes_encryption(zip::AesMode::Aes256, password),
        };
        out.start_file(*name, options).unwrap();
        out.write_all(content.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// An archive with one member, written byte by byte: its packed bytes, its method, and the sizes it claims.
fn raw(name: &str, data: &[u8], method: u16, packed: u32, size: u32, crc: u32) -> Vec<u8> {
    let mut common = [20u16, 0, method, 0, 0].map(u16::to_le_bytes).concat();
    common.extend([crc, packed, size].map(u32::to_le_bytes).concat());
    common.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
    let mut file = [b"PK\x03\x04", common.as_slice(), name.as_bytes(), data].concat();
    let start = file.len() as u32;
    let entry = [b"PK\x01\x02\x14\x00", common.as_slice(), &[0; 14], name.as_bytes()].concat();
    file.extend(&entry);
    file.extend(end(1, entry.len() as u32, start));
    file
}

fn end(count: u16, length: u32, start: u32) -> Vec<u8> {
    let counts = [0, 0, count, count].map(u16::to_le_bytes).concat();
    [b"PK\x05\x06", counts.as_slice(), &length.to_le_bytes(), &start.to_le_bytes(), &[0, 0]].concat()
}

const LIST: &str = "otpauth://totp/A:b?secret=MZXW6\r\n";

fn refused(file: &[u8]) -> FormatError {
    registry::read(file, None).err().unwrap()
}

#[test]
fn every_encryption_opens_with_its_password_and_no_other() {
    for lock in [Lock::ZipCrypto("wörd"), Lock::Aes("wörd", 128), Lock::Aes("wörd", 192), Lock::Aes("wörd", 256)] {
        let mut file = pack(&[("winauth-2026-01-01.txt", LIST)], lock);
        assert_eq!(registry::detect(&file).unwrap().id, "zip");
        assert_eq!(samples::with_password(&FORMAT, &file, "wörd").unwrap().entries.len(), 1, "{lock:?}");
        // ZipCrypto's one byte of proof lets a wrong password pass now and then.
        let wrong = samples::with_password(&FORMAT, &file, "word").unwrap_err();
        assert!(matches!(wrong, FormatError::WrongPassword | FormatError::WrongPasswordOrDamaged), "{lock:?}");
        // A byte of the cipher text.
        let at = file.windows(4).position(|four| four == b"PK\x01\x02").unwrap() - 30;
        file[at] ^= 1;
        let damaged = samples::with_password(&FORMAT, &file, "wörd").unwrap_err();
        let expected = if matches!(lock, Lock::ZipCrypto(_)) {
            matches!(damaged, FormatError::WrongPasswordOrDamaged)
        } else {
            matches!(damaged, FormatError::Damaged(_))
        };
        assert!(expected, "{lock:?}: {damaged:?}");
    }
}

#[test]
fn deflated_members_unpack_to_what_they_were() {
    let crc = 0xcbf4_3926;
    let packed = miniz_oxide::deflate::compress_to_vec(b"123456789", 9);
    let file = raw("x", &packed, 8, packed.len() as u32, 9, crc);
    assert_eq!(
        Archive::read(&file).unwrap().members[0].open(None, &mut Derivations::default()).unwrap().as_slice(),
        b"123456789"
    );
    for (size, crc) in [(8, crc), (10, crc), (9, crc + 1)] {
        let file = raw("x", &packed, 8, packed.len() as u32, size, crc);
        assert!(matches!(
            Archive::read(&file).unwrap().members[0].open(None, &mut Derivations::default()),
            Err(FormatError::Damaged(_))
        ));
    }
}

/// An archive's directory and end with all numbers in zip64's places: that record and its locator before the end of ones.
fn widened(file: &[u8], change: impl Fn(&mut [u64; 3])) -> Vec<u8> {
    let (rest, end) = file.split_at(file.len() - 22);
    let number = |at: usize| u64::from(u32::from_le_bytes(end[at..at + 4].try_into().unwrap()));
    let mut numbers = [u64::from(end[10]), number(12), number(16)];
    change(&mut numbers);
    let [count, length, start] = numbers.map(u64::to_le_bytes);
    let wide = [b"PK\x06\x06", &44u64.to_le_bytes()[..], &[45, 0, 45, 0], &[0; 8], &count, &count, &length, &start];
    let locator = [b"PK\x06\x07", &[0; 4][..], &(rest.len() as u64).to_le_bytes(), &[1, 0, 0, 0]];
    [rest, &wide.concat(), &locator.concat(), &self::end(u16::MAX, u32::MAX, u32::MAX)].concat()
}

#[test]
fn an_archive_with_the_end_of_zip64_is_read_and_its_lies_are_not() {
    let small = pack(&[("a.txt", LIST)], Lock::None);
    let wide = widened(&small, |_| {});
    assert_eq!(samples::plain(&FORMAT, &wide).entries.len(), 1);
    let lies: [fn(&mut [u64; 3]); 4] = [
        |numbers| numbers[0] = u64::MAX,
        |numbers| numbers[1] = u64::MAX,
        |numbers| numbers[2] = u64::MAX,
        |numbers| (numbers[0], numbers[1]) = (9_999, 1 << 40),
    ];
    for lie in lies {
        let wrong = refused(&widened(&small, lie));
        assert!(matches!(wrong, FormatError::Damaged(_) | FormatError::Unsupported(_)), "{wrong}");
    }
    let mut lost = wide.clone();
    let at = lost.len() - 22 - 20 + 8;
    lost[at..at + 8].fill(0xff);
    assert!(matches!(refused(&lost), FormatError::Damaged(_)));
}

#[test]
fn the_one_known_file_is_read_and_several_are_named() {
    let read = |members: &[(&str, &str)]| registry::read(&pack(members, Lock::None), None);
    let one = read(&[("readme.md", "hello"), ("__MACOSX/._a.txt", LIST), ("a.txt", LIST)]);
    assert!(matches!(one, Ok((_, Opened::Plain(imported))) if imported.entries.len() == 1));
    let dashlane = "username,title,password,note,url,category,otpSecret\nme,Bank,hush,,,,MZXW6\n";
    let table = read(&[("securenotes.csv", "title,note\na,b\n"), ("credentials.csv", dashlane), ("other.txt", LIST)]);
    assert!(matches!(table, Ok((_, Opened::Plain(imported))) if imported.entries[0].details.issuer.as_str() == "Bank"));
    for (members, words) in [
        (&[("a.txt", LIST), ("b.txt", LIST)][..], "a.txt, b.txt"),
        (&[("a", "x"), ("b", "y"), ("c", ""), ("d", ""), ("e", ""), ("f", "")], "a, b, c, d, e and 1 more"),
        (&[("only", "hello")], "known format"),
        (&[], "empty"),
    ] {
        let wrong = read(members).err().unwrap().to_string();
        assert!(wrong.contains(words), "{wrong}");
    }
}

#[test]
fn an_archive_in_an_archive_is_not_opened() {
    let mut file = pack(&[("a.txt", LIST)], Lock::None);
    for _ in 0..3 {
        let size = file.len() as u32;
        file = raw("inner.zip", &file, 0, size, size, sum_of(&file));
        assert!(matches!(refused(&file), FormatError::Unsupported(words) if words.contains("archive in the archive")));
    }
}

/// The check sum, the long way round.
fn sum_of(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}

#[test]
fn a_locked_file_in_a_locked_archive_opens_with_the_same_password_only() {
    // Those that Aegis can hold.
    let entries = &samples::entries()[..6];
    let writer = crate::formats::aegis::FORMAT.write.unwrap();
    let inner = (writer.write)(entries, Some(&"inner".into()), &mut samples::Counting(1)).unwrap();
    let inner = String::from_utf8(inner).unwrap();
    let same = pack(&[("aegis.json", &inner)], Lock::Aes("inner", 256));
    assert_eq!(samples::with_password(&FORMAT, &same, "inner").unwrap().entries.len(), entries.len());
    let other = pack(&[("aegis.json", &inner)], Lock::Aes("outer", 256));
    assert!(matches!(samples::with_password(&FORMAT, &other, "outer"), Err(FormatError::Unsupported(_))));
    // Open outside: the inner file asks.
    let open = pack(&[("aegis.json", &inner)], Lock::None);
    assert_eq!(samples::with_password(&FORMAT, &open, "inner").unwrap().entries.len(), entries.len());
}

#[test]
fn bombs_and_lies_are_refused_before_they_cost_anything() {
    let zeros = miniz_oxide::deflate::compress_to_vec(&vec![0; 1 << 20], 9);
    let size = zeros.len() as u32;
    // More than it says, more than it can be, more than anything may be.
    for claimed in [9, 1 << 21, 60 << 20, u32::MAX - 1] {
        let file = raw("bomb.txt", &zeros, 8, size, claimed, 0);
        assert!(matches!(refused(&file), FormatError::Damaged(_) | FormatError::Unsupported(_)), "{claimed}");
    }
    assert!(matches!(refused(&raw("a", b"x", 0, 1_000_000, 1_000_000, 0)), FormatError::Damaged(_)));
    assert!(
        matches!(refused(&raw("a", b"x", 12, 1, 1, 0)), FormatError::Unsupported(words) if words.contains("method 12"))
    );
    assert!(matches!(refused(&raw("a", b"x", 0, u32::MAX, u32::MAX, 0)), FormatError::Damaged(_)));
    // A hundred members over the same megabyte of zeros, together more than is allowed.
    let one = raw("z", &zeros, 8, size, 1 << 20, sum_of(&[0; 1 << 20]));
    let start = 30 + 1 + zeros.len();
    let entry = &one[start..one.len() - 22];
    let many = [&one[..start], &entry.repeat(100), &end(100, entry.len() as u32 * 100, start as u32)].concat();
    assert!(matches!(refused(&many), FormatError::Unsupported(words) if words.contains("larger")));
    let count = end(u16::MAX, 0, 0);
    assert!(matches!(refused(&count), FormatError::Unsupported(words) if words.contains("more than")));
    // Records of the end by the million, none of them whole.
    assert!(matches!(refused(&b"PK\x05\x06".repeat(4 << 20)), FormatError::Damaged(_)));
}

proptest! {
    #[test]
    fn cut_and_changed_archives_do_no_harm(
        lock in prop::sample::select(vec![Lock::None, Lock::ZipCrypto("w"), Lock::Aes("w", 256)]),
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let whole = pack(&[("a.txt", LIST), ("Accounts.txt", LIST), ("b/c.json", "[]")], lock);
        prop_assert!(Archive::read(&whole[..cut.index(whole.len())]).is_err());
        let mut file = whole;
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        for format in ["zip", "raivo", "authenticator-plus", "1password", "proton-pass"] {
            if let Ok((_, Opened::Encrypted(locked))) = registry::read(&file, Some(format)) {
                let _ = locked.open(&"w".into());
            }
        }
    }
}
