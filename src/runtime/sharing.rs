//! Shared vaults on this machine: where their remotes are, fetching one, joining one, keeping them the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{clock, process};
use crate::secret::Text;
use crate::store::memory::{self, Memory};
use crate::store::paths::Home;
use crate::store::remote::{self, Around, Bounds, Environment, Remote, RemoteError, RemoteUrl, UrlError};
use crate::store::sync::{self, Means, Notice, SyncError, Synced, WorkingCopy};
use crate::store::sync_lock::SyncLock;
use crate::store::{StoreError, Tag, disk, forget};
use crate::text::clean;
use crate::time::Utc;
use crate::vault::join::InviteCode;
use crate::vault::link::Link;
use crate::vault::roster::Renewal;
use crate::vault::sharing::Deed;
use crate::vault::{Locked, Unlocked, VaultError};

/// Why something between this machine and a remote was not done.
#[derive(Debug, thiserror::Error)]
pub enum SharingError {
    /// The address.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The remote.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The sync.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The files here.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A name that no shared vault can have.
    #[error("a shared vault has a plain name, such as ops")]
    Name,
    /// There is nothing there.
    #[error("there is no vault at {0} yet")]
    Nothing(String),
}

impl From<VaultError> for SharingError {
    fn from(error: VaultError) -> SharingError {
        SharingError::Store(error.into())
    }
}

/// The storage at that address. `cancel` ends what it does.
///
/// # Errors
/// An address that makes no sense, or no credentials for it.
pub fn open_remote(home: &Home, url: &str, cancel: &Arc<AtomicBool>) -> Result<Box<dyn Remote>, SharingError> {
    let environment = Environment::of_process();
    let url = RemoteUrl::parse(url, &environment)?;
    let bounds = Bounds { cancelled: Arc::clone(cancel), ..Bounds::default() };
    let insecure = remote::open_endpoint(&environment).is_some_and(|endpoint| insecure(home).contains(&endpoint));
    let around = Around { environment, login: None, insecure, cache: cache(home), bounds };
    Ok(remote::open(&url, around)?)
}

/// What can be fetched again.
fn cache(home: &Home) -> std::path::PathBuf {
    home.state.join("cache")
}

/// Removes this machine's copy of the git repository in which the vault of that id is kept, if it is in one: older versions stay in it.
///
/// # Errors
/// [`SharingError`].
pub fn forget_repository(home: &Home, vault_id: &str) -> Result<(), SharingError> {
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
///
/// # Errors
/// [`StoreError`].
pub fn allow_insecure(home: &Home) -> Result<(), SharingError> {
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
    Ok(disk::write_new(&path, &bytes, true, &mut clock::Os)?)
}

/// The file in the state folder that names the endpoints that were allowed.
const INSECURE: &str = "insecure-endpoints.json";

/// An address as it is kept: paths made absolute.
///
/// # Errors
/// One that makes no sense.
pub fn full_url(url: &str) -> Result<String, SharingError> {
    Ok(RemoteUrl::parse(url, &Environment::of_process())?.to_string())
}

/// The remote of the vault of that id; `None` when it has none.
///
/// # Errors
/// As [`open_remote`].
pub fn remote_of(
    home: &Home,
    vault_id: &str,
    cancel: &Arc<AtomicBool>,
) -> Result<Option<Box<dyn Remote>>, SharingError> {
    let memory = memory::read(home, vault_id);
    if memory.url.is_empty() {
        return Ok(None);
    }
    open_remote(home, &memory.url, cancel).map(Some)
}

/// Syncs a working copy that is open, for whoever holds its one sync of this machine.
///
/// # Errors
/// [`SyncError`].
pub fn sync_copy(
    home: &Home,
    path: &Path,
    vault: Unlocked,
    tag: Option<Tag>,
    remote: &mut dyn Remote,
    cancel: &AtomicBool,
    lock: &SyncLock,
) -> Result<Synced, SyncError> {
    let limits = process::limits();
    let mut random = clock::Os;
    let mut means = Means { wall_ms: &|| clock::now().wall_ms, random: &mut random, cancel };
    sync::sync_held(WorkingCopy { home, path, vault, tag, limits: &limits }, remote, &mut means, lock)
}

/// Sets where a vault is kept.
///
/// # Errors
/// [`StoreError`].
pub fn set_remote(home: &Home, vault_id: &str, url: &str) -> Result<(), StoreError> {
    let before = memory::read(home, vault_id);
    if before.url == url {
        return Ok(());
    }
    memory::remember(home, vault_id, &Memory { url: url.to_owned(), ..Memory::default() })
}

/// Remembers that those bytes lie at a vault's remote: they may be replaced although the key in use here is newer than they are.
///
/// # Errors
/// [`StoreError`].
pub fn remember_read(home: &Home, vault_id: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let before = memory::read(home, vault_id);
    memory::remember(home, vault_id, &Memory { tag: Some(remote::Tag::new("", false, bytes)), ..before })
}

/// What lies at that address.
///
/// # Errors
/// [`SharingError`].
pub fn look(home: &Home, url: &str, cancel: &Arc<AtomicBool>) -> Result<(Vec<u8>, Locked), SharingError> {
    let mut remote = open_remote(home, url, cancel)?;
    let limits = process::limits();
    let mut random = clock::Os;
    let mut means = Means { wall_ms: &|| clock::now().wall_ms, random: &mut random, cancel };
    sync::fetch(remote.as_mut(), &limits, &mut means)?.ok_or_else(|| SharingError::Nothing(url.to_owned()))
}

/// Fetches a shared vault that this person has the key to, onto a machine that has no copy of it; its path.
///
/// # Errors
/// [`SharingError`].
pub fn fetch(home: &Home, link: &Link) -> Result<PathBuf, SharingError> {
    let (_, locked) = look(home, &link.remote, &Arc::default())?;
    if locked.vault_id() != link.vault {
        return Err(VaultError::Altered("another vault lies in its place".into()).into());
    }
    let vault = locked.open_from_elsewhere(&link.keys)?.with_own_record(clock::now().wall_ms)?;
    // Of several programs that miss it one makes the copy.
    let _lock = SyncLock::hold(&home.vault(Some(&link.name)), &AtomicBool::new(false), &mut |_| {})?;
    if let Some(path) = has_copy(home, link) {
        return Ok(path);
    }
    let path = free_path(home, &link.name);
    set_remote(home, &link.vault, &link.remote)?;
    disk::create(&path, &vault, &mut clock::Os)?;
    Ok(path)
}

/// The copy of a linked vault that lies here, if it opens.
fn has_copy(home: &Home, link: &Link) -> Option<PathBuf> {
    let path = home.vault(Some(&link.name));
    let locked = Locked::read(&disk::read(&path).ok()?.0, &process::limits()).ok()?;
    (locked.vault_id() == link.vault && locked.open_working_copy(&link.keys).is_ok()).then_some(path)
}

/// How many characters of a vault's name go into its file's name, which may have 255 bytes with all that comes behind.
const LONGEST_NAME: usize = 50;

/// A file name for a vault of that name that is not taken yet.
pub fn free_path(home: &Home, name: &str) -> PathBuf {
    let plain: String = name
        .chars()
        .take(LONGEST_NAME)
        .map(|c| if c.is_alphanumeric() || "-_ .".contains(c) { c } else { '-' })
        .collect();
    let plain = plain.trim_matches(['.', ' ']);
    let plain =
        if plain.is_empty() || plain == "personal" { "shared" } else { plain.strip_suffix(".json").unwrap_or(plain) };
    let taken = |path: &PathBuf| path.symlink_metadata().is_ok();
    let numbered = (2..10_000_u32).map(|n| home.data.join(format!("{plain}-{n}.json")));
    let mut paths = std::iter::once(home.data.join(format!("{plain}.json"))).chain(numbered);
    paths.find(|path| !taken(path)).unwrap_or_else(|| home.data.join(format!("{plain}.json")))
}

/// Comes into the vault that lies there with the code of an invitation. Nothing is written yet, here or there.
///
/// # Errors
/// [`SharingError`].
pub fn join(locked: &Locked, code: &Text, member: Option<&str>) -> Result<Unlocked, SharingError> {
    let code = InviteCode::read(code).ok_or_else(|| {
        VaultError::Refused(
            "this is not an invitation's code: it has fifteen groups of four letters and digits, and one of them is wrong"
                .into(),
        )
    })?;
    Ok(Unlocked::join(locked, &code, member, clock::now().wall_ms, &mut clock::Os)?)
}

/// A day in UTC: `2026-11-24`.
fn day(ms: u64) -> String {
    let Utc { year, month, day, .. } = Utc::from_unix(ms / 1000);
    format!("{year:04}-{month:02}-{day:02}")
}

/// What a person should know of a sync, in a sentence without a full stop.
pub fn words_of(notice: &Notice) -> String {
    match notice {
        Notice::WentBack(how) => {
            format!("the remote went back in time: {how}; this machine's copy was put there again")
        }
        Notice::SetAside(why, Some(file)) => format!(
            "the remote held an untrusted copy ({why}): quarantined as {}, replaced with yours",
            clean(&file.display().to_string())
        ),
        Notice::SetAside(why, None) => {
            format!("the remote held an untrusted copy ({why}), too large to keep: replaced with yours")
        }
        Notice::CopiesLeft(files) => {
            let first = files.first().map(|file| clean(&file.display().to_string()).into_owned()).unwrap_or_default();
            match files.len().saturating_sub(1) {
                0 => format!("a conflict copy was not merged: {first}; delete it if nobody needs it"),
                more => format!("conflict copies were not merged: {first} and {more} more; delete those nobody needs"),
            }
        }
        Notice::Deed(Deed::LetIn(who)) => format!("let in {}, who used their invitation", clean(who)),
        Notice::Deed(Deed::Expired(who)) => format!("the invitation of {} expired and was ended", clean(who)),
        Notice::Deed(Deed::Waits(who, doubt)) => format!(
            "{} waits to be let in: {doubt}; compare their six words, then tickey member admit, or m on the screen",
            clean(who)
        ),
        Notice::Deed(Deed::Doubled(who)) => format!(
            "two people used the invitation of {}: tickey member list shows them, tickey member admit lets one in",
            clean(who)
        ),
        Notice::Deed(Deed::OwnNewKey) => "you have a new key to it; older copies still open with the old one".into(),
        Notice::Deed(Deed::AskedForKey) => {
            "owners were asked to put your new key in force; until one of their programs does, the old key is".into()
        }
        Notice::Deed(Deed::NewKey(who)) => {
            format!("{} has a new key; the old one opens nothing from now on", clean(who))
        }
        Notice::Deed(Deed::TwoKeys(who)) => format!(
            "there are two requests for a new key of {}: compare the six words, then choose (tickey member list, tickey member admit)",
            clean(who)
        ),
        Notice::Deed(Deed::Late(who, ended)) => format!(
            "the invitation of {} was used, but ended {}: tickey member admit lets them in all the same",
            clean(who),
            day(*ended)
        ),
        Notice::Deed(Deed::NotDone(what, why)) => format!("could not {}: {}", clean(what), clean(why)),
        Notice::BadRecord(bad) => format!("left out {}: {}", clean(&bad.what), clean(&bad.why)),
        Notice::KeyWaits(why) => format!("your new key could not be put there ({why}); the old one stays in force"),
        Notice::NewRecoveryCode(Renewal { came_in: Some(who), .. }) => format!(
            "{} came in as an owner with the recovery code, which is a new one now; if nobody of you did that, remove them",
            clean(who)
        ),
        Notice::NewRecoveryCode(Renewal { by, .. }) => {
            format!("{} renewed the recovery code: the one before opens nothing that comes after", clean(by))
        }
        Notice::JoinedFork => {
            "another owner had changed who belongs at the same time; both changes are in force".into()
        }
        Notice::Ahead(who) => {
            let who = who.iter().map(|(by, changes)| format!("{} ({changes})", clean(by))).collect::<Vec<_>>();
            format!(
                "changes dated more than a day ahead of this machine's clock do not count until then: {}",
                who.join(", ")
            )
        }
        Notice::ViewerAhead => "the remote lacks something; an editor's program will put it there".into(),
    }
}
