//! What a screen works with while it acts.

use crate::app::Screen;
use crate::app::core::news::News;
use crate::app::core::outbox::Outbox;
use crate::app::core::session::Session;
use crate::config::Config;
use crate::config::keys::Key;
use crate::secret::Random;
use crate::time::Now;

/// Everything a screen may read and change besides itself.
pub(crate) struct Context<'a> {
    pub(crate) session: &'a mut Session,
    pub(crate) config: &'a Config,
    pub(crate) random: &'a mut dyn Random,
    pub(crate) news: &'a mut News,
    pub(crate) out: &'a mut Outbox,
    /// The screen on top.
    pub(crate) screen: Screen,
    /// The terminal: columns, rows.
    pub(crate) size: (u16, u16),
    /// The key that was pressed, if one was.
    pub(crate) key: Option<Key>,
    pub(crate) now: Now,
}

impl Context<'_> {
    /// Something to know.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.news.say(text, self.now);
    }

    pub(crate) fn say_good(&mut self, text: impl Into<String>) {
        self.news.say_good(text, self.now);
    }

    /// Something did not work.
    pub(crate) fn say_bad(&mut self, text: impl Into<String>) {
        self.news.say_bad(text, self.now);
    }
}
