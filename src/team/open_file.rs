//! An open vault and its file: saved, and synced with its remote, by whoever keeps it open.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::{Machine, TeamError, remote};
use crate::store::sync::{self, Notice, SyncContext, SyncError, Synced, WorkingCopy};
use crate::store::sync_lock::SyncLock;
use crate::store::{Os, Saved, StoreError, Tag, disk, memory, state};
use crate::vault::document::Change;
use crate::vault::{Clock, Edit, Unlocked, VaultError};

/// How long a save waits for another program's.
pub const SAVE_LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// An open vault, and its file as it was when last read or written.
pub struct OpenFile {
    /// The machine it lies on.
    pub machine: Machine,
    pub path: PathBuf,
    pub vault: Arc<Unlocked>,
    /// The file's version that `vault` holds; `None` for a file that is not there yet.
    pub tag: Option<Tag>,
    /// What did not hinder a save, to be said by the caller.
    pub warnings: Vec<String>,
    clock: Option<Clock>,
    sync_lock: Option<SyncLock>,
}

/// What an edit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// There was nothing to change, and nothing was written.
    Nothing,
    Alone,
    /// Ours and what another program had written meanwhile.
    Merged,
}

#[derive(Debug, Default, Serialize)]
pub struct SyncReport {
    pub received: usize,
    pub sent: usize,
    /// Entries that were changed in two places at once, and are flagged.
    pub conflicts: usize,
    /// How often the remote was read.
    pub rounds: u32,
    #[serde(skip)]
    pub notices: Vec<Notice>,
}

impl SyncReport {
    /// Counts another vault's sync in.
    pub fn add(&mut self, other: &SyncReport) {
        self.received = self.received.saturating_add(other.received);
        self.sent = self.sent.saturating_add(other.sent);
        self.conflicts = self.conflicts.saturating_add(other.conflicts);
        self.rounds = self.rounds.saturating_add(other.rounds);
    }
}

/// Saves a vault in place of the file that `tag` tells of, merged with what another program wrote since.
///
/// # Errors
/// As [`disk::save`]; [`TeamError::KeyEndedMeanwhile`] and [`TeamError::PassphraseChanged`] when no key at hand opens what another program wrote.
pub fn save(machine: &Machine, path: &Path, tag: Option<&Tag>, vault: &Unlocked) -> Result<Saved, TeamError> {
    let (limits, wall_ms) = (&machine.limits, (machine.now_ms)());
    disk::save(path, tag, vault, limits, SAVE_LOCK_TIMEOUT, wall_ms, &mut Os).map_err(|error| match error {
        StoreError::Vault(VaultError::NotAMember) if vault.is_shared() => TeamError::KeyEndedMeanwhile,
        StoreError::Vault(VaultError::NotAMember) => TeamError::PassphraseChanged,
        error => error.into(),
    })
}

impl OpenFile {
    /// A vault that was read from, or written to, the file of that tag.
    pub fn new(machine: Machine, path: PathBuf, vault: Arc<Unlocked>, tag: Option<Tag>) -> OpenFile {
        OpenFile { machine, path, vault, tag, warnings: Vec::new(), clock: None, sync_lock: None }
    }

    /// Saves that vault in place of what there is; whether another program's changes were merged in. Afterwards `vault` is what the file holds.
    pub fn save(&mut self, vault: &Unlocked) -> Result<bool, TeamError> {
        let saved = save(&self.machine, &self.path, self.tag.as_ref(), vault)?;
        (self.vault, self.tag) = (Arc::new(saved.vault), Some(saved.tag));
        self.warnings.extend(saved.warning);
        Ok(saved.merged)
    }

    /// Carries edits out and saves.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<Changed, TeamError> {
        self.change(|vault, clock, wall_ms| vault.plan(edits, clock, wall_ms))
    }

    /// Makes the changes that `plan` returns, and saves.
    pub fn change(
        &mut self,
        plan: impl FnOnce(&Unlocked, &mut Clock, u64) -> Result<Vec<Change>, VaultError>,
    ) -> Result<Changed, TeamError> {
        self.reaches_others()?;
        let (home, id) = (&self.machine.home, self.vault.vault_id());
        let mut clock = match self.clock {
            Some(clock) => clock,
            None => state::clock(home, &self.vault, &mut Os)?,
        };
        let changes = plan(&self.vault, &mut clock, (self.machine.now_ms)())?;
        self.clock = Some(clock);
        if changes.is_empty() {
            return Ok(Changed::Nothing);
        }
        // A state folder that cannot be written is no hindrance: the replica is then a new one each time.
        self.warnings.extend(state::remember(home, &id, &clock).err().map(|error| error.to_string()));
        let merged = self.save(&self.vault.with(&changes))?;
        Ok(if merged { Changed::Merged } else { Changed::Alone })
    }

    /// How many entries the changes are of that `plan` returns.
    pub fn would_change(
        &self,
        plan: impl FnOnce(&Unlocked, &mut Clock, u64) -> Result<Vec<Change>, VaultError>,
    ) -> Result<usize, TeamError> {
        // Its stamps are given out to nobody: when it comes to it, the changes are planned again.
        let mut clock = state::clock(&self.machine.home, &self.vault, &mut Os)?;
        let changes = plan(&self.vault, &mut clock, (self.machine.now_ms)())?;
        Ok(changes.iter().map(Change::entry).collect::<BTreeSet<_>>().len())
    }

    /// Waits for the vault's one sync of this machine, holds it until `self` is dropped, and takes in what was saved meanwhile.
    ///
    /// # Errors
    /// [`SyncError::Cancelled`], [`SyncError::Waited`].
    pub fn hold(&mut self) -> Result<(), TeamError> {
        if self.sync_lock.is_some() {
            return Ok(());
        }
        let (machine, path) = (&self.machine, &self.path);
        let waiting = &mut |holder: &str| (machine.waiting)(holder, path);
        self.sync_lock = Some(SyncLock::hold(path, &machine.cancel, waiting)?);
        if self.tag.is_some() && disk::tag(path) != self.tag {
            let (vault, tag) = sync::newest(path, Unlocked::clone(&self.vault), self.tag, &machine.limits);
            (self.vault, self.tag) = (Arc::new(vault), tag);
        }
        Ok(())
    }

    /// Lets go of what [`OpenFile::hold`] holds.
    pub fn release(&mut self) {
        self.sync_lock = None;
    }

    fn held<T>(&mut self, work: impl FnOnce(&mut OpenFile) -> Result<T, TeamError>) -> Result<T, TeamError> {
        let stays = self.sync_lock.is_some();
        self.hold()?;
        let done = work(self);
        if !stays {
            self.release();
        }
        done
    }

    /// Brings the vault and its remote to the same state, once no other program of this machine is at it. `None` when it has no remote: then only a new
    /// key of its link is put in force.
    ///
    /// # Errors
    /// As [`sync::sync`] and [`remote::open`]; [`TeamError::KeyEndedThere`], [`TeamError::PassphraseChangedThere`].
    pub fn sync(&mut self) -> Result<Option<SyncReport>, TeamError> {
        let Some(mut remote) = remote::of_vault(&self.machine, &self.vault.vault_id())? else {
            if self.vault.has_new_key() {
                self.held(OpenFile::take_new_key)?;
            }
            return Ok(None);
        };
        let synced = self.held(|file| file.sync_held(remote.as_mut()))?;
        let Synced { vault, tag, received, sent, conflicts, rounds, notices } = synced;
        self.tag = tag;
        if vault != *self.vault {
            self.vault = Arc::new(vault);
        }
        Ok(Some(SyncReport { received, sent, conflicts, rounds, notices }))
    }

    fn sync_held(&self, remote: &mut dyn remote::Remote) -> Result<Synced, TeamError> {
        let Some(lock) = &self.sync_lock else { return Err(VaultError::Internal("the sync was not held").into()) };
        let Machine { home, limits, now_ms, cancel, .. } = &self.machine;
        let copy = WorkingCopy { home, path: &self.path, vault: Unlocked::clone(&self.vault), tag: self.tag, limits };
        let mut means = SyncContext { wall_ms: now_ms, random: &mut Os, cancel };
        sync::sync(copy, remote, &mut means, lock).map_err(|error| match error {
            SyncError::Vault(VaultError::NotAMember) if self.vault.is_shared() => TeamError::KeyEndedThere,
            SyncError::Vault(VaultError::NotAMember) => TeamError::PassphraseChangedThere,
            error => error.into(),
        })
    }

    /// Whether what is changed here reaches the others, as far as the last sync knew.
    ///
    /// # Errors
    /// [`VaultError::ShutOut`] where the newest copy at the remote is sealed to others.
    pub fn reaches_others(&self) -> Result<(), VaultError> {
        let shut_out = self.vault.is_shared() && memory::read(&self.machine.home, &self.vault.vault_id()).shut_out;
        if shut_out { Err(VaultError::ShutOut) } else { Ok(()) }
    }

    /// Puts a new key of the link in force, in a vault that no sync does it for.
    fn take_new_key(&mut self) -> Result<(), TeamError> {
        match self.vault.housekeeping((self.machine.now_ms)(), &mut Os)? {
            Some((vault, _)) if self.vault.has_new_key() => self.save(&vault).map(drop),
            _ => Ok(()),
        }
    }
}
