//! The line that says what has just happened, for a while.

use crate::app::{Msg, Trouble};
use crate::time::Now;

/// What kind of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Plain,
    Bad,
}

/// One line of news.
#[derive(Debug, Clone)]
pub(crate) struct Toast {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    said: Now,
    /// How long it stands, in milliseconds.
    stands_ms: u64,
    /// A copied code: how many seconds after it was said the clipboard is cleared.
    clears_after_s: Option<u64>,
}

impl Toast {
    /// The text, with what remains of a countdown.
    pub(crate) fn words(&self, now: Now) -> String {
        match self.clears_after_s {
            None => self.text.clone(),
            Some(seconds) => {
                let gone = now.boot_ms.saturating_sub(self.said.boot_ms) / 1000;
                format!("{} · clipboard clears in {} s", self.text, seconds.saturating_sub(gone).max(1))
            }
        }
    }

    pub(crate) fn counts_down(&self) -> bool {
        self.clears_after_s.is_some()
    }

    /// Milliseconds until it goes.
    pub(crate) fn left_ms(&self, now: Now) -> u64 {
        self.said.boot_ms.saturating_add(self.stands_ms).saturating_sub(now.boot_ms)
    }
}

/// What is said at the bottom of the screen.
#[derive(Default)]
pub(crate) struct News {
    pub(crate) toast: Option<Toast>,
    /// It was not drawn yet.
    pub(crate) fresh: bool,
}

impl News {
    fn toast(&mut self, tone: Tone, text: String, now: Now, stands_ms: u64, clears_after_s: Option<u64>) {
        self.toast = Some(Toast { tone, text, said: now, stands_ms, clears_after_s });
        self.fresh = true;
    }

    /// Says for five seconds that something worked.
    pub(crate) fn say_good(&mut self, text: impl Into<String>, now: Now) {
        self.toast(Tone::Good, text.into(), now, 5_000, None);
    }

    /// Something to know.
    pub(crate) fn say(&mut self, text: impl Into<String>, now: Now) {
        self.toast(Tone::Plain, text.into(), now, 5_000, None);
    }

    /// Something did not work.
    pub(crate) fn say_bad(&mut self, text: impl Into<String>, now: Now) {
        self.toast(Tone::Bad, text.into(), now, 12_000, None);
    }

    /// Something did not work, in somebody else's words.
    pub(crate) fn say_trouble(&mut self, trouble: &Trouble, now: Now) {
        self.say_bad(trouble_line(trouble), now);
    }

    /// A code is in the clipboard for so long.
    pub(crate) fn say_copied(&mut self, text: String, clears_after_s: u64, now: Now) {
        self.toast(Tone::Good, text, now, clears_after_s.saturating_mul(1000), Some(clears_after_s));
    }

    /// The clipboard was cleared, or somebody else had copied something meanwhile.
    pub(crate) fn cleared(&mut self, ours: bool, now: Now) {
        if self.toast.as_ref().is_some_and(Toast::counts_down) {
            if ours {
                self.say("clipboard cleared", now);
            } else {
                self.toast = None;
            }
        }
    }

    /// Takes away news that has stood long enough.
    pub(crate) fn expire(&mut self, msg: &Msg, now: Now) {
        let gone = self.toast.as_ref().is_some_and(|toast| {
            // The next key takes news away once it could be read; a countdown stays.
            let read = now.boot_ms.saturating_sub(toast.said.boot_ms) >= 1_500;
            toast.left_ms(now) == 0 || (matches!(msg, Msg::Key(_)) && read && !toast.counts_down())
        });
        if gone {
            self.toast = None;
            self.fresh = true;
        }
    }
}

/// A trouble in one line.
pub(crate) fn trouble_line(trouble: &Trouble) -> String {
    match &trouble.hint {
        Some(hint) => format!("{}; {hint}", trouble.message),
        None => trouble.message.clone(),
    }
}
