//! Fields that were changed in two places at once: both values, who set each, and when.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::session::Session;
use crate::app::screens::conflicts::{Conflicts, Field};
use crate::secret::Text;
use crate::tui::view::entry::date;
use crate::tui::view::paint::Paint;
use crate::vault::conflict::Side;

/// A value as it is shown: dots for secrets, unless they were asked for.
fn words(field: &Field, side: &Side, bare: bool, paint: &Paint<'_>) -> Text {
    match &side.value {
        None => Text::from("nothing"),
        Some(_) if field.conflict.is_hidden() && !bare => Text::from(paint.look.signs.hidden),
        Some(value) => value.clone(),
    }
}

pub(super) fn draw(model: &Model, session: &Session, conflicts: &Conflicts, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let header = u16::from(h > 3);
    let several = session.vaults.several();
    if header > 0 {
        let count = conflicts.fields.len();
        let noun = if count == 1 { "field" } else { "fields" };
        paint.title("changed in two places", &format!("{count} {noun}"));
    }
    // The selected value in full.
    let below: u16 = if h >= 12 { 5 } else { 0 };
    let bottom = h.saturating_sub(below).saturating_sub(u16::from(h > 3));
    let rows = usize::from(bottom.saturating_sub(header)).max(1);
    // Each field's heading, then its values.
    let mut lines: Vec<(Option<usize>, &Field, usize)> = Vec::new();
    let mut at = 0_usize;
    let mut cursor_line = 0_usize;
    for (n, (field, side)) in conflicts.places().into_iter().enumerate() {
        let Some(of) = conflicts.fields.get(field) else { continue };
        if n == 0 || lines.last().is_none_or(|(_, last, _)| !std::ptr::eq(*last, of)) {
            lines.push((None, of, 0));
            at = at.saturating_add(1);
        }
        if n == conflicts.cursor {
            cursor_line = at;
        }
        lines.push((Some(n), of, side));
        at = at.saturating_add(1);
    }
    let first = cursor_line.saturating_add(1).saturating_sub(rows);
    for (n, (place, field, side)) in lines.iter().skip(first).take(rows).enumerate() {
        let y = header.saturating_add(u16::try_from(n).unwrap_or(0));
        let Some(place) = place else {
            let vault = if several { format!("  {}", session.vaults.name(field.spot.vault)) } else { String::new() };
            let end = paint.put(1, y, w, &format!("{}: {}", field.title, field.conflict.label()), look.bold);
            paint.put(end, y, w, &vault, look.dim);
            continue;
        };
        let Some(side) = field.conflict.sides.get(*side) else { continue };
        let shown = field.conflict.sides.last().is_some_and(|last| std::ptr::eq(last, side));
        let mark = if shown { "shown" } else { "other" };
        let (value_x, by_x, at_x) = match w {
            80.. => (10, w.saturating_sub(38), w.saturating_sub(21)),
            40.. => (9, w.saturating_sub(22), w.saturating_sub(11)),
            _ => (3, w.saturating_sub(7), w),
        };
        let mark = if value_x > 3 {
            mark
        } else if shown {
            look.signs.ok
        } else {
            ""
        };
        paint.put(if value_x > 3 { 2 } else { 1 }, y, 6, mark, look.dim);
        let value = words(field, side, conflicts.bare, paint);
        paint.put(value_x, y, by_x.saturating_sub(value_x).saturating_sub(1), &value, Style::new());
        paint.put(by_x, y, at_x.saturating_sub(by_x).saturating_sub(1), &side.by, look.accent);
        let when = date(side.at.ms());
        let when = if w >= 80 { when.as_str() } else { when.get(..10).unwrap_or("") };
        paint.put(at_x, y, w.saturating_sub(at_x), when, look.dim);
        if *place == conflicts.cursor {
            paint.reverse(1, y, w.saturating_sub(1));
            paint.put(0, y, 1, look.signs.selected, look.accent);
            paint.cursor = Some((0, y));
        }
    }
    if below > 0
        && let Some((field, side)) = conflicts.selected_side()
    {
        let value = words(field, side, conflicts.bare, paint);
        let room = below.saturating_sub(2);
        paint.lines(2, bottom.saturating_add(1), w.saturating_sub(4), room, &value, Style::new());
    }
    if h > 3 {
        paint.footer(model);
    }
}
