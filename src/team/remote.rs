//! Where vaults are kept: their remotes, as this machine remembers them, and what lies there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Keeper, Machine, OpenFile, TeamError};
use crate::store::memory::{self, Memory};
use crate::store::paths::Home;
pub use crate::store::remote::Remote;
use crate::store::remote::{self, Bounds, Environment, RemoteContext, RemoteUrl};
use crate::store::sync::{self, SyncContext};
use crate::store::{Os, StoreError, disk, forget};
use crate::vault::{Edit, Link, Locked};

/// The storage at that address.
///
/// # Errors
/// An address that makes no sense, or no credentials for it.
pub fn open(machine: &Machine, url: &str) -> Result<Box<dyn Remote>, TeamError> {
    let environment = Environment::of_process();
    let url = RemoteUrl::parse(url, &environment)?;
    let bounds = Bounds { cancelled: machine.cancel.clone(), ..Bounds::default() };
    let home = &machine.home;
    let insecure = remote::open_endpoint(&environment).is_some_and(|endpoint| insecure(home).contains(&endpoint));
    let around = RemoteContext { environment, login: None, insecure, cache: cache(home), bounds };
    Ok(remote::open(&url, around)?)
}

/// The remote of the vault of that id; `None` when it has none.
pub fn of_vault(machine: &Machine, vault_id: &str) -> Result<Option<Box<dyn Remote>>, TeamError> {
    let url = memory::read(&machine.home, vault_id).url;
    if url.is_empty() { Ok(None) } else { open(machine, &url).map(Some) }
}

/// What can be fetched again.
fn cache(home: &Home) -> PathBuf {
    home.state.join("cache")
}

/// Removes this machine's copy of the git repository in which the vault of that id is kept, if it is in one: older versions stay in it.
pub fn forget_repository(home: &Home, vault_id: &str) -> Result<(), TeamError> {
    let url = memory::read(home, vault_id).url;
    if url.is_empty() {
        return Ok(());
    }
    Ok(forget::remove_repository(&cache(home), &RemoteUrl::parse(&url, &Environment::of_process())?)?)
}

/// The endpoints that somebody allowed on this machine although others on the way can read what goes there.
fn insecure(home: &Home) -> BTreeSet<String> {
    let read = disk::read(&home.state.join(INSECURE)).ok();
    read.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Allows the S3 endpoint of this process's environment although others on the way can read what goes there.
pub fn allow_insecure(home: &Home) -> Result<(), TeamError> {
    let Some(endpoint) = remote::open_endpoint(&Environment::of_process()) else { return Ok(()) };
    let mut allowed = insecure(home);
    if !allowed.insert(endpoint) {
        return Ok(());
    }
    let path = home.state.join(INSECURE);
    let trouble =
        |error: serde_json::Error| StoreError::Io { doing: "write", path: path.clone(), source: error.into() };
    let bytes = serde_json::to_vec(&allowed).map_err(trouble)?;
    disk::make_folder(&home.state)?;
    Ok(disk::write_new(&path, &bytes, true, &mut Os)?)
}

/// The file in the state folder that names the endpoints that were allowed.
const INSECURE: &str = "insecure-endpoints.json";

/// An address as it is kept: paths made absolute.
pub fn full_url(url: &str) -> Result<String, TeamError> {
    Ok(RemoteUrl::parse(url, &Environment::of_process())?.to_string())
}

/// Sets where a vault is kept, for the next sync.
pub fn set(home: &Home, vault_id: &str, url: &str) -> Result<(), StoreError> {
    if memory::read(home, vault_id).url == url {
        return Ok(());
    }
    memory::remember(home, vault_id, &Memory { url: url.to_owned(), ..Memory::default() })
}

/// What lies at an address.
pub struct There {
    /// The address, paths made absolute.
    pub url: String,
    pub bytes: Vec<u8>,
    pub locked: Locked,
}

/// Reads what lies at that address.
///
/// # Errors
/// As [`open`] and [`sync::fetch`]; [`TeamError::Nothing`].
pub fn look(machine: &Machine, address: &str) -> Result<There, TeamError> {
    let url = full_url(address)?;
    let mut remote = open(machine, &url)?;
    let mut means = SyncContext { wall_ms: &machine.now_ms, random: &mut Os, cancel: &machine.cancel };
    match sync::fetch(remote.as_mut(), &machine.limits, &mut means)? {
        Some((bytes, locked)) => Ok(There { url, bytes, locked }),
        None => Err(TeamError::Nothing(url)),
    }
}

/// What the storage at that address guarantees, tried out; a line each.
pub fn guarantees(machine: &Machine, url: &str) -> Result<Vec<String>, TeamError> {
    Ok(open(machine, url)?.probe()?.lines())
}

/// Where a vault is kept from now on.
pub struct Kept {
    /// The address, paths made absolute.
    pub url: String,
    /// What the storage there guarantees; a line each.
    pub guarantees: Vec<String>,
}

/// Keeps a vault at that address from now on, unless the first sync with it fails.
pub fn keep_at(keeper: &mut dyn Keeper, address: &str) -> Result<Kept, TeamError> {
    let url = full_url(address)?;
    let OpenFile { machine, vault, .. } = keeper.file();
    // What the storage cannot do is known before anything is put there.
    let guarantees = guarantees(machine, &url)?;
    let (home, id) = (machine.home.clone(), vault.vault_id());
    let before = memory::read(&home, &id);
    set(&home, &id, &url)?;
    if let Err(error) = keeper.sync() {
        memory::remember(&home, &id, &before)?;
        return Err(error);
    }
    Ok(Kept { url, guarantees })
}

/// Has the personal vault say where a shared one is kept, for its owner's other machines.
pub fn remember_in_link(personal: &mut OpenFile, vault_id: &str, url: &str) -> Result<(), TeamError> {
    let Some((id, link)) = personal.vault.link_to(vault_id) else { return Ok(()) };
    personal.edit(&[Edit::Link(id, Box::new(Link { remote: url.into(), ..link }))]).map(drop)
}
