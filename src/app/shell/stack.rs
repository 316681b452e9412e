//! The screens, one over the other, and what they want of each other.

use crate::app::Screen;
use crate::app::core::context::Context;
use crate::app::core::session::Session;
use crate::app::keymap::{Action, changes_the_vault, moves};
use crate::app::screen::{Answer, Enabled, Flow, Handle, Open, Ticket};
use crate::app::screens::Popup;
use crate::app::screens::list::ListScreen;
use crate::config::keys::Key;
use crate::secret::Text;
use crate::vault::find::EntryRef;

/// The list, and the screens over it.
#[derive(Default)]
pub(crate) struct Stack {
    list: ListScreen,
    /// The last is on top.
    over: Vec<Popup>,
}

impl Stack {
    /// The screen over the list that is on top.
    pub(crate) fn top(&self) -> Option<&Popup> {
        self.over.last()
    }

    pub(crate) fn screen(&self, session: &Session) -> Screen {
        match self.over.last() {
            None if session.list.searching => Screen::Search,
            None => Screen::List,
            Some(popup) => popup.handle().id(),
        }
    }

    /// The screens from the top down, the list last.
    pub(crate) fn handles(&self) -> impl Iterator<Item = &dyn Handle> {
        self.over.iter().rev().map(Popup::handle).chain(std::iter::once(&self.list as &dyn Handle))
    }

    /// The screen that keys go to.
    pub(crate) fn first(&self) -> &dyn Handle {
        self.over.last().map_or(&self.list, Popup::handle)
    }

    /// The screen with so many below it: 0 is the list.
    fn at(&mut self, depth: usize) -> &mut dyn Handle {
        match depth.checked_sub(1).and_then(|n| self.over.get_mut(n)) {
            Some(popup) => popup.handle_mut(),
            None => &mut self.list,
        }
    }

    pub(crate) fn first_mut(&mut self) -> &mut dyn Handle {
        self.at(self.over.len())
    }

    /// The entry that the screens are about.
    pub(crate) fn entry(&self) -> Option<EntryRef> {
        self.handles().find_map(Handle::entry)
    }

    /// Whether leaving loses something that was typed.
    pub(crate) fn unsaved(&self) -> bool {
        self.handles().any(Handle::unsaved)
    }

    /// Whether an action can be done now.
    pub(crate) fn enabled(&self, action: Action, session: &Session) -> Enabled {
        if session.must_set_passphrase() && changes_the_vault(action) {
            return Err("opened with the recovery code: set a new passphrase first".into());
        }
        self.handles().find_map(|handle| handle.enabled(action, session)).unwrap_or(Ok(()))
    }

    /// What remains to be done by the shell, if something does.
    pub(crate) fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Option<Action> {
        if let Some(rows) = moves(action, ctx.session.list.rows.max(1)) {
            self.first_mut().step(rows, ctx.session);
            return None;
        }
        if action == Action::Back && !self.over.is_empty() {
            let depth = self.over.len();
            return match self.at(depth).act(action, ctx) {
                Flow::Pass => self.follow(depth, Flow::Close, ctx),
                flow => self.follow(depth, flow, ctx),
            };
        }
        self.ask_down(ctx, |handle, ctx| handle.act(action, ctx)).unwrap_or_else(|| {
            self.open(Open::By(action), ctx);
            None
        })
    }

    pub(crate) fn key(&mut self, key: &Key, ctx: &mut Context<'_>) -> Option<Action> {
        let flow = self.first_mut().key(key, ctx);
        self.follow(self.over.len(), flow, ctx)
    }

    pub(crate) fn paste(&mut self, text: &Text, ctx: &mut Context<'_>) -> Option<Action> {
        self.ask_down(ctx, |handle, ctx| handle.paste(text, ctx)).flatten()
    }

    /// The outside answers: the screen that waits for it takes it, else the list.
    pub(crate) fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Context<'_>) {
        let depth = (0..=self.over.len()).rev().find(|depth| self.at(*depth).waits_for(ticket)).unwrap_or(0);
        let flow = self.at(depth).answer(ticket, answer, ctx);
        self.follow(depth, flow, ctx);
    }

    /// Those saves are done, or have failed.
    pub(crate) fn saved(&mut self, saves: &[Ticket], done: bool, ctx: &mut Context<'_>) {
        for depth in (0..=self.over.len()).rev() {
            if saves.iter().any(|save| self.at(depth).waits_for(*save)) {
                let flow = self.at(depth).saved(done);
                self.follow(depth, flow, ctx);
            }
        }
    }

    /// Asks the screens from the top down until one does not pass it on.
    fn ask_down(
        &mut self,
        ctx: &mut Context<'_>,
        ask: impl Fn(&mut dyn Handle, &mut Context<'_>) -> Flow,
    ) -> Option<Option<Action>> {
        for depth in (0..=self.over.len()).rev() {
            match ask(self.at(depth), ctx) {
                Flow::Pass => {}
                flow => return Some(self.follow(depth, flow, ctx)),
            }
        }
        None
    }

    /// Does what the screen at that depth wants.
    fn follow(&mut self, depth: usize, flow: Flow, ctx: &mut Context<'_>) -> Option<Action> {
        match flow {
            Flow::Stay | Flow::Pass => {}
            Flow::Close => self.close(depth),
            Flow::Open(wanted) => self.open(wanted, ctx),
            Flow::Ask(question) => self.open(Open::Question(question), ctx),
            Flow::Become(wanted) => {
                self.close(depth);
                self.open(wanted, ctx);
            }
            Flow::Answer(yes) => {
                self.close(depth);
                return self.ask_down(ctx, |handle, ctx| handle.confirmed(yes, ctx)).flatten();
            }
            Flow::Run(action) => {
                self.close(depth);
                return Some(action);
            }
        }
        None
    }

    pub(crate) fn open(&mut self, mut wanted: Open, ctx: &mut Context<'_>) {
        self.over.extend(Popup::open(&mut wanted, ctx));
    }

    /// Closes the screen at that depth, and the question above it.
    fn close(&mut self, depth: usize) {
        let is_question = |popup: &Popup| matches!(popup, Popup::Confirm(_));
        if self.over.get(depth).is_some_and(is_question) {
            self.over.remove(depth);
        }
        if let Some(n) = depth.checked_sub(1).filter(|n| *n < self.over.len()) {
            self.over.remove(n);
        }
    }

    pub(crate) fn close_top(&mut self) {
        self.close(self.over.len());
    }

    pub(crate) fn clear(&mut self) {
        self.over.clear();
    }

    /// The vaults have changed: what has nothing to show any more closes.
    pub(crate) fn refresh(&mut self, session: &Session) {
        for depth in (1..=self.over.len()).rev() {
            if !self.at(depth).refresh(session) {
                self.close(depth);
            }
        }
    }

    pub(crate) fn resized(&mut self, size: (u16, u16)) {
        self.over.iter_mut().for_each(|popup| popup.handle_mut().resized(size));
    }
}
