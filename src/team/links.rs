//! Shared vaults as the personal vault links them: opened with its keys, fetched where this machine has no copy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Machine, OpenFile, TeamError, remote};
use crate::store::paths::Home;
use crate::store::{Os, disk};
use crate::vault::{Link, Locked, Unlocked, VaultError};

/// Opens the copy at that path with the link's keys.
///
/// # Errors
/// As [`disk::read`]; [`TeamError::KeyEnded`], [`TeamError::AnotherVault`].
pub fn open(machine: &Machine, path: &Path, link: &Link) -> Result<OpenFile, TeamError> {
    let (bytes, tag) = disk::read(path)?;
    let vault = open_bytes(&Locked::read(&bytes, &machine.limits)?, link)?;
    Ok(OpenFile::new(machine.clone(), path.to_owned(), Arc::new(vault), Some(tag)))
}

/// Opens a working copy with the link's keys.
pub fn open_bytes(locked: &Locked, link: &Link) -> Result<Unlocked, TeamError> {
    if locked.vault_id() != link.vault {
        return Err(TeamError::AnotherVault);
    }
    locked.open_working_copy(&link.keys).map_err(|error| match error {
        VaultError::NotAMember => TeamError::KeyEnded,
        error => error.into(),
    })
}

/// The files that may be the link's copy: the one of the link's name, or, where another vault has that, a numbered one.
fn candidates(home: &Home, link: &Link) -> impl Iterator<Item = PathBuf> {
    let named = home.vault(Some(&link.name));
    std::iter::once(named).chain(numbered(home, &link.name)).take_while(|path| disk::tag(path).is_some())
}

/// Where the link's vault lies on this machine. A damaged file counts as the copy whose place it has.
pub fn copy(machine: &Machine, link: &Link) -> Option<PathBuf> {
    candidates(&machine.home, link).find(|path| {
        let read = disk::read(path).and_then(|(bytes, _)| Ok(Locked::read(&bytes, &machine.limits)?.vault_id()));
        read.map_or(true, |id| id == link.vault)
    })
}

/// Opens the link's copy; `None` when there is none.
pub fn open_copy(machine: &Machine, link: &Link) -> Result<Option<OpenFile>, TeamError> {
    for path in candidates(&machine.home, link) {
        match open(machine, &path, link) {
            Err(TeamError::AnotherVault) => {}
            opened => return opened.map(Some),
        }
    }
    Ok(None)
}

/// Opens the link's vault, fetched from its remote if this machine has no copy; `None` when there is neither copy nor remote.
pub fn open_or_fetch(machine: &Machine, link: &Link) -> Result<Option<OpenFile>, TeamError> {
    match open_copy(machine, link)? {
        None if !link.remote.is_empty() => fetch(machine, link).map(Some),
        copy => Ok(copy),
    }
}

fn fetch(machine: &Machine, link: &Link) -> Result<OpenFile, TeamError> {
    let there = remote::look(machine, &link.remote)?;
    if there.locked.vault_id() != link.vault {
        return Err(TeamError::AnotherVault);
    }
    let vault = there.locked.open_from_elsewhere(&link.keys)?.with_own_record((machine.now_ms)())?;
    let mut file = OpenFile::new(machine.clone(), machine.home.vault(Some(&link.name)), Arc::new(vault), None);
    // Of several programs that miss it one makes the copy.
    file.hold()?;
    if let Some(copy) = open_copy(machine, link)? {
        return Ok(copy);
    }
    let path = free_path(&machine.home, &link.name);
    remote::set(&machine.home, &link.vault, &link.remote)?;
    file.tag = Some(disk::create(&path, &file.vault, &mut Os)?);
    file.release();
    file.path = path;
    Ok(file)
}

/// A shared vault with the keys that the personal vault holds for it, where those are newer.
pub fn with_new_keys(personal: &Unlocked, shared: &Unlocked) -> Option<Unlocked> {
    let (_, link) = personal.link_to(&shared.vault_id())?;
    (!shared.knows(&link.keys)).then(|| shared.with_keys(&link.keys))
}

/// How many characters of a vault's name go into its file's name, which may have 255 bytes with all that comes behind.
const LONGEST_NAME: usize = 50;

/// A file for a vault of that name, one that is not there yet.
pub fn free_path(home: &Home, name: &str) -> PathBuf {
    let plain: String = name
        .chars()
        .take(LONGEST_NAME)
        .map(|c| if c.is_alphanumeric() || "-_ .".contains(c) { c } else { '-' })
        .collect();
    let plain = plain.trim_matches(['.', ' ']);
    let plain =
        if plain.is_empty() || plain == "personal" { "shared" } else { plain.strip_suffix(".json").unwrap_or(plain) };
    let first = home.data.join(format!("{plain}.json"));
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    std::iter::once(first.clone()).chain(numbered(home, plain)).find(is_free).unwrap_or(first)
}

fn numbered(home: &Home, name: &str) -> impl Iterator<Item = PathBuf> {
    (2..10_000_u32).map(move |n| home.data.join(format!("{name}-{n}.json")))
}
