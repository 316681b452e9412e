//! The list: which entries are shown, in which order, which one is selected, and what part is on the screen.

use crate::app::core::index::{Index, Order};
use crate::app::core::input::Input;
use crate::app::core::search::Terms;
use crate::app::core::vaults::Vaults;
use crate::vault::find::{EntryRef, PERSONAL};
use zeroize::Zeroizing;

/// What stands behind all names of one's own; no score is as high.
const BEHIND: u32 = 1 << 31;

/// What is shown of the vaults' entries.
pub(crate) struct List {
    pub(crate) index: Index,
    /// Places in the index, in the order shown.
    shown: Vec<u32>,
    /// The selected row's place in `shown`.
    pub(crate) cursor: usize,
    /// The first row on the screen.
    pub(crate) top: usize,
    /// How many the screen has room for.
    pub(crate) rows: usize,
    /// 0: all; then the vaults where there are several, then the tags.
    pub(crate) tab: usize,
    /// How many tabs are vaults.
    vaults: usize,
    pub(crate) order: Order,
    pub(crate) query: Input,
    /// Letters go to the query.
    pub(crate) searching: bool,
    /// What `shown` was found by.
    found_by: Zeroizing<String>,
}

impl List {
    pub(crate) fn of(vaults: &Vaults, order: Order) -> List {
        let mut list = List {
            index: Index::of(vaults, order),
            vaults: vault_tabs(vaults),
            shown: Vec::new(),
            cursor: 0,
            top: 0,
            rows: 1,
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

    pub(crate) fn spot_at(&self, row: usize) -> Option<EntryRef> {
        let place = *self.shown.get(row)? as usize;
        self.index.lines().get(place).map(|line| line.spot)
    }

    pub(crate) fn selected(&self) -> Option<EntryRef> {
        self.spot_at(self.cursor)
    }

    /// The entries on the screen, `rows` of them at most.
    pub(crate) fn on_screen(&self, rows: usize) -> impl Iterator<Item = EntryRef> + '_ {
        (self.top..self.top.saturating_add(rows)).map_while(|row| self.spot_at(row))
    }

    /// How many tabs there are, `[All]` with them.
    pub(crate) fn tabs(&self) -> usize {
        self.index.tags().len().saturating_add(self.vaults).saturating_add(1)
    }

    /// The vault whose tab is chosen.
    pub(crate) fn vault(&self) -> Option<u16> {
        self.vault_of(self.tab)
    }

    /// The vault that a tab is of.
    pub(crate) fn vault_of(&self, tab: usize) -> Option<u16> {
        let number = tab.checked_sub(1).filter(|number| *number < self.vaults)?;
        u16::try_from(number).ok()
    }

    /// The tag that a tab is of.
    pub(crate) fn tag_of(&self, tab: usize) -> Option<&crate::secret::Text> {
        self.index.tags().get(tab.checked_sub(1)?.checked_sub(self.vaults)?)
    }

    /// The vault has changed: everything is worked out again, the same entry stays selected.
    pub(crate) fn renew(&mut self, vaults: &Vaults) {
        let selected = self.selected();
        let (vault, tag) = (self.vault(), self.tag_of(self.tab).cloned());
        self.index = Index::of(vaults, self.order);
        self.vaults = vault_tabs(vaults);
        let tag = tag.and_then(|tag| self.index.tags().iter().position(|known| **known == *tag));
        let tab = vault.map(usize::from).or(tag.map(|tag| tag.saturating_add(self.vaults)));
        self.tab = tab.map_or(0, |tab| tab.saturating_add(1));
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

    fn find_all(&mut self) {
        let count = u32::try_from(self.index.lines().len()).unwrap_or(u32::MAX);
        self.find_in(0..count);
    }

    fn find_in(&mut self, places: impl Iterator<Item = u32>) {
        let terms = Terms::of(self.query.text());
        let tab = self.tag_of(self.tab).map(|tag| Zeroizing::new(tag.to_lowercase()));
        let vault = self.vault();
        let index = &self.index;
        let lines = index.lines();
        let in_tab = |place: &u32| {
            let line = || lines.get(*place as usize);
            tab.as_ref().is_none_or(|tab| line().is_some_and(|line| index.has_tag(line, tab)))
                && vault.is_none_or(|vault| line().is_some_and(|line| line.spot.vault == vault))
        };
        let places = places.filter(in_tab);
        self.shown = if terms.is_empty() {
            places.collect()
        } else {
            // Best first, and among equals in the list's order: one number holds both. Colleagues choose the names in a shared vault: none of
            // them stands before an entry of one's own that what is typed names, too.
            let several = self.vaults > 0;
            let mut found: Vec<u64> = places
                .filter_map(|place| {
                    let line = lines.get(place as usize)?;
                    let behind = BEHIND.saturating_sub(terms.score(index, line)?).saturating_sub(1);
                    let own = several && line.spot.vault == PERSONAL && terms.name(index, line);
                    let rank = if own { behind } else { behind | BEHIND };
                    Some(u64::from(rank) << 32 | u64::from(place))
                })
                .collect();
            found.sort_unstable();
            found.into_iter().map(|both| both as u32).collect()
        };
        self.found_by = Zeroizing::new(self.query.text().to_owned());
        self.cursor = self.cursor.min(self.shown.len().saturating_sub(1));
    }

    pub(crate) fn select(&mut self, spot: EntryRef) -> bool {
        match (0..self.len()).find(|row| self.spot_at(*row) == Some(spot)) {
            Some(row) => {
                self.cursor = row;
                true
            }
            None => false,
        }
    }

    fn select_or_stay(&mut self, spot: Option<EntryRef>) {
        if !spot.is_some_and(|spot| self.select(spot)) {
            self.cursor = self.cursor.min(self.len().saturating_sub(1));
        }
    }

    /// Moves the selection by so many rows, stopping at the ends.
    pub(crate) fn step(&mut self, rows: isize) {
        self.cursor = self.cursor.saturating_add_signed(rows).min(self.len().saturating_sub(1));
    }

    /// Makes the selected row visible on a screen of `rows`.
    pub(crate) fn show_cursor(&mut self, rows: usize) {
        self.rows = rows;
        let rows = rows.max(1);
        self.top = self.top.min(self.cursor).max(self.cursor.saturating_add(1).saturating_sub(rows));
        self.top = self.top.min(self.len().saturating_sub(rows.min(self.len())));
    }

    /// Scrolls by so many rows; the selection stays on the screen.
    pub(crate) fn scroll(&mut self, by: isize) {
        let rows = self.rows;
        let most = self.len().saturating_sub(rows.max(1));
        self.top = self.top.saturating_add_signed(by).min(most);
        let last = self.top.saturating_add(rows.max(1)).saturating_sub(1);
        self.cursor = self.cursor.clamp(self.top, last.max(self.top)).min(self.len().saturating_sub(1));
    }
}

/// How many tabs are vaults: none where there is only one.
fn vault_tabs(vaults: &Vaults) -> usize {
    if vaults.several() { vaults.len() } else { 0 }
}
