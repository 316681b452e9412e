//! The palette.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::screens::palette::Palette;
use crate::tui::view::input;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, palette: &Palette, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    paint.title("find a command", "");
    let y = u16::from(h > 2);
    let end = paint.put(1, y, 2, ":", look.accent);
    input::draw(paint, end.saturating_add(1), y, w.saturating_sub(4), &palette.input, true, Style::new());
    let found = palette.found();
    let rows = usize::from(h.saturating_sub(y).saturating_sub(3)).max(1);
    let cursor = palette.cursor.min(found.len().saturating_sub(1));
    let first = cursor.saturating_add(1).saturating_sub(rows);
    for (n, row) in found.iter().enumerate().skip(first).take(rows) {
        let y = y.saturating_add(1).saturating_add(u16::try_from(n.saturating_sub(first)).unwrap_or(0));
        let why_not = model.enabled(row.action).err();
        let name = row.name.replace('_', " ");
        let key = model.keys_of(row.name).first().map_or_else(String::new, |key| key.label(look.ascii));
        paint.put(3, y, 17, &name, if why_not.is_some() { look.dim } else { look.bold });
        paint.put(21, y, 7, &key, look.accent);
        let line = why_not.as_ref().map_or_else(|| row.line.to_owned(), |reason| format!("({reason})"));
        paint.put(29, y, w.saturating_sub(29), &line, look.dim);
        if n == cursor {
            paint.reverse(1, y, w.saturating_sub(1));
            paint.put(0, y, 1, look.signs.selected, look.accent);
        }
    }
    if h > 4 {
        paint.footer(model);
    }
}
