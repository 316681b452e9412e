//! What each message does to the model.

use crate::app::core::geometry::parts;
use crate::app::core::{clipboard, copy, save, sync_state};
use crate::app::keymap::{Action, action_for};
use crate::app::screen::Answer;
use crate::app::screens::unlock::Lock;
use crate::app::screens::welcome::Welcome;
use crate::app::shell::model::{Model, Stage};
use crate::app::shell::stage::{self, beside, lock};
use crate::app::shell::{leave, mouse, schedule};
use crate::app::{Effect, Key, Msg, Screen, VaultChoice};
use crate::secret::Text;
use crate::time::Now;

/// Acts on what has happened, and says what must be done.
pub fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Effect> {
    model.news.expire(&msg, now);
    let typed = matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(_));
    let idle = schedule::lock_after(model).is_some_and(|after| now.since(model.last_input) >= after);
    if idle && model.is_open() {
        lock(model, "locked: no key was pressed for a while", now);
        model.last_input = now;
        // A key meant for the list is no letter of a passphrase.
        if typed {
            return model.out.take();
        }
    }
    model.dirty |= !matches!(msg, Msg::Wake);
    // Whoever waits for a sync on the way out waits no more.
    if model.leaves_at_ms.is_some() && matches!(msg, Msg::Key(_) | Msg::Paste(_)) {
        leave::go_on_leaving(model, now, true);
    } else {
        if typed {
            model.last_input = now;
        }
        receive(model, msg, now);
    }
    leave::go_on_leaving(model, now, false);
    let rows = usize::from(parts(model.size.0, model.size.1).list.h);
    if let Some((_, ctx)) = model.open(None, now) {
        ctx.session.list.show_cursor(rows);
    }
    model.out.take()
}

fn receive(model: &mut Model, msg: Msg, now: Now) {
    match msg {
        Msg::Key(key) => press(model, &key, now),
        Msg::Paste(text) => paste(model, &text, now),
        Msg::Mouse(event) => mouse::mouse(model, event, now),
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            if let Some((stack, ctx)) = model.open(None, now) {
                stack.resized(ctx.size);
            }
        }
        Msg::Focus(focused) => model.focused = focused,
        Msg::Wake => wake(model, now),
        Msg::LockNow => lock(model, "locked", now),
        Msg::KeysChangedElsewhere => lock(model, "another window set a new passphrase: unlock with that", now),
        Msg::Resumed => model.focused = true,
        Msg::Vaults(vaults) => model.vaults = vaults,
        Msg::Answer(ticket, Answer::Opened(result)) => {
            for key in stage::opened(model, ticket, result, now) {
                press(model, &key, now);
            }
        }
        Msg::UnlockEstimate(ms) => {
            if let Stage::Locked(lock) = &mut model.stage
                && lock.deriving.is_some()
            {
                lock.estimate_ms = Some(ms);
            }
        }
        Msg::Answer(ticket, Answer::Created(result)) => stage::created(model, ticket, result, now),
        Msg::ChangedUnreadably(trouble) => model.news.say_trouble(&trouble, now),
        Msg::NothingToSync => model.news.say("no open vault has a remote; the command remote gives it one", now),
        Msg::Answer(ticket, Answer::Copied(result)) => {
            clipboard::copied(ticket, result, &model.config, &mut model.news, &mut model.out, now);
        }
        Msg::ClipboardCleared(ours) => model.news.cleared(ours, now),
        Msg::Saved { result: Err(trouble), .. } if !model.is_open() => model.news.say_trouble(&trouble, now),
        msg => told(model, msg, now),
    }
    refresh(model, now);
}

/// What concerns the open vaults; dropped where none is open.
fn told(model: &mut Model, msg: Msg, now: Now) {
    let Some((stack, mut ctx)) = model.open(None, now) else { return };
    match msg {
        Msg::Saved { save, result } => {
            let ended = save::saved(&mut ctx, save, result);
            stack.saved(&ended.saves, !ended.failed, &mut ctx);
            for drawn in ended.draw_again {
                copy::draw(&mut ctx, drawn.spot, drawn.quit);
            }
            model.quitting &= !ended.failed;
            leave::quit_when_saved(model, now);
        }
        Msg::AlsoOpened(open) => {
            ctx.session.vaults.add(open);
            ctx.session.renew();
        }
        Msg::ChangedElsewhere(vault) => save::changed_elsewhere(ctx.session, vault),
        Msg::Synced { vault, state, reached, said } => {
            sync_state::synced(ctx.session, &vault, (state, reached), &said, ctx.news, now);
        }
        Msg::NoRemote(vault) => sync_state::no_remote(ctx.session, &vault),
        Msg::Answer(ticket, answer) => stack.answer(ticket, answer, &mut ctx),
        _ => {}
    }
}

/// Tells the screens that the vaults have changed, if they have.
fn refresh(model: &mut Model, now: Now) {
    if let Some((stack, ctx)) = model.open(None, now)
        && std::mem::take(&mut ctx.session.changed)
    {
        stack.refresh(ctx.session);
    }
}

fn wake(model: &mut Model, now: Now) {
    if let Stage::Locked(lock) = &mut model.stage {
        model.dirty |= lock.wake(now, &mut model.out);
    }
    let Some((stack, ctx)) = model.open(None, now) else { return };
    let has_file = ctx.session.vaults.first().path.is_some();
    if stack.first().closes_ms(now) == Some(0) {
        stack.close_top();
        model.dirty = true;
    }
    // A little early counts: two wakes a second apart must not become three.
    if has_file && now.boot_ms.saturating_sub(model.file_seen.boot_ms) >= 950 {
        model.file_seen = now;
        model.out.send(Effect::LookAtFile);
    }
}

fn press(model: &mut Model, key: &Key, now: Now) {
    if let Some((stack, _)) = model.open(None, now) {
        stack.first_mut().pressed(now);
    }
    let action = match &model.stage {
        // While a passphrase is being derived keys are kept for the list, but for those that leave.
        Stage::Locked(lock) if lock.deriving.is_some() && !key.ctrl => None,
        _ => action_for(&model.config, model.screen(), key),
    };
    match (action, &mut model.stage) {
        (Some(action), _) => return act(model, action, Some(*key), now),
        (None, Stage::Welcome(welcome)) => welcome.key(key),
        (None, Stage::Locked(lock)) => lock.key(key),
        (None, Stage::Open(_)) => {
            let rest = model.open(Some(*key), now).and_then(|(stack, mut ctx)| stack.key(key, &mut ctx));
            run(model, rest, now);
        }
    }
    refresh(model, now);
}

fn paste(model: &mut Model, text: &Text, now: Now) {
    match &mut model.stage {
        Stage::Welcome(welcome) => welcome.paste(text),
        Stage::Locked(lock) => lock.paste(text),
        Stage::Open(_) => {
            let rest = model.open(None, now).and_then(|(stack, mut ctx)| stack.paste(text, &mut ctx));
            run(model, rest, now);
        }
    }
}

/// Does what a screen left to the shell.
fn run(model: &mut Model, rest: Option<Action>, now: Now) {
    if let Some(action) = rest {
        act(model, action, None, now);
    }
}

/// Does an action, pressed by a key or chosen in the palette or the footer.
pub(crate) fn act(model: &mut Model, action: Action, key: Option<Key>, now: Now) {
    if let Err(reason) = model.enabled(action) {
        // Enter does nothing when a search has found nothing.
        if !(action == Action::Copy && model.screen() == Screen::Search) {
            model.news.say(reason, now);
        }
        return;
    }
    match action {
        Action::QuitNow => return leave::quit_now(model, now),
        Action::Quit => return leave::quit(model, now),
        Action::Suspend => {
            lock(model, "", now);
            return model.out.send(Effect::Suspend);
        }
        Action::Lock | Action::OtherVault if model.is_open() => return lock(model, "", now),
        _ => {}
    }
    let own: Vec<&VaultChoice> = model.vaults.iter().filter(|vault| !vault.shared).collect();
    match &mut model.stage {
        Stage::Welcome(welcome) => {
            if let Some(path) = welcome.act(action, &own, &mut model.out) {
                model.stage = Stage::Locked(Box::new(Lock::new(path)));
            }
        }
        Stage::Locked(lock) if action == Action::NewVault && lock.deriving.is_none() => {
            let path = beside(&lock.path, &model.vaults);
            model.stage = Stage::Welcome(Box::new(Welcome::new(path)));
        }
        Stage::Locked(lock) => lock.act(action, &own, now, &mut model.out),
        Stage::Open(_) => {
            let rest = model.open(key, now).and_then(|(stack, mut ctx)| stack.act(action, &mut ctx));
            run(model, rest, now);
        }
    }
    refresh(model, now);
}
