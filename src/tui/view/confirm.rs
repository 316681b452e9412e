//! A question.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::confirm::Confirm;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, confirm: &Confirm, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let y = if h >= 8 { (h / 2).saturating_sub(2) } else { 0 };
    let x = if w > 40 { 4 } else { 0 };
    let y = paint.lines(x, y, w.saturating_sub(x), 3, &confirm.question, paint.look.bold);
    let room = h.saturating_sub(1).saturating_sub(y).min(4);
    let y = paint.lines(x, y, w.saturating_sub(x), room, &confirm.detail, Style::new());
    paint.cursor = Some((x, y.min(h.saturating_sub(1))));
    paint.footer(model);
}
