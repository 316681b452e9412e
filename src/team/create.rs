//! Creating a shared vault.

use std::path::PathBuf;

use super::{OpenFile, TeamError};
use crate::secret::Text;
use crate::store::paths::Home;
use crate::store::{Os, StoreError, disk};
use crate::vault::{Edit, EntryId, Link, Unlocked, VaultError};

/// A shared vault that was created.
#[derive(Debug)]
pub struct Created {
    pub path: PathBuf,
    /// The personal vault's key to it.
    pub link: Link,
    /// To be shown once.
    pub recovery_code: Text,
}

/// Where a new shared vault of that name would lie.
///
/// # Errors
/// [`TeamError::Name`]; [`StoreError::Exists`] for a name that is taken.
pub fn place(home: &Home, name: &str) -> Result<PathBuf, TeamError> {
    if name.trim().is_empty()
        || name.contains('/')
        || name.ends_with(".json")
        || name.starts_with('.')
        || name == "personal"
    {
        return Err(TeamError::Name);
    }
    let path = home.vault(Some(name));
    match path.symlink_metadata() {
        Ok(_) => Err(StoreError::Exists(path).into()),
        Err(_) => Ok(path),
    }
}

/// Creates a shared vault with `member` as its owner. The personal vault has its key before the file is written: whatever fails afterwards, no vault is
/// left that nobody can open.
pub fn create(personal: &mut OpenFile, name: &str, member: &str) -> Result<Created, TeamError> {
    let path = place(&personal.machine.home, name)?;
    let founded = Unlocked::found_shared(name, member, (personal.machine.now_ms)(), &mut Os)?;
    let id = EntryId::random(&mut Os).map_err(VaultError::from)?;
    let (vault, keys) = (founded.vault.vault_id(), founded.vault.link_keys());
    let link = Link { name: name.into(), vault, remote: Text::default(), keys };
    personal.edit(&[Edit::Link(id, Box::new(link.clone()))])?;
    if let Err(error) = disk::create(&path, &founded.vault, &mut Os) {
        // The key opens nothing; when it cannot be taken back it does no harm.
        let _ = personal.edit(&[Edit::Unlink(id)]);
        return Err(error.into());
    }
    Ok(Created { path, link, recovery_code: founded.recovery_code })
}
