//! The trash: deleted entries, the last deleted first.

use std::cmp::Reverse;

use crate::app::Effect;
use crate::app::core::copy;
use crate::app::core::save::{Then, commit};
use crate::app::core::vaults::Vaults;
use crate::app::effect::MemberDeed;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::time::Now;
use crate::vault::Edit;
use crate::vault::find::EntryRef;

/// The trash on the screen.
pub(crate) struct Trash {
    pub(crate) spots: Vec<EntryRef>,
    pub(crate) cursor: usize,
}

impl Trash {
    pub(crate) fn of(vaults: &Vaults) -> Trash {
        let mut trash = Trash { spots: Vec::new(), cursor: 0 };
        trash.renew(vaults);
        trash
    }

    pub(crate) fn renew(&mut self, vaults: &Vaults) {
        let deleted = vaults.entries(None).filter(|(_, entry)| entry.deleted);
        let mut deleted: Vec<_> = deleted.map(|(spot, entry)| (Reverse(entry.changed), spot)).collect();
        deleted.sort_unstable();
        self.spots = deleted.into_iter().map(|(_, spot)| spot).collect();
        self.cursor = self.cursor.min(self.spots.len().saturating_sub(1));
    }

    pub(crate) fn selected(&self) -> Option<EntryRef> {
        self.spots.get(self.cursor).copied()
    }
}

/// Away for good: in every copy of the vault that meets this one.
pub(crate) fn purge(session: &Session, spot: EntryRef, out: &mut Vec<Effect>) {
    let (Some(open), Some(entry)) = (session.vaults.get(spot.vault), session.vaults.entry(spot)) else { return };
    let name = format!("{}{}", copy::title(entry), session.vaults.place(spot));
    out.push(Effect::Member { vault: open.vault.id(), deed: MemberDeed::Forget(spot.entry, name) });
}

pub(crate) fn restore(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &model.stage else { return };
    let Some(Over::Trash(trash)) = session.over.last() else { return };
    let Some(spot) = trash.selected() else { return };
    let Some(name) = session.vaults.entry(spot).map(copy::title) else { return };
    let name = format!("{name}{}", session.vaults.place(spot));
    let then = Then::new(format!("restore {name}"), format!("restored {name}"));
    if let Err(reason) = commit(model, spot.vault, &[Edit::Restore(spot.entry)], then, now, out) {
        model.say_bad(format!("nothing was restored: {reason}"), now);
    }
}
