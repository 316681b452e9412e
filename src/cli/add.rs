//! `tickey add`: a new entry from a link, or field by field.

use std::path::Path;

use super::args::{Add, Global, Values};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::input::{self, Lines};
use super::list::Row;
use super::session::{self, Session};
use super::{fields, out, pick};
use crate::formats::picture;
use crate::otp::uri::{self, UriError};
use crate::otp::{Kind, links};
use crate::qr;
use crate::secret::Text;
use crate::vault::fields::{Fields, has_pin};
use crate::vault::{Details, Edit, Unlocked};

pub fn run(global: &Global, args: &Add) -> Result<(), Failure> {
    if args.source.as_deref().is_some_and(|source| source != "-") {
        // The argument may be a secret: it is not repeated.
        return Err(Failure::usage(
            "tickey add takes no link or secret as an argument, where every program can read it",
        )
        .hint("tickey add asks for it, tickey add - reads a link from standard input, --secret-stdin a secret"));
    }
    let details = read(global, args)?;
    let mut session = Session::open(global)?;
    if !args.allow_duplicate
        && let Some(other) = duplicate(session.vault(), &details)
    {
        return Err(Failure::failed(format!("this entry is there already: {other}; nothing was changed"))
            .hint("--allow-duplicate adds it all the same"));
    }
    let id = session::new_id()?;
    let short = details.otp.short_secret();
    session.edit(&[Edit::Add(id, Box::new(details))])?;
    let Some(entry) = session.vault().entry(id) else {
        return Err(Failure::failed("the entry was added and deleted again by another program"));
    };
    short.iter().for_each(|short| out::warn(short));
    if global.json {
        return out::json(&Row::new(entry, session.name()));
    }
    out::line(&id.to_string())?;
    out::say(&format!("added {}", crate::text::clean(&pick::label(entry))));
    Ok(())
}

fn read(global: &Global, args: &Add) -> Result<Details, Failure> {
    let values = &args.values;
    let mut wanted = fields::plain(values);
    wanted.favourite = args.favourite.then_some(true);
    if let Some(picture) = &args.qr {
        ask::one_stdin(global, &[picture])?;
        let base = from_picture(picture)?;
        let kind = wanted.kind.unwrap_or(base.otp.kind);
        if values.pin_stdin {
            let mut lines = Lines::stdin(global)?;
            wanted.pin = Some(lines.next("the PIN")?);
            lines.end("the PIN")?;
        }
        ask_pin(&mut wanted, kind, base.otp.pin.is_some())?;
        return Ok(wanted.change(&base)?);
    }
    let from_stdin = args.source.is_some() || values.secret_stdin || values.pin_stdin;
    let mut lines = if from_stdin { Some(Lines::stdin(global)?) } else { None };
    let typed = match (&mut lines, args.source.is_some() || values.secret_stdin) {
        (Some(lines), true) if args.source.is_some() => lines.next("the link")?,
        (Some(lines), true) => lines.next("the secret")?,
        _ => prompt(values)?,
    };
    if values.pin_stdin
        && let Some(lines) = &mut lines
    {
        wanted.pin = Some(lines.next("the PIN")?);
    }
    if let Some(lines) = &mut lines {
        let taken = match (values.pin_stdin, args.source.is_some()) {
            (true, _) => "the entry and its PIN",
            (false, true) => "one link",
            (false, false) => "one secret",
        };
        lines.end(taken).map_err(|failure| failure.hint("tickey import - takes several links"))?;
    }
    if args.source.is_some() || (!values.secret_stdin && links::is_link(&typed)) {
        let link = links::split(&typed).next().unwrap_or(&typed);
        let several = links::split(&typed).nth(1).is_some();
        let link = if several { Err(UriError::Nested) } else { uri::parse(link) };
        let link = link.map_err(|error| {
            let failure = Failure::failed(format!("{error}; nothing was changed"));
            match error {
                UriError::Nested | UriError::Migration => failure.hint("tickey import - takes several links"),
                _ => failure,
            }
        })?;
        let base = Details::new(link.otp, link.issuer, link.account);
        let kind = wanted.kind.unwrap_or(base.otp.kind);
        ask_pin(&mut wanted, kind, base.otp.pin.is_some())?;
        return Ok(wanted.change(&base)?);
    }
    let kind = wanted.kind.unwrap_or(Kind::Totp);
    wanted.secret = Some(fields::secret(kind, &typed)?);
    ask_pin(&mut wanted, kind, false)?;
    Ok(wanted.create()?)
}

/// The one entry in a picture's QR code.
fn from_picture(path: &Path) -> Result<Details, Failure> {
    let name = path.display();
    let said = |error: String| Failure::failed(format!("{name}: {error}; nothing was changed"));
    let texts = qr::read(&input::file(path)?).map_err(|error| said(error.to_string()))?;
    let mut imported = picture::from_codes(&texts).map_err(|error| said(error.to_string()))?;
    match (imported.entries.pop(), imported.entries.is_empty(), imported.problems.pop()) {
        (Some(only), true, _) => Ok(only.details),
        (Some(_), false, _) => {
            let count = imported.entries.len().saturating_add(1);
            Err(said(format!("it holds {count} entries")).hint(format!("tickey import {name} takes all of them")))
        }
        (None, _, Some(problem)) => Err(said(problem.reason)),
        (None, _, None) => Err(said("it holds no entry".into())),
    }
}

fn prompt(values: &Values) -> Result<Text, Failure> {
    let fields_given = values.issuer.is_some() || values.account.is_some();
    let (what, question) =
        if fields_given { ("the secret", "Secret") } else { ("the entry", "otpauth:// link (it is not shown)") };
    let instead = "tickey add - reads a link from standard input, --secret-stdin a secret";
    Terminal::require(what, instead)?.hidden(question)
}

/// Asks for a PIN that is needed and was given nowhere.
fn ask_pin(wanted: &mut Fields, kind: Kind, known: bool) -> Result<(), Failure> {
    if has_pin(kind) && !known && wanted.pin.is_none() {
        wanted.pin = Some(Terminal::require("the PIN", "--pin-stdin reads it from standard input")?.hidden("PIN")?);
    }
    Ok(())
}

/// The entry with the same codes and names.
fn duplicate(vault: &Unlocked, details: &Details) -> Option<String> {
    vault
        .entries()
        .filter(|entry| !entry.deleted)
        .find(|entry| {
            let ours = &entry.details;
            ours.otp.identity() == details.otp.identity()
                && ours.issuer == details.issuer
                && ours.account == details.account
        })
        .map(pick::label)
}
