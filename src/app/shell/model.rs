//! The model: everything the program knows while it runs.

use std::path::PathBuf;

use crate::app::core::context::Context;
use crate::app::core::index::Order;
use crate::app::core::news::News;
use crate::app::core::outbox::Outbox;
use crate::app::core::session::Session;
use crate::app::core::sync_state;
use crate::app::keymap::{Action, Screen};
use crate::app::screen::Enabled;
use crate::app::screens::unlock::Lock;
use crate::app::screens::welcome::Welcome;
use crate::app::shell::stack::Stack;
use crate::app::{Effect, VaultChoice};
use crate::config::Config;
use crate::config::keys::Key;
use crate::secret::Random;
use crate::time::Now;

/// What the program starts with.
#[derive(Debug, Clone)]
pub struct Start {
    /// The vault's file, as named on the command line or by default.
    pub path: PathBuf,
    /// The shared vault that was named; `path` is the one that holds the key to it.
    pub then: Option<PathBuf>,
    /// Whether there is one.
    pub exists: bool,
    /// The terminal: columns, rows.
    pub size: (u16, u16),
}

/// Everything the program knows while it runs. Changed by [`crate::app::update`] only.
pub struct Model {
    pub(crate) config: Config,
    pub(crate) size: (u16, u16),
    pub(crate) focused: bool,
    pub(crate) vaults: Vec<VaultChoice>,
    /// The file the program was started for; a vault made after the demo goes there, or beside it.
    pub(crate) place: PathBuf,
    pub(crate) stage: Stage,
    pub(crate) news: News,
    pub(crate) random: Box<dyn Random + Send>,
    pub(crate) out: Outbox,
    /// When a key was last pressed.
    pub(crate) last_input: Now,
    /// Leaves when the last save is done.
    pub(crate) quitting: bool,
    /// Everything is saved; a sync is waited for until then.
    pub(crate) leaves_at_ms: Option<u64>,
    pub(crate) order: Order,
    pub(crate) hidden: bool,
    /// What the screen shows may no longer be so.
    pub(crate) dirty: bool,
    /// When the screen was last drawn.
    pub(crate) drawn: Now,
    pub(crate) file_seen: Now,
}

/// How far the person has come.
pub(crate) enum Stage {
    Welcome(Box<Welcome>),
    Locked(Box<Lock>),
    Open(Box<Opened>),
}

/// The open vaults, and the screens that show them.
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) stack: Stack,
}

impl Model {
    /// The model at the start, and what must be done first.
    pub fn new(config: Config, start: Start, random: Box<dyn Random + Send>, now: Now) -> (Model, Vec<Effect>) {
        let place = start.path.clone();
        let stage = if start.exists {
            let mut lock = Lock::new(start.path);
            lock.then = start.then;
            Stage::Locked(Box::new(lock))
        } else {
            Stage::Welcome(Box::new(Welcome::new(start.path)))
        };
        let model = Model {
            hidden: config.hidden_codes,
            config,
            size: start.size,
            focused: true,
            vaults: Vec::new(),
            place,
            stage,
            news: News::default(),
            random,
            out: Outbox::default(),
            last_input: now,
            quitting: false,
            leaves_at_ms: None,
            order: Order::default(),
            dirty: true,
            drawn: Now::default(),
            file_seen: now,
        };
        (model, vec![Effect::ListVaults])
    }

    /// Tells the model that the screen shows it now.
    pub fn drawn(&mut self, now: Now) {
        self.dirty = false;
        self.news.fresh = false;
        self.drawn = now;
        if let Stage::Open(open) = &mut self.stage {
            open.stack.first_mut().drawn();
        }
    }

    /// What is to be said once the screen is gone.
    pub fn farewell(&self) -> Option<String> {
        sync_state::farewell(self.session()?)
    }

    /// Whether a vault is open.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.stage {
            Stage::Open(open) => Some(&open.session),
            _ => None,
        }
    }

    /// The screens of the open vaults, and what they work with.
    pub(crate) fn open(&mut self, key: Option<Key>, now: Now) -> Option<(&mut Stack, Context<'_>)> {
        let Stage::Open(open) = &mut self.stage else { return None };
        let Opened { session, stack } = &mut **open;
        session.focus = stack.entry();
        let ctx = Context {
            screen: stack.screen(session),
            session,
            config: &self.config,
            random: &mut *self.random,
            news: &mut self.news,
            out: &mut self.out,
            size: self.size,
            key,
            now,
        };
        Some((stack, ctx))
    }

    /// The screen that keys go to.
    pub fn screen(&self) -> Screen {
        match &self.stage {
            Stage::Welcome(welcome) => welcome.id(),
            Stage::Locked(_) => Screen::Unlock,
            Stage::Open(open) => open.stack.screen(&open.session),
        }
    }

    /// Whether an action can be done now.
    pub(crate) fn enabled(&self, action: Action) -> Enabled {
        match &self.stage {
            Stage::Open(open) => open.stack.enabled(action, &open.session),
            _ => Ok(()),
        }
    }

    /// The vaults that a passphrase of their own opens.
    pub(crate) fn own_vaults(&self) -> impl Iterator<Item = &VaultChoice> {
        self.vaults.iter().filter(|vault| !vault.shared)
    }

    /// The keys of the action of that name.
    pub(crate) fn keys_of(&self, name: &str) -> &[Key] {
        self.config.keys.get(name).map_or(&[], Vec::as_slice)
    }
}
