//! Shared vaults themselves: making one, joining one, saying where one is kept. A form, and what is to be read once afterwards.

use crate::app::Effect;
use crate::app::core::input::Input;
use crate::app::core::news::trouble_line;
use crate::app::effect::{ShareDeed, ShareRow};
use crate::app::screen::{Action, Answer, Context, Flow, Handle, Open, Screen, Session, Ticket};
use crate::config::keys::{Key, KeyCode};
use crate::secret::Text;

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
    pub(crate) busy: Option<Ticket>,
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
            vault: session.list.vault().or_else(|| session.shared()).unwrap_or(0),
            vaults: session.vaults.iter().map(|(_, open)| open.name.clone()).collect(),
            error: None,
            busy: None,
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

    fn line(&mut self) -> Option<&mut Input> {
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

    fn step_field(&mut self, by: isize) {
        let rows = self.rows();
        let at = rows.iter().position(|row| *row == self.at).unwrap_or(0);
        let next =
            if by < 0 { at.checked_sub(1).unwrap_or(rows.len().saturating_sub(1)) } else { at.saturating_add(1) };
        self.at = rows.get(next).or(rows.first()).copied().unwrap_or(self.at);
    }

    fn submit(&mut self, ctx: &mut Context<'_>) {
        if self.busy.is_some() {
            return;
        }
        let needed = self.rows().iter().copied().filter(|row| !(self.what == What::Join && *row == ShareRow::Member));
        let empty = |row: &ShareRow| self.input(*row).is_some_and(|line| line.text().trim().is_empty());
        if let Some(row) = needed.into_iter().find(empty) {
            let what = if row == ShareRow::Code { "the code" } else { row.label() };
            (self.error, self.at) = (Some((row, format!("{what} is needed"))), row);
            return;
        }
        let text = |line: &Input| line.text().trim().to_owned();
        let deed = match self.what {
            What::Found => ShareDeed::Found { name: text(&self.name), member: text(&self.member) },
            What::Join => ShareDeed::Join {
                address: text(&self.address),
                code: Text::from(self.code.text().trim()),
                member: Some(text(&self.member)).filter(|name| !name.is_empty()),
            },
            What::Remote => {
                let Some(open) = ctx.session.vaults.get(self.vault) else { return };
                ShareDeed::Remote { vault: open.vault.id(), address: text(&self.address) }
            }
        };
        self.busy = Some(ctx.out.ask(|ticket| Effect::Share(ticket, deed)));
    }
}

impl Handle for ShareForm {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<ShareForm> {
        let what = match wanted {
            Open::By(Action::Share) => What::Found,
            Open::By(Action::Join) => What::Join,
            Open::By(Action::Remote) => What::Remote,
            _ => return None,
        };
        Some(ShareForm::new(ctx.session, what))
    }

    fn id(&self) -> Screen {
        Screen::Share
    }

    fn key(&mut self, key: &Key, ctx: &mut Context<'_>) -> Flow {
        if self.busy.is_some() {
            return Flow::Stay;
        }
        self.error = None;
        if let Some(line) = self.line() {
            line.key(key);
            return Flow::Stay;
        }
        let last = u16::try_from(self.vaults.len()).unwrap_or(u16::MAX).saturating_sub(1);
        self.vault = match key.code {
            KeyCode::Left => self.vault.checked_sub(1).unwrap_or(last),
            KeyCode::Right | KeyCode::Char(' ') if self.vault >= last => 0,
            KeyCode::Right | KeyCode::Char(' ') => self.vault.saturating_add(1),
            _ => return Flow::Stay,
        };
        self.take_address(ctx.session);
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, _: &mut Context<'_>) -> Flow {
        if self.busy.is_none() {
            self.error = None;
            if let Some(line) = self.line() {
                line.paste_line(text);
            }
        }
        Flow::Stay
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::NextField => self.step_field(1),
            Action::PreviousField => self.step_field(-1),
            Action::ShowTyped => self.code.masked = !self.code.masked,
            Action::Submit => self.submit(ctx),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.busy == Some(ticket)
    }

    fn answer(&mut self, _: Ticket, answer: Answer, _: &mut Context<'_>) -> Flow {
        self.busy = None;
        match answer {
            Answer::Shared(Ok(shared)) => return Flow::Become(Open::ShownOnce(shared)),
            Answer::Shared(Err((row, trouble))) => {
                self.at = row;
                self.error = Some((row, trouble_line(&trouble)));
            }
            _ => {}
        }
        Flow::Stay
    }
}
