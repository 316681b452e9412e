//! Saving: changes are shown at once, sent to be saved, and taken back if the save fails. Undo and redo.

use std::sync::Arc;

use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::app::{Effect, SaveId, Trouble};
use crate::otp::Code;
use crate::time::Now;
use crate::vault::document::Change;
use crate::vault::find::EntryRef;
use crate::vault::roster::Member;
use crate::vault::{Edit, Unlocked};

/// Changes that are being saved.
pub(crate) struct Pending {
    pub(crate) save: SaveId,
    pub(crate) changes: Vec<Change>,
    then: Then,
    /// The save without which this one fails.
    after: Option<SaveId>,
    /// That one has failed, and all is said.
    moot: bool,
}

impl Pending {
    /// Those saves have failed.
    pub(crate) fn fails_with(&mut self, failed: &[SaveId]) {
        self.moot |= self.after.is_some_and(|after| failed.contains(&after));
    }
}

/// Changes that can be undone (or redone).
pub(crate) struct Done {
    label: String,
    what: What,
    saves: Vec<SaveId>,
}

/// What was done.
enum What {
    /// Those changes of the vault of that number.
    Changes(u16, Vec<Change>),
    /// An entry went from one vault to another.
    Moved { from: EntryRef, to: EntryRef },
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
    pub(crate) select: Option<EntryRef>,
    /// Said before the reason when the save fails.
    pub(crate) if_lost: String,
}

/// A counter's code that may be shown once the counter is saved.
pub(crate) struct Drawn {
    pub(crate) spot: EntryRef,
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
        Then {
            label: label.into(),
            said: said.into(),
            step: Step::New,
            code: None,
            closes: false,
            select: None,
            if_lost: String::new(),
        }
    }
}

/// Turns edits of that vault's entries into changes, shows them and sends them to be saved. The reason, when they cannot be made.
pub(crate) fn commit(
    model: &mut Model,
    vault: u16,
    edits: &[Edit],
    then: Then,
    now: Now,
    out: &mut Vec<Effect>,
) -> Result<(), String> {
    let changes = plan(model, vault, edits, now)?;
    send(model, vault, changes, then, None, now, out);
    Ok(())
}

/// The changes that those edits of a vault's entries come to.
fn plan(model: &mut Model, vault: u16, edits: &[Edit], now: Now) -> Result<Vec<Change>, String> {
    let Stage::Open(session) = &mut model.stage else { return Err("no vault is open".into()) };
    if session.must_set_passphrase() {
        return Err("opened with the recovery code: set a new passphrase first".into());
    }
    if session.changing_passphrase {
        return Err("the new passphrase is being set; wait a moment".into());
    }
    let open = session.vaults.get_mut(vault).ok_or("that vault is not open")?;
    if open.vault.waits() {
        open.vault = Arc::new(open.vault.at(now.wall_ms));
    }
    open.vault.plan(edits, &mut open.clock, now.wall_ms).map_err(|error| error.to_string())
}

/// The changes that take back all that a member did.
pub(crate) fn plan_revert(session: &mut Session, vault: u16, member: &Member, now: Now) -> Result<Vec<Change>, String> {
    let open = session.vaults.get_mut(vault).ok_or("that vault is not open")?;
    open.vault.plan_revert(member, 0, &mut open.clock, now.wall_ms).map_err(|error| error.to_string())
}

/// Takes back all that a member did: one save and one undo.
pub(crate) fn revert(model: &mut Model, vault: u16, member: &Member, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    match plan_revert(session, vault, member, now) {
        Ok(changes) => {
            let name = crate::text::fit(&member.name, 30).trim_end().to_owned();
            let then = Then::new(format!("take back what {name} did"), format!("took back what {name} did"));
            send(model, vault, changes, then, None, now, out);
        }
        Err(reason) => model.say_bad(format!("nothing was taken back: {reason}"), now),
    }
}

/// Saves what brings an entry to `to`, and after that takes it away at `from`. When the first save fails the second does too; when only the
/// second fails the entry is in both places, which is said. `words`: for undo, and what is said at the end.
pub(crate) fn relocate(
    model: &mut Model,
    (to, edits): (EntryRef, &[Edit]),
    from: EntryRef,
    step: Step,
    (label, said): (String, String),
    now: Now,
    out: &mut Vec<Effect>,
) -> Result<(), String> {
    let brought = plan(model, to.vault, edits, now)?;
    let taken = plan(model, from.vault, &[Edit::Delete(from.entry)], now)?;
    let name = |number| model.session().map_or("", |session| session.vaults.name(number)).to_owned();
    let if_lost = format!("it is in {} and in {} now; delete it in one of them", name(to.vault), name(from.vault));
    let silent = |said: String| Then { step: Step::Silent, ..Then::new(label.clone(), said) };
    let first = send(model, to.vault, brought, silent(String::new()), None, now, out);
    // Whoever moves several entries stays where they are; what is taken back is looked for.
    let select = (step != Step::New).then_some(to);
    let then = Then { if_lost, select, ..silent(said) };
    let second = send(model, from.vault, taken, then, first, now, out);
    let saves = first.into_iter().chain(second).collect();
    keep_for_undo(model, step, Done { label, what: What::Moved { from, to }, saves });
    Ok(())
}

fn keep_for_undo(model: &mut Model, step: Step, done: Done) {
    let Stage::Open(session) = &mut model.stage else { return };
    match step {
        Step::New => {
            session.redo.clear();
            session.undo.push(done);
        }
        Step::Redo => session.undo.push(done),
        Step::Undo => session.redo.push(done),
        Step::Silent => {}
    }
}

/// Shows changes and sends them to be saved, if there are any.
fn send(
    model: &mut Model,
    vault: u16,
    changes: Vec<Change>,
    then: Then,
    after: Option<SaveId>,
    now: Now,
    out: &mut Vec<Effect>,
) -> Option<SaveId> {
    let save = SaveId(model.next_save);
    if changes.is_empty() {
        settle(model, then, now, out);
        return None;
    }
    model.next_save = model.next_save.saturating_add(1);
    let done = Done { label: then.label.clone(), what: What::Changes(vault, changes.clone()), saves: vec![save] };
    keep_for_undo(model, then.step, done);
    let Stage::Open(session) = &mut model.stage else { return None };
    let shown = session.vaults.get(vault).map(|open| Arc::new(open.vault.with(&changes)))?;
    session.show(vault, shown);
    let open = session.vaults.get_mut(vault)?;
    if open.path.is_none() {
        open.saved = Arc::clone(&open.vault);
        settle(model, then, now, out);
        return None;
    }
    out.push(Effect::Save { vault: open.vault.id(), save, changes: changes.clone(), clock: open.clock, after });
    open.pending.push_back(Pending { save, changes, then, after, moot: false });
    Some(save)
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
        Ok((saved, warning)) => {
            let Some(number) = session.vaults.find(&saved.id()) else { return };
            let Some(open) = session.vaults.get_mut(number) else { return };
            open.saved = saved;
            let mut thens = Vec::new();
            let mut draw_again = Vec::new();
            while open.pending.front().is_some_and(|pending| pending.save <= save) {
                let Some(Pending { changes, mut then, .. }) = open.pending.pop_front() else { break };
                if then.code.is_some() && changes.iter().any(|change| open.saved.drawn_twice(change)) {
                    // Another window drew the same code before this save got through: that code is theirs.
                    draw_again.extend(then.code.take());
                }
                thens.push(then);
            }
            show_saved(model, number);
            for then in thens {
                settle(model, then, now, out);
            }
            for drawn in draw_again {
                crate::app::core::copy::draw(model, drawn.spot, drawn.quit, now, out);
            }
            if let Some(warning) = warning {
                model.say_bad(warning, now);
            }
        }
        Err(trouble) => {
            // Later changes were made on top of the one that failed: they go with it.
            let number = session.vaults.waiting_for(save);
            let Some(open) = number.and_then(|number| session.vaults.get_mut(number)) else {
                model.say_trouble(&trouble, now);
                return;
            };
            let lost: Vec<SaveId> = open.pending.iter().map(|pending| pending.save).collect();
            let first = open.pending.front().and_then(|pending| pending.changes.first()).map(Change::entry);
            let had_window = open.pending.iter().any(|pending| pending.then.closes);
            let failed = open.pending.iter().find(|pending| pending.save == save);
            let (moot, if_lost) = failed.map_or((false, ""), |failed| (failed.moot, failed.then.if_lost.as_str()));
            let trouble = match if_lost {
                "" => trouble,
                words => Trouble { message: format!("{words} ({})", trouble.message), hint: None, ..trouble },
            };
            open.pending.clear();
            let (saved, number) = (Arc::clone(&open.saved), number.unwrap_or_default());
            let kept = |done: &Done| !done.saves.iter().any(|save| lost.contains(save));
            session.undo.retain(kept);
            session.redo.retain(kept);
            session.vaults.make_moot(&lost);
            session.show(number, saved);
            if let Some(id) = first {
                session.list.select(EntryRef { vault: number, entry: id });
            }
            if had_window {
                match session.over.last_mut() {
                    Some(Over::Form(form)) => form.saving = false,
                    Some(Over::Import(import)) => import.saving = false,
                    _ => {}
                }
            }
            model.quitting = false;
            if !moot {
                model.say_trouble(&trouble, now);
            }
        }
    }
    quit_when_saved(model, now, out);
}

/// Another program has written the file.
pub(crate) fn changed_elsewhere(model: &mut Model, vault: Arc<Unlocked>) {
    if let Stage::Open(session) = &mut model.stage
        && let Some(number) = session.vaults.find(&vault.id())
        && let Some(open) = session.vaults.get_mut(number)
    {
        open.saved = vault;
        show_saved(model, number);
    }
}

fn show_saved(model: &mut Model, number: u16) {
    if let Stage::Open(session) = &mut model.stage
        && let Some(shown) = session.vaults.get(number).map(crate::app::core::vaults::Opened::to_be)
    {
        session.show(number, shown);
    }
}

/// What was promised to happen when the save is done.
fn settle(model: &mut Model, then: Then, now: Now, out: &mut Vec<Effect>) {
    if let Stage::Open(session) = &mut model.stage {
        if then.closes && matches!(session.over.last(), Some(Over::Form(_) | Over::Import(_))) {
            session.over.pop();
        }
        if let Some(spot) = then.select {
            let shown = session.list.select(spot);
            if !shown && session.vaults.entry(spot).is_some_and(|entry| !entry.deleted) {
                session.list.query.clear();
                session.list.searching = false;
                session.list.choose_tab(0);
                session.list.select(spot);
            }
        }
    }
    if !then.said.is_empty() {
        model.say_good(then.said, now);
    }
    if let Some(drawn) = then.code {
        crate::app::core::copy::copy_drawn(model, drawn, out);
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
    let (vault, changes) = match done.what {
        What::Moved { from, to } => return move_back(model, (from, to), step, (done.label, word), now, out),
        What::Changes(vault, changes) => (vault, changes),
    };
    let Some(open) = session.vaults.get_mut(vault) else { return };
    match open.vault.plan_undo(&changes, &mut open.clock, now.wall_ms) {
        Ok(changes) if changes.is_empty() => {
            model.say(format!("{}: nothing of it is left to change", done.label), now);
        }
        Ok(changes) => {
            let said = format!("{word}: {}", done.label);
            let first = changes.first().map(Change::entry);
            let select = first.filter(|_| changes.iter().all(|change| Some(change.entry()) == first));
            let select = select.map(|id| EntryRef { vault, entry: id });
            send(model, vault, changes, Then { step, select, ..Then::new(done.label, said) }, None, now, out);
        }
        Err(error) => model.say_bad(error.to_string(), now),
    }
}

/// Lets a moved entry live again where it came from. A counter that was drawn meanwhile goes back with it.
fn move_back(
    model: &mut Model,
    (from, to): (EntryRef, EntryRef),
    step: Step,
    (label, word): (String, &str),
    now: Now,
    out: &mut Vec<Effect>,
) {
    let Some(session) = model.session() else { return };
    let mut edits = vec![Edit::Restore(from.entry)];
    if let (Some(here), Some(there)) = (session.vaults.entry(from), session.vaults.entry(to))
        && there.details.otp.counter > here.details.otp.counter
        && there.details.otp.secret == here.details.otp.secret
    {
        let mut details = here.details.clone();
        details.otp.counter = there.details.otp.counter;
        edits.push(Edit::Change(from.entry, Box::new(details)));
    }
    let said = format!("{word}: {label}");
    if let Err(reason) = relocate(model, (from, &edits), to, step, (label, said), now, out) {
        model.say_bad(reason, now);
    }
}

/// Leaves, now or when the last save is done.
pub(crate) fn quit(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    model.quitting = true;
    if model.session().is_some_and(|session| session.vaults.saving()) {
        model.say("saving, then leaving", now);
    }
    quit_when_saved(model, now, out);
}

fn quit_when_saved(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    if model.quitting && model.session().is_none_or(|session| !session.vaults.saving()) {
        model.quitting = false;
        crate::app::core::sync_state::leave(model, now, out);
    }
}
