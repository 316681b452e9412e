//! Shared vaults themselves: the form, and what is to be read once.

use ratatui::style::Style;
use zeroize::Zeroizing;

use crate::app::Model;
use crate::app::share::{ShareForm, Told};
use crate::secret::Text;
use crate::tui::view::input;
use crate::tui::view::paint::{Paint, broken};

pub(super) fn draw(model: &Model, form: &ShareForm, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let header = u16::from(h > 3);
    if header > 0 {
        paint.title(form.what.title(), if form.busy { "working: this may take a while" } else { "" });
    }
    let rows = form.rows();
    let at = rows.iter().position(|row| *row == form.at).unwrap_or(0);
    // One row at a time where there is little room.
    let room = if h > 5 { rows.len() } else { 1 };
    let first = at.saturating_add(1).saturating_sub(room);
    let x = if w >= 40 { 13 } else { 10.min(w / 2) };
    let mut y = header.saturating_add(u16::from(h >= 8));
    for row in rows.iter().skip(first).take(room) {
        let here = *row == form.at;
        if here {
            paint.put(0, y, 1, look.signs.selected, look.accent);
        }
        paint.put(2, y, x.saturating_sub(3), row.label(), if here { look.bold } else { look.dim });
        let columns = w.saturating_sub(x).saturating_sub(1);
        match form.input(*row) {
            Some(line) if !line.is_empty() || here => {
                input::draw(paint, x, y, columns, line, here && !form.busy, Style::new());
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
            let left = h.saturating_sub(y).saturating_sub(u16::from(h > 3)).max(1);
            y = paint.lines(x, y, w.saturating_sub(x).saturating_sub(1), left, error, look.bad.patch(look.bold));
        }
    }
    if form.busy && header == 0 {
        paint.put(1, y, w, "working", look.accent);
    }
    if h >= 10 {
        paint.lines(2, y.saturating_add(1), w.saturating_sub(4), 3, form.what.words(), look.dim);
    }
    if h > 3 {
        paint.footer(model);
    }
}

pub(super) fn draw_told(model: &Model, told: &Told, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let (top, told) = (told.top, &told.shared);
    if h > 3 {
        paint.title(&told.title, if told.code.is_some() { "shown this once" } else { "" });
    }
    let mut y = u16::from(h > 3).saturating_add(u16::from(h >= 8));
    if let Some(code) = &told.code {
        y = draw_code(code, y, paint);
        paint.cursor = Some((0, y.min(h.saturating_sub(1))));
        y = y.saturating_add(1);
        if h < 8 {
            return;
        }
    }
    let words = told.said.join("\n");
    let lines = broken(&words, w.saturating_sub(2));
    let rows = usize::from(h.saturating_sub(y).saturating_sub(u16::from(h > 3))).max(1);
    let top = top.min(lines.len().saturating_sub(rows));
    for line in lines.iter().skip(top).take(rows) {
        paint.put(1, y, w.saturating_sub(1), line, Style::new());
        y = y.saturating_add(1);
    }
    if told.code.is_none() {
        paint.cursor = Some((0, 0));
    }
    if h > 3 {
        paint.footer(model);
    }
}

/// A code, broken between its groups, so that all of it is seen at any width; gives back the line after it.
fn draw_code(code: &Text, mut y: u16, paint: &mut Paint<'_>) -> u16 {
    let (w, h) = (paint.width(), paint.height());
    let words = Text::from(code.replace('-', "- ").as_str());
    let rows = usize::from(h.saturating_sub(y)).max(1);
    let mut lines = broken(&words, w.saturating_sub(2));
    if lines.len() > rows {
        // The groups are for people; without them it is as good.
        let bare = Text::from(code.replace('-', "").as_str());
        let letters: Zeroizing<Vec<char>> = Zeroizing::new(bare.chars().collect());
        let groups = letters.chunks(usize::from(w.saturating_sub(2)).max(4));
        lines = groups.map(|group| Zeroizing::new(group.iter().collect())).collect();
    }
    for line in lines.iter().take(rows) {
        let line = Text::from(line.replace("- ", "-").as_str());
        paint.put(1, y, w, &line, paint.look.bold);
        y = y.saturating_add(1);
    }
    y
}
