//! The palette: every command of the list by name.

use crate::app::core::input::Input;
use crate::app::keymap::table;
use crate::app::screen::{Action, Context, Flow, Handle, Open, Row, Screen, Session, within};
use crate::config::keys::Key;
use crate::secret::Text;

/// The palette on the screen.
pub(crate) struct Palette {
    pub(crate) input: Input,
    pub(crate) cursor: usize,
}

impl Handle for Palette {
    fn open(wanted: &mut Open, _: &mut Context<'_>) -> Option<Palette> {
        matches!(wanted, Open::By(Action::Palette)).then(|| Palette { input: Input::new(), cursor: 0 })
    }

    fn id(&self) -> Screen {
        Screen::Palette
    }

    fn key(&mut self, key: &Key, _: &mut Context<'_>) -> Flow {
        self.input.key(key);
        self.cursor = 0;
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, _: &mut Context<'_>) -> Flow {
        self.input.paste_line(text);
        Flow::Stay
    }

    fn act(&mut self, action: Action, _: &mut Context<'_>) -> Flow {
        if action != Action::Submit {
            return Flow::Pass;
        }
        let found = self.found();
        let chosen = found.get(self.cursor.min(found.len().saturating_sub(1)));
        chosen.map_or(Flow::Close, |row| Flow::Run(row.action))
    }

    fn step(&mut self, by: isize, _: &mut Session) {
        self.cursor = within(self.cursor, by, table().len());
    }
}

impl Palette {
    /// The commands that match what is typed.
    pub(crate) fn found(&self) -> Vec<&'static Row> {
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
        found
    }
}
