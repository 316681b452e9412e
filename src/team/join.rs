//! Coming into a vault that lies at a remote: a shared one by a code, one's own personal one by its passphrase.

use std::path::{Path, PathBuf};

use super::links::{copy, free_path};
use super::remote::{self, There};
use super::{Machine, OpenFile, TeamError};
use crate::secret::Text;
use crate::store::memory::{self, Memory};
use crate::store::{Os, StoreError, disk, paths, remote::Tag};
use crate::vault::join::InviteCode;
use crate::vault::{Edit, EntryId, Link, Renewed, Unlocked, VaultError, recovery};

/// A shared vault that was joined.
#[derive(Debug)]
pub struct Joined {
    pub path: PathBuf,
    /// The personal vault's key to it.
    pub link: Link,
    /// The vault, as it was joined.
    pub vault: Unlocked,
    /// Whoever came in by the recovery code has a new one, to be shown once.
    pub recovery_code: Option<Text>,
}

/// By which names somebody joins.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The member's, instead of the invitation's.
    pub member: Option<&'a str>,
    /// The member's who comes in by the recovery code and has chosen none.
    pub user: &'a str,
    /// The vault's file's, instead of the vault's own.
    pub vault: Option<&'a str>,
}

/// Comes into the shared vault that lies there, with the code of an invitation or as one more owner with the recovery code. The personal vault has its
/// key before the file is written: whatever fails afterwards, no vault is left that nobody can open.
///
/// # Errors
/// [`TeamError`]; nothing is written then, but perhaps a key that opens nothing.
pub fn join(personal: &mut OpenFile, there: &There, code: &Text, names: &Names) -> Result<Joined, TeamError> {
    if !there.locked.costs().is_empty() {
        return Err(TeamError::PersonalVault);
    }
    let (id, wall_ms) = (there.locked.vault_id(), (personal.machine.now_ms)());
    let (vault, recovery_code) = if let Some(code) = InviteCode::read(code) {
        if personal.vault.link_to(&id).is_some() {
            return Err(TeamError::AlreadyIn);
        }
        let joined = Unlocked::join(&there.locked, &code, names.member, wall_ms, &mut Os);
        (joined.map_err(|error| not_a_member(error, TeamError::WrongCode))?, None)
    } else if recovery::read(code).is_some() {
        let opened = there.locked.unlock_with_recovery_code(code);
        let opened = opened.map_err(|error| not_a_member(error, TeamError::WrongRecoveryCode))?;
        let Renewed { vault, recovery_code } =
            opened.come_in_by_code(names.member.unwrap_or(names.user), wall_ms, &mut Os)?;
        (vault, recovery_code)
    } else {
        return Err(TeamError::NotACode);
    };
    let (path, link) = take_in(personal, &vault, names.vault, &there.url)?;
    if recovery_code.is_some() {
        // What lies there may be replaced although the key in use here is newer than it is.
        let (home, tag) = (&personal.machine.home, Some(Tag::new("", false, &there.bytes)));
        memory::remember(home, &id, &Memory { tag, ..memory::read(home, &id) })?;
    }
    Ok(Joined { path, link, vault, recovery_code })
}

fn not_a_member(error: VaultError, instead: TeamError) -> TeamError {
    if error == VaultError::NotAMember { instead } else { error.into() }
}

/// Links the vault in the personal one and writes its file, over an older copy if there is one.
fn take_in(
    personal: &mut OpenFile,
    joined: &Unlocked,
    name: Option<&str>,
    url: &str,
) -> Result<(PathBuf, Link), TeamError> {
    if joined.id() == personal.vault.id() {
        // Everything this machine remembers of a vault, and every answer about one, goes by its id.
        let words = "this vault says that it is your personal vault; nothing was changed";
        return Err(VaultError::Altered(words.into()).into());
    }
    let machine = personal.machine.clone();
    let known = personal.vault.link_to(&joined.vault_id());
    let older = known.as_ref().and_then(|(_, link)| copy(&machine, link));
    let has_copy = older.is_some();
    let path = older.unwrap_or_else(|| free_path(&machine.home, name.or(joined.roster().title()).unwrap_or("shared")));
    let link = Link {
        name: paths::name(&path).as_str().into(),
        vault: joined.vault_id(),
        remote: url.into(),
        keys: joined.link_keys(),
    };
    let id = known.map_or_else(|| EntryId::random(&mut Os).map_err(VaultError::from), |(id, _)| Ok(id))?;
    personal.edit(&[Edit::Link(id, Box::new(link.clone()))])?;
    // Before the file is there: a copy without its remote would be synced by nobody.
    remote::set(&machine.home, &joined.vault_id(), url)?;
    match has_copy {
        true => disk::write_new(&path, &joined.seal(&mut Os)?, true, &mut Os)?,
        false => disk::create(&path, joined, &mut Os).map(drop)?,
    }
    Ok((path, link))
}

/// Brings one's own personal vault onto this machine, to that path.
///
/// # Errors
/// [`StoreError::Exists`]; [`VaultError::WrongPassphrase`].
pub fn bring_personal(machine: &Machine, there: &There, passphrase: &Text, path: &Path) -> Result<Unlocked, TeamError> {
    if path.symlink_metadata().is_ok() {
        return Err(StoreError::Exists(path.to_owned()).into());
    }
    let vault = there.locked.unlock(passphrase, &machine.limits)?;
    if let Some(folder) = path.parent() {
        disk::make_folder(folder)?;
    }
    remote::set(&machine.home, &vault.vault_id(), &there.url)?;
    disk::write_new(path, &there.bytes, false, &mut Os)?;
    Ok(vault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::paths::Home;
    use crate::vault::{Cost, Limits};
    use std::sync::Arc;

    /// A personal vault in a folder of its own, on a machine whose folder for vaults is `folder`/data.
    fn personal(folder: &Path) -> OpenFile {
        let at = |name: &str| folder.join(name);
        let home = Home { data: at("data"), state: at("state"), config: at("config") };
        let limits = Limits { ram: 8 << 30 };
        let cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
        let vault = Unlocked::found("maya", &Text::from("correct horse"), cost, &limits, 1, &mut Os).unwrap().vault;
        let machine = Machine { home, limits, now_ms: || 1, waiting: |_, _| (), cancel: Arc::default() };
        let tag = disk::create(&at("mine.json"), &vault, &mut Os).unwrap();
        OpenFile::new(machine, at("mine.json"), Arc::new(vault), Some(tag))
    }

    #[test]
    fn a_vault_that_comes_in_has_its_remote_before_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut personal = personal(folder.path());
        // In the place of the folder for vaults: nothing can be written there.
        std::fs::write(&personal.machine.home.data, "").unwrap();
        let founded = Unlocked::found_shared("ops", "maya", 1, &mut Os).unwrap().vault;
        assert!(take_in(&mut personal, &founded, None, "folder:/t/ops.json").is_err());
        assert_eq!(memory::read(&personal.machine.home, &founded.vault_id()).url, "folder:/t/ops.json");
    }

    #[test]
    fn a_vault_with_the_id_of_the_personal_one_is_not_joined() {
        let folder = tempfile::tempdir().unwrap();
        let mut personal = personal(folder.path());
        let mine = Unlocked::clone(&personal.vault);
        assert!(take_in(&mut personal, &mine, None, "folder:/t/ops.json").is_err());
        assert!(*personal.vault == mine, "nothing is kept of it");
        assert_eq!(memory::read(&personal.machine.home, &mine.vault_id()).url, "");
    }
}
