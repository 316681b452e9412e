//! A folder that the machines share: one with its lock, and one that a sync client copies about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tickey::store::remote::{self, Bounds, Environment, Remote, RemoteContext, RemoteUrl};
use tickey::vault::roster::Role;

use crate::fleet::{self, FULL};
use crate::machine::{Machine, same};
use crate::storage::Storage;

pub fn open(file: &Path) -> Box<dyn Remote> {
    let environment = Environment::default();
    let url = RemoteUrl::parse(&format!("folder:{}", file.display()), &environment).unwrap();
    let cache = std::env::temp_dir().join("tickey-unused");
    remote::open(&url, RemoteContext { environment, login: None, insecure: false, cache, bounds: Bounds::default() })
        .unwrap()
}

#[test]
fn a_fleet_through_a_folder_with_its_lock() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.json");
    fleet::run(FULL, 11, &|_, _| open(&file), &|| {});
}

/// What a sync client does between folders: copies what changed, and lays beside it what changed in two places at once.
struct Copies {
    folders: Vec<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    agreed: Option<Vec<u8>>,
    conflicts: BTreeSet<String>,
    made: usize,
}

impl Copies {
    fn new(under: &Path, folders: usize) -> Copies {
        let folders: Vec<PathBuf> = (0..folders).map(|n| under.join(n.to_string())).collect();
        for folder in &folders {
            std::fs::create_dir(folder).unwrap();
        }
        Copies { folders, state: Mutex::default() }
    }

    fn file(&self, n: usize) -> PathBuf {
        self.folders[n].join("ops.json")
    }

    fn carry(&self) {
        let mut state = self.state.lock().unwrap();
        let contents: Vec<Option<Vec<u8>>> =
            (0..self.folders.len()).map(|n| std::fs::read(self.file(n)).ok()).collect();
        let changed: Vec<&Vec<u8>> =
            contents.iter().flatten().filter(|now| Some(*now) != state.agreed.as_ref()).collect();
        // The conflict copies that a machine has merged and removed go everywhere.
        for name in state.conflicts.clone() {
            if self.folders.iter().any(|folder| !folder.join(&name).exists()) {
                state.conflicts.remove(&name);
                for folder in &self.folders {
                    let _ = std::fs::remove_file(folder.join(&name));
                }
            }
        }
        let Some((winner, losers)) = changed.split_first() else { return };
        for loser in losers.iter().filter(|loser| loser != &winner) {
            state.made += 1;
            let name = format!("ops.sync-conflict-20260131-{:06}-ABCDEFG.json", state.made);
            for folder in &self.folders {
                put(&folder.join(&name), loser);
            }
            state.conflicts.insert(name);
        }
        for (n, before) in contents.iter().enumerate() {
            // Written since it was looked at: next time.
            if std::fs::read(self.file(n)).ok() == *before {
                put(&self.file(n), winner);
            }
        }
        state.agreed = Some((*winner).clone());
    }

    fn left(&self) -> usize {
        self.state.lock().unwrap().conflicts.len()
    }
}

fn put(file: &Path, bytes: &[u8]) {
    let temporary = file.with_extension("copying");
    std::fs::write(&temporary, bytes).unwrap();
    std::fs::rename(&temporary, file).unwrap();
}

#[test]
fn a_fleet_through_folders_that_a_sync_client_copies() {
    let folder = tempfile::tempdir().unwrap();
    let copies = Copies::new(folder.path(), FULL.machines);
    fleet::run(FULL, 12, &|n, _| open(&copies.file(n)), &|| copies.carry());
    assert!(copies.state.lock().unwrap().made > 0, "there were conflicts");
    copies.carry();
    assert_eq!(copies.left(), 0, "the conflict copies are merged and gone");
}

/// The file is as it was; the conflict copy beside it holds what nobody else has.
#[test]
fn a_conflict_copy_is_merged_by_who_may_write_and_left_by_who_may_not() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let mut bob = maya.let_in(&storage, "bob", Role::Editor);
    let mut vera = maya.let_in(&storage, "vera", Role::Viewer);
    bob.sync(&mut storage.honest());
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) =
        (folder.path().join("ops.json"), folder.path().join("ops.sync-conflict-20260131-101500-ABCDEFG.json"));
    std::fs::write(&file, storage.shelf().bytes().unwrap()).unwrap();
    for machine in [&mut maya, &mut vera] {
        machine.sync(open(&file).as_mut());
    }
    bob.add("Lost laptop");
    std::fs::write(&copy, bob.sealed()).unwrap();
    let other = folder.path().join("ops (conflicted copy 2026-01-31 101500).json");
    std::fs::write(&other, Machine::founder().sealed()).unwrap();
    // Nor does one that is too large to be read hinder anything.
    let large = folder.path().join("ops.sync-conflict-20260131-101501-ABCDEFG.json");
    std::fs::File::create(&large).unwrap().set_len(300 * 1024 * 1024).unwrap();

    vera.sync(open(&file).as_mut());
    assert_eq!(vera.issuers(), ["Lost laptop"], "a viewer reads it");
    assert!(copy.exists(), "and cannot put it where it belongs");
    let synced = maya.sync(open(&file).as_mut());
    assert_eq!((synced.received, synced.sent), (1, 1));
    assert!(!copy.exists());
    assert!(other.exists(), "another vault's file is nobody's to remove");
    let mut bob = Machine::second(&storage, &bob.vault.link_keys());
    bob.sync(open(&file).as_mut());
    assert!(same(&bob, &maya));
    assert_eq!(bob.issuers(), ["Lost laptop"]);
}
