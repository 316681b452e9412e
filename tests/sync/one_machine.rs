//! Many programs of one machine at once, with somebody waiting to be let in: they take turns, and do what there is to do once.

use std::process::Command;
use std::time::Duration;

use tickey::vault::roster::Role;

use crate::machine::{Machine, same};
use crate::storage::{Faults, Storage};
use crate::story::{Desk, RFC};

const AT_ONCE: usize = 8;

/// Whoever does it does it on the roster, where two who did it would have left two links.
#[test]
fn many_syncs_of_one_machine_let_a_newcomer_in_once() {
    for round in 0..12 {
        let storage = Storage::default();
        let mut maya = Machine::founder();
        let codes = ["bob", "carol"].map(|name| maya.invite(name, Role::Editor));
        maya.sync(&mut storage.honest());
        let mut guests = codes.map(|code| Machine::join(&storage, &code));
        guests.iter_mut().for_each(|guest| drop(guest.sync(&mut storage.honest())));
        let links = maya.vault.events().len();
        let delay = Faults { delay: Duration::from_micros(300), ..Faults::default() };
        let mut windows: Vec<Machine> = (0..AT_ONCE).map(|_| maya.window()).collect();
        let notices: usize = std::thread::scope(|scope| {
            let syncs: Vec<_> = (1..)
                .zip(&mut windows)
                .map(|(n, window)| {
                    let mut client = storage.client(delay, round * 100 + n);
                    scope.spawn(move || window.sync(&mut client).notices.len())
                })
                .collect();
            syncs.into_iter().map(|sync| sync.join().unwrap()).sum()
        });
        assert_eq!(notices, 2, "each was let in by one of them");
        maya.reopen();
        assert!(["bob", "carol"].iter().all(|name| maya.member(name).role == Role::Editor));
        let more = maya.vault.events().len() - links;
        guests.iter_mut().for_each(|guest| drop(guest.sync(&mut storage.honest())));
        assert!(guests.iter().all(|guest| same(guest, &maya)));
        // One admission each, and what goes with it: as when one program does it alone.
        assert_eq!(more, alone(), "round {round}");
    }
}

/// How many links it takes when nobody else is there.
fn alone() -> usize {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let codes = ["bob", "carol"].map(|name| maya.invite(name, Role::Editor));
    maya.sync(&mut storage.honest());
    let mut guests = codes.map(|code| Machine::join(&storage, &code));
    guests.iter_mut().for_each(|guest| drop(guest.sync(&mut storage.honest())));
    let links = maya.vault.events().len();
    maya.sync(&mut storage.honest());
    maya.vault.events().len() - links
}

#[test]
fn many_programs_at_once_sync_invite_and_let_in() {
    let share = tempfile::tempdir().unwrap();
    let url = format!("folder:{}", share.path().join("ops.json").display());
    let maya = Desk::new("maya", &[]);
    maya.ok(&["vault", "create", "ops"]);
    maya.ops(&["remote", "set", &url]);
    maya.add(&format!("otpauth://totp/Cloud:root?secret={RFC}"));
    for name in ["bob", "carol", "dan"] {
        let guest = Desk::new("guest", &[]);
        guest.join(&url, &maya.invite(name, "editor"), false);
        std::thread::scope(|scope| {
            for n in 0..AT_ONCE {
                let maya = &maya;
                scope.spawn(move || match n {
                    0 => maya.ops(&["member", "invite", &format!("{name}'s guest")]),
                    1 => maya.ops(&["member", "role", "maya", "owner"]),
                    _ => maya.ok(&["sync"]),
                });
            }
        });
        guest.sync();
        assert_eq!(guest.issuers(), ["Cloud"]);
        assert!(maya.members().contains(&format!("{name} editor")), "{:?}", maya.members());
    }
    let list = maya.ops_json(&["member", "list"]);
    let invited = list.as_array().unwrap().iter().filter(|row| row["state"] == "invited").count();
    assert_eq!((maya.members().len(), invited), (5, 3));
}

/// A second machine has no copy of the vault, and several programs there miss it at once.
#[test]
fn many_programs_at_once_fetch_a_vault_once() {
    let share = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("folder:{}", share.path().join(name).display());
    let maya = Desk::new("maya", &[]);
    maya.ok(&["vault", "create", "ops"]);
    maya.ops(&["remote", "set", &at("ops.json")]);
    maya.ok(&["--vault", "personal", "remote", "set", &at("maya.json")]);
    maya.sync();
    let laptop = Desk::bare("maya", &[]);
    laptop.ok(&["join", &at("maya.json")]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let said = laptop.give(&["sync"], "");
                let words = String::from_utf8_lossy(&said.stderr).into_owned();
                assert!(said.status.success() && !words.contains("could not be fetched"), "{words}");
            });
        }
    });
    let names: Vec<String> =
        laptop.json(&["vault"]).as_array().unwrap().iter().map(|row| row["name"].to_string()).collect();
    assert_eq!(names, ["\"personal\"", "\"ops\""]);
}

/// A sync that was killed leaves its lock file, which means nothing; one that is stopped is waited for, and named.
#[test]
fn a_dead_sync_hinders_nobody() {
    let share = tempfile::tempdir().unwrap();
    let maya = Desk::new("maya", &[]);
    maya.ok(&["vault", "create", "ops"]);
    maya.ops(&["remote", "set", &format!("folder:{}", share.path().join("ops.json").display())]);
    let lock = maya.vaults().join("ops.json.sync.lock");
    std::fs::write(&lock, "999999 tickey\n").unwrap();
    maya.sync();
    // Somebody holds it for ever: the wait is said, and Ctrl-C ends it.
    let held = std::fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    let mut waiting = maya.command(&["--vault", "ops", "sync"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = std::io::BufReader::new(waiting.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert_eq!(line, "waiting for another program, which is syncing ops (Ctrl-C ends the wait)\n");
    let pid = waiting.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(waiting.wait().unwrap().code(), Some(7));
    drop(held);
    maya.sync();
}
