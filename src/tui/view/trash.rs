//! The trash.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::session::Session;
use crate::app::screens::trash::Trash;
use crate::tui::view::entry::date;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, session: &Session, trash: &Trash, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    if h > 3 {
        paint.title("trash", &format!("{} deleted", trash.spots.len()));
    }
    let rows = usize::from(h.saturating_sub(4)).max(1);
    if trash.spots.is_empty() {
        paint.put(3, 2, w, "the trash is empty", look.dim);
    }
    let first = trash.cursor.saturating_add(1).saturating_sub(rows);
    for (n, spot) in trash.spots.iter().enumerate().skip(first).take(rows) {
        let Some(entry) = session.vaults.entry(*spot) else { continue };
        let y = u16::try_from(n.saturating_sub(first))
            .unwrap_or(0)
            .saturating_add(u16::from(h > 3).saturating_add(u16::from(h > 6)));
        let half = w.saturating_sub(28) / 2;
        let issuer = if w >= 60 { half } else { w.saturating_sub(4) };
        paint.put(3, y, issuer, entry.title(), Style::new());
        if w >= 60 {
            paint.put(half.saturating_add(4), y, half, &entry.details.account, Style::new());
            paint.put_right(w.saturating_sub(22), y, 21, &date(entry.changed.ms()), look.dim);
        }
        if n == trash.cursor {
            paint.reverse(1, y, w.saturating_sub(1));
            paint.put(0, y, 1, look.signs.selected, look.accent);
            paint.cursor = Some((0, y));
        }
    }
    paint.footer(model);
}
