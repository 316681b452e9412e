//! Entries: added, listed, read, changed, deleted, restored.

use serde_json::json;

use crate::{RFC, User, errors, fields};

#[test]
fn code_prints_the_digits_and_a_newline() {
    let user = User::with_entries();
    assert_eq!(user.output(&["code", "site", "--at", "59"]), "94287082\n");
    assert_eq!(user.output(&["code", "SITE:octo", "--at", "1111111109"]), "07081804\n");
    assert_eq!(user.output(&["code", "site", "--at", "29", "--next"]), "94287082\n");
    let now = user.output(&["code", "oct"]);
    assert_eq!((now.len(), now.trim_end().bytes().all(|byte| byte.is_ascii_digit())), (9, true), "{now:?}");
}

#[test]
fn code_in_json() {
    let user = User::with_entries();
    let code = user.json(&["code", "site", "--at", "59"]);
    assert_eq!(fields(&code), ["id", "vault", "issuer", "account", "code", "valid_from", "valid_until", "next"]);
    assert_eq!(code["vault"], "personal");
    assert_eq!(
        (&code["code"], &code["valid_from"], &code["valid_until"]),
        (&json!("94287082"), &json!(30), &json!(60))
    );
    let next = user.json(&["code", "site", "--at", "60"]);
    assert_eq!(code["next"], next["code"]);
    let after = user.json(&["code", "site", "--at", "59", "--next"]);
    assert_eq!((&after["code"], &after["valid_from"]), (&next["code"], &json!(60)));
}

#[test]
fn codes_for_a_time() {
    let user = User::with_entries();
    let list = user.json(&["code", "site", "--at", "59", "--for", "1m"]);
    let list = list.as_array().unwrap();
    // 30 to 60, 60 to 90, 90 to 120: up to second 119.
    assert_eq!(list.len(), 3);
    assert_eq!(list[0]["code"], "94287082");
    assert_eq!(list[0]["next"], list[1]["code"]);
    assert_eq!(list[2]["valid_until"], 120);
    let lines = user.output(&["code", "site", "--at", "59", "--for", "60s"]);
    assert_eq!(lines.lines().count(), 3);
    assert!(lines.starts_with("94287082\n"));
    user.run(&["code", "site", "--for", "10000d"]).code(2);
}

#[test]
fn a_counter_moves_on_before_its_code_is_shown() {
    let user = User::with_entries();
    assert_eq!(user.output(&["code", "badge"]), "755224\n");
    assert_eq!(user.output(&["code", "badge"]), "287082\n");
    let code = user.json(&["code", "badge"]);
    assert_eq!(code["code"], "359152");
    for field in ["valid_from", "valid_until", "next"] {
        assert!(code[field].is_null(), "{field}");
    }
    assert_eq!(user.json(&["list", "badge"])[0]["counter"], 3);
    for option in [&["--next"][..], &["--at", "59"], &["--for", "5m"]] {
        user.run(&[&["code", "badge"], option].concat()).code(2).stdout("");
    }
    assert_eq!(user.json(&["list", "badge"])[0]["counter"], 3);
}

#[test]
fn no_counter_code_is_given_twice() {
    let user = User::with_entries();
    let codes: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| user.output(&["code", "badge"]))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let different: std::collections::BTreeSet<&String> = codes.iter().collect();
    assert_eq!(different.len(), 4, "{codes:?}");
}

#[test]
fn list_has_its_fields_and_no_secret() {
    let user = User::with_entries();
    let list = user.json(&["list"]);
    assert_eq!(
        fields(&list[0]),
        ["id", "vault", "kind", "issuer", "account", "algorithm", "digits", "period", "counter", "tags", "favourite"]
    );
    assert_eq!(list.as_array().unwrap().iter().map(|entry| &entry["issuer"]).collect::<Vec<_>>(), ["Badge", "Site"]);
    assert!(list[0]["period"].is_null() && list[1]["counter"].is_null());
    let words = user.output(&["list"]);
    assert_eq!(words, "Badge  88    hotp\nSite   octo\n");
    assert!(!words.contains(RFC) && !list.to_string().contains(RFC));
    assert_eq!(user.output(&["list", "sit"]), "Site  octo\n");
}

#[test]
fn an_entry_is_added_field_by_field() {
    let user = User::with_vault();
    let arguments = [
        "add",
        "--issuer",
        "VPN",
        "--account",
        "maya",
        "--kind",
        "motp",
        "--secret-stdin",
        "--pin-stdin",
        "--tag",
        "Work",
        "--tag",
        "Ops/Net",
        "--note",
        "office",
        "--favourite",
        "--json",
    ];
    let assert = user.command(&arguments).write_stdin("0123456789abcdef\n1234\n").assert().success();
    let added: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(added["tags"], json!(["Work", "Ops/Net"]));
    assert_eq!((&added["kind"], &added["algorithm"], &added["period"]), (&json!("motp"), &json!("MD5"), &json!(10)));
    assert_eq!(added["favourite"], true);
    assert_eq!(user.output(&["show", "vpn", "--secret"]), "0123456789abcdef\n1234\n");
    assert_eq!(user.output(&["code", "vpn", "--at", "0"]).len(), 7);
}

#[test]
fn a_link_may_be_put_right_while_it_is_added() {
    let user = User::with_vault();
    let link = format!("otpauth://totp/Old:me?secret={RFC}");
    let assert = user.command(&["add", "-", "--issuer", "New", "--digits", "8"]).write_stdin(link).assert().success();
    let id = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert_eq!(errors(&assert), "added New (me)\n");
    let entry = &user.json(&["list", id.trim()])[0];
    assert_eq!((&entry["issuer"], &entry["account"], &entry["digits"]), (&json!("New"), &json!("me"), &json!(8)));
}

#[test]
fn what_is_there_already_is_not_added_again() {
    let user = User::with_entries();
    let link = format!("otpauth://totp/Site:octo?secret={RFC}&digits=8");
    let before = std::fs::read(user.vault()).unwrap();
    let assert = user.command(&["add", "-"]).write_stdin(link.clone()).assert().code(1).stdout("");
    assert!(errors(&assert).contains("--allow-duplicate"));
    assert_eq!(std::fs::read(user.vault()).unwrap(), before);
    user.command(&["add", "-", "--allow-duplicate"]).write_stdin(link).assert().success();
    assert_eq!(user.json(&["list", "site"]).as_array().unwrap().len(), 2);
}

#[test]
fn bad_links_and_secrets_are_refused_without_being_repeated() {
    let user = User::with_vault();
    let before = std::fs::read(user.vault()).unwrap();
    for bad in [
        "otpauth://totp/x?secret=SECRET0189&period=30",
        "otpauth://totp/x?secret=SECRETABCD&period=0",
        "otpauth://nope/x?secret=SECRETABCD",
        "SECRETABCD",
        "",
    ] {
        let assert = user.command(&["add", "-"]).write_stdin(bad).assert().failure().stdout("");
        assert!(!errors(&assert).contains("SECRET"), "{}", errors(&assert));
    }
    let fields = ["add", "--issuer", "x", "--secret-stdin"];
    let assert = user.command(&fields).write_stdin("SECRET0189!\n").assert().failure();
    assert!(!errors(&assert).contains("SECRET"), "{}", errors(&assert));
    user.command(&[&fields[..], &["--period", "0"]].concat()).write_stdin(RFC).assert().code(2);
    user.command(&[&fields[..], &["--digits", "11"]].concat()).write_stdin(RFC).assert().code(2);
    user.command(&["add", "--secret-stdin"]).write_stdin(RFC).assert().code(2);
    assert_eq!(std::fs::read(user.vault()).unwrap(), before);
}

#[test]
fn an_entry_is_changed() {
    let user = User::with_entries();
    user.run(&["edit", "site", "--issuer", "Forge", "--tag", "Work", "--tag", "Code", "--note", "main", "--favourite"])
        .success();
    user.run(&["edit", "forge", "--remove-tag", "Code", "--add-tag", "Team", "--digits", "6"]).success();
    let entry = &user.json(&["list", "forge"])[0];
    assert_eq!(entry["tags"], json!(["Work", "Team"]));
    assert_eq!((&entry["digits"], &entry["favourite"], &entry["account"]), (&json!(6), &json!(true), &json!("octo")));
    assert_eq!(user.output(&["code", "forge", "--at", "59"]), "287082\n");
    user.run(&["edit", "forge", "--no-favourite"]).success();
    assert_eq!(user.json(&["list", "forge"])[0]["favourite"], false);
    let same = user.run(&["edit", "forge", "--digits", "6"]).success();
    assert!(errors(&same).contains("like that already"), "{}", errors(&same));
    user.run(&["edit", "forge"]).code(2);
    user.run(&["edit", "forge", "--counter", "5"]).code(2);
    user.run(&["edit", "nothing", "--digits", "6"]).code(3);
    user.command(&["edit", "forge", "--secret-stdin"]).write_stdin("JBSWY3DPEHPK3PXP\n").assert().success();
    assert_eq!(user.output(&["show", "forge", "--secret"]), "JBSWY3DPEHPK3PXP\n");
}

#[test]
fn a_counter_only_grows_until_the_secret_is_new() {
    let user = User::with_entries();
    user.run(&["edit", "badge", "--counter", "9"]).success();
    let assert = user.run(&["edit", "badge", "--counter", "3"]).code(1);
    assert!(errors(&assert).contains("--secret-stdin"), "{}", errors(&assert));
    assert_eq!(user.json(&["list", "badge"])[0]["counter"], 9);
    user.command(&["edit", "badge", "--counter", "3", "--secret-stdin"])
        .write_stdin("JBSWY3DPEHPK3PXP")
        .assert()
        .success();
    assert_eq!(user.json(&["list", "badge"])[0]["counter"], 3);
}

#[test]
fn recovery_codes_are_kept_and_used() {
    let user = User::with_entries();
    user.command(&["edit", "site", "--recovery-codes-stdin"]).write_stdin("aaaa-1\n\nbbbb-2\n").assert().success();
    user.run(&["edit", "site", "--used-recovery-code", "2"]).success();
    assert_eq!(user.output(&["show", "site", "--recovery-codes"]), "1  aaaa-1\n2  bbbb-2  (used)\n");
    let show = user.json(&["show", "site"]);
    assert_eq!(show["recovery_codes"], json!([{ "used": false }, { "used": true }]));
    assert!(!user.output(&["show", "site"]).contains("aaaa-1"));
    user.run(&["edit", "site", "--used-recovery-code", "3"]).code(2);
}

#[test]
fn deleted_for_good_is_gone_with_its_history() {
    let user = User::with_entries();
    user.run(&["rm", "site", "--yes"]).success();
    user.run(&["rm", "site", "--for-good", "--yes"]).success().stdout("");
    user.run(&["rm", "badge", "--for-good", "--yes"]).success();
    for command in [&["show", "site"][..], &["restore", "site"], &["history", "badge"], &["code", "badge"]] {
        user.run(command).code(3);
    }
    assert_eq!(user.json(&["list", "--trash"]), serde_json::json!([]));
    assert_eq!(user.json(&["history"]), serde_json::json!([]));
    user.run(&["rm", "site", "--for-good", "--yes"]).code(3);
}

#[test]
fn the_trash() {
    let user = User::with_entries();
    user.run(&["rm", "site", "--yes"]).success().stdout("");
    user.run(&["code", "site"]).code(3).stdout("");
    assert_eq!(user.json(&["list"]).as_array().unwrap().len(), 1);
    assert_eq!(user.json(&["list", "--trash"])[0]["issuer"], "Site");
    user.run(&["restore", "badge"]).code(3);
    user.run(&["restore", "site"]).success();
    assert_eq!(user.output(&["code", "site", "--at", "59"]), "94287082\n");
    assert_eq!(user.json(&["list", "--trash"]), json!([]));
}

#[test]
fn nothing_is_deleted_without_being_asked() {
    let user = User::with_entries();
    let before = std::fs::read(user.vault()).unwrap();
    let assert = user.run(&["rm", "site"]).code(2);
    assert!(errors(&assert).contains("--yes"));
    assert_eq!(std::fs::read(user.vault()).unwrap(), before);
}

#[test]
fn show_gives_the_secret_only_when_asked() {
    let user = User::with_entries();
    let words = user.output(&["show", "site"]);
    assert!(words.contains("account:") && words.contains("octo") && !words.contains(RFC), "{words}");
    let show = user.json(&["show", "site"]);
    assert!(show.get("secret").is_none() && show.get("uri").is_none() && show["note"] == "");
    assert_eq!(user.output(&["show", "site", "--secret"]), format!("{RFC}\n"));
    assert_eq!(user.json(&["show", "site", "--secret"])["secret"], RFC);
    let link = user.output(&["show", "site", "--uri"]);
    assert!(link.starts_with("otpauth://totp/") && link.contains(RFC), "{link}");
    let other = User::with_vault();
    other.add(link.trim());
    assert_eq!(other.output(&["code", "site", "--at", "59"]), "94287082\n");
}

#[test]
fn history_says_what_was_changed_and_hides_secrets() {
    let user = User::with_entries();
    user.run(&["edit", "site", "--issuer", "Forge"]).success();
    user.command(&["edit", "forge", "--secret-stdin"]).write_stdin("JBSWY3DPEHPK3PXP").assert().success();
    let history = user.json(&["history", "forge"]);
    let history = history.as_array().unwrap();
    assert_eq!(fields(&history[0]), ["id", "vault", "issuer", "account", "at", "by", "field", "from", "to"]);
    let change = history.iter().find(|item| item["field"] == "issuer" && item["to"] == "Forge").unwrap();
    assert_eq!((&change["from"], &change["by"]), (&json!("Site"), &json!("maya")));
    let text = user.output(&["history"]);
    assert!(text.contains("Site → Forge") && !text.contains(RFC) && !text.contains("JBSWY3DP"), "{text}");
}
