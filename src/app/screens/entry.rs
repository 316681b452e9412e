//! One entry over the whole screen, and the pane beside the list.

use crate::app::Effect;
use crate::app::core::copy;
use crate::app::core::save::{Then, commit};
use crate::app::shell::model::{Model, Over, Stage};
use crate::time::Now;
use crate::vault::Edit;
use crate::vault::find::EntryRef;

/// The view of one entry.
pub(crate) struct EntryView {
    pub(crate) spot: EntryRef,
    /// The recovery code that is selected; `None`: the code itself.
    pub(crate) recovery: Option<usize>,
}

impl EntryView {
    pub(crate) fn of(spot: EntryRef) -> EntryView {
        EntryView { spot, recovery: None }
    }

    pub(crate) fn step(&mut self, by: isize, codes: usize) {
        let at = self.recovery.map_or(0, |n| n.saturating_add(1));
        self.recovery = at.saturating_add_signed(by).min(codes).checked_sub(1);
    }
}

/// Marks the selected recovery code as used.
pub(crate) fn use_recovery_code(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &model.stage else { return };
    let Some(Over::Entry(view)) = session.over.last() else { return };
    let Some(entry) = session.vaults.entry(view.spot) else { return };
    let Some(code) = view.recovery.and_then(|n| entry.details.recovery_codes.get(n)) else {
        model.say("select a recovery code first, with the arrows", now);
        return;
    };
    if code.used {
        model.say("that code is marked as used already", now);
        return;
    }
    let Some(id) = code.id.clone() else { return };
    let name = copy::title(entry);
    let (vault, edit) = (view.spot.vault, Edit::UseRecoveryCode(view.spot.entry, id));
    let then = Then::new(format!("mark a recovery code of {name}"), "marked as used");
    if let Err(reason) = commit(model, vault, &[edit], then, now, out) {
        model.say_bad(format!("nothing was marked: {reason}"), now);
    }
}
