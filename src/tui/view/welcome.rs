//! First run.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::screens::welcome::{CHOICES, Welcome};
use crate::tui::view::paint::Paint;
use crate::tui::view::passphrase;

pub(super) fn draw(model: &Model, welcome: &Welcome, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    paint.title("one-time passwords in a vault of your own", "");
    let mut y = if h >= 10 { 2 } else { 1 };
    if welcome.busy.is_some() {
        let text = if welcome.create.is_some() {
            "making the vault: measuring this machine takes a moment"
        } else {
            "opening"
        };
        paint.put(1, y, w, text, look.accent);
        return;
    }
    if let Some(twice) = &welcome.create {
        if h >= 8 {
            let path = welcome.path.to_string_lossy();
            let text = format!("A passphrase for the new vault, kept in {path}. Nobody can reset it.");
            y = paint.lines(1, y, w.saturating_sub(2), 3, &text, Style::new());
        }
        y = passphrase::twice(twice, y.saturating_add(u16::from(h >= 10)), true, paint);
    } else {
        let found =
            model.own_vaults().map(|vault| (format!("Open {}", vault.name), vault.path.to_string_lossy().into_owned()));
        let choices = CHOICES.iter().map(|(name, line)| ((*name).to_owned(), (*line).to_owned())).chain(found);
        let rows = usize::from(h.saturating_sub(y).saturating_sub(2)).max(1);
        let first = welcome.chosen.saturating_add(1).saturating_sub(rows);
        for (n, (name, line)) in choices.enumerate().skip(first).take(rows) {
            let chosen = n == welcome.chosen;
            if chosen {
                paint.put(1, y, 1, look.signs.selected, look.accent);
                paint.cursor = Some((1, y));
            }
            paint.put(3, y, 24, &name, if chosen { look.bold } else { Style::new() });
            if w >= 48 {
                paint.put(22, y, w.saturating_sub(23), &line, look.dim);
            }
            y = y.saturating_add(1);
        }
    }
    paint.footer(model);
    passphrase::error(welcome.create.as_ref(), welcome.trouble.as_ref(), y, paint);
}
