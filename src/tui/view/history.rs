//! What was done to an entry or a vault.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::history::{History, What};
use crate::tui::view::detail::date;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, history: &History, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    paint.title(&format!("history of {}", history.title), &format!("{} changes", history.items.len()));
    let rows = usize::from(h.saturating_sub(3)).max(1);
    let arrow = if look.ascii { "->" } else { "→" };
    for (n, item) in history.items.iter().skip(history.top).take(rows).enumerate() {
        let y = u16::try_from(n).unwrap_or(0).saturating_add(1);
        let end = paint.put(1, y, w, date(item.at_ms).trim_end_matches(" UTC"), look.dim);
        let end = if w >= 60 { paint.put(end.saturating_add(2), y, 12, &item.by, look.accent) } else { end };
        let end = match &item.entry {
            Some(entry) => paint.put(end.saturating_add(2), y, 16, entry, Style::new()),
            None => end,
        };
        let (field, from, to) = match &item.what {
            What::Field(field, from, to) => (field, from, to),
            What::Event(words) => {
                paint.put(end.saturating_add(2), y, w, words, Style::new());
                continue;
            }
        };
        let end = paint.put(end.saturating_add(2), y, 14, field, look.bold);
        let from = from.as_deref().unwrap_or("nothing");
        let to = to.as_deref().unwrap_or("nothing");
        let end = paint.put(end.saturating_add(2), y, w / 3, from, Style::new());
        let end = paint.put(end.saturating_add(1), y, 2, arrow, look.dim);
        paint.put(end.saturating_add(1), y, w, to, Style::new());
    }
    paint.cursor = Some((0, 1));
    paint.footer(model);
}
