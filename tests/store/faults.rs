//! Saves that are hindered or killed: the file is the old one or the new one, whole; what was acknowledged stays.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tickey::store::{StoreError, disk};

use crate::child::Child;
use crate::{System, Window, names, set};

#[test]
fn a_writer_killed_at_any_moment_leaves_a_whole_vault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    let mut acknowledged = set(&[]);
    for round in 0..25u64 {
        let mut writer = Child::new("add for ever").path(&path).word(&round.to_string()).start();
        writer.wait_for("open");
        std::thread::sleep(Duration::from_micros(round * 17_000 % 190_000));
        acknowledged.extend(writer.kill());
        let there = window.on_disk();
        assert!(acknowledged.is_subset(&there), "round {round} lost {:?}", acknowledged.difference(&there));
    }
    assert!(acknowledged.len() > 10, "the writers hardly wrote: {}", acknowledged.len());
    window.add("after").unwrap();
    assert_eq!(names(folder.path()), ["backups", "v.json", "v.json.lock"]);
}

#[test]
fn a_save_that_finds_no_room_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    window.add("before").unwrap();
    let before = std::fs::read(&path).unwrap();
    // 1 000 bytes: the lock file can be written, the vault only in part.
    for limit in ["0", "1000", "4096"] {
        let said = Child::new("add under a file size limit").path(&path).word(limit).run();
        assert!(said.contains("v.json was not changed"), "{said}");
        assert!(said.contains("File too large"), "{said}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(names(folder.path()), ["backups", "v.json", "v.json.lock"]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = folder.path().join("v.json");
    Window::found(&path);
    let before = std::fs::read(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    std::fs::remove_file(folder.path().join("v.json.lock")).ok();
    let said = Child::new("add without privileges").path(&path).unprivileged().run();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(said.contains("Permission denied") && said.contains("v.json was not changed"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_folder_that_is_gone_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let mut window = Window::found(&path);
    std::fs::remove_dir_all(folder.path()).unwrap();
    match window.add("x") {
        Err(error @ StoreError::NotSaved { .. }) => {
            assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(!folder.path().exists());
    assert_eq!(window.issuers(), set(&[]));
}

#[test]
fn a_half_written_export_is_no_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export");
    Child::new("export under a file size limit").path(&path).word("1000").run();
    assert_eq!(names(folder.path()), Vec::<String>::new());
    disk::write_new(&path, b"old", false, &mut System).unwrap();
    Child::new("export under a file size limit").path(&path).word("1000").run();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["export"]);
}
