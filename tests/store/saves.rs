//! One save after another.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use tickey::store::{StoreError, backups, disk, lock, state};
use tickey::vault::{Clock, Locked, Stamp, VaultError};

use crate::child::Child;
use crate::{COST, LIMITS, NOW_MS, PASSPHRASE, PATIENCE, System, Window, mode, names, set};

#[test]
fn what_is_saved_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/v.json");
    let mut window = Window::found(&path);
    let saved = window.add("GitHub").unwrap();
    assert!(!saved.merged);
    assert_eq!(saved.warning, None);
    assert_eq!(disk::tag(&path), Some(saved.tag));
    assert_eq!(Window::open(&path).issuers(), set(&["GitHub"]));
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(names(path.parent().unwrap()), ["backups", "v.json", "v.json.lock"]);
}

#[test]
fn a_new_vault_is_never_put_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let vault = Window::found(&path).vault;
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(disk::create(&path, &vault, &mut System), Err(StoreError::Exists(_))));
    assert!(matches!(disk::create(folder.path(), &vault, &mut System), Err(StoreError::Exists(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn links_stay_links_and_their_end_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("real")).unwrap();
    symlink("two", at("one")).unwrap();
    symlink("real/v.json", at("two")).unwrap();
    // Dangling: the vault is made where the link leads.
    let mut window = Window::found(&at("one"));
    window.add("a").unwrap();
    assert!(at("one").is_symlink() && at("two").is_symlink());
    assert_eq!(names(&at("real")), ["backups", "v.json", "v.json.lock"]);
    assert_eq!(names(folder.path()), ["one", "real", "two"]);
    assert_eq!(backups::list(&at("one")).unwrap().len(), 1);
    // Both ways to one file share its lock.
    let _held = lock::hold(&at("two"), PATIENCE).unwrap();
    assert!(matches!(window.save(&window.vault.clone(), Duration::ZERO), Err(StoreError::Busy { .. })));

    symlink("y", at("x")).unwrap();
    symlink("x", at("y")).unwrap();
    assert!(matches!(disk::create(&at("x"), &window.vault, &mut System), Err(StoreError::NotAFile { .. })));
}

#[test]
fn two_windows_see_each_others_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut one = Window::found(&path);
    let mut two = one.another();
    one.add("one").unwrap();
    let saved = two.add("two").unwrap();
    assert!(saved.merged);
    assert_eq!(two.issuers(), set(&["one", "two"]));
    assert_eq!(one.issuers(), set(&["one"]));
    assert_ne!(disk::tag(&path), one.seen);
    let same = one.vault.clone();
    let saved = one.save(&same, PATIENCE).unwrap();
    assert!(saved.merged);
    assert_eq!(one.issuers(), set(&["one", "two"]));
}

#[test]
fn a_save_that_would_change_nothing_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut one = Window::found(&path);
    let mut two = one.another();
    one.add("one").unwrap();
    let before = std::fs::read(&path).unwrap();
    let same = two.vault.clone();
    assert!(two.save(&same, PATIENCE).unwrap().merged);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(backups::list(&path).unwrap().len(), 1);
    assert_eq!(two.seen, disk::tag(&path));
}

#[test]
fn a_vault_that_vanished_is_written_again_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    std::fs::remove_file(&path).unwrap();
    let saved = window.add("kept").unwrap();
    assert!(saved.warning.unwrap().contains("was gone"));
    assert_eq!(Window::open(&path).issuers(), set(&["kept"]));
    assert_eq!(window.add("more").unwrap().warning, None);
}

#[test]
fn what_another_program_left_is_never_overwritten_unopened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    let whole = std::fs::read(&path).unwrap();
    for left in [&b""[..], b"{}", b"not a vault", &whole[..whole.len() / 2]] {
        std::fs::write(&path, left).unwrap();
        match window.add("lost?") {
            Err(StoreError::Vault(VaultError::Damaged(_) | VaultError::NotAVault(_))) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(std::fs::read(&path).unwrap(), left);
        assert_eq!(names(folder.path()), ["v.json", "v.json.lock"]);
    }
    std::fs::write(&path, &whole).unwrap();
    window.add("kept").unwrap();
    assert_eq!(window.on_disk(), set(&["kept"]));

    std::fs::remove_file(&path).unwrap();
    let other = Window::found(&path);
    assert!(matches!(window.add("x"), Err(StoreError::Vault(_))), "another vault in its place");
    assert_eq!(other.on_disk(), set(&[]));
}

#[test]
fn something_else_in_its_place_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(window.add("x"), Err(StoreError::NotAFile { .. })));
    std::fs::remove_dir(&path).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    assert!(matches!(window.add("x"), Err(StoreError::NotAFile { .. })));
}

#[test]
fn the_old_file_is_kept_and_in_the_end_only_ten_of_one_day() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    let first = std::fs::read(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    window.add("0").unwrap();
    let kept = backups::list(&path).unwrap();
    assert_eq!(std::fs::read(&kept[0].path).unwrap(), first);
    assert_eq!((kept[0].wall_ms, kept[0].size), (NOW_MS, first.len() as u64));
    assert_eq!(mode(&kept[0].path), 0o600);
    for n in 1..15 {
        window.add(&n.to_string()).unwrap();
    }
    std::fs::write(folder.path().join("backups/my own copy.json"), "mine").unwrap();
    window.add("last").unwrap();
    let kept = backups::list(&path).unwrap();
    assert_eq!(kept.len(), 10);
    assert!(folder.path().join("backups/my own copy.json").exists());
    assert!(kept.is_sorted_by(|newer, older| newer.wall_ms > older.wall_ms));
    // The newest lacks just what the last save brought.
    let (bytes, _) = disk::read(&kept[0].path).unwrap();
    let older = window.vault.reopen(&bytes, &LIMITS).unwrap();
    assert_eq!(older.entries().count() + 1, window.vault.entries().count());
    // Somebody writing into the vault's file does not reach the backups.
    let before = std::fs::read(&kept[0].path).unwrap();
    std::fs::write(&path, "scribble").unwrap();
    assert_eq!(std::fs::read(&kept[0].path).unwrap(), before);
}

#[test]
fn no_backup_is_a_warning_not_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    std::fs::write(folder.path().join("backups"), "a file").unwrap();
    let saved = window.add("saved").unwrap();
    assert!(saved.warning.unwrap().contains("no backup"));
    assert_eq!(window.on_disk(), set(&["saved"]));
}

#[test]
fn whoever_waits_too_long_is_told_who_holds_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    let before = std::fs::read(&path).unwrap();
    let mut holder = Child::new("hold the lock").path(&path).start();
    holder.wait_for("held");
    let vault = window.vault.clone();
    match window.save(&vault, Duration::from_millis(100)) {
        Err(StoreError::Busy { holder: who }) => {
            assert!(who.starts_with(&format!("process {} (", holder.id())), "{who}")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // A dead holder holds nothing.
    holder.kill();
    window.add("now").unwrap();
    assert_eq!(window.on_disk(), set(&["now"]));
}

#[test]
fn leftovers_of_dead_saves_go_with_the_next_save() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut window = Window::found(&at("v.json"));
    std::fs::write(at(".v.json.0123456789abcdef.tmp"), "dead").unwrap();
    std::fs::write(at(".w.json.0123456789abcdef.tmp"), "somebody else's").unwrap();
    window.add("a").unwrap();
    assert_eq!(names(folder.path()), [".w.json.0123456789abcdef.tmp", "backups", "v.json", "v.json.lock"]);
}

#[test]
fn a_replica_is_remembered_unless_the_machine_was_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let home = tickey::store::paths::Home {
        data: folder.path().into(),
        state: folder.path().join("state"),
        config: folder.path().into(),
    };
    let mut window = Window::found(&path);
    let id = window.vault.vault_id();
    window.clock = state::clock(&home, &window.vault, &mut System).unwrap();
    let vault = window.vault.clone();
    window.add("a").unwrap();
    state::remember(&home, &id, &window.clock).unwrap();
    assert_eq!(state::clock(&home, &window.vault, &mut System).unwrap(), window.clock);

    // The state folder as it was before the last change: somebody else goes by our id.
    state::forget(&home, &id).unwrap();
    state::remember(&home, &id, &Clock::new(window.clock.replica(), Stamp::default())).unwrap();
    let fresh = state::clock(&home, &window.vault, &mut System).unwrap();
    assert_ne!(fresh.replica(), window.clock.replica());
    // A vault from before our last stamp is only old.
    assert_eq!(state::clock(&home, &vault, &mut System).unwrap().replica(), window.clock.replica());

    std::fs::write(home.state.join(format!("{id}.json")), "{").unwrap();
    assert_ne!(state::clock(&home, &vault, &mut System).unwrap().replica(), window.clock.replica());
}

#[test]
fn a_new_passphrase_is_saved_like_any_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    window.add("a").unwrap();
    let changed = window.vault.change_passphrase(&"another".into(), COST, &LIMITS, NOW_MS, &mut System).unwrap();
    window.save(&changed, PATIENCE).unwrap();
    let locked = Locked::read(&std::fs::read(&path).unwrap(), &LIMITS).unwrap();
    assert!(matches!(locked.unlock(&PASSPHRASE.into(), &LIMITS), Err(VaultError::WrongPassphrase)));
    assert_eq!(locked.unlock(&"another".into(), &LIMITS).unwrap().entries().count(), 1);
}
