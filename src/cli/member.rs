//! `tickey member`: who belongs to a shared vault.

use data_encoding::HEXLOWER;
use serde::Serialize;

use super::args::{Global, MemberCommand};
use super::ask;
use super::error::{Exit, Failure};
use super::join;
use super::out;
use super::session::Session;
use super::sync;
use super::vault;
use crate::runtime::clock;
use crate::secret::Text;
use crate::team::Keeper;
use crate::team::members::{self, Invitation, Removed};
use crate::text;
use crate::vault::Unlocked;
use crate::vault::join::fingerprint_of_keys;
use crate::vault::roster::{Invite, Member, RECOVERY, Role, Roster};
use crate::vault::seal::{PublicKeys, key_id};
use crate::vault::sharing::{Me, Work};

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    role: &'static str,
    state: &'static str,
    /// Six words for the keys of a person: the same while they wait and when they are in. An invitation's code has none to compare.
    fingerprint: Option<String>,
    /// Unix seconds.
    since: u64,
    let_in_by: Option<String>,
    /// Why somebody who waits is not let in without an owner's yes.
    doubt: Option<String>,
}

impl Row {
    fn new(name: &str, role: Role, state: &'static str, keys: &PublicKeys, since_ms: u64, by: Option<&str>) -> Row {
        Row {
            id: HEXLOWER.encode(&key_id(&keys.sign)),
            name: name.to_owned(),
            role: role.name(),
            state,
            fingerprint: Some(fingerprint_of_keys(keys)),
            since: since_ms / 1000,
            let_in_by: by.map(str::to_owned),
            doubt: None,
        }
    }
}

#[derive(Serialize)]
struct Invited<'a> {
    name: &'a str,
    role: &'static str,
    code: &'a Text,
    /// Unix seconds.
    expires: u64,
}

pub fn run(global: &Global, command: Option<MemberCommand>) -> Result<(), Failure> {
    match command {
        None | Some(MemberCommand::List) => list(global),
        Some(MemberCommand::Invite { name, role, expires }) => invite(global, &name, role.into(), expires),
        Some(MemberCommand::Role { name, role }) => give_role(global, &name, role.into()),
        Some(MemberCommand::Remove { name, keep_changes, drop_changes, yes }) => {
            let work = match (keep_changes, drop_changes) {
                (true, _) => Work::Keep,
                (false, true) => Work::Drop,
                (false, false) => Work::Usual,
            };
            remove(global, &name, work, yes)
        }
        Some(MemberCommand::Cut { name, yes }) => cut(global, &name, yes),
        Some(MemberCommand::Revert { name, since, dry_run, yes, .. }) => {
            revert(global, &name, since.unwrap_or_default(), dry_run, yes)
        }
        Some(MemberCommand::Admit { fingerprint, yes }) => admit(global, &fingerprint, yes),
    }
}

fn open(global: &Global) -> Result<Session, Failure> {
    let session = Session::open(global)?;
    if !session.vault().is_shared() {
        return Err(Failure::usage(format!("{} is a personal vault, with one member", text::clean(session.name())))
            .hint("--vault NAME names a shared vault; tickey vault create makes one"));
    }
    Ok(session)
}

/// As [`open`], and with what is new at the remote: what an owner says must stand on the newest roster.
fn open_newest(global: &Global) -> Result<Session, Failure> {
    let mut session = open(global)?;
    sync::before(&mut session)?;
    Ok(session)
}

fn rows(vault: &Unlocked) -> Vec<Row> {
    let roster = vault.roster();
    let member = |state| {
        move |member: &Member| {
            Row::new(&member.name, member.role, state, &member.keys, member.since_ms, member.let_in_by.as_deref())
        }
    };
    let now_ms = clock::now().wall_ms;
    let invite = |invite: &Invite| {
        let state = if invite.expires_ms < now_ms { "expired" } else { "invited" };
        let row = Row::new(&invite.name, invite.role, state, &invite.keys, invite.since_ms, Some(&invite.by));
        Row { fingerprint: None, ..row }
    };
    let mut rows: Vec<Row> = roster.members().iter().map(member("member")).collect();
    rows.extend(roster.invites().iter().map(invite));
    let names = vault.names();
    rows.extend(vault.newcomers().iter().map(|newcomer| {
        let invite = &newcomer.invite;
        let row = Row::new(&newcomer.name, invite.role, "waiting", &newcomer.keys, invite.since_ms, Some(&invite.by));
        Row { doubt: names.doubt_about(newcomer).map(|doubt| doubt.to_string()), ..row }
    }));
    rows.extend(vault.new_keys().iter().filter_map(|asked| {
        let member = roster.member_by_key(&asked.old)?;
        Some(Row::new(&asked.name, member.role, "new key", &asked.keys, member.since_ms, member.let_in_by.as_deref()))
    }));
    rows.extend(roster.gone().iter().map(member("removed")));
    rows
}

fn list(global: &Global) -> Result<(), Failure> {
    let session = open(global)?;
    let rows = rows(session.vault());
    if global.json {
        return out::json(&rows);
    }
    let cells = |row: &Row| {
        let by = row.let_in_by.as_ref().map_or_else(String::new, |by| format!("by {by}"));
        let since = out::utc(row.since.saturating_mul(1000));
        vec![
            row.name.clone(),
            row.role.to_owned(),
            row.state.to_owned(),
            since,
            by,
            row.fingerprint.clone().unwrap_or_default(),
        ]
    };
    out::data(out::table(&rows.iter().map(cells).collect::<Vec<_>>(), 60).as_bytes())?;
    for row in &rows {
        if let Some(doubt) = &row.doubt {
            out::say(&format!("{} waits for an owner's yes: {doubt}", text::clean(&row.name)));
        }
    }
    out::say(&format!("Your six words: {}", session.vault().own_words()));
    out::say(&format!(
        "The list itself: {} (epoch {}); whoever sees the same words has the same list",
        session.vault().fingerprint(),
        session.vault().epoch()
    ));
    match (session.reaches_others(), session.vault().me()) {
        (Err(error), _) => out::warn(&error.to_string()),
        (Ok(()), Me::Pending { role, .. }) => out::say(join::waiting(role)),
        (Ok(()), Me::Member { .. }) => {}
    }
    Ok(())
}

fn invite(global: &Global, name: &str, role: Role, seconds: u64) -> Result<(), Failure> {
    let mut session = open_newest(global)?;
    let (Invitation { code, expires_ms }, sent) = members::invite(&mut session, name, role, seconds)?;
    if global.json {
        out::json(&Invited { name, role: role.name(), code: &code, expires: expires_ms / 1000 })?;
        return sync::finish(sent);
    }
    out::line(&code)?;
    out::say(&format!(
        "invited {} as {}; the code is good until {}, once, and is shown only now",
        text::clean(name),
        role.name(),
        out::utc(expires_ms)
    ));
    out::say("hand it over by another way than the vault; they run: tickey join SOURCE");
    if let Ok(None) = sent {
        out::say(&format!(
            "this vault has no remote yet: tickey --vault {} remote set URL puts it where they can reach it",
            out::word(session.name())
        ));
    }
    sync::finish(sent)
}

/// The member of that name; of several that are the same but for case, the exact one.
fn named<'a>(session: &'a Session, name: &str) -> Result<&'a Member, Failure> {
    let members = session.vault().members();
    let exact = members.iter().find(|member| member.name == name);
    exact.or_else(|| members.iter().find(|member| member.name.to_lowercase() == name.to_lowercase())).ok_or_else(|| {
        Failure::new(Exit::NoMatch, format!("there is no member {:?} in this vault", text::clean(name)))
            .hint("tickey member list shows who is in it")
    })
}

fn give_role(global: &Global, name: &str, role: Role) -> Result<(), Failure> {
    let mut session = open_newest(global)?;
    let member = named(&session, name)?.clone();
    let Some((recovery_code, sent)) = members::set_role(&mut session, &member, role)? else {
        out::say(&format!("{} is {} already", text::clean(&member.name), role.name()));
        return Ok(());
    };
    out::say(&format!("{} is {} now", text::clean(&member.name), role.name()));
    say_new_code(recovery_code.as_ref(), &member.name);
    sync::finish(sent)
}

/// The recovery code that takes the place of one that whoever is no owner any more may have.
fn say_new_code(code: Option<&Text>, name: &str) {
    if let Some(code) = code {
        out::say(&format!(
            "The recovery code that {} may know has ended, and a new one takes its place",
            text::clean(name)
        ));
        vault::say_code(code, vault::OF_SHARED);
    }
}

fn remove(global: &Global, name: &str, work: Work, yes: bool) -> Result<(), Failure> {
    if !yes {
        // Without a terminal to ask on, say so before a passphrase is spent.
        ask::Terminal::require("your agreement", "--yes removes without asking")?;
    }
    let mut session = open_newest(global)?;
    let open_invite = session.vault().roster().invites().iter().find(|invite| invite.name == name).cloned();
    if let (Some(invite), true) = (open_invite, session.vault().members().iter().all(|member| member.name != name)) {
        ask::confirm(yes, &format!("End the invite of {}?", text::fit(name, 60)))?;
        let sent = members::end_invite(&mut session, &invite)?.1;
        out::say(&format!("ended the invite of {}; its code opens nothing that comes after", text::clean(name)));
        return sync::finish(sent);
    }
    let member = named(&session, name)?.clone();
    if member.name == RECOVERY {
        return Err(Failure::failed("the recovery code is removed by nobody; nothing was changed")
            .hint("tickey vault recovery puts a new one in its place"));
    }
    ask::confirm(yes, &format!("Remove {} from {}?", text::fit(&member.name, 60), text::fit(session.name(), 60)))?;
    let (Removed { recovery_code, to_reenrol, lost }, sent) = members::remove(&mut session, &member, work)?;
    let name = text::clean(&member.name);
    out::say(&format!("removed {name}: what comes after is sealed under a new key"));
    out::say(&format!("what {name} has read, and old copies, backups and git history, stay readable to them"));
    if to_reenrol > 0 {
        out::say(&format!(
            "{} they could read should be enrolled again at their issuers: tickey conflicts lists them",
            out::entries(to_reenrol)
        ));
    }
    if !lost.is_empty() {
        let names: Vec<String> = lost.iter().map(|name| text::fit(name, 60)).collect();
        out::say(&format!("no code is left of {}: their secrets went with {name}'s changes", names.join(", ")));
        out::say("tickey backup list has the vault as it was before");
    }
    say_new_code(recovery_code.as_ref(), &member.name);
    sync::finish(sent)
}

/// Takes back what somebody did, who may be removed since.
fn revert(global: &Global, name: &str, since_ms: u64, dry_run: bool, yes: bool) -> Result<(), Failure> {
    if since_ms > clock::now().wall_ms {
        return Err(Failure::usage(format!("--since is in the future: {}; nothing was changed", out::utc(since_ms))));
    }
    if !yes && !dry_run {
        ask::Terminal::require("your agreement", "--yes takes it back without asking, --dry-run only counts")?;
    }
    let mut session = open_newest(global)?;
    let gone = |roster: &Roster| roster.gone().iter().rev().find(|member| member.name == name).cloned();
    let member = match named(&session, name) {
        Ok(member) => member.clone(),
        Err(failure) => gone(session.vault().roster()).ok_or(failure)?,
    };
    let shown = text::clean(&member.name).into_owned();
    let count = members::would_revert(session.file(), &member, since_ms)?;
    if count == 0 {
        out::say(&format!("Nothing by {shown} is in force that can be taken back"));
        return Ok(());
    }
    if dry_run {
        out::say(&format!("Would change {}", out::entries(count)));
        return Ok(());
    }
    ask::confirm(
        yes,
        &format!("Take back what {} did? It changes {}.", text::fit(&member.name, 60), out::entries(count)),
    )?;
    let sent = members::revert(&mut session, &member, since_ms)?;
    out::say(&format!("Took back what {shown} did, in {}", out::entries(count)));
    if since_ms > 0 {
        out::say("Times can be backdated: --everything takes back all they ever did");
    }
    sync::finish(sent)
}

fn cut(global: &Global, name: &str, yes: bool) -> Result<(), Failure> {
    if !yes {
        ask::Terminal::require("your agreement", "--yes drops without asking")?;
    }
    let mut session = open_newest(global)?;
    let aside = session.vault().set_aside().get(name).copied().unwrap_or_default();
    // Refused, if it is, before it is asked.
    session.vault().cut(name, clock::now().wall_ms)?;
    let who = text::fit(name, 60);
    let question = match aside {
        0 => format!("Drop what may still come of {who} and no owner stands for, for good? Nothing of it is here."),
        _ => format!("Drop {} of {who} that no owner stands for, for good?", out::changes(aside)),
    };
    ask::confirm(yes, &question)?;
    let sent = members::cut(&mut session, name)?.1;
    let name = text::clean(name);
    out::say(&match aside {
        0 => format!("Nothing of {name} was here to drop; what still comes is dropped"),
        _ => format!("Dropped {} of {name}", out::changes(aside)),
    });
    sync::finish(sent)
}

fn admit(global: &Global, fingerprint: &str, yes: bool) -> Result<(), Failure> {
    let mut session = open_newest(global)?;
    let wanted: Vec<&str> = fingerprint.split_whitespace().collect();
    let has_words = |keys: &PublicKeys| fingerprint_of_keys(keys).split_whitespace().eq(wanted.iter().copied());
    if let Some(asked) = session.vault().new_keys().into_iter().find(|asked| has_words(&asked.keys)) {
        let sent = members::give_key(&mut session, &asked)?.1;
        out::say(&format!("Gave {} the new key; the old one opens nothing from now on", text::clean(&asked.name)));
        return sync::finish(sent);
    }
    let newcomers = session.vault().newcomers();
    let newcomer = newcomers.iter().find(|newcomer| has_words(&newcomer.keys)).ok_or_else(|| {
        Failure::new(Exit::NoMatch, "nobody with those six words waits to be let in or for a new key")
            .hint("tickey member list shows who waits, with their words")
    })?;
    if newcomer.invite.expires_ms < clock::now().wall_ms {
        let (who, ended) = (text::fit(&newcomer.name, 60), out::utc(newcomer.invite.expires_ms));
        if !yes {
            ask::Terminal::require("your agreement", "--yes lets them in without asking")?;
        }
        ask::confirm(yes, &format!("The invitation ended {ended}. Let {who} in all the same?"))?;
    }
    let (name, published) = members::admit(&mut session, newcomer)?;
    out::say(&format!("Let in {}", text::clean(&name)));
    sync::finish(published)
}
