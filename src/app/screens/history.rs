//! What was done to an entry, or to a whole vault and its members, newest first.

use crate::app::core::copy::title;
use crate::app::screen::{Action, Context, Handle, Open, Screen, Session, within};
use crate::secret::Text;
use crate::vault::Unlocked;
use crate::vault::document::HistoryItem;

/// Of how many entries, the last changed first, a whole vault's history is told.
const MOST_ENTRIES: usize = 500;

/// One thing that was done.
pub(crate) struct Line {
    pub(crate) at_ms: u64,
    pub(crate) by: String,
    /// To which entry, where several are told of.
    pub(crate) entry: Option<String>,
    pub(crate) what: What,
}

/// What was done.
pub(crate) enum What {
    /// A field was changed from one value to another.
    Field(String, Option<Text>, Option<Text>),
    /// Something about the vault's members.
    Event(String),
}

/// A history on the screen.
pub(crate) struct History {
    pub(crate) title: String,
    pub(crate) items: Vec<Line>,
    pub(crate) top: usize,
}

impl Handle for History {
    /// The selected entry's, or a whole vault's.
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<History> {
        let vaults = &ctx.session.vaults;
        match wanted {
            Open::History(vault) => {
                let open = vaults.get(*vault)?;
                Some(History { title: open.name.clone(), items: of_vault(&open.vault), top: 0 })
            }
            Open::By(Action::History) => {
                let (spot, entry) = ctx.session.selected()?;
                let items = vaults.get(spot.vault)?.vault.history(spot.entry);
                let items = items.into_iter().rev().map(|item| line(item, None)).collect();
                Some(History { title: title(entry), items, top: 0 })
            }
            _ => None,
        }
    }

    fn id(&self) -> Screen {
        Screen::History
    }

    fn step(&mut self, by: isize, _: &mut Session) {
        self.top = within(self.top, by, self.items.len());
    }
}

fn line(item: HistoryItem, entry: Option<String>) -> Line {
    let by = if item.waits { format!("{} (dated ahead)", item.by) } else { item.by };
    Line { at_ms: item.at.ms(), by, entry, what: What::Field(item.field, item.from, item.to) }
}

fn of_vault(vault: &Unlocked) -> Vec<Line> {
    let mut entries: Vec<_> = vault.entries().collect();
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.changed));
    let mut items: Vec<Line> = Vec::new();
    for entry in entries.into_iter().take(MOST_ENTRIES) {
        items.extend(vault.history(entry.id).into_iter().map(|item| line(item, Some(title(entry)))));
    }
    items.extend(vault.events().iter().map(|event| Line {
        at_ms: event.at_ms,
        by: event.by.clone(),
        entry: None,
        what: What::Event(event.what.clone()),
    }));
    items.sort_by_key(|line| line.at_ms);
    items.reverse();
    items
}
