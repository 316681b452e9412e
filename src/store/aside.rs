//! Quarantine: copies that lay at a vault's remote and were not believed, kept in `aside/` beside the vault for people to look at.
//!
//! Whoever stores the file chooses these bytes, so there is a bound on them: the same bytes once, the newest ten of a vault, and 64 MiB of them
//! together. Room is made before anything is written. Why and from where each came is remembered in the state folder
//! (`<vault id>.aside.json`); losing that costs the words only. Only the holder of the vault's sync writes here.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::paths::{self, Home};
use super::temporary::{remove_unfinished, with_ending};
use super::{StoreError, disk, state};
use crate::secret::Random;
use crate::vault::seal::sha256;

/// How many copies of one vault are kept.
const MOST: usize = 10;
/// The most that they may have together, in bytes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// How many digits of a copy's hash are in its name.
const DIGITS: usize = 16;

/// Why a copy is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What was wrong with it, in words.
    pub why: String,
    /// The remote's address.
    pub from: String,
}

/// A copy in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its file.
    pub path: PathBuf,
    /// When it was put there, in milliseconds since 1970.
    pub at_ms: u64,
    /// Bytes.
    pub size: u64,
    /// `None` when this machine does not remember it.
    pub reason: Option<Reason>,
}

/// The copies of that vault, newest first.
///
/// # Errors
/// [`StoreError::Io`] when the folder cannot be read; no folder means no copies.
pub fn list(home: &Home, vault: &Path, vault_id: &str) -> Result<Vec<Quarantined>, StoreError> {
    let real = paths::real(vault)?;
    let folder = folder(&real);
    let names = match paths::names(&folder) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StoreError::Io { doing: "read", path: folder, source }),
    };
    let (prefix, mut reasons) = (prefix(&real), reasons(home, vault_id));
    let copy = |name: OsString| {
        let digits = digits_of(&prefix, &name)?.to_owned();
        let path = folder.join(&name);
        let found = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
        let at = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        Some(Quarantined { path, at_ms, size: found.len(), reason: reasons.remove(&digits) })
    };
    let mut copies: Vec<Quarantined> = names.into_iter().filter_map(copy).collect();
    copies.sort_by(|a, b| b.at_ms.cmp(&a.at_ms).then_with(|| a.path.cmp(&b.path)));
    Ok(copies)
}

/// Keeps a copy, and removes older ones that have no room beside it. Its file; `None` for one that is larger than all room there is.
///
/// # Errors
/// [`StoreError`].
pub fn keep(
    home: &Home,
    vault: &Path,
    vault_id: &str,
    bytes: &[u8],
    reason: Reason,
    random: &mut dyn Random,
) -> Result<Option<PathBuf>, StoreError> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > MOST_BYTES {
        return Ok(None);
    }
    let real = paths::real(vault)?;
    let (folder, prefix) = (folder(&real), prefix(&real));
    disk::make_folder(&folder)?;
    remove_unfinished(&folder, |name| name.as_bytes().starts_with(prefix.as_bytes()));
    let digits = HEXLOWER.encode(&sha256(&[bytes]));
    let digits = digits.get(..DIGITS).unwrap_or_default();
    let mut name = prefix;
    name.push(digits);
    name.push(".json");
    let path = folder.join(name);
    if path.symlink_metadata().is_ok() {
        return Ok(Some(path));
    }
    let mut known = reasons(home, vault_id);
    let (mut count, mut together) = (1_usize, size);
    let mut kept = BTreeMap::from([(digits.to_owned(), reason)]);
    for copy in list(home, vault, vault_id)? {
        count = count.saturating_add(1);
        together = together.saturating_add(copy.size);
        if count > MOST || together > MOST_BYTES {
            // All that are older go, too: what is kept are the newest.
            count = MOST;
            let _ = std::fs::remove_file(&copy.path);
            continue;
        }
        let hash = copy.path.file_stem().and_then(|stem| stem.to_str()?.rsplit('-').next().map(str::to_owned));
        kept.extend(hash.and_then(|hash| known.remove_entry(&hash)));
    }
    disk::write_new(&path, bytes, false, random)?;
    // What cannot be remembered costs its words.
    let _ = remember(home, vault_id, &kept, random);
    Ok(Some(path))
}

pub(super) fn folder(real: &Path) -> PathBuf {
    paths::folder(real).join("aside")
}

fn prefix(real: &Path) -> OsString {
    with_ending(real.file_stem().unwrap_or_default(), "-")
}

/// The digits in the name of a copy of the vault with that prefix: `NAME-<16 hexadecimal digits>.json`.
fn digits_of<'a>(prefix: &OsStr, name: &'a OsStr) -> Option<&'a str> {
    let digits = name.as_bytes().strip_prefix(prefix.as_bytes())?.strip_suffix(b".json")?;
    let is_hash = digits.len() == DIGITS && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    std::str::from_utf8(digits).ok().filter(|_| is_hash)
}

/// Whether that is the name of a copy of the vault at `real`.
pub(super) fn is_of(real: &Path, name: &OsStr) -> bool {
    digits_of(&prefix(real), name).is_some()
}

pub(super) fn file(home: &Home, vault_id: &str) -> Result<PathBuf, StoreError> {
    let mut file = state::file(home, vault_id)?;
    file.set_extension("aside.json");
    Ok(file)
}

fn reasons(home: &Home, vault_id: &str) -> BTreeMap<String, Reason> {
    let file = file(home, vault_id).ok();
    file.and_then(|file| serde_json::from_slice(&disk::read(&file).ok()?.0).ok()).unwrap_or_default()
}

fn remember(
    home: &Home,
    vault_id: &str,
    reasons: &BTreeMap<String, Reason>,
    random: &mut dyn Random,
) -> Result<(), StoreError> {
    let file = file(home, vault_id)?;
    let trouble =
        |error: serde_json::Error| StoreError::Io { doing: "write", path: file.clone(), source: error.into() };
    let bytes = serde_json::to_vec(reasons).map_err(trouble)?;
    disk::make_folder(&home.state)?;
    remove_unfinished(&home.state, |name| file.file_name() == Some(name));
    disk::write_new(&file, &bytes, true, random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::state::Os;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    fn place(folder: &Path) -> (Home, PathBuf) {
        let home = Home { data: folder.join("d"), state: folder.join("s"), config: folder.join("c") };
        disk::make_folder(&home.data).unwrap();
        let vault = home.data.join("ops.json");
        (home, vault)
    }

    fn reason(n: usize) -> Reason {
        Reason { why: format!("reason {n}"), from: "folder:/t/ops.json".into() }
    }

    fn put(home: &Home, vault: &Path, bytes: &[u8], n: usize) -> Option<PathBuf> {
        keep(home, vault, ID, bytes, reason(n), &mut Os).unwrap()
    }

    #[test]
    fn the_same_bytes_are_kept_once_and_never_more_than_ten() {
        let folder = tempfile::tempdir().unwrap();
        let (home, vault) = place(folder.path());
        let first = put(&home, &vault, b"one", 1).unwrap();
        assert_eq!(put(&home, &vault, b"one", 2).unwrap(), first);
        let listed = list(&home, &vault, ID).unwrap();
        assert_eq!((listed.len(), listed[0].size, &listed[0].reason), (1, 3, &Some(reason(1))));
        // Another vault's, and another program's, are nobody's business here.
        let other = home.data.join("ops-2.json");
        put(&home, &other, b"other", 9);
        std::fs::write(first.with_file_name("ops-notes.json"), "mine").unwrap();
        std::fs::write(first.with_file_name(format!(".ops-{}.json.{}.new", "0".repeat(16), "1".repeat(16))), "x")
            .unwrap();
        for n in 0..300 {
            put(&home, &vault, format!("copy {n}").as_bytes(), n);
        }
        let listed = list(&home, &vault, ID).unwrap();
        assert_eq!(listed.len(), MOST);
        assert!(listed.iter().all(|copy| copy.reason.is_some()));
        assert!(listed.iter().any(|copy| std::fs::read(&copy.path).unwrap() == b"copy 299"));
        assert_eq!(std::fs::read_dir(home.data.join("aside")).unwrap().count(), MOST + 2);
        assert!(std::fs::metadata(file(&home, ID).unwrap()).unwrap().len() < 2000);
    }

    #[test]
    fn together_they_take_no_more_than_their_room() {
        let folder = tempfile::tempdir().unwrap();
        let (home, vault) = place(folder.path());
        let third = usize::try_from(MOST_BYTES).unwrap() / 3;
        for n in 0..6_u8 {
            put(&home, &vault, &vec![n; third], usize::from(n)).unwrap();
        }
        let together: u64 = list(&home, &vault, ID).unwrap().iter().map(|copy| copy.size).sum();
        assert!(together <= MOST_BYTES && together > MOST_BYTES / 2, "{together}");
        let small = put(&home, &vault, b"small", 7).unwrap();
        // One that is larger than all room is not kept, and drives out nothing.
        assert_eq!(put(&home, &vault, &vec![9; 3 * third + 9], 8), None);
        assert!(small.is_file());
    }
}
