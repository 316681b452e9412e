//! The unlock screen: a passphrase or the recovery code, another vault, and a pause that grows with each wrong try.

use std::path::PathBuf;

use crate::app::core::input::Input;
use crate::app::screens::passphrase::NewPassphrase;
use crate::app::shell::model::Over;
use crate::app::shell::model::{Model, Session, Stage, name_of};
use crate::app::shell::update::new_path;
use crate::app::{Effect, OpenVault, Trouble};
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
    pub(crate) deriving: bool,
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
            deriving: false,
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
        if self.deriving {
            if self.typed_ahead.len() < 256 {
                self.typed_ahead.push(*key);
            }
        } else if self.input.key(key) {
            self.trouble = None;
            self.submit_after_wait = false;
        }
    }

    fn choose(&mut self, path: PathBuf) {
        let tries = (self.tries, self.wait_until_ms);
        *self = Lock::new(path);
        (self.tries, self.wait_until_ms) = tries;
    }
}

/// The pause after so many wrong tries in a row, in seconds: 0, 1, 2, 4, 8, 16, at most 30.
fn pause_s(tries: u32) -> u64 {
    match tries {
        0 | 1 => 0,
        n => 1_u64.checked_shl(n.saturating_sub(2)).map_or(30, |pause| pause.min(30)),
    }
}

pub(crate) fn submit(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Locked(lock) = &mut model.stage else { return };
    if lock.deriving {
        lock.key(&Key::plain(KeyCode::Enter));
        return;
    }
    if lock.input.is_empty() {
        return;
    }
    if now.boot_ms < lock.wait_until_ms {
        lock.submit_after_wait = true;
        return;
    }
    lock.deriving = true;
    lock.submit_after_wait = false;
    lock.trouble = None;
    let (path, then) = (lock.path.clone(), lock.then.clone());
    out.push(Effect::Unlock { path, then, passphrase: lock.input.take(), recovery: lock.recovery });
}

/// The pause may be over.
pub(crate) fn wake(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    if let Stage::Locked(lock) = &model.stage
        && lock.submit_after_wait
        && now.boot_ms >= lock.wait_until_ms
    {
        submit(model, now, out);
        model.dirty = true;
    }
}

/// Another vault of those that are known.
pub(crate) fn choose(model: &mut Model, step: isize) {
    let Stage::Locked(lock) = &mut model.stage else { return };
    if lock.deriving {
        return;
    }
    let own: Vec<_> = model.vaults.iter().filter(|vault| !vault.shared).collect();
    let at = own.iter().position(|vault| vault.path == lock.path);
    let next = at.map_or(0, |at| at.saturating_add_signed(step).min(own.len().saturating_sub(1)));
    if Some(next) != at
        && let Some(vault) = own.get(next)
    {
        lock.choose(vault.path.clone());
    }
}

/// Passphrase or recovery code.
pub(crate) fn toggle_recovery(model: &mut Model) {
    if let Stage::Locked(lock) = &mut model.stage
        && !lock.deriving
    {
        lock.recovery = !lock.recovery;
        lock.input.clear();
        lock.trouble = None;
    }
}

/// A vault opened, or not. The keys pressed meanwhile are given back to be acted on.
pub(crate) fn opened(model: &mut Model, result: Result<Vec<OpenVault>, Trouble>, now: Now) -> Vec<Key> {
    match result {
        Ok(open) => {
            let path = open.first().map(|open| &open.path);
            let mut then = None;
            // An answer that comes when another vault is already open, or to a screen that asked for nothing, opens nothing.
            let keys = match &mut model.stage {
                Stage::Locked(lock) if lock.deriving && path == Some(&Some(lock.path.clone())) => {
                    then = lock.then.take();
                    std::mem::take(&mut lock.typed_ahead)
                }
                Stage::Welcome(welcome) if path == Some(&None) && welcome.busy => Vec::new(),
                _ => return Vec::new(),
            };
            let warnings: Vec<String> = open.iter().filter_map(|open| open.warning.clone()).collect();
            enter(model, open, then);
            model.last_input = now;
            if !warnings.is_empty() {
                model.say_bad(warnings.join("; "), now);
            }
            if let Stage::Open(session) = &mut model.stage
                && session.must_set_passphrase()
            {
                session.over.push(Over::Passphrase(NewPassphrase::forced()));
                return Vec::new();
            }
            keys
        }
        Err(trouble) => {
            match &mut model.stage {
                Stage::Locked(lock) => {
                    lock.deriving = false;
                    lock.estimate_ms = None;
                    if trouble.wrong_passphrase {
                        lock.tries = lock.tries.saturating_add(1);
                        lock.wait_until_ms = now.boot_ms.saturating_add(pause_s(lock.tries).saturating_mul(1000));
                    }
                    lock.trouble = Some(trouble);
                    // What was typed meanwhile stays, as letters of the next try.
                    for key in std::mem::take(&mut lock.typed_ahead) {
                        if key.typed().is_some() || key.code == KeyCode::Backspace {
                            lock.input.key(&key);
                        }
                    }
                }
                Stage::Welcome(welcome) => {
                    welcome.busy = false;
                    welcome.trouble = Some(trouble);
                }
                Stage::Open(_) => {}
            }
            Vec::new()
        }
    }
}

/// Goes to the list of the opened vaults; to the tab of the one that was wanted.
pub(crate) fn enter(model: &mut Model, open: Vec<OpenVault>, wanted: Option<PathBuf>) {
    let tab = open.iter().position(|open| open.path.is_some() && open.path == wanted);
    let Some(mut session) = Session::new(open, model.order, model.hidden) else { return };
    if let Some(tab) = tab.filter(|_| session.vaults.several()) {
        session.list.choose_tab(tab.saturating_add(1));
    }
    model.toast = None;
    model.stage = Stage::Open(Box::new(session));
}

/// Locks: everything of the vault is dropped here, and the runtime is told to do the same.
pub(crate) fn lock(model: &mut Model, why: &str, now: Now, out: &mut Vec<Effect>) {
    if let Stage::Locked(lock) = &mut model.stage
        && lock.deriving
    {
        // What is being opened is not wanted any more, nor what was typed for it.
        lock.choose(lock.path.clone());
        out.push(Effect::Lock);
        return model.say(why, now);
    }
    let Stage::Open(session) = &mut model.stage else { return };
    let stage = match session.vaults.first_mut().path.take() {
        Some(path) => Stage::Locked(Box::new(Lock::new(path))),
        None => {
            Stage::Welcome(Box::new(crate::app::screens::welcome::Welcome::new(new_path(&model.place, &model.vaults))))
        }
    };
    // The session goes here, with the vault's last reference on this side, forms and searches.
    model.stage = stage;
    model.toast = None;
    model.copying.clear();
    model.quitting = false;
    out.extend([Effect::ClearClipboard, Effect::Lock, Effect::ListVaults]);
    if !why.is_empty() {
        model.say(why, now);
    }
}
