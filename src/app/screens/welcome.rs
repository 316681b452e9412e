//! First run: make a vault, import a file into a new one, or look at the demo.

use std::path::PathBuf;

use crate::app::msg::Shared;
use crate::app::screens::import::Import;
use crate::app::screens::passphrase::Twice;
use crate::app::screens::share::Told;
use crate::app::screens::unlock;
use crate::app::shell::model::{Model, Over, Stage};
use crate::app::{Effect, OpenVault, Trouble};
use crate::secret::Text;
use crate::time::Now;

/// The first-run screen.
pub(crate) struct Welcome {
    /// Where a vault would be made.
    pub(crate) path: PathBuf,
    pub(crate) chosen: usize,
    /// The passphrase for a new vault is being chosen.
    pub(crate) create: Option<Twice>,
    /// An import follows once the vault is made.
    import_after: bool,
    /// The runtime is making or opening one.
    pub(crate) busy: bool,
    pub(crate) trouble: Option<Trouble>,
}

/// What can be begun with.
pub(crate) const CHOICES: [(&str, &str); 3] = [
    ("Make a vault", "a passphrase of your own, twice; then add entries"),
    ("Import a file", "make a vault and fill it from another program's file"),
    ("Look at the demo", "a vault with made-up entries; nothing is kept"),
];

impl Welcome {
    pub(crate) fn new(path: PathBuf) -> Welcome {
        Welcome { path, chosen: 0, create: None, import_after: false, busy: false, trouble: None }
    }
}

/// How many things can be chosen: the three, then the vaults that are there.
pub(crate) fn choices(model: &Model) -> usize {
    CHOICES.len().saturating_add(model.own_vaults().count())
}

pub(crate) fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let Stage::Welcome(welcome) = &mut model.stage else { return };
    if welcome.busy {
        return;
    }
    if let Some(twice) = &mut welcome.create {
        if let Some(passphrase) = twice.submit() {
            welcome.busy = true;
            welcome.trouble = None;
            out.push(Effect::CreateVault { path: welcome.path.clone(), passphrase });
        }
        return;
    }
    match welcome.chosen {
        0 | 1 => {
            welcome.import_after = welcome.chosen == 1;
            welcome.create = Some(Twice::new());
        }
        2 => {
            welcome.busy = true;
            out.push(Effect::OpenDemo);
        }
        n => {
            let own = n.checked_sub(CHOICES.len()).and_then(|n| model.own_vaults().nth(n));
            let path = own.map(|vault| vault.path.clone());
            if let Some(path) = path {
                model.stage = Stage::Locked(Box::new(unlock::Lock::new(path)));
            }
        }
    }
}

pub(crate) fn created(model: &mut Model, result: Result<(OpenVault, Text), Trouble>, now: Now) {
    let Stage::Welcome(welcome) = &mut model.stage else { return };
    welcome.busy = false;
    match result {
        Ok((open, recovery)) => {
            let import = welcome.import_after;
            unlock::enter(model, vec![open], None);
            model.last_input = now;
            if let Stage::Open(session) = &mut model.stage {
                if import {
                    session.over.push(Over::Import(Box::new(Import::new())));
                }
                let said =
                    "It opens the vault when the passphrase is forgotten. It is shown this once: write it on paper.";
                session.over.push(Over::Told(Told::new(Shared {
                    title: "the recovery code".into(),
                    code: Some(recovery),
                    said: vec![said.into()],
                })));
            }
        }
        Err(trouble) => welcome.trouble = Some(trouble),
    }
}
