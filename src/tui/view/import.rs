//! Importing.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::screens::import::Import;
use crate::formats::columns::{Field, Sheet};
use crate::formats::plan::{Action, Plan};
use crate::text::broken;
use crate::time::Now;
use crate::tui::view::input;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, import: &Import, now: Now, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let mut below = h.saturating_sub(2);
    if import.plan.is_some() {
        plan(import, paint);
    } else if let Some(sheet) = &import.table {
        columns(import, sheet, paint);
    } else {
        let title = if import.asks_for_more() { "add another file" } else { "import another program's file" };
        paint.title(title, "");
        let y = u16::from(h > 4).saturating_add(1);
        if import.reading.is_some() {
            let words = match import.seconds(now).filter(|seconds| *seconds > 0 && !model.config.plain) {
                Some(seconds) => format!("reading, {seconds} s: a password's key can take a while. Esc gives it up"),
                None => "reading".to_owned(),
            };
            paint.put(1, y, w, &words, look.accent);
        } else {
            let label = import.needs_password.map_or_else(|| "file".to_owned(), |format| format!("{format} password"));
            let end = paint.put(1, y, w / 2, &label, look.bold).saturating_add(2);
            let line = if import.needs_password.is_some() { &import.password } else { &import.path };
            input::draw(paint, end, y, w.saturating_sub(end), line, true, Style::new());
            if import.needs_password.is_none() && import.error.is_none() && h > 6 {
                let known: Vec<&str> = crate::formats::registry::FORMATS.iter().map(|format| format.name).collect();
                let text = format!(
                    "Tab completes the path. Known: {}. What it is, is seen from its content.",
                    known.join(", ")
                );
                paint.lines(1, y.saturating_add(2), w.saturating_sub(2), 2, &text, look.dim);
            }
            let rows = if import.error.is_some() { 0 } else { usize::from(h.saturating_sub(y).saturating_sub(7)) };
            for (n, path) in import.completions.iter().take(rows).enumerate() {
                paint.put(
                    3,
                    y.saturating_add(4).saturating_add(u16::try_from(n).unwrap_or(0)),
                    w.saturating_sub(4),
                    path,
                    Style::new(),
                );
            }
        }
        below = y.saturating_add(1);
    }
    paint.footer(model);
    if let Some(error) = &import.error {
        paint.error(1, below, error);
    }
}

/// What the columns of a table hold: a row for each, with what is in its first rows.
fn columns(import: &Import, sheet: &Sheet, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    paint.title("what do the columns hold?", if import.reading.is_some() { "reading" } else { "" });
    let rows = usize::from(h.saturating_sub(3)).max(1);
    let first = import.cursor.saturating_add(1).saturating_sub(rows);
    let quarter = w.saturating_sub(14) / 4;
    let mut y = 1;
    for (n, name) in sheet.names.iter().enumerate().skip(first).take(rows) {
        paint.put(2, y, quarter, name, look.bold);
        let held = sheet.columns.get(n);
        let style = if held.is_some() { look.good } else { look.dim };
        paint.put(quarter.saturating_add(3), y, 10, held.map_or("–", Field::name), style);
        let mut x = quarter.saturating_add(14);
        for row in 0..sheet.rows.len() {
            paint.put(x, y, quarter.min(w.saturating_sub(x)), &sheet.shown(row, n), look.dim);
            x = x.saturating_add(quarter).saturating_add(1);
        }
        if n == import.cursor {
            paint.reverse(1, y, w.saturating_sub(1));
            paint.put(0, y, 1, look.signs.selected, look.accent);
            paint.cursor = Some((0, y));
        }
        y = y.saturating_add(1);
    }
}

fn plan(import: &Import, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let Some(plan) = &import.plan else { return };
    let (added, replaced, skipped) = import.counts();
    let counts = format!("{added} new, {replaced} replaced, {skipped} skipped, {} refused", plan.problems.len());
    paint.title(import.format, if import.saving.is_some() { "saving" } else { &counts });
    // What is selected in full, where its row cuts it; the rest is a list of entries and, behind them, of what was refused.
    let words = said_of(plan, import.cursor);
    let room = if h > 8 { broken(&words, w.saturating_sub(4)).len().min(3) } else { 0 };
    let missing = plan.missing.len().min(usize::from(h / 4));
    let rows = usize::from(h.saturating_sub(3)).saturating_sub(missing).saturating_sub(room).max(1);
    if import.len() == 0 {
        paint.put(3, 1, w, "there is no entry in it", look.dim);
    }
    let first = import.cursor.saturating_add(1).saturating_sub(rows);
    let mut y = 1;
    for n in (first..import.len()).take(rows) {
        match plan.rows.get(n) {
            Some(row) => {
                let (word, style) = match &row.action {
                    Action::Add => ("add", look.good),
                    Action::Replace(_) => ("replace", look.warn),
                    Action::Skip(_) => ("skip", look.dim),
                };
                paint.put(2, y, 8, word, style);
                let third = w.saturating_sub(10) / 3;
                paint.put(10, y, third, &row.details.issuer, Style::new());
                paint.put(third.saturating_add(11), y, third, &row.details.account, Style::new());
                paint.put(third.saturating_mul(2).saturating_add(12), y, w, &said_of(plan, n), look.dim);
            }
            None => {
                paint.put(2, y, w, &said_of(plan, n), look.bad);
            }
        }
        if n == import.cursor {
            paint.reverse(1, y, w.saturating_sub(1));
            paint.put(0, y, 1, look.signs.selected, look.accent);
            paint.cursor = Some((0, y));
        }
        y = y.saturating_add(1);
    }
    for text in plan.missing.iter().take(missing) {
        paint.put(2, y, w, text, look.warn);
        y = y.saturating_add(1);
    }
    if import.error.is_none() {
        let from = h.saturating_sub(2).saturating_sub(u16::try_from(room).unwrap_or(0));
        paint.lines(2, from, w.saturating_sub(4), u16::try_from(room).unwrap_or(0), &words, look.dim);
    }
}

/// What is to be said of one item: why an entry is skipped, what was put right or left behind, why something was refused.
fn said_of(plan: &Plan, item: usize) -> String {
    match (plan.rows.get(item), item.checked_sub(plan.rows.len()).and_then(|item| plan.problems.get(item))) {
        (Some(row), _) => match &row.action {
            Action::Skip(why) => why.clone(),
            _ => row.notices.join("; "),
        },
        (None, Some(problem)) => {
            let label = if problem.label.is_empty() { String::new() } else { format!(" {}", problem.label) };
            format!("refused, {}{label}: {}", problem.place, problem.reason)
        }
        (None, None) => String::new(),
    }
}
