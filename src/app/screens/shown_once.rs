//! What was done, to be read once, with a code that never comes again.

use zeroize::Zeroizing;

use crate::app::core::clipboard::put;
use crate::app::core::geometry::page;
use crate::app::msg::Shared;
use crate::app::screen::{Action, Context, Enabled, Flow, Handle, Open, Row, Screen, Session, word};
use crate::secret::Text;
use crate::text::broken;

/// Something on the screen that is read to its end before it closes.
pub(crate) struct ShownOnce {
    pub(crate) shared: Shared,
    /// The first line on the screen.
    pub(crate) top: usize,
    /// All of it has stood on the screen: it can be closed.
    seen: bool,
    size: (u16, u16),
}

impl Handle for ShownOnce {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<ShownOnce> {
        let Open::ShownOnce(Shared { title, code, said }) = wanted else { return None };
        let shared = Shared { title: std::mem::take(title), code: code.take(), said: std::mem::take(said) };
        Some(ShownOnce { shared, top: 0, seen: false, size: ctx.size })
    }

    fn id(&self) -> Screen {
        Screen::ShownOnce
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            // The next page; closes after the last, once that has stood on the screen.
            Action::Submit | Action::Back if self.seen => return Flow::Close,
            Action::Submit | Action::Back => self.step(isize::MAX, ctx.session),
            Action::CopyShown => {
                if let Some(code) = self.shared.code.clone() {
                    put(ctx, code, "the code".into());
                }
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    /// Goes on by so many lines, at most a page, so that none is left out.
    fn step(&mut self, by: isize, _: &mut Session) {
        let rows = isize::try_from(page(self.size.1).rows).unwrap_or(isize::MAX);
        let by = by.clamp(rows.saturating_neg(), rows);
        self.top = self.top.saturating_add_signed(by).min(self.last_top());
    }

    fn enabled(&self, action: Action, _: &Session) -> Option<Enabled> {
        (action == Action::CopyShown && self.shared.code.is_none()).then(|| Err("there is no code here".into()))
    }

    fn hint(&self, row: &Row, _: &Session) -> Option<&'static str> {
        match row.action {
            // There, going on and going back are the same.
            Action::Back => None,
            Action::CopyShown if self.shared.code.is_none() => None,
            Action::Submit if self.seen || self.top >= self.last_top() => Some("close"),
            Action::Submit => Some("more"),
            _ => Some(word(row, self.id())),
        }
    }

    /// The lines are broken anew: what was not seen to the end begins again.
    fn resized(&mut self, size: (u16, u16)) {
        self.size = size;
        if !self.seen {
            self.top = 0;
        }
    }

    fn drawn(&mut self) {
        self.seen = self.seen || self.top >= self.last_top();
    }
}

impl ShownOnce {
    /// What stands on a screen that wide: the code's lines, how many they are, then what was said.
    pub(crate) fn lines(&self, w: u16) -> (Vec<Zeroizing<String>>, usize) {
        let columns = w.saturating_sub(2);
        let mut lines = Vec::new();
        if let Some(code) = &self.shared.code {
            // Broken between its groups.
            let groups = Text::from(code.replace('-', "- ").as_str());
            lines.extend(broken(&groups, columns).iter().map(|line| Zeroizing::new(line.replace("- ", "-"))));
        }
        let code = lines.len();
        if code > 0 {
            lines.push(Zeroizing::default());
        }
        lines.extend(broken(&self.shared.said.join("\n"), columns));
        (lines, code)
    }

    fn last_top(&self) -> usize {
        self.lines(self.size.0).0.len().saturating_sub(page(self.size.1).rows)
    }
}
