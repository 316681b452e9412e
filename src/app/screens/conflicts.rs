//! Fields that were changed in two places at once, in all open vaults: both values side by side, and taking one of them.

use crate::app::core::copy;
use crate::app::core::pending::AfterSave;
use crate::app::core::save::commit_or_say;
use crate::app::core::vaults::Vaults;
use crate::app::screen::{Action, Context, Enabled, Flow, Handle, Open, Question, Screen, Session, within};
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
    /// It was asked whether this value is taken.
    asked: Option<(EntryRef, Choice)>,
}

impl Handle for Conflicts {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Conflicts> {
        matches!(wanted, Open::By(Action::Conflicts)).then(|| Conflicts::of(ctx.session))
    }

    fn id(&self) -> Screen {
        Screen::Conflicts
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::Settle => return self.settle(ctx),
            Action::ShowTyped => self.bare = !self.bare,
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn step(&mut self, by: isize, _: &mut Session) {
        self.cursor = within(self.cursor, by, self.len());
    }

    fn enabled(&self, action: Action, session: &Session) -> Option<Enabled> {
        let field = (action == Action::Settle).then(|| self.selected())??.0;
        Some(session.may_edit(field.spot.vault))
    }

    fn confirmed(&mut self, yes: bool, ctx: &mut Context<'_>) -> Flow {
        if let Some((spot, choice)) = self.asked.take().filter(|_| yes) {
            self.take(spot, choice, ctx);
        }
        Flow::Stay
    }

    fn refresh(&mut self, session: &Session) -> bool {
        self.renew(&session.vaults);
        !self.fields.is_empty()
    }
}

impl Conflicts {
    /// All of them, the selected entry's first value selected.
    fn of(session: &Session) -> Conflicts {
        let mut conflicts = Conflicts { fields: Vec::new(), cursor: 0, bare: false, asked: None };
        conflicts.renew(&session.vaults);
        if let Some((spot, _)) = session.selected() {
            let mine = |(field, _): &Place| conflicts.fields.get(*field).is_some_and(|field| field.spot == spot);
            conflicts.cursor = conflicts.places().iter().position(mine).unwrap_or(0);
        }
        conflicts
    }

    fn renew(&mut self, vaults: &Vaults) {
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

    fn len(&self) -> usize {
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

    /// Takes the selected value. A secret is asked about: the other one cannot be looked at afterwards.
    fn settle(&mut self, ctx: &mut Context<'_>) -> Flow {
        let Some((field, side)) = self.selected() else { return Flow::Stay };
        let Some(choice) = field.conflict.choice(side) else { return Flow::Stay };
        let spot = field.spot;
        if !field.conflict.is_hidden() {
            self.take(spot, choice, ctx);
            return Flow::Stay;
        }
        let question = format!("take this {} for {}?", field.conflict.label(), field.title);
        self.asked = Some((spot, choice));
        Flow::Ask(Question::new(
            crate::text::clean(&question),
            "the other one is left, and cannot be looked at afterwards; only older backups show it",
        ))
    }

    fn take(&self, spot: EntryRef, choice: Choice, ctx: &mut Context<'_>) {
        let Some((field, _)) = self.selected() else { return };
        let what = format!("{} of {}", field.conflict.label(), field.title);
        let then = AfterSave::new(format!("settle the {what}"), format!("settled the {what}"));
        commit_or_say(ctx, spot.vault, Edit::Settle(spot.entry, choice), then, "nothing was settled");
    }
}
