//! A file in a folder that others see too: NFS or another network disk, Syncthing, Dropbox, Nextcloud's client.
//!
//! Where the file system has locks, writers that share it take turns. A sync client takes no turns: it copies the file when it likes, and what
//! two machines changed at once it lays beside the file as a conflict copy. A folder that is missing is an error, never an absent file: its
//! disk may not be connected.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::io::Errno;

use super::copies::is_copy;
use super::{Bounds, Deadline, Guarantees, Guard, LARGEST, Read, Remote, RemoteError, Sibling, Tag, Trouble, Written};
use crate::store::temporary::{OF_SAVE, Temporary, remove_stale, sync_folder};
use crate::store::{StoreError, disk, lock, paths, state};

/// How many conflict copies are named at a time.
const MOST_COPIES: usize = 1000;
/// How long another writer's turn may take.
const TURN: Duration = Duration::from_secs(10);
/// A file changed longer ago than this does not get another version with the same times.
const SETTLED: Duration = Duration::from_secs(3);
/// How often a rename is tried again that a network disk refuses for the moment.
const TRIES: u32 = 5;
/// The first pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// See the module.
pub(super) struct Folder {
    file: PathBuf,
    bounds: Bounds,
}

impl Folder {
    pub(super) fn new(file: PathBuf, bounds: Bounds) -> Folder {
        Folder { file, bounds }
    }

    /// Does it on a thread of its own: a network disk may hang.
    fn within<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path, &Deadline) -> Result<T, RemoteError> + Send + 'static,
    ) -> Result<T, RemoteError> {
        let (deadline, file) = (self.bounds.start(), self.file.clone());
        let its_deadline = deadline.clone();
        super::within(&deadline, &place(&self.file), move || work(&file, &its_deadline))
    }
}

impl Remote for Folder {
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError> {
        let known = known.cloned();
        self.within(move |file, _| {
            if let (Some(known), Some(now)) = (&known, disk::tag(file))
                && known.settled
                && known.name == now.to_string()
            {
                return Ok(Read::Same(known.clone()));
            }
            Ok(match look(file)? {
                None => Read::Absent,
                Some((bytes, tag)) => Read::of(bytes, tag, known.as_ref()),
            })
        })
    }

    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError> {
        let place = place(&self.file);
        if bytes.len() > LARGEST {
            return Err(RemoteError::new(Trouble::TooLarge, &place, "more than 256 MiB"));
        }
        let (bytes, expected) = (bytes.to_vec(), expected.cloned());
        self.within(move |file, deadline| write(file, &bytes, expected.as_ref(), deadline)).map_err(|error| {
            match error.kind() {
                // The thread may still be at it.
                Trouble::TimedOut | Trouble::Cancelled => error.perhaps_arrived(),
                _ => error,
            }
        })
    }

    fn siblings(&mut self) -> Result<Vec<Sibling>, RemoteError> {
        self.within(|file, _| {
            let folder = paths::folder(file);
            let own = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
            let names = paths::names(folder).map_err(|error| trouble(file, "read", &error))?;
            let copies = names.iter().filter(|name| name.to_str().is_some_and(|name| is_copy(name, own)));
            let mut copies: Vec<PathBuf> = copies.map(|name| folder.join(name)).collect();
            copies.sort_unstable();
            copies.truncate(MOST_COPIES);
            let sibling = |path: PathBuf| {
                let found = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
                Some(Sibling { path, size: found.len() })
            };
            Ok(copies.into_iter().filter_map(sibling).collect())
        })
    }

    fn read_sibling(&mut self, copy: &Sibling) -> Result<Option<(Vec<u8>, Tag)>, RemoteError> {
        let path = copy.path.clone();
        self.within(move |_, _| look(&path))
    }

    fn remove_sibling(&mut self, copy: &Sibling, read: &Tag) -> Result<(), RemoteError> {
        let (path, read) = (copy.path.clone(), read.clone());
        self.within(move |file, _| match look(&path)? {
            Some((bytes, _)) if read.is_of(&bytes) => {
                std::fs::remove_file(&path).map_err(|error| trouble(file, "remove", &error))
            }
            _ => Ok(()),
        })
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        self.within(|file, deadline| {
            let scratch = super::scratch_name(file.file_name().and_then(OsStr::to_str).unwrap_or("vault"));
            let scratch = file.with_file_name(scratch);
            let result = probe(&scratch, deadline);
            let _ = std::fs::remove_file(&scratch);
            let _ = std::fs::remove_file(lock::path(&scratch));
            // What is tried out is said of the place that was asked for.
            result.map_err(|error| error.about(&place(&scratch), &place(file)))
        })
    }
}

fn place(file: &Path) -> String {
    file.display().to_string()
}

/// Whoever may write in the folder could lead us, by a symbolic link in the file's place, to any file of this user, which would then be replaced.
fn refuse_link(file: &Path) -> Result<(), RemoteError> {
    match file.symlink_metadata() {
        Ok(found) if found.is_symlink() => {
            let detail = "a symbolic link lies there and is not followed; name the file it leads to, if that is yours";
            Err(RemoteError::new(Trouble::Refused, &place(file), detail))
        }
        _ => Ok(()),
    }
}

/// The file and its tag; `None` when its folder is there and it is not.
fn look(file: &Path) -> Result<Option<(Vec<u8>, Tag)>, RemoteError> {
    refuse_link(file)?;
    match disk::read(file) {
        Ok((bytes, found)) => {
            let age = file.metadata().and_then(|found| found.modified()).map(|at| SystemTime::now().duration_since(at));
            let settled = matches!(age, Ok(Ok(age)) if age >= SETTLED);
            let tag = Tag::new(found.to_string(), settled, &bytes);
            Ok(Some((bytes, tag)))
        }
        Err(StoreError::Missing(_)) => {
            let folder = paths::folder(file);
            if folder.is_dir() {
                return Ok(None);
            }
            let detail = format!("there is no folder {}", folder.display());
            Err(RemoteError::new(Trouble::NoPlace, &place(file), detail))
        }
        Err(error) => Err(from_store(file, &error)),
    }
}

fn write(file: &Path, bytes: &[u8], expected: Option<&Tag>, deadline: &Deadline) -> Result<Written, RemoteError> {
    // A folder that is missing is said first.
    look_at_folder(file)?;
    refuse_link(file)?;
    let turn = deadline.left(&place(file))?.min(TURN);
    let turn = match lock::hold(file, turn) {
        Ok(held) => {
            // Colleagues with other accounts need it too.
            held.open_to(mode(file));
            Some(held)
        }
        Err(StoreError::Busy { holder }) => {
            let detail = format!("it is being written by {holder}");
            return Err(RemoteError::new(Trouble::Later(None), &place(file), detail));
        }
        // No locks there, or a lock file that is another's: then the caller's loop alone keeps writers apart.
        Err(_) => None,
    };
    let there = look(file)?;
    match (&there, expected) {
        (None, None) => {}
        (Some((bytes, _)), Some(expected)) if expected.is_of(bytes) => {}
        _ => return Ok(Written::Conflict),
    }
    let folder = paths::folder(file);
    let name = file.file_name().unwrap_or_default();
    if turn.is_some() {
        remove_stale(folder, name);
    }
    let failed = |error: &StoreError| from_store(file, error);
    let mut new = Temporary::create(folder, name, OF_SAVE, &mut state::Os).map_err(|error| failed(&error))?;
    new.write(bytes).map_err(|error| failed(&error))?;
    deadline.left(&place(file))?;
    let _ = new.file().set_permissions(Permissions::from_mode(mode(file)));
    let placed = if there.is_some() {
        new.belongs_with(file);
        rename(&mut new, file)
    } else {
        new.becomes_new(file)
    };
    match placed {
        Ok(()) => {}
        Err(_) if new.has_become(file) => {}
        Err(StoreError::Exists(_)) => return Ok(Written::Conflict),
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            let detail = "another program removed the new file before it was in its place";
            return Err(RemoteError::new(Trouble::Later(None), &place(file), detail));
        }
        Err(error) => return Err(failed(&error)),
    }
    let confirmed = std::fs::File::open(folder).and_then(|folder| sync_folder(&folder));
    confirmed.map_err(|error| trouble(file, "confirm", &error).perhaps_arrived())?;
    let name = disk::tag(file).map(|tag| tag.to_string()).unwrap_or_default();
    Ok(Written::Done(Tag::new(name, false, bytes)))
}

/// Renames over what is there, as network disks need it: a file that is open elsewhere may be busy for a moment.
fn rename(new: &mut Temporary, real: &Path) -> Result<(), StoreError> {
    let mut tries = 0_u32;
    loop {
        let Err(error) = new.becomes(real) else { return Ok(()) };
        let passing = match &error {
            StoreError::Io { source, .. } => matches!(
                source.raw_os_error().map(Errno::from_raw_os_error),
                Some(Errno::STALE | Errno::BUSY | Errno::TXTBSY | Errno::INTR | Errno::AGAIN | Errno::EXIST)
            ),
            _ => false,
        };
        tries = tries.saturating_add(1);
        if !passing || tries >= TRIES {
            return Err(error);
        }
        std::thread::sleep(PAUSE.saturating_mul(tries));
    }
}

/// Who may read and write: as the file that is there; a new one as its folder, for it is the folder that is shared.
fn mode(real: &Path) -> u32 {
    match real.metadata() {
        Ok(found) => found.mode() & 0o666 | 0o600,
        Err(_) => paths::folder(real).metadata().map_or(0o600, |folder| folder.mode() & 0o666 | 0o600),
    }
}

fn look_at_folder(file: &Path) -> Result<(), RemoteError> {
    let folder = paths::folder(file);
    match folder.metadata() {
        Ok(found) if found.is_dir() => Ok(()),
        _ => Err(RemoteError::new(Trouble::NoPlace, &place(file), format!("there is no folder {}", folder.display()))),
    }
}

fn probe(scratch: &Path, deadline: &Deadline) -> Result<Guarantees, RemoteError> {
    let failed = |detail: &str| RemoteError::new(Trouble::Failed, &place(scratch), detail);
    let Written::Done(first) = write(scratch, b"1", None, deadline)? else {
        return Err(failed("a new file is said to be there already"));
    };
    let creates_once = write(scratch, b"2", None, deadline)? == Written::Conflict;
    let Written::Done(_) = write(scratch, b"2", Some(&first), deadline)? else {
        return Err(failed("a file that was just written is not read back as it was written"));
    };
    if !matches!(look(scratch)?, Some((bytes, _)) if bytes == b"2") {
        return Err(failed("a file that was just replaced is not read back as it was written"));
    }
    let locks = match lock::hold(scratch, Duration::from_secs(1)) {
        Ok(_held) => matches!(lock::hold(scratch, Duration::ZERO), Err(StoreError::Busy { .. })),
        Err(_) => false,
    };
    let guard = if locks && creates_once { Guard::Locks } else { Guard::Ignores };
    let clients =
        "a sync client (Syncthing, Dropbox, Nextcloud) takes no lock: the conflict copies it makes are merged";
    let machines =
        "the lock keeps apart the machines that have this disk mounted and whose file system passes locks on";
    let notes = if locks { vec![machines.into(), clients.into()] } else { vec![clients.into()] };
    Ok(Guarantees { guard, notes })
}

fn from_store(file: &Path, error: &StoreError) -> RemoteError {
    match error {
        StoreError::Io { doing, source, .. } => trouble(file, doing, source),
        StoreError::TooLarge(_) => RemoteError::new(Trouble::TooLarge, &place(file), "it holds more than 256 MiB"),
        other => RemoteError::new(Trouble::Failed, &place(file), other.to_string()),
    }
}

fn trouble(file: &Path, doing: &str, error: &std::io::Error) -> RemoteError {
    let kind = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Trouble::Refused,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Trouble::Full,
        ErrorKind::NotFound => Trouble::NoPlace,
        ErrorKind::TimedOut => Trouble::TimedOut,
        ErrorKind::FileTooLarge => Trouble::TooLarge,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::NotConnected => Trouble::Unreachable,
        _ => Trouble::Failed,
    };
    RemoteError::new(kind, &place(file), format!("cannot {doing} it: {error}"))
}
