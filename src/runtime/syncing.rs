//! Syncs of the open vaults with their remotes, on a thread of their own: no key and no save ever waits for a network.
//!
//! It works on clones. What came is saved into the working copy under the file's lock, merged with what lies there, and the worker merges it in
//! memory. A lock or the end cancels what is under way; nothing is lost by that.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::due::Due;
use super::jobs::{Report, contained};
use super::session::VaultCommand;
use super::vaults::Opening;
use super::{clock, notices, trouble};
use crate::app::effect::{MemberDeed, ShareDeed, ShareRow};
use crate::app::msg::{MemberDone, SyncState};
use crate::app::{Answer, Msg, Ticket, Trouble};
use crate::secret::{Text, random_bytes, wiping_stack};
use crate::store::sync::{Notice, SyncError};
use crate::store::{Tag, memory};
use crate::team::{Keeper, OpenFile, SyncReport, TeamError, links, members, passphrase};
use crate::vault::seal::VaultId;
use crate::vault::{Unlocked, VaultError};

/// How often others' changes are looked for, in milliseconds, and by how much that differs from time to time.
const USUAL_MS: u64 = 60_000;
const JITTER_MS: u64 = 10_000;

pub(super) enum SyncCommand {
    Vault {
        generation: u64,
        path: PathBuf,
        vault: Arc<Unlocked>,
        tag: Option<Tag>,
        why: Why,
    },
    Now,
    Member {
        ticket: Ticket,
        vault: VaultId,
        deed: MemberDeed,
    },
    /// Make or join a shared vault, or say where one is kept.
    Share(Ticket, ShareDeed),
    /// Go on with the passphrase that another machine set.
    Follow(Ticket, Text),
    Close,
    /// Drop this sender, when all that was asked before is done.
    Settle(mpsc::Sender<Infallible>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Opened,
    Saved,
    /// Another program wrote its file, or this thread did.
    Looked,
}

pub(super) struct SyncedVault {
    generation: u64,
    pub(super) file: OpenFile,
    due: Due,
    /// The trouble that was said last; it is not said again and again.
    said: Option<String>,
    /// The screen is told that a sync begins: at first, and when a person asked for it.
    announce: bool,
    /// The screen says how it stands to its remote.
    told: bool,
}

pub(super) struct Thread {
    receiver: mpsc::Receiver<SyncCommand>,
    pub(super) opening: Opening,
    known: Vec<SyncedVault>,
    /// Vaults that could not be fetched; not tried again until asked.
    pub(super) tried: BTreeSet<String>,
    asked: Vec<SyncCommand>,
}

impl Thread {
    pub(super) fn new(opening: Opening, receiver: mpsc::Receiver<SyncCommand>) -> Thread {
        Thread { receiver, opening, known: Vec::new(), tried: BTreeSet::new(), asked: Vec::new() }
    }

    pub(super) fn run(mut self) {
        loop {
            let due = self.known.iter().filter_map(|known| known.due.first()).min();
            let command = match due {
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => self.receiver.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match command {
                Ok(command) => wiping_stack(|| self.work(Some(command))),
                Err(RecvTimeoutError::Timeout) => wiping_stack(|| self.work(None)),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn work(&mut self, command: Option<SyncCommand>) {
        if let Some(command) = command {
            self.take(command);
            // All that is there first: the newest state of each vault is what counts.
            while let Ok(command) = self.receiver.try_recv() {
                self.take(command);
            }
        }
        for asked in std::mem::take(&mut self.asked) {
            let (ticket, answer) = match asked {
                SyncCommand::Member { ticket, vault, deed } => {
                    let result = contained(|| self.member(&vault, deed)).and_then(|result| result);
                    (ticket, Answer::Member(result))
                }
                SyncCommand::Share(ticket, deed) => {
                    let broken = |trouble| Err((ShareRow::Address, trouble));
                    (ticket, Answer::Shared(contained(|| self.share(deed)).unwrap_or_else(broken)))
                }
                SyncCommand::Follow(ticket, passphrase) => {
                    let result = contained(|| self.follow(&passphrase)).and_then(|result| result);
                    (ticket, Answer::PassphraseFollowed(result))
                }
                _ => continue,
            };
            self.opening.sender.send(Report::Msg(Msg::Answer(ticket, answer)));
        }
        self.fetch_missing();
        let now = Instant::now();
        for at in 0..self.known.len() {
            let Some(known) = self.known.get_mut(at) else { continue };
            if known.due.take(now)
                && let Err(trouble) = contained(|| self.sync(at))
            {
                self.opening.sender.send(Report::Msg(Msg::ChangedUnreadably(trouble)));
            }
        }
    }

    fn take(&mut self, command: SyncCommand) {
        let now = Instant::now();
        match command {
            SyncCommand::Vault { generation, path, vault, tag, why } => {
                if generation != self.opening.generation.get() {
                    return;
                }
                let at = self.known.iter().position(|known| known.file.path == path);
                let mut known = at.map(|at| self.known.swap_remove(at)).unwrap_or_else(|| SyncedVault {
                    generation,
                    file: OpenFile::new(self.opening.machine.clone(), path, Arc::clone(&vault), tag),
                    due: Due::default(),
                    said: None,
                    announce: true,
                    told: false,
                });
                (known.generation, known.file.vault, known.file.tag) = (generation, vault, tag);
                match why {
                    Why::Opened => known.due.opened(now),
                    Why::Saved => known.due.saved(now),
                    Why::Looked => {}
                }
                self.known.push(known);
            }
            SyncCommand::Now => {
                if !self.known.iter().any(SyncedVault::has_remote) {
                    self.opening.sender.send(Report::Msg(Msg::NothingToSync));
                }
                self.tried.clear();
                for known in &mut self.known {
                    known.due.later(now, Duration::ZERO);
                    known.announce = true;
                    known.said = None;
                }
            }
            SyncCommand::Settle(when_done) => drop(when_done),
            SyncCommand::Close => {
                self.asked.clear();
                self.known.clear();
                self.tried.clear();
            }
            asked => self.asked.push(asked),
        }
    }

    /// The open vault of which that is true, unless it was locked meanwhile.
    pub(super) fn open(&mut self, generation: u64, is_it: impl Fn(&SyncedVault) -> bool) -> Option<&mut SyncedVault> {
        let now = self.opening.generation.get();
        let known = self
            .known
            .iter_mut()
            .find(|known| known.generation == generation && is_it(known))
            .filter(|_| generation == now)?;
        // A lock ends what goes over the network.
        known.file.machine.cancel = self.opening.generation.cancel();
        Some(known)
    }

    pub(super) fn job(&mut self, is_it: impl Fn(&SyncedVault) -> bool) -> Option<Job<'_>> {
        let opening = self.opening.clone();
        let known = self.open(opening.generation.get(), is_it)?;
        Some(Job { known, opening, tries: false })
    }

    fn sync(&mut self, at: usize) {
        let path = self.known.get(at).map(|known| known.file.path.clone());
        if let Some(mut job) = self.job(|known| Some(&known.file.path) == path.as_ref()) {
            // What came of it is said to the screen by the job.
            let _ = job.sync();
        }
    }

    /// Opens what lies at the remote of the vault that was unlocked with the passphrase that another machine set, and merges.
    fn follow(&mut self, passphrase: &Text) -> Result<(), Trouble> {
        let mut job = self.job(|known| !known.file.vault.is_shared()).ok_or_else(locked)?;
        let file = &job.known.file;
        let theirs = passphrase::copy_there(file).and_then(|there| passphrase::open_there(file, &there, passphrase));
        let theirs = theirs.map_err(|error| trouble::team(&error))?;
        if !job.is_wanted() {
            return Err(locked());
        }
        job.known.announce = true;
        let _ = job.opening.commands.send(VaultCommand::KeyOf(job.known.generation, Arc::new(theirs.clone())));
        match passphrase::follow(&mut job, &theirs) {
            Ok(Some(_)) => Ok(()),
            _ => Err(trouble::trouble(
                "it opens what lies there, but the sync did not end; press Esc and sync again",
                None,
            )),
        }
    }

    /// Changes who belongs to a vault, on the newest list of members that can be had.
    fn member(&mut self, id: &VaultId, deed: MemberDeed) -> Result<MemberDone, Trouble> {
        let mut job = self.job(|known| known.file.vault.id() == *id).ok_or_else(locked)?;
        let _ = members::on_newest(&mut job).map_err(|error| trouble::team(&error))?;
        // Nobody would see the answer, and an invitation's code is shown only once.
        let done =
            if job.is_wanted() { job.member(deed).map_err(|error| trouble::team(&error)) } else { Err(locked()) };
        job.known.file.release();
        let warnings = self.warnings();
        done.map(|done| MemberDone { said: [vec![done.said], warnings].concat().join("; "), ..done })
    }

    pub(super) fn warnings(&mut self) -> Vec<String> {
        self.known.iter_mut().flat_map(|known| known.file.warnings.drain(..)).collect()
    }

    /// Vaults that this person has a key to and that are not open yet: joined on another machine, or by another window.
    fn fetch_missing(&mut self) {
        let Some(Job { known, opening, .. }) = self.job(|known| !known.file.vault.is_shared()) else { return };
        let (generation, links, machine) = (known.generation, known.file.vault.links(), known.file.machine.clone());
        for (_, link) in links {
            let open = self.known.iter().any(|known| known.file.vault.vault_id() == link.vault);
            if open || generation != opening.generation.get() || !self.tried.insert(link.vault.clone()) {
                continue;
            }
            let opened = links::open_or_fetch(&machine, &link).map_err(|error| trouble::team(&error));
            let opened = opened.and_then(|file| file.map(|file| opening.hand_over_file(generation, file)).transpose());
            match opened {
                Ok(Some(open)) if generation == opening.generation.get() => {
                    opening.sender.send(Report::Msg(Msg::AlsoOpened(open)))
                }
                Ok(_) => {}
                Err(mut trouble) => {
                    trouble.message = format!("{} could not be fetched: {}", link.name.as_str(), trouble.message);
                    opening.sender.send(Report::Msg(Msg::ChangedUnreadably(trouble)));
                }
            }
        }
    }
}

fn locked() -> Trouble {
    trouble::trouble("the vault is locked; nothing was changed", None)
}

/// Something that is done to an open vault; the screen is told how it stands to its remote.
pub(super) struct Job<'a> {
    pub(super) known: &'a mut SyncedVault,
    opening: Opening,
    /// The remote is only tried out: the screen is told of it when it works.
    pub(super) tries: bool,
}

impl Job<'_> {
    /// Whether no lock has come since.
    fn is_wanted(&self) -> bool {
        self.known.generation == self.opening.generation.get() && !self.known.file.machine.cancel.load(Ordering::SeqCst)
    }

    fn say(&self, state: SyncState, said: Vec<String>) {
        let vault = &self.known.file.vault;
        let msg = Msg::Synced { vault: vault.id(), state, reached: vault.newest(), said };
        self.opening.sender.send(Report::Msg(msg));
    }
}

impl Keeper for Job<'_> {
    fn file(&mut self) -> &mut OpenFile {
        &mut self.known.file
    }

    fn hold(&mut self) -> Result<(), TeamError> {
        self.known.file.hold()
    }

    fn sync(&mut self) -> Result<Option<SyncReport>, TeamError> {
        if !self.is_wanted() {
            return Err(SyncError::Cancelled.into());
        }
        let known = &mut self.known;
        let announced = if known.has_remote() { std::mem::take(&mut known.announce) || self.tries } else { false };
        if announced && !self.tries {
            known.told = true;
            self.say(SyncState::Running, Vec::new());
        }
        let synced = self.known.file.sync();
        if !self.is_wanted() {
            return Err(SyncError::Cancelled.into());
        }
        let _ = match synced {
            Ok(_) => self.opening.commands.send(self.known.merge()),
            // What came before the error is in the file.
            Err(_) => self.opening.commands.send(VaultCommand::Look),
        };
        let known = &mut self.known;
        match &synced {
            Ok(None) => {
                // Another window may give it a remote.
                known.due.clear();
                if std::mem::take(&mut known.told) {
                    self.opening.sender.send(Report::Msg(Msg::NoRemote(known.file.vault.id())));
                }
            }
            Ok(Some(report)) => {
                known.told = true;
                let (state, said) = known.took(report, announced);
                self.say(state, said);
            }
            Err(TeamError::Sync(SyncError::Cancelled)) => {}
            Err(_) if self.tries => {}
            Err(error) => {
                known.told = true;
                let (state, said) = known.failed(error);
                self.say(state, said);
            }
        }
        self.known.sync_again_later();
        synced
    }
}

impl SyncedVault {
    /// Others' changes are looked for again in about a minute.
    fn sync_again_later(&mut self) {
        let jitter = random_bytes::<1>(&mut clock::Os)
            .map_or(0, |[byte]| u64::from(byte).saturating_mul(JITTER_MS).saturating_mul(2) / 255);
        let wait = Duration::from_millis(USUAL_MS.saturating_sub(JITTER_MS).saturating_add(jitter));
        self.due.later(Instant::now(), wait);
    }

    /// Has the worker take over what was done to the vault here.
    pub(super) fn merge(&self) -> VaultCommand {
        VaultCommand::Merge { generation: self.generation, vault: Arc::clone(&self.file.vault), tag: self.file.tag }
    }

    fn has_remote(&self) -> bool {
        !memory::read(&self.file.machine.home, &self.file.vault.vault_id()).url.is_empty()
    }

    fn took(&mut self, report: &SyncReport, announced: bool) -> (SyncState, Vec<String>) {
        self.said = None;
        let went_back = report.notices.iter().any(|notice| matches!(notice, Notice::WentBack(_)));
        // What goes on is not said every minute.
        let new = |notice: &&Notice| {
            announced || !matches!(notice, Notice::KeyWaits(_) | Notice::CopiesLeft(_) | Notice::Ahead(_))
        };
        let said = report.notices.iter().filter(new).map(notices::message).collect();
        (if went_back { SyncState::WentBack } else { SyncState::Done }, said)
    }

    fn failed(&mut self, error: &TeamError) -> (SyncState, Vec<String>) {
        let offline = matches!(error, TeamError::Remote(_) | TeamError::Sync(SyncError::Remote(_) | SyncError::Busy));
        let elsewhere = matches!(error, TeamError::PassphraseChangedThere);
        let shut_out = matches!(error, TeamError::KeyEndedThere) && self.file.reaches_others().is_err();
        let words = match error {
            _ if elsewhere => "the passphrase was changed on another machine; sync now asks for it".to_owned(),
            _ if shut_out => VaultError::ShutOut.to_string(),
            error => error.to_string(),
        };
        let new = self.said.as_ref() != Some(&words);
        self.said = Some(words.clone());
        let waiting =
            self.file.vault.ahead_of(&memory::read(&self.file.machine.home, &self.file.vault.vault_id()).seen);
        let state = match () {
            () if offline => SyncState::Offline { waiting },
            () if elsewhere => SyncState::OtherPassphrase,
            () if shut_out => SyncState::ShutOut,
            () => SyncState::Stopped,
        };
        (state, if new { vec![words] } else { Vec::new() })
    }
}
