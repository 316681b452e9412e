//! Storage that gives back what it was given, at the wrong time or in the wrong place.

use tickey::store::memory;
use tickey::store::remote::{Guarantees, Read, Remote, RemoteError, Tag, Trouble, Written};
use tickey::store::sync::{Notice, SyncError};
use tickey::vault::roster::Role;
use tickey::vault::sharing::Me;
use tickey::vault::{Edit, Unlocked, VaultError};

use crate::machine::{Machine, now, same};
use crate::storage::{Faults, Storage};

fn went_back(notices: &[Notice]) -> bool {
    notices.iter().any(|notice| matches!(notice, Notice::WentBack(_)))
}

fn set_aside(notices: &[Notice]) -> Vec<&str> {
    let words = notices.iter().filter_map(|notice| match notice {
        Notice::SetAside(why, _) => Some(why.as_str()),
        _ => None,
    });
    words.collect()
}

/// Maya (owner), Bob (editor) and Vera (viewer), with everything that can happen in the versions there were.
fn team() -> (Storage, [Machine; 3]) {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    maya.add("Registrar");
    maya.sync(&mut storage.honest());
    let mut bob = maya.let_in(&storage, "bob", Role::Editor);
    bob.add("Cloud");
    bob.sync(&mut storage.honest());
    let mut vera = maya.let_in(&storage, "vera", Role::Viewer);
    let carol = maya.let_in(&storage, "carol", Role::Editor);
    maya.remove("carol");
    drop(carol);
    let id = maya.add("Mail");
    maya.rename(id, "Post");
    for role in [Role::Owner, Role::Editor] {
        maya.save(
            maya.vault.set_role(&maya.member("bob"), role, now(0), &mut tickey::runtime::clock::Os).unwrap().vault,
        );
        maya.sync(&mut storage.honest());
    }
    let gone = maya.add("To be forgotten");
    maya.sync(&mut storage.honest());
    maya.save(maya.vault.purge(&[gone], now(0)).unwrap());
    maya.sync(&mut storage.honest());
    for machine in [&mut maya, &mut bob, &mut vera] {
        machine.sync(&mut storage.honest());
    }
    (storage, [maya, bob, vera])
}

#[test]
fn every_older_version_is_noticed_and_repaired_by_each_who_knows_better() {
    let (storage, mut team) = team();
    let newest = storage.shelf().versions.len() - 1;
    assert!(newest > 8);
    for (who, machine) in team.iter_mut().enumerate() {
        for version in 0..newest {
            storage.shelf().now = Some(version);
            let before = machine.vault.clone();
            let synced = machine.sync(&mut storage.honest());
            assert!(machine.vault == before, "an old version changes nothing here");
            assert!(went_back(&synced.notices), "version {version} for machine {who}: {:?}", synced.notices);
            let there = storage.shelf().bytes().unwrap().clone();
            let there = before.reopen(&there, &crate::machine::LIMITS).unwrap();
            assert!(there.seen() == before.seen(), "version {version} is repaired by machine {who}");
            let again = machine.sync(&mut storage.honest());
            assert!(again.notices.is_empty() && again.sent == 0 && again.received == 0);
        }
    }
    let [maya, bob, vera] = &team;
    assert!(same(maya, bob) && same(vera, maya));
}

#[test]
fn a_remote_that_lost_everything_is_filled_again_by_any_member() {
    let (storage, mut team) = team();
    for machine in team.iter_mut().rev() {
        storage.shelf().now = None;
        let synced = machine.sync(&mut storage.honest());
        assert!(went_back(&synced.notices));
        assert!(storage.shelf().now.is_some(), "{:?}", machine.vault.me());
    }
    let [mut maya, bob, vera] = team;
    // What the viewer put there was signed by an editor, and newcomers get in by it.
    storage.shelf().now = None;
    let mut vera = vera;
    vera.sync(&mut storage.honest());
    let dan = maya.let_in(&storage, "dan", Role::Editor);
    assert_eq!(dan.issuers(), maya.issuers());
    drop(bob);
}

/// A viewer's machine has kept what Carol signed, who may not write any more: the others would refuse it, and replace it, for ever.
#[test]
fn what_others_would_refuse_is_not_put_back() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let mut carol = maya.let_in(&storage, "carol", Role::Editor);
    let mut vera = maya.let_in(&storage, "vera", Role::Viewer);
    maya.sync(&mut storage.honest());
    let before = storage.shelf().now;
    carol.add("By Carol");
    carol.sync(&mut storage.honest());
    vera.sync(&mut storage.honest());
    storage.shelf().now = before;
    maya.save(
        maya.vault
            .set_role(&maya.member("carol"), Role::Viewer, now(0), &mut tickey::runtime::clock::Os)
            .unwrap()
            .vault,
    );
    maya.sync(&mut storage.honest());
    let there = storage.shelf().now;
    let synced = vera.sync(&mut storage.honest());
    assert!(went_back(&synced.notices) && synced.notices.contains(&Notice::ViewerAhead), "{:?}", synced.notices);
    assert_eq!(storage.shelf().now, there);
}

#[test]
fn who_came_late_cannot_be_sent_back_to_before() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    maya.add("Registrar");
    maya.sync(&mut storage.honest());
    let before = storage.shelf().now;
    let code = maya.invite("bob", Role::Editor);
    maya.sync(&mut storage.honest());
    let mut bob = Machine::join(&storage, &code);
    bob.sync(&mut storage.honest());
    // It is sealed to others, but with the key that Bob has: he puts it right, and leaves his record again.
    storage.shelf().now = before;
    let synced = bob.sync(&mut storage.honest());
    assert!(
        matches!(&synced.notices[..], [Notice::WentBack(words)] if words.contains("members")),
        "{:?}",
        synced.notices
    );
    maya.sync(&mut storage.honest());
    bob.sync(&mut storage.honest());
    assert_eq!(bob.vault.me(), Me::Member { name: "bob".into(), role: Role::Editor });
    // A newcomer can neither open one from before that key nor put it right.
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage.honest());
    let mut dan = Machine::join(&storage, &code);
    dan.sync(&mut storage.honest());
    storage.shelf().now = before;
    let error = dan.try_sync(&mut storage.honest()).unwrap_err();
    assert!(matches!(error, SyncError::Vault(VaultError::RolledBack(_))), "{error}");
    assert_eq!(storage.shelf().now, before);
}

#[test]
fn a_newcomers_record_that_was_written_over_is_put_there_again() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    maya.sync(&mut storage.honest());
    let code = maya.invite("bob", Role::Editor);
    maya.sync(&mut storage.honest());
    let mut bob = Machine::join(&storage, &code);
    bob.sync(&mut storage.honest());
    // Maya's other machine, which looks at no precondition, had read before Bob wrote.
    let mut careless = Machine::with(maya.vault.clone());
    careless.add("Registrar");
    storage.shelf().put(&careless.sealed());
    let synced = bob.sync(&mut storage.honest());
    assert_eq!(bob.issuers(), ["Registrar"]);
    assert_eq!(synced.rounds, 2);
    assert!(matches!(bob.vault.me(), Me::Pending { .. }));
    maya.sync(&mut storage.honest());
    bob.sync(&mut storage.honest());
    assert_eq!(bob.vault.me(), Me::Member { name: "bob".into(), role: Role::Editor });
}

#[test]
fn what_was_never_a_vault_is_set_aside_and_replaced() {
    let (storage, [mut maya, mut bob, _]) = team();
    let whole = storage.shelf().bytes().unwrap().clone();
    let flipped = {
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    let others = Machine::founder().sealed();
    let bad: [&[u8]; 5] = [b"<!DOCTYPE html>", b"", &whole[..whole.len() / 2], &flipped, &others];
    for (n, bytes) in bad.into_iter().enumerate() {
        storage.shelf().put(bytes);
        let machine = if n % 2 == 0 { &mut maya } else { &mut bob };
        let synced = machine.sync(&mut storage.honest());
        assert_eq!(set_aside(&synced.notices).len(), 1, "{n}: {:?}", synced.notices);
        assert!(machine.aside().iter().any(|kept| kept == bytes), "{n}");
        let there = storage.shelf().bytes().unwrap().clone();
        assert!(machine.vault.reopen(&there, &crate::machine::LIMITS).unwrap().seen() == machine.vault.seen());
    }
    // Where the vault never was, something else may be meant to lie.
    let elsewhere = Storage::default();
    for bytes in bad {
        let id = maya.vault.vault_id();
        memory::remember(&maya.home, &id, &memory::Memory::default()).unwrap();
        elsewhere.shelf().put(bytes);
        let error = maya.try_sync(&mut elsewhere.honest()).unwrap_err();
        assert!(matches!(error, SyncError::Vault(_)), "{error}");
        assert_eq!(elsewhere.shelf().bytes().unwrap(), bytes);
    }
}

#[test]
fn a_page_that_answers_for_ever_ends_the_sync() {
    let (storage, [mut maya, ..]) = team();
    let mut portal = storage.client(Faults { page: 100, ..Faults::default() }, 5);
    let error = maya.try_sync(&mut portal).unwrap_err();
    assert!(matches!(error, SyncError::Vault(VaultError::NotAVault(_))), "{error}");
}

#[test]
fn who_was_removed_is_told_so_and_changes_nothing_there() {
    let (storage, [mut maya, mut bob, _]) = team();
    maya.remove("bob");
    maya.sync(&mut storage.honest());
    let there = storage.shelf().now;
    bob.add("Late");
    let error = bob.try_sync(&mut storage.honest()).unwrap_err();
    assert!(matches!(error, SyncError::Vault(VaultError::NotAMember)), "{error}");
    assert!(memory::read(&bob.home, &bob.vault.vault_id()).shut_out);
    assert_eq!(storage.shelf().now, there);
    // His file, put there all the same, is set aside.
    storage.shelf().put(&bob.sealed());
    let synced = maya.sync(&mut storage.honest());
    assert!(set_aside(&synced.notices)[0].contains("bob was removed"), "{:?}", synced.notices);
    assert_eq!(maya.issuers(), ["Cloud", "Post", "Registrar"]);
}

#[test]
fn a_viewers_edit_is_set_aside_by_everybody() {
    let (storage, [mut maya, mut bob, mut vera]) = team();
    // Vera's machine signs what Maya wrote: she has the keys to read and to sign, and no right to write.
    maya.add("New");
    maya.sync(&mut storage.honest());
    vera.sync(&mut storage.honest());
    storage.shelf().put(&vera.sealed());
    let before = bob.vault.clone();
    let synced = bob.sync(&mut storage.honest());
    assert!(set_aside(&synced.notices)[0].contains("vera may only view"), "{:?}", synced.notices);
    assert!(bob.vault == before);
    maya.sync(&mut storage.honest());
    bob.sync(&mut storage.honest());
    assert!(same(&maya, &bob));
    assert_eq!(vera.try_sync(&mut storage.honest()).unwrap().sent, 0);
}

#[test]
fn a_personal_vault_meets_its_own_old_passphrase() {
    let storage = Storage::default();
    let (limits, cost) = (crate::machine::LIMITS, tickey::vault::Cost { m_kib: 19 * 1024, t: 2, p: 1 });
    let random = &mut tickey::runtime::clock::Os;
    let founded = Unlocked::found("maya", &"one".into(), cost, &limits, now(0), random).unwrap();
    let mut laptop = Machine::with(founded.vault);
    laptop.add("Site");
    laptop.sync(&mut storage.honest());
    let mut phone = Machine::with(laptop.vault.clone());
    phone.sync(&mut storage.honest());
    let vault = laptop.vault.change_passphrase(&"two".into(), cost, &limits, now(0), random).unwrap();
    laptop.save(vault);
    phone.add("Written before it heard of it");
    phone.sync(&mut storage.honest());
    // The laptop cannot read that any more. It goes on all the same, and nothing is thrown away.
    let synced = laptop.sync(&mut storage.honest());
    assert!(went_back(&synced.notices) && laptop.aside().len() == 1);
    let error = phone.try_sync(&mut storage.honest()).unwrap_err();
    assert!(matches!(error, SyncError::Vault(VaultError::NotAMember)), "{error}");
    assert!(phone.issuers().contains(&"Written before it heard of it".to_owned()));
}

#[test]
fn two_windows_of_one_machine_let_in_the_same_newcomer() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    maya.sync(&mut storage.honest());
    let code = maya.invite("bob", Role::Editor);
    maya.sync(&mut storage.honest());
    let mut bob = Machine::join(&storage, &code);
    bob.sync(&mut storage.honest());
    let mut window = maya.window();
    // Each has the vault open as it was; the first saves, and the second finds another list of members in the file.
    let mut other = storage.client(Faults { conflicts: 0, ..Faults::default() }, 3);
    let stale = storage.shelf().now;
    maya.sync(&mut storage.honest());
    let done = storage.shelf().now;
    storage.shelf().now = stale;
    window.sync(&mut other);
    storage.shelf().put(&window.sealed());
    assert!(done.is_some());
    maya.reopen();
    for _ in 0..2 {
        maya.sync(&mut storage.honest());
        bob.sync(&mut storage.honest());
    }
    assert_eq!(bob.vault.me(), Me::Member { name: "bob".into(), role: Role::Editor });
    assert!(same(&maya, &bob));
    assert_eq!(maya.vault.members().len(), 3);
}

#[test]
fn a_sync_that_is_cut_off_anywhere_loses_nothing() {
    let (storage, [mut maya, mut bob, _]) = team();
    for after in 1..6 {
        let id = maya.add(&format!("by maya {after}"));
        bob.add(&format!("by bob {after}"));
        bob.sync(&mut storage.honest());
        let mut cut = Cut { inner: storage.honest(), left: after };
        let _ = maya.try_sync(&mut cut);
        assert!(maya.vault.entry(id).is_some());
        maya.edit(&[Edit::Delete(id)]);
        maya.sync(&mut storage.honest());
        bob.sync(&mut storage.honest());
        assert!(same(&maya, &bob));
    }
    assert_eq!(maya.issuers().iter().filter(|name| name.starts_with("by bob")).count(), 5);
}

/// A connection that ends after so many requests, the last one done and its answer lost.
struct Cut {
    inner: crate::storage::Client,
    left: u32,
}

impl Cut {
    fn cut<T>(&mut self, answer: T) -> Result<T, RemoteError> {
        self.left = self.left.saturating_sub(1);
        match self.left {
            0 => Err(RemoteError::new(Trouble::Unreachable, "memory", "gone")),
            _ => Ok(answer),
        }
    }
}

impl Remote for Cut {
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError> {
        let answer = self.inner.read(known)?;
        self.cut(answer)
    }

    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError> {
        let answer = self.inner.write(bytes, expected)?;
        self.cut(answer)
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        self.inner.probe()
    }
}
