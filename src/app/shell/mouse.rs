//! The mouse: a click selects, a click on a code copies, the wheel scrolls, the footer's hints can be clicked.

use crate::app::Screen;
use crate::app::core::geometry::{columns, parts};
use crate::app::keymap::Action;
use crate::app::msg::{Mouse, MouseKind};
use crate::app::shell::footer::footer;
use crate::app::shell::model::Model;
use crate::app::shell::update::act;
use crate::time::Now;

pub(crate) fn mouse(model: &mut Model, mouse: Mouse, now: Now) {
    let (w, h) = model.size;
    let places = parts(w, h);
    let screen = model.screen();
    if mouse.kind == MouseKind::Press && places.footer == Some(mouse.row) {
        let hit = footer(model, w)
            .into_iter()
            .find(|hint| mouse.column >= hint.x && mouse.column < hint.x.saturating_add(hint.w));
        if let Some(hint) = hit {
            act(model, hint.action, None, now);
        }
        return;
    }
    if !matches!(screen, Screen::List | Screen::Search) {
        let action = if mouse.kind == MouseKind::WheelUp { Action::Up } else { Action::Down };
        if mouse.kind != MouseKind::Press {
            act(model, action, None, now);
        }
        return;
    }
    let Some((_, ctx)) = model.open(None, now) else { return };
    let session = ctx.session;
    match mouse.kind {
        MouseKind::WheelUp => session.list.scroll(-3),
        MouseKind::WheelDown => session.list.scroll(3),
        MouseKind::Press => {
            let inside = mouse.row >= places.list.y
                && mouse.row < places.list.y.saturating_add(places.list.h)
                && mouse.column < places.list.w;
            let row = session.list.top.saturating_add(usize::from(mouse.row.saturating_sub(places.list.y)));
            if !inside || row >= session.list.len() {
                return;
            }
            session.list.cursor = row;
            session.revealed = None;
            let (x, width) = columns(places.list.w, session.names_vaults(w)).code;
            if mouse.column >= x && mouse.column < x.saturating_add(width) {
                act(model, Action::Copy, None, now);
            }
        }
    }
}
