//! What this machine remembers of each vault, outside the vault: its replica id and the newest stamp it gave out.
//!
//! One file a vault, `<vault id>.json` in the state folder. It is written whole or not at all, but not forced to the disk: losing
//! the newest of it costs a new replica id, nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::paths::Home;
use super::temporary::{OF_SAVE, Temporary, remove_stale};
use super::{StoreError, disk, lock};
use crate::secret::{NoRandomness, Random, random_bytes};
use crate::vault::{Clock, Stamp, Unlocked, VaultError};

/// How long another window may take to write a line of JSON.
const PATIENCE: Duration = Duration::from_secs(2);

/// The operating system's random bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Os;

impl Random for Os {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(out).map_err(|_| NoRandomness)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Remembered {
    /// This machine's replica, 16 hexadecimal digits.
    replica: String,
    /// The newest stamp given out.
    last: Stamp,
    /// What a newer program remembers.
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl Remembered {
    fn clock(&self) -> Option<Clock> {
        Some(Clock::new(u64::from_str_radix(&self.replica, 16).ok()?, self.last))
    }
}

/// The clock of this machine's replica of `vault`: remembered, or new. Finding our own id in the vault with a later stamp than we
/// recorded means a copied machine: then a new id is taken. A state folder that cannot be written is no hindrance: the id is then new each time.
///
/// # Errors
/// No randomness.
pub fn clock(home: &Home, vault: &Unlocked, random: &mut dyn Random) -> Result<Clock, StoreError> {
    let remembered = file(home, &vault.vault_id()).ok().and_then(|file| read(&file));
    if let Some(clock) = remembered.as_ref().and_then(Remembered::clock)
        && vault.newest_of(clock.replica()).is_none_or(|newest| newest <= clock.last())
    {
        return Ok(clock);
    }
    let replica = u64::from_le_bytes(random_bytes(random).map_err(VaultError::from)?);
    Ok(Clock::new(replica, Stamp::default()))
}

/// Remembers the newest stamp given out; called before each save.
///
/// # Errors
/// [`StoreError::Io`].
pub fn remember(home: &Home, vault_id: &str, clock: &Clock) -> Result<(), StoreError> {
    let file = file(home, vault_id)?;
    disk::make_folder(&home.state)?;
    let _lock = lock::hold(&file, PATIENCE)?;
    let name = file.file_name().unwrap_or_default().to_owned();
    remove_stale(&home.state, &name);
    let replica = format!("{:016x}", clock.replica());
    let before = read(&file);
    let known = before.as_ref().filter(|before| before.replica == replica);
    // Another window of this machine shares the id; the later of both stamps counts.
    if known.is_some_and(|known| known.last >= clock.last()) {
        return Ok(());
    }
    let other = before.map(|before| before.other).unwrap_or_default();
    let now = Remembered { replica, last: clock.last(), other };
    let bytes = serde_json::to_vec(&now).map_err(|error| StoreError::Io {
        doing: "write",
        path: file.clone(),
        source: error.into(),
    })?;
    let mut temporary = Temporary::create(&home.state, &name, OF_SAVE, &mut Os)?;
    temporary.write_unsynced(&bytes)?;
    temporary.becomes(&file)
}

/// Forgets what is remembered of a vault.
///
/// # Errors
/// [`StoreError::Io`].
pub fn forget(home: &Home, vault_id: &str) -> Result<(), StoreError> {
    for file in [
        file(home, vault_id)?,
        super::memory::file(home, vault_id)?,
        super::memory::signed(home, vault_id)?,
        super::aside::file(home, vault_id)?,
    ] {
        if !file.exists() {
            continue;
        }
        // Whoever waits for this lock sees that its file is gone, and makes another.
        let _lock = lock::hold(&file, PATIENCE)?;
        for path in [file.clone(), lock::path(&file)] {
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::Io { doing: "remove", path, source });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

pub(super) fn file(home: &Home, vault_id: &str) -> Result<PathBuf, StoreError> {
    if vault_id.is_empty() || !vault_id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "that is no vault's id");
        return Err(StoreError::Io { doing: "remember a vault in", path: home.state.clone(), source });
    }
    Ok(home.state.join(format!("{vault_id}.json")))
}

fn read(file: &std::path::Path) -> Option<Remembered> {
    serde_json::from_slice(&disk::read(file).ok()?.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    fn home(folder: &std::path::Path) -> Home {
        Home { data: folder.join("d"), state: folder.join("s/tickey"), config: folder.join("c") }
    }

    #[test]
    fn the_later_stamp_is_remembered_and_unknown_fields_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let stamp = |ms| Stamp::new(ms, 0, 7);
        remember(&home, ID, &Clock::new(7, stamp(5))).unwrap();
        let file = file(&home, ID).unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(home.state.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let mut json: BTreeMap<String, Value> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        json.insert("head".into(), "x".into());
        std::fs::write(&file, serde_json::to_vec(&json).unwrap()).unwrap();
        remember(&home, ID, &Clock::new(7, stamp(3))).unwrap();
        assert_eq!(read(&file).unwrap().last, stamp(5));
        remember(&home, ID, &Clock::new(7, stamp(9))).unwrap();
        let now = read(&file).unwrap();
        assert_eq!((now.last, now.other.get("head")), (stamp(9), Some(&"x".into())));
        remember(&home, ID, &Clock::new(8, Stamp::new(1, 0, 8))).unwrap();
        assert_eq!(read(&file).unwrap().replica, "0000000000000008");
        crate::store::memory::keep_signed(&home, ID, b"signed", &mut Os).unwrap();
        forget(&home, ID).unwrap();
        forget(&home, ID).unwrap();
        assert!(!file.exists());
        assert_eq!(crate::store::memory::kept_signed(&home, ID), None);
    }

    #[test]
    fn an_id_is_no_path() {
        let home = home(std::path::Path::new("/nonexistent"));
        for id in ["", "..", "../x", "a/b"] {
            assert!(remember(&home, id, &Clock::new(1, Stamp::default())).is_err());
            assert!(forget(&home, id).is_err());
        }
    }
}
