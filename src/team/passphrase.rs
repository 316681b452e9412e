//! A personal vault's passphrase, changed on another machine.

use std::sync::Arc;

use super::{Keeper, OpenFile, SyncReport, TeamError, remote};
use crate::secret::Text;
use crate::store::memory;
use crate::vault::{Locked, Unlocked, VaultError};

/// The copy of a personal vault at its remote.
pub fn copy_there(file: &OpenFile) -> Result<Locked, TeamError> {
    let url = memory::read(&file.machine.home, &file.vault.vault_id()).url;
    Ok(remote::look(&file.machine, &url)?.locked)
}

/// Opens that copy with the passphrase that another machine set.
///
/// # Errors
/// [`TeamError::WrongPassphraseThere`], and as [`Locked::unlock`].
pub fn open_there(file: &OpenFile, there: &Locked, passphrase: &Text) -> Result<Unlocked, TeamError> {
    let theirs = there.unlock(passphrase, &file.machine.limits).map_err(|error| match error {
        VaultError::WrongPassphrase => TeamError::WrongPassphraseThere,
        error => error.into(),
    })?;
    if theirs.id() == file.vault.id() { Ok(theirs) } else { Err(TeamError::AnotherVault) }
}

/// Goes on with the key by which that copy opened: what was changed here under the old passphrase is merged.
pub fn follow(keeper: &mut dyn Keeper, theirs: &Unlocked) -> Result<Option<SyncReport>, TeamError> {
    let file = keeper.file();
    file.vault = Arc::new(file.vault.with_key_of(theirs));
    keeper.sync()
}
