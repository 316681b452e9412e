//! Copies from before a passphrase change: which an earlier passphrase opens, and that they go when a person says so.

use std::path::PathBuf;

use crate::{PASSPHRASE, User, errors};

const NEW: &str = "quite another horse";

/// A user whose passphrase was changed after some saves, with entries on both sides of the change.
fn after_a_change() -> User {
    let user = User::with_entries();
    let new = user.file("new", NEW);
    let said = user.run(&["passphrase", "--new-passphrase-file", &new, "--kdf-memory", "19", "--kdf-passes", "2"]);
    let said = errors(&said.success());
    assert!(said.contains("tickey backup forget"), "{said}");
    std::fs::write(user.path("passphrase"), NEW).unwrap();
    user.run(&["edit", "site", "--note", "after the change"]).success();
    user
}

fn backups(user: &User) -> Vec<PathBuf> {
    let list = user.json(&["backup", "list"]);
    list.as_array().unwrap().iter().map(|row| PathBuf::from(row["file"].as_str().unwrap())).collect()
}

/// Whether that passphrase opens that file.
fn opens(user: &User, file: &std::path::Path, passphrase: &str) -> bool {
    let copy = user.path("copy.json");
    std::fs::copy(file, &copy).unwrap();
    let given = user.file("given", passphrase);
    user.bare(&["--vault", copy.to_str().unwrap(), "list", "--passphrase-file", &given])
        .assert()
        .get_output()
        .status
        .success()
}

#[test]
fn what_an_earlier_passphrase_opens_is_forgotten() {
    let user = after_a_change();
    let data = user.vault().parent().unwrap().to_owned();
    let state = user.path("state/tickey");
    let all = backups(&user);
    let earlier: Vec<&PathBuf> = all.iter().filter(|file| opens(&user, file, PASSPHRASE)).collect();
    assert!(earlier.len() >= 2 && earlier.len() < all.len(), "{earlier:?} of {all:?}");
    let old = std::fs::read(earlier[0]).unwrap();
    // Everywhere the program keeps copies: what it set aside, a viewer's copy, a damaged file that a backup replaced, and what a killed program left.
    let inspect = user.json(&["inspect", user.vault().to_str().unwrap()]);
    let id = inspect["vault_id"].as_str().unwrap();
    let planted = [
        data.join("aside/personal-0123456789abcdef.json"),
        state.join(format!("{id}.signed.json")),
        data.join("personal.damaged-1764000000"),
        data.join(".personal.json.0123456789abcdef.new"),
        data.join("backups/.personal-20260101T000000.000Z.json.0123456789abcdef.new"),
        data.join(".personal.json.0123456789abcdef.tmp"),
    ];
    for file in &planted {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, &old).unwrap();
    }
    // None of the program's business: a person's own copy. Cannot be judged: half a file.
    let own = data.join("before-the-holidays.json");
    std::fs::write(&own, &old).unwrap();
    let half = data.join("personal.damaged-1764000001");
    std::fs::write(&half, &old[..old.len() / 2]).unwrap();

    // Nothing goes unasked, and nothing where there is nobody to ask.
    user.run(&["backup", "forget"]).code(2);
    assert_eq!(backups(&user), all);
    let report = user.json(&["backup", "forget", "--yes"]);
    // A dead save's file is no copy that is counted: the next save removes it in any case.
    assert_eq!(report["removed"], earlier.len() + planted.len() - 1);
    assert_eq!(report["unknown"], serde_json::json!([half.to_str().unwrap()]));
    for file in planted.iter().chain(earlier) {
        assert!(!file.exists(), "{file:?}");
    }
    assert!(own.exists() && half.exists());
    let left = backups(&user);
    assert!(!left.is_empty() && left.iter().all(|file| opens(&user, file, NEW)), "{left:?}");
    assert!(user.output(&["show", "site"]).contains("after the change"));
    // Again: there is nothing left to remove.
    assert_eq!(user.json(&["backup", "forget", "--yes"])["removed"], 0);
}

#[test]
fn what_opens_now_and_what_is_newer_is_kept() {
    let user = after_a_change();
    let newest = std::fs::read(user.vault()).unwrap();
    user.run(&["backup", "forget", "--yes"]).success();
    let kept = backups(&user);
    // Somebody brings an old version back by hand: what is newer then is not from before its passphrase.
    let old = User::with_vault();
    let theirs = old.vault().parent().unwrap().join("backups/personal-20260101T000000.000Z.json");
    std::fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    std::fs::write(&theirs, &newest).unwrap();
    assert_eq!(old.json(&["backup", "forget", "--yes"])["removed"], 0, "another vault's");
    assert!(theirs.exists());
    assert_eq!(user.json(&["backup", "forget", "--yes"])["removed"], 0);
    assert_eq!(backups(&user), kept);
    // A wrong passphrase removes nothing: today's file must open first.
    let wrong = user.file("wrong", PASSPHRASE);
    user.bare(&["backup", "forget", "--yes", "--passphrase-file", &wrong]).assert().code(5);
    assert_eq!(backups(&user), kept);
}

#[test]
fn a_rolled_back_file_takes_no_newer_backup_with_it() {
    let user = User::with_entries();
    let old = std::fs::read(user.vault()).unwrap();
    let new = user.file("new", NEW);
    user.run(&["passphrase", "--new-passphrase-file", &new, "--kdf-memory", "19", "--kdf-passes", "2"]).success();
    let given = user.path("new");
    let given = given.to_str().unwrap();
    user.bare(&["edit", "site", "--note", "new", "--passphrase-file", given]).assert().success();
    let all = backups_with(&user, given);
    std::fs::write(user.vault(), old).unwrap();
    let newer = all.iter().filter(|file| opens(&user, file, NEW)).count();
    assert!(newer > 0);
    let report = user.json(&["backup", "forget", "--yes"]);
    assert_eq!((&report["removed"], report["unknown"].as_array().unwrap().len()), (&serde_json::json!(0), newer));
    assert!(all.iter().all(|file| file.exists()));
}

fn backups_with(user: &User, given: &str) -> Vec<PathBuf> {
    let assert = user.bare(&["backup", "list", "--json", "--passphrase-file", given]).assert().success();
    let list: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    list.as_array().unwrap().iter().map(|row| PathBuf::from(row["file"].as_str().unwrap())).collect()
}
