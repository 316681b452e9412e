//! What people have where a file should be.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use tickey::store::{StoreError, backups, disk};

use crate::child::Child;
use crate::{System, mode, names};

fn fifo(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
}

#[test]
fn only_a_plain_file_is_read_and_nothing_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let refused = |path: &Path| match disk::read(path) {
        Err(StoreError::NotAFile { what, .. }) => what,
        other => panic!("{}: {other:?}", path.display()),
    };
    fifo(&at("fifo"));
    symlink("fifo", at("to fifo")).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    symlink("b", at("a")).unwrap();
    symlink("a", at("b")).unwrap();
    assert_eq!(refused(&at("fifo")), "it is a named pipe");
    assert_eq!(refused(&at("to fifo")), "it is a named pipe");
    assert_eq!(refused(&at("socket")), "it is a socket");
    assert_eq!(refused(folder.path()), "it is a folder");
    assert_eq!(refused(Path::new("/dev/zero")), "it is a device");
    assert_eq!(refused(&at("a")), "its symbolic links go in a circle");
    assert!(matches!(disk::read(&at("none")), Err(StoreError::Missing(_))));
    symlink("none", at("dangling")).unwrap();
    assert!(matches!(disk::read(&at("dangling")), Err(StoreError::Missing(_))));
    assert!(matches!(disk::read(&at("socket").join("below")), Err(StoreError::Io { doing: "read", .. })));
}

#[test]
fn a_file_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    std::fs::File::create(&path).unwrap().set_len((256 << 20) + 1).unwrap();
    assert!(matches!(disk::read(&path), Err(StoreError::TooLarge(_))));
    std::fs::write(&path, "small").unwrap();
    assert_eq!(disk::read(&path).unwrap().0, b"small");
}

#[test]
fn another_file_has_another_tag() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    assert_eq!(disk::tag(&path), None);
    disk::write_new(&path, b"one", false, &mut System).unwrap();
    let (_, one) = disk::read(&path).unwrap();
    assert_eq!(disk::tag(&path), Some(one));
    disk::write_new(&path, b"two", true, &mut System).unwrap();
    let two = disk::tag(&path).unwrap();
    assert_ne!(one, two);
    std::thread::sleep(Duration::from_millis(20));
    std::fs::write(&path, "new").unwrap();
    assert_ne!(disk::tag(&path), Some(two));
}

#[test]
fn a_new_file_is_whole_private_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    disk::write_new(&at("new"), b"one", false, &mut System).unwrap();
    assert_eq!(mode(&at("new")), 0o600);
    assert!(matches!(disk::write_new(&at("new"), b"two", false, &mut System), Err(StoreError::Exists(_))));
    assert_eq!(std::fs::read(at("new")).unwrap(), b"one");

    // A link that leads nowhere is something already; nobody's file is made at its end.
    symlink("elsewhere", at("dangling")).unwrap();
    assert!(matches!(disk::write_new(&at("dangling"), b"x", false, &mut System), Err(StoreError::Exists(_))));
    assert!(!at("elsewhere").exists());

    std::fs::set_permissions(at("new"), std::fs::Permissions::from_mode(0o644)).unwrap();
    symlink("new", at("link")).unwrap();
    disk::write_new(&at("link"), b"three", true, &mut System).unwrap();
    assert_eq!(std::fs::read(at("new")).unwrap(), b"three");
    assert_eq!(mode(&at("new")), 0o600);
    assert!(at("link").is_symlink());

    std::fs::create_dir(at("folder")).unwrap();
    for replace in [false, true] {
        assert!(disk::write_new(&at("folder"), b"x", replace, &mut System).is_err());
        assert!(disk::write_new(&at("none/x"), b"x", replace, &mut System).is_err());
        assert!(disk::write_new(Path::new("/dev/full"), b"x", replace, &mut System).is_err());
    }
    assert_eq!(names(folder.path()), ["dangling", "folder", "link", "new"]);
}

#[test]
fn no_umask_opens_or_shuts_a_file() {
    for umask in ["0", "077", "777"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/v.json");
        Child::new("found, add and export under a umask").path(&path).word(umask).run();
        for (file, expected) in [
            ("sub", 0o700),
            ("sub/v.json", 0o600),
            ("sub/v.json.lock", 0o600),
            ("sub/export", 0o600),
            ("sub/backups", 0o700),
        ] {
            assert_eq!(mode(&folder.path().join(file)), expected, "{file} under umask {umask}");
        }
        let backups = backups::list(&path).unwrap();
        assert_eq!(backups.len(), 1);
        assert_eq!(mode(&backups[0].path), 0o600);
    }
}
