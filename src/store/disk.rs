//! Reading a vault's file, and the one way it is written.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::temporary::{OF_NEW, OF_SAVE, Temporary, flags, remove_stale, sync_folder};
use super::{StoreError, backups, lock, paths};
use crate::secret::{Random, wiping_stack};
use crate::vault::{Limits, Unlocked};

/// The most a vault's file may hold, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;
/// How often a save starts over because a program that knows no lock writes the same file.
const ROUNDS: usize = 8;
/// How long the maker of a vault waits for another program in the same place.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a file was when it was read: device, inode, size, times. Another tag means it may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl std::fmt::Display for Tag {
    /// One word, the same for the same version of the file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tag { device, inode, size, modified, changed } = self;
        write!(f, "{device}-{inode}-{size}-{}.{}-{}.{}", modified.0, modified.1, changed.0, changed.1)
    }
}

impl From<&Metadata> for Tag {
    fn from(found: &Metadata) -> Tag {
        Tag {
            device: found.dev(),
            inode: found.ino(),
            size: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

/// What a save did.
#[derive(Debug, Clone)]
pub struct Saved {
    /// What the file holds now: ours, merged with what another window had written.
    pub vault: Unlocked,
    /// The file as it is now.
    pub tag: Tag,
    /// Whether something of another writer's was merged in.
    pub merged: bool,
    /// Something that did not hinder the save but that a person should know (no backup could be made, say).
    pub warning: Option<String>,
}

/// Reads a vault's bytes (at most 256 MiB; a plain file, symlinks followed).
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::NotAFile`], [`StoreError::TooLarge`], [`StoreError::Io`].
pub fn read(path: &Path) -> Result<(Vec<u8>, Tag), StoreError> {
    let trouble = |source| StoreError::Io { doing: "read", path: path.into(), source };
    // Before it is opened: opening a device may do something.
    let found = look(path)?.ok_or_else(|| StoreError::Missing(path.into()))?;
    if found.len() > LARGEST {
        return Err(StoreError::TooLarge(path.into()));
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags(OFlags::NONBLOCK | OFlags::NOCTTY))
        .open(path)
        .map_err(trouble)?;
    // The tag is taken before the bytes: a change while they are read shows as another tag later.
    let found = file.metadata().map_err(trouble)?;
    check_kind(path, &found)?;
    let mut bytes = Vec::new();
    let size = usize::try_from(found.len().min(LARGEST)).unwrap_or(0).saturating_add(1);
    bytes.try_reserve_exact(size).map_err(|_| trouble(std::io::ErrorKind::OutOfMemory.into()))?;
    file.take(LARGEST.saturating_add(1)).read_to_end(&mut bytes).map_err(trouble)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(StoreError::TooLarge(path.into()));
    }
    Ok((bytes, Tag::from(&found)))
}

/// The tag of the file as it is now, without reading it; `None` when there is none.
pub fn tag(path: &Path) -> Option<Tag> {
    path.metadata().ok().map(|found| Tag::from(&found))
}

/// Writes a new vault where there is none, making its folder (0700) if need be.
///
/// # Errors
/// [`StoreError::Exists`] and all of a save's.
pub fn create(path: &Path, vault: &Unlocked, random: &mut dyn Random) -> Result<Tag, StoreError> {
    let real = paths::real(path)?;
    if real.symlink_metadata().is_ok() {
        return Err(StoreError::Exists(path.into()));
    }
    make_folder(paths::folder(&real))?;
    let place = Place::at(real)?;
    let _lock = lock::hold(&place.real, PATIENCE)?;
    remove_stale(&place.folder, &place.name);
    let mut written = place.write(vault, random)?;
    written.becomes_new(&place.real)?;
    place.confirm(written.file()).map_err(|error| {
        // Its keys are given to nobody who was told that it was not made.
        if written.has_become(&place.real) {
            let _ = std::fs::remove_file(&place.real);
        }
        match error {
            StoreError::Unconfirmed { path, source } => StoreError::Io { doing: "make", path, source },
            error => error,
        }
    })
}

/// Saves: lock → if the file is not what `seen` says, open and merge → temporary file beside it, 0600 → write, fsync → read back and open →
/// backup of the old file → rename → fsync the folder. When it returns `Ok`, power loss keeps it; when it returns an error, the file is as it was
/// (but for [`StoreError::Unconfirmed`], which says that it is not known whether power loss would keep it).
///
/// A file that is gone although `seen` says it was read is written again: what is in memory may be the only copy. The warning says so.
///
/// # Errors
/// [`StoreError::Busy`] after `patience`; [`StoreError::Vault`] when what another writer left cannot be opened; [`StoreError::NotSaved`].
pub fn save(
    path: &Path,
    seen: Option<&Tag>,
    vault: &Unlocked,
    limits: &Limits,
    patience: Duration,
    wall_ms: u64,
    random: &mut dyn Random,
) -> Result<Saved, StoreError> {
    let place = Place::at(paths::real(path)?).map_err(|error| error.of_save(path))?;
    let _lock = lock::hold(&place.real, patience).map_err(|error| error.of_save(path))?;
    remove_stale(&place.folder, &place.name);
    let mut work = Work { place: &place, vault: vault.clone(), base: seen.copied(), same: false };
    for _ in 0..ROUNDS {
        work.catch_up(limits).map_err(|error| error.of_save(path))?;
        if work.same {
            let tag = place.confirm_old()?;
            return Ok(Saved { merged: work.vault != *vault, vault: work.vault, tag, warning: None });
        }
        let mut written = place.write(&work.vault, random).map_err(|error| error.of_save(path))?;
        // A program that knows no lock (a sync client, an editor) may have written meanwhile.
        if tag(&place.real) != work.base {
            continue;
        }
        let mut warning = None;
        let backup = match work.base {
            None => {
                let gone = "the vault's file was gone and has been written again";
                warning = seen.map(|_| format!("{gone}; if its disk is not connected, connect it and save once more"));
                None
            }
            Some(_) => backups::keep(&place.real, wall_ms, random).unwrap_or_else(|error| {
                warning = Some(format!("saved, but no backup of the version before could be kept: {error}"));
                None
            }),
        };
        written.belongs_with(&place.real);
        if let Err(error) = written.becomes(&place.real) {
            backup.into_iter().for_each(backups::Kept::take_back);
            return Err(error.of_save(path));
        }
        backup.into_iter().for_each(backups::Kept::settle);
        let tag = place.confirm(written.file())?;
        backups::prune(&place.real, wall_ms);
        return Ok(Saved { merged: work.vault != *vault, vault: work.vault, tag, warning });
    }
    Err(StoreError::Busy { holder: "another program that writes the file again and again".into() })
}

/// Writes any other file the way a vault is written: temporary file beside it, 0600, fsync, rename; never half, never over an existing
/// file unless `replace`.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::NotAFile`], [`StoreError::Io`].
pub fn write_new(path: &Path, bytes: &[u8], replace: bool, random: &mut dyn Random) -> Result<(), StoreError> {
    let real = if replace { paths::real(path)? } else { path.to_path_buf() };
    if real.file_name().is_none() {
        return Err(StoreError::NotAFile { path: path.into(), what: "it is a folder".into() });
    }
    if replace {
        look(&real)?;
    } else if real.symlink_metadata().is_ok() {
        return Err(StoreError::Exists(path.into()));
    }
    let place = Place::at(real)?;
    let mut temporary = Temporary::create(&place.folder, &place.name, OF_NEW, random)?;
    temporary.write(bytes)?;
    if replace { temporary.becomes(&place.real) } else { temporary.becomes_new(&place.real) }?;
    place.confirm(temporary.file()).map(drop)
}

/// Writes several new files, all or none of them: see [`write_new`].
///
/// # Errors
/// As [`write_new`]; what was written before is taken away again.
pub fn write_all_new(files: &[(PathBuf, &[u8])], random: &mut dyn Random) -> Result<(), StoreError> {
    if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(StoreError::Exists(path.clone()));
    }
    for (number, (path, bytes)) in files.iter().enumerate() {
        if let Err(error) = write_new(path, bytes, false, random) {
            for (written, _) in files.iter().take(number) {
                let _ = std::fs::remove_file(written);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Where a file is written: its real path, and its folder, held open so that its entries can be made safe.
struct Place {
    real: PathBuf,
    folder: PathBuf,
    name: OsString,
    open: File,
}

impl Place {
    fn at(real: PathBuf) -> Result<Place, StoreError> {
        let folder = paths::folder(&real).to_path_buf();
        let open = OpenOptions::new()
            .read(true)
            .custom_flags(flags(OFlags::DIRECTORY))
            .open(&folder)
            .map_err(|source| StoreError::Io { doing: "open", path: folder.clone(), source })?;
        let name = real.file_name().unwrap_or_default().to_owned();
        Ok(Place { real, folder, name, open })
    }

    /// The vault in a temporary file: on the disk, read back, opened.
    fn write(&self, vault: &Unlocked, random: &mut dyn Random) -> Result<Temporary, StoreError> {
        let bytes = vault.seal(random)?;
        let mut temporary = Temporary::create(&self.folder, &self.name, OF_SAVE, random)?;
        // The bytes are opened while the disk takes them; what the disk gives back must then be these bytes.
        let open = || wiping_stack(|| vault.check_sealed(&bytes));
        let (opened, back) = std::thread::scope(|scope| {
            let opening = std::thread::Builder::new().spawn_scoped(scope, open);
            let back = temporary.write(&bytes).and_then(|()| temporary.read_back());
            let opened = opening.ok().and_then(|opening| opening.join().ok()).unwrap_or_else(open);
            (opened, back)
        });
        let problem = if back? != bytes {
            "the disk gave back other bytes than were written, and may be failing".into()
        } else if let Err(error) = opened {
            error.to_string()
        } else {
            return Ok(temporary);
        };
        Err(StoreError::ReadBack { path: self.real.clone(), problem })
    }

    /// Waits until the disk has the new file's name, and says what the file is now.
    fn confirm(&self, file: &File) -> Result<Tag, StoreError> {
        sync_folder(&self.open)
            .and_then(|()| file.metadata())
            .map(|found| Tag::from(&found))
            .map_err(|source| StoreError::Unconfirmed { path: self.real.clone(), source })
    }

    /// The same for a file that another program wrote, perhaps without waiting.
    fn confirm_old(&self) -> Result<Tag, StoreError> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags(OFlags::NONBLOCK))
            .open(&self.real)
            .and_then(|file| file.sync_all().map(|()| file))
            .map_err(|source| StoreError::Unconfirmed { path: self.real.clone(), source })?;
        self.confirm(&file)
    }
}

/// A save under way.
struct Work<'a> {
    place: &'a Place,
    /// What is to be in the file.
    vault: Unlocked,
    /// The file whose content `vault` has in it.
    base: Option<Tag>,
    /// The file holds just that already.
    same: bool,
}

impl Work<'_> {
    /// Takes in what stands in the file, if that is not known yet.
    fn catch_up(&mut self, limits: &Limits) -> Result<(), StoreError> {
        let now = look(&self.place.real)?.map(|found| Tag::from(&found));
        if now.is_none() || now == self.base {
            self.base = now;
            return Ok(());
        }
        let (bytes, tag) = read(&self.place.real)?;
        let theirs = self.vault.reopen(&bytes, limits)?;
        self.vault = self.vault.merge(&theirs)?;
        self.same = self.vault == theirs;
        self.base = Some(tag);
        Ok(())
    }
}

/// What lies there, links followed; `None` for nothing.
fn look(path: &Path) -> Result<Option<Metadata>, StoreError> {
    match path.metadata() {
        Ok(found) => check_kind(path, &found).map(|()| Some(found)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Err(paths::circle(path)),
        Err(source) => Err(StoreError::Io { doing: "read", path: path.into(), source }),
    }
}

fn check_kind(path: &Path, found: &Metadata) -> Result<(), StoreError> {
    if found.is_file() {
        return Ok(());
    }
    Err(StoreError::NotAFile { path: path.into(), what: format!("it is {}", paths::kind(found)) })
}

/// Makes a folder and those above it that are missing, each 0700 whatever the umask, and waits until the disk has them.
pub fn make_folder(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = paths::folder(folder);
    if above != folder {
        make_folder(above)?;
    }
    let trouble = |source| StoreError::Io { doing: "make the folder", path: folder.into(), source };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => return Ok(()),
        result => result.map_err(trouble)?,
    }
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(trouble)?;
    File::open(above).and_then(|above| sync_folder(&above)).map_err(trouble)
}
