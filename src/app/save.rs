//! Saving: changes are shown at once, sent to be saved, and taken back if the save fails. Undo and redo.

use std::sync::Arc;

use crate::app::model::{Model, Over, Stage};
use crate::app::{Effect, SaveId, Trouble};
use crate::otp::Code;
use crate::time::Now;
use crate::vault::document::Change;
use crate::vault::{Edit, EntryId, Unlocked};

/// Changes that are being saved.
pub(crate) struct Pending {
    save: SaveId,
    changes: Vec<Change>,
    then: Then,
}

/// Changes that can be undone (or redone).
pub(crate) struct Done {
    label: String,
    changes: Vec<Change>,
    save: SaveId,
}

/// What follows once a save is done.
pub(crate) struct Then {
    /// For undo: "delete GitHub".
    pub(crate) label: String,
    /// Said when it is saved; empty: nothing.
    pub(crate) said: String,
    pub(crate) step: Step,
    /// A counter's code, shown and copied only now.
    pub(crate) code: Option<Drawn>,
    /// The form or import on top waits for this and closes.
    pub(crate) closes: bool,
    /// The entry to select.
    pub(crate) select: Option<EntryId>,
}

/// A counter's code that may be shown once the counter is saved.
pub(crate) struct Drawn {
    pub(crate) id: EntryId,
    pub(crate) code: Code,
    pub(crate) title: String,
    pub(crate) quit: bool,
}

/// How changes stand to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Can be undone; what was undone before cannot be redone any more.
    New,
    Undo,
    Redo,
    /// Cannot be undone: a counter.
    Silent,
}

impl Then {
    pub(crate) fn new(label: impl Into<String>, said: impl Into<String>) -> Then {
        Then { label: label.into(), said: said.into(), step: Step::New, code: None, closes: false, select: None }
    }
}

/// Turns edits into changes, shows them and sends them to be saved. False, with the reason said, when they cannot be made.
pub(crate) fn commit(
    model: &mut Model,
    edits: &[Edit],
    then: Then,
    now: Now,
    out: &mut Vec<Effect>,
) -> Result<(), String> {
    let Stage::Open(session) = &mut model.stage else { return Err("no vault is open".into()) };
    if session.must_set_passphrase() {
        return Err("opened with the recovery code: set a new passphrase first".into());
    }
    if session.changing_passphrase {
        return Err("the new passphrase is being set; wait a moment".into());
    }
    let changes = session.vault.plan(edits, &mut session.clock, now.wall_ms).map_err(|error| error.to_string())?;
    send(model, changes, then, now, out);
    Ok(())
}

fn send(model: &mut Model, changes: Vec<Change>, then: Then, now: Now, out: &mut Vec<Effect>) {
    let save = SaveId(model.next_save);
    let Stage::Open(session) = &mut model.stage else { return };
    if changes.is_empty() {
        settle(model, then, now, out);
        return;
    }
    model.next_save = model.next_save.saturating_add(1);
    let done = Done { label: then.label.clone(), changes: changes.clone(), save };
    match then.step {
        Step::New => {
            session.redo.clear();
            session.undo.push(done);
        }
        Step::Redo => session.undo.push(done),
        Step::Undo => session.redo.push(done),
        Step::Silent => {}
    }
    session.show(Arc::new(session.vault.with(&changes)));
    if session.path.is_none() {
        session.saved = Arc::clone(&session.vault);
        settle(model, then, now, out);
        return;
    }
    out.push(Effect::Save { save, changes: changes.clone(), clock: session.clock });
    session.pending.push_back(Pending { save, changes, then });
}

/// A save has ended.
pub(crate) fn saved(
    model: &mut Model,
    save: SaveId,
    result: Result<(Arc<Unlocked>, Option<String>), Trouble>,
    now: Now,
    out: &mut Vec<Effect>,
) {
    let Stage::Open(session) = &mut model.stage else {
        if let Err(trouble) = result {
            model.say_trouble(&trouble, now);
        }
        return;
    };
    match result {
        Ok((vault, warning)) => {
            session.saved = vault;
            let mut thens = Vec::new();
            let mut draw_again = Vec::new();
            while session.pending.front().is_some_and(|pending| pending.save <= save) {
                let Some(Pending { changes, mut then, .. }) = session.pending.pop_front() else { break };
                if then.code.is_some() && changes.iter().any(|change| session.saved.drawn_twice(change)) {
                    // Another window drew the same code before this save got through: that code is theirs.
                    draw_again.extend(then.code.take());
                }
                thens.push(then);
            }
            show_saved(model);
            for then in thens {
                settle(model, then, now, out);
            }
            for drawn in draw_again {
                crate::app::copy::draw(model, drawn.id, drawn.quit, now, out);
            }
            if let Some(warning) = warning {
                model.say_bad(warning, now);
            }
        }
        Err(trouble) => {
            // Later changes were made on top of the one that failed: they go with it.
            let lost: Vec<SaveId> = session.pending.iter().map(|pending| pending.save).collect();
            let first = session.pending.front().and_then(|pending| pending.changes.first()).map(Change::entry);
            let had_window = session.pending.iter().any(|pending| pending.then.closes);
            session.pending.clear();
            session.undo.retain(|done| !lost.contains(&done.save));
            session.redo.retain(|done| !lost.contains(&done.save));
            let saved = Arc::clone(&session.saved);
            session.show(saved);
            if let Some(id) = first {
                session.list.select(id);
            }
            if had_window {
                match session.over.last_mut() {
                    Some(Over::Form(form)) => form.saving = false,
                    Some(Over::Import(import)) => import.saving = false,
                    _ => {}
                }
            }
            model.quitting = false;
            model.say_trouble(&trouble, now);
        }
    }
    quit_when_saved(model, out);
}

/// Another program has written the file.
pub(crate) fn changed_elsewhere(model: &mut Model, vault: Arc<Unlocked>) {
    if let Stage::Open(session) = &mut model.stage {
        session.saved = vault;
        show_saved(model);
    }
}

fn show_saved(model: &mut Model) {
    if let Stage::Open(session) = &mut model.stage {
        let mut shown = Arc::clone(&session.saved);
        for pending in &session.pending {
            shown = Arc::new(shown.with(&pending.changes));
        }
        session.show(shown);
    }
}

/// What was promised to happen when the save is done.
fn settle(model: &mut Model, then: Then, now: Now, out: &mut Vec<Effect>) {
    if let Stage::Open(session) = &mut model.stage {
        if then.closes && matches!(session.over.last(), Some(Over::Form(_) | Over::Import(_))) {
            session.over.pop();
        }
        if let Some(id) = then.select {
            let shown = session.list.select(id);
            if !shown && session.vault.entry(id).is_some_and(|entry| !entry.deleted) {
                session.list.query.clear();
                session.list.searching = false;
                session.list.choose_tab(0);
                session.list.select(id);
            }
        }
    }
    if !then.said.is_empty() {
        model.say_good(then.said, now);
    }
    if let Some(drawn) = then.code {
        crate::app::copy::copy_drawn(model, drawn, out);
    }
    model.show_selection();
}

pub(crate) fn undo(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    step_back(model, Step::Undo, now, out);
}

pub(crate) fn redo(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    step_back(model, Step::Redo, now, out);
}

fn step_back(model: &mut Model, step: Step, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let (from, word) = if step == Step::Undo { (&mut session.undo, "undid") } else { (&mut session.redo, "redid") };
    let Some(done) = from.pop() else { return };
    match session.vault.plan_undo(&done.changes, &mut session.clock, now.wall_ms) {
        Ok(changes) if changes.is_empty() => {
            model.say(format!("{}: nothing of it is left to change", done.label), now);
        }
        Ok(changes) => {
            let said = format!("{word}: {}", done.label);
            let first = changes.first().map(Change::entry);
            let select = first.filter(|_| changes.iter().all(|change| Some(change.entry()) == first));
            send(model, changes, Then { step, select, ..Then::new(done.label, said) }, now, out);
        }
        Err(error) => model.say_bad(error.to_string(), now),
    }
}

/// Leaves, now or when the last save is done.
pub(crate) fn quit(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    model.quitting = true;
    if model.session().is_some_and(|session| !session.pending.is_empty()) {
        model.say("saving, then leaving", now);
    }
    quit_when_saved(model, out);
}

fn quit_when_saved(model: &mut Model, out: &mut Vec<Effect>) {
    if model.quitting && model.session().is_none_or(|session| session.pending.is_empty()) {
        model.quitting = false;
        out.push(Effect::Quit);
    }
}
