//! The trash: deleted entries, the last deleted first.

use std::cmp::Reverse;

use crate::app::model::{Model, Over, Stage};
use crate::app::save::{Then, commit};
use crate::app::{Effect, copy};
use crate::time::Now;
use crate::vault::{Edit, EntryId, Unlocked};

/// The trash on the screen.
pub(crate) struct Trash {
    pub(crate) ids: Vec<EntryId>,
    pub(crate) cursor: usize,
}

impl Trash {
    pub(crate) fn of(vault: &Unlocked) -> Trash {
        let mut trash = Trash { ids: Vec::new(), cursor: 0 };
        trash.renew(vault);
        trash
    }

    pub(crate) fn renew(&mut self, vault: &Unlocked) {
        let mut deleted: Vec<_> =
            vault.entries().filter(|entry| entry.deleted).map(|entry| (Reverse(entry.changed), entry.id)).collect();
        deleted.sort_unstable();
        self.ids = deleted.into_iter().map(|(_, id)| id).collect();
        self.cursor = self.cursor.min(self.ids.len().saturating_sub(1));
    }

    pub(crate) fn selected(&self) -> Option<EntryId> {
        self.ids.get(self.cursor).copied()
    }
}

pub(crate) fn restore(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &model.stage else { return };
    let Some(Over::Trash(trash)) = session.over.last() else { return };
    let Some(entry) = trash.selected().and_then(|id| session.vault.entry(id)) else { return };
    let (id, name) = (entry.id, copy::title(entry));
    let then = Then::new(format!("restore {name}"), format!("restored {name}"));
    if let Err(reason) = commit(model, &[Edit::Restore(id)], then, now, out) {
        model.say_bad(format!("nothing was restored: {reason}"), now);
    }
}
