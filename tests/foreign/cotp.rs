//! cotp beside ours: it reads what we export, gives the same codes, and we read what it exports.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use tickey::formats::{Opened, registry};
use tickey::otp::{Kind, Otp, uri};
use tickey::runtime::clock::Os;
use tickey::vault::Details;

use crate::{at_terminal, is_here};

const WORDS: (&str, &str) = ("Password:", "its own words");

fn entries() -> Vec<Details> {
    let uris = [
        "otpauth://totp/Site:ida?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/B%C3%A4nk:ida%40example?secret=GEZDGNBVGY3TQOJQ&digits=8&algorithm=SHA256",
        "otpauth://totp/Slow:ida?secret=MZXW6YTBOIMZXW6YTBOI&period=60&algorithm=SHA512",
        "otpauth://hotp/Badge:4711?secret=GEZDGNBVGY3TQOJQ&counter=7",
    ];
    uris.iter()
        .map(|link| {
            let read = uri::parse(link).unwrap();
            Details::new(read.otp, read.issuer, read.account)
        })
        .collect()
}

fn code(otp: &Otp) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    otp.code(now).unwrap().as_str().to_owned()
}

#[test]
fn it_reads_what_we_export_and_we_read_what_it_exports() {
    if !is_here("cotp", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // The last: whether it makes HOTP codes of them.
    let ways = [
        ("aegis", None, "--aegis", true),
        ("aegis", Some("file words"), "--aegis-encrypted", true),
        ("andotp", None, "--andotp", false),
        ("freeotp-plus", None, "--freeotp-plus", false),
        ("cotp", None, "--cotp", true),
    ];
    for (number, (id, password, way, counters)) in ways.into_iter().enumerate() {
        let (file, database) =
            (folder.path().join(format!("{number}.file")), folder.path().join(format!("{number}.db")));
        let (path, database) = (file.to_str().unwrap(), database.to_str().unwrap());
        let mut entries = entries();
        entries.retain(|entry| counters || entry.otp.kind != Kind::Hotp);
        let format = registry::by_id(id).unwrap();
        let written = registry::write(format, &entries, password.map(Into::into).as_ref(), &mut Os).unwrap().remove(0);
        fs::write(&file, written).unwrap();
        let mut answers = vec![("Choose a password", WORDS.1), ("Retype", WORDS.1)];
        answers.extend(password.map(|words| ("Aegis password", words)));
        at_terminal("cotp", &["-d", database, "import", "--path", path, way], &answers);

        let before: Vec<String> = entries.iter().map(|entry| code(&entry.otp)).collect();
        let said = at_terminal("cotp", &["-d", database, "list", "--json"], &[WORDS]);
        let list: serde_json::Value = serde_json::from_str(&said[said.find('[').unwrap()..]).unwrap();
        assert_eq!(list.as_array().unwrap().len(), entries.len(), "{way}: {said}");
        for (entry, before) in entries.iter().zip(&before) {
            let theirs = list.as_array().unwrap().iter().find(|one| one["issuer"] == entry.issuer.as_str()).unwrap();
            assert_eq!(theirs["label"], entry.account.as_str(), "{way}");
            // A period may have ended in between.
            let theirs = theirs["otp_code"].as_str().unwrap();
            assert!(
                [before.as_str(), &code(&entry.otp)].contains(&theirs),
                "{way}: {} {theirs}",
                entry.issuer.as_str()
            );
        }

        for (id, way) in
            [("andotp", "--andotp"), ("freeotp-plus", "--freeotp-plus"), ("cotp", "--cotp"), ("cotp", "--otp-uri")]
        {
            let out = folder.path().join(format!("{number}.{}", &way[2..]));
            at_terminal("cotp", &["-d", database, "export", "--path", out.to_str().unwrap(), way], &[WORDS]);
            let (found, opened) = registry::read(&fs::read(&out).unwrap(), None).unwrap();
            let Opened::Plain(imported) = opened else { panic!("{way}: what cotp exports is plain") };
            assert_eq!((found.id, &imported.problems[..]), (id, &[][..]));
            let sorted = |mut all: Vec<Otp>| {
                // It puts counters into FreeOTP+'s file as they are; there, the one used last is meant.
                all.retain(|otp| id != "freeotp-plus" || otp.is_timed());
                all.sort_by_key(|otp| uri::write(otp, "", "").to_string());
                all
            };
            let ours = sorted(imported.entries.into_iter().map(|candidate| candidate.details.otp).collect());
            assert_eq!(ours, sorted(entries.iter().map(|entry| entry.otp.clone()).collect()), "{way}");
        }
    }
}
