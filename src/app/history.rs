//! What was done to an entry, newest first.

use crate::app::model::Session;
use crate::vault::document::HistoryItem;

/// An entry's history on the screen.
pub(crate) struct History {
    pub(crate) title: String,
    pub(crate) items: Vec<HistoryItem>,
    pub(crate) top: usize,
}

impl History {
    pub(crate) fn of(session: &Session) -> Option<History> {
        let (spot, entry) = session.selected()?;
        let mut items = session.vaults.get(spot.vault)?.vault.history(spot.id);
        items.reverse();
        Some(History { title: crate::app::copy::title(entry), items, top: 0 })
    }
}
