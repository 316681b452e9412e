//! A question.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::screens::confirm::Confirm;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, confirm: &Confirm, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let (lines, question) = confirm.lines(w);
    let rows = Confirm::rows(h);
    let y = (h / 2).saturating_sub(2).min(h.saturating_sub(1).saturating_sub(u16::try_from(lines.len()).unwrap_or(h)));
    let style = |n: usize| if n < question { paint.look.bold } else { Style::new() };
    let lines: Vec<_> = lines.iter().enumerate().map(|(n, line)| (line.as_str(), style(n))).collect();
    paint.read(Confirm::indent(w), if h >= 8 { y } else { 0 }, rows, confirm.top, &lines);
    paint.footer(model);
}
