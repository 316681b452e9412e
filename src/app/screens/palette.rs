//! The palette: every command of the list by name, with why it cannot be done now.

use std::borrow::Cow;

use crate::app::core::input::Input;
use crate::app::keymap::{Action, Row, Screen, enabled, table};
use crate::app::shell::model::Model;

/// The palette on the screen.
pub(crate) struct Palette {
    pub(crate) input: Input,
    pub(crate) cursor: usize,
}

impl Palette {
    pub(crate) fn new() -> Palette {
        Palette { input: Input::new(), cursor: 0 }
    }

    /// The commands that match what is typed, and why each cannot be done, if so.
    pub(crate) fn found(&self, model: &Model) -> Vec<(&'static Row, Option<Cow<'static, str>>)> {
        let typed = self.input.text().to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        let is_command = |row: &&Row| {
            row.screens.contains(&Screen::List)
                && !matches!(
                    row.action,
                    Action::Up
                        | Action::Down
                        | Action::PageUp
                        | Action::PageDown
                        | Action::Top
                        | Action::Bottom
                        | Action::Tag
                        | Action::Palette
                )
        };
        let matches = |row: &&Row| {
            let name = row.name.replace('_', " ");
            words.iter().all(|word| name.contains(word) || row.line.contains(word))
        };
        let mut found: Vec<&Row> = table().iter().filter(is_command).filter(matches).collect();
        // A name that begins with what is typed comes first, then other names, then lines.
        found.sort_by_key(|row| {
            let name = row.name.replace('_', " ");
            (!name.starts_with(&typed), !words.iter().all(|word| name.contains(word)))
        });
        found.into_iter().map(|row| (row, enabled(model, row.action).err())).collect()
    }
}
