//! How a shared vault comes to this machine, founded or joined, and where it is kept.
//!
//! The key to it goes into the personal vault before anything else is written: whatever fails afterwards, no vault is left that nobody can
//! open. How the personal vault is saved is the caller's: `keep`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::clock;
use super::sharing::{self, SharingError};
use crate::secret::Text;
use crate::store::paths::{self, Home};
use crate::store::{StoreError, disk, memory};
use crate::vault::Founded;
use crate::vault::{Edit, EntryId, Link, Unlocked, VaultError};

/// Where a new shared vault of that name would lie.
///
/// # Errors
/// A name that is none, or is taken.
pub fn place(home: &Home, name: &str) -> Result<PathBuf, SharingError> {
    if name.trim().is_empty()
        || name.contains('/')
        || name.ends_with(".json")
        || name.starts_with('.')
        || name == "personal"
    {
        return Err(SharingError::Name);
    }
    let path = home.vault(Some(name));
    match path.symlink_metadata() {
        Ok(_) => Err(StoreError::Exists(path).into()),
        Err(_) => Ok(path),
    }
}

/// Founds a shared vault with `member` as its owner.
///
/// # Errors
/// [`SharingError`], and what `keep` fails with.
pub fn found<E: From<SharingError>>(
    home: &Home,
    name: &str,
    member: &str,
    keep: &mut dyn FnMut(Edit) -> Result<(), E>,
) -> Result<(PathBuf, Link, Founded), E> {
    let path = place(home, name)?;
    let wall_ms = clock::now().wall_ms;
    let founded = Unlocked::found_shared(name, member, wall_ms, &mut clock::Os).map_err(SharingError::from)?;
    let id = new_id()?;
    let link = Link {
        name: name.into(),
        vault: founded.vault.vault_id(),
        remote: Text::default(),
        keys: founded.vault.link_keys(),
    };
    keep(Edit::Link(id, Box::new(link.clone())))?;
    if let Err(error) = disk::create(&path, &founded.vault, &mut clock::Os) {
        // The key opens nothing; when it cannot be taken back it does no harm.
        let _ = keep(Edit::Unlink(id));
        return Err(SharingError::from(error).into());
    }
    Ok((path, link, founded))
}

/// Takes a vault in that this person has just joined, or taken an owner's place in.
///
/// # Errors
/// [`SharingError`], and what `keep` fails with.
pub fn take_in<E: From<SharingError>>(
    home: &Home,
    personal: &Unlocked,
    joined: &Unlocked,
    name: Option<&str>,
    url: &str,
    keep: &mut dyn FnMut(Edit) -> Result<(), E>,
) -> Result<(PathBuf, Link), E> {
    if joined.id() == personal.id() {
        // Everything this machine remembers of a vault, and every answer about one, goes by its id.
        let words = "this vault says that it is your personal vault; nothing was changed";
        return Err(SharingError::from(VaultError::Altered(words.into())).into());
    }
    let known = personal.link_to(&joined.vault_id());
    let copy = known.as_ref().map(|(_, link)| home.vault(Some(&link.name))).filter(|path| disk::tag(path).is_some());
    let has_copy = copy.is_some();
    let path = copy.unwrap_or_else(|| sharing::free_path(home, name.or(joined.roster().title()).unwrap_or("shared")));
    let link = Link {
        name: paths::name(&path).as_str().into(),
        vault: joined.vault_id(),
        remote: url.into(),
        keys: joined.link_keys(),
    };
    let id = known.map_or_else(new_id, |(id, _)| Ok(id))?;
    keep(Edit::Link(id, Box::new(link.clone())))?;
    // Before the file is there: a copy without its remote would be synced by nobody.
    sharing::set_remote(home, &joined.vault_id(), url).map_err(SharingError::from)?;
    let written = match has_copy {
        true => joined
            .seal(&mut clock::Os)
            .map_err(StoreError::from)
            .and_then(|sealed| disk::write_new(&path, &sealed, true, &mut clock::Os).map(drop)),
        false => disk::create(&path, joined, &mut clock::Os).map(drop),
    };
    written.map_err(SharingError::from)?;
    Ok((path, link))
}

fn new_id() -> Result<EntryId, SharingError> {
    Ok(EntryId::random(&mut clock::Os).map_err(VaultError::from)?)
}

/// What the place guarantees, tried out; a line each.
///
/// # Errors
/// [`SharingError`].
pub fn guarantees(home: &Home, url: &str, cancel: &Arc<AtomicBool>) -> Result<Vec<String>, SharingError> {
    Ok(sharing::open_remote(home, url, cancel)?.probe()?.lines())
}

/// Keeps a vault at that address from now on, unless the first sync with it fails: what does not work once is not kept.
///
/// # Errors
/// What the sync fails with.
pub fn keep_at<T, E: From<SharingError>>(
    home: &Home,
    vault_id: &str,
    url: &str,
    sync: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let before = memory::read(home, vault_id);
    sharing::set_remote(home, vault_id, url).map_err(SharingError::from)?;
    sync().map_err(|error| match memory::remember(home, vault_id, &before) {
        Ok(()) => error,
        Err(worse) => SharingError::from(worse).into(),
    })
}

/// What the personal vault is to keep of where a shared one is, for this person's other machines.
pub fn link_at(personal: &Unlocked, vault_id: &str, url: &str) -> Option<Edit> {
    let (id, link) = personal.link_to(vault_id)?;
    Some(Edit::Link(id, Box::new(Link { remote: url.into(), ..link })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_that_comes_in_has_its_remote_before_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let home = Home { data: at("data"), state: at("state"), config: at("config") };
        // In the place of the folder for vaults: nothing can be written there.
        std::fs::write(&home.data, "").unwrap();
        let founded = Unlocked::found_shared("ops", "maya", 1, &mut clock::Os).unwrap().vault;
        let mine = Unlocked::found_shared("mine", "maya", 1, &mut clock::Os).unwrap().vault;
        let mut keep = |_| Ok::<_, SharingError>(());
        assert!(take_in(&home, &mine, &founded, None, "folder:/t/ops.json", &mut keep).is_err());
        assert_eq!(memory::read(&home, &founded.vault_id()).url, "folder:/t/ops.json");
    }

    #[test]
    fn a_vault_with_the_id_of_the_personal_one_is_not_joined() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let home = Home { data: at("data"), state: at("state"), config: at("config") };
        let mine = Unlocked::found_shared("mine", "maya", 1, &mut clock::Os).unwrap().vault;
        let mut keep = |_| -> Result<(), SharingError> { panic!("nothing is kept of it") };
        assert!(take_in(&home, &mine, &mine, None, "folder:/t/ops.json", &mut keep).is_err());
        assert_eq!(memory::read(&home, &mine.vault_id()).url, "");
    }
}
