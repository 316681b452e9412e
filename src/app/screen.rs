//! The border between a screen and what holds the screens: what a screen can be asked, and what it wants of the others.
//!
//! A new screen is its file in `screens/`, its view, one line in the list of screens (`screens/mod.rs`), and its rows in the keymap.

use std::borrow::Cow;

pub(crate) use crate::app::core::context::Context;
pub(crate) use crate::app::core::session::Session;
use crate::app::effect::ImportSource;
pub(crate) use crate::app::effect::Ticket;
pub(crate) use crate::app::keymap::{Action, Row, Screen, word};
pub(crate) use crate::app::msg::Answer;
use crate::app::msg::{MemberDone, Shared, ShownCode};
use crate::config::keys::Key;
use crate::formats::Imported;
use crate::otp::Otp;
use crate::secret::Text;
use crate::time::Now;
use crate::vault::find::EntryRef;

/// What a screen wants of the stack of screens.
pub(crate) enum Flow {
    /// Nothing.
    Stay,
    /// The screen below is asked instead; below the last, a screen that the action opens.
    Pass,
    /// This screen goes, and whatever was asked above it.
    Close,
    /// Another screen comes on top.
    Open(Open),
    /// Another screen comes in the place of this one.
    Become(Open),
    /// A question comes on top, and answers this screen.
    Ask(Question),
    /// The question on top is answered.
    Answer(bool),
    /// This screen goes, and the action is done below it.
    Run(Action),
}

/// A question with yes and no.
pub(crate) struct Question {
    pub(crate) question: String,
    pub(crate) detail: String,
    /// What a yes does; `None`: the screen that asked does it.
    pub(crate) then: Option<Action>,
}

impl Question {
    pub(crate) fn new(question: impl Into<String>, detail: impl Into<String>) -> Question {
        Question { question: question.into(), detail: detail.into(), then: None }
    }
}

/// Which screen is wanted, with what it needs to know.
pub(crate) enum Open {
    /// What an action opens.
    By(Action),
    Question(Question),
    /// Something to be read once.
    ShownOnce(Shared),
    /// A form filled from a pasted link.
    Link(Text),
    /// A form that reads a picture.
    Picture(ImportSource),
    /// An import of pasted text.
    ImportText(Text),
    /// An import of what was read: the format's name, and the entries.
    Imported(&'static str, Imported),
    /// The history of the vault of that number.
    History(u16),
    /// An invitation to the vault of that number.
    Invite(u16),
    /// Opened with the recovery code: a new passphrase is needed.
    ForcedPassphrase,
    /// The passphrase that another machine set.
    OtherPassphrase,
}

/// Whether an action can be done; why not, in a person's words.
pub(crate) type Enabled = Result<(), Cow<'static, str>>;

/// A screen over the list, or the list.
pub(crate) trait Handle {
    /// The screen, when it is the one that is wanted.
    fn open(_: &mut Open, _: &mut Context<'_>) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Which screen it is.
    fn id(&self) -> Screen;

    /// A key that does nothing by the keymap: a letter, mostly.
    fn key(&mut self, _: &Key, _: &mut Context<'_>) -> Flow {
        Flow::Stay
    }

    /// Text was pasted.
    fn paste(&mut self, _: &Text, _: &mut Context<'_>) -> Flow {
        Flow::Stay
    }

    /// An action was chosen. A screen that passes [`Action::Back`] on closes.
    fn act(&mut self, _: Action, _: &mut Context<'_>) -> Flow {
        Flow::Pass
    }

    /// The cursor goes by so many rows.
    fn step(&mut self, _: isize, _: &mut Session) {}

    /// Whether an action can be done here; `None`: the screen below knows.
    fn enabled(&self, _: Action, _: &Session) -> Option<Enabled> {
        None
    }

    /// The action's word in the footer; `None`: it is not named there.
    fn hint(&self, row: &Row, _: &Session) -> Option<&'static str> {
        Some(word(row, self.id()))
    }

    /// What this screen asked was answered.
    fn confirmed(&mut self, _yes: bool, _: &mut Context<'_>) -> Flow {
        Flow::Pass
    }

    /// Whether the answer with that ticket is for this screen.
    fn waits_for(&self, _: Ticket) -> bool {
        false
    }

    /// The outside answers. What nobody waits for comes to the list.
    fn answer(&mut self, _: Ticket, _: Answer, _: &mut Context<'_>) -> Flow {
        Flow::Stay
    }

    /// The save that this screen waits for is done, or has failed.
    fn saved(&mut self, _done: bool) -> Flow {
        Flow::Stay
    }

    /// The vaults have changed; false: the screen has nothing to show any more.
    fn refresh(&mut self, _: &Session) -> bool {
        true
    }

    /// The entry that it is about.
    fn entry(&self) -> Option<EntryRef> {
        None
    }

    /// The timed codes that it shows: the program wakes when they change.
    fn timed<'a>(&'a self, _: &'a Session) -> Vec<&'a Otp> {
        Vec::new()
    }

    /// Whether it counts seconds.
    fn counts(&self) -> bool {
        false
    }

    /// In how many milliseconds it closes by itself.
    fn closes_ms(&self, _: Now) -> Option<u64> {
        None
    }

    /// Whether leaving loses something that was typed.
    fn unsaved(&self) -> bool {
        false
    }

    /// A key was pressed, whatever it does.
    fn pressed(&mut self, _: Now) {}

    /// The terminal has another size.
    fn resized(&mut self, _: (u16, u16)) {}

    /// It stands on the terminal now.
    fn drawn(&mut self) {}
}

/// A place so many rows on among `len`.
pub(crate) fn within(at: usize, by: isize, len: usize) -> usize {
    at.saturating_add_signed(by).min(len.saturating_sub(1))
}

/// What is to be read once after members were changed; else it is said.
pub(crate) fn member_done(done: MemberDone, ctx: &mut Context<'_>) -> Option<Open> {
    let MemberDone { said, code } = done;
    let (title, code, said) = match code {
        Some(ShownCode::Recovery(code)) => {
            let said = vec![
                format!("{said}. The code before opens nothing that comes after."),
                "It is shown this once: write it on paper, and keep it elsewhere.".into(),
            ];
            ("the vault's recovery code", code, said)
        }
        Some(ShownCode::Invitation(code)) => {
            let next = format!("{said}. Hand it over by another way than the vault; they run: tickey join SOURCE");
            ("the invitation's code", code, vec![next])
        }
        None => {
            ctx.say_good(said);
            return None;
        }
    };
    Some(Open::ShownOnce(Shared { title: title.into(), code: Some(code), said }))
}
