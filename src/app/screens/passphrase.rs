//! Setting a new passphrase, or typing the one that another machine set.

use crate::app::core::passphrase::Twice;
use crate::app::core::pending::AfterSave;
use crate::app::core::save::commit;
use crate::app::screen::{
    Action, Answer, Context, Enabled, Flow, Handle, Open, Question, Row, Screen, Session, Ticket, word,
};
use crate::app::{Effect, Trouble};
use crate::config::keys::Key;
use crate::secret::Text;

/// The screen that sets a new passphrase.
pub(crate) struct NewPassphrase {
    pub(crate) twice: Twice,
    /// Opened with the recovery code: nothing else can be done before.
    pub(crate) forced: bool,
    /// It was set on another machine already, and is asked for once.
    pub(crate) elsewhere: bool,
    pub(crate) busy: Option<Ticket>,
    pub(crate) trouble: Option<Trouble>,
}

impl Handle for NewPassphrase {
    fn open(wanted: &mut Open, _: &mut Context<'_>) -> Option<NewPassphrase> {
        let (forced, elsewhere) = match wanted {
            Open::By(Action::Passphrase) => (false, false),
            Open::ForcedPassphrase => (true, false),
            Open::OtherPassphrase => (false, true),
            _ => return None,
        };
        Some(NewPassphrase { twice: Twice::new(), forced, elsewhere, busy: None, trouble: None })
    }

    fn id(&self) -> Screen {
        Screen::Passphrase
    }

    fn key(&mut self, key: &Key, _: &mut Context<'_>) -> Flow {
        if self.busy.is_none() {
            self.twice.key(key);
            self.trouble = None;
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, _: &mut Context<'_>) -> Flow {
        if self.busy.is_none() {
            self.twice.paste(text);
        }
        Flow::Stay
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::Submit => self.submit(ctx),
            Action::NextField | Action::PreviousField => self.twice.at_second = !self.twice.at_second,
            Action::ShowTyped => self.twice.show_typed(),
            Action::Back if self.forced || self.busy.is_some() => {}
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn enabled(&self, action: Action, _: &Session) -> Option<Enabled> {
        let one_line = self.elsewhere && matches!(action, Action::NextField | Action::PreviousField);
        one_line.then(|| Err("there is one line only".into()))
    }

    fn hint(&self, row: &Row, _: &Session) -> Option<&'static str> {
        match row.action {
            Action::Submit => Some("set"),
            Action::NextField if self.elsewhere => None,
            _ => Some(word(row, self.id())),
        }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.busy == Some(ticket)
    }

    fn answer(&mut self, _: Ticket, answer: Answer, ctx: &mut Context<'_>) -> Flow {
        self.busy = None;
        let result = match answer {
            Answer::PassphraseChanged(result) => ctx.session.passphrase_changed(result),
            Answer::PassphraseFollowed(result) => result,
            _ => return Flow::Stay,
        };
        match result {
            Err(trouble) => self.trouble = Some(trouble),
            Ok(()) if self.elsewhere => {
                ctx.say_good("what was changed here is merged; the new passphrase opens the vault here, too");
                return Flow::Close;
            }
            Ok(()) => {
                ctx.say_good(
                    "Changed the passphrase · older copies open with the old one: tickey backup forget removes them",
                );
                return match ctx.session.vaults.first().vault.links().len() {
                    0 => Flow::Close,
                    links => Flow::Ask(ask_to_rekey(links)),
                };
            }
        }
        Flow::Stay
    }

    /// Every link gets a new key; the runtime puts it in force in the vaults.
    fn confirmed(&mut self, yes: bool, ctx: &mut Context<'_>) -> Flow {
        if yes {
            let edits = ctx.session.vaults.first().vault.rekey_links(ctx.random);
            let then = AfterSave::new("replace your keys to shared vaults", "your keys to shared vaults are replaced");
            let done = edits.map_err(|error| error.to_string()).and_then(|edits| commit(ctx, 0, &edits, then));
            if let Err(reason) = done {
                ctx.say_bad(format!("your keys stay as they are: {reason}"));
            }
        }
        Flow::Close
    }
}

impl NewPassphrase {
    fn submit(&mut self, ctx: &mut Context<'_>) {
        if ctx.session.vaults.saving() {
            return ctx.say("still saving; try again in a moment");
        }
        if self.busy.is_some() {
            return;
        }
        if self.elsewhere {
            if !self.twice.first.is_empty() {
                let passphrase = self.twice.first.take();
                self.busy = Some(ctx.out.ask(|ticket| Effect::FollowPassphrase { ticket, passphrase }));
                self.trouble = None;
            }
        } else if let Some(passphrase) = self.twice.submit() {
            self.busy = Some(ctx.out.ask(|ticket| Effect::ChangePassphrase { ticket, passphrase }));
            self.trouble = None;
            ctx.session.changing_passphrase = self.busy;
        }
    }
}

fn ask_to_rekey(links: usize) -> Question {
    let vaults = if links == 1 { "the shared vault".into() } else { format!("{links} shared vaults") };
    Question::new(
        format!("replace your keys to {vaults}, too?"),
        "whoever has the old passphrase and an old copy of this vault has the present ones",
    )
}
