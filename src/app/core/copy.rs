//! Copying codes: always of the entry by its id, worked out at that moment; a counter is saved first.

use crate::app::core::save::{Drawn, Step, Then, commit};
use crate::app::msg::Copied;
use crate::app::shell::model::{Model, Over, Stage};
use crate::app::{Effect, Trouble};
use crate::secret::Text;
use crate::text::clean;
use crate::time::Now;
use crate::vault::find::EntryRef;
use crate::vault::{Edit, Entry};

/// The entry's name in a sentence: short enough for a line of news.
pub(crate) fn title(entry: &Entry) -> String {
    crate::text::fit(&clean(entry.title()), 30).trim_end().to_owned()
}

/// Copies the code that is shown this once.
pub(crate) fn copy_shown(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(code) = model.session().and_then(crate::app::screens::share::code_shown).cloned() {
        put(model, code, "the code".into(), out);
    }
}

/// Copies the selected entry's code; with `quit` leaves too.
pub(crate) fn copy(model: &mut Model, quit: bool, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    if let Some(Over::Entry(view)) = session.over.last()
        && let Some(number) = view.recovery
        && !quit
        && let Some(recovery) =
            session.vaults.entry(view.spot).and_then(|entry| entry.details.recovery_codes.get(number))
    {
        let text = recovery.code.clone();
        put(model, text, "recovery code".into(), out);
        return;
    }
    let Some((spot, entry)) = session.selected() else { return };
    let (name, timed, place) = (title(entry), entry.details.otp.is_timed(), session.vaults.place(spot));
    let code = match entry.code(now.unix()) {
        Ok(code) => code,
        Err(error) => {
            let text = format!("no code can be made: {error}");
            model.say_bad(text, now);
            return;
        }
    };
    if timed {
        if quit {
            leave_with(model, Text::from(code.as_str()), out);
        } else {
            put(model, Text::from(code.as_str()), format!("{name}'s code{place}"), out);
        }
        return;
    }
    draw(model, spot, quit, now, out);
}

/// Moves a counter on; its code is shown and copied once that is saved.
pub(crate) fn draw(model: &mut Model, spot: EntryRef, quit: bool, now: Now, out: &mut Vec<Effect>) {
    let Some(entry) = model.session().and_then(|session| session.vaults.entry(spot)) else { return };
    let name = title(entry);
    let drawn = entry.code(now.unix()).map_err(|error| error.to_string());
    let drawn = drawn.and_then(|code| {
        let drawn = Drawn { spot, code, title: name.clone(), quit };
        let then = Then { step: Step::Silent, code: Some(drawn), ..Then::new(format!("draw {name}'s code"), "") };
        commit(model, spot.vault, &[Edit::UseCounter(spot.entry)], then, now, out)
    });
    if let Err(reason) = drawn {
        model.say_bad(format!("no code was drawn: {reason}"), now);
    }
}

/// A counter's code, now that its counter is saved.
pub(crate) fn copy_drawn(model: &mut Model, drawn: Drawn, out: &mut Vec<Effect>) {
    let text = Text::from(drawn.code.as_str());
    if drawn.quit {
        leave_with(model, text, out);
        return;
    }
    if let Stage::Open(session) = &mut model.stage {
        session.drawn_code = Some((drawn.spot, drawn.code));
    }
    let place = model.session().map(|session| session.vaults.place(drawn.spot)).unwrap_or_default();
    put(model, text, format!("{}'s code{place}", drawn.title), out);
}

/// Copies the code after the one that is valid now.
pub(crate) fn copy_next(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Some(session) = model.session() else { return };
    let Some((spot, entry)) = session.selected() else { return };
    let (name, place) = (title(entry), session.vaults.place(spot));
    match entry.code(entry.details.otp.valid_until(now.unix())) {
        Ok(code) => put(model, Text::from(code.as_str()), format!("{name}'s next code{place}"), out),
        Err(error) => model.say_bad(format!("no code can be made: {error}"), now),
    }
}

fn leave_with(model: &mut Model, text: Text, out: &mut Vec<Effect>) {
    out.push(Effect::CopyAndQuit { text, clear_after_s: model.config.clipboard_seconds });
}

fn put(model: &mut Model, text: Text, what: String, out: &mut Vec<Effect>) {
    model.copying.push_back(what);
    out.push(Effect::Copy { text, clear_after_s: model.config.clipboard_seconds });
}

/// The runtime says how a copy went.
pub(crate) fn copied(model: &mut Model, result: Result<Copied, Trouble>, now: Now) {
    let what = model.copying.pop_front();
    if !model.is_open() {
        return;
    }
    let what = what.unwrap_or_else(|| "the code".into());
    match result {
        Ok(Copied::Clipboard) => model.say_copied(format!("copied {what}"), model.config.clipboard_seconds, now),
        Ok(Copied::Terminal) => {
            model.say_good(format!("copied {what} through the terminal · it may stay in the clipboard"), now);
        }
        Ok(Copied::TerminalInTmux) => {
            model.say_good(format!("copied {what} through tmux (needs: set -g set-clipboard on) · it may stay"), now);
        }
        Err(trouble) => model.say_trouble(&trouble, now),
    }
}

/// The clipboard was cleared, or somebody else had copied something meanwhile.
pub(crate) fn cleared(model: &mut Model, ours: bool, now: Now) {
    if model.toast.as_ref().is_some_and(crate::app::core::news::Toast::counts_down) {
        if ours {
            model.say("clipboard cleared", now);
        } else {
            model.toast = None;
        }
    }
}
