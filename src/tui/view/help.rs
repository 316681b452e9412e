//! The help, from the table of actions.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::Screen;
use crate::app::actions::table;
use crate::app::help::Help;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, help: &Help, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    paint.title("what each key does", "keys are set in config.toml");
    let rows = usize::from(h.saturating_sub(2));
    let mut known: Vec<_> = table().iter().filter(|row| !model.keys_of(row.name).is_empty()).collect();
    // The list's keys first: that is where people are.
    known.sort_by_key(|row| !row.screens.contains(&Screen::List));
    let top = help.top.min(known.len().saturating_sub(rows.max(1)));
    let keys_width = if w >= 48 { 18 } else { 8 };
    for (n, row) in known.iter().skip(top).take(rows).enumerate() {
        let y = u16::try_from(n).unwrap_or(0).saturating_add(1);
        let keys = model.keys_of(row.name);
        let keys = match (keys.first(), keys.last()) {
            (Some(first), Some(last)) if keys.len() > 3 => {
                format!("{}-{}", first.label(paint.look.ascii), last.label(paint.look.ascii))
            }
            _ => keys.iter().map(|key| key.label(paint.look.ascii)).collect::<Vec<_>>().join(" "),
        };
        paint.put(1, y, keys_width, &keys, paint.look.accent);
        paint.put(keys_width.saturating_add(2), y, w, row.line, Style::new());
    }
    paint.cursor = Some((0, 1));
    paint.footer(model);
}
