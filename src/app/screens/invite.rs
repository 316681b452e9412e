//! An invitation being written.

use crate::app::Effect;
use crate::app::core::input::Input;
use crate::app::core::news::trouble_line;
use crate::app::effect::MemberDeed;
use crate::app::screen::{Action, Answer, Context, Flow, Handle, Open, Screen, Ticket, member_done};
use crate::config::keys::{Key, KeyCode};
use crate::secret::Text;
use crate::vault::roster::Role;
use crate::vault::seal::VaultId;

/// The form.
pub(crate) struct InviteForm {
    pub(crate) vault: u16,
    id: VaultId,
    pub(crate) name: Input,
    pub(crate) role: Role,
    pub(crate) at_role: bool,
    pub(crate) error: Option<String>,
    pub(crate) busy: Option<Ticket>,
}

impl Handle for InviteForm {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<InviteForm> {
        let Open::Invite(vault) = *wanted else { return None };
        let id = ctx.session.vaults.get(vault)?.vault.id();
        Some(InviteForm { vault, id, name: Input::new(), role: Role::Viewer, at_role: false, error: None, busy: None })
    }

    fn id(&self) -> Screen {
        Screen::Invite
    }

    fn key(&mut self, key: &Key, _: &mut Context<'_>) -> Flow {
        if self.busy.is_some() {
            return Flow::Stay;
        }
        self.error = None;
        if !self.at_role {
            self.name.key(key);
        } else if matches!(key.code, KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) {
            self.role = if self.role == Role::Viewer { Role::Editor } else { Role::Viewer };
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, _: &mut Context<'_>) -> Flow {
        if self.busy.is_none() && !self.at_role {
            self.name.paste_line(text);
        }
        Flow::Stay
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::NextField | Action::PreviousField => self.at_role = !self.at_role,
            Action::Submit => self.submit(ctx),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.busy == Some(ticket)
    }

    fn answer(&mut self, _: Ticket, answer: Answer, ctx: &mut Context<'_>) -> Flow {
        self.busy = None;
        match answer {
            Answer::Member(Ok(done)) => member_done(done, ctx).map_or(Flow::Close, Flow::Become),
            Answer::Member(Err(trouble)) => {
                self.error = Some(trouble_line(&trouble));
                Flow::Stay
            }
            _ => Flow::Stay,
        }
    }
}

impl InviteForm {
    fn submit(&mut self, ctx: &mut Context<'_>) {
        if self.busy.is_some() {
            return;
        }
        let name = self.name.text().trim().to_owned();
        if name.is_empty() {
            self.error = Some("a name is needed".into());
            self.at_role = false;
            return;
        }
        let (vault, deed) = (self.id, MemberDeed::Invite { name, role: self.role });
        self.busy = Some(ctx.out.ask(|ticket| Effect::Member { ticket, vault, deed }));
    }
}
