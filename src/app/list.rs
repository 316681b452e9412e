//! The list: which entries are shown, in which order, which one is selected, and what part is on the screen.

use crate::app::index::{Index, Order};
use crate::app::input::Input;
use crate::app::search::Terms;
use crate::vault::{EntryId, Unlocked};
use zeroize::Zeroizing;

/// What is shown of a vault's entries.
pub(crate) struct List {
    pub(crate) index: Index,
    /// Places in the index, in the order shown.
    shown: Vec<u32>,
    /// The selected row's place in `shown`.
    pub(crate) cursor: usize,
    /// The first row on the screen.
    pub(crate) top: usize,
    /// 0: all; n: the n-th tag.
    pub(crate) tab: usize,
    pub(crate) order: Order,
    pub(crate) query: Input,
    /// Letters go to the query.
    pub(crate) searching: bool,
    /// What `shown` was found by.
    found_by: Zeroizing<String>,
}

impl List {
    pub(crate) fn of(vault: &Unlocked, order: Order) -> List {
        let mut list = List {
            index: Index::of(vault, order),
            shown: Vec::new(),
            cursor: 0,
            top: 0,
            tab: 0,
            order,
            query: Input::new(),
            searching: false,
            found_by: Zeroizing::default(),
        };
        list.find_all();
        list
    }

    pub(crate) fn len(&self) -> usize {
        self.shown.len()
    }

    pub(crate) fn id_at(&self, row: usize) -> Option<EntryId> {
        let place = *self.shown.get(row)? as usize;
        self.index.lines().get(place).map(|line| line.id)
    }

    pub(crate) fn selected(&self) -> Option<EntryId> {
        self.id_at(self.cursor)
    }

    /// The ids on the screen, `rows` of them at most.
    pub(crate) fn on_screen(&self, rows: usize) -> impl Iterator<Item = EntryId> + '_ {
        (self.top..self.top.saturating_add(rows)).map_while(|row| self.id_at(row))
    }

    /// How many tabs there are, `[All]` with them.
    pub(crate) fn tabs(&self) -> usize {
        self.index.tags().len().saturating_add(1)
    }

    /// The vault has changed: everything is worked out again, the same entry stays selected.
    pub(crate) fn renew(&mut self, vault: &Unlocked) {
        let selected = self.selected();
        let tab = self.tab_name();
        self.index = Index::of(vault, self.order);
        self.tab = tab
            .and_then(|tab| self.index.tags().iter().position(|known| **known == *tab))
            .map_or(0, |n| n.saturating_add(1));
        self.find_all();
        self.select_or_stay(selected);
    }

    pub(crate) fn sort(&mut self, order: Order) {
        let selected = self.selected();
        self.order = order;
        self.index.sort(order);
        self.find_all();
        self.select_or_stay(selected);
    }

    pub(crate) fn choose_tab(&mut self, tab: usize) {
        self.tab = if tab < self.tabs() { tab } else { 0 };
        self.find_all();
        self.cursor = 0;
        self.top = 0;
    }

    /// The query has changed.
    pub(crate) fn search(&mut self) {
        let typed = self.query.text();
        // A letter more finds a part of what was found before, unless it begins a new word.
        let narrows = !self.found_by.trim().is_empty()
            && typed.len() > self.found_by.len()
            && typed.starts_with(self.found_by.as_str());
        if narrows {
            let mut before = std::mem::take(&mut self.shown);
            before.sort_unstable();
            self.find_in(before.into_iter());
        } else {
            self.find_all();
        }
        self.cursor = 0;
        self.top = 0;
    }

    fn tab_name(&self) -> Option<crate::secret::Text> {
        self.index.tags().get(self.tab.checked_sub(1)?).cloned()
    }

    fn find_all(&mut self) {
        let count = u32::try_from(self.index.lines().len()).unwrap_or(u32::MAX);
        self.find_in(0..count);
    }

    fn find_in(&mut self, places: impl Iterator<Item = u32>) {
        let terms = Terms::of(self.query.text());
        let tab = self.tab_name().map(|tab| Zeroizing::new(tab.to_lowercase()));
        let index = &self.index;
        let lines = index.lines();
        let in_tab = |place: &u32| {
            tab.as_ref().is_none_or(|tab| lines.get(*place as usize).is_some_and(|line| index.has_tag(line, tab)))
        };
        let places = places.filter(in_tab);
        self.shown = if terms.is_empty() {
            places.collect()
        } else {
            // Best first, and among equals in the list's order: one number holds both.
            let mut found: Vec<u64> = places
                .filter_map(|place| {
                    let score = terms.score(index, lines.get(place as usize)?)?;
                    Some(u64::from(u32::MAX - score) << 32 | u64::from(place))
                })
                .collect();
            found.sort_unstable();
            found.into_iter().map(|both| both as u32).collect()
        };
        self.found_by = Zeroizing::new(self.query.text().to_owned());
        self.cursor = self.cursor.min(self.shown.len().saturating_sub(1));
    }

    pub(crate) fn select(&mut self, id: EntryId) -> bool {
        match (0..self.len()).find(|row| self.id_at(*row) == Some(id)) {
            Some(row) => {
                self.cursor = row;
                true
            }
            None => false,
        }
    }

    fn select_or_stay(&mut self, id: Option<EntryId>) {
        if !id.is_some_and(|id| self.select(id)) {
            self.cursor = self.cursor.min(self.len().saturating_sub(1));
        }
    }

    /// Moves the selection by so many rows, stopping at the ends.
    pub(crate) fn step(&mut self, rows: isize) {
        self.cursor = self.cursor.saturating_add_signed(rows).min(self.len().saturating_sub(1));
    }

    /// Makes the selected row visible on a screen of `rows`.
    pub(crate) fn show_cursor(&mut self, rows: usize) {
        let rows = rows.max(1);
        self.top = self.top.min(self.cursor).max(self.cursor.saturating_add(1).saturating_sub(rows));
        self.top = self.top.min(self.len().saturating_sub(rows.min(self.len())));
    }

    /// Scrolls by so many rows; the selection stays on the screen.
    pub(crate) fn scroll(&mut self, by: isize, rows: usize) {
        let most = self.len().saturating_sub(rows.max(1));
        self.top = self.top.saturating_add_signed(by).min(most);
        let last = self.top.saturating_add(rows.max(1)).saturating_sub(1);
        self.cursor = self.cursor.clamp(self.top, last.max(self.top)).min(self.len().saturating_sub(1));
    }
}
