//! The form.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::screens::form::{Form, Row};
use crate::time::Now;
use crate::tui::view::paint::Paint;
use crate::tui::view::{code, input};

pub(super) fn draw(model: &Model, form: &Form, now: Now, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let title = if form.editing.is_some() { "edit an entry" } else { "add an entry" };
    let header = u16::from(h > 3);
    if header > 0 {
        paint.title(
            title,
            match (form.saving.is_some(), form.reading.is_some()) {
                (true, _) => "saving",
                (_, true) => "reading the picture",
                _ => "",
            },
        );
    }
    let rows = form.rows();
    let at = rows.iter().position(|row| *row == form.at).unwrap_or(0);
    // Header, preview and footer leave this many lines.
    let below = if h > 6 { 3 } else { 0 };
    let room = usize::from(h.saturating_sub(header).saturating_sub(below)).max(1);
    let wrong = form.errors.iter().find(|(row, _)| *row == form.at).map(|(_, error)| error);
    // Where there is little room, what is wrong has all of it below its row.
    let alone = below == 0 && wrong.is_some();
    let first = if alone { at } else { at.saturating_add(1).saturating_sub(room) };
    let x = if w >= 40 { 17 } else { 10.min(w / 3) };
    let mut y = header;
    let end = if alone { header.saturating_add(1) } else { h.saturating_sub(below) };
    for row in rows.iter().skip(first) {
        if y >= end {
            break;
        }
        let here = *row == form.at;
        let style = if here { look.bold } else { look.dim };
        if here {
            paint.put(0, y, 1, look.signs.selected, look.accent);
        }
        paint.put(2, y, x.saturating_sub(3), row.label(), style);
        let error = form.errors.iter().find(|(place, _)| place == row).map(|(_, error)| error.as_str());
        let warning = form.warning().filter(|_| *row == Row::Secret && error.is_none());
        let columns = w.saturating_sub(x).saturating_sub(1);
        match form.input(*row) {
            Some(line) if !line.is_empty() || here => {
                let wide = if error.is_some() || warning.is_some() { columns / 2 } else { columns };
                input::draw(paint, x, y, wide, line, here, Style::new());
                if line.is_empty() && error.is_none() {
                    paint.put(x.saturating_add(1), y, columns.saturating_sub(1), row.hint(), look.dim);
                }
            }
            Some(_) => {
                if error.is_none() {
                    paint.put(x, y, columns, row.hint(), look.dim);
                }
            }
            None => {
                let value = form.choice(*row);
                let (left, right) = if look.ascii { ("<", ">") } else { ("‹", "›") };
                paint.put(
                    x,
                    y,
                    columns,
                    &format!("{left} {value} {right}"),
                    if here { look.bold } else { Style::new() },
                );
                if here {
                    paint.cursor = Some((x, y));
                }
            }
        }
        if let Some(error) = error {
            let empty = form.input(*row).is_some_and(crate::app::core::input::Input::is_empty);
            let from = if empty {
                x.saturating_add(if here { 2 } else { 0 })
            } else {
                x.saturating_add(columns / 2).saturating_add(1)
            };
            paint.put(from, y, w.saturating_sub(from), error, look.bad.patch(look.bold));
        } else if let Some(warning) = warning {
            let from = x.saturating_add(columns / 2).saturating_add(1);
            paint.put(from, y, w.saturating_sub(from), &warning, look.warn.patch(look.bold));
        }
        y = y.saturating_add(1);
    }
    if below == 0 {
        if let Some(error) = wrong {
            paint.error(1, end, error);
        }
        return;
    }
    let line = h.saturating_sub(3);
    if let Some(duplicate) = &form.duplicate {
        paint.put(1, line, w, duplicate, look.warn.patch(look.bold));
    } else if form.preview.as_ref().is_some_and(|otp| !otp.is_timed()) {
        // A counter's code counts as used once it is seen.
        paint.put(2, line, w, "the secret is good; codes are drawn by copying them", look.dim);
    } else if let Some(otp) = &form.preview
        && let Ok(made) = otp.code(now.unix())
    {
        let end = paint.put(2, line, w, "code", look.dim);
        let end = paint.put(x.max(end.saturating_add(1)), line, 12, &code::grouped(made.as_str(), 11), look.bold);
        if otp.is_timed() {
            let left = code::left(otp, now);
            paint.put(end.saturating_add(2), line, 6, &code::seconds(left, now, &look), look.good);
        }
    }
    paint.footer(model);
    if let Some(error) = wrong {
        paint.error(1, line, error);
    }
}
