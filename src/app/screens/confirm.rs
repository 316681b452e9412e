//! A question before something is done.

use zeroize::Zeroizing;

use crate::app::Effect;
use crate::app::core::copy;
use crate::app::core::save::{Then, commit};
use crate::app::effect::MemberDeed;
use crate::app::screens::export;
use crate::app::screens::trash;
use crate::app::shell::model::{Model, Over, Stage};
use crate::text::broken;
use crate::time::Now;
use crate::vault::Edit;
use crate::vault::conflict::Choice;
use crate::vault::find::EntryRef;
use crate::vault::roster::Member;

/// A question with yes and no.
pub(crate) struct Confirm {
    pub(crate) question: String,
    pub(crate) detail: String,
    /// The first line on the screen.
    pub(crate) top: usize,
    ask: Ask,
}

#[derive(Debug, Clone, PartialEq)]
enum Ask {
    Member(MemberDeed),
    Revert(u16, Box<Member>),
    Recovery(u16),
    Settle(EntryRef, Choice),
    Delete(EntryRef),
    Purge(EntryRef),
    Rekey,
    Discard,
    DiscardAndQuit,
    PlainExport,
}

impl Confirm {
    pub(crate) fn delete(model: &Model) -> Option<Confirm> {
        let session = model.session()?;
        let (spot, entry) = session.selected()?;
        Some(Confirm {
            question: format!("delete {}{}?", copy::title(entry), session.vaults.place(spot)),
            detail: "it goes to the trash and can be restored".into(),
            top: 0,
            ask: Ask::Delete(spot),
        })
    }

    pub(crate) fn purge(model: &Model) -> Option<Confirm> {
        let session = model.session()?;
        let (spot, entry) = session.selected()?;
        Some(Confirm {
            question: format!("delete {}{} for good?", copy::title(entry), session.vaults.place(spot)),
            detail: "it leaves every copy of the vault with its history; nothing brings it back but a backup".into(),
            top: 0,
            ask: Ask::Purge(spot),
        })
    }

    /// After a new passphrase, where there are links.
    pub(crate) fn rekey(links: usize) -> Confirm {
        let vaults = if links == 1 { "the shared vault".into() } else { format!("{links} shared vaults") };
        Confirm {
            question: format!("replace your keys to {vaults}, too?"),
            detail: "whoever has the old passphrase and an old copy of this vault has the present ones".into(),
            top: 0,
            ask: Ask::Rekey,
        }
    }

    pub(crate) fn member(question: String, detail: String, deed: MemberDeed) -> Confirm {
        let question = crate::text::clean(&question).into_owned();
        Confirm { question, detail: crate::text::clean(&detail).into_owned(), top: 0, ask: Ask::Member(deed) }
    }

    pub(crate) fn revert(vault: u16, member: Member, entries: &str) -> Confirm {
        Confirm {
            question: crate::text::clean(&format!("take back all that {} did?", member.name)).into_owned(),
            detail: format!(
                "It changes {entries}: each field they set gets the value before, what they made goes to the trash. Undo brings it back."
            ),
            top: 0,
            ask: Ask::Revert(vault, Box::new(member)),
        }
    }

    pub(crate) fn recovery(vault: u16, name: &str) -> Confirm {
        Confirm {
            question: format!("Renew the recovery code of {}?", crate::text::clean(name)),
            detail: "The present code opens nothing that comes after; the new one is shown once.".into(),
            top: 0,
            ask: Ask::Recovery(vault),
        }
    }

    pub(crate) fn settle(question: String, spot: EntryRef, choice: Choice) -> Confirm {
        let detail = "the other one is left, and cannot be looked at afterwards; only older backups show it".into();
        Confirm { question: crate::text::clean(&question).into_owned(), detail, top: 0, ask: Ask::Settle(spot, choice) }
    }

    pub(crate) fn discard() -> Confirm {
        Confirm {
            question: "throw away what you typed?".into(),
            detail: "nothing of it is saved yet".into(),
            top: 0,
            ask: Ask::Discard,
        }
    }

    pub(crate) fn discard_and_quit() -> Confirm {
        Confirm {
            question: "quit and throw away what you typed?".into(),
            top: 0,
            ask: Ask::DiscardAndQuit,
            ..Confirm::discard()
        }
    }

    /// Before secrets are written as they are; `warnings` say what else a person should know of the file.
    pub(crate) fn plain_export(path: &str, warnings: Vec<String>) -> Confirm {
        let all = format!("whoever reads {path} has all your codes; delete it when it has done its work");
        Confirm {
            question: "write every secret as plain text?".into(),
            detail: [vec![all], warnings].concat().join("\n"),
            top: 0,
            ask: Ask::PlainExport,
        }
    }

    /// Where its lines begin on a screen that wide.
    pub(crate) fn indent(w: u16) -> u16 {
        if w > 40 { 4 } else { 0 }
    }

    /// How many of its lines a screen that high shows.
    pub(crate) fn rows(h: u16) -> usize {
        usize::from(if h < 3 { h } else { h.saturating_sub(1) }).max(1)
    }

    /// Its lines, and how many of them are the question.
    pub(crate) fn lines(&self, w: u16) -> (Vec<Zeroizing<String>>, usize) {
        let columns = w.saturating_sub(Confirm::indent(w)).saturating_sub(1);
        let mut lines = broken(&self.question, columns);
        let question = lines.len();
        lines.extend(broken(&self.detail, columns));
        (lines, question)
    }

    fn last_top(&self, (w, h): (u16, u16)) -> usize {
        self.lines(w).0.len().saturating_sub(Confirm::rows(h))
    }

    /// Goes on by so many lines, at most a page, so that none is left out.
    pub(crate) fn step(&mut self, by: isize, size: (u16, u16)) {
        let rows = isize::try_from(Confirm::rows(size.1)).unwrap_or(isize::MAX);
        let by = by.clamp(rows.saturating_neg(), rows);
        self.top = self.top.saturating_add_signed(by).min(self.last_top(size));
    }

    /// Whether ^C pressed again means yes.
    pub(crate) fn asks_to_quit(&self) -> bool {
        self.ask == Ask::DiscardAndQuit
    }
}

pub(crate) fn yes(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    // What was not read yet comes first.
    if let Some(Over::Confirm(confirm)) = session.over.last_mut()
        && confirm.top < confirm.last_top(model.size)
    {
        return confirm.step(isize::MAX, model.size);
    }
    let Some(Over::Confirm(confirm)) = session.over.pop() else { return };
    match confirm.ask {
        Ask::Delete(spot) => {
            let Some(name) = session.vaults.entry(spot).map(copy::title) else { return };
            let name = format!("{name}{}", session.vaults.place(spot));
            let key =
                model.keys_of("undo").first().map(|key| format!(" · {} undoes it", key.label(model.config.ascii)));
            let then = Then::new(format!("delete {name}"), format!("deleted {name}{}", key.unwrap_or_default()));
            if let Err(reason) = commit(model, spot.vault, &[Edit::Delete(spot.entry)], then, now, out) {
                model.say_bad(format!("nothing was deleted: {reason}"), now);
            }
        }
        Ask::Settle(spot, choice) => crate::app::screens::conflicts::take(model, spot, choice, now, out),
        Ask::Purge(spot) => trash::purge(session, spot, out),
        Ask::Rekey => crate::app::screens::passphrase::rekey_links(model, now, out),
        Ask::Revert(vault, member) => crate::app::core::save::revert(model, vault, &member, now, out),
        Ask::Recovery(vault) => crate::app::screens::members::recovery_agreed(session, vault, out),
        Ask::Member(deed) => crate::app::screens::members::agreed(session, deed, out),
        Ask::Discard => {
            session.over.pop();
        }
        Ask::DiscardAndQuit => {
            session.over.clear();
            crate::app::core::save::quit(model, now, out);
        }
        Ask::PlainExport => export::write(model, out),
    }
}

pub(crate) fn no(model: &mut Model) {
    if let Stage::Open(session) = &mut model.stage {
        session.over.pop();
    }
}
