//! Vaults: made, inspected, checked, put under a new passphrase, brought back.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::{PASSPHRASE, RFC, User, errors, fields};

const CHEAP: [&str; 6] = ["--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"];

#[test]
fn init_makes_a_vault_for_its_owner_only() {
    let user = User::without_vault();
    let made = user.json(&[&["init"], &CHEAP[..]].concat());
    assert_eq!(fields(&made), ["vault", "name", "recovery_code"]);
    assert_eq!((&made["vault"], &made["name"]), (&json!("personal"), &json!("maya")));
    assert_eq!(std::fs::metadata(user.vault()).unwrap().permissions().mode() & 0o777, 0o600);
    let folder = user.vault().parent().unwrap().to_owned();
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(user.json(&["list"]), json!([]));
    let before = std::fs::read(user.vault()).unwrap();
    user.run(&[&["init"], &CHEAP[..]].concat()).code(1).stdout("");
    assert_eq!(std::fs::read(user.vault()).unwrap(), before);
}

#[test]
fn init_says_the_recovery_code_in_words_on_standard_error() {
    let user = User::without_vault();
    let assert = user.run(&[&["init", "--vault", "work"], &CHEAP[..]].concat()).success().stdout("");
    assert!(errors(&assert).contains("recovery code:"), "{}", errors(&assert));
    let vaults = user.json(&["vault", "list"]);
    assert_eq!((&vaults[0]["name"], &vaults[0]["default"]), (&json!("work"), &json!(false)));
    assert!(user.output(&["vault"]).starts_with("work  "));
    user.run(&["list", "--vault", "work"]).success();
    user.run(&["list"]).code(1);
}

#[test]
fn a_weak_passphrase_is_pointed_out_and_taken() {
    let user = User::without_vault();
    let weak = user.file("weak", "abc");
    let assert = user.bare(&[&["init", "--passphrase-file", &weak], &CHEAP[..]].concat()).assert().success();
    assert!(errors(&assert).contains("warning: the passphrase looks very weak"), "{}", errors(&assert));
    let arguments = ["passphrase", "--new-passphrase-file", "passphrase", "--passphrase-file", &weak];
    let assert = user.bare(&[&arguments[..], &CHEAP[..]].concat()).assert().success();
    assert!(!errors(&assert).contains("weak"), "{}", errors(&assert));
}

#[test]
fn vault_forget_leaves_the_file() {
    let user = User::with_entries();
    user.run(&["vault", "forget", "personal"]).success();
    user.run(&["code", "badge"]).success();
    user.run(&["vault", "forget", "nothing"]).code(1);
}

#[test]
fn the_passphrase_comes_from_every_place_that_is_named() {
    let user = User::with_entries();
    let one = |arguments: &[&str]| {
        let mut command = user.bare(&[&["code", "site", "--at", "59"], arguments].concat());
        command.write_stdin(format!("{PASSPHRASE}\n")).assert().success().stdout("94287082\n");
    };
    one(&["--passphrase-fd", "0"]);
    one(&["--passphrase-file", "-"]);
    one(&["--passphrase-command", "cat passphrase"]);
    one(&["--passphrase-file", "passphrase"]);
    user.file("crlf", format!("{PASSPHRASE}\r\n"));
    one(&["--passphrase-file", "crlf"]);
    user.file("bare", PASSPHRASE);
    one(&["--passphrase-file", "bare"]);
    let shell = "exec 7<passphrase; exec \"$0\" list --passphrase-fd 7";
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", shell, env!("CARGO_BIN_EXE_tickey")]).current_dir(user.path(""));
    user.environment(&mut |name, value| {
        command.env(name, value);
    });
    command.assert().success();
}

#[test]
fn a_new_passphrase() {
    let user = User::without_vault();
    let made = user.json(&[&["init"], &CHEAP[..]].concat());
    user.add(&format!("otpauth://totp/Site:octo?secret={RFC}&digits=8"));
    let new = user.file("new", "a different one\n");
    user.run(&[&["passphrase", "--new-passphrase-file", &new], &CHEAP[..]].concat()).success().stdout("");
    user.run(&["list"]).code(5);
    user.bare(&["code", "site", "--at", "59", "--passphrase-file", &new]).assert().success().stdout("94287082\n");
    // Lost: the recovery code sets another one.
    let code = user.file("code", made["recovery_code"].as_str().unwrap());
    let newest = user.file("newest", "the third");
    let recovery = ["passphrase", "--recovery", "--passphrase-file", &code, "--new-passphrase-file", &newest];
    user.bare(&[&recovery[..], &CHEAP[..]].concat()).assert().success();
    user.bare(&["list", "--passphrase-file", &new]).assert().code(5);
    user.bare(&["code", "site", "--at", "59", "--passphrase-file", &newest]).assert().success().stdout("94287082\n");
    user.bare(&[&recovery[..], &CHEAP[..]].concat()).assert().success();
}

#[test]
fn a_backup_is_brought_back() {
    let user = User::with_entries();
    user.run(&["edit", "site", "--issuer", "Forge"]).success();
    let backups = user.json(&["backup", "list"]);
    assert_eq!(fields(&backups[0]), ["number", "file", "replaced", "size"]);
    let count = backups.as_array().unwrap().len();
    assert!(count >= 2, "{backups}");
    assert_eq!(user.output(&["backup"]).lines().count(), count);
    user.run(&["backup", "restore", "1"]).code(2);
    user.run(&["backup", "restore", "99", "--yes"]).code(1);
    user.run(&["backup", "restore", "1", "--yes"]).success();
    assert_eq!(user.output(&["code", "site", "--at", "59"]), "94287082\n");
    user.run(&["code", "forge"]).code(3);
    let history = user.output(&["history", "site"]);
    assert!(history.contains("Forge → Site"), "{history}");
}

#[test]
fn a_backup_takes_the_place_of_a_broken_vault() {
    let user = User::with_entries();
    user.run(&["edit", "site", "--note", "x"]).success();
    let good = std::fs::read(user.vault()).unwrap();
    std::fs::write(user.vault(), &good[..good.len() / 2]).unwrap();
    user.run(&["list"]).code(6);
    user.run(&["backup", "restore", "1", "--yes"]).success();
    assert_eq!(user.output(&["code", "site", "--at", "59"]), "94287082\n");
    assert_eq!(user.output(&["code", "badge"]), "755224\n");
    let aside = std::fs::read_dir(user.vault().parent().unwrap()).unwrap().flatten();
    let aside = aside.filter(|entry| entry.file_name().to_string_lossy().contains("damaged")).count();
    assert_eq!(aside, 1);
    std::fs::remove_file(user.vault()).unwrap();
    user.run(&["backup", "restore", "1", "--yes"]).success();
    assert_eq!(user.output(&["code", "site", "--at", "59"]), "94287082\n");
    // A vault of a newer format is not broken.
    std::fs::write(user.vault(), r#"{"tickey":2,"header":""}"#).unwrap();
    user.run(&["backup", "restore", "1", "--yes"]).code(1);
    assert_eq!(std::fs::read(user.vault()).unwrap(), br#"{"tickey":2,"header":""}"#);
    // A vault that is there and sound is never replaced by another's backup.
    let other = User::with_vault();
    other.run(&["backup", "restore", user.vault().to_str().unwrap(), "--yes"]).code(1);
}

#[test]
fn check_finds_what_is_weak_and_doubled() {
    let user = User::with_entries();
    user.add("otpauth://totp/Short:a?secret=GEZDGNBV");
    user.add(&format!("otpauth://totp/Again:b?secret={RFC}"));
    user.run(&["rm", "badge", "--yes"]).success();
    std::fs::set_permissions(user.vault(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let report = user.json(&["check"]);
    assert_eq!(fields(&report), ["ok", "warnings", "findings"]);
    // The file is sound, as the text says; what to put right is counted.
    assert_eq!(report["ok"], true);
    let warnings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["weight"] == "warning");
    assert_eq!(report["warnings"], warnings.count());
    let what: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["what"].as_str().unwrap()).collect();
    for expected in ["short_secret", "duplicate", "trash", "weak_kdf", "permissions"] {
        assert!(what.contains(&expected), "{expected}: {what:?}");
    }
    let words = user.output(&["check"]);
    assert!(words.contains("Short (a)") && words.contains("40 bits") && !words.contains(RFC), "{words}");
}

#[test]
fn inspect_needs_no_passphrase() {
    let user = User::with_entries();
    let vault = user.vault();
    let vault = vault.to_str().unwrap();
    let assert = user.bare(&["inspect", vault, "--json"]).assert().success();
    let report: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!((&report["format"], &report["epoch"], &report["signature"]), (&json!(1), &json!(1), &json!(true)));
    assert_eq!(report["slots"], json!([{ "m_kib": 19 * 1024, "t": 2, "p": 1 }]));
    assert_eq!(report["vault_id"].as_str().unwrap().len(), 32);
    assert_eq!(report["author"].as_str().unwrap().len(), 64);
    let words = user.bare(&["inspect", vault]).assert().success();
    assert!(String::from_utf8_lossy(&words.get_output().stdout).contains("19 MiB, 2 passes, 1 lane"));
    let list = user.file("list.txt", format!("otpauth://totp/One:a?secret={RFC}\n"));
    let assert = user.bare(&["inspect", &list]).assert().code(1).stdout("");
    assert!(errors(&assert).contains("otpauth") && !errors(&assert).contains(RFC), "{}", errors(&assert));
}

#[test]
fn completions_and_the_manual() {
    let user = User::without_vault();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = user.bare(&["completions", shell]).assert().success();
        assert!(String::from_utf8_lossy(&script.get_output().stdout).contains("inspect"), "{shell}");
    }
    let page = user.bare(&["man"]).assert().success();
    let page = String::from_utf8_lossy(&page.get_output().stdout).into_owned();
    for words in [".TH", "SH KEYS", "EXIT STATUS", "tickey backup restore", "passphrase\\-fd"] {
        assert!(page.contains(words), "{words}");
    }
    user.bare(&["--version"]).assert().success();
    user.bare(&["--help"]).assert().success();
}

#[test]
fn a_shared_vault_that_was_not_made_leaves_no_file_that_nobody_opens() {
    let traced = std::process::Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    if !traced.is_ok_and(|status| status.success()) {
        return;
    }
    let user = User::with_vault();
    for fault in 1..=5 {
        let name = format!("ops{fault}");
        let inject = format!("inject=fsync:error=EIO:when={fault}");
        let mut command = assert_cmd::Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", &inject]);
        command.args([env!("CARGO_BIN_EXE_tickey"), "--passphrase-file", "passphrase", "vault", "create", &name]);
        command.current_dir(user.path(""));
        user.environment(&mut |name, value| {
            command.env(name, value);
        });
        if !command.output().unwrap().status.success() {
            user.run(&["vault", "create", &name]).success();
        }
        user.run(&["list", "--vault", &name]).success();
    }
}

#[test]
fn an_address_that_this_machine_forgot_is_told_from_the_link() {
    let user = User::with_vault();
    user.run(&["vault", "create", "ops"]).success();
    let remote = format!("folder:{}", user.path("team.json").display());
    user.run(&["--vault", "ops", "remote", "set", &remote]).success();
    user.run(&["sync"]).success();
    std::fs::remove_dir_all(user.path("state")).unwrap();
    let said = user.run(&["sync"]).code(1);
    let said = String::from_utf8(said.get_output().stderr.clone()).unwrap();
    assert!(said.contains(&format!("tickey --vault ops remote set {remote}")), "{said}");
    user.run(&["--vault", "ops", "remote", "set", &remote]).success();
    user.run(&["sync"]).success();
}
