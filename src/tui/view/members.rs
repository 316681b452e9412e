//! Who belongs to a shared vault.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::session::Session;
use crate::app::screens::members::{Members, Who, enforced};
use crate::tui::view::paint::Paint;
use crate::vault::roster::Role;
use crate::vault::sharing::Me;

pub(super) fn draw(model: &Model, session: &Session, members: &Members, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let Some(open) = session.vaults.get(members.vault) else { return };
    let header = u16::from(h > 3);
    if header > 0 {
        let me = match open.vault.me() {
            Me::Member { name, role } => format!("you are {name}, {}", role.name()),
            Me::Pending { name, .. } => format!("you are {name}, not let in yet"),
        };
        paint.title(&format!("members of {}", open.name), if members.busy.is_some() { "working" } else { &me });
    }
    // The selected one's particulars, and the words of the list itself.
    let below: u16 = if h >= 12 { 7 } else { 0 };
    let x = if w >= 60 { 19 } else { 0 };
    let rows = usize::from(h.saturating_sub(header).saturating_sub(below).saturating_sub(u16::from(h > 3))).max(1);
    let first = members.cursor.saturating_add(1).saturating_sub(rows);
    let name = match w {
        60.. => 18,
        48.. => 12,
        _ => w.saturating_sub(14).max(6),
    };
    for (n, row) in members.rows.iter().enumerate().skip(first).take(rows) {
        let y = header.saturating_add(u16::try_from(n.saturating_sub(first)).unwrap_or(0));
        let style = match &row.who {
            Who::Gone(_) => look.dim,
            Who::Waiting(..) | Who::Asks(_) | Who::Secret(_) | Who::Aside(_) | Who::Ahead(_) => look.warn,
            _ => Style::new(),
        };
        paint.put(2, y, name, &row.name, style);
        let x = name.saturating_add(3);
        paint.put(x, y, 7, row.role, style);
        let x = x.saturating_add(8);
        if w >= 48 {
            let wide = w >= 110 && !row.fingerprint.is_empty();
            let room = w.saturating_sub(x).saturating_sub(if wide { 38 } else { 1 });
            paint.put(x, y, room, &row.state(), look.dim);
            if wide {
                paint.put_right(w.saturating_sub(37), y, 36, &row.fingerprint, look.dim);
            }
        }
        if n == members.cursor {
            paint.reverse(1, y, w.saturating_sub(1));
            paint.put(0, y, 1, look.signs.selected, look.accent);
            paint.cursor = Some((0, y));
        }
    }
    if below > 0 {
        let mut y = h.saturating_sub(below);
        if let Some(row) = members.selected() {
            if let Some(role) = Role::from_name(row.role).filter(|_| !matches!(row.who, Who::Gone(_))) {
                let words = format!("{}: {}", row.role, enforced(role));
                y = paint.lines(2, y, w.saturating_sub(3), 2, &words, Style::new());
            } else {
                y = y.saturating_add(1);
            }
            if !row.fingerprint.is_empty() {
                if x > 0 {
                    paint.put(2, y, 16, "six words", look.dim);
                }
                paint.put(x.max(2), y, w, &row.fingerprint, look.bold);
            }
            y = y.saturating_add(1);
        }
        let end = paint.put(2, y, w, "the list itself", look.dim);
        if x == 0 {
            y = y.saturating_add(1);
        }
        let words = format!("{} (epoch {})", open.vault.fingerprint(), open.vault.epoch());
        let x = if x > 0 { x.max(end) } else { 2 };
        paint.lines(x, y, w.saturating_sub(x), 2, &words, Style::new());
    }
    if h > 3 {
        paint.footer(model);
    }
}
