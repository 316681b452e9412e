//! A question before something is done. The screen that asked does it.

use zeroize::Zeroizing;

use crate::app::screen::{Action, Context, Flow, Handle, Open, Question, Screen, Session};
use crate::text::broken;

/// A question with yes and no.
pub(crate) struct Confirm {
    question: String,
    detail: String,
    /// What a yes does; `None`: the screen that asked does it.
    then: Option<Action>,
    /// The first line on the screen.
    pub(crate) top: usize,
    size: (u16, u16),
}

impl Handle for Confirm {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Confirm> {
        let Open::Question(Question { question, detail, then }) = wanted else { return None };
        let (question, detail) = (std::mem::take(question), std::mem::take(detail));
        Some(Confirm { question, detail, then: *then, top: 0, size: ctx.size })
    }

    fn id(&self) -> Screen {
        Screen::Confirm
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            // What was not read yet comes first.
            Action::Yes if self.top < self.last_top() => self.step(isize::MAX, ctx.session),
            Action::Yes => return self.then.map_or(Flow::Answer(true), Flow::Run),
            Action::No | Action::Back => return Flow::Answer(false),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    /// Goes on by so many lines, at most a page, so that none is left out.
    fn step(&mut self, by: isize, _: &mut Session) {
        let rows = isize::try_from(Confirm::rows(self.size.1)).unwrap_or(isize::MAX);
        let by = by.clamp(rows.saturating_neg(), rows);
        self.top = self.top.saturating_add_signed(by).min(self.last_top());
    }

    fn resized(&mut self, size: (u16, u16)) {
        (self.size, self.top) = (size, 0);
    }
}

impl Confirm {
    /// Where its lines begin on a screen that wide.
    pub(crate) fn indent(w: u16) -> u16 {
        if w > 40 { 4 } else { 0 }
    }

    /// How many of its lines a screen that high shows.
    pub(crate) fn rows(h: u16) -> usize {
        usize::from(if h < 3 { h } else { h.saturating_sub(1) }).max(1)
    }

    /// Its lines, and how many of them are the question.
    pub(crate) fn lines(&self, w: u16) -> (Vec<Zeroizing<String>>, usize) {
        let columns = w.saturating_sub(Confirm::indent(w)).saturating_sub(1);
        let mut lines = broken(&self.question, columns);
        let question = lines.len();
        lines.extend(broken(&self.detail, columns));
        (lines, question)
    }

    /// Whether quitting, asked for again, means yes.
    pub(crate) fn asks_to_quit(&self) -> bool {
        self.then == Some(Action::Quit)
    }

    fn last_top(&self) -> usize {
        self.lines(self.size.0).0.len().saturating_sub(Confirm::rows(self.size.1))
    }
}
