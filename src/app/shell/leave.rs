//! Leaving: what was typed is asked about, what is being saved is waited for, and so is a sync, for a moment.

use crate::app::Effect;
use crate::app::core::sync_state::owes;
use crate::app::keymap::Action;
use crate::app::screen::{Open, Question};
use crate::app::screens::Popup;
use crate::app::shell::model::Model;
use crate::time::Now;

/// How long leaving waits for a sync, in milliseconds.
const GOODBYE_MS: u64 = 2_000;

/// Leaves from anywhere. Asks first where something typed would be lost; once more means yes.
pub(crate) fn quit_now(model: &mut Model, now: Now) {
    if let Some((stack, mut ctx)) = model.open(None, now) {
        let asked = matches!(stack.top(), Some(Popup::Confirm(confirm)) if confirm.asks_to_quit());
        if stack.unsaved() && !asked {
            let question = Question {
                then: Some(Action::Quit),
                ..Question::new("quit and throw away what you typed?", "nothing of it is saved yet")
            };
            return stack.open(Open::Question(question), &mut ctx);
        }
    }
    quit(model, now);
}

/// Leaves, now or when the last save is done.
pub(crate) fn quit(model: &mut Model, now: Now) {
    model.quitting = true;
    if let Some((stack, mut ctx)) = model.open(None, now) {
        if stack.unsaved() {
            stack.clear();
        }
        if ctx.session.vaults.saving() {
            ctx.say("saving, then leaving");
        }
    }
    quit_when_saved(model, now);
}

pub(crate) fn quit_when_saved(model: &mut Model, now: Now) {
    if !model.quitting || model.session().is_some_and(|session| session.vaults.saving()) {
        return;
    }
    model.quitting = false;
    // Waits a moment for what is on its way to a remote.
    if model.session().is_some_and(owes) {
        model.leaves_at_ms = Some(now.boot_ms.saturating_add(GOODBYE_MS));
        model.news.say("syncing, then leaving · any key leaves now", now);
    } else {
        model.out.send(Effect::Quit);
    }
}

/// Leaves when nothing is on its way any more, the time is up, or a key is pressed.
pub(crate) fn go_on_leaving(model: &mut Model, now: Now, pressed: bool) {
    let Some(at_ms) = model.leaves_at_ms else { return };
    if pressed || now.boot_ms >= at_ms || !model.session().is_some_and(owes) {
        model.leaves_at_ms = None;
        model.out.send(Effect::Quit);
    }
}
