//! What is to be read once.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::geometry::page;
use crate::app::screens::shown_once::ShownOnce;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, told: &ShownOnce, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let page = page(h);
    if page.first > 0 {
        paint.title(&told.shared.title, if told.shared.code.is_some() { "shown this once" } else { "" });
    }
    let (lines, code) = told.lines(w);
    let style = |n: usize| if n < code { paint.look.bold } else { Style::new() };
    let lines: Vec<_> = lines.iter().enumerate().map(|(n, line)| (line.as_str(), style(n))).collect();
    paint.read(1, page.first, page.rows, told.top, &lines);
    if page.footer {
        paint.footer(model);
    }
}
