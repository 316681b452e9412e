//! Other programs' files in and out.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::{RFC, User, errors, fields};

fn list() -> String {
    format!(
        "otpauth://totp/One:a?secret={RFC}\n\notpauth://totp/Two:b?secret=JBSWY3DPEHPK3PXP&period=0\n\
         otpauth://hotp/Three:c?secret=JBSWY3DPEHPK3PXP&counter=7\n"
    )
}

#[test]
fn a_list_comes_in_and_one_bad_line_stops_nothing() {
    let user = User::with_vault();
    let file = user.file("list.txt", list());
    let report = user.json(&["import", &file]);
    assert_eq!(fields(&report), ["format", "added", "updated", "skipped", "failed", "entries"]);
    assert_eq!((&report["format"], &report["added"], &report["updated"]), (&json!("uri"), &json!(2), &json!(0)));
    assert_eq!(report["failed"][0]["place"], "line 3");
    let entries = report["entries"].as_array().unwrap();
    assert_eq!(
        fields(&entries[0]),
        ["kind", "issuer", "account", "algorithm", "digits", "period", "counter", "tags", "note"]
    );
    assert_eq!(user.json(&["list"]).as_array().unwrap().len(), 2);
    assert_eq!(user.json(&["list", "three"])[0]["counter"], 7);
}

#[test]
fn a_table_is_read_by_what_its_columns_are_said_to_hold() {
    let user = User::with_vault();
    let file = user.file("table.csv", format!("Wer;Konto;Schluessel\nBank;ida;{RFC}\nPost;;JBSWY3DPEHPK3PXP\n"));
    assert!(errors(&user.run(&["import", &file]).code(1)).contains("--columns issuer="));
    let report = user.json(&["import", &file, "--columns", "issuer=wer,account=2,secret=Schluessel"]);
    assert_eq!((&report["format"], &report["added"]), (&json!("csv"), &json!(2)));
    assert_eq!(report["entries"][0]["account"], "ida");
    let wrong = user.run(&["import", &file, "--columns", "secret=Name"]).code(2);
    assert!(errors(&wrong).contains("it has: Wer, Konto, Schluessel"));
    user.run(&["import", &file, "--columns", "secret=3", "--format", "aegis"]).code(2);
}

#[test]
fn a_plain_file_is_to_be_deleted() {
    let user = User::with_vault();
    let file = user.file("list.txt", list());
    assert!(!errors(&user.run(&["import", &file, "--dry-run"]).success()).contains("delete it"));
    // One of its lines was refused.
    let said = errors(&user.run(&["import", &file]).success());
    assert!(said.contains("what was refused may be nowhere else") && !said.contains("delete it"), "{said}");
    let whole = user.file("whole.txt", format!("otpauth://totp/Whole:a?secret={RFC}\n"));
    let said = errors(&user.run(&["import", &whole]).success());
    assert!(said.contains("whole.txt holds its secrets in plain text; delete it"), "{said}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let user = User::with_vault();
    let file = user.file("list.txt", list());
    let before = std::fs::read(user.vault()).unwrap();
    let report = user.json(&["import", &file, "--dry-run", "--show-secrets"]);
    assert_eq!((&report["added"], &report["entries"][0]["secret"]), (&json!(2), &json!(RFC)));
    let report = user.json(&["import", &file, "--dry-run"]);
    assert!(report["entries"][0].get("secret").is_none());
    let words = user.output(&["import", &file, "--dry-run"]);
    assert!(words.contains("add") && words.contains("One") && !words.contains(RFC), "{words}");
    assert_eq!(std::fs::read(user.vault()).unwrap(), before);
}

#[test]
fn duplicates_are_skipped_replaced_or_kept() {
    let user = User::with_vault();
    let file = user.file("list.txt", list().replace("period=0", "period=60"));
    user.run(&["import", &file]).success();
    let report = user.json(&["import", &file]);
    assert_eq!((&report["added"], report["skipped"].as_array().unwrap().len()), (&json!(0), 3));
    assert_eq!(fields(&report["skipped"][0]), ["issuer", "account", "reason"]);
    assert_eq!(user.json(&["list"]).as_array().unwrap().len(), 3);
    let report = user.json(&["import", &file, "--on-duplicate", "replace"]);
    assert_eq!((&report["added"], user.json(&["list"]).as_array().unwrap().len()), (&json!(0), 3));
    let report = user.json(&["import", &file, "--on-duplicate", "keep"]);
    assert_eq!((&report["added"], user.json(&["list"]).as_array().unwrap().len()), (&json!(3), 6));
}

#[test]
fn an_import_that_brings_nothing_is_1() {
    let user = User::with_vault();
    let bad = user.file("bad.txt", "otpauth://totp/x?secret=0189\n");
    user.run(&["import", &bad]).code(1);
    let assert = user.run(&["import", &user.file("unknown", "nothing that is known")]).code(1).stdout("");
    assert!(errors(&assert).contains("tickey formats"), "{}", errors(&assert));
    user.run(&["import", &user.file("empty", "")]).code(1).stdout("");
    user.run(&["import", "nowhere"]).code(1).stdout("");
    user.run(&["import", "data"]).code(1).stdout("");
    // Of two files one may be bad.
    let good = user.file("list.txt", list());
    let report = user.json(&["import", &good, "nowhere"]);
    assert_eq!((&report["added"], report["failed"].as_array().unwrap().len()), (&json!(2), 2));
}

#[test]
fn a_file_comes_from_standard_input() {
    let user = User::with_vault();
    user.command(&["import", "-"]).write_stdin(list()).assert().success();
    assert_eq!(user.output(&["code", "one", "--at", "59"]), "287082\n");
    user.bare(&["import", "-", "--passphrase-fd", "0"]).write_stdin(list()).assert().code(2);
}

#[test]
fn a_pipe_is_read_and_one_without_a_writer_is_empty() {
    let user = User::with_vault();
    let line = "mkfifo pipe && \"$0\" import pipe --passphrase-file passphrase; echo $?; \
                bash -c '\"$0\" import <(cat list) --passphrase-file <(cat passphrase)' \"$0\"";
    user.file("list", list().replace("period=0", "period=60"));
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_tickey")]).current_dir(user.path(""));
    user.environment(&mut |name, value| {
        command.env(name, value);
    });
    command.timeout(std::time::Duration::from_secs(20)).assert().success().stdout("1\n");
    assert_eq!(user.json(&["list"]).as_array().unwrap().len(), 3);
}

#[test]
fn what_is_written_can_be_read_again() {
    let user = User::with_entries();
    let before = user.json(&["list"]);
    let password = user.file("password", "another one\n");
    for (arguments, file) in [
        (&["--format", "aegis", "--encrypt", "--password-file", &password][..], "encrypted.json"),
        (&["--format", "aegis", "--plaintext"], "plain.json"),
        (&["--format", "uri", "--plaintext"], "list.txt"),
    ] {
        user.run(&[&["export", "-o", file], arguments].concat()).success().stdout("");
        let mode = std::fs::metadata(user.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
        let bytes = std::fs::read(user.path(file)).unwrap();
        let plain = String::from_utf8_lossy(&bytes).contains(RFC);
        assert_eq!(plain, file != "encrypted.json", "{file}");
        // Never over anything.
        user.run(&[&["export", "-o", file], arguments].concat()).code(1);
        assert_eq!(std::fs::read(user.path(file)).unwrap(), bytes);

        let other = User::with_vault();
        let from = user.path(file);
        let mut import = vec!["import", from.to_str().unwrap()];
        if file == "encrypted.json" {
            let assert = other.run(&import).code(2);
            assert!(errors(&assert).contains("--password-file"));
            let wrong = other.file("wrong", "not it");
            let assert = other.run(&[&import[..], &["--password-file", &wrong]].concat()).code(1).stdout("");
            assert!(errors(&assert).contains("wrong password"), "{}", errors(&assert));
            import.extend(["--password-file", &password]);
        }
        other.run(&import).success();
        let after = other.json(&["list"]);
        for (a, b) in before.as_array().unwrap().iter().zip(after.as_array().unwrap()) {
            for field in ["kind", "issuer", "account", "algorithm", "digits", "period", "counter"] {
                assert_eq!(a[field], b[field], "{file}: {field}");
            }
        }
        assert_eq!(other.output(&["code", "site", "--at", "59"]), "94287082\n");
    }
    let plain = user.output(&["export", "--format", "uri", "--plaintext"]);
    assert_eq!(plain.lines().count(), 2);
}

#[test]
fn what_is_lost_is_said() {
    let user = User::with_entries();
    user.run(&["edit", "site", "--note", "remember", "--tag", "Work"]).success();
    let assert = user.run(&["export", "--format", "uri", "--plaintext", "-o", "list.txt"]).success();
    let words = errors(&assert);
    assert!(words.contains("Site: not in the file") && words.contains("delete it"), "{words}");
    let report = user.json(&["export", "--format", "uri", "--plaintext", "-o", "other.txt"]);
    assert_eq!(fields(&report), ["format", "file", "files", "entries", "encrypted", "lost"]);
    assert_eq!((&report["entries"], &report["lost"][0]["issuer"]), (&json!(2), &json!("Site")));
}

#[test]
fn formats_are_listed() {
    let user = User::without_vault();
    let formats = user.json(&["formats"]);
    let ids: Vec<&str> = formats.as_array().unwrap().iter().map(|format| format["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"aegis") && ids.contains(&"uri"), "{ids:?}");
    assert!(user.output(&["formats"]).contains("Aegis"));
}

#[test]
fn what_is_left_out_of_an_export_is_not_counted() {
    let user = User::with_vault();
    user.add(&format!("otpauth://totp/Site:ida?secret={RFC}"));
    user.add("steam://GEZDGNBVGY3TQOJQ");
    let report = user.json(&["export", "--format", "google", "--plaintext", "-o", "g.txt"]);
    assert_eq!((&report["entries"], report["lost"].as_array().unwrap().len()), (&json!(1), 1));
}
