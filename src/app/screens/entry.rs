//! One entry over the whole screen, and the pane beside the list.

use crate::app::core::clipboard::put;
use crate::app::core::copy;
use crate::app::core::pending::AfterSave;
use crate::app::core::save::commit_or_say;
use crate::app::screen::{Action, Context, Flow, Handle, Open, Screen, Session};
use crate::otp::Otp;
use crate::secret::Text;
use crate::vault::find::EntryRef;
use crate::vault::{Edit, RecoveryCode};

/// The view of one entry.
pub(crate) struct EntryView {
    pub(crate) spot: EntryRef,
    /// The recovery code that is selected; `None`: the code itself.
    pub(crate) recovery: Option<usize>,
}

impl Handle for EntryView {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<EntryView> {
        let Open::By(Action::View) = wanted else { return None };
        Some(EntryView { spot: ctx.session.list.selected()?, recovery: None })
    }

    fn id(&self) -> Screen {
        Screen::Entry
    }

    fn paste(&mut self, _: &Text, _: &mut Context<'_>) -> Flow {
        Flow::Pass
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::Copy => {
                let Some(code) = self.recovery_code(ctx.session) else { return Flow::Pass };
                let text = code.code.clone();
                put(ctx, text, "recovery code".into());
            }
            Action::UseRecoveryCode => self.use_recovery_code(ctx),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn step(&mut self, by: isize, session: &mut Session) {
        let codes = session.vaults.entry(self.spot).map_or(0, |entry| entry.details.recovery_codes.len());
        let at = self.recovery.map_or(0, |n| n.saturating_add(1));
        self.recovery = at.saturating_add_signed(by).min(codes).checked_sub(1);
    }

    fn refresh(&mut self, session: &Session) -> bool {
        session.vaults.entry(self.spot).is_some_and(|entry| !entry.deleted)
    }

    fn entry(&self) -> Option<EntryRef> {
        Some(self.spot)
    }

    fn timed<'a>(&'a self, session: &'a Session) -> Vec<&'a Otp> {
        let entry = session.vaults.entry(self.spot).filter(|entry| entry.problem.is_none());
        entry.map(|entry| &entry.details.otp).filter(|otp| otp.is_timed()).into_iter().collect()
    }
}

impl EntryView {
    fn recovery_code<'a>(&self, session: &'a Session) -> Option<&'a RecoveryCode> {
        session.vaults.entry(self.spot)?.details.recovery_codes.get(self.recovery?)
    }

    /// Marks the selected recovery code as used.
    fn use_recovery_code(&self, ctx: &mut Context<'_>) {
        let Some(entry) = ctx.session.vaults.entry(self.spot) else { return };
        let Some(code) = self.recovery_code(ctx.session) else {
            return ctx.say("select a recovery code first, with the arrows");
        };
        if code.used {
            return ctx.say("that code is marked as used already");
        }
        let Some(id) = code.id.clone() else { return };
        let then = AfterSave::new(format!("mark a recovery code of {}", copy::title(entry)), "marked as used");
        let edit = Edit::UseRecoveryCode(self.spot.entry, id);
        commit_or_say(ctx, self.spot.vault, edit, then, "nothing was marked");
    }
}
