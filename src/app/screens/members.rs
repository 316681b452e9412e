//! Who belongs to a shared vault: the list of people, inviting, roles, removal, and the secrets to change when somebody has left.
//!
//! What an owner does here must stand on the newest list of members, so the runtime syncs first; the answer says when that was not possible.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::app::core::input::Input;
use crate::app::core::vaults::Vaults;
use crate::app::effect::MemberDeed;
use crate::app::keymap::Action;
use crate::app::msg::{MemberDone, Shared, ShownCode};
use crate::app::screens::confirm::Confirm;
use crate::app::screens::share::Told;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::app::{Effect, Trouble};
use crate::config::keys::{Key, KeyCode};
use crate::time::{Now, Utc};
use crate::vault::document::Change;
use crate::vault::join::{Newcomer, fingerprint_of_keys};
use crate::vault::names::Doubt;
use crate::vault::request::NewKey;
use crate::vault::roster::{Invite, Member, RECOVERY, Role};
use crate::vault::seal::VaultId;

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
    pub(crate) busy: bool,
}

/// An invitation being written.
pub(crate) struct InviteForm {
    pub(crate) vault: u16,
    pub(crate) name: Input,
    pub(crate) role: Role,
    pub(crate) at_role: bool,
    pub(crate) error: Option<String>,
    pub(crate) busy: bool,
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
        let mut members = Members { vault, rows: Vec::new(), cursor: 0, busy: false };
        members.renew(vaults);
        members
    }

    pub(crate) fn renew(&mut self, vaults: &Vaults) {
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
            let (name, who) = (crate::app::core::copy::title(entry), Who::Secret(secret.names()));
            self.rows.push(Row { name, role: "secret", who, fingerprint: String::new() });
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
    }

    pub(crate) fn selected(&self) -> Option<&Row> {
        self.rows.get(self.cursor)
    }
}

impl InviteForm {
    pub(crate) fn key(&mut self, key: &Key) {
        self.error = None;
        if !self.at_role {
            self.name.key(key);
        } else if matches!(key.code, KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) {
            self.role = if self.role == Role::Viewer { Role::Editor } else { Role::Viewer };
        }
    }
}

/// The shared vault that is meant: the one whose tab is chosen, else that of the selected entry, else the first.
pub(crate) fn meant(session: &Session) -> Option<u16> {
    let shared = |number: &u16| session.vaults.get(*number).is_some_and(|open| open.vault.is_shared());
    let chosen = session.list.vault().filter(shared);
    let entry = || session.selected().map(|(spot, _)| spot.vault).filter(shared);
    chosen.or_else(entry).or_else(|| session.vaults.iter().map(|(number, _)| number).find(shared))
}

pub(crate) fn open(session: &mut Session) {
    if let Some(vault) = meant(session) {
        session.over.push(Over::Members(Members::of(&session.vaults, vault)));
    }
}

pub(crate) fn on_top(session: &Session) -> Option<&Members> {
    match session.over.last() {
        Some(Over::Members(members)) => Some(members),
        _ => None,
    }
}

/// Begins an invitation.
pub(crate) fn invite(session: &mut Session) {
    let Some(vault) = on_top(session).map(|members| members.vault) else { return };
    let form = InviteForm { vault, name: Input::new(), role: Role::Viewer, at_role: false, error: None, busy: false };
    session.over.push(Over::Invite(form));
}

pub(crate) fn send_invite(model: &mut Model, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some(Over::Invite(form)) = session.over.last_mut() else { return };
    if form.busy {
        return;
    }
    let name = form.name.text().trim().to_owned();
    if name.is_empty() {
        form.error = Some("a name is needed".into());
        form.at_role = false;
        return;
    }
    let (vault, role) = (form.vault, form.role);
    form.busy = true;
    send(session, vault, MemberDeed::Invite { name, role }, out);
}

/// Whether something can be done with the selected row.
///
/// # Errors
/// Why not.
pub(crate) fn applies(session: &Session, action: Action) -> Result<(), Cow<'static, str>> {
    let Some(members) = on_top(session) else { return Ok(()) };
    let Some(open) = session.vaults.get(members.vault) else { return Ok(()) };
    if action != Action::View && open.vault.me().role() != Role::Owner {
        return Err("only owners change who belongs".into());
    }
    let Some(row) = members.selected() else { return Ok(()) };
    let own = |member: &Member| member.keys.sign == open.vault.signs_as();
    let owners = || open.vault.members().iter().filter(|member| member.role == Role::Owner && member.name != RECOVERY);
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
        (Action::Revert, Who::Member(member)) if member.name == RECOVERY => "the recovery code changes nothing".into(),
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
pub(crate) fn view(session: &mut Session) {
    let Some(row) = on_top(session).and_then(Members::selected) else { return };
    let mut said = vec![row.state()];
    if let Some(role) = Role::from_name(row.role).filter(|_| !matches!(row.who, Who::Gone(_))) {
        said.push(format!("{}: {}", row.role, enforced(role)));
    }
    if !row.fingerprint.is_empty() {
        said.push(format!("Six words: {}", row.fingerprint));
    }
    let shared = Shared { title: row.name.clone(), code: None, said };
    session.over.push(Over::Told(Told::new(shared)));
}

/// Asks before a role is given: `up` for more rights.
pub(crate) fn role(session: &mut Session, up: bool) {
    let Some(Row { who: Who::Member(member), .. }) = on_top(session).and_then(Members::selected) else { return };
    let role = match (member.role, up) {
        (Role::Viewer, true) | (Role::Owner, false) => Role::Editor,
        (_, true) => Role::Owner,
        (_, false) => Role::Viewer,
    };
    let question = format!("make {} {}?", member.name, role.name());
    let confirm = Confirm::member(question, enforced(role).into(), MemberDeed::Role(Box::new(member.clone()), role));
    session.over.push(Over::Confirm(confirm));
}

/// Asks before somebody is removed, or an invite ended.
pub(crate) fn remove(session: &mut Session) {
    let Some(row) = on_top(session).and_then(Members::selected) else { return };
    let confirm = match &row.who {
        Who::Member(member) => Confirm::member(
            format!("remove {}?", member.name),
            format!(
                "What comes after is sealed under a new key. What {} has read cannot be taken back, and old copies, backups and git \
                 history stay readable to them.",
                member.name
            ),
            MemberDeed::Remove(Box::new(member.clone())),
        ),
        Who::Invited(invite) => Confirm::member(
            format!("end the invite of {}?", invite.name),
            "its code opens nothing that comes after".into(),
            MemberDeed::EndInvite(Box::new(invite.clone())),
        ),
        Who::Waiting(newcomer, _) => Confirm::member(
            format!("turn {} away and end the invite?", newcomer.name),
            "its code opens nothing that comes after".into(),
            MemberDeed::EndInvite(Box::new(newcomer.invite.clone())),
        ),
        Who::Aside(_) => Confirm::member(
            format!("drop the changes of {} that no owner stands for?", row.name),
            "They count for nothing. They go from every copy, and cannot be brought back.".into(),
            MemberDeed::Cut(row.name.clone()),
        ),
        Who::Gone(_) | Who::Ahead(_) | Who::Asks(_) | Who::Secret(_) => return,
    };
    session.over.push(Over::Confirm(confirm));
}

fn day(ms: u64) -> String {
    let Utc { year, month, day, .. } = Utc::from_unix(ms / 1000);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Asks before what a member did is taken back.
pub(crate) fn revert(model: &mut Model, now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some(members) = on_top(session) else { return };
    let Some(Row { who: Who::Member(member) | Who::Gone(member), .. }) = members.selected() else { return };
    let (vault, member) = (members.vault, member.clone());
    let entries = match crate::app::core::save::plan_revert(session, vault, &member, now) {
        Ok(changes) => changes.iter().map(Change::entry).collect::<BTreeSet<_>>().len(),
        Err(reason) => return model.say_bad(reason, now),
    };
    let entries = match entries {
        0 => return model.say(format!("nothing by {} is in force that can be taken back", member.name), now),
        1 => "1 entry".to_owned(),
        n => format!("{n} entries"),
    };
    session.over.push(Over::Confirm(Confirm::revert(vault, member, &entries)));
}

/// Asks before one of those who wait is let in.
pub(crate) fn admit(session: &mut Session, now: Now) {
    let Some(row) = on_top(session).and_then(Members::selected) else { return };
    let confirm = match &row.who {
        Who::Waiting(newcomer, doubt) => {
            let ended = match newcomer.invite.expires_ms < now.wall_ms {
                true => format!("The invitation ended {}. ", day(newcomer.invite.expires_ms)),
                false => String::new(),
            };
            Confirm::member(
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
        Who::Asks(asked) => Confirm::member(
            format!("give {} the new key they ask for?", asked.name),
            format!("The old key ends. Compare the six words with them first: {}", row.fingerprint),
            MemberDeed::GiveKey(Box::new(asked.clone())),
        ),
        _ => return,
    };
    session.over.push(Over::Confirm(confirm));
}

/// Sends on its way what was agreed to.
pub(crate) fn agreed(session: &mut Session, deed: MemberDeed, out: &mut Vec<Effect>) {
    if let Some(Over::Members(members)) = session.over.last_mut() {
        members.busy = true;
        let vault = members.vault;
        send(session, vault, deed, out);
    }
}

/// Asks before the recovery code of the chosen tab's vault is renewed; of the personal one where none is chosen.
pub(crate) fn renew_recovery(session: &mut Session) {
    let vault = session.list.vault().unwrap_or(0);
    let Some(open) = session.vaults.get(vault) else { return };
    session.over.push(Over::Confirm(Confirm::recovery(vault, &open.name)));
}

/// Sends the renewal on its way.
pub(crate) fn recovery_agreed(session: &Session, vault: u16, out: &mut Vec<Effect>) {
    send(session, vault, MemberDeed::RenewRecovery, out);
}

fn send(session: &Session, vault: u16, deed: MemberDeed, out: &mut Vec<Effect>) {
    if let Some(open) = session.vaults.get(vault) {
        out.push(Effect::Member { vault: open.vault.id(), deed });
    }
}

/// It is done, or not.
pub(crate) fn done(model: &mut Model, vault: &VaultId, result: Result<MemberDone, Trouble>, now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    let number = session.vaults.find(vault);
    for over in &mut session.over {
        match over {
            Over::Members(members) if Some(members.vault) == number => members.busy = false,
            Over::Invite(form) if Some(form.vault) == number => form.busy = false,
            _ => {}
        }
    }
    match result {
        Ok(MemberDone { said, code }) => {
            session.over.retain(|over| !matches!(over, Over::Invite(_)));
            match code {
                Some(ShownCode::Recovery(code)) => {
                    let said = vec![
                        format!("{said}. The code before opens nothing that comes after."),
                        "It is shown this once: write it on paper, and keep it elsewhere.".into(),
                    ];
                    let title = "the vault's recovery code".into();
                    session.over.push(Over::Told(Told::new(Shared { title, code: Some(code), said })));
                }
                Some(ShownCode::Invitation(code)) => {
                    let next =
                        format!("{said}. Hand it over by another way than the vault; they run: tickey join SOURCE");
                    let title = "the invitation's code".into();
                    session.over.push(Over::Told(Told::new(Shared { title, code: Some(code), said: vec![next] })));
                }
                None => model.say_good(said, now),
            }
        }
        Err(trouble) => match session.over.last_mut() {
            Some(Over::Invite(form)) => form.error = Some(crate::app::core::news::trouble_line(&trouble)),
            _ => model.say_trouble(&trouble, now),
        },
    }
}
