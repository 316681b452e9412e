//! Reading a vault's file, and the one way it is written.

use std::path::Path;
use std::time::Duration;

use super::StoreError;
use crate::secret::Random;
use crate::vault::{Limits, Unlocked};

/// What a file was when it was read: device, inode, size, times. Another tag means it may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {}

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
    let _ = path;
    todo!()
}

/// The tag of the file as it is now, without reading it; `None` when there is none.
pub fn tag(path: &Path) -> Option<Tag> {
    let _ = path;
    todo!()
}

/// Writes a new vault where there is none, making its folder (0700) if need be.
///
/// # Errors
/// [`StoreError::Exists`] and all of a save's.
pub fn create(path: &Path, vault: &Unlocked, random: &mut dyn Random) -> Result<Tag, StoreError> {
    let _ = (path, vault, random);
    todo!()
}

/// Saves: lock → if the file is not what `seen` says, open and merge → temporary file beside it, 0600 → write, fsync → read back and open →
/// backup of the old file → rename → fsync the folder. When it returns `Ok`, power loss keeps it; when it returns an error, the file is as it was.
///
/// # Errors
/// [`StoreError::Busy`] after `patience`; [`StoreError::Vault`] when what another writer left cannot be opened; [`StoreError::Io`].
pub fn save(
    path: &Path,
    seen: Option<&Tag>,
    vault: &Unlocked,
    limits: &Limits,
    patience: Duration,
    wall_ms: u64,
    random: &mut dyn Random,
) -> Result<Saved, StoreError> {
    let _ = (path, seen, vault, limits, patience, wall_ms, random);
    todo!()
}

/// Writes any other file the way a vault is written: temporary file beside it, 0600, fsync, rename; never half, never over an existing
/// file unless `replace`.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Io`].
pub fn write_new(path: &Path, bytes: &[u8], replace: bool, random: &mut dyn Random) -> Result<(), StoreError> {
    let _ = (path, bytes, replace, random);
    todo!()
}
