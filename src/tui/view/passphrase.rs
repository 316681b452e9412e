//! Choosing a passphrase.

use std::borrow::Cow;

use ratatui::style::Style;

use crate::app::core::passphrase::{Twice, strength};
use crate::app::screens::passphrase::NewPassphrase;
use crate::app::{Model, Trouble};
use crate::tui::view::input;
use crate::tui::view::paint::Paint;

/// The two lines and the hint; gives back the line after them, where an error goes.
pub(super) fn twice(twice: &Twice, y: u16, hint: bool, paint: &mut Paint<'_>) -> u16 {
    let w = paint.width();
    let look = paint.look;
    let mut y = y;
    for (label, line, here) in
        [("passphrase", &twice.first, !twice.at_second), ("again", &twice.second, twice.at_second)]
    {
        // Where there is room for one line only, it is the one being typed.
        if paint.height() < 5 && !here {
            continue;
        }
        paint.put(1, y, 11, label, if here { look.bold } else { look.dim });
        input::draw(paint, 13, y, w.saturating_sub(14), line, here, Style::new());
        y = y.saturating_add(1);
    }
    if hint && twice.error.is_none() && !twice.first.is_empty() {
        let (level, words) = strength(twice.first.text());
        let style = if level < 2 {
            look.bad
        } else if level < 3 {
            look.warn
        } else {
            look.good
        };
        let bar = format!(
            "{}{}",
            look.signs.full.repeat(level.saturating_add(1)),
            look.signs.spent.repeat(4_usize.saturating_sub(level))
        );
        let end = paint.put(1, y, w, &bar, style);
        paint.put(13.max(end.saturating_add(1)), y, w, words, style);
    }
    y
}

/// What is wrong with what was typed, else what went wrong with it.
pub(super) fn error(twice: Option<&Twice>, trouble: Option<&Trouble>, y: u16, paint: &mut Paint<'_>) {
    let trouble = || trouble.map(|trouble| Cow::from(crate::app::core::news::trouble_line(trouble)));
    if let Some(text) = twice.and_then(|twice| twice.error.map(Cow::from)).or_else(trouble) {
        paint.error(1, y, &text);
    }
}

pub(super) fn draw(model: &Model, screen: &NewPassphrase, paint: &mut Paint<'_>) {
    let w = paint.width();
    paint.title(if screen.elsewhere { "the new passphrase" } else { "a new passphrase" }, "");
    let words = if screen.elsewhere {
        "It was set on another machine. What was changed here is kept, and merged once you type it."
    } else if screen.forced {
        "Opened with the recovery code. A new passphrase is needed before anything else."
    } else {
        "Copies of the vault from before keep the old one."
    };
    let y = if paint.height() >= 8 || screen.forced {
        paint.lines(1, 1, w.saturating_sub(2), 2, words, paint.look.dim)
    } else {
        1
    };
    if screen.busy.is_some() {
        let words = if screen.elsewhere { "trying it" } else { "setting it" };
        paint.put(1, y, w, &format!("{words}: this takes a moment"), paint.look.accent);
        return;
    }
    let y = if screen.elsewhere {
        paint.put(1, y, 11, "passphrase", paint.look.bold);
        input::draw(paint, 13, y, w.saturating_sub(14), &screen.twice.first, true, Style::new());
        y.saturating_add(1)
    } else {
        twice(&screen.twice, y, true, paint)
    };
    paint.footer(model);
    error(Some(&screen.twice), screen.trouble.as_ref(), y, paint);
}
