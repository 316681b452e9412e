//! The unlock screen: a passphrase or the recovery code, another vault, and a pause that grows with each wrong try.

use std::path::PathBuf;

use crate::app::core::input::Input;
use crate::app::core::outbox::Outbox;
use crate::app::core::session::name_of;
use crate::app::keymap::Action;
use crate::app::{Effect, Ticket, Trouble, VaultChoice};
use crate::config::keys::{Key, KeyCode};
use crate::time::Now;

/// What is known while a vault is locked.
pub(crate) struct Lock {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    /// The shared vault that is wanted; this one holds the key to it.
    pub(crate) then: Option<PathBuf>,
    pub(crate) input: Input,
    /// The recovery code is asked for instead of the passphrase.
    pub(crate) recovery: bool,
    pub(crate) deriving: Option<Ticket>,
    pub(crate) estimate_ms: Option<u64>,
    pub(crate) trouble: Option<Trouble>,
    tries: u32,
    /// On the clock that never goes back: no further try before it.
    pub(crate) wait_until_ms: u64,
    /// Enter was pressed during the pause: goes on by itself.
    pub(crate) submit_after_wait: bool,
    /// Keys pressed while deriving.
    typed_ahead: Vec<Key>,
}

impl Lock {
    pub(crate) fn new(path: PathBuf) -> Lock {
        Lock {
            name: name_of(&path),
            path,
            then: None,
            input: Input::masked(),
            recovery: false,
            deriving: None,
            estimate_ms: None,
            trouble: None,
            tries: 0,
            wait_until_ms: 0,
            submit_after_wait: false,
            typed_ahead: Vec::new(),
        }
    }

    /// Seconds still to wait, rounded up.
    pub(crate) fn waits_s(&self, now: Now) -> u64 {
        self.wait_until_ms.saturating_sub(now.boot_ms).div_ceil(1000)
    }

    pub(crate) fn key(&mut self, key: &Key) {
        if self.deriving.is_some() {
            if self.typed_ahead.len() < 256 {
                self.typed_ahead.push(*key);
            }
        } else if self.input.key(key) {
            self.trouble = None;
            self.submit_after_wait = false;
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        if self.deriving.is_none() {
            self.input.paste_line(text);
            self.trouble = None;
        }
    }

    /// Does an action. `own`: the vaults that can be chosen.
    pub(crate) fn act(&mut self, action: Action, own: &[&VaultChoice], now: Now, out: &mut Outbox) {
        match action {
            Action::Submit => self.submit(now, out),
            Action::ShowTyped => self.input.masked = !self.input.masked,
            Action::UseRecovery if self.deriving.is_none() => {
                self.recovery = !self.recovery;
                self.input.clear();
                self.trouble = None;
            }
            Action::Up => self.choose(-1, own),
            Action::Down => self.choose(1, own),
            _ => {}
        }
    }

    fn submit(&mut self, now: Now, out: &mut Outbox) {
        if self.deriving.is_some() {
            return self.key(&Key::plain(KeyCode::Enter));
        }
        if self.input.is_empty() {
            return;
        }
        if now.boot_ms < self.wait_until_ms {
            self.submit_after_wait = true;
            return;
        }
        self.submit_after_wait = false;
        self.trouble = None;
        let (path, then) = (self.path.clone(), self.then.clone());
        let (passphrase, recovery) = (self.input.take(), self.recovery);
        self.deriving = Some(out.ask(|ticket| Effect::Unlock { ticket, path, then, passphrase, recovery }));
    }

    /// The pause may be over: whether it was waited for.
    pub(crate) fn wake(&mut self, now: Now, out: &mut Outbox) -> bool {
        let waited = self.submit_after_wait && now.boot_ms >= self.wait_until_ms;
        if waited {
            self.submit(now, out);
        }
        waited
    }

    /// Another vault of those that are known.
    fn choose(&mut self, step: isize, own: &[&VaultChoice]) {
        if self.deriving.is_some() {
            return;
        }
        let at = own.iter().position(|vault| vault.path == self.path);
        let next = at.map_or(0, |at| at.saturating_add_signed(step).min(own.len().saturating_sub(1)));
        if Some(next) != at
            && let Some(vault) = own.get(next)
        {
            self.begin_anew(vault.path.clone());
        }
    }

    /// Asks for another passphrase; wrong tries are not forgotten.
    pub(crate) fn begin_anew(&mut self, path: PathBuf) {
        let tries = (self.tries, self.wait_until_ms);
        *self = Lock::new(path);
        (self.tries, self.wait_until_ms) = tries;
    }

    /// Where the answer opens what was asked for: the shared vault that was wanted, and the keys pressed meanwhile.
    pub(crate) fn opened(&mut self, ticket: Ticket) -> Option<(Option<PathBuf>, Vec<Key>)> {
        (self.deriving == Some(ticket)).then(|| (self.then.take(), std::mem::take(&mut self.typed_ahead)))
    }

    pub(crate) fn failed(&mut self, trouble: Trouble, now: Now) {
        self.deriving = None;
        self.estimate_ms = None;
        if trouble.wrong_passphrase {
            self.tries = self.tries.saturating_add(1);
            self.wait_until_ms = now.boot_ms.saturating_add(pause_s(self.tries).saturating_mul(1000));
        }
        self.trouble = Some(trouble);
        // What was typed meanwhile stays, as letters of the next try.
        for key in std::mem::take(&mut self.typed_ahead) {
            if key.typed().is_some() || key.code == KeyCode::Backspace {
                self.input.key(&key);
            }
        }
    }
}

/// The pause after so many wrong tries in a row, in seconds: 0, 1, 2, 4, 8, 16, at most 30.
fn pause_s(tries: u32) -> u64 {
    match tries {
        0 | 1 => 0,
        n => 1_u64.checked_shl(n.saturating_sub(2)).map_or(30, |pause| pause.min(30)),
    }
}
