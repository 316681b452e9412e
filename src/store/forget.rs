//! Copies of a vault on this machine that an earlier passphrase, member key or recovery code opens: found, and removed when a person says so.
//!
//! A new passphrase shuts nobody out of the copies from before it. The program keeps such copies in four places: the backups, what was set aside at a sync, the
//! copy that a viewer's machine keeps, and the local copy of a git repository. Beside them may lie what `backup restore` found damaged and what a killed
//! program left half made.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::paths::{self, Home};
use super::temporary::{OF_NEW, inner_name, remove_stale, sync_folder};
use super::{StoreError, aside, backups, disk, lock, memory};
use crate::vault::{OpenedBy, Unlocked};

/// How long removing waits for another program's save.
const SAVE_LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The copies of one vault on this machine, by what opens them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// An earlier passphrase, member key or recovery code does.
    pub earlier: Vec<PathBuf>,
    /// Nothing tells: they are damaged, or of another vault.
    pub unknown: Vec<PathBuf>,
    /// What opens the vault now does.
    pub present: usize,
}

/// Sorts the copies of `vault`, whose file is `path`, by what opens them. What the file itself says decides, never its name or time.
///
/// # Errors
/// [`StoreError::Io`] when a folder cannot be read.
pub fn find(home: &Home, path: &Path, vault: &Unlocked) -> Result<Copies, StoreError> {
    let mut copies = Copies::default();
    for file in candidates(home, path, vault)? {
        if !file.symlink_metadata().is_ok_and(|found| found.is_file()) {
            continue;
        }
        match disk::read(&file).map(|(bytes, _)| vault.opened_by(&bytes)) {
            Ok(OpenedBy::Present) => copies.present = copies.present.saturating_add(1),
            Ok(OpenedBy::Earlier) => copies.earlier.push(file),
            Ok(OpenedBy::Unknown) => copies.unknown.push(file),
            // Another window has pruned it meanwhile.
            Err(StoreError::Missing(_)) => {}
            Err(_) => copies.unknown.push(file),
        }
    }
    Ok(copies)
}

/// Removes those files of [`find`], with what dead saves left beside the vault; gives back how many are gone.
///
/// # Errors
/// [`StoreError::Busy`], or the first file that could not be removed; the rest is removed all the same.
pub fn remove(path: &Path, files: &[PathBuf]) -> Result<usize, StoreError> {
    let real = paths::real(path)?;
    let _lock = lock::hold(&real, SAVE_LOCK_TIMEOUT)?;
    remove_stale(paths::folder(&real), real.file_name().unwrap_or_default());
    let mut removed = 0_usize;
    let mut first = None;
    for file in files {
        match std::fs::remove_file(file) {
            Ok(()) => removed = removed.saturating_add(1),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => {
                first = first.or(Some(StoreError::Io { doing: "remove", path: file.clone(), source }));
            }
        }
    }
    // After a power cut they must not be there again; a disk that cannot promise it has no better answer.
    for folder in files.iter().filter_map(|file| file.parent()).collect::<std::collections::BTreeSet<_>>() {
        let _ = std::fs::File::open(folder).and_then(|folder| sync_folder(&folder));
    }
    first.map_or(Ok(removed), Err)
}

/// Removes this machine's copy of the git repository that the vault is kept in: old versions stay in it, and the newest is fetched again by the next sync.
///
/// # Errors
/// [`StoreError::Busy`], [`StoreError::Io`].
pub fn remove_repository(cache: &Path, url: &super::remote::RemoteUrl) -> Result<(), StoreError> {
    let Some(copy) = super::remote::repository_copy(cache, url).filter(|copy| copy.exists()) else { return Ok(()) };
    let _lock = lock::hold(&copy, SAVE_LOCK_TIMEOUT)?;
    std::fs::remove_dir_all(&copy).map_err(|source| StoreError::Io { doing: "remove", path: copy.clone(), source })
}

/// Every file that this program may have made as a copy of that vault.
fn candidates(home: &Home, path: &Path, vault: &Unlocked) -> Result<Vec<PathBuf>, StoreError> {
    let real = paths::real(path)?;
    let folder = paths::folder(&real);
    let name = real.file_name().unwrap_or_default();
    let stem = real.file_stem().unwrap_or_default();
    let mut all: Vec<PathBuf> = backups::list(path)?.into_iter().map(|backup| backup.path).collect();
    let unfinished = |file: &OsStr, is_ours: &dyn Fn(&OsStr) -> bool| inner_name(file, OF_NEW).is_some_and(is_ours);
    let backup = |file: &OsStr| backups::is_of(&real, file);
    let quarantined = |file: &OsStr| aside::is_of(&real, file);
    add(&mut all, &backups::folder(&real), &|file| unfinished(file, &backup))?;
    add(&mut all, &aside::folder(&real), &|file| quarantined(file) || unfinished(file, &quarantined))?;
    add(&mut all, folder, &|file| is_damaged_of(stem, file) || unfinished(file, &|inner| inner == name))?;
    let signed = memory::signed(home, &vault.vault_id())?;
    let signed = signed.file_name().unwrap_or_default();
    add(&mut all, &home.state, &|file| file == signed || unfinished(file, &|inner| inner == signed))?;
    Ok(all)
}

/// Adds the files of a folder, if there is one, whose names are `wanted`.
fn add(all: &mut Vec<PathBuf>, folder: &Path, wanted: &dyn Fn(&OsStr) -> bool) -> Result<(), StoreError> {
    let names = match paths::names(folder) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StoreError::Io { doing: "read", path: folder.into(), source }),
    };
    all.extend(names.iter().filter(|name| wanted(name)).map(|name| folder.join(name)));
    Ok(())
}

/// Whether a restored backup took the place of that file: `NAME.damaged-<seconds>`.
fn is_damaged_of(stem: &OsStr, file: &OsStr) -> bool {
    let seconds = file.as_bytes().strip_prefix(stem.as_bytes()).and_then(|rest| rest.strip_prefix(b".damaged-"));
    seconds.is_some_and(|seconds| !seconds.is_empty() && seconds.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_programs_own_names_are_looked_at() {
        let name = OsStr::new;
        let vault = Path::new("/d/ops.json");
        assert!(aside::is_of(vault, name("ops-0123456789abcdef.json")));
        assert!(!aside::is_of(vault, name("ops-0123456789ABCDEF.json")));
        assert!(!aside::is_of(vault, name("ops-team-0123456789abcdef.json")));
        assert!(!aside::is_of(vault, name("ops-mine.json")));
        assert!(is_damaged_of(name("personal"), name("personal.damaged-1764000000")));
        assert!(!is_damaged_of(name("personal"), name("personal.damaged-")));
        assert!(!is_damaged_of(name("personal"), name("personal.json")));
    }
}
