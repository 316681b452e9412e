//! The model: everything the program knows while it runs.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::core::index::Order;
use crate::app::core::list::List;
use crate::app::core::news::Toast;
use crate::app::core::save::Done;
use crate::app::core::vaults::Vaults;
use crate::app::keymap::Screen;
use crate::app::screens::confirm::Confirm;
use crate::app::screens::conflicts::Conflicts;
use crate::app::screens::entry::EntryView;
use crate::app::screens::export::Export;
use crate::app::screens::form::Form;
use crate::app::screens::help::Help;
use crate::app::screens::history::History;
use crate::app::screens::import::Import;
use crate::app::screens::members::{InviteForm, Members};
use crate::app::screens::palette::Palette;
use crate::app::screens::passphrase::NewPassphrase;
use crate::app::screens::qr::Codes;
use crate::app::screens::share::{ShareForm, Told};
use crate::app::screens::transfer::Choice;
use crate::app::screens::trash::Trash;
use crate::app::screens::unlock::Lock;
use crate::app::screens::welcome::Welcome;
use crate::app::{Effect, OpenVault, VaultChoice};
use crate::config::Config;
use crate::config::keys::Key;
use crate::otp::Code;
use crate::secret::Random;
use crate::time::Now;
use crate::vault::find::EntryRef;
use crate::vault::{Entry, Unlocked};

/// What the program starts with.
#[derive(Debug, Clone)]
pub struct Start {
    /// The vault's file, as named on the command line or by default.
    pub path: PathBuf,
    /// The shared vault that was named; `path` is the one that holds the key to it.
    pub then: Option<PathBuf>,
    /// Whether there is one.
    pub exists: bool,
    /// The terminal: columns, rows.
    pub size: (u16, u16),
}

/// Everything the program knows while it runs. Changed by [`crate::app::update`] only.
pub struct Model {
    pub(crate) config: Config,
    pub(crate) size: (u16, u16),
    pub(crate) focused: bool,
    pub(crate) vaults: Vec<VaultChoice>,
    /// The file the program was started for; a vault made after the demo goes there, or beside it.
    pub(crate) place: PathBuf,
    pub(crate) stage: Stage,
    pub(crate) toast: Option<Toast>,
    pub(crate) random: Box<dyn Random + Send>,
    /// When a key was last pressed.
    pub(crate) last_input: Now,
    pub(crate) next_save: u64,
    /// What was copied, in the order in which answers will come.
    pub(crate) copying: VecDeque<String>,
    /// Leaves when the last save is done.
    pub(crate) quitting: bool,
    /// Everything is saved; a sync is waited for until then.
    pub(crate) leaves_at_ms: Option<u64>,
    pub(crate) order: Order,
    pub(crate) hidden: bool,
    /// What the screen shows may no longer be so.
    pub(crate) dirty: bool,
    /// When the screen was last drawn.
    pub(crate) drawn: Now,
    pub(crate) file_seen: Now,
}

/// How far the person has come.
pub(crate) enum Stage {
    Welcome(Box<Welcome>),
    Locked(Box<Lock>),
    Open(Box<Session>),
}

/// The open vaults and what is done with them. Dropped whole when they lock.
pub(crate) struct Session {
    pub(crate) vaults: Vaults,
    pub(crate) undo: Vec<Done>,
    pub(crate) redo: Vec<Done>,
    pub(crate) list: List,
    /// Screens over the list, the last on top.
    pub(crate) over: Vec<Over>,
    /// Codes are shown only when asked for.
    pub(crate) hidden: bool,
    pub(crate) revealed: Option<EntryRef>,
    /// A counter's code that was just drawn and saved.
    pub(crate) drawn_code: Option<(EntryRef, Code)>,
    /// A new passphrase is being set.
    pub(crate) changing_passphrase: bool,
}

/// A screen over the list.
pub(crate) enum Over {
    Entry(EntryView),
    Form(Box<Form>),
    Confirm(Confirm),
    Help(Help),
    Palette(Palette),
    Trash(Trash),
    History(History),
    Import(Box<Import>),
    Export(Box<Export>),
    Passphrase(NewPassphrase),
    Members(Members),
    Conflicts(Conflicts),
    Carry(Choice),
    Invite(InviteForm),
    Share(Box<ShareForm>),
    Told(Told),
    Codes(Box<Codes>),
}

impl Model {
    /// The model at the start, and what must be done first.
    pub fn new(config: Config, start: Start, random: Box<dyn Random + Send>, now: Now) -> (Model, Vec<Effect>) {
        let place = start.path.clone();
        let stage = if start.exists {
            let mut lock = Lock::new(start.path);
            lock.then = start.then;
            Stage::Locked(Box::new(lock))
        } else {
            Stage::Welcome(Box::new(Welcome::new(start.path)))
        };
        let model = Model {
            hidden: config.hidden_codes,
            config,
            size: start.size,
            focused: true,
            vaults: Vec::new(),
            place,
            stage,
            toast: None,
            random,
            last_input: now,
            next_save: 0,
            copying: VecDeque::new(),
            quitting: false,
            leaves_at_ms: None,
            order: Order::default(),
            dirty: true,
            drawn: Now::default(),
            file_seen: now,
        };
        (model, vec![Effect::ListVaults])
    }

    /// Tells the model that the screen shows it now.
    pub fn drawn(&mut self, now: Now) {
        self.dirty = false;
        self.drawn = now;
        if let Stage::Open(session) = &mut self.stage
            && let Some(Over::Told(told)) = session.over.last_mut()
        {
            told.drawn(self.size);
        }
    }

    /// What is to be said once the screen is gone.
    pub fn farewell(&self) -> Option<String> {
        crate::app::core::sync_state::farewell(self.session()?)
    }

    /// Whether a vault is open.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.stage {
            Stage::Open(session) => Some(session),
            _ => None,
        }
    }

    /// The screen that keys go to.
    pub fn screen(&self) -> Screen {
        match &self.stage {
            Stage::Welcome(welcome) if welcome.create.is_some() => Screen::Create,
            Stage::Welcome(_) => Screen::Welcome,
            Stage::Locked(_) => Screen::Unlock,
            Stage::Open(session) => match session.over.last() {
                None if session.list.searching => Screen::Search,
                None => Screen::List,
                Some(Over::Entry(_)) => Screen::Entry,
                Some(Over::Form(_)) => Screen::Form,
                Some(Over::Confirm(_)) => Screen::Confirm,
                Some(Over::Help(_)) => Screen::Help,
                Some(Over::Palette(_)) => Screen::Palette,
                Some(Over::Trash(_)) => Screen::Trash,
                Some(Over::History(_)) => Screen::History,
                Some(Over::Import(import)) if import.plan.is_some() => Screen::ImportPlan,
                Some(Over::Import(import)) if import.table.is_some() => Screen::Columns,
                Some(Over::Import(_)) => Screen::Import,
                Some(Over::Export(_)) => Screen::Export,
                Some(Over::Passphrase(_)) => Screen::Passphrase,
                Some(Over::Members(_)) => Screen::Members,
                Some(Over::Conflicts(_)) => Screen::Conflicts,
                Some(Over::Carry(_)) => Screen::Carry,
                Some(Over::Invite(_)) => Screen::Invite,
                Some(Over::Share(_)) => Screen::Share,
                Some(Over::Told(_)) => Screen::Told,
                Some(Over::Codes(codes)) if codes.path.is_some() => Screen::SavePicture,
                Some(Over::Codes(_)) => Screen::Codes,
            },
        }
    }

    /// The vaults that a passphrase of their own opens.
    pub(crate) fn own_vaults(&self) -> impl Iterator<Item = &VaultChoice> {
        self.vaults.iter().filter(|vault| !vault.shared)
    }

    /// The keys of the action of that name.
    pub(crate) fn keys_of(&self, name: &str) -> &[Key] {
        self.config.keys.get(name).map_or(&[], Vec::as_slice)
    }
}

impl Session {
    pub(crate) fn new(open: Vec<OpenVault>, order: Order, hidden: bool) -> Option<Session> {
        let mut open = open.into_iter();
        let mut vaults = Vaults::new(open.next()?);
        open.for_each(|open| vaults.add(open));
        let list = List::of(&vaults, order);
        Some(Session {
            vaults,
            undo: Vec::new(),
            redo: Vec::new(),
            list,
            over: Vec::new(),
            hidden,
            revealed: None,
            drawn_code: None,
            changing_passphrase: false,
        })
    }

    /// The entry that is acted on: the one viewed, else the one selected in the trash or the list.
    pub(crate) fn selected(&self) -> Option<(EntryRef, &Entry)> {
        let spot = self.over.iter().rev().find_map(|over| match over {
            Over::Entry(view) => Some(view.spot),
            Over::Trash(trash) => trash.selected(),
            _ => None,
        });
        let spot = spot.or_else(|| self.list.selected())?;
        Some((spot, self.vaults.entry(spot)?))
    }

    /// The vault that new entries go to: the one whose tab is chosen, else the one that was unlocked.
    pub(crate) fn target(&self) -> u16 {
        self.list.vault().unwrap_or(0)
    }

    /// Shows another state of a vault.
    pub(crate) fn show(&mut self, number: u16, vault: Arc<Unlocked>) {
        let Some(open) = self.vaults.get_mut(number) else { return };
        let same = Arc::ptr_eq(&vault, &open.vault) || *vault == *open.vault;
        open.vault = vault;
        if !same {
            self.renew();
        }
    }

    /// Something in the vaults is not what it was.
    pub(crate) fn renew(&mut self) {
        self.list.renew(&self.vaults);
        let vaults = &self.vaults;
        // A view of an entry that is no longer there closes.
        self.over.retain(|over| match over {
            Over::Entry(view) => vaults.entry(view.spot).is_some_and(|entry| !entry.deleted),
            _ => true,
        });
        for over in &mut self.over {
            match over {
                Over::Trash(trash) => trash.renew(vaults),
                Over::Members(members) => members.renew(vaults),
                Over::Conflicts(conflicts) => conflicts.renew(vaults),
                Over::Carry(choice) => choice.renew(vaults),
                _ => {}
            }
        }
        // So does the list of what differs when nothing does.
        self.over.retain(|over| !matches!(over, Over::Conflicts(conflicts) if conflicts.fields.is_empty()));
    }

    /// Opened with the recovery code: nothing can be saved until there is a new passphrase.
    /// Whether a screen of that width names each entry's vault: where there is little room, only when it differs from row to row.
    pub(crate) fn names_vaults(&self, w: u16) -> bool {
        self.vaults.several() && (w >= 80 || self.list.vault().is_none())
    }

    pub(crate) fn must_set_passphrase(&self) -> bool {
        self.vaults.first().vault.opened_by_recovery()
    }

    pub(crate) fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub(crate) fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Whether that entry's code is shown.
    pub(crate) fn shows_code(&self, spot: EntryRef) -> bool {
        !self.hidden || self.revealed == Some(spot)
    }

    /// Whether more than one QR code is shown.
    pub(crate) fn has_several_codes(&self) -> bool {
        matches!(self.over.last(), Some(Over::Codes(codes)) if codes.pages.len() > 1)
    }

    /// Whether something typed would be lost by leaving.
    pub(crate) fn has_unsaved_words(&self) -> bool {
        self.over.iter().any(|over| matches!(over, Over::Form(form) if form.touched()))
    }
}

/// A vault's name for people: the file's stem.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(|| "vault".into(), |stem| stem.to_string_lossy().into_owned())
}
