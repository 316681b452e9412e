//! Syncs of the open vaults with their remotes, on a thread of their own: no key and no save ever waits for a network.
//!
//! It works on clones. What came is saved into the working copy under the file's lock, merged with what lies there, and the worker is told to
//! look. A lock or the end cancels what is under way; nothing is lost by that.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::due::Due;
use super::jobs::{Post, Report, contained};
use super::session::{Order, Turn};
use super::sharing::{self, SharingError};
use super::vaults::Opening;
use super::{clock, membership, trouble};
use crate::app::effect::{MemberDeed, ShareDeed, ShareRow};
use crate::app::msg::{MemberDone, SyncState};
use crate::app::{Msg, Trouble};
use crate::secret::{Text, random_bytes, wiping_stack};
use crate::store::paths::Home;
use crate::store::sync::{self, Notice, SyncError, Synced};
use crate::store::sync_lock::SyncLock;
use crate::store::{Tag, disk, memory};
use crate::vault::seal::VaultId;
use crate::vault::{Limits, Unlocked, VaultError};

/// How long a save waits for another program's.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How often others' changes are looked for, in milliseconds, and by how much that differs from time to time.
const USUAL_MS: u64 = 60_000;
const JITTER_MS: u64 = 10_000;

/// What the thread is told.
pub(super) enum Errand {
    /// A vault as it is now.
    Vault { turn: u64, path: PathBuf, vault: Arc<Unlocked>, tag: Option<Tag>, why: Why },
    /// Sync everything now.
    Now,
    /// Change who belongs to a vault.
    Member { vault: VaultId, deed: MemberDeed },
    /// Make or join a shared vault, or say where one is kept.
    Share { turn: u64, deed: ShareDeed },
    /// Go on with the passphrase that another machine set.
    Follow(Text),
    /// Drop everything.
    Close,
    /// Drop this sender, when all that was asked before is done.
    Settle(mpsc::Sender<Infallible>),
}

/// Why a vault is as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Opened,
    Saved,
    /// Another program wrote its file, or this thread did.
    Looked,
}

/// The flag that ends what is under way; a new one after each lock.
#[derive(Debug, Clone, Default)]
pub(super) struct Cancel(Arc<Mutex<Arc<AtomicBool>>>);

impl Cancel {
    pub(super) fn now(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn pull(&self) {
        let mut flag = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flag.store(true, Ordering::SeqCst);
        *flag = Arc::default();
    }
}

/// The other side of the thread.
pub(super) struct Syncing {
    errands: mpsc::Sender<Errand>,
    cancel: Cancel,
    start: Option<Thread>,
}

impl Syncing {
    pub(super) fn new(home: Home, limits: Limits, post: Post, orders: mpsc::Sender<Order>, turn: Turn) -> Syncing {
        let (errands, receiver) = mpsc::channel();
        let cancel = Cancel::default();
        let opening =
            Opening { home: home.clone(), limits, post: post.clone(), orders: orders.clone(), turn: turn.clone() };
        let thread = Thread {
            home,
            post,
            orders,
            turn,
            receiver,
            cancel: cancel.clone(),
            opening,
            known: Vec::new(),
            tried: BTreeSet::new(),
            deeds: Vec::new(),
            shares: Vec::new(),
            follow: None,
        };
        Syncing { errands, cancel, start: Some(thread) }
    }

    pub(super) fn errands(&self) -> mpsc::Sender<Errand> {
        self.errands.clone()
    }

    pub(super) fn begin(&mut self) {
        if let Some(thread) = self.start.take() {
            // Without the thread everything works but syncing.
            let _ = std::thread::Builder::new().name("sync".into()).spawn(move || thread.run());
        }
    }

    /// Sync everything now.
    pub(super) fn now(&self) {
        let _ = self.errands.send(Errand::Now);
    }

    /// Changes who belongs to a vault, once it is synced.
    pub(super) fn member(&self, vault: VaultId, deed: MemberDeed) {
        let _ = self.errands.send(Errand::Member { vault, deed });
    }

    /// Makes or joins a shared vault, or says where one is kept.
    pub(super) fn share(&self, turn: u64, deed: ShareDeed) {
        let _ = self.errands.send(Errand::Share { turn, deed });
    }

    /// Goes on with the passphrase that another machine set.
    pub(super) fn follow(&self, passphrase: Text) {
        let _ = self.errands.send(Errand::Follow(passphrase));
    }

    /// Gives the thread a sender to drop, once it has done all that it was told before.
    pub(super) fn settle(&self, when_done: mpsc::Sender<Infallible>) {
        if self.start.is_none() {
            let _ = self.errands.send(Errand::Settle(when_done));
        }
    }

    /// Ends what is under way and drops the vaults.
    pub(super) fn close(&self) {
        self.cancel.pull();
        let _ = self.errands.send(Errand::Close);
    }
}

/// A vault that is open.
pub(super) struct Known {
    pub(super) turn: u64,
    pub(super) path: PathBuf,
    pub(super) vault: Arc<Unlocked>,
    pub(super) tag: Option<Tag>,
    due: Due,
    /// The trouble that was said last; it is not said again and again.
    said: Option<String>,
    /// The screen is told that a sync begins: at first, and when a person asked for it.
    announce: bool,
    /// The screen says how it stands to its remote.
    pub(super) told: bool,
}

pub(super) struct Thread {
    pub(super) home: Home,
    pub(super) post: Post,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) turn: Turn,
    receiver: mpsc::Receiver<Errand>,
    pub(super) cancel: Cancel,
    pub(super) opening: Opening,
    pub(super) known: Vec<Known>,
    /// Vaults that could not be fetched; not tried again until asked.
    pub(super) tried: BTreeSet<String>,
    /// The passphrase that another machine set, as somebody typed it.
    follow: Option<Text>,
    /// What owners asked for.
    deeds: Vec<(VaultId, MemberDeed)>,
    /// What somebody asked for about shared vaults themselves.
    shares: Vec<(u64, ShareDeed)>,
}

impl Thread {
    fn run(mut self) {
        loop {
            let due = self.known.iter().filter_map(|known| known.due.first()).min();
            let errand = match due {
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => self.receiver.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match errand {
                Ok(errand) => wiping_stack(|| self.work(Some(errand))),
                Err(RecvTimeoutError::Timeout) => wiping_stack(|| self.work(None)),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Takes errands and does what is due.
    fn work(&mut self, errand: Option<Errand>) {
        if let Some(errand) = errand {
            self.take(errand);
            // All that is there first: the newest state of each vault is what counts.
            while let Ok(errand) = self.receiver.try_recv() {
                self.take(errand);
            }
        }
        for (vault, deed) in std::mem::take(&mut self.deeds) {
            let result = contained(|| self.member(&vault, deed)).and_then(|result| result);
            self.post.send(Report::Msg(Msg::MemberDone { vault, result }));
        }
        for (turn, deed) in std::mem::take(&mut self.shares) {
            let broken = |trouble| Err((ShareRow::Address, trouble));
            let result = contained(|| self.share(turn, deed)).unwrap_or_else(broken);
            self.post.send(Report::Msg(Msg::Shared(result)));
        }
        if let Some(passphrase) = self.follow.take() {
            let result = contained(|| self.follow(&passphrase)).and_then(|result| result);
            self.post.send(Report::Msg(Msg::PassphraseFollowed(result)));
        }
        self.fetch_missing();
        let now = Instant::now();
        for at in 0..self.known.len() {
            let Some(known) = self.known.get_mut(at) else { continue };
            if known.due.take(now)
                && let Err(trouble) = contained(|| self.sync(at)).map(drop)
            {
                self.post.send(Report::Msg(Msg::ChangedUnreadably(trouble)));
            }
        }
    }

    fn take(&mut self, errand: Errand) {
        let now = Instant::now();
        match errand {
            Errand::Vault { turn, path, vault, tag, why } => {
                if turn != self.turn.get() {
                    return;
                }
                let at = self.known.iter().position(|known| known.path == path);
                let mut known = at.map(|at| self.known.swap_remove(at)).unwrap_or_else(|| Known {
                    turn,
                    path: path.clone(),
                    vault: Arc::clone(&vault),
                    tag,
                    due: Due::default(),
                    said: None,
                    announce: true,
                    told: false,
                });
                (known.turn, known.vault, known.tag) = (turn, vault, tag);
                match why {
                    Why::Opened => known.due.opened(now),
                    Why::Saved => known.due.saved(now),
                    Why::Looked => {}
                }
                self.known.push(known);
            }
            Errand::Now => {
                let has_remote = |known: &Known| !memory::read(&self.home, &known.vault.vault_id()).url.is_empty();
                if !self.known.iter().any(has_remote) {
                    self.post.send(Report::Msg(Msg::NothingToSync));
                }
                self.tried.clear();
                for known in &mut self.known {
                    known.due.later(now, Duration::ZERO);
                    known.announce = true;
                    known.said = None;
                }
            }
            Errand::Member { vault, deed } => self.deeds.push((vault, deed)),
            Errand::Share { turn, deed } => self.shares.push((turn, deed)),
            Errand::Follow(passphrase) => self.follow = Some(passphrase),
            Errand::Settle(when_done) => drop(when_done),
            Errand::Close => {
                self.follow = None;
                self.shares.clear();
                self.known.clear();
                self.deeds.clear();
                self.tried.clear();
            }
        }
    }

    /// Syncs one vault; `None` when it has no remote, or was locked meanwhile.
    fn sync(&mut self, at: usize) -> Option<SyncState> {
        self.sync_with(at, None)
    }

    fn sync_with(&mut self, at: usize, lock: Option<&SyncLock>) -> Option<SyncState> {
        let cancel = self.cancel.now();
        let known = self.known.get_mut(at).filter(|known| known.turn == self.turn.get())?;
        let id = known.vault.vault_id();
        if memory::read(&self.home, &id).url.is_empty() {
            // Another window may give it one.
            known.due.clear();
            known.sync_again_later();
            if std::mem::take(&mut known.told) {
                self.post.send(Report::Msg(Msg::NoRemote(known.vault.id())));
            }
            return None;
        }
        let announced = std::mem::take(&mut known.announce);
        known.told = true;
        if announced {
            self.post.send(Report::Msg(known.stands(SyncState::Running, Vec::new())));
        }
        let result = sharing::remote_of(&self.home, &id, &cancel).and_then(|remote| match remote {
            None => Ok(None),
            Some(mut remote) => {
                let (vault, path) = (Unlocked::clone(&known.vault), &known.path);
                let own = match lock {
                    Some(_) => None,
                    None => Some(SyncLock::hold(path, &cancel, &mut |_| {})?),
                };
                let Some(lock) = lock.or(own.as_ref()) else { return Ok(None) };
                let remote = remote.as_mut();
                Ok(Some(sharing::sync_copy(&self.home, path, vault, known.tag, remote, &cancel, lock)?))
            }
        });
        let (state, said) = match result {
            Ok(None) | Err(SharingError::Sync(SyncError::Cancelled)) => return None,
            _ if cancel.load(Ordering::SeqCst) => return None,
            Ok(Some(synced)) => known.took(synced, announced),
            Err(error) => known.failed(&error, &self.home),
        };
        let _ = self.orders.send(Order::Look);
        known.sync_again_later();
        if known.turn == self.turn.get() {
            self.post.send(Report::Msg(known.stands(state, said)));
        }
        Some(state)
    }

    /// Opens what lies at the remote of the vault that was unlocked with the passphrase that another machine set, and merges.
    fn follow(&mut self, passphrase: &Text) -> Result<(), Trouble> {
        let gone = || trouble::trouble("the vault is locked; nothing was changed", None);
        let at = self.known.iter().position(|known| !known.vault.is_shared()).ok_or_else(gone)?;
        let known = self.known.get(at).ok_or_else(gone)?;
        let url = memory::read(&self.home, &known.vault.vault_id()).url;
        let (_, locked) = sharing::look(&self.home, &url, &self.cancel.now())
            .map_err(|error| trouble::trouble(error.to_string(), None))?;
        let theirs = locked.unlock(passphrase, &self.opening.limits).map_err(|error| trouble::vault(&error))?;
        let known = self.known.get_mut(at).filter(|known| known.turn == self.turn.get()).ok_or_else(gone)?;
        if theirs.id() != known.vault.id() {
            return Err(trouble::vault(&VaultError::Altered("another vault lies in its place".into())));
        }
        known.vault = Arc::new(known.vault.with_key_of(&theirs));
        known.announce = true;
        let _ = self.orders.send(Order::KeyOf(known.turn, Arc::new(theirs)));
        match self.sync(at) {
            Some(SyncState::Done | SyncState::WentBack) => Ok(()),
            _ => Err(trouble::trouble(
                "it opens what lies there, but the sync did not end; press Esc and sync again",
                None,
            )),
        }
    }

    /// Changes who belongs to a vault, on the newest list of members that can be had.
    fn member(&mut self, id: &VaultId, deed: MemberDeed) -> Result<MemberDone, Trouble> {
        let find = |known: &[Known]| known.iter().position(|known| known.vault.id() == *id);
        let gone = || trouble::trouble("the vault is locked; nothing was changed", None);
        let at = find(&self.known).ok_or_else(gone)?;
        let path = self.known.get(at).map(|known| known.path.clone()).ok_or_else(gone)?;
        let lock = SyncLock::hold(&path, &self.cancel.now(), &mut |_| {});
        let lock = lock.map_err(|error| trouble::trouble(error.to_string(), None))?;
        if let Some(known) = self.known.get_mut(at) {
            let (vault, tag) = (Unlocked::clone(&known.vault), known.tag);
            let (vault, tag) = sync::newest(&path, vault, tag, &self.opening.limits);
            (known.vault, known.tag) = (Arc::new(vault), tag);
        }
        self.sync_with(at, Some(&lock));
        // Nobody would see the answer, and an invitation's code is shown only once.
        let known = self.known.get_mut(at).filter(|known| known.turn == self.turn.get()).ok_or_else(gone)?;
        let shared = known.vault.is_shared() && !matches!(deed, MemberDeed::Forget(..));
        let (vault, said, code) = membership::change(&known.vault, deed).map_err(|error| trouble::vault(&error))?;
        let (wall_ms, limits) = (clock::now().wall_ms, self.opening.limits);
        let saved = disk::save(&known.path, known.tag.as_ref(), &vault, &limits, PATIENCE, wall_ms, &mut clock::Os);
        let saved = saved.map_err(|error| trouble::store(&error))?;
        known.vault = Arc::new(saved.vault);
        known.tag = Some(saved.tag);
        let _ = self.orders.send(Order::Look);
        let waits = match self.sync_with(at, Some(&lock)) {
            None if !shared => "",
            None => "; this vault has no remote yet: the command remote puts it where they can reach it",
            Some(SyncState::Offline { .. } | SyncState::Stopped) => "; it waits until the remote can be reached",
            Some(_) => "",
        };
        Ok(MemberDone { said: format!("{said}{waits}"), code })
    }

    /// Vaults that this person has a key to and that are not open yet: joined on another machine, or by another window.
    fn fetch_missing(&mut self) {
        let personal = self.known.iter().find(|known| !known.vault.is_shared());
        let Some((turn, links)) = personal.map(|known| (known.turn, known.vault.links())) else { return };
        for (_, link) in links {
            let open = self.known.iter().any(|known| known.vault.vault_id() == link.vault);
            if open || turn != self.turn.get() || !self.tried.insert(link.vault.clone()) {
                continue;
            }
            let path = self.home.vault(Some(&link.name));
            let path = match disk::tag(&path) {
                Some(_) => Ok(path),
                None if link.remote.is_empty() => continue,
                None => sharing::fetch(&self.home, &link).map_err(|error| trouble::trouble(error, None)),
            };
            match path.and_then(|path| self.opening.open_linked(turn, path, &link)) {
                Ok(open) if turn == self.turn.get() => self.post.send(Report::Msg(Msg::AlsoOpened(open))),
                Ok(_) => {}
                Err(mut trouble) => {
                    trouble.message = format!("{} could not be fetched: {}", link.name.as_str(), trouble.message);
                    self.post.send(Report::Msg(Msg::ChangedUnreadably(trouble)));
                }
            }
        }
    }
}

impl Known {
    /// Others' changes are looked for again in about a minute.
    pub(super) fn sync_again_later(&mut self) {
        let jitter = random_bytes::<1>(&mut clock::Os)
            .map_or(0, |[byte]| u64::from(byte).saturating_mul(JITTER_MS).saturating_mul(2) / 255);
        let wait = Duration::from_millis(USUAL_MS.saturating_sub(JITTER_MS).saturating_add(jitter));
        self.due.later(Instant::now(), wait);
    }

    /// How it stands to its remote.
    pub(super) fn stands(&self, state: SyncState, said: Vec<String>) -> Msg {
        Msg::Synced { vault: self.vault.id(), state, reached: self.vault.newest(), said }
    }

    pub(super) fn took(&mut self, synced: Synced, announced: bool) -> (SyncState, Vec<String>) {
        self.said = None;
        let went_back = synced.notices.iter().any(|notice| matches!(notice, Notice::WentBack(_)));
        // What goes on is not said every minute.
        let new = |notice: &&Notice| {
            announced || !matches!(notice, Notice::KeyWaits(_) | Notice::CopiesLeft(_) | Notice::Ahead(_))
        };
        let said = synced.notices.iter().filter(new).map(sharing::words_of).collect();
        self.tag = synced.tag;
        if synced.vault != *self.vault {
            self.vault = Arc::new(synced.vault);
        }
        (if went_back { SyncState::WentBack } else { SyncState::Done }, said)
    }

    /// Whether its remote has a copy that another passphrase opens.
    fn has_other_passphrase(&self, error: &SharingError) -> bool {
        !self.vault.is_shared() && matches!(error, SharingError::Sync(SyncError::Vault(VaultError::NotAMember)))
    }

    fn failed(&mut self, error: &SharingError, home: &Home) -> (SyncState, Vec<String>) {
        let offline =
            matches!(error, SharingError::Remote(_) | SharingError::Sync(SyncError::Remote(_) | SyncError::Busy));
        let elsewhere = self.has_other_passphrase(error);
        let words = match error {
            _ if elsewhere => "the passphrase was changed on another machine; sync now asks for it".to_owned(),
            SharingError::Sync(SyncError::Vault(VaultError::NotAMember)) => {
                "your key does not open what lies at the remote: an owner may have removed you".to_owned()
            }
            error => error.to_string(),
        };
        let new = self.said.as_ref() != Some(&words);
        self.said = Some(words.clone());
        let waiting = self.vault.ahead_of(&memory::read(home, &self.vault.vault_id()).seen);
        let state = match (offline, elsewhere) {
            (true, _) => SyncState::Offline { waiting },
            (false, true) => SyncState::OtherPassphrase,
            (false, false) => SyncState::Stopped,
        };
        (state, if new { vec![words] } else { Vec::new() })
    }
}
