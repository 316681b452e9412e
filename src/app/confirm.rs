//! A question before something is done.

use crate::app::effect::MemberDeed;
use crate::app::model::{Model, Over, Stage};
use crate::app::save::{Then, commit};
use crate::app::{Effect, copy, export, trash};
use crate::time::Now;
use crate::vault::Edit;
use crate::vault::conflict::Choice;
use crate::vault::find::EntryRef;
use crate::vault::roster::Member;

/// A question with yes and no.
pub(crate) struct Confirm {
    pub(crate) question: String,
    pub(crate) detail: String,
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
            ask: Ask::Delete(spot),
        })
    }

    pub(crate) fn purge(model: &Model) -> Option<Confirm> {
        let session = model.session()?;
        let (spot, entry) = session.selected()?;
        Some(Confirm {
            question: format!("delete {}{} for good?", copy::title(entry), session.vaults.place(spot)),
            detail: "it leaves every copy of the vault with its history; nothing brings it back but a backup".into(),
            ask: Ask::Purge(spot),
        })
    }

    /// After a new passphrase, where there are links.
    pub(crate) fn rekey(links: usize) -> Confirm {
        let vaults = if links == 1 { "the shared vault".into() } else { format!("{links} shared vaults") };
        Confirm {
            question: format!("replace your keys to {vaults}, too?"),
            detail: "whoever has the old passphrase and an old copy of this vault has the present ones".into(),
            ask: Ask::Rekey,
        }
    }

    pub(crate) fn member(question: String, detail: String, deed: MemberDeed) -> Confirm {
        let question = crate::text::clean(&question).into_owned();
        Confirm { question, detail: crate::text::clean(&detail).into_owned(), ask: Ask::Member(deed) }
    }

    pub(crate) fn revert(vault: u16, member: Member, entries: &str) -> Confirm {
        Confirm {
            question: crate::text::clean(&format!("take back all that {} did?", member.name)).into_owned(),
            detail: format!(
                "It changes {entries}: each field they set gets the value before, what they made goes to the trash. Undo brings it back."
            ),
            ask: Ask::Revert(vault, Box::new(member)),
        }
    }

    pub(crate) fn recovery(vault: u16, name: &str) -> Confirm {
        Confirm {
            question: format!("Renew the recovery code of {}?", crate::text::clean(name)),
            detail: "The present code opens nothing that comes after; the new one is shown once.".into(),
            ask: Ask::Recovery(vault),
        }
    }

    pub(crate) fn settle(question: String, spot: EntryRef, choice: Choice) -> Confirm {
        let detail = "the other one is left, and cannot be looked at afterwards; only older backups show it".into();
        Confirm { question: crate::text::clean(&question).into_owned(), detail, ask: Ask::Settle(spot, choice) }
    }

    pub(crate) fn discard() -> Confirm {
        Confirm {
            question: "throw away what you typed?".into(),
            detail: "nothing of it is saved yet".into(),
            ask: Ask::Discard,
        }
    }

    pub(crate) fn discard_and_quit() -> Confirm {
        Confirm {
            question: "quit and throw away what you typed?".into(),
            ask: Ask::DiscardAndQuit,
            ..Confirm::discard()
        }
    }

    pub(crate) fn plain_export(path: &str) -> Confirm {
        Confirm {
            question: "write every secret as plain text?".into(),
            detail: format!("whoever reads {path} has all your codes; delete it when it has done its work"),
            ask: Ask::PlainExport,
        }
    }

    /// Whether ^C pressed again means yes.
    pub(crate) fn asks_to_quit(&self) -> bool {
        self.ask == Ask::DiscardAndQuit
    }
}

pub(crate) fn yes(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
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
        Ask::Settle(spot, choice) => crate::app::conflicts::take(model, spot, choice, now, out),
        Ask::Purge(spot) => trash::purge(session, spot, out),
        Ask::Rekey => crate::app::passphrase::rekey_links(model, now, out),
        Ask::Revert(vault, member) => crate::app::save::revert(model, vault, &member, now, out),
        Ask::Recovery(vault) => crate::app::members::recovery_agreed(session, vault, out),
        Ask::Member(deed) => crate::app::members::agreed(session, deed, out),
        Ask::Discard => {
            session.over.pop();
        }
        Ask::DiscardAndQuit => {
            session.over.clear();
            crate::app::save::quit(model, now, out);
        }
        Ask::PlainExport => export::write(model, out),
    }
}

pub(crate) fn no(model: &mut Model) {
    if let Stage::Open(session) = &mut model.stage {
        session.over.pop();
    }
}
