//! Exporting.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::session::Session;
use crate::app::screens::export::{Export, Row};
use crate::text::broken;
use crate::tui::view::input;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, session: &Session, export: &Export, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let only = session.list.vault().map(|vault| format!("export all entries of {}", session.vaults.name(vault)));
    let title = only.as_deref().unwrap_or("export all entries");
    paint.title(title, if export.writing.is_some() { "writing" } else { "" });
    let mut y = u16::from(h > 6).saturating_add(1);
    let x = 14;
    let (left, right) = if look.ascii { ("<", ">") } else { ("‹", "›") };
    // The row that is being filled in is never below the screen.
    let rows = export.rows();
    let at = rows.iter().position(|row| *row == export.at).unwrap_or(0);
    let room = usize::from(h.saturating_sub(y).saturating_sub(1)).max(1);
    for row in rows.into_iter().skip(at.saturating_add(1).saturating_sub(room)).take(room) {
        let here = row == export.at;
        let label = match row {
            Row::Format => "format",
            Row::Protection => "protection",
            Row::Path => "file",
            Row::First => "password",
            Row::Second => "again",
        };
        if here {
            paint.put(0, y, 1, look.signs.selected, look.accent);
        }
        paint.put(2, y, x - 2, label, if here { look.bold } else { look.dim });
        let choice = match row {
            Row::Format => Some(export.format().map_or("none", |format| format.name)),
            Row::Protection => {
                Some(if export.encrypted { "encrypted with a password" } else { "plain text: anybody can read it" })
            }
            _ => None,
        };
        if let Some(choice) = choice {
            paint.put(x, y, w, &format!("{left} {choice} {right}"), Style::new());
            if here {
                paint.cursor = Some((x, y));
            }
        } else {
            let line = match row {
                Row::First => &export.password.first,
                Row::Second => &export.password.second,
                _ => &export.path,
            };
            input::draw(paint, x, y, w.saturating_sub(x), line, here, Style::new());
            if row == Row::Path && export.path.is_empty() && export.can_be_shown() {
                let hint = "codes.png; left empty, the codes are shown here";
                paint.put(x, y, w, hint, look.dim);
            }
        }
        y = y.saturating_add(1);
    }
    let below = y;
    if let Some(error) = &export.error {
        y = y.saturating_add(u16::try_from(broken(error, w.saturating_sub(3)).len()).unwrap_or(h));
    }
    if let Some(warning) = export.warning(session)
        && y.saturating_add(4) < h
    {
        y = paint.lines(2, y, w.saturating_sub(3), 3, &warning, look.warn);
    }
    let loses = export.loses(session);
    if !loses.is_empty() && y.saturating_add(3) < h {
        let text = format!("what this format cannot hold: {}", loses.join("; "));
        paint.lines(
            2,
            y.saturating_add(1),
            w.saturating_sub(3),
            h.saturating_sub(y).saturating_sub(4),
            &text,
            look.warn,
        );
    }
    paint.footer(model);
    if let Some(error) = &export.error {
        paint.error(2, below, error);
    }
}
