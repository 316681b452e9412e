//! The help: what each key does, from the table of actions, and what enforces each role.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::keymap::{Row, table};
use crate::app::screens::help::Help;
use crate::app::screens::members::enforced;
use crate::text::broken;
use crate::tui::view::paint::Paint;
use crate::vault::roster::Role;

pub(super) fn draw(model: &Model, help: &Help, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    paint.title("what each key does", "keys are set in config.toml");
    let keys_width: u16 = if w >= 48 { 18 } else { 8 };
    let x = keys_width.saturating_add(2);
    let mut all: Vec<&Row> = table().iter().collect();
    // The keys of the screen below first: that is where people are.
    all.sort_by_key(|row| (!row.screens.contains(&help.of), model.keys_of(row.name).is_empty()));
    let mut told: Vec<(String, String)> =
        all.iter().map(|row| (keys(model, row, paint), row.line.to_owned())).collect();
    told.extend([Role::Viewer, Role::Editor, Role::Owner].map(|role| (role.name().into(), enforced(role).into())));
    // Where each begins, once it is broken into lines.
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut begins = Vec::new();
    for (keys, line) in told {
        begins.push(lines.len());
        for (n, part) in broken(&line, w.saturating_sub(x).saturating_sub(1)).iter().enumerate() {
            lines.push((if n == 0 { keys.clone() } else { String::new() }, part.to_string()));
        }
    }
    let rows = usize::from(h.saturating_sub(2)).max(1);
    let top = begins.get(help.top).copied().unwrap_or(lines.len()).min(lines.len().saturating_sub(rows));
    for (n, (keys, line)) in lines.iter().skip(top).take(rows).enumerate() {
        let y = u16::try_from(n).unwrap_or(0).saturating_add(1);
        paint.put(1, y, keys_width, keys, paint.look.accent);
        paint.put(x, y, w, line, Style::new());
    }
    paint.cursor = Some((0, 1));
    paint.footer(model);
}

/// The keys of an action; without any, its name in the palette.
fn keys(model: &Model, row: &Row, paint: &Paint<'_>) -> String {
    let keys = model.keys_of(row.name);
    match (keys.first(), keys.last()) {
        (Some(first), Some(last)) if keys.len() > 3 => {
            format!("{}-{}", first.label(paint.look.ascii), last.label(paint.look.ascii))
        }
        (None, _) => format!(": {}", row.name.replace('_', " ")),
        _ => keys.iter().map(|key| key.label(paint.look.ascii)).collect::<Vec<_>>().join(" "),
    }
}
