//! The list: what is done with the selected entry, and with the vaults; other screens leave to it what they do not know.

use crate::app::Effect;
use crate::app::core::copy;
use crate::app::core::pending::AfterSave;
use crate::app::core::save::{commit_or_say, step_back};
use crate::app::core::sync_state;
use crate::app::core::undo::UndoKind;
use crate::app::core::{picture, vaults};
use crate::app::effect::{ImportSource, MemberDeed};
use crate::app::screen::{
    Action, Answer, Context, Enabled, Flow, Handle, Open, Question, Screen, Session, Ticket, member_done,
};
use crate::config::keys::Key;
use crate::otp::{Otp, links, uri};
use crate::secret::Text;
use crate::text::clean;
use crate::vault::Edit;
use crate::vault::find::EntryRef;
use crate::vault::roster::Role;

/// What was asked about.
enum Asked {
    Delete(EntryRef),
    /// Renewing the recovery code of the vault of that number.
    Recovery(u16),
}

/// The screen below all others.
#[derive(Default)]
pub(crate) struct ListScreen {
    asked: Option<Asked>,
}

impl Handle for ListScreen {
    fn id(&self) -> Screen {
        Screen::List
    }

    fn key(&mut self, key: &Key, ctx: &mut Context<'_>) -> Flow {
        let session = &mut *ctx.session;
        if session.list.searching && session.list.query.key(key) {
            session.list.search();
            session.revealed = None;
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, ctx: &mut Context<'_>) -> Flow {
        let trimmed = text.trim();
        let lines = trimmed.lines().filter(|line| !line.trim().is_empty()).count();
        let link = links::split(trimmed).next().filter(|link| lines == 1 && uri::is_uri(link));
        if let Some(link) = link.filter(|_| links::split(trimmed).nth(1).is_none()) {
            match uri::parse(link) {
                Ok(_) => return Flow::Open(Open::Link(Text::from(link))),
                Err(error) => ctx.say_bad(format!("the pasted link was not taken: {error}")),
            }
        } else if let Some(path) = picture::path(trimmed) {
            return Flow::Open(Open::Picture(ImportSource::Path(path)));
        } else if crate::formats::registry::detect(trimmed.as_bytes()).is_ok() {
            return Flow::Open(Open::ImportText(Text::from(trimmed)));
        } else if ctx.session.list.searching {
            ctx.session.list.query.paste(trimmed.lines().next().unwrap_or(""));
            ctx.session.list.search();
        } else {
            ctx.say("nothing was taken: paste an otpauth:// link, or the path of a picture of a QR code");
        }
        Flow::Stay
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        let session = &mut *ctx.session;
        match action {
            Action::Copy => copy::copy(ctx, false),
            Action::CopyAndQuit => copy::copy(ctx, true),
            Action::CopyNext => copy::copy_next(ctx),
            Action::Reveal => {
                let spot = session.selected().map(|(spot, _)| spot);
                session.revealed = if session.revealed == spot { None } else { spot };
            }
            Action::RevealAll => {
                session.hidden = !session.hidden;
                session.revealed = None;
            }
            Action::Search => session.list.searching = true,
            Action::NextTag => session.list.choose_tab(session.list.tab.saturating_add(1)),
            Action::PreviousTag => {
                let tab = session.list.tab.checked_sub(1).unwrap_or(session.list.tabs().saturating_sub(1));
                session.list.choose_tab(tab);
            }
            Action::Tag => {
                let keys = ctx.config.keys.get("tag");
                let tab = ctx.key.and_then(|key| keys?.iter().position(|known| *known == key));
                if let Some(tab) = tab.filter(|tab| *tab < session.list.tabs()) {
                    session.list.choose_tab(tab);
                }
            }
            Action::Sort => {
                let order = session.list.order.next();
                session.list.sort(order);
                ctx.say(format!("sorted {}", order.name()));
            }
            Action::Favourite => favourite(ctx),
            Action::Delete => return self.ask_delete(session),
            Action::Recovery => return self.ask_recovery(session),
            Action::Undo => step_back(ctx, UndoKind::Undo),
            Action::Redo => step_back(ctx, UndoKind::Redo),
            Action::Sync if sync_state::has_other_passphrase(session) => return Flow::Open(Open::OtherPassphrase),
            Action::Sync => {
                sync_state::asked(session);
                ctx.out.send(Effect::Sync);
            }
            Action::PastePicture => return Flow::Open(Open::Picture(ImportSource::Clipboard)),
            Action::Back => back(session),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn step(&mut self, by: isize, session: &mut Session) {
        session.list.step(by);
        session.revealed = None;
        session.drawn_code = None;
    }

    fn enabled(&self, action: Action, session: &Session) -> Option<Enabled> {
        Some(enabled(action, session))
    }

    fn confirmed(&mut self, yes: bool, ctx: &mut Context<'_>) -> Flow {
        match self.asked.take().filter(|_| yes) {
            Some(Asked::Delete(spot)) => delete(spot, ctx),
            Some(Asked::Recovery(vault)) => {
                if let Some(open) = ctx.session.vaults.get(vault) {
                    let (vault, deed) = (open.vault.id(), MemberDeed::RenewRecovery);
                    ctx.out.ask(|ticket| Effect::Member { ticket, vault, deed });
                }
            }
            None => {}
        }
        Flow::Stay
    }

    /// Takes what nobody waits for any more, and must be said all the same: a code comes only once.
    fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Context<'_>) -> Flow {
        match answer {
            Answer::Member(Ok(done)) => return member_done(done, ctx).map_or(Flow::Stay, Flow::Open),
            Answer::Shared(Ok(shared)) => return Flow::Open(Open::ShownOnce(shared)),
            Answer::Exported(Ok(path)) => ctx.say_good(format!("exported to {}", clean(&path.to_string_lossy()))),
            Answer::PictureSaved(Ok(path)) => ctx.say_good(format!("saved to {}", clean(&path.to_string_lossy()))),
            Answer::Member(Err(trouble)) | Answer::Shared(Err((_, trouble))) | Answer::PictureSaved(Err(trouble)) => {
                ctx.news.say_trouble(&trouble, ctx.now);
            }
            Answer::PassphraseChanged(result) if ctx.session.changing_passphrase == Some(ticket) => {
                if let Err(trouble) = ctx.session.passphrase_changed(result) {
                    ctx.news.say_trouble(&trouble, ctx.now);
                }
            }
            _ => {}
        }
        Flow::Stay
    }

    fn timed<'a>(&'a self, session: &'a Session) -> Vec<&'a Otp> {
        let entry = |spot| session.vaults.entry(spot).filter(|entry| entry.problem.is_none());
        let shown = session.list.on_screen(session.list.rows).filter_map(entry);
        shown.map(|entry| &entry.details.otp).filter(|otp| otp.is_timed()).collect()
    }
}

impl ListScreen {
    fn ask_delete(&mut self, session: &Session) -> Flow {
        let Some((spot, entry)) = session.selected() else { return Flow::Stay };
        self.asked = Some(Asked::Delete(spot));
        let question = format!("delete {}{}?", copy::title(entry), session.vaults.place(spot));
        Flow::Ask(Question::new(question, "it goes to the trash and can be restored"))
    }

    /// Asks before the recovery code of the chosen tab's vault is renewed; of the personal one where none is chosen.
    fn ask_recovery(&mut self, session: &Session) -> Flow {
        let vault = session.target();
        let Some(open) = session.vaults.get(vault) else { return Flow::Stay };
        self.asked = Some(Asked::Recovery(vault));
        Flow::Ask(Question::new(
            format!("Renew the recovery code of {}?", clean(&open.name)),
            "The present code opens nothing that comes after; the new one is shown once.",
        ))
    }
}

fn favourite(ctx: &mut Context<'_>) {
    let Some((spot, entry)) = ctx.session.selected() else { return };
    let (on, name) = (!entry.details.favourite, copy::title(entry));
    let said = if on { format!("{name} is a favourite") } else { format!("{name} is no favourite any more") };
    let then = AfterSave::new(format!("favourite {name}"), said);
    commit_or_say(ctx, spot.vault, Edit::Favourite(spot.entry, on), then, "nothing was changed");
}

fn delete(spot: EntryRef, ctx: &mut Context<'_>) {
    let Some(name) = ctx.session.vaults.entry(spot).map(copy::title) else { return };
    let name = format!("{name}{}", ctx.session.vaults.place(spot));
    let key = ctx.config.keys.get("undo").and_then(|keys| keys.first());
    let undo = key.map(|key| format!(" · {} undoes it", key.label(ctx.config.ascii))).unwrap_or_default();
    let then = AfterSave::new(format!("delete {name}"), format!("deleted {name}{undo}"));
    commit_or_say(ctx, spot.vault, Edit::Delete(spot.entry), then, "nothing was deleted");
}

/// In a search: clears it, then leaves it.
fn back(session: &mut Session) {
    if session.list.query.is_empty() {
        session.list.searching = false;
        return;
    }
    let selected = session.list.selected();
    session.list.query.clear();
    session.list.search();
    if let Some(spot) = selected {
        session.list.select(spot);
    }
}

fn enabled(action: Action, session: &Session) -> Enabled {
    let selected = session.selected();
    let vault = match action {
        Action::Add | Action::PastePicture | Action::Import => Some(session.target()),
        Action::Edit
        | Action::Move
        | Action::Delete
        | Action::Favourite
        | Action::Restore
        | Action::Purge
        | Action::UseRecoveryCode => selected.map(|(spot, _)| spot.vault),
        _ => None,
    };
    vault.map_or(Ok(()), |vault| session.may_edit(vault))?;
    let first = session.vaults.first();
    match action {
        Action::Recovery if chosen(session).is_some_and(|open| open.vault.me().role() != Role::Owner) => {
            Err("only owners renew the recovery code".into())
        }
        Action::Share | Action::Join | Action::Remote | Action::Recovery if first.path.is_none() => {
            Err("the demo keeps nothing".into())
        }
        Action::Members if session.shared().is_none() => {
            Err("no shared vault is open; the command share makes one, join comes into one".into())
        }
        Action::Move | Action::CopyTo if !session.vaults.several() => {
            Err("no other vault is open; the command share makes a shared one".into())
        }
        Action::Copy
        | Action::CopyAndQuit
        | Action::View
        | Action::Reveal
        | Action::Edit
        | Action::Delete
        | Action::Favourite
        | Action::History
        | Action::Move
        | Action::CopyTo => selected.map(|_| ()).ok_or("nothing is selected".into()),
        Action::ShowQr => match selected.map(|(_, entry)| entry.problem.is_some()) {
            None => Err("nothing is selected".into()),
            Some(true) => Err("this entry cannot make a code: edit it first".into()),
            Some(false) => Ok(()),
        },
        Action::Conflicts if session.list.index.conflicts() == 0 => {
            Err("nothing was changed in two places at once".into())
        }
        Action::CopyNext => match selected.map(|(_, entry)| entry.details.otp.is_timed()) {
            None => Err("nothing is selected".into()),
            Some(false) => Err("a counter's next code is drawn by copying it".into()),
            Some(true) => Ok(()),
        },
        Action::Undo if !session.undo.has(UndoKind::Undo) => Err("nothing to undo".into()),
        Action::Redo if !session.undo.has(UndoKind::Redo) => Err("nothing to redo".into()),
        Action::Passphrase if first.path.is_none() => Err("the demo vault keeps its passphrase".into()),
        Action::Export | Action::PhoneCodes if session.entries().next().is_none() => {
            Err("there is nothing to export".into())
        }
        Action::NextTag | Action::PreviousTag | Action::Tag if session.list.tabs() < 2 => {
            Err("no entry has a tag".into())
        }
        _ => Ok(()),
    }
}

/// The vault of the chosen tab; the personal one where all are shown.
fn chosen(session: &Session) -> Option<&vaults::Opened> {
    session.vaults.get(session.target())
}
