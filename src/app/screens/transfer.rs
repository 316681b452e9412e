//! An entry to another open vault, moved or copied: choosing which one.
//!
//! The other vault is saved first. Only when that is done does a moved entry go to the trash here: a save that fails loses nothing.

use crate::app::core::copy;
use crate::app::core::pending::AfterSave;
use crate::app::core::save::{commit, relocate};
use crate::app::core::undo::UndoKind;
use crate::app::core::vaults::{Opened, Vaults};
use crate::app::screen::{Action, Context, Flow, Handle, Open, Screen, Session, within};
use crate::vault::carry::{Carry, twin};
use crate::vault::find::EntryRef;
use crate::vault::roster::RECOVERY;
use crate::vault::{Edit, EntryId};

/// A vault it could go to.
pub(crate) struct Target {
    pub(crate) vault: u16,
    pub(crate) name: String,
    /// Who reads it there.
    pub(crate) readers: String,
    /// Why it cannot go there.
    pub(crate) refused: Option<String>,
    /// An entry there that has the same secret.
    pub(crate) twin: Option<String>,
}

/// The choice on the screen.
pub(crate) struct Choice {
    pub(crate) spot: EntryRef,
    pub(crate) title: String,
    pub(crate) carry: Carry,
    pub(crate) targets: Vec<Target>,
    pub(crate) cursor: usize,
    /// That the same secret is there was said of this vault; once more does it all the same.
    warned: Option<u16>,
}

fn readers(open: &Opened) -> String {
    if !open.vault.is_shared() {
        return "yours alone".into();
    }
    match open.vault.members().iter().filter(|member| member.name != RECOVERY).count() {
        1 => "shared, with nobody yet".into(),
        n => format!("read by its {n} members"),
    }
}

impl Handle for Choice {
    /// Asks where to.
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Choice> {
        let carry = match wanted {
            Open::By(Action::Move) => Carry::Move,
            Open::By(Action::CopyTo) => Carry::Copy,
            _ => return None,
        };
        let (spot, entry) = ctx.session.selected()?;
        let title = copy::title(entry);
        if let Err(reason) = carry.details(entry) {
            ctx.say_bad(format!("{title} cannot be {}: {reason}", past(carry)));
            return None;
        }
        let mut choice = Choice { spot, title, carry, targets: Vec::new(), cursor: 0, warned: None };
        choice.refresh(ctx.session);
        Some(choice)
    }

    fn id(&self) -> Screen {
        Screen::Transfer
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::Submit => self.submit(ctx),
            _ => Flow::Pass,
        }
    }

    fn step(&mut self, by: isize, _: &mut Session) {
        self.cursor = within(self.cursor, by, self.targets.len());
    }

    fn refresh(&mut self, session: &Session) -> bool {
        self.targets = targets(self.spot, &session.vaults);
        self.cursor = self.cursor.min(self.targets.len().saturating_sub(1));
        true
    }
}

fn targets(spot: EntryRef, vaults: &Vaults) -> Vec<Target> {
    let entry = vaults.entry(spot);
    let target = |(number, open): (u16, &Opened)| {
        let twin = entry.and_then(|entry| twin(&open.vault, &entry.details));
        Target {
            vault: number,
            name: open.name.clone(),
            readers: readers(open),
            refused: open.may_edit().err().map(|error| error.to_string()),
            twin: twin.map(copy::title),
        }
    };
    vaults.iter().filter(|(number, _)| *number != spot.vault).map(target).collect()
}

fn past(carry: Carry) -> &'static str {
    match carry {
        Carry::Copy => "copied",
        Carry::Move => "moved",
    }
}

impl Choice {
    pub(crate) fn selected(&self) -> Option<&Target> {
        self.targets.get(self.cursor)
    }

    /// Carries it over.
    fn submit(&mut self, ctx: &mut Context<'_>) -> Flow {
        let Some(target) = self.targets.get(self.cursor) else { return Flow::Stay };
        let (from, to, carry) = (self.spot, target.vault, self.carry);
        let nothing = |reason: &str| format!("nothing was {}: {reason}", past(carry));
        if let Some(reason) = &target.refused {
            ctx.say_bad(nothing(reason));
            return Flow::Stay;
        }
        if let Some(twin) = &target.twin
            && self.warned != Some(to)
        {
            let (name, twin) = (&target.name, twin);
            ctx.say_bad(format!("{twin} in {name} has the same secret already; once more does it all the same"));
            self.warned = Some(to);
            return Flow::Stay;
        }
        let Some(entry) = ctx.session.vaults.entry(from) else { return Flow::Stay };
        let id = EntryId::random(ctx.random).map_err(|error| error.to_string());
        let (details, id) =
            match carry.details(entry).map_err(|reason| reason.to_string()).and_then(|details| Ok((details, id?))) {
                Ok(both) => both,
                Err(reason) => {
                    ctx.say_bad(nothing(&reason));
                    return Flow::Stay;
                }
            };
        let to = EntryRef { vault: to, entry: id };
        let add = [Edit::Add(id, Box::new(details))];
        let (title, name) = (&self.title, &target.name);
        let label = format!("{} {title} to {name}", carry.verb());
        let said = format!("{} {title} to {name}", past(carry));
        let done = match carry {
            Carry::Copy => commit(ctx, to.vault, &add, AfterSave::new(label, said)).map(|_| ()),
            Carry::Move => relocate(ctx, (to, &add), from, UndoKind::New, (label, said)),
        };
        if let Err(reason) = done {
            ctx.say_bad(nothing(&reason));
        }
        Flow::Close
    }
}
