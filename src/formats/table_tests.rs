//! Tests of reading and writing tables.

use super::*;
use crate::formats::{registry, samples};

#[test]
fn a_table_of_countless_columns_or_bytes_is_none() {
    assert!(header(format!("totp{}", ",".repeat(MOST_COLUMNS - 1)).as_bytes()).is_some());
    assert!(header(format!("totp{}", ",".repeat(MOST_COLUMNS)).as_bytes()).is_none());
    let long = format!("name,totp\n{}", "\n".repeat(LARGEST));
    assert!(header(long.as_bytes()).is_none() && matches!(read(long.as_bytes()), Err(FormatError::Unsupported(_))));
}

#[test]
fn what_is_written_reads_back() {
    samples::round_trip(&KEEPASSXC, |details| {
        details.favourite = false;
        details.tags.truncate(1);
    });
}

#[test]
fn what_a_spreadsheet_runs_is_said_and_reads_back_as_it_was() {
    let bad = ["=cmd|' /C calc'!A1", "+1", "-1+1", "@SUM(A1)"];
    let mut entries = samples::entries();
    entries.truncate(2);
    assert_eq!(registry::warning(&KEEPASSXC, entries.iter()), None);
    for (details, name) in entries.iter_mut().zip(bad) {
        (details.issuer, details.favourite) = (name.into(), false);
        details.tags.clear();
    }
    (entries[0].account, entries[0].note) = (bad[2].into(), bad[3].into());
    let said = registry::warning(&KEEPASSXC, entries.iter()).unwrap();
    assert!(said.starts_with("2 entries have a cell"), "{said}");
    assert_eq!(registry::warning(&KEEPASSXC, entries[..1].iter()).unwrap().get(..11), Some("1 entry has"));
    assert_eq!(registry::warning(&crate::formats::uri_list::FORMAT, entries.iter()), None);
    let file = write(&entries, None, &mut samples::Counting(1)).unwrap();
    let read: Vec<Details> = samples::plain(&KEEPASSXC, &file).entries.into_iter().map(|read| read.details).collect();
    assert_eq!(read, entries);
}

#[test]
fn any_table_with_a_column_for_it() {
    let file = "\u{feff}Name;User_Name;Password;OTP;Period;Digits;Hash\r\nBank;me;pw;mzxw 6;60;8;sha-256\r\nempty;x;pw;;;;\r\nlong;a;b;MZXW6;;;;;;\r\nbad;a;b;M1;;;\r\n";
    assert!((FORMAT.detect)(file.as_bytes()));
    let imported = samples::plain(&FORMAT, file.as_bytes());
    assert_eq!((imported.entries.len(), imported.problems.len()), (2, 1));
    let bank = &imported.entries[0].details;
    assert_eq!((bank.issuer.as_str(), bank.account.as_str()), ("Bank", "me"));
    assert_eq!((bank.otp.period.get(), bank.otp.digits.get(), bank.otp.algorithm.name()), (60, 8, "SHA256"));
    assert_eq!((imported.problems[0].place.as_str(), imported.problems[0].label.as_str()), ("row 5", "bad:a"));
}

/// One row under a heading of a key and that column.
fn with_column(heading: &str, cell: &str) -> Imported {
    samples::plain(&FORMAT, format!("Name,Secret,{heading}\nBank,MZXW6YTB,\"{cell}\"\n").as_bytes())
}

#[test]
fn columns_of_parameters_by_their_many_names() {
    let one = |heading: &str, cell: &str| {
        let mut imported = with_column(heading, cell);
        assert!(imported.problems.is_empty(), "{heading}: {:?}", imported.problems);
        imported.entries.remove(0).details.otp
    };
    for heading in
        ["algo", "ALGORITHM", "Hash", "digest", "Hash Function", "otp_hash_algorithm", "HMAC-Algorithm", "Algorithmus"]
    {
        assert_eq!(one(heading, "SHA-256").algorithm, Algorithm::Sha256, "{heading}");
    }
    for heading in ["digits", "Length", "SIZE", "code_length", "OTP-Digits", "number of digits", "Stellen", "dígitos"]
    {
        assert_eq!(one(heading, "8").digits.get(), 8, "{heading}");
    }
    for heading in ["period", "Interval", "step", "time_step", "Time Period", "refresh-interval", "Intervall"] {
        assert_eq!(one(heading, "60s").period.get(), 60, "{heading}");
    }
    for heading in ["type", "Kind", "method", "otp_type", "Token Type", "Typ"] {
        assert_eq!(one(heading, "HOTP (counter based)").kind, Kind::Hotp, "{heading}");
        assert_eq!(one(heading, "Steam").kind, Kind::Steam, "{heading}");
        assert_eq!(one(heading, "totp").kind, Kind::Totp, "{heading}");
        assert_eq!(one(heading, "login").kind, Kind::Totp, "{heading}");
    }
    assert_eq!(one("method", "SHA512").algorithm, Algorithm::Sha512);
    let counted = one("Counter", "7");
    assert_eq!((counted.kind, counted.counter), (Kind::Hotp, 7));
    let utf8 = "\u{feff}algo;NAME;secret\r\nsha512;Bank;MZXW6YTB\r\n";
    assert_eq!(samples::plain(&FORMAT, utf8.as_bytes()).entries[0].details.otp.algorithm, Algorithm::Sha512);
}

#[test]
fn a_parameter_that_is_not_understood_refuses_its_row() {
    for (heading, cell) in [
        ("algo", "SHA3"),
        ("hash", "1"),
        ("digits", "many"),
        ("length", "20"),
        ("size", "-1"),
        ("interval", "often"),
        ("period", "90000"),
        ("period", "60000"),
        ("interval", "30000.0"),
        ("timer", "1000"),
        ("step", "30000 ms"),
        ("type", "OTP"),
        ("kind", "strange"),
        ("method", "what"),
        ("counter", "one"),
        ("type", "motp"),
        ("hash_fn", "sha1"),
        ("otp digest name", "sha1"),
        ("hotp index", "3"),
        ("encoding", "base58"),
        ("secret-encoding", "x"),
    ] {
        let imported = with_column(heading, cell);
        assert_eq!((imported.entries.len(), imported.problems.len()), (0, 1), "{heading} {cell}");
        let problem = &imported.problems[0];
        assert_eq!((problem.place.as_str(), problem.label.as_str()), ("row 2", "Bank"), "{heading}");
        // An empty cell says nothing.
        assert_eq!(with_column(heading, " ").entries.len(), 1, "{heading}");
    }
    let said = &with_column("hash_fn", "sha1").problems[0].reason;
    assert!(said.contains("hashfn") && said.contains("not understood"), "{said}");
    let both = b"name,secret,counter,period\nBank,MZXW6YTB,0,30\n";
    assert!(samples::plain(&FORMAT, both).problems[0].reason.contains("which of the two"));
    let twice = b"name,secret,algo,hash\nBank,MZXW6YTB,SHA1,SHA256\n";
    assert!(samples::plain(&FORMAT, twice).problems[0].reason.contains("different"));
    assert_eq!(with_column("encoding", "hex").problems.len(), 1);
    let hex = b"name,secret,encoding\nBank,666f6f,Hex\n";
    assert_eq!(samples::plain(&FORMAT, hex).entries[0].details.otp.secret.expose(), b"foo");
}

#[test]
fn a_link_and_its_columns_must_agree() {
    let read = |rest: &str, columns: &str, cells: &str| {
        let file = format!("name,totp,{columns}\nBank,otpauth://totp/x?secret=MZXW6YTB{rest},{cells}\n");
        samples::plain(&FORMAT, file.as_bytes())
    };
    for (rest, columns, cells) in [
        ("", "algo", "SHA256"),
        ("&algorithm=SHA256", "algo", "SHA1"),
        ("", "digits", "8"),
        ("&period=60", "period", "30"),
        ("", "type", "hotp"),
    ] {
        let imported = read(rest, columns, cells);
        assert_eq!((imported.entries.len(), imported.problems.len()), (0, 1), "{rest} {columns}");
    }
    for (rest, columns, cells) in [
        ("&algorithm=SHA256&digits=8", "algo,digits,type", "sha-256,8,TOTP"),
        ("", "type", "login"),
        ("", "size", "big"),
        ("", "digits", ""),
    ] {
        assert_eq!(read(rest, columns, cells).entries.len(), 1, "{rest} {columns}");
    }
    let dashlane = b"title,otpSecret,otpUrl\nBank,MZXW6YTB,otpauth://totp/x?secret=MZXW6YTB&algorithm=SHA256\nB,MY,otpauth://totp/x?secret=MZ4A\n";
    let imported = samples::plain(&FORMAT, dashlane);
    assert_eq!(imported.entries[0].details.otp.algorithm, Algorithm::Sha256);
    assert!(imported.problems[0].reason.contains("different secrets"));
    let several = b"name,totp\nBank,\"otpauth://totp/a?secret=MY, otpauth://totp/b?secret=MZXW6\"\n";
    assert_eq!(samples::plain(&FORMAT, several).entries.len(), 2);
}

#[test]
fn a_row_longer_than_the_first_is_refused() {
    let read = |file: &str| samples::plain(&FORMAT, file.as_bytes());
    for (names, columns) in [("name,user,totp", 3), ("name,user,totp,", 3), ("name,user,totp,#", 4)] {
        let cells = if columns == 4 { "Bank, Inc,ida,MZXW6YTB,x" } else { "Bank, Inc,ida2,MZXW6YTB" };
        let imported = read(&format!("{names}\n{cells},,\nPost,ida,MZXW6YTB,, ,\n"));
        assert_eq!((imported.entries.len(), imported.problems.len()), (1, 1), "{names}");
        let (problem, more) = (&imported.problems[0], format!("{} cells under {columns} names", columns + 1));
        assert_eq!((problem.place.as_str(), problem.label.as_str()), ("row 2", ""));
        assert!(problem.reason.contains(&more), "{}", problem.reason);
    }
    // The key may have moved out of its column, and none be left in it.
    assert_eq!(read("name,totp\nBank,,MZXW6YTB\n").problems.len(), 1);
    assert_eq!(read("name;totp\nBank, Inc;MZXW6YTB\n\"a;b\";MZXW6YTB\n").entries.len(), 2);
}

#[test]
fn a_secret_of_two_lines_is_not_joined() {
    for line in ["\r\n", "\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
        for cell in [format!("MZXW6YTB{line}MZXW6YTB"), format!("otpauth://totp/x?secret=MZXW6YTB{line}MZXW6YTB")] {
            for file in
                [format!("name,totp\nBank,\"{cell}\"\n"), format!("name,otpSecret,otpUrl\nBank,\"{cell}\",MZXW6YTB\n")]
            {
                let imported = samples::plain(&FORMAT, file.as_bytes());
                assert_eq!((imported.entries.len(), imported.problems.len()), (0, 1), "{file:?}");
                assert!(imported.problems[0].reason.contains("several lines"), "{}", imported.problems[0].reason);
            }
        }
    }
    for cell in ["mzxw 6ytb\n", "otpauth://totp/x?secret=MY\notpauth://totp/y?secret=MZXW6"] {
        let imported = samples::plain(&FORMAT, format!("name,totp\nBank,\"{cell}\"\n").as_bytes());
        assert!(!imported.entries.is_empty() && imported.problems.is_empty(), "{cell:?}");
    }
}

#[test]
fn an_escaped_uri_keeps_its_parameters() {
    let file = b"url,username,password,totp,extra,name,grouping,fav\nx,me,pw,otpauth://totp/a?secret=MZXW6&amp;digits=8&amp;period=60,,Bank,,0\n";
    let otp = samples::plain(&FORMAT, file).entries.remove(0).details.otp;
    assert_eq!((otp.digits.get(), otp.period.get()), (8, 60));
}

#[test]
fn a_table_without_one_says_so() {
    let imported = samples::plain(&FORMAT, b"name,url,username,password\na,b,c,d\n");
    assert!(imported.entries.is_empty() && imported.problems[0].reason.contains("Chrome"));
    for (header, words) in [
        ("url,username,password,httpRealm,guid", "Firefox"),
        ("name,url,username,password,note,cardholdername,folder", "NordPass"),
        ("login,url,password", "no column"),
    ] {
        let imported = samples::plain(&FORMAT, format!("{header}\na,b,c,d,e,f,g\n").as_bytes());
        assert!(imported.entries.is_empty() && imported.problems[0].reason.contains(words), "{words}");
    }
    assert!(!(FORMAT.detect)(b"just, a sentence\n"));
}
