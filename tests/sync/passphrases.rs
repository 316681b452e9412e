//! A new passphrase on one machine, and changes under the old one on another: nothing is lost, whichever syncs first.

use std::process::{Command, Output};

use crate::story::{Desk, RFC};

const COST: [&str; 6] = ["--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"];

/// Maya's two machines, and where her personal vault lies for both.
fn machines() -> (tempfile::TempDir, Desk, Desk) {
    let share = tempfile::tempdir().unwrap();
    let url = format!("folder:{}", share.path().join("maya.json").display());
    let desk = Desk::new("maya", &[]);
    add(&desk, "Bank");
    desk.ok(&["--vault", "personal", "remote", "set", &url]);
    let laptop = Desk::bare("maya", &[]);
    laptop.ok(&["join", &url]);
    laptop.sync();
    (share, desk, laptop)
}

fn add(desk: &Desk, issuer: &str) {
    desk.add_to("personal", &format!("otpauth://totp/{issuer}:maya?secret={RFC}"));
}

fn set_passphrase(desk: &Desk, words: &str) {
    std::fs::write(desk.path("next"), words).unwrap();
    let next = desk.path("next");
    desk.ok(&[&["passphrase", "--new-passphrase-file", next.to_str().unwrap()], &COST[..]].concat());
    std::fs::write(desk.path("passphrase"), words).unwrap();
}

fn sync_with(desk: &Desk, words: &str) -> Output {
    std::fs::write(desk.path("new"), words).unwrap();
    let new = desk.path("new");
    desk.give(&["sync", "--new-passphrase-file", new.to_str().unwrap()], "")
}

fn issuers(desk: &Desk) -> Vec<String> {
    let list = desk.json(&["list"]);
    let mut names: Vec<String> =
        list.as_array().unwrap().iter().map(|row| row["issuer"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn fits(desk: &Desk, words: &str) -> bool {
    std::fs::write(desk.path("passphrase"), words).unwrap();
    desk.give(&["list"], "").status.success()
}

#[test]
fn whichever_syncs_first_both_end_with_everything_and_the_new_passphrase() {
    for old_first in [false, true] {
        let (share, desk, laptop) = machines();
        set_passphrase(&desk, "the new words");
        add(&desk, "From the desk");
        add(&laptop, "From the laptop");
        if old_first {
            laptop.sync();
            // What the old key signed after the change is no copy to believe; it is kept aside.
            let output = desk.give(&["sync"], "");
            assert!(output.status.success());
            assert!(String::from_utf8_lossy(&output.stderr).contains("quarantined as"), "{output:?}");
        } else {
            desk.sync();
        }
        let files =
            || (std::fs::read(laptop.vaults().join("personal.json")), std::fs::read(share.path().join("maya.json")));
        let before = files();
        let said = laptop.exits(&["sync"], 5);
        assert!(said.contains("--new-passphrase-file"), "{said}");
        let wrong = sync_with(&laptop, "not these words");
        assert_eq!(wrong.status.code(), Some(5), "{wrong:?}");
        assert!(String::from_utf8_lossy(&wrong.stderr).contains("nothing was changed"), "{wrong:?}");
        assert_eq!((before.0.unwrap(), before.1.unwrap()), (files().0.unwrap(), files().1.unwrap()));
        let output = sync_with(&laptop, "the new words");
        assert!(output.status.success(), "{output:?}");
        assert!(!fits(&laptop, "correct horse"));
        assert!(fits(&laptop, "the new words"));
        desk.sync();
        for machine in [&desk, &laptop] {
            assert_eq!(issuers(machine), ["Bank", "From the desk", "From the laptop"], "{old_first}");
            machine.ok(&["check"]);
            assert_eq!(machine.sync()["sent"], 0);
        }
    }
}

#[test]
fn two_new_passphrases_at_once_end_in_the_one_that_lies_at_the_remote() {
    let (_share, desk, laptop) = machines();
    set_passphrase(&desk, "words of the desk");
    desk.sync();
    set_passphrase(&laptop, "words of the laptop");
    add(&laptop, "From the laptop");
    laptop.ok(&["rm", "Bank", "--yes", "--for-good"]);
    laptop.exits(&["sync"], 5);
    let output = sync_with(&laptop, "words of the desk");
    assert!(output.status.success(), "{output:?}");
    assert!(!fits(&laptop, "words of the laptop"));
    assert!(fits(&laptop, "words of the desk"));
    desk.sync();
    for machine in [&desk, &laptop] {
        assert_eq!(issuers(machine), ["From the laptop"], "what was deleted for good stays away");
    }
}

#[test]
fn a_kill_in_between_leaves_one_of_the_two_passphrases_and_all_entries() {
    let (_share, desk, laptop) = machines();
    let mut words = String::from("correct horse");
    for (n, at) in [4, 8, 12, 16, 20, 24, 28, 34, 42].into_iter().enumerate() {
        let new = format!("words number {n}");
        set_passphrase(&desk, &new);
        desk.sync();
        add(&laptop, &format!("Laptop {n}"));
        std::fs::write(laptop.path("new"), &new).unwrap();
        let mut command = Command::new("timeout");
        command.args([
            "-s",
            "KILL",
            &format!("0.{at:02}"),
            env!("CARGO_BIN_EXE_tickey"),
            "sync",
            "--new-passphrase-file",
        ]);
        command.arg(laptop.path("new")).arg("--passphrase-file").arg(laptop.path("passphrase"));
        for (name, folder) in [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state")] {
            command.env(name, laptop.path(folder));
        }
        command.output().unwrap();
        if fits(&laptop, &words) {
            assert_eq!(issuers(&laptop).len(), n + 2);
            let output = sync_with(&laptop, &new);
            assert!(output.status.success(), "killed after 0.{at:02} s: {output:?}");
        }
        assert!(fits(&laptop, &new), "killed after 0.{at:02} s");
        laptop.sync();
        desk.sync();
        assert_eq!(issuers(&desk), issuers(&laptop));
        assert_eq!(issuers(&desk).len(), n + 2);
        words = new;
    }
}

#[test]
fn new_keys_to_shared_vaults_come_along() {
    let (share, desk, laptop) = machines();
    let url = format!("folder:{}", share.path().join("ops.json").display());
    desk.ok(&["vault", "create", "ops"]);
    desk.ops(&["remote", "set", &url]);
    desk.add(&format!("otpauth://totp/Registrar:admin?secret={RFC}"));
    desk.sync();
    laptop.sync();
    laptop.sync();
    // Both change the team's vault; the desk has another passphrase and another key to it meanwhile.
    laptop.add(&format!("otpauth://totp/Cloud:root?secret={RFC}"));
    std::fs::write(desk.path("next"), "the new words").unwrap();
    let next = desk.path("next");
    desk.ok(&[&["passphrase", "--rekey-links", "--new-passphrase-file", next.to_str().unwrap()], &COST[..]].concat());
    std::fs::write(desk.path("passphrase"), "the new words").unwrap();
    laptop.exits(&["sync"], 5);
    assert_eq!(laptop.issuers(), ["Cloud", "Registrar"]);
    let output = sync_with(&laptop, "the new words");
    assert!(output.status.success(), "{output:?}");
    assert!(fits(&laptop, "the new words"));
    assert_eq!(laptop.issuers(), ["Cloud", "Registrar"]);
    desk.sync();
    assert_eq!(desk.issuers(), ["Cloud", "Registrar"]);
}
