//! Files in the making: written beside the file they will become, removed again if they never do.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{StoreError, paths};
use crate::secret::{Random, random_bytes};
use crate::vault::VaultError;

/// What the name of a save's temporary file ends with. Only ever made, and removed, by whoever holds the vault's lock.
pub(super) const OF_SAVE: &str = ".tmp";
/// What the name of any other file's temporary file ends with; no lock guards it.
pub(super) const OF_NEW: &str = ".new";

const RANDOM_DIGITS: usize = 16;

/// An open flag in the form the standard library takes.
pub(super) fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

/// A new file beside the one it is to become; removed when dropped before [`Temporary::becomes`].
pub(super) struct Temporary {
    path: PathBuf,
    file: File,
    done: bool,
}

impl Temporary {
    /// Makes `.NAME.<random><ending>` in `folder`: it must not exist, no link is followed, mode 0600 whatever the umask.
    pub(super) fn create(
        folder: &Path,
        name: &OsStr,
        ending: &str,
        random: &mut dyn Random,
    ) -> Result<Temporary, StoreError> {
        let unpredictable: [u8; RANDOM_DIGITS / 2] = random_bytes(random).map_err(VaultError::from)?;
        let mut own = OsString::from(".");
        own.push(name);
        own.push(".");
        own.push(HEXLOWER.encode(&unpredictable));
        own.push(ending);
        let path = folder.join(own);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(flags(OFlags::NOFOLLOW))
            .open(&path)
            .map_err(|source| StoreError::Io { doing: "make", path: path.clone(), source })?;
        let temporary = Temporary { path, file, done: false };
        temporary
            .file
            .set_permissions(Permissions::from_mode(0o600))
            .map_err(|source| temporary.trouble("set the mode of", source))?;
        Ok(temporary)
    }

    /// Gives the file to the owner of the one it replaces, as far as the system lets us: root saving a user's vault must not
    /// lock the user out.
    pub(super) fn belongs_with(&self, old: &Path) {
        let (Ok(old), Ok(own)) = (old.metadata(), self.file.metadata()) else { return };
        if old.uid() != own.uid() || old.gid() != own.gid() {
            let _ = fchown(&self.file, Some(old.uid()), Some(old.gid()));
        }
    }

    /// Writes all of it and waits until the disk has it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.write_unsynced(bytes)?;
        self.file.sync_all().map_err(|source| self.trouble("write", source))
    }

    /// Writes all of it, in the disk's own time.
    pub(super) fn write_unsynced(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(|source| self.trouble("write", source))
    }

    /// What a fresh look at the file gives: opened by its name again, and past the system's memory of what was just written
    /// where the system lets us.
    pub(super) fn read_back(&self) -> Result<Vec<u8>, StoreError> {
        let mut again = OpenOptions::new()
            .read(true)
            .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
            .open(&self.path)
            .map_err(|source| self.trouble("read back", source))?;
        let _ = rustix::fs::fadvise(&again, 0, None, rustix::fs::Advice::DontNeed);
        let size = again.metadata().map_err(|source| self.trouble("read back", source))?.len();
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(usize::try_from(size).unwrap_or(usize::MAX))
            .map_err(|_| self.trouble("read back", std::io::ErrorKind::OutOfMemory.into()))?;
        again.read_to_end(&mut bytes).map_err(|source| self.trouble("read back", source))?;
        Ok(bytes)
    }

    /// Takes the place of `target`, whatever is there.
    pub(super) fn becomes(&mut self, target: &Path) -> Result<(), StoreError> {
        std::fs::rename(&self.path, target).map_err(|source| self.trouble("rename", source))?;
        self.done = true;
        Ok(())
    }

    /// Whether it is what `target` names, although the rename was said to have failed: a network disk repeats a request whose answer
    /// was lost.
    pub(super) fn has_become(&self, target: &Path) -> bool {
        let (Ok(own), Ok(there)) = (self.file.metadata(), target.symlink_metadata()) else { return false };
        (own.dev(), own.ino()) == (there.dev(), there.ino())
    }

    /// Takes the place of `target` if nothing is there.
    ///
    /// # Errors
    /// [`StoreError::Exists`].
    pub(super) fn becomes_new(&mut self, target: &Path) -> Result<(), StoreError> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        let exists = || StoreError::Exists(target.into());
        match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
            Ok(()) => {
                self.done = true;
                Ok(())
            }
            Err(Errno::EXIST) => Err(exists()),
            // An old system or a file system without that flag: a second name has the same guarantee, and the first goes.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match std::fs::hard_link(&self.path, target) {
                Ok(()) => Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists()),
                // No second names either (FAT): look, then rename.
                Err(_) if target.symlink_metadata().is_ok() => Err(exists()),
                Err(_) => self.becomes(target),
            },
            Err(source) => Err(self.trouble("rename", source.into())),
        }
    }

    /// The open file, whatever its name is by now.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    fn trouble(&self, doing: &'static str, source: std::io::Error) -> StoreError {
        StoreError::Io { doing, path: self.path.clone(), source }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes what dead saves of the file `name` left in `folder`. Only for the holder of its lock: a living save's temporary
/// file looks the same.
pub(super) fn remove_stale(folder: &Path, name: &OsStr) {
    for file in paths::names(folder).unwrap_or_default() {
        if is_temporary_of(name, &file) {
            let _ = std::fs::remove_file(folder.join(file));
        }
    }
}

/// Removes what dead programs left of new files in `folder` whose names are `ours`. Only for whoever alone writes these.
pub(super) fn remove_unfinished(folder: &Path, ours: impl Fn(&OsStr) -> bool) {
    for file in paths::names(folder).unwrap_or_default() {
        if inner_name(&file, OF_NEW).is_some_and(&ours) {
            let _ = std::fs::remove_file(folder.join(file));
        }
    }
}

fn is_temporary_of(name: &OsStr, file: &OsStr) -> bool {
    inner_name(file, OF_SAVE).is_some_and(|inner| inner == name)
}

/// The name that a temporary file with that ending was to get; `None` when it is none.
pub(super) fn inner_name<'a>(file: &'a OsStr, ending: &str) -> Option<&'a OsStr> {
    let rest = file.as_bytes().strip_prefix(b".")?.strip_suffix(ending.as_bytes())?;
    let (name, digits) = rest.split_at_checked(rest.len().checked_sub(RANDOM_DIGITS)?)?;
    let is_random = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_random.then(|| name.strip_suffix(b".").map(OsStr::from_bytes)).flatten()
}

/// Waits until the disk has the entries of a folder.
///
/// # Errors
/// What the system says, except that it cannot do this for folders at all (some network file systems).
pub(super) fn sync_folder(folder: &File) -> std::io::Result<()> {
    match folder.sync_all() {
        Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => Ok(()),
        result => result,
    }
}

/// `name` with `ending` put after it.
pub(super) fn with_ending(name: &OsStr, ending: &str) -> OsString {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend_from_slice(ending.as_bytes());
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_leftovers_are_ours() {
        let of = |name: &str, file: &str| is_temporary_of(OsStr::new(name), OsStr::new(file));
        assert!(of("a.json", ".a.json.0123456789abcdef.tmp"));
        assert!(!of("a.json", ".a.json.0123456789abcdef.new"));
        assert!(!of("a.json", ".a.json.0123456789ABCDEF.tmp"));
        assert!(!of("a.json", ".a.json.0123.tmp"));
        assert!(!of("a.json", ".b.json.0123456789abcdef.tmp"));
        assert!(!of("a", ".a.json.0123456789abcdef.tmp"));
        assert!(!of("a.json", "a.json"));
        assert!(!of("a.json", "a.json.tmp"));
    }

    #[test]
    fn a_rename_whose_answer_was_lost_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.json");
        std::fs::write(&target, "old").unwrap();
        let mut random = crate::store::state::Os;
        let mut file = Temporary::create(folder.path(), OsStr::new("a.json"), OF_SAVE, &mut random).unwrap();
        assert!(!file.has_become(&target));
        std::fs::rename(&file.path, &target).unwrap();
        assert!(file.becomes(&target).is_err(), "the second try finds nothing to rename");
        assert!(file.has_become(&target));
    }
}
