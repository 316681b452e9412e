//! Who belongs to a shared vault: the list of people, inviting, roles, removal, and the secrets to change when somebody has left.
//!
//! What an owner does here must stand on the newest list of members, so the runtime syncs first; the answer says when that was not possible.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::app::Effect;
use crate::app::core::copy::title;
use crate::app::core::save::{plan_revert, revert};
use crate::app::core::vaults::Vaults;
use crate::app::effect::MemberDeed;
use crate::app::keymap;
use crate::app::msg::Shared;
use crate::app::screen::{
    Action, Answer, Context, Enabled, Flow, Handle, Open, Question, Screen, Session, Ticket, member_done, within,
};
use crate::text::clean;
use crate::time::Utc;
use crate::vault::document::Change;
use crate::vault::join::{Newcomer, fingerprint_of_keys};
use crate::vault::names::Doubt;
use crate::vault::request::NewKey;
use crate::vault::roster::{Invite, Member, RECOVERY, Role};

/// Who or what stands in a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Who {
    Member(Member),
    Invited(Invite),
    /// Somebody who used an invitation, and why an owner has to say yes first.
    Waiting(Newcomer, Option<Doubt>),
    /// A member who asks for a new key.
    Asks(NewKey),
    Gone(Member),
    /// So many changes do not count: they came after their author's removal.
    Aside(usize),
    /// So many changes are dated too far ahead of this machine's clock to count.
    Ahead(usize),
    /// An entry whose secret was known to those who left.
    Secret(String),
}

/// A row of the screen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) who: Who,
    /// Six words to compare by voice; empty where there is nothing to compare.
    pub(crate) fingerprint: String,
}

/// The members of one vault.
pub(crate) struct Members {
    pub(crate) vault: u16,
    pub(crate) rows: Vec<Row>,
    pub(crate) cursor: usize,
    /// Something is being done.
    pub(crate) busy: Option<Ticket>,
    asked: Option<Asked>,
}

/// What was asked about.
enum Asked {
    Do(MemberDeed),
    Revert(Member),
}

/// What enforces that a member can do no more than this.
pub(crate) fn enforced(role: Role) -> &'static str {
    match role {
        Role::Viewer => "may read: encryption keeps everybody else out",
        Role::Editor => "may change entries: every reader checks who signed a change",
        Role::Owner => "may also change who belongs: every reader checks who signed it",
    }
}

fn came(member: &Member) -> String {
    let since = day(member.since_ms);
    member.let_in_by.as_ref().map_or_else(|| format!("since {since}"), |by| format!("since {since}, by {by}"))
}

impl Row {
    /// How it stands with them.
    pub(crate) fn state(&self) -> String {
        match &self.who {
            Who::Member(member) => came(member),
            Who::Invited(invite) => format!("invited by {}, open until {}", invite.by, day(invite.expires_ms)),
            Who::Waiting(_, None) => "waits to be let in".into(),
            Who::Waiting(_, Some(doubt)) => format!("waits for your yes: {doubt}"),
            Who::Asks(_) => "asks for a new key; a gives it, and ends the old one".into(),
            Who::Gone(member) => format!("removed; was a member {}", came(member)),
            Who::Ahead(_) => "changes of theirs are dated ahead and do not count until then".into(),
            Who::Aside(1) => "a change of theirs does not count: their key had ended; d drops it".into(),
            Who::Aside(n) => format!("{n} changes of theirs do not count: their key had ended; d drops them"),
            Who::Secret(known_to) => format!("enrol it again: {known_to} knew it and was removed"),
        }
    }
}

impl Members {
    fn of(vaults: &Vaults, vault: u16) -> Members {
        let mut members = Members { vault, rows: Vec::new(), cursor: 0, busy: None, asked: None };
        members.renew(vaults);
        members
    }

    fn renew(&mut self, vaults: &Vaults) {
        let Some(open) = vaults.get(self.vault) else { return };
        let vault = &open.vault;
        let roster = vault.roster();
        let row = |name: &str, role: Role, fingerprint: String, who: Who| Row {
            name: name.to_owned(),
            role: role.name(),
            who,
            fingerprint,
        };
        let member = |who: fn(Member) -> Who| {
            move |member: &Member| {
                row(&member.name, member.role, fingerprint_of_keys(&member.keys), who(member.clone()))
            }
        };
        let names = vault.names();
        self.rows = vault
            .newcomers()
            .into_iter()
            .map(|newcomer| {
                let print = fingerprint_of_keys(&newcomer.keys);
                let doubt = names.doubt_about(&newcomer);
                row(&newcomer.name.clone(), newcomer.invite.role, print, Who::Waiting(newcomer, doubt))
            })
            .collect();
        self.rows.extend(vault.new_keys().into_iter().map(|asked| Row {
            name: asked.name.clone(),
            role: "new key",
            fingerprint: fingerprint_of_keys(&asked.keys),
            who: Who::Asks(asked),
        }));
        self.rows.extend(roster.members().iter().map(member(Who::Member)));
        self.rows.extend(
            roster
                .invites()
                .iter()
                .map(|invite| row(&invite.name, invite.role, String::new(), Who::Invited(invite.clone()))),
        );
        self.rows.extend(roster.gone().iter().map(member(Who::Gone)));
        let aside = |(by, changes)| Row { name: by, role: "", who: Who::Aside(changes), fingerprint: String::new() };
        self.rows.extend(vault.set_aside().into_iter().map(aside));
        let ahead = |(by, changes)| Row { name: by, role: "", who: Who::Ahead(changes), fingerprint: String::new() };
        self.rows.extend(vault.waiting().into_iter().map(ahead));
        for secret in vault.to_reenrol() {
            let Some(entry) = vault.entry(secret.entry) else { continue };
            let (name, who) = (title(entry), Who::Secret(secret.names()));
            self.rows.push(Row { name, role: "secret", who, fingerprint: String::new() });
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
    }

    pub(crate) fn selected(&self) -> Option<&Row> {
        self.rows.get(self.cursor)
    }
}

fn day(ms: u64) -> String {
    let Utc { year, month, day, .. } = Utc::from_unix(ms / 1000);
    format!("{year:04}-{month:02}-{day:02}")
}

impl Handle for Members {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Members> {
        let Open::By(Action::Members) = wanted else { return None };
        Some(Members::of(&ctx.session.vaults, ctx.session.shared()?))
    }

    fn id(&self) -> Screen {
        Screen::Members
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::View => self.view(),
            Action::History => Flow::Open(Open::History(self.vault)),
            Action::Invite => Flow::Open(Open::Invite(self.vault)),
            Action::Promote | Action::Demote => self.role(action == Action::Promote),
            Action::RemoveMember => self.remove(),
            Action::Revert => self.revert(ctx),
            Action::Admit => self.admit(ctx.now.wall_ms),
            _ => Flow::Pass,
        }
    }

    fn step(&mut self, by: isize, _: &mut Session) {
        self.cursor = within(self.cursor, by, self.rows.len());
    }

    fn enabled(&self, action: Action, session: &Session) -> Option<Enabled> {
        match action {
            Action::View | Action::History => Some(Ok(())),
            Action::Invite
            | Action::Promote
            | Action::Demote
            | Action::RemoveMember
            | Action::Revert
            | Action::Admit => Some(match self.busy.is_some() {
                true => Err("something is being done already; wait a moment".into()),
                false => self.applies(action, session),
            }),
            _ => None,
        }
    }

    fn hint(&self, row: &keymap::Row, session: &Session) -> Option<&'static str> {
        self.applies(row.action, session).ok().map(|()| row.short)
    }

    fn confirmed(&mut self, yes: bool, ctx: &mut Context<'_>) -> Flow {
        match self.asked.take().filter(|_| yes) {
            Some(Asked::Do(deed)) => {
                if let Some(open) = ctx.session.vaults.get(self.vault) {
                    let vault = open.vault.id();
                    self.busy = Some(ctx.out.ask(|ticket| Effect::Member { ticket, vault, deed }));
                }
            }
            Some(Asked::Revert(member)) => revert(ctx, self.vault, &member),
            None => {}
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.busy == Some(ticket)
    }

    fn answer(&mut self, _: Ticket, answer: Answer, ctx: &mut Context<'_>) -> Flow {
        self.busy = None;
        match answer {
            Answer::Member(Ok(done)) => return member_done(done, ctx).map_or(Flow::Stay, Flow::Open),
            Answer::Member(Err(trouble)) => ctx.news.say_trouble(&trouble, ctx.now),
            _ => {}
        }
        Flow::Stay
    }

    fn refresh(&mut self, session: &Session) -> bool {
        self.renew(&session.vaults);
        true
    }
}

impl Members {
    /// Whether something can be done with the selected row.
    ///
    /// # Errors
    /// Whether the selected row and this member's role allow it; else the reason.
    fn applies(&self, action: Action, session: &Session) -> Enabled {
        let Some(open) = session.vaults.get(self.vault) else { return Ok(()) };
        if action != Action::View && open.vault.me().role() != Role::Owner {
            return Err("only owners change who belongs".into());
        }
        let Some(row) = self.selected() else { return Ok(()) };
        let own = |member: &Member| member.keys.sign == open.vault.signs_as();
        let owners =
            || open.vault.members().iter().filter(|member| member.role == Role::Owner && member.name != RECOVERY);
        let why: Cow<'static, str> = match (action, &row.who) {
            (Action::Promote | Action::Demote, Who::Member(member)) => match (member.role, action) {
                _ if member.name == RECOVERY => "the recovery code is an owner, and stays one".into(),
                (Role::Owner, Action::Promote) => "an owner has all rights already".into(),
                (Role::Viewer, Action::Demote) => "a viewer has the fewest rights; remove shuts them out".into(),
                (Role::Owner, _) if own(member) && owners().count() < 2 => {
                    "you are the only owner: make another member one first".into()
                }
                (Role::Owner, _) if own(member) => "another owner has to do that".into(),
                _ => return Ok(()),
            },
            (Action::Promote | Action::Demote, _) => "only a member's role can be changed".into(),
            (Action::RemoveMember, Who::Member(member)) if member.name == RECOVERY => {
                "the recovery code is removed by nobody; the command recovery renews it".into()
            }
            (Action::RemoveMember, Who::Member(member)) if own(member) => {
                "nobody removes themselves; another owner can".into()
            }
            (Action::RemoveMember, Who::Gone(_)) => "they are removed already".into(),
            (Action::RemoveMember, Who::Ahead(_)) => {
                "they count once their time has come; removing their author drops them".into()
            }
            (Action::RemoveMember, Who::Asks(_)) => "only they can take it back; a lets one of their keys in".into(),
            (Action::RemoveMember, Who::Secret(_)) => "it goes from here when its secret is changed".into(),
            (Action::Revert, Who::Member(member)) if member.name == RECOVERY => {
                "the recovery code changes nothing".into()
            }
            (Action::Revert, Who::Member(_) | Who::Gone(_)) | (Action::Admit, Who::Waiting(..) | Who::Asks(_)) => {
                return Ok(());
            }
            (Action::Revert, _) => "only what a member did can be taken back".into(),
            (Action::Admit, _) => "only who waits can be let in".into(),
            _ => return Ok(()),
        };
        Err(why)
    }

    /// All about the selected row, to be read on a screen of any size.
    fn view(&self) -> Flow {
        let Some(row) = self.selected() else { return Flow::Stay };
        let mut said = vec![row.state()];
        if let Some(role) = Role::from_name(row.role).filter(|_| !matches!(row.who, Who::Gone(_))) {
            said.push(format!("{}: {}", row.role, enforced(role)));
        }
        if !row.fingerprint.is_empty() {
            said.push(format!("Six words: {}", row.fingerprint));
        }
        Flow::Open(Open::ShownOnce(Shared { title: row.name.clone(), code: None, said }))
    }

    /// Asks before a role is given: `up` for more rights.
    fn role(&mut self, up: bool) -> Flow {
        let Some(Row { who: Who::Member(member), .. }) = self.selected() else { return Flow::Stay };
        let role = match (member.role, up) {
            (Role::Viewer, true) | (Role::Owner, false) => Role::Editor,
            (_, true) => Role::Owner,
            (_, false) => Role::Viewer,
        };
        let question = format!("make {} {}?", member.name, role.name());
        let deed = MemberDeed::Role(Box::new(member.clone()), role);
        self.ask(&question, enforced(role), deed)
    }

    /// Asks before somebody is removed, or an invite ended.
    fn remove(&mut self) -> Flow {
        let Some(row) = self.selected() else { return Flow::Stay };
        let (question, detail, deed) = match &row.who {
            Who::Member(member) => (
                format!("remove {}?", member.name),
                format!(
                    "What comes after is sealed under a new key. What {} has read cannot be taken back, and old copies, backups and git \
                 history stay readable to them.",
                    member.name
                ),
                MemberDeed::Remove(Box::new(member.clone())),
            ),
            Who::Invited(invite) => (
                format!("end the invite of {}?", invite.name),
                "its code opens nothing that comes after".to_owned(),
                MemberDeed::EndInvite(Box::new(invite.clone())),
            ),
            Who::Waiting(newcomer, _) => (
                format!("turn {} away and end the invite?", newcomer.name),
                "its code opens nothing that comes after".to_owned(),
                MemberDeed::EndInvite(Box::new(newcomer.invite.clone())),
            ),
            Who::Aside(_) => (
                format!("drop the changes of {} that no owner stands for?", row.name),
                "They count for nothing. They go from every copy, and cannot be brought back.".to_owned(),
                MemberDeed::Cut(row.name.clone()),
            ),
            Who::Gone(_) | Who::Ahead(_) | Who::Asks(_) | Who::Secret(_) => return Flow::Stay,
        };
        self.ask(&question, &detail, deed)
    }

    /// Asks before what a member did is taken back.
    fn revert(&mut self, ctx: &mut Context<'_>) -> Flow {
        let Some(Row { who: Who::Member(member) | Who::Gone(member), .. }) = self.selected() else { return Flow::Stay };
        let entries = match plan_revert(ctx.session, self.vault, member, ctx.now) {
            Ok(changes) => changes.iter().map(Change::entry).collect::<BTreeSet<_>>().len(),
            Err(reason) => {
                ctx.say_bad(reason);
                return Flow::Stay;
            }
        };
        let entries = match entries {
            0 => {
                ctx.say(format!("nothing by {} is in force that can be taken back", member.name));
                return Flow::Stay;
            }
            1 => "1 entry".to_owned(),
            n => format!("{n} entries"),
        };
        let question = format!("take back all that {} did?", member.name);
        self.asked = Some(Asked::Revert(member.clone()));
        Flow::Ask(Question::new(
            clean(&question),
            format!(
                "It changes {entries}: each field they set gets the value before, what they made goes to the trash. Undo brings it back."
            ),
        ))
    }

    /// Asks before one of those who wait is let in.
    fn admit(&mut self, now_ms: u64) -> Flow {
        let Some(row) = self.selected() else { return Flow::Stay };
        let (question, detail, deed) = match &row.who {
            Who::Waiting(newcomer, doubt) => {
                let ended = match newcomer.invite.expires_ms < now_ms {
                    true => format!("The invitation ended {}. ", day(newcomer.invite.expires_ms)),
                    false => String::new(),
                };
                (
                    format!("let {} in as {}?", newcomer.name, newcomer.invite.role.name()),
                    match doubt {
                        Some(doubt) => {
                            format!("{ended}Compare the six words with them first, for {doubt}: {}", row.fingerprint)
                        }
                        None => format!("{ended}Compare the six words with them first: {}", row.fingerprint),
                    },
                    MemberDeed::Admit(Box::new(newcomer.clone())),
                )
            }
            Who::Asks(asked) => (
                format!("give {} the new key they ask for?", asked.name),
                format!("The old key ends. Compare the six words with them first: {}", row.fingerprint),
                MemberDeed::GiveKey(Box::new(asked.clone())),
            ),
            _ => return Flow::Stay,
        };
        self.ask(&question, &detail, deed)
    }

    fn ask(&mut self, question: &str, detail: &str, deed: MemberDeed) -> Flow {
        self.asked = Some(Asked::Do(deed));
        Flow::Ask(Question::new(clean(question), clean(detail)))
    }
}
