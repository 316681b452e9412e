//! The open vaults' worker: every change of theirs is saved here, one after another.
//!
//! It owns each open vault, as its file has it. A save adds changes to that and writes; when the write fails, neither the file nor the vault here
//! has changed. A job gets a clone, saves what it did, and answers with the vault, which is merged here in memory: the file is read again only for
//! what other programs wrote. The screen's thread only ever looks at the files' tags, which is a `stat` each.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use super::jobs::{Report, ReportSender, contained};
use super::syncing::{SyncCommand, Thread, Why};
use super::vaults::Opening;
use super::{clock, timing, trouble};
use crate::app::{Answer, Msg, Ticket};
use crate::secret::{Text, wiping_stack};
use crate::store::{StoreError, Tag, disk, state};
use crate::team::{Machine, links, open_file};
use crate::vault::document::Change;
use crate::vault::seal::VaultId;
use crate::vault::{Clock, Unlocked, VaultError};

pub(super) enum VaultCommand {
    /// Take over a vault that was opened; ignored when a lock has come since its unlocking began.
    Open {
        generation: u64,
        path: Option<PathBuf>,
        vault: Arc<Unlocked>,
        tag: Option<Tag>,
    },
    /// Add changes and save, unless the save that this one waits for has failed.
    Save {
        vault: VaultId,
        save: Ticket,
        changes: Vec<Change>,
        clock: Clock,
        after: Option<Ticket>,
    },
    /// A vault that a job began with as it was open here, and what its file holds now.
    Merge {
        generation: u64,
        vault: Arc<Unlocked>,
        tag: Option<Tag>,
    },
    /// The vault that was unlocked goes on with the key by which another copy of it opened.
    KeyOf(u64, Arc<Unlocked>),
    ChangePassphrase(Ticket, Text),
    /// Files are not what they were: read them and merge.
    Look,
    Close,
    /// Drop this sender, when all that was ordered before is done.
    Settle(mpsc::Sender<Infallible>),
    /// Nothing comes after this.
    End,
}

/// Where an open vault's file was last seen, for the screen's thread to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    path: PathBuf,
    tag: Option<Tag>,
    /// A state of the file that was found unreadable and reported already.
    reported: Option<Tag>,
}

/// Counts locks: what began before the newest one is not wanted any more, and is cancelled by the flag.
#[derive(Debug, Clone, Default)]
pub(super) struct LockGeneration(Arc<Mutex<(u64, Arc<AtomicBool>)>>);

impl LockGeneration {
    fn lock(&self) -> MutexGuard<'_, (u64, Arc<AtomicBool>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self) -> u64 {
        self.lock().0
    }

    pub(super) fn cancel(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.lock().1)
    }

    fn next(&self) {
        let mut generation = self.lock();
        generation.1.store(true, Ordering::SeqCst);
        *generation = (generation.0.wrapping_add(1), Arc::default());
    }
}

/// The screen's side of the worker.
pub(super) struct Session {
    opening: Opening,
    sync_commands: mpsc::Sender<SyncCommand>,
    seen: Arc<Mutex<Vec<Seen>>>,
    worker: Option<std::thread::JoinHandle<()>>,
    start: Option<(Worker, Thread)>,
}

impl Session {
    pub(super) fn new(machine: Machine, user: String, sender: ReportSender) -> Session {
        let ((commands, receiver), (sync_commands, sync_receiver)) = (mpsc::channel(), mpsc::channel());
        let opening = Opening { machine, user, sender, commands, generation: LockGeneration::default() };
        let worker = Worker {
            opening: opening.clone(),
            receiver,
            seen: Arc::default(),
            open: Vec::new(),
            failed: BTreeSet::new(),
            sync_commands: sync_commands.clone(),
        };
        let (seen, thread) = (Arc::clone(&worker.seen), Thread::new(opening.clone(), sync_receiver));
        Session { opening, sync_commands, seen, worker: None, start: Some((worker, thread)) }
    }

    /// What opens vaults for the worker, which is started if it is not running.
    pub(super) fn opening(&mut self) -> Opening {
        self.begin();
        self.opening.clone()
    }

    /// Gives a command; the worker's thread starts with the first.
    pub(super) fn command(&mut self, command: VaultCommand) {
        let _ = self.opening().commands.send(command);
    }

    fn begin(&mut self) {
        if let Some((worker, thread)) = self.start.take() {
            let start = |name: &str| std::thread::Builder::new().name(name.into());
            // Without this thread everything works but syncing.
            let _ = start("sync").spawn(move || thread.run());
            self.worker = start("vault").spawn(move || worker.run()).ok();
        }
    }

    /// Whether a file is not what it was when last read or written here.
    pub(super) fn has_changed(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        seen.iter().any(|seen| {
            let now = disk::tag(&seen.path);
            now.is_some() && now != seen.tag && now != seen.reported
        })
    }

    pub(super) fn ask(&self, command: SyncCommand) {
        let _ = self.sync_commands.send(command);
    }

    /// Drops the vaults once what was ordered before is done.
    pub(super) fn close(&mut self) {
        self.opening.generation.next();
        self.ask(SyncCommand::Close);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if self.worker.is_some() {
            let _ = self.opening.commands.send(VaultCommand::Close);
        }
    }

    /// Gives each thread that has secrets a sender to drop, once it has done all that it was told before.
    pub(super) fn settle(&self, when_done: &mpsc::Sender<Infallible>) {
        if self.start.is_none() {
            self.ask(SyncCommand::Settle(when_done.clone()));
        }
        if self.worker.is_some() {
            let _ = self.opening.commands.send(VaultCommand::Settle(when_done.clone()));
        }
    }

    /// Waits until every save that was ordered is done.
    pub(super) fn finish(mut self) {
        self.close();
        let _ = self.opening.commands.send(VaultCommand::End);
        let worker = self.worker.take();
        if let Some(worker) = worker {
            let _ = worker.join();
        }
    }
}

struct Open {
    path: Option<PathBuf>,
    vault: Arc<Unlocked>,
    tag: Option<Tag>,
}

struct Worker {
    opening: Opening,
    receiver: mpsc::Receiver<VaultCommand>,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// The first is the one that was unlocked.
    open: Vec<Open>,
    failed: BTreeSet<Ticket>,
    sync_commands: mpsc::Sender<SyncCommand>,
}

impl Worker {
    /// Lets the syncing thread know what a vault is now.
    fn pass_on(&self, at: usize, why: Why) {
        let Some(open) = self.open.get(at) else { return };
        let Some(path) = open.path.clone() else { return };
        let generation = self.opening.generation.get();
        let command = SyncCommand::Vault { generation, path, vault: Arc::clone(&open.vault), tag: open.tag, why };
        let _ = self.sync_commands.send(command);
    }

    fn run(mut self) {
        while let Ok(command) = self.receiver.recv() {
            if matches!(command, VaultCommand::End) {
                break;
            }
            wiping_stack(|| self.obey(command));
        }
    }

    fn obey(&mut self, command: VaultCommand) {
        let generation = self.opening.generation.get();
        let save = if let VaultCommand::Save { save, .. } = &command { Some(*save) } else { None };
        let passphrase = if let VaultCommand::ChangePassphrase(ticket, _) = &command { Some(*ticket) } else { None };
        match contained(|| self.carry_out(command)) {
            Ok(msgs) => msgs.into_iter().for_each(|msg| self.answer(generation, msg)),
            Err(trouble) => match (save, passphrase) {
                (Some(save), _) => {
                    self.failed.insert(save);
                    self.opening.sender.send(Report::Msg(Msg::Saved { save, result: Err(trouble) }));
                }
                (None, Some(ticket)) => {
                    let answer = Answer::PassphraseChanged(Err(trouble));
                    self.opening.sender.send(Report::Msg(Msg::Answer(ticket, answer)));
                }
                (None, None) => self.opening.sender.send(Report::Msg(Msg::ChangedUnreadably(trouble))),
            },
        }
    }

    /// What was opened before a lock is not handed out after it; that something failed is.
    fn answer(&self, generation: u64, msg: Msg) {
        let secret = matches!(
            &msg,
            Msg::Saved { result: Ok(_), .. }
                | Msg::Answer(_, Answer::PassphraseChanged(Ok(_)))
                | Msg::ChangedElsewhere(_)
        );
        if generation == self.opening.generation.get() || !secret {
            self.opening.sender.send(Report::Msg(msg));
        }
    }

    fn carry_out(&mut self, command: VaultCommand) -> Vec<Msg> {
        match command {
            VaultCommand::Open { generation, path, vault, tag } => {
                if generation == self.opening.generation.get() {
                    self.set_seen(path.as_deref(), tag, None);
                    self.open.retain(|open| open.vault.id() != vault.id());
                    self.open.push(Open { path, vault, tag });
                    self.pass_on(self.open.len().saturating_sub(1), Why::Opened);
                }
                Vec::new()
            }
            VaultCommand::Save { after: Some(before), save, .. } if self.failed.contains(&before) => {
                self.failed.insert(save);
                let trouble = trouble::trouble("what had to be saved first was not; nothing was changed", None);
                vec![Msg::Saved { save, result: Err(trouble) }]
            }
            VaultCommand::Save { vault, save, changes, clock, .. } => {
                let result = self.save(&vault, &changes, &clock);
                if result.is_err() {
                    self.failed.insert(save);
                }
                vec![Msg::Saved { save, result }]
            }
            VaultCommand::Merge { generation, vault, tag } => {
                let at = self.open.iter().position(|open| open.vault.id() == vault.id());
                let is_new = |open: &Open| !Arc::ptr_eq(&open.vault, &vault) || open.tag != tag;
                let at = at
                    .filter(|at| generation == self.opening.generation.get() && self.open.get(*at).is_some_and(is_new));
                // What does not go together in memory may do so once the file is read.
                let merged = at.and_then(|at| self.merge(at, &vault, tag).unwrap_or_else(|_| self.look(at)));
                merged.into_iter().collect()
            }
            VaultCommand::KeyOf(generation, theirs) => {
                let first = self.open.first_mut().filter(|open| open.vault.id() == theirs.id());
                if let (Some(open), true) = (first, generation == self.opening.generation.get()) {
                    open.vault = Arc::new(open.vault.with_key_of(&theirs));
                }
                Vec::new()
            }
            VaultCommand::ChangePassphrase(ticket, passphrase) => {
                vec![Msg::Answer(ticket, Answer::PassphraseChanged(self.change_passphrase(&passphrase)))]
            }
            VaultCommand::Look => (0..self.open.len()).filter_map(|at| self.look(at)).collect(),
            VaultCommand::Settle(when_done) => {
                drop(when_done);
                Vec::new()
            }
            VaultCommand::Close | VaultCommand::End => {
                self.open.clear();
                self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
                Vec::new()
            }
        }
    }

    /// Notes how a file was seen; a lock that came meanwhile has cleared all that, and it stays cleared.
    fn set_seen(&self, path: Option<&Path>, tag: Option<Tag>, reported: Option<Tag>) {
        let Some(path) = path else { return };
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|seen| seen.path != path);
        all.push(Seen { path: path.to_owned(), tag, reported });
    }

    fn save(
        &mut self,
        id: &VaultId,
        changes: &[Change],
        clock: &Clock,
    ) -> Result<(Arc<Unlocked>, Option<String>), crate::app::Trouble> {
        let at = self.open.iter().position(|open| open.vault.id() == *id).ok_or_else(locked)?;
        let open = self.open.get_mut(at).ok_or_else(locked)?;
        let vault = open.vault.with(changes);
        if open.path.is_none() {
            // The demo vault lives in memory.
            open.vault = Arc::new(vault);
            return Ok((Arc::clone(&open.vault), None));
        }
        // First the stamp, then the change: a stamp must never be given out twice.
        let remembered = state::remember(&self.opening.machine.home, &vault.vault_id(), clock);
        let warning =
            remembered.err().map(|error| format!("this machine cannot remember its place in the vault: {error}"));
        let (vault, more) = self.write(at, &vault)?;
        if at == 0 {
            self.give_keys();
        }
        Ok((vault, more.or(warning)))
    }

    fn write(&mut self, at: usize, vault: &Unlocked) -> Result<(Arc<Unlocked>, Option<String>), crate::app::Trouble> {
        let open = self.open.get_mut(at).ok_or_else(locked)?;
        let path = open.path.clone().ok_or_else(locked)?;
        let saved = open_file::save(&self.opening.machine, &path, open.tag.as_ref(), vault);
        let saved = saved.map_err(|error| trouble::team(&error))?;
        open.vault = Arc::new(saved.vault);
        open.tag = Some(saved.tag);
        let vault = Arc::clone(&open.vault);
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // A lock that came meanwhile has cleared `seen`; it stays cleared.
        if let Some(seen) = all.iter_mut().find(|seen| seen.path == path) {
            seen.tag = Some(saved.tag);
        }
        drop(all);
        self.pass_on(at, Why::Saved);
        Ok((vault, saved.warning))
    }

    /// Gives the shared vaults the keys that the vault that was unlocked holds for them now. The next sync puts a new one in force.
    fn give_keys(&mut self) {
        let Some((first, shared)) = self.open.split_first_mut() else { return };
        let mut given = Vec::new();
        for (open, at) in shared.iter_mut().zip(1..) {
            if let Some(vault) = links::with_new_keys(&first.vault, &open.vault) {
                open.vault = Arc::new(vault);
                given.push(at);
            }
        }
        given.into_iter().for_each(|at| self.pass_on(at, Why::Saved));
    }

    fn change_passphrase(&mut self, passphrase: &Text) -> Result<Arc<Unlocked>, crate::app::Trouble> {
        let Some(open) = self.open.first_mut() else {
            return Err(trouble::trouble("the vault is locked; the passphrase was not changed", None));
        };
        let cost = timing::choose(&self.opening.machine.limits);
        let wall_ms = clock::now().wall_ms;
        let vault = open
            .vault
            .change_passphrase(passphrase, cost, &self.opening.machine.limits, wall_ms, &mut clock::Os)
            .map_err(|error| trouble::vault(&error))?;
        if open.path.is_none() {
            open.vault = Arc::new(vault);
            return Ok(Arc::clone(&open.vault));
        }
        Ok(self.write(0, &vault)?.0)
    }

    /// Merges what the file held when it was of that tag.
    fn merge(&mut self, at: usize, theirs: &Unlocked, tag: Option<Tag>) -> Result<Option<Msg>, VaultError> {
        let Some(Open { path: Some(path), vault, tag: seen }) = self.open.get_mut(at) else { return Ok(None) };
        let merged = vault.merge(theirs)?;
        let changed = merged != **vault;
        if changed {
            *vault = Arc::new(merged);
        }
        // A file that was saved here since holds it, too.
        if disk::tag(path) != *seen && tag.is_some() {
            *seen = tag;
        }
        let (path, seen, answer) = (path.clone(), *seen, changed.then(|| Msg::ChangedElsewhere(Arc::clone(vault))));
        self.set_seen(Some(&path), seen, None);
        if at == 0 {
            self.give_keys();
        }
        self.pass_on(at, Why::Looked);
        Ok(answer)
    }

    /// Reads the file again if another program has written it.
    fn look(&mut self, at: usize) -> Option<Msg> {
        let open = self.open.get_mut(at)?;
        let path = open.path.clone()?;
        let (seen, tag) = (open.tag, disk::tag(&path)?);
        if Some(tag) == seen {
            return None;
        }
        let read = disk::read(&path)
            .and_then(|(bytes, tag)| Ok((open.vault.reopen(&bytes, &self.opening.machine.limits)?, tag)));
        let merged = read.and_then(|(theirs, tag)| Ok(self.merge(at, &theirs, Some(tag))?));
        match merged {
            Ok(answer) => answer,
            Err(StoreError::Vault(VaultError::NotAMember)) if at == 0 => Some(Msg::KeysChangedElsewhere),
            Err(error) => {
                self.set_seen(Some(&path), seen, Some(tag));
                Some(Msg::ChangedUnreadably(trouble::store(&error)))
            }
        }
    }
}

fn locked() -> crate::app::Trouble {
    trouble::trouble("the vault is locked; nothing was saved", Some("unlock it and try again"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::{Kind, Otp};
    use crate::runtime::jobs;
    use crate::secret::Secret;
    use crate::store::paths::Home;
    use crate::vault::{Details, Edit, EntryId, Limits};

    fn machine(folder: &Path) -> Machine {
        let under = |name: &str| folder.join(name);
        let home = Home { data: under("data"), state: under("state"), config: under("config") };
        Machine { home, limits: Limits { ram: 8 << 30 }, now_ms: || 1, waiting: |_, _| (), cancel: Arc::default() }
    }

    #[test]
    fn what_a_job_did_is_merged_in_memory_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let machine = machine(folder.path());
        let (sender, _reports, _wake) = jobs::report_channel().unwrap();
        let mut session = Session::new(machine.clone(), "maya".into(), sender);
        let (mut worker, _) = session.start.take().unwrap();
        let vault = Unlocked::found_shared("ops", "maya", 1, &mut clock::Os).unwrap().vault;
        let path = folder.path().join("ops.json");
        let tag = disk::create(&path, &vault, &mut clock::Os).unwrap();
        let with = |vault: &Unlocked, n: u64| {
            let details = Details::new(Otp::new(Kind::Totp, Secret::from(&[7; 20][..])), "x", "y");
            let add = Edit::Add(EntryId::random(&mut clock::Os).unwrap(), Box::new(details));
            let changes = vault.plan(&[add], &mut Clock::new(n, Default::default()), 1).unwrap();
            vault.with(&changes)
        };
        let open = Open { path: Some(path.clone()), vault: Arc::new(vault.clone()), tag: Some(tag) };
        worker.open.push(open);
        // Saved here while the job was at it, which took that from the file.
        worker.write(0, &with(&vault, 2)).unwrap();
        let job = open_file::save(&machine, &path, Some(&tag), &with(&vault, 3)).unwrap();
        assert!(job.merged);
        // Saved here again, before the worker hears of the job.
        let again = with(&worker.open[0].vault, 4);
        worker.write(0, &again).unwrap();
        let newest = worker.open[0].tag;
        let command =
            |generation| VaultCommand::Merge { generation, vault: Arc::new(job.vault.clone()), tag: Some(job.tag) };
        let _ = worker.carry_out(command(0));
        assert_eq!((worker.open[0].vault.entries().count(), worker.open[0].tag), (3, newest));
        // Nothing is read: the file may be gone.
        worker.open[0].vault = Arc::new(again);
        std::fs::remove_file(&path).unwrap();
        assert!(worker.carry_out(command(1)).is_empty(), "of before a lock");
        assert!(
            matches!(&*worker.carry_out(command(0)), [Msg::ChangedElsewhere(vault)] if vault.entries().count() == 3)
        );
        assert!(worker.carry_out(command(0)).is_empty(), "it is known already");
    }

    #[test]
    fn what_was_opened_before_a_lock_is_not_handed_out_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let (sender, reports, _wake) = jobs::report_channel().unwrap();
        let mut session = Session::new(machine(folder.path()), "maya".into(), sender);
        let (worker, _) = session.start.take().unwrap();
        let vault = Arc::new(Unlocked::found_shared("ops", "maya", 0, &mut clock::Os).unwrap().vault);
        let before = session.opening.generation.get();
        let answers = || {
            [
                Msg::ChangedElsewhere(Arc::clone(&vault)),
                Msg::Answer(Ticket(1), Answer::PassphraseChanged(Ok(Arc::clone(&vault)))),
                Msg::Saved { save: Ticket::default(), result: Ok((Arc::clone(&vault), None)) },
            ]
        };
        answers().into_iter().for_each(|msg| worker.answer(before, msg));
        assert_eq!(reports.try_iter().count(), 3);
        session.opening.generation.next();
        answers().into_iter().for_each(|msg| worker.answer(before, msg));
        assert!(reports.try_recv().is_err() && Arc::strong_count(&vault) == 1);
        // That something failed has to be known all the same.
        let failed = Answer::PassphraseChanged(Err(trouble::trouble("no", None)));
        worker.answer(before, Msg::Answer(Ticket(1), failed));
        assert_eq!(reports.try_iter().count(), 1);
    }
}
