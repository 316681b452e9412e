//! An invitation being written.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::session::Session;
use crate::app::screens::invite::InviteForm;
use crate::app::screens::members::enforced;
use crate::tui::view::input;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, session: &Session, form: &InviteForm, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let header = u16::from(h > 3);
    if header > 0 {
        let title = format!("invite to {}", session.vaults.name(form.vault));
        paint.title(&title, if form.busy.is_some() { "working" } else { "" });
    }
    let mut y = header.saturating_add(u16::from(h >= 8));
    if header > 0 || !form.at_role {
        paint.put(2, y, 6, "name", if form.at_role { look.dim } else { look.bold });
        input::draw(paint, 9, y, w.saturating_sub(10), &form.name, !form.at_role, Style::new());
        y = y.saturating_add(1);
    }
    if header > 0 || form.at_role {
        paint.put(2, y, 6, "role", if form.at_role { look.bold } else { look.dim });
        let (left, right) = if look.ascii { ("<", ">") } else { ("‹", "›") };
        paint.put(9, y, w.saturating_sub(9), &format!("{left} {} {right}", form.role.name()), Style::new());
        if form.at_role {
            paint.cursor = Some((9, y));
        }
        y = y.saturating_add(1);
    }
    if h >= 8 {
        y = paint.lines(9, y, w.saturating_sub(10), 2, enforced(form.role), look.dim).saturating_add(1);
    }
    paint.footer(model);
    if let Some(error) = &form.error {
        paint.error(2, y, error);
    }
}
