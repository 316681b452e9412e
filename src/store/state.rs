//! What this machine remembers of each vault, outside the vault: its replica id and the newest stamp it gave out.

use super::StoreError;
use super::paths::Home;
use crate::secret::Random;
use crate::vault::{Clock, Unlocked};

/// The clock of this machine's replica of `vault`: remembered, or new. Finding our own id in the vault with a later stamp than we
/// recorded means a copied machine: then a new id is taken. A state folder that cannot be written is no hindrance: the id is then new each time.
///
/// # Errors
/// No randomness.
pub fn clock(home: &Home, vault: &Unlocked, random: &mut dyn Random) -> Result<Clock, StoreError> {
    let _ = (home, vault, random);
    todo!()
}

/// Remembers the newest stamp given out; called before each save.
///
/// # Errors
/// [`StoreError::Io`].
pub fn remember(home: &Home, vault_id: &str, clock: &Clock) -> Result<(), StoreError> {
    let _ = (home, vault_id, clock);
    todo!()
}

/// Forgets what is remembered of a vault.
///
/// # Errors
/// [`StoreError::Io`].
pub fn forget(home: &Home, vault_id: &str) -> Result<(), StoreError> {
    let _ = (home, vault_id);
    todo!()
}
