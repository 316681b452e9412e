//! What this machine remembers of a vault's remote: where it is, and what was read back from it.
//!
//! One file a vault, `<vault id>.remote.json` in the state folder. Losing it costs that an older copy is not noticed, and the address. One that cannot be
//! read is lost: without the address nothing is sent or fetched until a person sets it again, and who knows no copy takes none in the place of theirs for
//! older.
//!
//! A viewer's machine also keeps the newest copy read back as it was, `<vault id>.signed.json`: a viewer's own signature counts nowhere, so when the
//! remote loses everything only those bytes help.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::paths::Home;
use super::temporary::{OF_SAVE, Temporary, remove_stale, remove_unfinished};
use super::{StoreError, disk, lock, state};
use crate::secret::Random;
use crate::vault::Unlocked;
use crate::vault::accept::Seen;

/// How long another window may take to write a line of JSON.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The remote's address; empty for none.
    pub url: String,
    /// What the newest copy read back held.
    pub seen: Seen,
    /// The remote's tag of that copy.
    pub tag: Option<super::remote::Tag>,
    /// When the remote was last found to hold all of ours, in milliseconds since 1970.
    pub synced_ms: u64,
    /// An owner sealed what lay there last to others: we were removed, or another machine of ours has a newer key.
    pub shut_out: bool,
}

impl Memory {
    /// Whether the newest copy read back held all that `vault` does, and no more.
    pub fn holds(&self, vault: &Unlocked) -> bool {
        self.seen == vault.seen()
    }
}

/// What is remembered of that vault's remote.
pub fn read(home: &Home, vault_id: &str) -> Memory {
    let file = file(home, vault_id).ok();
    file.and_then(|file| serde_json::from_slice(&disk::read(&file).ok()?.0).ok()).unwrap_or_default()
}

/// Remembers it.
///
/// # Errors
/// [`StoreError::Io`].
pub fn remember(home: &Home, vault_id: &str, memory: &Memory) -> Result<(), StoreError> {
    let file = file(home, vault_id)?;
    disk::make_folder(&home.state)?;
    let _lock = lock::hold(&file, PATIENCE)?;
    let name = file.file_name().unwrap_or_default().to_owned();
    remove_stale(&home.state, &name);
    let bytes = serde_json::to_vec(memory).map_err(|error| StoreError::Io {
        doing: "write",
        path: file.clone(),
        source: error.into(),
    })?;
    let mut temporary = Temporary::create(&home.state, &name, OF_SAVE, &mut state::Os)?;
    temporary.write_unsynced(&bytes)?;
    temporary.becomes(&file)
}

/// Keeps the bytes that an editor signed. Only for the holder of the vault's sync.
///
/// # Errors
/// [`StoreError::Io`].
pub fn keep_signed(home: &Home, vault_id: &str, bytes: &[u8], random: &mut dyn Random) -> Result<(), StoreError> {
    disk::make_folder(&home.state)?;
    let file = signed(home, vault_id)?;
    remove_unfinished(&home.state, |name| file.file_name() == Some(name));
    disk::write_new(&file, bytes, true, random)
}

/// The bytes that were kept.
pub fn kept_signed(home: &Home, vault_id: &str) -> Option<Vec<u8>> {
    Some(disk::read(&signed(home, vault_id).ok()?).ok()?.0)
}

pub(super) fn signed(home: &Home, vault_id: &str) -> Result<PathBuf, StoreError> {
    let mut file = state::file(home, vault_id)?;
    file.set_extension("signed.json");
    Ok(file)
}

/// The file it is kept in.
pub(super) fn file(home: &Home, vault_id: &str) -> Result<PathBuf, StoreError> {
    let mut file = state::file(home, vault_id)?;
    file.set_extension("remote.json");
    Ok(file)
}
