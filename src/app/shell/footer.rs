//! The footer: the keys that do something here, as many as have room.

use crate::app::keymap::{self, Action, Row, action_for, table};
use crate::app::shell::model::{Model, Stage};
use crate::text::width;

/// What the footer names: key, word, action; the most useful first.
fn hints(model: &Model) -> Vec<(String, &'static str, Action)> {
    let screen = model.screen();
    let word = |row: &'static Row| match &model.stage {
        Stage::Welcome(_) | Stage::Locked(_) => Some(keymap::word(row, screen)),
        Stage::Open(open) => open.stack.first().hint(row, &open.session),
    };
    let hint = |row: &'static Row| {
        let reachable = |key: &&_| action_for(&model.config, screen, key) == Some(row.action);
        let key = model.keys_of(row.name).iter().find(reachable)?;
        Some((key.label(model.config.ascii), word(row)?, row.action))
    };
    table().iter().filter(|row| !row.short.is_empty() && row.screens.contains(&screen)).filter_map(hint).collect()
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
pub(crate) fn footer(model: &Model, w: u16) -> Vec<Hint> {
    let mut x = 1_u16;
    let mut placed = Vec::new();
    let mut all = hints(model);
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
