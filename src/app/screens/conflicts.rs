//! Fields that were changed in two places at once, in all open vaults: both values side by side, and taking one of them.

use crate::app::Effect;
use crate::app::core::copy;
use crate::app::core::save::{Then, commit};
use crate::app::core::vaults::Vaults;
use crate::app::screens::confirm::Confirm;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::time::Now;
use crate::vault::Edit;
use crate::vault::conflict::{Choice, Conflict, Side};
use crate::vault::find::EntryRef;

/// One field of one entry.
pub(crate) struct Field {
    pub(crate) spot: EntryRef,
    pub(crate) title: String,
    pub(crate) conflict: Conflict,
}

/// One value: its field's and its own place. The value that is shown comes first.
pub(crate) type Place = (usize, usize);

/// The conflicts on the screen.
pub(crate) struct Conflicts {
    pub(crate) fields: Vec<Field>,
    /// The selected value, counted through all fields.
    pub(crate) cursor: usize,
    /// Secrets are shown.
    pub(crate) bare: bool,
}

impl Conflicts {
    /// All of them, the selected entry's first value selected.
    fn of(session: &Session) -> Conflicts {
        let mut conflicts = Conflicts { fields: Vec::new(), cursor: 0, bare: false };
        conflicts.renew(&session.vaults);
        if let Some((spot, _)) = session.selected() {
            let mine = |(field, _): &Place| conflicts.fields.get(*field).is_some_and(|field| field.spot == spot);
            conflicts.cursor = conflicts.places().iter().position(mine).unwrap_or(0);
        }
        conflicts
    }

    pub(crate) fn renew(&mut self, vaults: &Vaults) {
        let selected = self.selected().and_then(|(field, side)| Some((field.spot, field.conflict.choice(side)?)));
        let open = vaults.entries(None).filter(|(_, entry)| !entry.deleted && !entry.conflicts.is_empty());
        let mut fields: Vec<Field> = open
            .flat_map(|(spot, entry)| {
                let found = vaults.get(spot.vault).map(|open| open.vault.conflicts(spot.entry)).unwrap_or_default();
                let title = copy::title(entry);
                found.into_iter().map(move |conflict| Field { spot, title: title.clone(), conflict })
            })
            .collect();
        fields.sort_by_cached_key(|field| (field.title.to_lowercase(), field.spot));
        self.fields = fields;
        let places = self.places();
        let same = |(field, side): &Place| {
            let field = self.fields.get(*field)?;
            let (spot, choice) = selected.as_ref()?;
            (field.spot == *spot && field.conflict.choice(*side).as_ref() == Some(choice)).then_some(())
        };
        let at = places.iter().position(|place| same(place).is_some());
        self.cursor = at.unwrap_or(self.cursor).min(places.len().saturating_sub(1));
    }

    /// All values in the order of the screen.
    pub(crate) fn places(&self) -> Vec<Place> {
        let sides = |(n, field): (usize, &Field)| (0..field.conflict.sides.len()).rev().map(move |side| (n, side));
        self.fields.iter().enumerate().flat_map(sides).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.iter().map(|field| field.conflict.sides.len()).fold(0, usize::saturating_add)
    }

    /// The selected value's field, and which of its sides it is.
    pub(crate) fn selected(&self) -> Option<(&Field, usize)> {
        let (field, side) = *self.places().get(self.cursor)?;
        Some((self.fields.get(field)?, side))
    }

    /// The selected value.
    pub(crate) fn selected_side(&self) -> Option<(&Field, &Side)> {
        let (field, side) = self.selected()?;
        Some((field, field.conflict.sides.get(side)?))
    }
}

pub(crate) fn open(session: &mut Session) {
    let conflicts = Conflicts::of(session);
    session.over.push(Over::Conflicts(conflicts));
}

/// The conflicts, where they are on top.
pub(crate) fn on_top(session: &Session) -> Option<&Conflicts> {
    match session.over.last() {
        Some(Over::Conflicts(conflicts)) => Some(conflicts),
        _ => None,
    }
}

/// Takes the selected value. A secret is asked about: the other one cannot be looked at afterwards.
pub(crate) fn settle(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some((field, side)) = on_top(session).and_then(Conflicts::selected) else { return };
    let Some(choice) = field.conflict.choice(side) else { return };
    let (spot, hidden) = (field.spot, field.conflict.is_hidden());
    if hidden {
        let question = format!("take this {} for {}?", field.conflict.label(), field.title);
        session.over.push(Over::Confirm(Confirm::settle(question, spot, choice)));
    } else {
        take(model, spot, choice, now, out);
    }
}

pub(crate) fn take(model: &mut Model, spot: EntryRef, choice: Choice, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some(conflicts) = on_top(session) else { return };
    let Some((field, _)) = conflicts.selected() else { return };
    let what = format!("{} of {}", field.conflict.label(), field.title);
    let then = Then::new(format!("settle the {what}"), format!("settled the {what}"));
    if let Err(reason) = commit(model, spot.vault, &[Edit::Settle(spot.entry, choice)], then, now, out) {
        model.say_bad(format!("nothing was settled: {reason}"), now);
    }
}
