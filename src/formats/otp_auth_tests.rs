use proptest::prelude::*;

use super::*;
use crate::formats::{registry, samples};

/// A property list's object; references count from the list's beginning.
enum Part {
    Integer(u64),
    Uid(u8),
    Data(Vec<u8>),
    Text(&'static str),
    List(Vec<u8>),
    Map(Vec<(u8, u8)>),
}

/// A binary property list: its objects, then where each begins. The first is the top.
fn property_list(parts: &[Part]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    let head = |out: &mut Vec<u8>, kind: u8, length: usize| match u8::try_from(length) {
        Ok(length @ 0..15) => out.push((kind << 4) | length),
        _ => out.extend([(kind << 4) | 15, 0x11].into_iter().chain((length as u16).to_be_bytes())),
    };
    let mut offsets = Vec::new();
    for part in parts {
        offsets.extend((out.len() as u16).to_be_bytes());
        match part {
            Part::Integer(number) => out.extend([0x13].into_iter().chain(number.to_be_bytes())),
            Part::Uid(uid) => out.extend([0x80, *uid]),
            Part::Data(bytes) => {
                head(&mut out, 4, bytes.len());
                out.extend(bytes);
            }
            Part::Text(text) if text.is_ascii() => {
                head(&mut out, 5, text.len());
                out.extend(text.bytes());
            }
            Part::Text(text) => {
                head(&mut out, 6, text.encode_utf16().count());
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
            Part::List(items) => {
                head(&mut out, 10, items.len());
                out.extend(items);
            }
            Part::Map(pairs) => {
                head(&mut out, 13, pairs.len());
                out.extend(pairs.iter().map(|(key, _)| key).chain(pairs.iter().map(|(_, value)| value)));
            }
        }
    }
    let start = out.len() as u64;
    out.extend(&offsets);
    out.extend([0, 0, 0, 0, 0, 0, 2, 1]);
    out.extend([parts.len() as u64, 0, start].iter().flat_map(|number| number.to_be_bytes()));
    out
}

/// An archive whose objects from number 10 on are those given (the archive's own references count from there), the first being the root.
fn archive(objects: Vec<Part>) -> Vec<u8> {
    let mut parts = vec![
        Part::Map(vec![(1, 3), (2, 4)]),
        Part::Text("$objects"),
        Part::Text("$top"),
        Part::List((10..10 + objects.len() as u8).collect()),
        Part::Map(vec![(5, 6)]),
        Part::Text("root"),
        Part::Uid(0),
        Part::Text("NS.keys"),
        Part::Text("NS.objects"),
        Part::Text("NS.data"),
    ];
    parts.extend(objects);
    property_list(&parts)
}

/// A dictionary as an archive holds it: three objects and those of its values.
fn dictionary(fields: Vec<(&'static str, Part)>) -> Vec<u8> {
    let count = fields.len() as u8;
    // 10 the root, 11 and 12 its lists, then a reference for each key and value, then those.
    let references = |from: u8| (from..from + count).collect::<Vec<u8>>();
    let mut objects =
        vec![Part::Map(vec![(7, 11), (8, 12)]), Part::List(references(13)), Part::List(references(13 + count))];
    objects.extend((0..2 * count).map(|place| Part::Uid(3 + 2 * count + place)));
    let (keys, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    objects.extend(keys.into_iter().map(Part::Text));
    objects.extend(values);
    archive(objects)
}

fn account() -> Vec<u8> {
    dictionary(vec![
        ("secret", Part::Data(b"twenty bytes of key!".to_vec())),
        ("type", Part::Integer(1)),
        ("algorithm", Part::Integer(3)),
        ("digits", Part::Integer(8)),
        ("period", Part::Integer(0)),
        ("counter", Part::Integer(9)),
        ("issuer", Part::Text("Größe")),
        ("label", Part::Text("ida")),
    ])
}

/// A backup with two folders that hold one account, twice and once.
fn backup() -> Vec<u8> {
    archive(vec![
        Part::Map(vec![(11, 12)]),           // 10 root
        Part::Text("Folders"),               // 11
        Part::Map(vec![(8, 13)]),            // 12 array
        Part::List(vec![14, 15]),            // 13
        Part::Map(vec![(16, 17), (18, 19)]), // 14 folder
        Part::Map(vec![(16, 17), (18, 20)]), // 15 folder
        Part::Text("name"),                  // 16
        Part::Text("Work"),                  // 17
        Part::Text("accounts"),              // 18
        Part::Map(vec![(8, 21)]),            // 19
        Part::Map(vec![(8, 22)]),            // 20
        Part::List(vec![23, 23]),            // 21
        Part::List(vec![23]),                // 22
        Part::Map(vec![(24, 25), (26, 27)]), // 23 account
        Part::Text("secret"),                // 24
        Part::Data(vec![1, 2, 3]),           // 25
        Part::Text("type"),                  // 26
        Part::Integer(2),                    // 27
    ])
}

fn older(name: &str, inner: &[u8], password: &str) -> Vec<u8> {
    let key = Sha256::digest([b"salt-", password.as_bytes()].concat());
    let sealed = cipher::cbc_seal(&key, &Sha1::digest(b"vector")[..16], inner).unwrap();
    let fields = vec![("Data", Part::Data(sealed)), ("Salt", Part::Text("salt")), ("IV", Part::Text("vector"))];
    cipher::cbc_seal(&Sha256::digest(name), &[0; 16], &dictionary(fields)).unwrap()
}

fn newer(name: &str, inner: &[u8], password: &str) -> Vec<u8> {
    let key = |salt: &[u8]| cipher::pbkdf2(Hash::Sha1, password.as_bytes(), salt, 10_000).unwrap();
    let text = cipher::cbc_seal(&key(&[4; 8])[..], &[6; 16], inner).unwrap();
    let mut sealed = [&[3, 1][..], &[4; 8], &[5; 8], &[6; 16], &text].concat();
    let mac = cipher::hmac_sha256(&key(&[5; 8])[..], &sealed).unwrap();
    sealed.extend(mac);
    cipher::cbc_seal(&Sha256::digest(name), &[0; 16], &dictionary(vec![("WrappedData", Part::Data(sealed))])).unwrap()
}

#[test]
fn both_kinds_of_files_in_both_versions() {
    for seal in [older, newer] {
        let file = seal("OTPAuth", &account(), "wörd");
        assert_eq!(registry::detect(&file).unwrap().id, FORMAT.id);
        let entry = samples::with_password(&FORMAT, &file, "wörd").unwrap().entries.remove(0).details;
        assert_eq!((entry.issuer.as_str(), entry.account.as_str()), ("Größe", "ida"));
        let otp = &entry.otp;
        assert_eq!((otp.kind, otp.algorithm.name(), otp.digits.get(), otp.counter), (Kind::Hotp, "SHA512", 8, 9));
        assert_eq!(samples::with_password(&FORMAT, &file, "x"), Err(FormatError::WrongPasswordOrDamaged));

        let file = seal("Authenticator", &backup(), "wörd");
        let entries = samples::with_password(&FORMAT, &file, "wörd").unwrap().entries;
        assert_eq!((entries.len(), entries[0].details.tags[0].as_str()), (3, "Work"));
        assert_eq!(entries[0].details.otp.secret.expose(), [1, 2, 3]);
    }
}

#[test]
fn what_is_no_account_is_a_problem() {
    let account =
        dictionary(vec![("secret", Part::Data(vec![1])), ("type", Part::Integer(2)), ("algorithm", Part::Integer(9))]);
    let imported = samples::with_password(&FORMAT, &newer("OTPAuth", &account, "w"), "w").unwrap();
    assert!(imported.entries.is_empty() && imported.problems[0].reason.contains("algorithm"));
}

#[test]
fn lists_that_multiply_are_refused() {
    // Every folder is the same one, every account in it, too.
    let mut parts =
        vec![Part::Map(vec![(11, 12)]), Part::Text("Folders"), Part::Map(vec![(8, 13)]), Part::List(vec![14; 5000])];
    parts.extend([
        Part::Map(vec![(15, 16)]),
        Part::Text("accounts"),
        Part::Map(vec![(8, 17)]),
        Part::List(vec![18; 5000]),
    ]);
    parts.push(Part::Map(Vec::new()));
    let file = newer("Authenticator", &archive(parts), "w");
    assert!(matches!(samples::with_password(&FORMAT, &file, "w"), Err(FormatError::Unsupported(_))));
}

#[test]
fn circles_have_an_end() {
    let root = archive(vec![
        Part::Map(vec![(11, 12), (7, 13), (8, 13)]),
        Part::Text("NS.data"),
        Part::Uid(0),
        Part::List(vec![12]),
    ]);
    let archive = KeyedArchive::read(&root).unwrap();
    assert!(archive.root().bytes(9).is_none() && archive.root().text().is_none());
    assert!(archive.root().get("Folders").is_none());
    assert_eq!(archive.root().items().unwrap().len(), 1);
}

proptest! {
    #[test]
    fn cut_and_changed_archives_do_no_harm(
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        for whole in [account(), backup()] {
            prop_assert!(KeyedArchive::read(&whole[..cut.index(whole.len())]).is_none());
            let mut file = whole;
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            if let Some(archive) = KeyedArchive::read(&file) {
                let _ = read_entries(archive.root());
            }
        }
    }
}
