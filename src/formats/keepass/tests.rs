//! Databases of every version, cipher and key derivation, written here; changed and cut ones; and every field of one-time passwords.

use proptest::prelude::*;
use sha2::{Digest, Sha256, Sha512};

use super::*;
use crate::formats::cipher::{self, Cost, Key, keepass as ciphers, keepass::KeyStream};
use crate::formats::{Candidate, Derivations, archive, samples};
use crate::otp::{Algorithm, Kind};

const SEED: [u8; 32] = [0x51; 32];
const STREAM_KEY: [u8; 32] = [0x77; 32];

/// The field of 60 rounds of AES in the header of version 3.1.
const ROUNDS: [u8; 11] = [6, 8, 0, 60, 0, 0, 0, 0, 0, 0, 0];

/// How a database is made.
#[derive(Clone, Copy)]
struct Made {
    major: u16,
    cipher: &'static str,
    kdf: &'static str,
    zipped: bool,
    stream: u8,
}

const PLAIN: Made = Made { major: 4, cipher: "aes", kdf: "aes", zipped: false, stream: 3 };

/// Turns `{value}` into protected values, in their order.
fn document(stream: &mut KeyStream, protect: bool, header_hash: Option<[u8; 32]>) -> String {
    const ENTRIES: &str = r#"<Group><UUID>cm9vdA==</UUID><Name>My database</Name>
        <Entry><String><Key>Title</Key><Value>Wolken &amp; Co</Value></String><String><Key>UserName</Key><Value>ida</Value></String>
            <String><Key>Password</Key><Value Protected="True">{päss}</Value></String><String><Key>Notes</Key><Value>two&#xA;lines</Value></String>
            <Tags>red; blue,</Tags>
            <String><Key>otp</Key><Value Protected="True">{otpauth://totp/x?secret=MZXW6&amp;digits=8}</Value></String>
            <History><Entry><String><Key>Title</Key><Value>older</Value></String>
                <String><Key>otp</Key><Value Protected="True">{otpauth://totp/old?secret=AAAA}</Value></String></Entry></History></Entry>
        <Group><Name>Work</Name><Group><Name>Cloud</Name>
            <Entry><String><Key>TimeOtp-Secret</Key><Value Protected="True">{raw text}</Value></String><Binary><Key>a</Key>
                <Value Protected="True">{attached}</Value></Binary></Entry></Group>
        </Group>
        <Group><UUID>YmluIGJpbiBiaW4gYmluIQ==</UUID><Name>Recycle Bin</Name><Group><Name>Old</Name>
            <Entry><String><Key>Title</Key><Value>Gone</Value></String>
            <String><Key>otp</Key><Value Protected="True">{MZXW6}</Value></String></Entry></Group></Group>
        <Entry><String><Value>HOTP</Value><Key>Title</Key></String>
            <String><Key>HmacOtp-Secret-Hex</Key><Value Protected="True">{666f6f}</Value></String>
            <String><Key>HmacOtp-Counter</Key><Value>5</Value></String></Entry></Group>"#;
    let mut root = String::new();
    let mut rest = ENTRIES;
    while let Some((before, (value, after))) =
        rest.split_once('{').map(|(before, after)| (before, after.split_once('}').unwrap()))
    {
        root.push_str(before);
        if protect {
            let mut value = value.replace("&amp;", "&").into_bytes();
            stream.apply(&mut value).unwrap();
            root.push_str(&data_encoding::BASE64.encode(&value));
        } else {
            root.push_str(value);
        }
        rest = after;
    }
    root.push_str(rest);
    if !protect {
        root = root.replace(" Protected=\"True\"", " ProtectInMemory=\"True\"");
    }
    let hash = header_hash
        .map_or(String::new(), |hash| format!("<HeaderHash>{}</HeaderHash>", data_encoding::BASE64.encode(&hash)));
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<KeePassFile><Meta>{hash}<RecycleBinUUID>YmluIGJpbiBiaW4gYmluIQ==</RecycleBinUUID>\
         <Empty/></Meta><Root>{root}</Root></KeePassFile>"
    )
}

fn key_stream(made: Made) -> KeyStream {
    let stream = if made.stream == 2 { KeyStream::salsa20(&STREAM_KEY) } else { KeyStream::chacha20(&STREAM_KEY) };
    stream.unwrap()
}

fn field(out: &mut Vec<u8>, made: Made, id: u8, value: &[u8]) {
    out.push(id);
    let size = (value.len() as u32).to_le_bytes();
    out.extend_from_slice(if made.major == 4 { &size } else { &size[..2] });
    out.extend_from_slice(value);
}

fn parameters(made: Made) -> Vec<u8> {
    let mut out = vec![0, 1];
    let mut add = |sort: u8, name: &str, value: &[u8]| {
        out.push(sort);
        for part in [name.as_bytes(), value] {
            out.extend_from_slice(&(part.len() as u32).to_le_bytes());
            out.extend_from_slice(part);
        }
    };
    let uuid = match made.kdf {
        "argon2id" => "9e298b1956db4773b23dfc3ec6f0a1e6",
        "argon2d" => "ef636ddf8c29444b91f7a9a403e30a0c",
        _ => "c9d9f39a628a4460bf740d08c18a4fea",
    };
    add(0x42, "$UUID", &data_encoding::HEXLOWER.decode(uuid.as_bytes()).unwrap());
    add(0x42, "S", &SEED);
    if made.kdf == "aes" {
        add(5, "R", &60u64.to_le_bytes());
    } else {
        add(5, "I", &2u64.to_le_bytes());
        add(5, "M", &(256u64 * 1024).to_le_bytes());
        add(4, "P", &2u32.to_le_bytes());
        add(4, "V", &0x13u32.to_le_bytes());
    }
    out.push(0);
    out
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    out.extend_from_slice(b"a name\0");
    out.extend(miniz_oxide::deflate::compress_to_vec(plain, 6));
    out.extend(archive::crc32(plain).to_le_bytes());
    out.extend((plain.len() as u32).to_le_bytes());
    out
}

fn write(made: Made, password: &str) -> Vec<u8> {
    let mut head = kdbx::MAGIC.to_vec();
    head.extend((u32::from(made.major) << 16 | 1).to_le_bytes());
    let cipher = match made.cipher {
        "aes" => "31c1f2e6bf714350be5805216afc5aff",
        "twofish" => "ad68f29f576f4bb9a36ad47af965346c",
        _ => "d6038a2b8b6f4cb5a524339a31dbb59a",
    };
    let iv = vec![0x21; if made.cipher == "chacha20" { 12 } else { 16 }];
    field(&mut head, made, 2, &data_encoding::HEXLOWER.decode(cipher.as_bytes()).unwrap());
    field(&mut head, made, 3, &u32::from(made.zipped).to_le_bytes());
    field(&mut head, made, 4, &SEED);
    field(&mut head, made, 7, &iv);
    field(&mut head, made, 60, b"a remark");
    let start = [0x99; 32];
    if made.major == 4 {
        field(&mut head, made, 11, &parameters(made));
    } else {
        field(&mut head, made, 5, &SEED);
        field(&mut head, made, 6, &60u64.to_le_bytes());
        field(&mut head, made, 8, &STREAM_KEY);
        field(&mut head, made, 9, &start);
        field(&mut head, made, 10, &u32::from(made.stream).to_le_bytes());
    }
    field(&mut head, made, 0, b"\r\n\r\n");

    let composite: Key = Key::new(Sha256::digest(Sha256::digest(password)).into());
    let derived = match made.kdf {
        "aes" => Derivations::default().aes_kdf(&composite, &SEED, 60),
        sort => {
            let cost = Cost::Argon2 { id: sort == "argon2id", version: 0x13, passes: 2, kib: 256, lanes: 2 };
            Derivations::default().argon2(cost, &composite[..], &SEED)
        }
    }
    .unwrap();
    let key: Key = Key::new(Sha256::digest([SEED, *derived].concat()).into());
    let seal = |plain: &[u8]| match made.cipher {
        "aes" => cipher::cbc_seal(&key[..], &iv, plain).unwrap(),
        "twofish" => ciphers::twofish_cbc_seal(&key, &iv, plain).unwrap(),
        _ => {
            let mut sealed = plain.to_vec();
            ciphers::chacha20(&key, &iv, &mut sealed).unwrap();
            sealed
        }
    };
    let header_hash: [u8; 32] = Sha256::digest(&head).into();
    let zip = |plain: &[u8]| if made.zipped { gzip(plain) } else { plain.to_vec() };
    if made.major == 3 {
        let data = zip(document(&mut key_stream(made), true, Some(header_hash)).as_bytes());
        let mut plain = start.to_vec();
        for (index, part) in (0u32..).zip(data.chunks(500)) {
            plain.extend(index.to_le_bytes());
            plain.extend(Sha256::digest(part));
            plain.extend((part.len() as u32).to_le_bytes());
            plain.extend(part);
        }
        plain.extend([9, 0, 0, 0]);
        plain.extend([0; 36]);
        return [head, seal(&plain)].concat();
    }
    let mut plain = Vec::new();
    field(&mut plain, made, 1, &u32::from(made.stream).to_le_bytes());
    field(&mut plain, made, 2, &STREAM_KEY);
    field(&mut plain, made, 3, b"\x01an attachment");
    field(&mut plain, made, 0, &[]);
    plain.extend(document(&mut key_stream(made), true, None).as_bytes());
    let sealed = seal(&zip(&plain));
    let base: [u8; 64] = Sha512::digest([&SEED[..], &derived[..], &[1]].concat()).into();
    let hmac = |block: u64, message: &[u8]| {
        let key = Sha512::digest([&block.to_le_bytes()[..], &base].concat());
        cipher::hmac_sha256(&key, message).unwrap()
    };
    let mut out = head.clone();
    out.extend(header_hash);
    out.extend(hmac(u64::MAX, &head));
    for (block, data) in (0u64..).zip(sealed.chunks(700).chain([&[][..]])) {
        let size = (data.len() as u32).to_le_bytes();
        out.extend(hmac(block, &[&block.to_le_bytes()[..], &size, data].concat()));
        out.extend(size);
        out.extend(data);
    }
    out
}

/// Entries in words.
fn words(entries: &[Candidate]) -> Vec<String> {
    let word = |entry: &Candidate| {
        let it = &entry.details;
        let tags: Vec<&str> = it.tags.iter().map(|tag| tag.as_str()).collect();
        let key = String::from_utf8_lossy(it.otp.secret.expose()).into_owned();
        format!("{:?} {:?} {} {key:?} {tags:?}", it.issuer.as_str(), it.account.as_str(), it.otp.kind.name())
    };
    entries.iter().map(word).collect()
}

fn check(imported: &Imported) {
    assert_eq!(imported.problems, []);
    let expected = [
        r#""Wolken & Co" "x" totp "foo" ["red", "blue"]"#,
        r#""" "" totp "raw text" ["Work/Cloud"]"#,
        r#""Gone" "" totp "foo" []"#,
        r#""HOTP" "" hotp "foo" []"#,
    ];
    assert_eq!(words(&imported.entries), expected);
    let trashed: Vec<bool> = imported.entries.iter().map(|entry| entry.trashed).collect();
    assert_eq!(trashed, [false, false, true, false]);
    assert_eq!(imported.entries[0].details.note.as_str(), "two\nlines");
    assert_eq!(imported.entries[0].details.otp.digits.get(), 8);
    assert_eq!(imported.entries[3].details.otp.counter, 5);
}

#[test]
fn every_version_cipher_and_key_derivation() {
    for major in [3, 4] {
        for cipher in ["aes", "twofish", "chacha20"] {
            for (kdf, zipped, stream) in [("aes", true, 2), ("argon2d", false, 3), ("argon2id", true, 3)] {
                if major == 3 && (cipher == "chacha20" || kdf != "aes") {
                    continue;
                }
                let file = write(Made { major, cipher, kdf, zipped, stream }, "päss wörd");
                assert!((FORMAT.detect)(&file));
                check(&samples::with_password(&FORMAT, &file, "päss wörd").unwrap());
                let wrong = samples::with_password(&FORMAT, &file, "pass word");
                assert_eq!(wrong, Err(FormatError::WrongPasswordOrKeyFile), "{major} {cipher} {kdf}");
            }
        }
    }
}

#[test]
fn the_plain_document() {
    let mut stream = key_stream(PLAIN);
    let xml = document(&mut stream, false, None);
    assert!((FORMAT.detect)(xml.as_bytes()));
    check(&samples::plain(&FORMAT, xml.as_bytes()));
    // Protected values outside a database cannot be opened: each code is a problem, with its name.
    let xml = document(&mut stream, true, None);
    let imported = samples::plain(&FORMAT, xml.as_bytes());
    assert_eq!((imported.entries.len(), imported.problems.len()), (0, 4));
    assert!(imported.problems[0].reason.contains("decrypted") && imported.problems[0].label == "Wolken & Co:ida");
}

/// A changed or cut database under the right password.
fn broken(file: &[u8]) -> FormatError {
    match read(file) {
        Err(wrong) => wrong,
        Ok(Opened::Encrypted(locked)) => locked.open(&"word".into()).unwrap_err(),
        Ok(Opened::Plain(_)) => panic!("it is encrypted"),
    }
}

#[test]
fn any_changed_byte_and_any_cut_is_noticed() {
    for (major, cipher) in [(3, "aes"), (3, "twofish"), (4, "aes"), (4, "chacha20")] {
        let file = write(Made { major, cipher, zipped: true, ..PLAIN }, "word");
        for end in (0..file.len()).step_by(67) {
            let why = broken(&file[..end]);
            assert!(matches!(why, FormatError::Damaged(_)), "{major} {end}: {why}");
        }
        // One bit more would be allowed, and take as long as what is allowed may.
        let rounds = file.windows(11).position(|bytes| bytes == ROUNDS).map(|at| at + 6);
        for at in (0..260).chain((260..file.len()).step_by(31)).filter(|at| Some(*at) != rounds) {
            let mut file = file.clone();
            file[at] ^= 0x10;
            let why = broken(&file);
            assert!(!matches!(why, FormatError::WrongPassword | FormatError::Random(_)), "{major} {at}: {why}");
            // The header's own hash, known without a password, or a block's.
            if major == 4 {
                assert!(!matches!(why, FormatError::ParametersRefused(_)), "{at}: {why}");
            }
        }
    }
}

#[test]
fn costs_beyond_reason_and_what_is_not_known() {
    let mut file = write(Made { major: 3, ..PLAIN }, "word");
    let place = file.windows(11).position(|bytes| bytes == ROUNDS).unwrap();
    file[place + 10] = 0x7f;
    assert!(matches!(broken(&file), FormatError::ParametersRefused(_)));
    for (at, byte, words) in [(10, 5, "5.1"), (10, 2, "2.1"), (15, 0, "cipher"), (36, 7, "compression")] {
        let mut file = write(Made { major: 3, ..PLAIN }, "word");
        file[at] = byte;
        let why = broken(&file);
        assert!(matches!(&why, FormatError::Unsupported(said) if said.contains(words)), "{words}: {why}");
    }
    let key_file = FormatError::WrongPasswordOrKeyFile.to_string();
    assert!(key_file.contains("key file") && key_file.contains(".keyx"));
}

#[test]
fn documents_that_are_none() {
    let deep = format!("<KeePassFile>{}", "<Group>".repeat(200_000));
    let many = format!("<KeePassFile><Root>{}</Root></KeePassFile>", "<Group/>".repeat(100_001));
    for xml in [deep, many] {
        assert!(matches!(read(xml.as_bytes()), Err(FormatError::Unsupported(_))));
    }
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><KeePassFile><Meta>&b;</Meta></KeePassFile>"#;
    for xml in [
        "<KeePassFile>",
        "<KeePassFile><Root></Group></KeePassFile>",
        "<KeePassFile a='1",
        "<x><KeePassFile/></x>",
        "<KeePassFile>&nbsp;</KeePassFile>",
        bomb,
    ] {
        assert!(matches!(read(xml.as_bytes()), Err(FormatError::Damaged(_))), "{xml}");
    }
}

/// The codes of one entry with those fields.
fn codes(fields: &[(&str, &str)]) -> Imported {
    let fields: String = fields
        .iter()
        .map(|(name, value)| {
            let value = value.replace('&', "&amp;");
            format!("<String><Key>{name}</Key><Value>{value}</Value></String>")
        })
        .collect();
    let xml = format!(
        "<KeePassFile><Root><Group><Name>R</Name><Entry><String><Key>Title</Key><Value>Bank</Value></String>{fields}</Entry></Group></Root></KeePassFile>"
    );
    samples::plain(&FORMAT, xml.as_bytes())
}

#[test]
fn every_field_of_one_time_passwords() {
    let one = |fields: &[(&str, &str)]| {
        let mut imported = codes(fields);
        assert_eq!((imported.entries.len(), imported.problems.len()), (1, 0), "{fields:?}");
        let entry = imported.entries.remove(0);
        assert_eq!((entry.details.otp.secret.expose(), entry.details.issuer.as_str()), (&b"foo"[..], "Bank"));
        (entry.details.otp, entry.details.account)
    };
    let (otp, account) = one(&[("otp", "otpauth://totp/Bank:none?secret=MZXW6&issuer=Bank")]);
    assert_eq!((otp.kind, account.as_str()), (Kind::Totp, ""));
    assert_eq!(one(&[("otp", "otpauth://totp/Bank:x?secret=MZXW6&encoder=steam")]).0.kind, Kind::Steam);
    assert_eq!(one(&[("otp_12", "mzxw 6")]).0.kind, Kind::Totp);
    for and in ["&", "&amp;"] {
        let parts = ["key=mz%20xw6%3d%3d%3d", "size=8", "step=60", "otpHashMode=Sha256"];
        let (otp, _) = one(&[("otp", &parts.join(and))]);
        assert_eq!((otp.digits.get(), otp.period.get(), otp.algorithm), (8, 60, Algorithm::Sha256), "{and}");
    }
    let (otp, _) = one(&[("otp", "type=Hotp&key=666f6f&encoding=Hex&counter=7")]);
    assert_eq!((otp.kind, otp.counter), (Kind::Hotp, 7));
    one(&[("otp", "key=Zm9v&encoding=Base64")]);
    one(&[("otp", "key=foo&encoding=UTF8")]);
    let (otp, _) = one(&[("TOTP Seed", "MZXW 6"), ("TOTP Settings", "60;8;https://x")]);
    assert_eq!((otp.digits.get(), otp.period.get()), (8, 60));
    assert_eq!(one(&[("TOTP Settings", "30;S"), ("TOTP Seed", "MZXW6")]).0.kind, Kind::Steam);
    one(&[("TOTP Seed", "MZXW6")]);
    let rest = [("TimeOtp-Length", "8"), ("TimeOtp-Period", "60"), ("TimeOtp-Algorithm", "HMAC-SHA-512")];
    for (name, value) in [("", "foo"), ("-Hex", "666F6F"), ("-Base32", "MZXW6==="), ("-Base64", "Zm9v")] {
        let name = format!("TimeOtp-Secret{name}");
        let (otp, _) = one(&[&[(name.as_str(), value)][..], &rest].concat());
        assert_eq!((otp.digits.get(), otp.period.get(), otp.algorithm), (8, 60, Algorithm::Sha512));
    }
    assert_eq!(one(&[("HmacOtp-Secret-Base32", "MZXW6"), ("HmacOtp-Counter", "9")]).0.counter, 9);
}

#[test]
fn fields_that_make_no_code() {
    let several = codes(&[("otp", "MZXW6"), ("otp_1", "MZXW7"), ("TOTP Seed", "MZXWY"), ("TimeOtp-Secret", "a")]);
    assert_eq!(several.entries.len(), 4);
    let none =
        codes(&[("otp", " "), ("otp_x", "MZXW6"), ("Password", "MZXW6"), ("TimeOtp-Length", "8"), ("otpx", "MZXW6")]);
    assert_eq!(none, Imported::default());
    for (name, value, words) in [
        ("otp", "not base32!", "base32"),
        ("otp", "key=MZXW6&type=Yotp", "yotp"),
        ("otp", "key=MZXW6&otpHashMode=Sha3", "Sha3"),
        ("otp", "key=MZXW6&encoding=Base58", "encoding"),
        ("otp", "key=%zz", "percent"),
        ("TimeOtp-Secret-Base64", "%", "base64"),
        ("HmacOtp-Secret-Hex", "xyz", "hexadecimal"),
    ] {
        let imported = codes(&[(name, value), ("otp_1", "MZXW6")]);
        assert_eq!((imported.entries.len(), imported.problems.len()), (1, 1), "{value}");
        let problem = &imported.problems[0];
        assert!(problem.reason.contains(words) && problem.label == "Bank", "{}", problem.reason);
        assert_eq!(problem.place, format!("entry 1, {name}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let xml = document(&mut key_stream(PLAIN), false, None).into_bytes();
        for good in [write(PLAIN, "word"), write(Made { major: 3, ..PLAIN }, "word"), xml] {
            let mut file = good;
            for (place, byte) in &changes {
                let within = if *byte % 2 == 0 { file.len() } else { 300 };
                file[place.index(within)] = *byte;
            }
            if let Ok(Opened::Encrypted(locked)) = read(&file) {
                let _ = locked.open(&"word".into());
            }
        }
    }
}
