//! `tickey edit`: an entry's values become others.

use super::args::{Edit as Args, Global};
use super::error::Failure;
use super::input::Lines;
use super::list::Row;
use super::session::Session;
use super::{fields, out, pick};
use crate::secret::Text;
use crate::team::Changed;
use crate::vault::{Details, Edit, RecoveryCode};

pub fn run(global: &Global, args: &Args) -> Result<(), Failure> {
    let values = &args.values;
    let mut wanted = fields::plain(values);
    let texts = |tags: &[String]| tags.iter().map(|tag| Text::from(tag.as_str())).collect();
    wanted.add_tags = texts(&args.add_tags);
    wanted.remove_tags = texts(&args.remove_tags);
    wanted.favourite = match (args.favourite, args.no_favourite) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let from_stdin = values.secret_stdin || values.pin_stdin || args.recovery_codes_stdin;
    if wanted.is_empty() && !from_stdin && args.used_recovery_code.is_none() {
        return Err(Failure::usage("nothing to change was named").hint("tickey edit --help lists what can be changed"));
    }
    // All of standard input is read before the vault is opened, so that a missing line fails at once.
    let mut lines = if from_stdin { Some(Lines::stdin(global)?) } else { None };
    let mut next = |wanted: bool, what| match &mut lines {
        Some(lines) if wanted => lines.next(what).map(Some),
        _ => Ok(None),
    };
    let typed = next(values.secret_stdin, "the secret")?;
    wanted.pin = next(values.pin_stdin, "the PIN")?;
    let codes = match &mut lines {
        Some(lines) if args.recovery_codes_stdin => lines.rest("recovery codes")?,
        _ => Vec::new(),
    };

    let (mut session, id) = Session::holding(global, |vaults| pick::one(vaults, &args.query))?;
    let entry = session.entry(id)?;
    if let Some(typed) = typed {
        wanted.secret = Some(fields::secret(wanted.kind.unwrap_or(entry.details.otp.kind), &typed)?);
    }
    let mut details = wanted.change(&entry.details)?;
    details.recovery_codes.extend(codes.into_iter().map(|code| RecoveryCode { id: None, code, used: false }));
    if let Some(number) = args.used_recovery_code {
        mark_used(&mut details, number)?;
    }
    if details.otp.counter < entry.details.otp.counter && wanted.secret.is_none() && wanted.kind.is_none() {
        return Err(Failure::failed(format!(
            "the counter is at {} and only goes up, or old codes would be shown again; nothing was changed",
            entry.details.otp.counter
        ))
        .hint("give the secret anew with --secret-stdin to start the counter elsewhere"));
    }
    if let Some(short) = details.otp.short_secret().filter(|_| wanted.secret.is_some()) {
        out::warn(&short);
    }
    let changed = session.edit(&[Edit::Change(id, Box::new(details))])?;
    let entry = session.entry(id)?;
    if global.json {
        return out::json(&Row::new(entry, session.name()));
    }
    let label = pick::label_in(&session, entry);
    let label = crate::text::clean(&label);
    out::say(&match changed {
        Changed::Nothing => format!("{label} was like that already"),
        _ => format!("changed {label}"),
    });
    Ok(())
}

fn mark_used(details: &mut Details, number: usize) -> Result<(), Failure> {
    let count = details.recovery_codes.len();
    let code = number.checked_sub(1).and_then(|index| details.recovery_codes.get_mut(index));
    let code = code.ok_or_else(|| {
        Failure::usage(match count {
            0 => "the entry has no recovery codes".to_owned(),
            _ => format!("the entry has recovery codes 1 to {count}"),
        })
    })?;
    code.used = true;
    Ok(())
}
