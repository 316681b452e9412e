//! KeePassXC's own command line beside ours.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use tickey::formats::{FormatError, Opened, keepass, registry};
use tickey::vault::Details;

use crate::{is_here, opened, run};

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile><Meta><Generator>made for a test</Generator></Meta><Root>
<Group><UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID><Name>Root</Name>
<Entry><UUID>AAAAAAAAAAAAAAAAAAAAAg==</UUID><String><Key>Title</Key><Value>Site</Value></String>
<String><Key>UserName</Key><Value>ida</Value></String>
<String><Key>otp</Key><Value>otpauth://totp/Site:ida?secret=JBSWY3DPEHPK3PXP&amp;period=30&amp;digits=6&amp;issuer=Site</Value></String></Entry>
<Group><UUID>AAAAAAAAAAAAAAAAAAAABA==</UUID><Name>Money</Name>
<Entry><UUID>AAAAAAAAAAAAAAAAAAAAAw==</UUID><String><Key>Title</Key><Value>Bank, "eG"</Value></String>
<String><Key>UserName</Key><Value>bö</Value></String>
<String><Key>otp</Key><Value>otpauth://totp/Bank%2C%20%22eG%22:b%C3%B6?secret=GEZDGNBVGY3TQOJQ&amp;algorithm=SHA256&amp;period=60&amp;digits=8</Value></String></Entry>
</Group></Group></Root></KeePassFile>"#;

fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn its_database_opens_with_the_same_codes_and_its_table_has_our_columns() {
    if !is_here("keepassxc-cli", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (xml, database) = (folder.path().join("in.xml"), folder.path().join("out.kdbx"));
    fs::write(&xml, XML).unwrap();
    let (xml, database) = (xml.to_str().unwrap(), database.to_str().unwrap());
    run("keepassxc-cli", &["import", "-q", "-p", xml, database], b"words\nwords\n");

    let (format, imported) = opened(&fs::read(database).unwrap(), "words");
    assert_eq!((format, imported.entries.len(), imported.problems.len()), ("keepass", 2, 0));
    for (candidate, path) in imported.entries.iter().zip(["/Site", "/Money/Bank, \"eG\""]) {
        let code = |at: u64| candidate.details.otp.code(at).unwrap().as_str().to_owned();
        let before = unix();
        let theirs = run("keepassxc-cli", &["show", "-q", "-t", database, path], b"words\n");
        let theirs = String::from_utf8(theirs).unwrap();
        // A period may have ended in between.
        assert!([code(before), code(unix())].contains(&theirs.trim().to_owned()), "{path}: {theirs}");
    }

    // With a key file beside it.
    let (keyed, key) = (folder.path().join("keyed.kdbx"), folder.path().join("keyed.keyx"));
    let (keyed, key) = (keyed.to_str().unwrap(), key.to_str().unwrap());
    run("keepassxc-cli", &["import", "-q", "-p", "-k", key, xml, keyed], b"words\nwords\n");
    let (keyed, key) = (fs::read(keyed).unwrap(), fs::read(key).unwrap());
    let with = |key: &[u8], words: &str| {
        let Opened::Encrypted(locked) = keepass::read_with_key_file(&keyed, key).unwrap() else {
            panic!("it is encrypted")
        };
        locked.open(&words.into())
    };
    assert_eq!(with(&key, "words").unwrap().entries, imported.entries);
    assert_eq!(with(&key, "word"), Err(FormatError::WrongPasswordOrKeyFile));
    assert_eq!(with(b"another file", "words"), Err(FormatError::WrongPasswordOrKeyFile));

    let theirs = run("keepassxc-cli", &["export", "-q", "-f", "csv", database], b"words\n");
    let details: Vec<Details> = imported.entries.into_iter().map(|candidate| candidate.details).collect();
    let format = registry::by_id("keepassxc-csv").unwrap();
    let ours = registry::write(format, &details, None, &mut tickey::runtime::clock::Os).unwrap().remove(0);
    let rows = |bytes: &[u8]| -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    };
    let (ours, theirs) = (rows(&ours), rows(&theirs));
    assert_eq!((&ours[0], ours.len()), (&theirs[0], theirs.len()));
    for (ours, theirs) in ours.iter().zip(&theirs).skip(1) {
        // Group, title and user name; the link's parameters stand in another order.
        assert_eq!(ours[..3], theirs[..3]);
        let otp = |link: &str| tickey::otp::uri::parse(link).unwrap().otp;
        assert_eq!(otp(&ours[6]), otp(&theirs[6]));
    }
}
