//! What must never be seen, and what a terminal must never be sent.

use std::process::{Command, Stdio};

use crate::{PASSPHRASE, RFC, User, errors};

#[test]
fn a_link_among_the_arguments_is_refused_and_not_repeated() {
    let user = User::with_vault();
    let link = format!("otpauth://totp/x?secret={RFC}");
    let attached = format!("--secret={RFC}");
    for arguments in [
        &["add", &link][..],
        &[&link],
        &["add", "--note", &link],
        &["import", &link],
        &["add", RFC],
        &["edit", "site", "--secret-stdin", RFC],
        &["add", "--issuer", "x", &attached],
        &["add", "--issuer", "x", "--secret", RFC],
    ] {
        let assert = user.run(arguments).code(2).stdout("");
        assert!(!errors(&assert).contains(RFC), "{}", errors(&assert));
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let user = User::with_entries();
    for command in ["list --json", "list", "formats", "man", "completions bash", "history", "check --json"] {
        let shell = format!("{{ \"$0\" {command} --passphrase-file passphrase; echo $? >code; }} | true");
        let mut run = Command::new("sh");
        run.args(["-c", &shell, env!("CARGO_BIN_EXE_tickey")]).current_dir(user.path("")).stderr(Stdio::piped());
        user.environment(&mut |name, value| {
            run.env(name, value);
        });
        let output = run.output().unwrap();
        assert_eq!(std::fs::read_to_string(user.path("code")).unwrap(), "0\n", "{command}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("error"), "{command}");
    }
    let mut full = user.bare(&["formats"]);
    full.args(["--color", "never"]);
    let shell = "\"$0\" formats >/dev/full";
    let output = Command::new("sh").args(["-c", shell, env!("CARGO_BIN_EXE_tickey")]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_cannot_be_said_makes_no_panic() {
    let user = User::with_entries();
    for (line, code) in [
        ("\"$0\" list --passphrase-file passphrase 2>/dev/full >&2", 0),
        ("\"$0\" code xyzzy --passphrase-file passphrase 2>/dev/full", 3),
        ("\"$0\" nonsense 2>/dev/full", 2),
        ("\"$0\" list --passphrase-file passphrase >/dev/full", 1),
        ("\"$0\" --help >/dev/full", 0),
        ("\"$0\" code site --passphrase-file passphrase <&- 2>&- >out", 0),
    ] {
        let mut run = Command::new("sh");
        run.args(["-c", line, env!("CARGO_BIN_EXE_tickey")]).current_dir(user.path(""));
        user.environment(&mut |name, value| {
            run.env(name, value);
        });
        let output = run.output().unwrap();
        let status = output.status.code();
        assert!(status == Some(code) || (line.starts_with("\"$0\" list") && status == Some(1)), "{line}: {status:?}");
    }
}

#[test]
fn a_copy_needs_a_place_to_go() {
    let user = User::with_entries();
    let assert = user.run(&["code", "site", "--copy"]).code(1).stdout("");
    assert!(errors(&assert).contains("nothing was copied"), "{}", errors(&assert));
}

#[test]
fn labels_act_on_no_terminal() {
    let user = User::with_vault();
    // ESC, BEL, C1, a bidirectional override, a zero-width blank, a newline.
    let label = "A%1B%5B31m%07B%C2%9BC%E2%80%AED%E2%80%8BE%0AF";
    user.add(&format!("otpauth://totp/{label}:x%1By?secret={RFC}&issuer={label}"));
    let acts = |text: &str| {
        text.chars().any(|c| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'))
    };
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["show", "x"],
        &["show", "x", "--json"],
        &["history"],
        &["history", "--json"],
        &["check"],
        &["check", "--json"],
        &["code", "x", "--json"],
    ] {
        let assert = user.run(arguments).success();
        let out = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        assert!(!acts(&out), "{arguments:?}: {out:?}");
        assert!(!acts(&errors(&assert)), "{arguments:?}: {:?}", errors(&assert));
    }
    assert_eq!(user.output(&["list"]).lines().count(), 1);
    let issuer = user.json(&["list"])[0]["issuer"].as_str().unwrap().to_owned();
    assert!(issuer.contains('\u{1b}') && issuer.contains('\n'), "kept as it came: {issuer:?}");
    let assert = user.run(&["rm", "x", "--yes"]).success();
    assert!(!acts(&errors(&assert)));
    let assert = user.run(&["list", "a\u{1b}[31m\u{202e}"]).code(3);
    assert!(!acts(&errors(&assert)), "{:?}", errors(&assert));
    let assert = user.run(&["--a\u{1b}[31m\u{202e}"]).code(2);
    assert!(errors(&assert).starts_with("tickey: error: ") && !acts(&errors(&assert)), "{:?}", errors(&assert));
}

#[test]
fn nothing_secret_is_said_in_words() {
    let user = User::with_entries();
    user.command(&["edit", "site", "--recovery-codes-stdin"]).write_stdin("recover-me-1\n").assert().success();
    for arguments in
        [&["list"][..], &["show", "site"], &["history"], &["check"], &["backup"], &["rm", "badge", "--yes"]]
    {
        let assert = user.run(arguments).success();
        let all = format!("{}{}", String::from_utf8_lossy(&assert.get_output().stdout), errors(&assert));
        for secret in [RFC, PASSPHRASE, "recover-me", "94287082"] {
            assert!(!all.contains(secret), "{arguments:?}: {all}");
        }
    }
    for entry in walk(&user.path("")) {
        if entry.ends_with("passphrase") {
            continue;
        }
        let bytes = std::fs::read(&entry).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in [RFC, PASSPHRASE, "recover-me", "Site", "octo"] {
            assert!(!text.contains(secret), "{} in {}", secret, entry.display());
        }
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn colours_are_asked_for() {
    let user = User::without_vault();
    let plain = user.bare(&["list"]).assert().code(1);
    assert!(!errors(&plain).contains('\u{1b}'));
    let colored = user.bare(&["list", "--color", "always"]).assert().code(1);
    assert!(errors(&colored).contains("\u{1b}[1;31merror:"), "{:?}", errors(&colored));
}
