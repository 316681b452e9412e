//! One open vault for the length of one command: opened, changed, saved.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::args::{Global, Kdf};
use super::ask::{self, Terminal};
use super::error::{Exit, Failure};
use super::{out, pick};
use crate::formats::registry;
use crate::runtime::{clock, process, sharing, timing};
use crate::store::paths::Home;
use crate::store::remote::Remote;
use crate::store::sync::{self, SyncError, Synced};
use crate::store::sync_lock::SyncLock;
use crate::store::{StoreError, Tag, disk, memory, paths, state};
use crate::text;
use crate::vault::find::EntryRef;
use crate::vault::roster::Member;
use crate::vault::{Clock, Cost, Edit, Entry, EntryId, Limits, Link, Locked, Unlocked, VaultError};

/// How long a save waits for another program's.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The folders of this user.
///
/// # Errors
/// Failure without a home.
pub fn home() -> Result<Home, Failure> {
    Home::from_environment().ok_or_else(|| {
        Failure::failed("there is no home folder to keep vaults in")
            .hint("set HOME, or XDG_DATA_HOME and XDG_STATE_HOME")
    })
}

/// A vault's file, read and found sound, but not open.
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// What was in it.
    pub locked: Locked,
    tag: Tag,
    pub(super) home: Home,
    limits: Limits,
}

impl File {
    /// Reads the vault that the arguments name. Damage is found here, before a passphrase is asked for.
    ///
    /// # Errors
    /// Whatever is wrong with the file.
    pub fn read(global: &Global) -> Result<File, Failure> {
        let home = home()?;
        let path = home.vault(global.vault.as_deref());
        File::at(home, path)
    }

    /// Reads the vault at that path.
    ///
    /// # Errors
    /// Whatever is wrong with the file.
    pub fn at(home: Home, path: PathBuf) -> Result<File, Failure> {
        let (bytes, tag) = disk::read(&path)?;
        let limits = process::limits();
        let locked = Locked::read(&bytes, &limits).map_err(|error| about(error, &bytes))?;
        Ok(File { name: paths::name(&path), path, locked, tag, home, limits })
    }

    /// Opens it with the passphrase given or asked for; at a prompt it may be mistyped twice.
    ///
    /// # Errors
    /// Wrong passphrase, or what is wrong with the content.
    pub fn unlock(self, global: &Global) -> Result<Session, Failure> {
        if self.is_shared() {
            let personal = Session::personal(global)?;
            return self.unlock_with(&personal.vault);
        }
        if let Some(passphrase) = ask::given(global)? {
            let vault = self.locked.unlock(&passphrase, &self.limits).map_err(|error| self.not_opened(error))?;
            return self.opened(vault);
        }
        let mut terminal = Terminal::require("the passphrase", ask::INSTEAD)?;
        let prompt = format!("Passphrase of {}", self.name);
        for _ in 0..2 {
            let passphrase = terminal.hidden(&prompt)?;
            match self.locked.unlock(&passphrase, &self.limits) {
                Err(VaultError::WrongPassphrase) => out::say("tickey: wrong passphrase, try again"),
                other => {
                    let vault = other.map_err(|error| self.not_opened(error))?;
                    return self.opened(vault);
                }
            }
        }
        let vault = self.locked.unlock(&terminal.hidden(&prompt)?, &self.limits);
        let vault = vault.map_err(|error| self.not_opened(error))?;
        self.opened(vault)
    }

    /// What a passphrase that opens nothing may be, where other machines have the vault, too.
    fn not_opened(&self, error: VaultError) -> Failure {
        let elsewhere = !memory::read(&self.home, &self.locked.vault_id()).url.is_empty();
        match error {
            VaultError::WrongPassphrase if elsewhere => Failure::from(error).hint(
                "if it was changed on another machine, this copy opens with the one before: tickey sync asks for both",
            ),
            error => error.into(),
        }
    }

    /// Whether no passphrase of its own opens it.
    pub fn is_shared(&self) -> bool {
        self.locked.costs().is_empty()
    }

    /// Opens a shared vault with the key that the personal vault keeps.
    ///
    /// # Errors
    /// When it keeps none, or that opens nothing any more.
    pub fn unlock_with(self, personal: &Unlocked) -> Result<Session, Failure> {
        let Some((_, link)) = personal.link_to(&self.locked.vault_id()) else {
            return Err(Failure::new(Exit::Passphrase, "your personal vault holds no key to this shared vault")
                .hint("tickey join takes the code of an invitation"));
        };
        let vault = self.locked.open_working_copy(&link.keys).map_err(|error| match error {
            VaultError::NotAMember => Failure::new(Exit::Passphrase, "your key does not open this vault any more")
                .hint("an owner removed you, or the file is another copy; tickey backup list shows older versions"),
            error => error.into(),
        })?;
        self.opened(vault)
    }

    /// Opens it with the recovery code given or asked for.
    ///
    /// # Errors
    /// As [`File::unlock`].
    pub fn unlock_with_recovery_code(self, global: &Global) -> Result<Session, Failure> {
        let code = ask::passphrase(global, "Recovery code")?;
        let vault = self.locked.unlock_with_recovery_code(&code).map_err(|error| match error {
            VaultError::NotAMember => Failure::new(Exit::Passphrase, "this is not this vault's recovery code"),
            VaultError::Refused(words) => Failure::new(Exit::Passphrase, words),
            other => other.into(),
        })?;
        self.opened(vault)
    }

    fn opened(self, vault: Unlocked) -> Result<Session, Failure> {
        let vault = vault.at(clock::now().wall_ms);
        if let Err(error) = vault.clock_is_plausible() {
            out::warn(&error.to_string());
        }
        Ok(Session { file: self, vault, clock: None, sync_lock: None })
    }
}

/// An open vault.
pub struct Session {
    /// Its file.
    pub file: File,
    /// What is in it.
    pub vault: Unlocked,
    clock: Option<Clock>,
    /// Held by a command that writes what stands on the newest list of members.
    sync_lock: Option<SyncLock>,
}

impl Session {
    /// Reads and opens the vault that the arguments name.
    ///
    /// # Errors
    /// As [`File::read`] and [`File::unlock`].
    pub fn open(global: &Global) -> Result<Session, Failure> {
        File::read(global)?.unlock(global)
    }

    /// The personal vault, which keeps the keys to all others.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn personal(global: &Global) -> Result<Session, Failure> {
        let home = home()?;
        let path = home.vault(None);
        let file = File::at(home, path)?;
        if file.is_shared() {
            return Err(Failure::failed("a shared vault lies where the personal vault should be"));
        }
        file.unlock(global)
    }

    /// The vault that the arguments name; where they name none, the personal vault and every shared one that it holds a key to.
    ///
    /// # Errors
    /// As [`Session::open`]; a shared vault that does not open is a warning.
    pub fn open_all(global: &Global) -> Result<Vec<Session>, Failure> {
        let first = Session::open(global)?;
        if global.vault.is_some() {
            return Ok(vec![first]);
        }
        let links = first.vault.links();
        let mut all = vec![first];
        for (_, link) in links {
            let Some(personal) = all.first() else { break };
            match personal.linked(&link) {
                Ok(Some(session)) => all.push(session),
                Ok(None) => {}
                Err(failure) => out::warn(&format!("{} was left out: {}", link.name.as_str(), failure.message)),
            }
        }
        Ok(all)
    }

    /// The shared vault of that link, which this vault keeps; `None` when this machine has no copy of it yet.
    ///
    /// # Errors
    /// As [`File::unlock_with`].
    pub fn linked(&self, link: &Link) -> Result<Option<Session>, Failure> {
        let path = self.file.home.vault(Some(&link.name));
        if disk::tag(&path).is_none() {
            return Ok(None);
        }
        File::at(home()?, path)?.unlock_with(&self.vault).map(Some)
    }

    /// Waits for the vault's one sync of this machine, holds it until the session ends, and takes in what was saved meanwhile.
    ///
    /// # Errors
    /// [`SyncError::Cancelled`], [`SyncError::Waited`].
    pub fn hold_sync(&mut self) -> Result<(), Failure> {
        if self.sync_lock.is_some() {
            return Ok(());
        }
        let cancel = Arc::new(AtomicBool::new(false));
        let watched = process::on_interrupt(&cancel);
        let name = text::clean(&self.file.name);
        let held = SyncLock::hold(&self.file.path, &cancel, &mut |holder| {
            out::say(&format!("waiting for {holder}, which is syncing {name} (Ctrl-C ends the wait)"));
        });
        drop(watched);
        self.sync_lock = Some(held?);
        let (vault, tag) = sync::newest(&self.file.path, self.vault.clone(), Some(self.file.tag), &self.file.limits);
        (self.vault, self.file.tag) = (vault, tag.unwrap_or(self.file.tag));
        Ok(())
    }

    /// Puts a new key of the link in force, in a vault that no sync does it for.
    ///
    /// # Errors
    /// As [`Session::write`].
    pub fn take_new_key(&mut self) -> Result<(), Failure> {
        if !self.vault.has_new_key() {
            return Ok(());
        }
        let stays = self.sync_lock.is_some();
        self.hold_sync()?;
        let taken = match self.vault.housekeeping(clock::now().wall_ms, &mut clock::Os)? {
            Some((vault, _)) if self.vault.has_new_key() => self.write(vault).map(drop),
            _ => Ok(()),
        };
        if !stays {
            self.sync_lock = None;
        }
        taken
    }

    /// The vault that holds the one entry that `pick` finds, and the entry's id.
    ///
    /// # Errors
    /// As [`Session::open_all`] and `pick`.
    pub fn holding(
        global: &Global,
        pick: impl Fn(&pick::Vaults) -> Result<EntryRef, Failure>,
    ) -> Result<(Session, EntryId), Failure> {
        let all = Session::open_all(global)?;
        let at = pick(&pick::numbered(&all))?;
        let session = all.into_iter().nth(usize::from(at.vault)).ok_or(VaultError::NoSuchEntry)?;
        Ok((session, at.entry))
    }

    /// The vault's name.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// That entry.
    ///
    /// # Errors
    /// It is gone.
    pub fn entry(&self, id: EntryId) -> Result<&Entry, Failure> {
        Ok(self.vault.entry(id).ok_or(VaultError::NoSuchEntry)?)
    }

    /// Carries edits out and saves. Afterwards the vault is what the file holds.
    ///
    /// # Errors
    /// What hindered it; the file is then as it was.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<Changed, Failure> {
        self.change(|vault, clock, wall_ms| vault.plan(edits, clock, wall_ms))
    }

    /// Brings the entries back to what an older copy says, and saves.
    ///
    /// # Errors
    /// As [`Session::edit`].
    pub fn return_to(&mut self, old: &Unlocked) -> Result<Changed, Failure> {
        self.change(|vault, clock, wall_ms| vault.plan_return_to(old, clock, wall_ms))
    }

    /// What taking back all that a member did since then would change: so many entries.
    ///
    /// # Errors
    /// As [`Session::edit`].
    pub fn would_revert(&self, member: &Member, since_ms: u64) -> Result<usize, Failure> {
        let mut clock = state::clock(&self.file.home, &self.vault, &mut clock::Os)?;
        let changes = self.vault.plan_revert(member, since_ms, &mut clock, clock::now().wall_ms)?;
        let entries: std::collections::BTreeSet<EntryId> = changes.iter().map(|change| change.entry()).collect();
        Ok(entries.len())
    }

    /// Takes back all that a member did since then, and saves.
    ///
    /// # Errors
    /// As [`Session::edit`].
    pub fn revert(&mut self, member: &Member, since_ms: u64) -> Result<Changed, Failure> {
        self.change(|vault, clock, wall_ms| vault.plan_revert(member, since_ms, clock, wall_ms))
    }

    fn change(
        &mut self,
        plan: impl FnOnce(&Unlocked, &mut Clock, u64) -> Result<Vec<crate::vault::document::Change>, VaultError>,
    ) -> Result<Changed, Failure> {
        let mut clock = match self.clock {
            Some(clock) => clock,
            None => state::clock(&self.file.home, &self.vault, &mut clock::Os)?,
        };
        let changes = plan(&self.vault, &mut clock, clock::now().wall_ms)?;
        self.clock = Some(clock);
        if changes.is_empty() {
            return Ok(Changed::Nothing);
        }
        // A state folder that cannot be written is no hindrance: the replica is then a new one each time.
        if let Err(error) = state::remember(&self.file.home, &self.vault.vault_id(), &clock) {
            out::warn(&error.to_string());
        }
        let merged = self.write(self.vault.with(&changes))?;
        Ok(if merged { Changed::Merged } else { Changed::Alone })
    }

    /// The folders of this user.
    pub fn home(&self) -> &Home {
        &self.file.home
    }

    /// Brings the vault and its remote to the same state, once no other program of this machine is at it.
    ///
    /// # Errors
    /// What hindered it.
    pub fn sync(&mut self, remote: &mut dyn Remote, cancel: &AtomicBool) -> Result<Synced, Failure> {
        let stays = self.sync_lock.is_some();
        self.hold_sync()?;
        let synced = self.sync_held(remote, cancel);
        if !stays {
            self.sync_lock = None;
        }
        synced
    }

    fn sync_held(&mut self, remote: &mut dyn Remote, cancel: &AtomicBool) -> Result<Synced, Failure> {
        let (file, Some(lock)) = (&self.file, &self.sync_lock) else {
            return Err(Failure::failed("the vault's one sync was not held"));
        };
        let (vault, tag) = (self.vault.clone(), Some(file.tag));
        let synced = sharing::sync_copy(&file.home, &file.path, vault, tag, remote, cancel, lock);
        let synced = synced.map_err(|error| match error {
            SyncError::Vault(VaultError::NotAMember) if !self.vault.is_shared() => Failure::new(
                Exit::Passphrase,
                "no key here opens what lies at the remote: the passphrase was changed on another machine",
            )
            .hint("tickey sync asks for the new one and merges (in a script: --new-passphrase-file)"),
            error => error.into(),
        })?;
        self.vault = synced.vault.clone();
        if let Some(tag) = synced.tag {
            self.file.tag = tag;
        }
        Ok(synced)
    }

    /// Saves that vault in place of what there is; whether another program's changes were merged in.
    ///
    /// # Errors
    /// What hindered it; the file is then as it was.
    pub fn write(&mut self, vault: Unlocked) -> Result<bool, Failure> {
        let wall_ms = clock::now().wall_ms;
        let file = &mut self.file;
        let saved = disk::save(&file.path, Some(&file.tag), &vault, &file.limits, PATIENCE, wall_ms, &mut clock::Os);
        let saved = saved.map_err(|error| match error {
            StoreError::Vault(VaultError::NotAMember) => {
                Failure::failed("another program changed the vault or its passphrase meanwhile; nothing was saved")
                    .hint("run the command again")
            }
            error => error.into(),
        })?;
        file.tag = saved.tag;
        self.vault = saved.vault;
        if let Some(warning) = saved.warning {
            out::warn(&warning);
        }
        Ok(saved.merged)
    }
}

/// What a save came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// There was nothing to change, and nothing was written.
    Nothing,
    /// Ours only.
    Alone,
    /// Ours and what another program had written meanwhile.
    Merged,
}

/// The failure for bytes that are no vault, or no sound one: another program's file is named as such.
pub fn about(error: VaultError, bytes: &[u8]) -> Failure {
    let not_a_vault = matches!(error, VaultError::NotAVault(_));
    match registry::detect(bytes) {
        Ok(format) if not_a_vault => {
            Failure::failed(format!("this is not a Tickey vault: it looks like a file of {}", format.name))
                .hint("tickey import FILE reads it into a vault")
        }
        _ => error.into(),
    }
}

/// What a new passphrase shall cost: as said, else measured.
///
/// # Errors
/// Numbers that are refused.
pub fn cost(wanted: &Kdf, limits: &Limits) -> Result<Cost, Failure> {
    if wanted.kdf_memory.is_none() && wanted.kdf_passes.is_none() && wanted.kdf_lanes.is_none() {
        return Ok(timing::choose(limits));
    }
    let too_much = || Failure::usage("that much memory is refused").hint("--kdf-memory takes MiB, from 19");
    let cost = Cost {
        m_kib: match wanted.kdf_memory {
            Some(mib) => mib.checked_mul(1024).ok_or_else(too_much)?,
            None => Cost::START.m_kib,
        },
        t: wanted.kdf_passes.unwrap_or(Cost::START.t),
        p: wanted.kdf_lanes.unwrap_or(Cost::START.p),
    };
    limits.check(cost).map_err(|error| Failure::usage(error.to_string()))?;
    Ok(cost)
}

/// A new id for an entry, from the system's randomness.
///
/// # Errors
/// There is none.
pub fn new_id() -> Result<crate::vault::EntryId, Failure> {
    let mut os = clock::Os;
    Ok(crate::vault::EntryId::random(&mut os)?)
}
