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
