//! What would make a wrong code without a word: cut secrets, lost parameters, links in names.

use serde_json::json;

use crate::{RFC, User, errors};

#[test]
fn a_secret_with_a_character_too_few_or_too_many_is_refused_everywhere() {
    let user = User::with_vault();
    let before = std::fs::read(user.vault()).unwrap();
    for secret in ["JBSWY3DPEHPK3PXPA", "ABC", "A", "JBSWY3", "MZXW6=="] {
        for (arguments, input) in [
            (&["add", "-"][..], format!("otpauth://totp/x?secret={secret}\n")),
            (&["add", "-"][..], format!("steam://{secret}\n")),
            (&["add", "--issuer", "x", "--secret-stdin"][..], format!("{secret}\n")),
            (&["import", "-"][..], format!("otpauth://totp/x?secret={secret}\n")),
            (&["import", "-"][..], format!("name,secret\nx,{secret}\n")),
            (
                &["import", "-"][..],
                format!("[{{\"issuer\":\"x\",\"secret\":\"{secret}\",\"kind\":\"TOTP\",\"timer\":\"30\"}}]"),
            ),
        ] {
            let assert = user.command(arguments).write_stdin(input.clone()).assert().code(1).stdout("");
            assert!(errors(&assert).contains("missing or too many"), "{input}: {}", errors(&assert));
            assert!(!errors(&assert).contains(secret) || secret == "A", "{input}");
        }
    }
    for arguments in [&["add", "--issuer", "x", "--secret-stdin"][..], &["add", "-"]] {
        user.command(arguments).write_stdin("=\n").assert().failure().stdout("");
    }
    assert_eq!(std::fs::read(user.vault()).unwrap(), before);
}

#[test]
fn a_table_is_read_by_its_columns_or_not_at_all() {
    let user = User::with_vault();
    let table = "Name,Secret,algo,length,interval,type,counter\n\
        One,MZXW6YTBOJRGCZQ,SHA-256,8 digits,60s,TOTP (time based),\n\
        Two,MZXW6YTBOJRGCZQ,sha512,,,HOTP,7\n\
        Three,MZXW6YTBOJRGCZQ,sha3,,,,\n";
    let file = user.file("table.csv", table);
    let assert = user.run(&["import", &file]).success();
    assert!(errors(&assert).contains("row 4: refused Three: \"sha3\" in the column algo is not understood"));
    let entries = user.json(&["list"]);
    let shown = |issuer: &str| user.json(&["show", issuer]);
    assert_eq!(entries.as_array().unwrap().len(), 2);
    assert_eq!(
        (&shown("One")["algorithm"], &shown("One")["digits"], &shown("One")["period"]),
        (&json!("SHA256"), &json!(8), &json!(60))
    );
    assert_eq!(
        (&shown("Two")["kind"], &shown("Two")["algorithm"], &shown("Two")["counter"]),
        (&json!("hotp"), &json!("SHA512"), &json!(7))
    );
    // A person may say what the columns hold.
    let own = user
        .file("own.csv", table.replace("sha3", "SHA1").replace("algo", "verfahren").replace("Name,Secret", "wer,was"));
    let columns = "issuer=wer,secret=was,algorithm=verfahren,digits=length,period=interval,kind=type,counter=counter";
    user.run(&["import", &own, "--columns", columns]).success();
    assert_eq!(user.json(&["list"]).as_array().unwrap().len(), 3);
}

#[test]
fn what_a_spreadsheet_runs_is_pointed_out() {
    let user = User::with_vault();
    user.add(&format!("otpauth://totp/%3DHYPERLINK(%22x%22):a?secret={RFC}"));
    let assert = user.run(&["export", "--format", "keepassxc-csv", "--plaintext", "-o", "out.csv"]).success();
    assert!(errors(&assert).contains("1 entry has a cell that begins with ="), "{}", errors(&assert));
    let read = user.json(&["import", "out.csv", "--on-duplicate", "keep", "--dry-run"]);
    assert_eq!(read["entries"][0]["issuer"], json!("=HYPERLINK(\"x\")"));
}

#[test]
fn a_short_secret_is_added_with_a_warning() {
    let user = User::with_vault();
    let assert =
        user.command(&["add", "--issuer", "x", "--secret-stdin"]).write_stdin("jbsw y3dp\n").assert().success();
    assert!(errors(&assert).contains("only 40 bits"), "{}", errors(&assert));
    let assert = user.command(&["import", "-"]).write_stdin("otpauth://totp/y?secret=MFRA\n").assert().success();
    assert!(errors(&assert).contains("only 16 bits"), "{}", errors(&assert));
    let assert = user.command(&["edit", "x", "--secret-stdin"]).write_stdin("MZXW6\n").assert().success();
    assert!(errors(&assert).contains("only 24 bits"), "{}", errors(&assert));
    let found = user.json(&["check"]);
    let short = found["findings"].as_array().unwrap().iter().filter(|finding| finding["what"] == "short_secret");
    assert_eq!(short.count(), 2);
    assert!(!errors(&user.run(&["show", "x"])).contains("MZXW6"));
}

#[test]
fn the_same_secret_in_another_spelling_changes_nothing() {
    let user = User::with_vault();
    user.command(&["add", "--issuer", "x", "--secret-stdin"]).write_stdin("MZXW6YTBOJRGCZQ\n").assert().success();
    let before = std::fs::read(user.vault()).unwrap();
    for spelling in ["mzxw6ytbojrgczq", "MZXW 6YTB OJRG CZQ", "MZXW6YTBOJRGCZQ="] {
        let edit =
            user.command(&["edit", "x", "--secret-stdin"]).write_stdin(format!("{spelling}\n")).assert().success();
        assert!(errors(&edit).contains("was like that already"), "{}", errors(&edit));
    }
    assert_eq!(std::fs::read(user.vault()).unwrap(), before);
}

#[test]
fn several_links_are_several_entries_and_none_is_part_of_another() {
    let user = User::with_vault();
    let two = format!(
        "otpauth://totp/One:a?secret={RFC}&issuer=One, otpauth://totp/Two:b?secret=JBSWY3DPEHPK3PXP&issuer=Two"
    );
    let assert = user.command(&["add", "-"]).write_stdin(two.clone()).assert().code(1).stdout("");
    assert!(errors(&assert).contains("tickey import - takes several"), "{}", errors(&assert));
    user.command(&["import", "-"]).write_stdin(two.clone()).assert().success();
    let names = user.json(&["list"]);
    assert_eq!((&names[0]["issuer"], &names[1]["issuer"]), (&json!("One"), &json!("Two")));
    for joined in [two.replace(", ", ""), two.replace(", ", "%20")] {
        user.command(&["add", "-"]).write_stdin(joined.clone()).assert().code(1).stdout("");
        let assert = user.command(&["import", "-"]).write_stdin(joined).assert().code(1);
        assert!(errors(&assert).contains("another link"), "{}", errors(&assert));
        assert!(!errors(&assert).contains("JBSWY3DP"), "{}", errors(&assert));
    }
    for name in ["--issuer", "--account", "--tag"] {
        let mut arguments = vec!["add", "--secret-stdin", name, "see otpauth%3A%2F%2Ftotp/x"];
        arguments.extend(["--issuer", "x"].iter().filter(|_| name != "--issuer"));
        let assert = user.command(&arguments).write_stdin(RFC).assert().failure().stdout("");
        assert!(errors(&assert).contains("a link is no name"), "{name}: {}", errors(&assert));
    }
    for bad in [
        r#"{"schemaVersion":4,"services":[{"name":"A otpauth://totp/B?secret=JBSWY3DPEHPK3PXP","secret":"MZXW6YTB"}]}"#,
        "name,secret\n\"A otpauth://totp/B?secret=JBSWY3DPEHPK3PXP\",MZXW6YTB\n",
    ] {
        let assert = user.command(&["import", "-"]).write_stdin(bad).assert().code(1);
        assert!(
            errors(&assert).contains("a link stands in its name") && !errors(&assert).contains("JBSWY3DP"),
            "{}",
            errors(&assert)
        );
    }
}

#[test]
fn the_same_secret_with_other_parameters_is_another_entry() {
    let user = User::with_vault();
    let link = |rest: &str| format!("otpauth://totp/One:a?secret={RFC}&issuer=One{rest}\n");
    user.add(link("").trim());
    let other = link("&algorithm=SHA256") + &link("&digits=8") + &link("&period=60") + &link("&digits=8");
    let report = user.json(&["import", &user.file("list.txt", &other)]);
    assert_eq!((&report["added"], report["skipped"].as_array().unwrap().len()), (&json!(3), 1));
    let again = user.json(&["import", &user.file("list.txt", &other)]);
    assert_eq!(again["added"], json!(0));
    let assert = user.command(&["add", "-"]).write_stdin(link("&algorithm=SHA512")).assert().success();
    assert!(errors(&assert).contains("added"), "{}", errors(&assert));
    user.command(&["add", "-"]).write_stdin(link("&algorithm=SHA512")).assert().code(1);
    let found = user.json(&["check"]);
    let said = found["findings"].to_string();
    assert!(said.contains("with another algorithm") && said.contains("with another digits"), "{said}");
}

#[test]
fn a_refused_cell_is_quoted_but_for_what_may_be_a_secret() {
    let user = User::with_vault();
    let table = "Name,Secret,algo,password\n\
        One,MZXW6YTBOJRGCZQ,\"sha\u{1b}[31m9 of a length that is cut\",x\n\
        Two,MZXW6YTBOJRGCZQ,MZXW6YTBOJRGCZQ,x\n\
        Three,MZXW6YTBOJRGCZQ,hunter2,hunter2\n\
        Four,MZXW6YTBOJRGCZQ,hunter2\n\
        ,MZXW6YTBOJRGCZR,,x\n";
    let file = user.file("table.csv", table);
    let assert = user.run(&["import", &file]).success();
    let said = errors(&assert) + &String::from_utf8_lossy(&assert.get_output().stdout);
    assert!(said.contains("\"sha[31m9 of a length th…\" in the column algo"), "{said}");
    assert!(!said.contains("MZXW6") && !said.contains("hunter2") && !said.contains('\u{1b}'), "{said}");
    assert_eq!(said.matches("what stands in the column algo").count(), 3, "{said}");
    assert!(said.contains("it has no name"), "{said}");
    // Of several lines none is taken, silently.
    for (arguments, lines) in [
        (
            &["add", "-"][..],
            "otpauth://totp/A:a?secret=JBSWY3DPEHPK3PXP\n\notpauth://totp/B:b?secret=JBSWY3DPEHPK3PXQ\n",
        ),
        (&["add", "--secret-stdin", "--issuer", "A"], "JBSWY3DPEHPK3PXP\nmore\n"),
    ] {
        let file = user.file("lines", lines);
        let said = errors(&user.command(arguments).pipe_stdin(&file).unwrap().assert().code(2));
        assert!(said.contains("holds more than one") && !said.contains("JBSWY"), "{said}");
    }
    assert_eq!(user.json(&["list"]).as_array().unwrap().len(), 1);
}
