//! From one stage to the next: first run, locked, open.

use std::path::{Path, PathBuf};

use crate::app::core::session::Session;
use crate::app::keymap::Action;
use crate::app::msg::Shared;
use crate::app::screen::Open;
use crate::app::screens::unlock::Lock;
use crate::app::screens::welcome::Welcome;
use crate::app::shell::model::{Model, Opened, Stage};
use crate::app::shell::stack::Stack;
use crate::app::{Effect, OpenVault, Ticket, Trouble, VaultChoice};
use crate::config::keys::Key;
use crate::secret::Text;
use crate::time::Now;

/// A vault opened, or not. The keys pressed meanwhile are given back to be acted on.
pub(crate) fn opened(model: &mut Model, ticket: Ticket, result: Result<Vec<OpenVault>, Trouble>, now: Now) -> Vec<Key> {
    match (result, &mut model.stage) {
        (Ok(open), stage) => {
            // An answer to what is not waited for any more opens nothing.
            let waits = match stage {
                Stage::Locked(lock) => lock.opened(ticket),
                Stage::Welcome(welcome) => (welcome.busy == Some(ticket)).then(Default::default),
                Stage::Open(_) => None,
            };
            let Some((then, keys)) = waits else { return Vec::new() };
            let warnings: Vec<String> = open.iter().filter_map(|open| open.warning.clone()).collect();
            enter(model, open, then, now);
            if !warnings.is_empty() {
                model.news.say_bad(warnings.join("; "), now);
            }
            if let Some((stack, mut ctx)) = model.open(None, now)
                && ctx.session.must_set_passphrase()
            {
                stack.open(Open::ForcedPassphrase, &mut ctx);
                return Vec::new();
            }
            return keys;
        }
        (Err(trouble), Stage::Locked(lock)) if lock.deriving == Some(ticket) => lock.failed(trouble, now),
        (Err(trouble), Stage::Welcome(welcome)) if welcome.busy == Some(ticket) => {
            (welcome.busy, welcome.trouble) = (None, Some(trouble));
        }
        (Err(_), _) => {}
    }
    Vec::new()
}

/// A vault was made, or not.
pub(crate) fn created(model: &mut Model, ticket: Ticket, result: Result<(OpenVault, Text), Trouble>, now: Now) {
    let Stage::Welcome(welcome) = &mut model.stage else { return };
    if welcome.busy.take_if(|busy| *busy == ticket).is_none() {
        return;
    }
    let (open, recovery) = match result {
        Ok(both) => both,
        Err(trouble) => {
            welcome.trouble = Some(trouble);
            return;
        }
    };
    let import = welcome.import_after;
    enter(model, vec![open], None, now);
    let Some((stack, mut ctx)) = model.open(None, now) else { return };
    if import {
        stack.open(Open::By(Action::Import), &mut ctx);
    }
    let said = "It opens the vault when the passphrase is forgotten. It is shown this once: write it on paper.";
    let shared = Shared { title: "the recovery code".into(), code: Some(recovery), said: vec![said.into()] };
    stack.open(Open::ShownOnce(shared), &mut ctx);
}

/// Goes to the list of the opened vaults; to the tab of the one that was wanted.
fn enter(model: &mut Model, open: Vec<OpenVault>, wanted: Option<PathBuf>, now: Now) {
    let tab = open.iter().position(|open| open.path.is_some() && open.path == wanted);
    let Some(mut session) = Session::new(open, model.order, model.hidden) else { return };
    if let Some(tab) = tab.filter(|_| session.vaults.several()) {
        session.list.choose_tab(tab.saturating_add(1));
    }
    model.news.toast = None;
    model.last_input = now;
    model.stage = Stage::Open(Box::new(Opened { session, stack: Stack::default() }));
}

/// Locks: everything of the vault is dropped here, and the runtime is told to do the same.
pub(crate) fn lock(model: &mut Model, why: &str, now: Now) {
    let stage = match &mut model.stage {
        Stage::Locked(lock) if lock.deriving.is_some() => {
            // What is being opened is not wanted any more, nor what was typed for it.
            lock.begin_anew(lock.path.clone());
            model.out.send(Effect::Lock);
            return model.news.say(why, now);
        }
        Stage::Welcome(_) | Stage::Locked(_) => return,
        Stage::Open(open) => {
            model.order = open.session.list.order;
            match open.session.vaults.first_mut().path.take() {
                Some(path) => Stage::Locked(Box::new(Lock::new(path))),
                None => Stage::Welcome(Box::new(Welcome::new(new_path(&model.place, &model.vaults)))),
            }
        }
    };
    // The session goes here, with the vault's last reference on this side, forms and searches.
    model.stage = stage;
    model.news.toast = None;
    model.out.copying.clear();
    model.quitting = false;
    for effect in [Effect::ClearClipboard, Effect::Lock, Effect::ListVaults] {
        model.out.send(effect);
    }
    if !why.is_empty() {
        model.news.say(why, now);
    }
}

/// Where a vault would be made: there, or beside it where there is one already.
fn new_path(path: &Path, vaults: &[VaultChoice]) -> PathBuf {
    if vaults.iter().any(|vault| vault.path == path) { beside(path, vaults) } else { path.to_owned() }
}

/// Where another vault would be made: beside this one, under the first name that is free.
pub(crate) fn beside(path: &Path, vaults: &[VaultChoice]) -> PathBuf {
    let names = std::iter::once("personal".to_owned()).chain((2_u32..1000).map(|n| format!("vault{n}")));
    let paths = names.map(|name| path.with_file_name(format!("{name}.json")));
    let free = |candidate: &PathBuf| candidate != path && vaults.iter().all(|vault| vault.path != *candidate);
    paths.into_iter().find(free).unwrap_or_else(|| path.with_file_name("vault.json"))
}
