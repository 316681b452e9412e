//! The help: the table of actions, to be scrolled through.

use crate::app::keymap::table;
use crate::app::screen::{Action, Context, Handle, Open, Screen, Session, within};

/// The help's place.
#[derive(Debug)]
pub(crate) struct Help {
    pub(crate) top: usize,
    /// The screen below, whose keys come first.
    pub(crate) of: Screen,
}

impl Handle for Help {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Help> {
        matches!(wanted, Open::By(Action::Help)).then_some(Help { top: 0, of: ctx.screen })
    }

    fn id(&self) -> Screen {
        Screen::Help
    }

    fn step(&mut self, by: isize, _: &mut Session) {
        self.top = within(self.top, by, table().len());
    }
}
