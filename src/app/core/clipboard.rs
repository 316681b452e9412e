//! What goes into the clipboard, and what is said of it.

use crate::app::core::context::Context;
use crate::app::core::news::News;
use crate::app::core::outbox::Outbox;
use crate::app::core::pending::Drawn;
use crate::app::msg::Copied;
use crate::app::{Effect, Ticket, Trouble};
use crate::config::Config;
use crate::secret::Text;
use crate::time::Now;

/// Copies a text, called `what` in the news.
pub(crate) fn put(ctx: &mut Context<'_>, text: Text, what: String) {
    let clear_after_s = ctx.config.clipboard_seconds;
    let ticket = ctx.out.ask(|ticket| Effect::Copy { ticket, text, clear_after_s });
    ctx.out.copying.push((ticket, what));
}

/// Copies a text and leaves.
pub(crate) fn leave_with(ctx: &mut Context<'_>, text: Text) {
    let clear_after_s = ctx.config.clipboard_seconds;
    let ticket = ctx.out.ask(|ticket| Effect::CopyAndQuit { ticket, text, clear_after_s });
    ctx.out.copying.push((ticket, "the code".into()));
}

/// Copies a counter's code, now that its counter is saved.
pub(crate) fn put_drawn(ctx: &mut Context<'_>, drawn: Drawn) {
    let text = Text::from(drawn.code.as_str());
    if drawn.quit {
        return leave_with(ctx, text);
    }
    ctx.session.drawn_code = Some((drawn.spot, drawn.code));
    let place = ctx.session.vaults.place(drawn.spot);
    put(ctx, text, format!("{}'s code{place}", drawn.title));
}

/// The runtime says how a copy went; nobody wants to know once the vault is locked.
pub(crate) fn copied(
    ticket: Ticket,
    result: Result<Copied, Trouble>,
    config: &Config,
    news: &mut News,
    out: &mut Outbox,
    now: Now,
) {
    let Some(at) = out.copying.iter().position(|(copy, _)| *copy == ticket) else { return };
    let (_, what) = out.copying.remove(at);
    match result {
        Ok(Copied::Clipboard) => news.say_copied(format!("copied {what}"), config.clipboard_seconds, now),
        Ok(Copied::Terminal) => {
            news.say_good(format!("copied {what} through the terminal · it may stay in the clipboard"), now);
        }
        Ok(Copied::TerminalInTmux) => {
            news.say_good(format!("copied {what} through tmux (needs: set -g set-clipboard on) · it may stay"), now);
        }
        Err(trouble) => news.say_trouble(&trouble, now),
    }
}
