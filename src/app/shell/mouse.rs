//! The mouse: a click selects, a click on a code copies, the wheel scrolls, the footer's hints can be clicked.

use crate::app::core::geometry::{columns, parts};
use crate::app::keymap::{Action, hints};
use crate::app::msg::{Mouse, MouseKind};
use crate::app::shell::model::{Model, Stage};
use crate::app::shell::update::act;
use crate::app::{Effect, Screen};
use crate::text::width;
use crate::time::Now;

pub(crate) fn mouse(model: &mut Model, mouse: Mouse, now: Now, out: &mut Vec<Effect>) {
    let (w, h) = model.size;
    let places = parts(w, h);
    let screen = model.screen();
    if mouse.kind == MouseKind::Press && places.footer == Some(mouse.row) {
        let hit = footer(model, screen, w)
            .into_iter()
            .find(|hint| mouse.column >= hint.x && mouse.column < hint.x.saturating_add(hint.w));
        if let Some(hint) = hit {
            act(model, hint.action, None, now, out);
        }
        return;
    }
    if !matches!(screen, Screen::List | Screen::Search) {
        match mouse.kind {
            MouseKind::WheelUp => act(model, Action::Up, None, now, out),
            MouseKind::WheelDown => act(model, Action::Down, None, now, out),
            MouseKind::Press => {}
        }
        return;
    }
    let Stage::Open(session) = &mut model.stage else { return };
    let rows = usize::from(places.list.h);
    match mouse.kind {
        MouseKind::WheelUp => session.list.scroll(-3, rows),
        MouseKind::WheelDown => session.list.scroll(3, rows),
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
                act(model, Action::Copy, None, now, out);
            }
        }
    }
}

/// A hint in the footer and where it stands.
pub(crate) struct Hint {
    pub(crate) x: u16,
    pub(crate) w: u16,
    pub(crate) key: String,
    pub(crate) word: &'static str,
    pub(crate) action: Action,
}

/// The footer's hints that have room.
pub(crate) fn footer(model: &Model, screen: Screen, w: u16) -> Vec<Hint> {
    let mut x = 1_u16;
    let mut placed = Vec::new();
    let mut all = hints(model, screen);
    // Help has its place even where there is room for little else.
    if let Some(help) = all.iter().position(|(_, _, action)| *action == Action::Help) {
        let help = all.remove(help);
        let room = usize::from(w).saturating_sub(1);
        let cost = |hint: &(String, &str, Action)| width(&hint.0).saturating_add(width(hint.1)).saturating_add(3);
        let mut used = cost(&help);
        all.retain(|hint| {
            used = used.saturating_add(cost(hint));
            used <= room.saturating_add(2)
        });
        all.push(help);
    }
    for (key, word, action) in all {
        let wide = u16::try_from(width(&key).saturating_add(1).saturating_add(width(word))).unwrap_or(u16::MAX);
        if x.saturating_add(wide) > w {
            break;
        }
        placed.push(Hint { x, w: wide, key, word, action });
        x = x.saturating_add(wide).saturating_add(2);
    }
    placed
}
