//! Saving: changes are shown at once, sent to be saved, and taken back if the save fails. Undo and redo.

use std::sync::Arc;

use crate::app::core::clipboard::put_drawn;
use crate::app::core::context::Context;
use crate::app::core::pending::{AfterSave, Drawn, Pending};
use crate::app::core::session::Session;
use crate::app::core::undo::{UndoAction, UndoKind, UndoStep};
use crate::app::{Effect, Ticket, Trouble};
use crate::time::Now;
use crate::vault::document::Change;
use crate::vault::find::EntryRef;
use crate::vault::roster::Member;
use crate::vault::{Edit, Unlocked};

/// Turns edits of that vault's entries into changes, shows them and sends them to be saved. Gives back the save that is waited for, if
/// there is one; the reason, when they cannot be made.
pub(crate) fn commit(
    ctx: &mut Context<'_>,
    vault: u16,
    edits: &[Edit],
    then: AfterSave,
) -> Result<Option<Ticket>, String> {
    let changes = plan(ctx.session, vault, edits, ctx.now)?;
    Ok(send(ctx, vault, changes, then, None))
}

/// The same, where nobody waits: `lost` stands before the reason when nothing comes of it.
pub(crate) fn commit_or_say(ctx: &mut Context<'_>, vault: u16, edit: Edit, then: AfterSave, lost: &str) {
    if let Err(reason) = commit(ctx, vault, &[edit], then) {
        ctx.say_bad(format!("{lost}: {reason}"));
    }
}

/// The changes that those edits of a vault's entries come to.
fn plan(session: &mut Session, vault: u16, edits: &[Edit], now: Now) -> Result<Vec<Change>, String> {
    if session.must_set_passphrase() {
        return Err("opened with the recovery code: set a new passphrase first".into());
    }
    if session.changing_passphrase.is_some() {
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
pub(crate) fn revert(ctx: &mut Context<'_>, vault: u16, member: &Member) {
    match plan_revert(ctx.session, vault, member, ctx.now) {
        Ok(changes) => {
            let name = crate::text::fit(&member.name, 30).trim_end().to_owned();
            let then = AfterSave::new(format!("take back what {name} did"), format!("took back what {name} did"));
            send(ctx, vault, changes, then, None);
        }
        Err(reason) => ctx.say_bad(format!("nothing was taken back: {reason}")),
    }
}

/// Saves what brings an entry to `to`, and after that takes it away at `from`. When the first save fails the second does too; when only the
/// second fails the entry is in both places, which is said. `words`: for undo, and what is said at the end.
pub(crate) fn relocate(
    ctx: &mut Context<'_>,
    (to, edits): (EntryRef, &[Edit]),
    from: EntryRef,
    step: UndoKind,
    (label, said): (String, String),
) -> Result<(), String> {
    let brought = plan(ctx.session, to.vault, edits, ctx.now)?;
    let taken = plan(ctx.session, from.vault, &[Edit::Delete(from.entry)], ctx.now)?;
    let name = |number| ctx.session.vaults.name(number);
    let if_lost = format!("it is in {} and in {} now; delete it in one of them", name(to.vault), name(from.vault));
    let silent = |said: String| AfterSave { step: UndoKind::Silent, ..AfterSave::new(label.clone(), said) };
    let first = send(ctx, to.vault, brought, silent(String::new()), None);
    // Whoever moves several entries stays where they are; what is taken back is looked for.
    let select = (step != UndoKind::New).then_some(to);
    let then = AfterSave { if_lost, select, ..silent(said) };
    let second = send(ctx, from.vault, taken, then, first);
    let saves = first.into_iter().chain(second).collect();
    ctx.session.undo.keep(step, UndoStep { label, what: UndoAction::Moved { from, to }, saves });
    Ok(())
}

/// Shows changes and sends them to be saved, if there are any.
fn send(
    ctx: &mut Context<'_>,
    vault: u16,
    changes: Vec<Change>,
    then: AfterSave,
    after: Option<Ticket>,
) -> Option<Ticket> {
    if changes.is_empty() {
        settle(ctx, then);
        return None;
    }
    let save = ctx.out.ticket();
    let done =
        UndoStep { label: then.label.clone(), what: UndoAction::Changes(vault, changes.clone()), saves: vec![save] };
    ctx.session.undo.keep(then.step, done);
    let shown = ctx.session.vaults.get(vault).map(|open| Arc::new(open.vault.with(&changes)))?;
    ctx.session.show(vault, shown);
    let open = ctx.session.vaults.get_mut(vault)?;
    if open.path.is_none() {
        open.saved = Arc::clone(&open.vault);
        settle(ctx, then);
        return None;
    }
    ctx.out.send(Effect::Save { vault: open.vault.id(), save, changes: changes.clone(), clock: open.clock, after });
    open.pending.push_back(Pending { save, changes, then, after, moot: false });
    Some(save)
}

/// What came of a save.
#[derive(Default)]
pub(crate) struct Ended {
    /// The saves that are done, or failed.
    pub(crate) saves: Vec<Ticket>,
    pub(crate) failed: bool,
    /// Counters' codes that another window drew before: to be drawn again.
    pub(crate) draw_again: Vec<Drawn>,
}

/// A save has ended.
pub(crate) fn saved(
    ctx: &mut Context<'_>,
    save: Ticket,
    result: Result<(Arc<Unlocked>, Option<String>), Trouble>,
) -> Ended {
    match result {
        Ok((saved, warning)) => done(ctx, save, saved, warning),
        Err(trouble) => lost(ctx, save, trouble),
    }
}

fn done(ctx: &mut Context<'_>, save: Ticket, saved: Arc<Unlocked>, warning: Option<String>) -> Ended {
    let mut ended = Ended::default();
    let Some(number) = ctx.session.vaults.find(&saved.id()) else { return ended };
    let Some(open) = ctx.session.vaults.get_mut(number) else { return ended };
    open.saved = saved;
    let mut thens = Vec::new();
    while open.pending.front().is_some_and(|pending| pending.save <= save) {
        let Some(Pending { save, changes, mut then, .. }) = open.pending.pop_front() else { break };
        if then.code.is_some() && changes.iter().any(|change| open.saved.drawn_twice(change)) {
            // Another window drew the same code before this save got through: that code is theirs.
            ended.draw_again.extend(then.code.take());
        }
        ended.saves.push(save);
        thens.push(then);
    }
    ctx.session.show_saved(number);
    for then in thens {
        settle(ctx, then);
    }
    if let Some(warning) = warning {
        ctx.say_bad(warning);
    }
    ended
}

fn lost(ctx: &mut Context<'_>, save: Ticket, trouble: Trouble) -> Ended {
    // Later changes were made on top of the one that failed: they go with it.
    let session = &mut *ctx.session;
    let number = session.vaults.waiting_for(save);
    let Some((number, open)) = number.and_then(|number| Some((number, session.vaults.get_mut(number)?))) else {
        ctx.news.say_trouble(&trouble, ctx.now);
        return Ended::default();
    };
    let saves: Vec<Ticket> = open.pending.iter().map(|pending| pending.save).collect();
    let first = open.pending.front().and_then(|pending| pending.changes.first()).map(Change::entry);
    let failed = open.pending.iter().find(|pending| pending.save == save);
    let (moot, if_lost) = failed.map_or((false, ""), |failed| (failed.moot, failed.then.if_lost.as_str()));
    let trouble = match if_lost {
        "" => trouble,
        words => Trouble { message: format!("{words} ({})", trouble.message), hint: None, ..trouble },
    };
    open.pending.clear();
    let saved = Arc::clone(&open.saved);
    session.undo.forget(&saves);
    session.vaults.make_moot(&saves);
    session.show(number, saved);
    if let Some(id) = first {
        session.list.select(EntryRef { vault: number, entry: id });
    }
    if !moot {
        ctx.news.say_trouble(&trouble, ctx.now);
    }
    Ended { saves, failed: true, draw_again: Vec::new() }
}

/// Another program has written the file.
pub(crate) fn changed_elsewhere(session: &mut Session, vault: Arc<Unlocked>) {
    if let Some(number) = session.vaults.find(&vault.id())
        && let Some(open) = session.vaults.get_mut(number)
    {
        open.saved = vault;
        session.show_saved(number);
    }
}

/// What was promised to happen when the save is done.
fn settle(ctx: &mut Context<'_>, then: AfterSave) {
    if let Some(spot) = then.select {
        ctx.session.show_entry(spot);
    }
    if !then.said.is_empty() {
        ctx.say_good(then.said);
    }
    if let Some(drawn) = then.code {
        put_drawn(ctx, drawn);
    }
}

/// Undoes what was done last, or redoes what was undone last.
pub(crate) fn step_back(ctx: &mut Context<'_>, step: UndoKind) {
    let word = if step == UndoKind::Undo { "undid" } else { "redid" };
    let Some(done) = ctx.session.undo.take(step) else { return };
    let (vault, changes) = match done.what {
        UndoAction::Moved { from, to } => return move_back(ctx, (from, to), step, (done.label, word)),
        UndoAction::Changes(vault, changes) => (vault, changes),
    };
    let Some(open) = ctx.session.vaults.get_mut(vault) else { return };
    match open.vault.plan_undo(&changes, &mut open.clock, ctx.now.wall_ms) {
        Ok(changes) if changes.is_empty() => ctx.say(format!("{}: nothing of it is left to change", done.label)),
        Ok(changes) => {
            let said = format!("{word}: {}", done.label);
            let first = changes.first().map(Change::entry);
            let select = first.filter(|_| changes.iter().all(|change| Some(change.entry()) == first));
            let select = select.map(|id| EntryRef { vault, entry: id });
            send(ctx, vault, changes, AfterSave { step, select, ..AfterSave::new(done.label, said) }, None);
        }
        Err(error) => ctx.say_bad(error.to_string()),
    }
}

/// Lets a moved entry live again where it came from. A counter that was drawn meanwhile goes back with it.
fn move_back(ctx: &mut Context<'_>, (from, to): (EntryRef, EntryRef), step: UndoKind, (label, word): (String, &str)) {
    let vaults = &ctx.session.vaults;
    let mut edits = vec![Edit::Restore(from.entry)];
    if let (Some(here), Some(there)) = (vaults.entry(from), vaults.entry(to))
        && there.details.otp.counter > here.details.otp.counter
        && there.details.otp.secret == here.details.otp.secret
    {
        let mut details = here.details.clone();
        details.otp.counter = there.details.otp.counter;
        edits.push(Edit::Change(from.entry, Box::new(details)));
    }
    let said = format!("{word}: {label}");
    if let Err(reason) = relocate(ctx, (from, &edits), to, step, (label, said)) {
        ctx.say_bad(reason);
    }
}
