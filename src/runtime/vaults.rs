//! Opening and making vaults, off the screen's thread.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use super::jobs::{Report, ReportSender};
use super::session::{LockGeneration, VaultCommand};
use super::{clock, demo, timing, trouble};
use crate::app::{Answer, Msg, OpenVault, Trouble};
use crate::secret::Text;
use crate::store::{StoreError, Tag, disk, paths, state};
use crate::team::{Machine, OpenFile, TeamError, links};
use crate::vault::file;
use crate::vault::stamp::AHEAD_MS;
use crate::vault::{Link, Locked, Unlocked, VaultError};

#[derive(Clone)]
pub(super) struct Opening {
    pub(super) machine: Machine,
    /// Names the founder of vaults made here.
    pub(super) user: String,
    pub(super) sender: ReportSender,
    pub(super) commands: mpsc::Sender<VaultCommand>,
    pub(super) generation: LockGeneration,
}

impl Opening {
    pub(super) fn unlock(
        self,
        path: PathBuf,
        then: Option<PathBuf>,
        passphrase: &Text,
        recovery: bool,
    ) -> Option<Answer> {
        let generation = self.generation.get();
        let opened = self.derive(&path, passphrase, recovery).map_err(|error| trouble::team(&error));
        let opened = opened.and_then(|(vault, tag)| {
            let links = vault.links();
            let mut all = vec![self.hand_over(generation, Some(path), &vault, Some(tag))?];
            self.open_shared(generation, links.into_iter().map(|(_, link)| link).collect(), then, &mut all);
            Ok(all)
        });
        self.unless_locked(generation, Answer::Opened(opened))
    }

    /// Opens the shared vaults that those are the keys to. What cannot be opened is said with the first vault.
    fn open_shared(&self, generation: u64, links: Vec<Link>, wanted: Option<PathBuf>, all: &mut Vec<OpenVault>) {
        let mut problems = Vec::new();
        if let Some(path) = &wanted {
            // It may lie anywhere; which key it needs, it says itself.
            match self.open_wanted(generation, path, &links) {
                Ok(open) => all.push(open),
                Err(trouble) => problems.push(format!("{} was not opened: {}", paths::name(path), trouble.message)),
            }
        }
        for link in links {
            if wanted == Some(self.machine.home.vault(Some(&link.name))) {
                continue;
            }
            let opened = links::open_copy(&self.machine, &link).map_err(|error| trouble::team(&error));
            match opened.and_then(|file| file.map(|file| self.hand_over_file(generation, file)).transpose()) {
                // Without a copy on this machine there is nothing to open yet.
                Ok(open) => all.extend(open),
                Err(trouble) => problems.push(format!("{} was left out: {}", link.name.as_str(), trouble.message)),
            }
        }
        if let Some(first) = all.first_mut()
            && !problems.is_empty()
        {
            first.warning = Some(first.warning.iter().cloned().chain(problems).collect::<Vec<_>>().join("; "));
        }
    }

    fn open_wanted(&self, generation: u64, path: &Path, links: &[Link]) -> Result<OpenVault, Trouble> {
        let id = disk::read(path).and_then(|(bytes, _)| Ok(Locked::read(&bytes, &self.machine.limits)?.vault_id()));
        let id = id.map_err(|error| trouble::store(&error))?;
        let link = links.iter().find(|link| link.vault == id);
        let link = link.ok_or_else(|| trouble::trouble("your personal vault holds no key to it", None))?;
        self.open_linked(generation, path, link)
    }

    pub(super) fn open_linked(&self, generation: u64, path: &Path, link: &Link) -> Result<OpenVault, Trouble> {
        self.hand_over_file(generation, links::open(&self.machine, path, link).map_err(|error| trouble::team(&error))?)
    }

    pub(super) fn hand_over_file(&self, generation: u64, file: OpenFile) -> Result<OpenVault, Trouble> {
        self.hand_over(generation, Some(file.path), &file.vault, file.tag)
    }

    pub(super) fn create(self, path: PathBuf, passphrase: &Text) -> Option<Answer> {
        let generation = self.generation.get();
        let created = self.found(path, passphrase, generation);
        // A vault that was made is said so in any case: its recovery code is shown only this once.
        Some(Answer::Created(created))
    }

    pub(super) fn demo(self) -> Option<Answer> {
        let generation = self.generation.get();
        let made = demo::vault(&self.machine.limits).map_err(|error| trouble::vault(&error));
        let opened = made.and_then(|vault| Ok(vec![self.hand_over(generation, None, &vault, None)?]));
        self.unless_locked(generation, Answer::Opened(opened))
    }

    fn derive(&self, path: &Path, passphrase: &Text, recovery: bool) -> Result<(Unlocked, Tag), TeamError> {
        let (bytes, tag) = disk::read(path)?;
        let locked = Locked::read(&bytes, &self.machine.limits)?;
        if recovery {
            let opened = locked.unlock_with_recovery_code(passphrase).map_err(|error| match error {
                VaultError::NotAMember => TeamError::WrongRecoveryCode,
                error => error.into(),
            })?;
            return Ok((opened, tag));
        }
        let costs = locked.costs();
        self.sender.send(Report::Msg(Msg::UnlockEstimate(timing::estimate(&self.machine.home, &costs))));
        let began = Instant::now();
        let vault = locked.unlock(passphrase, &self.machine.limits)?;
        timing::remember(&self.machine.home, &costs, began.elapsed());
        Ok((vault, tag))
    }

    fn found(&self, path: PathBuf, passphrase: &Text, generation: u64) -> Result<(OpenVault, Text), Trouble> {
        if disk::tag(&path).is_some() {
            return Err(trouble::store(&StoreError::Exists(path)));
        }
        let limits = &self.machine.limits;
        let (cost, wall_ms) = (timing::choose(limits), clock::now().wall_ms);
        let founded = Unlocked::found(&self.user, passphrase, cost, limits, wall_ms, &mut clock::Os)
            .map_err(|error| trouble::vault(&error))?;
        let tag = disk::create(&path, &founded.vault, &mut clock::Os).map_err(|error| trouble::store(&error))?;
        let open = self.hand_over(generation, Some(path), &founded.vault, Some(tag))?;
        Ok((open, founded.recovery_code))
    }

    /// Gives the vault to the worker that saves it, and to the model.
    fn hand_over(
        &self,
        generation: u64,
        path: Option<PathBuf>,
        vault: &Unlocked,
        tag: Option<Tag>,
    ) -> Result<OpenVault, Trouble> {
        let wall_ms = clock::now().wall_ms;
        let vault = vault.at(wall_ms);
        let clock = match &path {
            Some(_) => {
                state::clock(&self.machine.home, &vault, &mut clock::Os).map_err(|error| trouble::store(&error))?
            }
            None => crate::vault::Clock::new(1, vault.newest()),
        };
        let ahead = vault.newest().ms().saturating_sub(wall_ms);
        let warning = (ahead > AHEAD_MS).then(|| {
            "something in this vault was written with a clock set far ahead, or this machine's clock is behind"
                .to_owned()
        });
        let warning = vault.clock_is_plausible().err().map(|error| error.to_string()).or(warning);
        let vault = Arc::new(vault);
        let name = path.as_deref().map_or_else(|| "Demo".to_owned(), paths::name);
        let command = VaultCommand::Open { generation, path: path.clone(), vault: Arc::clone(&vault), tag };
        let _ = self.commands.send(command);
        Ok(OpenVault { name, path, vault, clock, warning })
    }

    /// What was opened before a lock is not wanted after it.
    fn unless_locked(&self, generation: u64, answer: Answer) -> Option<Answer> {
        (generation == self.generation.get()).then_some(answer)
    }
}

pub(super) fn looks_shared(path: &Path) -> bool {
    let mut beginning = Vec::with_capacity(512);
    let is_file = path.metadata().is_ok_and(|found| found.is_file());
    let mut read = || std::fs::File::open(path)?.take(512).read_to_end(&mut beginning);
    is_file && read().is_ok() && file::looks_shared(&beginning)
}
