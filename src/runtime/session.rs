//! The open vault's worker: everything that changes its file happens here, one thing after another.
//!
//! It holds the vault as the file has it. A save adds changes to that and writes; when the write fails, neither the file nor the vault here
//! has changed. The screen's thread only ever looks at the file's tag, which is a `stat`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use super::jobs::{Post, Report, contained};
use super::{clock, timing, trouble};
use crate::app::{Msg, SaveId};
use crate::secret::Text;
use crate::store::paths::Home;
use crate::store::{StoreError, Tag, disk, state};
use crate::vault::document::Change;
use crate::vault::{Clock, Limits, Unlocked, VaultError};

/// How long a save waits for another program's.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the worker is asked to do.
pub(super) enum Order {
    /// Take over a vault that was opened; ignored when a lock has come since its unlocking began.
    Open { turn: u64, path: Option<PathBuf>, vault: Arc<Unlocked>, tag: Option<Tag> },
    /// Add changes and save.
    Save { save: SaveId, changes: Vec<Change>, clock: Clock },
    /// Set a new passphrase and save.
    ChangePassphrase(Text),
    /// The file is not what it was: read it and merge.
    Look,
    /// Drop everything.
    Close,
    /// Nothing comes after this.
    End,
}

/// Where the open vault's file was last seen, for the screen's thread to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    path: PathBuf,
    tag: Option<Tag>,
    /// A state of the file that was found unreadable and reported already.
    reported: Option<Tag>,
}

/// The worker's counter of locks: what began before the newest lock is not wanted any more.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn(Arc<AtomicU64>);

impl Turn {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn next(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The screen's side of the worker.
pub(super) struct Session {
    orders: mpsc::Sender<Order>,
    seen: Arc<Mutex<Option<Seen>>>,
    turn: Turn,
    worker: Option<std::thread::JoinHandle<()>>,
    start: Option<Worker>,
}

impl Session {
    pub(super) fn new(home: Home, limits: Limits, post: Post) -> Session {
        let (orders, receiver) = mpsc::channel();
        let seen = Arc::new(Mutex::new(None));
        let turn = Turn::default();
        let worker = Worker { home, limits, post, receiver, seen: Arc::clone(&seen), turn: turn.clone(), open: None };
        Session { orders, seen, turn, worker: None, start: Some(worker) }
    }

    /// Something that gives orders from another thread.
    pub(super) fn orders(&self) -> mpsc::Sender<Order> {
        self.orders.clone()
    }

    pub(super) fn turn(&self) -> &Turn {
        &self.turn
    }

    /// Gives an order; the worker's thread starts with the first.
    pub(super) fn order(&mut self, order: Order) {
        self.begin();
        let _ = self.orders.send(order);
    }

    /// Starts the worker, for orders that come from elsewhere.
    pub(super) fn begin(&mut self) {
        if let Some(worker) = self.start.take() {
            self.worker = std::thread::Builder::new().name("vault".into()).spawn(move || worker.run()).ok();
        }
    }

    /// Whether the file is not what it was when last read or written here.
    pub(super) fn has_changed(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        seen.is_some_and(|seen| {
            let now = disk::tag(&seen.path);
            now.is_some() && now != seen.tag && now != seen.reported
        })
    }

    /// Drops the vault once what was ordered before is done.
    pub(super) fn close(&mut self) {
        self.turn.next();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if self.worker.is_some() {
            let _ = self.orders.send(Order::Close);
        }
    }

    /// Waits until every save that was ordered is done.
    pub(super) fn finish(mut self) {
        self.close();
        let _ = self.orders.send(Order::End);
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
    home: Home,
    limits: Limits,
    post: Post,
    receiver: mpsc::Receiver<Order>,
    seen: Arc<Mutex<Option<Seen>>>,
    turn: Turn,
    open: Option<Open>,
}

impl Worker {
    fn run(mut self) {
        while let Ok(order) = self.receiver.recv() {
            let turn = self.turn.get();
            if matches!(order, Order::End) {
                break;
            }
            let save = if let Order::Save { save, .. } = &order { Some(*save) } else { None };
            let passphrase = matches!(order, Order::ChangePassphrase(_));
            match contained(|| self.carry_out(order)) {
                Ok(Some(msg)) => self.answer(turn, msg),
                Ok(None) => {}
                Err(trouble) => match save {
                    Some(save) => self.post.send(Report::Msg(Msg::Saved { save, result: Err(trouble) })),
                    None if passphrase => self.post.send(Report::Msg(Msg::PassphraseChanged(Err(trouble)))),
                    None => self.post.send(Report::Msg(Msg::ChangedUnreadably(trouble))),
                },
            }
        }
    }

    /// What was opened before a lock is not handed out after it; that something failed is.
    fn answer(&self, turn: u64, msg: Msg) {
        let secret =
            matches!(&msg, Msg::Saved { result: Ok(_), .. } | Msg::PassphraseChanged(Ok(_)) | Msg::ChangedElsewhere(_));
        if turn == self.turn.get() || !secret {
            self.post.send(Report::Msg(msg));
        }
    }

    fn carry_out(&mut self, order: Order) -> Option<Msg> {
        match order {
            Order::Open { turn, path, vault, tag } => {
                if turn == self.turn.get() {
                    self.set_seen(path.clone(), tag, None);
                    self.open = Some(Open { path, vault, tag });
                }
                None
            }
            Order::Save { save, changes, clock } => {
                let result = self.save(&changes, &clock);
                Some(Msg::Saved { save, result })
            }
            Order::ChangePassphrase(passphrase) => Some(Msg::PassphraseChanged(self.change_passphrase(&passphrase))),
            Order::Look => self.look(),
            Order::Close | Order::End => {
                self.open = None;
                None
            }
        }
    }

    fn set_seen(&self, path: Option<PathBuf>, tag: Option<Tag>, reported: Option<Tag>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = path.map(|path| Seen { path, tag, reported });
    }

    fn save(
        &mut self,
        changes: &[Change],
        clock: &Clock,
    ) -> Result<(Arc<Unlocked>, Option<String>), crate::app::Trouble> {
        let Some(open) = &self.open else {
            return Err(trouble::trouble("the vault is locked; nothing was saved", Some("unlock it and try again")));
        };
        let vault = open.vault.with(changes);
        let Some(path) = open.path.clone() else {
            // The demo vault lives in memory.
            let vault = Arc::new(vault);
            self.open = Some(Open { path: None, vault: Arc::clone(&vault), tag: None });
            return Ok((vault, None));
        };
        // First the stamp, then the change: a stamp must never be given out twice.
        let remembered = state::remember(&self.home, &vault.vault_id(), clock);
        let warning =
            remembered.err().map(|error| format!("this machine cannot remember its place in the vault: {error}"));
        let (vault, more) = self.write(path, &vault)?;
        Ok((vault, more.or(warning)))
    }

    fn write(
        &mut self,
        path: PathBuf,
        vault: &Unlocked,
    ) -> Result<(Arc<Unlocked>, Option<String>), crate::app::Trouble> {
        let tag = self.open.as_ref().and_then(|open| open.tag);
        let wall_ms = clock::now().wall_ms;
        let saved = disk::save(&path, tag.as_ref(), vault, &self.limits, PATIENCE, wall_ms, &mut clock::Os).map_err(
            |error| match error {
                StoreError::Vault(VaultError::NotAMember) => trouble::trouble(
                    "another window set a new passphrase; this change was not saved",
                    Some("lock, unlock with the new passphrase, and make it again"),
                ),
                error => trouble::store(&error),
            },
        )?;
        let vault = Arc::new(saved.vault);
        // A lock that came meanwhile has cleared `seen`; it stays cleared.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = seen.as_mut() {
            seen.tag = Some(saved.tag);
        }
        drop(seen);
        self.open = Some(Open { path: Some(path), vault: Arc::clone(&vault), tag: Some(saved.tag) });
        Ok((vault, saved.warning))
    }

    fn change_passphrase(&mut self, passphrase: &Text) -> Result<Arc<Unlocked>, crate::app::Trouble> {
        let Some(open) = &self.open else {
            return Err(trouble::trouble("the vault is locked; the passphrase was not changed", None));
        };
        let cost = timing::choose(&self.limits);
        let wall_ms = clock::now().wall_ms;
        let vault = open
            .vault
            .change_passphrase(passphrase, cost, &self.limits, wall_ms, &mut clock::Os)
            .map_err(|error| trouble::vault(&error))?;
        match open.path.clone() {
            Some(path) => Ok(self.write(path, &vault)?.0),
            None => {
                let vault = Arc::new(vault);
                self.open = Some(Open { path: None, vault: Arc::clone(&vault), tag: None });
                Ok(vault)
            }
        }
    }

    fn look(&mut self) -> Option<Msg> {
        let open = self.open.as_mut()?;
        let path = open.path.clone()?;
        let tag = disk::tag(&path)?;
        if Some(tag) == open.tag {
            return None;
        }
        let read = disk::read(&path).and_then(|(bytes, tag)| {
            let theirs = open.vault.reopen(&bytes, &self.limits)?;
            Ok((open.vault.merge(&theirs)?, tag))
        });
        match read {
            Ok((merged, tag)) => {
                open.tag = Some(tag);
                let changed = merged != *open.vault;
                open.vault = Arc::new(merged);
                let answer = changed.then(|| Msg::ChangedElsewhere(Arc::clone(&open.vault)));
                self.set_seen(Some(path), Some(tag), None);
                answer
            }
            Err(StoreError::Vault(VaultError::NotAMember)) => Some(Msg::KeysChangedElsewhere),
            Err(error) => {
                let known = open.tag;
                self.set_seen(Some(path), known, Some(tag));
                Some(Msg::ChangedUnreadably(trouble::store(&error)))
            }
        }
    }
}
