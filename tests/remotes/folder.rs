//! A folder that others see too.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use tickey::store::lock;
use tickey::store::remote::{Arrived, Bounds, Environment, Guard, Read, Remote, Trouble, Written};

use crate::{conformance, open, open_within};

fn at(file: &Path) -> Box<dyn Remote> {
    open(&format!("folder:{}", file.display()), Environment::default())
}

#[test]
fn does_what_every_remote_must() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.json");
    conformance::check(&|| at(&file), &[Guard::Locks]);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn an_old_version_is_told_by_one_look_and_a_touched_one_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.json");
    std::fs::write(&file, "one").unwrap();
    let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(hour_ago).unwrap();
    let Read::Found(_, tag) = at(&file).read(None).unwrap() else { panic!() };
    assert_eq!(at(&file).read(Some(&tag)).unwrap(), Read::Same(tag.clone()));
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let Read::Same(tag) = at(&file).read(Some(&tag)).unwrap() else { panic!("touched, and the same") };
    assert_eq!(at(&file).read(Some(&tag)).unwrap(), Read::Same(tag.clone()));
    assert!(matches!(at(&file).write(b"two", Some(&tag)).unwrap(), Written::Done(_)));
    assert!(matches!(at(&file).read(Some(&tag)).unwrap(), Read::Found(..)));
}

#[test]
fn a_folder_that_is_missing_is_no_absent_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unplugged/ops.json");
    for error in
        [at(&file).read(None).unwrap_err(), at(&file).write(b"x", None).unwrap_err(), at(&file).probe().unwrap_err()]
    {
        assert_eq!(error.kind(), Trouble::NoPlace, "{error}");
        assert_eq!(error.arrived(), Arrived::No);
        assert!(error.to_string().contains("there is no folder"), "{error}");
    }
}

#[test]
fn conflict_copies_are_found_read_and_removed_only_as_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.json");
    let mut remote = at(&file);
    remote.write(b"ours", None).unwrap();
    let copies = [
        "ops (Maya's conflicted copy 2026-01-31).json",
        "ops.sync-conflict-20260131-101500-ABCDEFG.json",
        "ops_conflict-20260131-101500.json",
    ];
    for name in copies.iter().chain(&["other.json", "ops (1).json", "ops.json.bak"]) {
        std::fs::write(folder.path().join(name), name).unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("ops.sync-conflict-20260131-101501-ABCDEFG.json"))
        .unwrap();
    let found = remote.siblings().unwrap();
    let names: Vec<_> = found.iter().map(|copy| copy.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, copies);
    for copy in &found {
        let (bytes, tag) = remote.read_sibling(copy).unwrap().unwrap();
        assert_eq!(bytes, copy.path.file_name().unwrap().as_encoded_bytes());
        std::fs::write(&copy.path, "changed since").unwrap();
        remote.remove_sibling(copy, &tag).unwrap();
        assert!(copy.path.exists(), "what was not read was removed");
        let (_, tag) = remote.read_sibling(copy).unwrap().unwrap();
        remote.remove_sibling(copy, &tag).unwrap();
        assert!(!copy.path.exists());
        assert_eq!(remote.read_sibling(copy).unwrap(), None);
        remote.remove_sibling(copy, &tag).unwrap();
    }
}

#[test]
fn colleagues_may_read_what_the_folder_lets_them() {
    let folder = tempfile::tempdir().unwrap();
    let mode = |file: &Path| file.metadata().unwrap().permissions().mode() & 0o777;
    for (of_folder, of_file) in [(0o2770, 0o660), (0o755, 0o644), (0o700, 0o600)] {
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(of_folder)).unwrap();
        let file = folder.path().join(format!("{of_folder:o}.json"));
        let Written::Done(tag) = at(&file).write(b"1", None).unwrap() else { panic!() };
        assert_eq!(mode(&file), of_file);
        assert_eq!(mode(&file.with_extension("json.lock")), of_file);
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        at(&file).write(b"2", Some(&tag)).unwrap();
        assert_eq!(mode(&file), 0o640, "a replaced file keeps its mode");
    }
}

#[test]
fn a_lock_that_is_held_for_ever_ends_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.json");
    let _held = lock::hold(&file, Duration::ZERO).unwrap();
    let start = Instant::now();
    let bounds = Bounds { whole: Duration::from_millis(300), ..Bounds::default() };
    let url = format!("folder:{}", file.display());
    let error = open_within(&url, Environment::default(), bounds).write(b"x", None).unwrap_err();
    assert!(matches!(error.kind(), Trouble::Later(_) | Trouble::TimedOut), "{error}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(!file.exists());
}

#[test]
fn a_cancelled_operation_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.json");
    let bounds = Bounds { cancelled: Arc::new(AtomicBool::new(true)), ..Bounds::default() };
    let mut remote = open_within(&format!("folder:{}", file.display()), Environment::default(), bounds);
    assert_eq!(remote.read(None).unwrap_err().kind(), Trouble::Cancelled);
    assert_eq!(remote.write(b"x", None).unwrap_err().kind(), Trouble::Cancelled);
    assert!(!file.exists());
}

#[test]
fn more_than_a_vault_can_be_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.json");
    std::fs::File::create(&file).unwrap().set_len(256 * 1024 * 1024 + 1).unwrap();
    assert_eq!(at(&file).read(None).unwrap_err().kind(), Trouble::TooLarge);
}

#[test]
fn no_link_in_the_files_place_leads_to_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ops.json");
    let own = folder.path().join("own");
    std::os::unix::fs::symlink("own", &file).unwrap();
    for there in [false, true] {
        if there {
            std::fs::write(&own, "mine").unwrap();
        }
        for error in [at(&file).read(None).unwrap_err(), at(&file).write(b"theirs", None).unwrap_err()] {
            assert_eq!(error.kind(), Trouble::Refused, "{error}");
            assert!(error.to_string().contains("symbolic link"), "{error}");
        }
        assert_eq!(std::fs::read(&own).ok(), there.then(|| b"mine".to_vec()));
    }
}
