//! Changes that are being saved, and what follows once they are.

use crate::app::Ticket;
use crate::app::core::undo::UndoKind;
use crate::otp::Code;
use crate::vault::document::Change;
use crate::vault::find::EntryRef;

/// Changes that are being saved.
pub(crate) struct Pending {
    pub(crate) save: Ticket,
    pub(crate) changes: Vec<Change>,
    pub(crate) then: AfterSave,
    /// The save without which this one fails.
    pub(crate) after: Option<Ticket>,
    /// That one has failed, and all is said.
    pub(crate) moot: bool,
}

impl Pending {
    /// Those saves have failed.
    pub(crate) fn fails_with(&mut self, failed: &[Ticket]) {
        self.moot |= self.after.is_some_and(|after| failed.contains(&after));
    }
}

/// What follows once a save is done.
pub(crate) struct AfterSave {
    /// For undo: "delete GitHub".
    pub(crate) label: String,
    /// Said when it is saved; empty: nothing.
    pub(crate) said: String,
    pub(crate) step: UndoKind,
    /// A counter's code, shown and copied only now.
    pub(crate) code: Option<Drawn>,
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

impl AfterSave {
    pub(crate) fn new(label: impl Into<String>, said: impl Into<String>) -> AfterSave {
        AfterSave {
            label: label.into(),
            said: said.into(),
            step: UndoKind::New,
            code: None,
            select: None,
            if_lost: String::new(),
        }
    }
}
