//! Copying codes: always of the entry by its id, worked out at that moment; a counter is saved first.

use crate::app::core::clipboard::{leave_with, put};
use crate::app::core::context::Context;
use crate::app::core::pending::{AfterSave, Drawn};
use crate::app::core::save::commit;
use crate::app::core::undo::UndoKind;
use crate::secret::Text;
use crate::text::clean;
use crate::vault::find::EntryRef;
use crate::vault::{Edit, Entry};

/// The entry's name in a sentence: short enough for a line of news.
pub(crate) fn title(entry: &Entry) -> String {
    crate::text::fit(&clean(entry.title()), 30).trim_end().to_owned()
}

/// Copies the selected entry's code; with `quit` leaves too.
pub(crate) fn copy(ctx: &mut Context<'_>, quit: bool) {
    let Some((spot, entry)) = ctx.session.selected() else { return };
    let (name, timed, place) = (title(entry), entry.details.otp.is_timed(), ctx.session.vaults.place(spot));
    match entry.code(ctx.now.unix()) {
        Err(error) => {
            let text = format!("no code can be made: {error}");
            ctx.say_bad(text);
        }
        Ok(_) if !timed => draw(ctx, spot, quit),
        Ok(code) if quit => leave_with(ctx, Text::from(code.as_str())),
        Ok(code) => put(ctx, Text::from(code.as_str()), format!("{name}'s code{place}")),
    }
}

/// Moves a counter on; its code is shown and copied once that is saved.
pub(crate) fn draw(ctx: &mut Context<'_>, spot: EntryRef, quit: bool) {
    let Some(entry) = ctx.session.vaults.entry(spot) else { return };
    let name = title(entry);
    let drawn = entry.code(ctx.now.unix()).map_err(|error| error.to_string());
    let drawn = drawn.and_then(|code| {
        let drawn = Drawn { spot, code, title: name.clone(), quit };
        let then = AfterSave {
            step: UndoKind::Silent,
            code: Some(drawn),
            ..AfterSave::new(format!("draw {name}'s code"), "")
        };
        commit(ctx, spot.vault, &[Edit::UseCounter(spot.entry)], then)
    });
    if let Err(reason) = drawn {
        ctx.say_bad(format!("no code was drawn: {reason}"));
    }
}

/// Copies the code after the one that is valid now.
pub(crate) fn copy_next(ctx: &mut Context<'_>) {
    let Some((spot, entry)) = ctx.session.selected() else { return };
    let (name, place) = (title(entry), ctx.session.vaults.place(spot));
    match entry.code(entry.details.otp.valid_until(ctx.now.unix())) {
        Ok(code) => put(ctx, Text::from(code.as_str()), format!("{name}'s next code{place}")),
        Err(error) => {
            let text = format!("no code can be made: {error}");
            ctx.say_bad(text);
        }
    }
}
