//! `tickey code`: the digits and a newline, nothing else.

use serde::Serialize;

use super::args::{Code as Args, Global};
use super::error::Failure;
use super::session::Session;
use super::{out, pick};
use crate::app::msg::Copied;
use crate::config::Config;
use crate::otp;
use crate::runtime::{clipboard, clock};
use crate::secret::Text;
use crate::store::paths::Home;
use crate::team::Changed;
use crate::text;
use crate::vault::{Edit, Entry, EntryId, NoCode};

/// The most codes `--for` lists: a day of them at one a second is more than anybody reads.
const MOST: u64 = 100_000;

#[derive(Serialize)]
struct Row<'a> {
    id: String,
    vault: &'a str,
    issuer: &'a str,
    account: &'a str,
    code: &'a str,
    valid_from: Option<u64>,
    valid_until: Option<u64>,
    next: Option<&'a str>,
}

pub fn run(global: &Global, args: &Args) -> Result<(), Failure> {
    let (mut session, id) = Session::holding(global, |vaults| pick::one(vaults, &args.query))?;
    let entry = session.entry(id)?;
    if !entry.details.otp.is_timed() {
        let option = [(args.next, "--next"), (args.at.is_some(), "--at"), (args.span.is_some(), "--for")];
        if let Some((_, name)) = option.into_iter().find(|(given, _)| *given) {
            return Err(Failure::usage(format!(
                "{name} makes no sense for a hotp entry, whose codes do not depend on time"
            )));
        }
        return counted(global, args, &mut session, id);
    }
    let otp = &entry.details.otp;
    let start = args.at.unwrap_or_else(|| clock::now().unix());
    if let Some(span) = args.span {
        return list(global, &session, entry, start, span);
    }
    let at = if args.next { otp.valid_until(start) } else { start };
    let code = made(entry, at)?;
    if args.copy {
        return copy(&session, entry, &code);
    }
    if global.json {
        let next = entry.code(otp.valid_until(at)).ok();
        return out::json(&row(&session, entry, at, &code, next.as_ref()));
    }
    out::line(code.as_str())
}

/// A HOTP code: the counter is saved before the code is shown, so that no code is ever shown twice.
fn counted(global: &Global, args: &Args, session: &mut Session, id: EntryId) -> Result<(), Failure> {
    for _ in 0..8 {
        let entry = session.entry(id)?.clone();
        let code = made(&entry, 0)?;
        // When another program wrote meanwhile it may have drawn this very code: leave it to it and take the next.
        if session.edit(&[Edit::UseCounter(id)])? == Changed::Merged {
            continue;
        }
        if args.copy {
            return copy(session, &entry, &code);
        }
        if global.json {
            return out::json(&Row {
                id: id.to_string(),
                vault: session.name(),
                issuer: &entry.details.issuer,
                account: &entry.details.account,
                code: code.as_str(),
                valid_from: None,
                valid_until: None,
                next: None,
            });
        }
        return out::line(code.as_str());
    }
    Err(Failure::failed("other programs keep writing to the vault; no code was drawn").hint("try again"))
}

/// All codes from `start` for `span` seconds.
fn list(global: &Global, session: &Session, entry: &Entry, start: u64, span: u64) -> Result<(), Failure> {
    let otp = &entry.details.otp;
    let end = start.saturating_add(span);
    let first = otp.valid_from(start);
    if end.saturating_sub(first).div_ceil(otp.period.get()) > MOST {
        return Err(Failure::usage(format!("--for would list more than {MOST} codes")));
    }
    let mut times = Vec::new();
    let mut at = first;
    while at < end {
        times.push(at);
        at = at.saturating_add(otp.period.get());
    }
    // One more, so that the last of the list has its next.
    let codes = times.iter().copied().chain([at]).map(|at| made(entry, at)).collect::<Result<Vec<_>, _>>()?;
    if global.json {
        let rows: Vec<Row> = times
            .iter()
            .zip(codes.iter().zip(codes.iter().skip(1)))
            .map(|(at, (code, next))| row(session, entry, *at, code, Some(next)))
            .collect();
        return out::json(&rows);
    }
    let mut lines = zeroize::Zeroizing::new(Vec::with_capacity(codes.len().saturating_mul(12)));
    for code in codes.iter().take(times.len()) {
        lines.extend_from_slice(code.as_str().as_bytes());
        lines.push(b'\n');
    }
    out::data(&lines)?;
    out::say(&format!(
        "{} of {} s each, the first until {}",
        if times.len() == 1 { "1 code".to_owned() } else { format!("{} codes", times.len()) },
        otp.period.get(),
        out::utc(otp.valid_until(start).saturating_mul(1000))
    ));
    Ok(())
}

fn row<'a>(
    session: &'a Session,
    entry: &'a Entry,
    at: u64,
    code: &'a otp::Code,
    next: Option<&'a otp::Code>,
) -> Row<'a> {
    let otp = &entry.details.otp;
    Row {
        id: entry.id.to_string(),
        vault: session.name(),
        issuer: &entry.details.issuer,
        account: &entry.details.account,
        code: code.as_str(),
        valid_from: Some(otp.valid_from(at)),
        valid_until: Some(otp.valid_until(at)),
        next: next.map(otp::Code::as_str),
    }
}

fn made(entry: &Entry, at: u64) -> Result<otp::Code, Failure> {
    entry.code(at).map_err(|why: NoCode| {
        Failure::failed(format!("no code can be made for {}: {why}", pick::label(entry)))
            .hint("tickey edit puts the entry right")
    })
}

/// Copies, and leaves a process behind that clears the clipboard.
fn copy(session: &Session, entry: &Entry, code: &otp::Code) -> Result<(), Failure> {
    let seconds = clipboard_seconds(session.home());
    let copied = clipboard::copy_and_hold(&Text::from(code.as_str()), seconds)
        .map_err(|error| Failure::failed(format!("nothing was copied: {error}")).hint("tickey code prints the code"))?;
    let label = text::fit(&pick::label_in(session, entry), 60);
    out::say(&match copied {
        Copied::Clipboard => format!("copied the code of {label}; the clipboard clears in {seconds} s"),
        Copied::Terminal => {
            format!("copied the code of {label} through the terminal, whose clipboard cannot be cleared from here")
        }
        Copied::TerminalInTmux => format!(
            "copied the code of {label} through tmux, whose clipboard cannot be cleared from here; \
             if nothing arrives: tmux set -g set-clipboard on"
        ),
    });
    Ok(())
}

/// The setting of `config.toml`. One that cannot be read hinders the screen, not a copy.
fn clipboard_seconds(home: &Home) -> u64 {
    let text = std::fs::read_to_string(home.config.join("config.toml")).unwrap_or_default();
    Config::parse(&text).unwrap_or_default().clipboard_seconds
}
