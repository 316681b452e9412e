//! An entry to another open vault, moved or copied: choosing which one.
//!
//! The other vault is saved first. Only when that is done does a moved entry go to the trash here: a save that fails loses nothing.

use crate::app::Effect;
use crate::app::core::copy;
use crate::app::core::save::{self, Then, commit};
use crate::app::core::vaults::{Opened, Vaults};
use crate::app::shell::model::{Model, Over, Stage};
use crate::time::Now;
use crate::vault::carry::{Carry, twin};
use crate::vault::find::EntryRef;
use crate::vault::roster::RECOVERY;
use crate::vault::{Edit, EntryId};

/// A vault it could go to.
pub(crate) struct Target {
    pub(crate) vault: u16,
    pub(crate) name: String,
    /// Who reads it there.
    pub(crate) readers: String,
    /// Why it cannot go there.
    pub(crate) refused: Option<String>,
    /// An entry there that has the same secret.
    pub(crate) twin: Option<String>,
}

/// The choice on the screen.
pub(crate) struct Choice {
    pub(crate) spot: EntryRef,
    pub(crate) title: String,
    pub(crate) carry: Carry,
    pub(crate) targets: Vec<Target>,
    pub(crate) cursor: usize,
    /// That the same secret is there was said of this vault; once more does it all the same.
    warned: Option<u16>,
}

fn readers(open: &Opened) -> String {
    if !open.vault.is_shared() {
        return "yours alone".into();
    }
    match open.vault.members().iter().filter(|member| member.name != RECOVERY).count() {
        1 => "shared, with nobody yet".into(),
        n => format!("read by its {n} members"),
    }
}

impl Choice {
    pub(crate) fn renew(&mut self, vaults: &Vaults) {
        let entry = vaults.entry(self.spot);
        let target = |(number, open): (u16, &Opened)| {
            let twin = entry.and_then(|entry| twin(&open.vault, &entry.details));
            Target {
                vault: number,
                name: open.name.clone(),
                readers: readers(open),
                refused: open.may_edit().err().map(|error| error.to_string()),
                twin: twin.map(copy::title),
            }
        };
        self.targets = vaults.iter().filter(|(number, _)| *number != self.spot.vault).map(target).collect();
        self.cursor = self.cursor.min(self.targets.len().saturating_sub(1));
    }

    pub(crate) fn selected(&self) -> Option<&Target> {
        self.targets.get(self.cursor)
    }
}

/// Asks where to.
pub(crate) fn open(model: &mut Model, carry: Carry, now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some((spot, entry)) = session.selected() else { return };
    if let Err(reason) = carry.details(entry) {
        let words = format!("{} cannot be {}: {reason}", copy::title(entry), past(carry));
        return model.say_bad(words, now);
    }
    let title = copy::title(entry);
    let mut choice = Choice { spot, title, carry, targets: Vec::new(), cursor: 0, warned: None };
    choice.renew(&session.vaults);
    session.over.push(Over::Carry(choice));
}

fn past(carry: Carry) -> &'static str {
    match carry {
        Carry::Copy => "copied",
        Carry::Move => "moved",
    }
}

/// Carries it over.
pub(crate) fn submit(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some(Over::Carry(choice)) = session.over.last_mut() else { return };
    let Some(target) = choice.targets.get(choice.cursor) else { return };
    let (from, to, carry) = (choice.spot, target.vault, choice.carry);
    if let Some(reason) = &target.refused {
        let words = format!("nothing was {}: {reason}", past(carry));
        return model.say_bad(words, now);
    }
    if let Some(twin) = &target.twin
        && choice.warned != Some(to)
    {
        let words = format!("{twin} in {} has the same secret already; once more does it all the same", target.name);
        choice.warned = Some(to);
        return model.say_bad(words, now);
    }
    let (title, name) = (choice.title.clone(), target.name.clone());
    let Some(entry) = session.vaults.entry(from) else { return };
    let details = match carry.details(entry) {
        Ok(details) => details,
        Err(reason) => return model.say_bad(format!("nothing was {}: {reason}", past(carry)), now),
    };
    let id = match EntryId::random(&mut *model.random) {
        Ok(id) => id,
        Err(error) => return model.say_bad(format!("nothing was {}: {error}", past(carry)), now),
    };
    let to = EntryRef { vault: to, entry: id };
    session.over.pop();
    let add = [Edit::Add(id, Box::new(details))];
    let label = format!("{} {title} to {name}", carry.verb());
    let said = format!("{} {title} to {name}", past(carry));
    let done = match carry {
        Carry::Copy => commit(model, to.vault, &add, Then::new(label, said), now, out),
        Carry::Move => save::relocate(model, (to, &add), from, save::Step::New, (label, said), now, out),
    };
    if let Err(reason) = done {
        model.say_bad(format!("nothing was {}: {reason}", past(carry)), now);
    }
}
