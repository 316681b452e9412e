//! Making or joining a shared vault, or saying where one is kept.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::screens::share::ShareForm;
use crate::text::broken;
use crate::tui::view::input;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, form: &ShareForm, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let header = u16::from(h > 3);
    if header > 0 {
        paint.title(form.what.title(), if form.busy.is_some() { "working: this may take a while" } else { "" });
    }
    let rows = form.rows();
    let at = rows.iter().position(|row| *row == form.at).unwrap_or(0);
    // One row at a time where there is little room.
    let room = if h > 5 { rows.len() } else { 1 };
    let first = at.saturating_add(1).saturating_sub(room);
    let x = if w >= 40 { 13 } else { 10.min(w / 2) };
    let mut y = header.saturating_add(u16::from(h >= 8));
    let mut wrong = None;
    for row in rows.iter().skip(first).take(room) {
        let here = *row == form.at;
        if here {
            paint.put(0, y, 1, look.signs.selected, look.accent);
        }
        paint.put(2, y, x.saturating_sub(3), row.label(), if here { look.bold } else { look.dim });
        let columns = w.saturating_sub(x).saturating_sub(1);
        match form.input(*row) {
            Some(line) if !line.is_empty() || here => {
                input::draw(paint, x, y, columns, line, here && form.busy.is_none(), Style::new());
                if line.is_empty() {
                    paint.put(x.saturating_add(1), y, columns.saturating_sub(1), form.hint(*row), look.dim);
                }
            }
            Some(_) => {
                paint.put(x, y, columns, form.hint(*row), look.dim);
            }
            None => {
                let (left, right) = if look.ascii { ("<", ">") } else { ("‹", "›") };
                paint.put(x, y, columns, &format!("{left} {} {right}", form.chosen()), Style::new());
                if here {
                    paint.cursor = Some((x, y));
                }
            }
        }
        y = y.saturating_add(1);
        if let Some((of, error)) = &form.error
            && of == row
        {
            let x = if w >= 40 { x } else { 1 };
            wrong = Some((x, y, error));
            let lines = broken(error, w.saturating_sub(x).saturating_sub(1)).len();
            y = y.saturating_add(u16::try_from(lines).unwrap_or(h));
        }
    }
    if form.busy.is_some() && header == 0 {
        paint.put(1, y, w, "working", look.accent);
    }
    if h >= 10 {
        paint.lines(2, y.saturating_add(1), w.saturating_sub(4), 3, form.what.words(), look.dim);
    }
    if h > 3 {
        paint.footer(model);
    }
    if let Some((x, y, error)) = wrong {
        paint.error(x, y, error);
    }
}
