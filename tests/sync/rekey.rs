//! A new passphrase, and new keys to shared vaults with it: by the program, killed at any moment, on two machines.

use std::process::{Command, Output};

use tickey::runtime::clock::Os;
use tickey::store::remote::{Guarantees, Read, Remote, RemoteError, Tag, Written};
use tickey::vault::rekey::LinkKeys;
use tickey::vault::roster::Role;
use tickey::vault::seal::MemberKey;
use tickey::vault::{Clock, Edit, Stamp};

use crate::machine::{HOUR, Machine};
use crate::storage::{Client, Storage};
use crate::story::{Desk, RFC};

const COST: [&str; 6] = ["--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"];

/// Maya (owner), Bob (editor) and Vera (viewer) share ops; Maya's personal vault lies beside it.
struct Team {
    share: tempfile::TempDir,
    maya: Desk,
    bob: Desk,
    vera: Desk,
}

fn team() -> Team {
    let share = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("folder:{}", share.path().join(name).display());
    let (maya, bob, vera) = (Desk::new("maya", &[]), Desk::new("bob", &[]), Desk::new("vera", &[]));
    maya.ok(&["vault", "create", "ops"]);
    maya.ops(&["remote", "set", &url("ops.json")]);
    maya.add(&format!("otpauth://totp/Registrar:admin?secret={RFC}"));
    for (desk, role) in [(&bob, "editor"), (&vera, "viewer")] {
        let code = maya.invite(desk.user(), role);
        desk.join(&url("ops.json"), &code, false);
        maya.sync();
        desk.sync();
    }
    maya.ok(&["--vault", "personal", "remote", "set", &url("maya.json")]);
    Team { share, maya, bob, vera }
}

/// A copy of all that a machine has: what a thief who knows the passphrase works with.
fn stolen(desk: &Desk) -> Desk {
    let thief = Desk::bare(desk.user(), &[]);
    let copied = Command::new("cp")
        .arg("-a")
        .args([desk.path("data"), desk.path("state"), desk.path("passphrase")])
        .arg(thief.path(""))
        .status();
    assert!(copied.unwrap().success());
    thief
}

fn new_passphrase(desk: &Desk, words: &str, more: &[&str]) -> Output {
    std::fs::write(desk.path("new"), words).unwrap();
    let new = desk.path("new");
    let arguments = [&["passphrase", "--new-passphrase-file", new.to_str().unwrap()], more, &COST].concat();
    let output = desk.give(&arguments, "");
    if output.status.success() {
        std::fs::write(desk.path("passphrase"), words).unwrap();
    }
    output
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The fingerprint of a member's keys, as that machine sees it.
fn fingerprint(desk: &Desk, name: &str) -> String {
    let list = desk.ops_json(&["member", "list"]);
    let row = list.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    row["fingerprint"].as_str().unwrap().to_owned()
}

fn rekeyed(desk: &Desk, words_new: &str) -> String {
    let output = new_passphrase(desk, words_new, &["--rekey-links"]);
    assert!(output.status.success(), "{}", words(&output));
    words(&output)
}

#[test]
fn each_role_gets_a_new_key_and_the_old_one_ends() {
    let team = team();
    for (desk, role) in [(&team.vera, "viewer"), (&team.bob, "editor"), (&team.maya, "owner")] {
        let thief = stolen(desk);
        let before = fingerprint(&team.maya, desk.user());
        let said = rekeyed(desk, &format!("new words of the {role}"));
        let expected = if role == "owner" { "you have a new key to ops" } else { "owners of ops were asked" };
        assert!(said.contains(expected), "{said}");
        team.maya.sync();
        for desk in [&team.bob, &team.vera, &team.maya] {
            desk.sync();
            assert_eq!(desk.members(), ["maya owner", "recovery owner", "bob editor", "vera viewer"]);
        }
        assert_ne!(fingerprint(&team.maya, desk.user()), before);
        // With the old passphrase and the old copy, nothing of today opens, and what is written so is set aside.
        if role != "viewer" {
            // Before a sync tells this program that its changes reach nobody.
            thief.add(&format!("otpauth://totp/Stolen:x?secret={RFC}"));
        }
        thief.exits(&["--vault", "ops", "sync"], 5);
        if role != "viewer" {
            let file = team.share.path().join("ops.json");
            let good = std::fs::read(&file).unwrap();
            std::fs::copy(thief.vaults().join("ops.json"), &file).unwrap();
            let output = team.bob.give(&["sync"], "");
            assert!(output.status.success() && words(&output).contains("quarantined as"), "{}", words(&output));
            assert_ne!(std::fs::read(&file).unwrap(), good);
            team.maya.sync();
            assert_eq!(team.maya.issuers(), ["Registrar"]);
        }
    }
    team.bob.add(&format!("otpauth://totp/Cloud:root?secret={RFC}"));
    team.bob.sync();
    team.vera.sync();
    assert_eq!(team.vera.issuers(), ["Cloud", "Registrar"]);
}

#[test]
fn without_being_asked_for_the_keys_stay() {
    let team = team();
    let before = fingerprint(&team.maya, "bob");
    let output = new_passphrase(&team.bob, "other words", &[]);
    assert!(output.status.success() && words(&output).contains("--rekey-links"), "{}", words(&output));
    team.bob.sync();
    team.maya.sync();
    assert_eq!(fingerprint(&team.maya, "bob"), before);
}

#[test]
fn offline_it_waits_and_goes_with_the_next_sync() {
    let team = team();
    let away = team.share.path().with_extension("away");
    let before = fingerprint(&team.maya, "bob");
    std::fs::rename(team.share.path(), &away).unwrap();
    let output = new_passphrase(&team.bob, "new words", &["--rekey-links"]);
    assert_eq!(output.status.code(), Some(7));
    std::fs::write(team.bob.path("passphrase"), "new words").unwrap();
    let said = words(&output);
    assert!(said.contains("waits for the next sync") && said.contains("not yet at the remote"), "{said}");
    assert_eq!(team.bob.issuers(), ["Registrar"]);
    team.bob.add(&format!("otpauth://totp/Cloud:root?secret={RFC}"));
    std::fs::rename(&away, team.share.path()).unwrap();
    team.bob.sync();
    team.maya.sync();
    assert_eq!(team.maya.issuers(), ["Cloud", "Registrar"]);
    assert_ne!(fingerprint(&team.maya, "bob"), before);
}

#[test]
fn a_kill_at_any_moment_loses_no_access() {
    let team = team();
    let mut n = 0_u32;
    for role in [&team.bob, &team.vera, &team.maya] {
        for at in [3, 8, 12, 16, 20, 24, 30, 40] {
            n += 1;
            let before = std::fs::read_to_string(role.path("passphrase")).unwrap();
            let after = format!("words number {n}");
            std::fs::write(role.path("new"), &after).unwrap();
            let mut command = Command::new("timeout");
            command.args([
                "-s",
                "KILL",
                &format!("0.{at:02}"),
                env!("CARGO_BIN_EXE_tickey"),
                "passphrase",
                "--rekey-links",
            ]);
            command.args(COST).arg("--passphrase-file").arg(role.path("passphrase"));
            command.arg("--new-passphrase-file").arg(role.path("new"));
            for (name, folder) in [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state")] {
                command.env(name, role.path(folder));
            }
            command.output().unwrap();
            std::fs::write(role.path("passphrase"), &after).unwrap();
            if role.give(&["list"], "").status.code() == Some(5) {
                std::fs::write(role.path("passphrase"), &before).unwrap();
            }
            assert_eq!(role.issuers(), ["Registrar"], "killed after 0.{at:02} s");
            role.sync();
            if n.is_multiple_of(2) {
                team.maya.sync();
            }
        }
    }
    for desk in [&team.maya, &team.bob, &team.vera] {
        desk.sync();
        assert_eq!(desk.members(), ["maya owner", "recovery owner", "bob editor", "vera viewer"]);
    }
}

#[test]
fn a_vault_without_a_remote_gets_its_key_at_once() {
    let desk = Desk::new("maya", &[]);
    desk.ok(&["vault", "create", "ops"]);
    desk.add(&format!("otpauth://totp/Registrar:admin?secret={RFC}"));
    let thief = stolen(&desk);
    assert!(rekeyed(&desk, "new words").contains("you have a new key to ops"));
    assert_eq!(desk.issuers(), ["Registrar"]);
    std::fs::copy(desk.vaults().join("ops.json"), thief.vaults().join("ops.json")).unwrap();
    thief.exits(&["--vault", "ops", "list"], 5);
}

/// Storage that shows another copy first; before anything is written over that, there is the one that everybody knows.
struct ShowsFirst {
    copy: Option<Vec<u8>>,
    is_shown: bool,
    honest: Client,
}

impl Remote for ShowsFirst {
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError> {
        self.is_shown = self.copy.is_some();
        match self.copy.take() {
            Some(bytes) => Ok(Read::Found(bytes.clone(), Tag::new("first", true, &bytes))),
            None => self.honest.read(known),
        }
    }

    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError> {
        if self.is_shown { Ok(Written::Conflict) } else { self.honest.write(bytes, expected) }
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        self.honest.probe()
    }
}

/// A thief has Bob's old key. While Bob's laptop syncs what was never sent, it is shown a copy in which the laptop itself seems to have changed
/// something later; then it hears of the new key.
#[test]
fn a_copy_read_on_the_way_takes_no_unsent_change_away() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let shared = maya.add("Registrar");
    maya.sync(&mut storage.honest());
    let mut bob = maya.let_in(&storage, "bob", Role::Editor);
    let LinkKeys { member: last, older, invite } = bob.vault.link_keys();
    let mut laptop = Machine::second(&storage, &LinkKeys { member: last.clone(), older: older.clone(), invite: None });
    laptop.sync(&mut storage.honest());
    let stolen = laptop.vault.clone();
    let older = std::iter::once(last).chain(older).collect();
    let keys = LinkKeys { member: MemberKey::random(&mut Os).unwrap(), older, invite };
    bob.vault = bob.vault.with_keys(&keys);
    for machine in [&mut bob, &mut maya] {
        machine.sync(&mut storage.honest());
    }
    let unsent = laptop.add("From the laptop");
    laptop.vault = laptop.vault.with_keys(&keys);
    let replica = laptop.made.last().unwrap().1.replica();
    let later = Stamp::new(laptop.now() + 20 * HOUR as u64, 0, replica);
    let edit = Edit::Favourite(shared, true);
    let hostile = stolen.plan(&[edit], &mut Clock::new(replica, later), laptop.now()).unwrap();
    let copy = Some(stolen.with(&hostile).seal(&mut Os).unwrap());
    laptop.sync(&mut ShowsFirst { copy, is_shown: false, honest: storage.honest() });
    assert_eq!(laptop.vault.signs_as(), keys.member.public().sign);
    maya.sync(&mut storage.honest());
    for machine in [&laptop, &maya] {
        assert!(machine.vault.entry(unsent).is_some(), "what was not sent before is there, by the new key");
        assert!(
            !machine.vault.entry(shared).unwrap().details.favourite,
            "what the thief dated ahead counts for nobody"
        );
    }
}
