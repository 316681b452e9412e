//! One writer at a time: `<vault>.lock`, held with the system's advisory lock.
//!
//! The lock belongs to the open file, so it ends with the process that holds it, however that ends; a lock file left behind means
//! nothing. It is never removed: two writers could then hold two locks of one name.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::temporary::{flags, with_ending};
use super::{StoreError, paths};

/// The first pause between two tries, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// A held lock; let go when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// The lock file of a vault's real file.
pub(super) fn path(vault: &Path) -> PathBuf {
    vault.with_file_name(with_ending(vault.file_name().unwrap_or(OsStr::new("vault")), ".lock"))
}

/// Takes the lock of a vault, waiting at most `patience`. It lies beside the real file, so that all ways to a file share it.
///
/// # Errors
/// [`StoreError::Busy`] with the holder's name; [`StoreError::NotAFile`] when something else lies in the lock file's place;
/// [`StoreError::Io`] when it cannot be made or the file system has no locks.
pub fn hold(vault: &Path, patience: Duration) -> Result<Lock, StoreError> {
    hold_file(&path(&paths::real(vault)?), patience, &mut |_| true)
}

/// Takes the lock of that lock file, waiting at most `patience`, and no longer than `goes_on` says of the time that it waits.
///
/// # Errors
/// As [`hold`].
pub(super) fn hold_file(
    path: &Path,
    patience: Duration,
    goes_on: &mut dyn FnMut(Duration) -> bool,
) -> Result<Lock, StoreError> {
    let trouble = |source| StoreError::Io { doing: "lock", path: path.into(), source };
    let start = Instant::now();
    let mut pause = PAUSES.0;
    loop {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) if still_named(&file, path) => return Ok(sign(file)),
            // Somebody removed the lock file between our opening and locking it: another writer may hold its successor.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => match error.raw_os_error().map(Errno::from_raw_os_error) {
                Some(Errno::INTR) => {}
                Some(Errno::NOLCK | Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => {
                    return Err(trouble(std::io::Error::new(
                        std::io::ErrorKind::Unsupported,
                        "this file system has no file locks, without which two programs could overwrite each other's changes",
                    )));
                }
                _ => return Err(trouble(error)),
            },
        }
        let waited = start.elapsed();
        if !goes_on(waited) || waited >= patience {
            return Err(StoreError::Busy { holder: holder(path) });
        }
        std::thread::sleep(pause.min(patience.saturating_sub(waited)));
        pause = pause.saturating_mul(2).min(PAUSES.1);
    }
}

fn open(path: &Path) -> Result<File, StoreError> {
    let not_a_file = |what: &str| StoreError::NotAFile { path: path.into(), what: what.into() };
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY))
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) => {
            return Err(match path.symlink_metadata() {
                Ok(found) if !found.is_file() => not_a_file(&lies_there(&found)),
                _ => StoreError::Io { doing: "lock", path: path.into(), source: error },
            });
        }
    };
    let found = file.metadata().map_err(|source| StoreError::Io { doing: "lock", path: path.into(), source })?;
    if !found.is_file() {
        return Err(not_a_file(&lies_there(&found)));
    }
    if found.mode() & 0o600 != 0o600 {
        // A strange umask must not shut the next one out.
        let _ = file.set_permissions(Permissions::from_mode(0o600));
    }
    Ok(file)
}

fn lies_there(found: &std::fs::Metadata) -> String {
    format!("{} lies where the vault's lock should be; remove it", paths::kind(found))
}

fn still_named(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(named)) = (file.metadata(), path.symlink_metadata()) else { return false };
    (held.dev(), held.ino()) == (named.dev(), named.ino())
}

/// Writes who we are into the lock file, for those who wait. A full disk must not hinder: it may be what the save is about to mend.
fn sign(mut file: File) -> Lock {
    let program = std::env::args_os().next();
    let program = program.as_deref().map(Path::new).and_then(Path::file_name).unwrap_or(OsStr::new("unknown"));
    let line = format!("{} {}\n", std::process::id(), plain(&program.to_string_lossy()));
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(line.as_bytes()));
    Lock { file }
}

impl Lock {
    /// Lets others take it too who may use files of that mode.
    pub(super) fn open_to(&self, mode: u32) {
        let _ = self.file.set_permissions(Permissions::from_mode(mode));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A later holder that cannot write must not be taken for us.
        let _ = self.file.set_len(0);
    }
}

/// Who says it holds the lock. The file may hold anything: only a number and a plain word are repeated.
pub(super) fn holder(path: &Path) -> String {
    let mut line = String::new();
    let read = OpenOptions::new()
        .read(true)
        .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY))
        .open(path)
        .and_then(|file| file.take(200).read_to_string(&mut line));
    let mut words = line.split_ascii_whitespace();
    match (read, words.next().and_then(|word| word.parse::<u32>().ok()), words.next().map(plain)) {
        (Ok(_), Some(process), Some(program)) => format!("process {process} ({program})"),
        _ => "another program".into(),
    }
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(30);

    #[test]
    fn the_second_waits_and_is_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("v.json");
        let first = hold(&vault, SHORT).unwrap();
        let start = Instant::now();
        match hold(&vault, SHORT) {
            Err(StoreError::Busy { holder }) => assert!(holder.contains(&format!("process {} (", std::process::id()))),
            other => panic!("{other:?}"),
        }
        assert!(start.elapsed() >= SHORT);
        drop(first);
        assert_eq!(std::fs::read(path(&vault)).unwrap(), b"");
        hold(&vault, SHORT).unwrap();
    }

    #[test]
    fn a_lock_file_left_behind_means_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("v.json");
        std::fs::write(path(&vault), "999999 otherhost 2001-01-01").unwrap();
        hold(&vault, SHORT).unwrap();
    }

    #[test]
    fn only_a_number_and_a_word_are_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("v.lock");
        for (text, expected) in [
            ("12 tic\u{1b}[2Jkey x", "process 12 (tic2Jkey)"),
            ("", "another program"),
            ("\u{1b}]0;x\u{7}", "another program"),
            ("12", "another program"),
        ] {
            std::fs::write(&lock, text).unwrap();
            assert_eq!(holder(&lock), expected);
        }
        std::fs::write(&lock, [0xff; 300]).unwrap();
        assert_eq!(holder(&lock), "another program");
    }

    #[test]
    fn something_else_in_its_place_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("v.json");
        let lock = path(&vault);
        let refused = |word: &str| match hold(&vault, SHORT) {
            Err(StoreError::NotAFile { what, .. }) => assert!(what.starts_with(word), "{what}"),
            other => panic!("{other:?}"),
        };
        std::fs::create_dir(&lock).unwrap();
        refused("a folder");
        std::fs::remove_dir(&lock).unwrap();
        std::os::unix::fs::symlink("/nonexistent/x", &lock).unwrap();
        refused("a symbolic link");
        std::fs::remove_file(&lock).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &lock).unwrap();
        refused("a symbolic link");
        std::fs::remove_file(&lock).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &lock, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        refused("a named pipe");
    }

    #[test]
    fn a_removed_lock_file_does_not_let_two_in() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("v.json");
        let opened = open(&path(&vault)).unwrap();
        std::fs::remove_file(path(&vault)).unwrap();
        opened.try_lock().unwrap();
        assert!(!still_named(&opened, &path(&vault)));
        let held = hold(&vault, SHORT).unwrap();
        assert!(still_named(&held.file, &path(&vault)));
    }
}
