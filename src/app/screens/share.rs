//! Shared vaults themselves: making one, joining one, saying where one is kept. A form, and what is to be read once afterwards.

use zeroize::Zeroizing;

use crate::app::core::geometry::page;
use crate::app::core::input::Input;
use crate::app::core::news::trouble_line;
use crate::app::effect::{ShareDeed, ShareRow};
use crate::app::msg::Shared;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::app::{Effect, Trouble};
use crate::config::keys::{Key, KeyCode};
use crate::secret::Text;
use crate::text::broken;
use crate::time::Now;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Found,
    Join,
    Remote,
}

impl What {
    pub(crate) fn title(self) -> &'static str {
        match self {
            What::Found => "make a shared vault",
            What::Join => "join a shared vault",
            What::Remote => "where a vault is kept",
        }
    }

    /// What a person should know before.
    pub(crate) fn words(self) -> &'static str {
        match self {
            What::Found => {
                "Each member opens it with a key of their own, which their personal vault keeps. You are its owner; a recovery code is \
                 shown once."
            }
            What::Join => "An owner has invited you, and gave you the address and a code.",
            What::Remote => {
                "folder:PATH/ops.json, s3://BUCKET/ops.json, webdav+https://HOST/PATH/ops.json or git:REPOSITORY. What the place \
                 guarantees is tried out and said."
            }
        }
    }

    fn rows(self) -> &'static [ShareRow] {
        match self {
            What::Found => &[ShareRow::Name, ShareRow::Member],
            What::Join => &[ShareRow::Address, ShareRow::Code, ShareRow::Member],
            What::Remote => &[ShareRow::Vault, ShareRow::Address],
        }
    }
}

impl ShareRow {
    pub(crate) fn label(self) -> &'static str {
        match self {
            ShareRow::Vault => "vault",
            ShareRow::Name => "name",
            ShareRow::Member => "your name",
            ShareRow::Address => "address",
            ShareRow::Code => "code",
        }
    }
}

/// What was done, to be read once.
pub(crate) struct Told {
    pub(crate) shared: Shared,
    /// The first line on the screen.
    pub(crate) top: usize,
    /// All of it has stood on the screen: it can be closed.
    seen: bool,
}

impl Told {
    pub(crate) fn new(shared: Shared) -> Told {
        Told { shared, top: 0, seen: false }
    }

    /// What stands on a screen that wide: the code's lines, how many they are, then what was said.
    pub(crate) fn lines(&self, w: u16) -> (Vec<Zeroizing<String>>, usize) {
        let columns = w.saturating_sub(2);
        let mut lines = Vec::new();
        if let Some(code) = &self.shared.code {
            // Broken between its groups.
            let groups = Text::from(code.replace('-', "- ").as_str());
            lines.extend(broken(&groups, columns).iter().map(|line| Zeroizing::new(line.replace("- ", "-"))));
        }
        let code = lines.len();
        if code > 0 {
            lines.push(Zeroizing::default());
        }
        lines.extend(broken(&self.shared.said.join("\n"), columns));
        (lines, code)
    }

    fn last_top(&self, (w, h): (u16, u16)) -> usize {
        self.lines(w).0.len().saturating_sub(page(h).rows)
    }

    /// Goes on by so many lines, at most a page, so that none is left out.
    pub(crate) fn step(&mut self, by: isize, size: (u16, u16)) {
        let rows = isize::try_from(page(size.1).rows).unwrap_or(isize::MAX);
        let by = by.clamp(rows.saturating_neg(), rows);
        self.top = self.top.saturating_add_signed(by).min(self.last_top(size));
    }

    /// It stands on the screen now.
    pub(crate) fn drawn(&mut self, size: (u16, u16)) {
        self.seen = self.seen || self.top >= self.last_top(size);
    }

    /// The lines are broken anew: what was not seen to the end begins again.
    pub(crate) fn resized(&mut self) {
        if !self.seen {
            self.top = 0;
        }
    }
}

/// The next page; closes it after the last, once that has stood on the screen: a code comes only once.
pub(crate) fn go_on(model: &mut Model) {
    let size = model.size;
    let Stage::Open(session) = &mut model.stage else { return };
    match session.over.last_mut() {
        Some(Over::Told(told)) if !told.seen => told.step(isize::MAX, size),
        Some(Over::Told(_)) => {
            session.over.pop();
        }
        _ => {}
    }
}

/// Whether what is told has been seen to its end.
pub(crate) fn is_seen(model: &Model) -> bool {
    match model.session().and_then(|session| session.over.last()) {
        Some(Over::Told(told)) => told.seen || told.top >= told.last_top(model.size),
        _ => true,
    }
}

/// The form.
pub(crate) struct ShareForm {
    pub(crate) what: What,
    pub(crate) at: ShareRow,
    pub(crate) name: Input,
    pub(crate) member: Input,
    pub(crate) address: Input,
    pub(crate) code: Input,
    /// The vault's number, and the names of all.
    vault: u16,
    vaults: Vec<String>,
    pub(crate) error: Option<(ShareRow, String)>,
    pub(crate) busy: bool,
}

impl ShareForm {
    fn new(session: &Session, what: What) -> ShareForm {
        let mut form = ShareForm {
            what,
            at: ShareRow::Name,
            name: Input::new(),
            member: Input::new(),
            address: Input::new(),
            code: Input::masked(),
            vault: session.list.vault().or_else(|| crate::app::screens::members::meant(session)).unwrap_or(0),
            vaults: session.vaults.iter().map(|(_, open)| open.name.clone()).collect(),
            error: None,
            busy: false,
        };
        form.at = match what {
            What::Found => ShareRow::Name,
            What::Join | What::Remote => ShareRow::Address,
        };
        if what == What::Found
            && let Some(me) = session.vaults.first().vault.members().first()
        {
            form.member.set(&me.name);
        }
        if what == What::Remote {
            form.take_address(session);
        }
        form
    }

    /// Where the personal vault says that the chosen one is kept.
    fn take_address(&mut self, session: &Session) {
        let vaults = &session.vaults;
        let id = vaults.get(self.vault).map(|open| open.vault.vault_id());
        let link = id.and_then(|id| vaults.first().vault.link_to(&id));
        self.address.set(link.as_ref().map_or("", |(_, link)| &*link.remote));
    }

    pub(crate) fn rows(&self) -> &'static [ShareRow] {
        self.what.rows()
    }

    pub(crate) fn input(&self, row: ShareRow) -> Option<&Input> {
        Some(match row {
            ShareRow::Vault => return None,
            ShareRow::Name => &self.name,
            ShareRow::Member => &self.member,
            ShareRow::Address => &self.address,
            ShareRow::Code => &self.code,
        })
    }

    pub(crate) fn line(&mut self) -> Option<&mut Input> {
        Some(match self.at {
            ShareRow::Vault => return None,
            ShareRow::Name => &mut self.name,
            ShareRow::Member => &mut self.member,
            ShareRow::Address => &mut self.address,
            ShareRow::Code => &mut self.code,
        })
    }

    pub(crate) fn chosen(&self) -> &str {
        self.vaults.get(usize::from(self.vault)).map_or("", String::as_str)
    }

    /// What belongs into the row, shown while it is empty.
    pub(crate) fn hint(&self, row: ShareRow) -> &'static str {
        match (self.what, row) {
            (_, ShareRow::Name) => "ops",
            (What::Join, ShareRow::Member) => "empty: as in the invitation",
            (_, ShareRow::Address) => "folder:/srv/team/ops.json",
            (_, ShareRow::Code) => "fifteen groups of four",
            _ => "",
        }
    }

    pub(crate) fn step(&mut self, by: isize) {
        let rows = self.rows();
        let at = rows.iter().position(|row| *row == self.at).unwrap_or(0);
        let next =
            if by < 0 { at.checked_sub(1).unwrap_or(rows.len().saturating_sub(1)) } else { at.saturating_add(1) };
        self.at = rows.get(next).or(rows.first()).copied().unwrap_or(self.at);
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.error = None;
        if let Some(line) = self.line() {
            line.paste(text);
        }
    }
}

pub(crate) fn open(session: &mut Session, what: What) {
    let form = ShareForm::new(session, what);
    session.over.push(Over::Share(Box::new(form)));
}

pub(crate) fn key(session: &mut Session, key: &Key) {
    let Some(Over::Share(form)) = session.over.last_mut() else { return };
    if form.busy {
        return;
    }
    form.error = None;
    if let Some(line) = form.line() {
        line.key(key);
        return;
    }
    let last = u16::try_from(form.vaults.len()).unwrap_or(u16::MAX).saturating_sub(1);
    form.vault = match key.code {
        KeyCode::Left => form.vault.checked_sub(1).unwrap_or(last),
        KeyCode::Right | KeyCode::Char(' ') if form.vault >= last => 0,
        KeyCode::Right | KeyCode::Char(' ') => form.vault.saturating_add(1),
        _ => return,
    };
    if let Some(Over::Share(mut form)) = session.over.pop() {
        form.take_address(session);
        session.over.push(Over::Share(form));
    }
}

pub(crate) fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some(Over::Share(form)) = session.over.last_mut() else { return };
    if form.busy {
        return;
    }
    let needed = form.rows().iter().copied().filter(|row| !(form.what == What::Join && *row == ShareRow::Member));
    let empty = |row: &ShareRow| form.input(*row).is_some_and(|line| line.text().trim().is_empty());
    if let Some(row) = needed.into_iter().find(empty) {
        form.error = Some((row, format!("{} is needed", if row == ShareRow::Code { "the code" } else { row.label() })));
        form.at = row;
        return;
    }
    let text = |line: &Input| line.text().trim().to_owned();
    let deed = match form.what {
        What::Found => ShareDeed::Found { name: text(&form.name), member: text(&form.member) },
        What::Join => ShareDeed::Join {
            address: text(&form.address),
            code: Text::from(form.code.text().trim()),
            member: Some(text(&form.member)).filter(|name| !name.is_empty()),
        },
        What::Remote => {
            let Some(open) = session.vaults.get(form.vault) else { return };
            ShareDeed::Remote { vault: open.vault.id(), address: text(&form.address) }
        }
    };
    form.busy = true;
    out.push(Effect::Share(deed));
}

/// It is done, or not. An answer to a form that was left is shown all the same: a recovery code comes only once.
pub(crate) fn done(model: &mut Model, result: Result<Shared, (ShareRow, Trouble)>, now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    let form = session.over.iter_mut().find_map(|over| match over {
        Over::Share(form) if form.busy => Some(form),
        _ => None,
    });
    match (result, form) {
        (Ok(shared), _) => {
            session.over.retain(|over| !matches!(over, Over::Share(form) if form.busy));
            session.over.push(Over::Told(Told::new(shared)));
        }
        (Err((row, trouble)), Some(form)) => {
            form.busy = false;
            form.at = row;
            form.error = Some((row, trouble_line(&trouble)));
        }
        (Err((_, trouble)), None) => model.say_trouble(&trouble, now),
    }
}

/// The code that is on the screen, to be copied.
pub(crate) fn code_shown(session: &Session) -> Option<&Text> {
    match session.over.last() {
        Some(Over::Told(told)) => told.shared.code.as_ref(),
        _ => None,
    }
}
