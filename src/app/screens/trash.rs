//! The trash: deleted entries, the last deleted first.

use std::cmp::Reverse;

use crate::app::Effect;
use crate::app::core::copy;
use crate::app::core::pending::AfterSave;
use crate::app::core::save::commit_or_say;
use crate::app::effect::MemberDeed;
use crate::app::screen::{Action, Context, Enabled, Flow, Handle, Open, Question, Screen, Session, within};
use crate::vault::Edit;
use crate::vault::find::EntryRef;
use crate::vault::roster::Role;

/// The trash on the screen.
#[derive(Default)]
pub(crate) struct Trash {
    pub(crate) spots: Vec<EntryRef>,
    pub(crate) cursor: usize,
    /// It was asked whether this one goes for good.
    asked: Option<EntryRef>,
}

impl Handle for Trash {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Trash> {
        let Open::By(Action::Trash) = wanted else { return None };
        let mut trash = Trash::default();
        trash.refresh(ctx.session);
        Some(trash)
    }

    fn id(&self) -> Screen {
        Screen::Trash
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::Restore => self.restore(ctx),
            Action::Purge => return self.ask(ctx.session),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn step(&mut self, by: isize, _: &mut Session) {
        self.cursor = within(self.cursor, by, self.spots.len());
    }

    fn enabled(&self, action: Action, session: &Session) -> Option<Enabled> {
        if action != Action::Purge {
            return None;
        }
        let Some(spot) = self.entry() else { return Some(Err("nothing is selected".into())) };
        let open = session.vaults.get(spot.vault)?;
        Some(match session.may_edit(spot.vault) {
            Err(reason) => Err(reason),
            Ok(()) if open.path.is_none() => Err("the demo vault is kept nowhere; nothing stays of it".into()),
            Ok(()) if open.vault.me().role() != Role::Owner => Err("only an owner can delete for good".into()),
            Ok(()) => Ok(()),
        })
    }

    /// Away for good: in every copy of the vault that meets this one.
    fn confirmed(&mut self, yes: bool, ctx: &mut Context<'_>) -> Flow {
        let Some(spot) = self.asked.take().filter(|_| yes) else { return Flow::Stay };
        let vaults = &ctx.session.vaults;
        if let (Some(open), Some(entry)) = (vaults.get(spot.vault), vaults.entry(spot)) {
            let name = format!("{}{}", copy::title(entry), vaults.place(spot));
            let (vault, deed) = (open.vault.id(), MemberDeed::Forget(spot.entry, name));
            ctx.out.ask(|ticket| Effect::Member { ticket, vault, deed });
        }
        Flow::Stay
    }

    fn refresh(&mut self, session: &Session) -> bool {
        let deleted = session.vaults.entries(None).filter(|(_, entry)| entry.deleted);
        let mut deleted: Vec<_> = deleted.map(|(spot, entry)| (Reverse(entry.changed), spot)).collect();
        deleted.sort_unstable();
        self.spots = deleted.into_iter().map(|(_, spot)| spot).collect();
        self.cursor = self.cursor.min(self.spots.len().saturating_sub(1));
        true
    }

    fn entry(&self) -> Option<EntryRef> {
        self.spots.get(self.cursor).copied()
    }
}

impl Trash {
    fn restore(&self, ctx: &mut Context<'_>) {
        let Some(spot) = self.entry() else { return };
        let Some(name) = ctx.session.vaults.entry(spot).map(copy::title) else { return };
        let name = format!("{name}{}", ctx.session.vaults.place(spot));
        let then = AfterSave::new(format!("restore {name}"), format!("restored {name}"));
        commit_or_say(ctx, spot.vault, Edit::Restore(spot.entry), then, "nothing was restored");
    }

    fn ask(&mut self, session: &Session) -> Flow {
        let Some((spot, entry)) = self.entry().and_then(|spot| Some((spot, session.vaults.entry(spot)?))) else {
            return Flow::Stay;
        };
        self.asked = Some(spot);
        Flow::Ask(Question::new(
            format!("delete {}{} for good?", copy::title(entry), session.vaults.place(spot)),
            "it leaves every copy of the vault with its history; nothing brings it back but a backup",
        ))
    }
}
