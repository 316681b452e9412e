//! `tickey show`: one entry; its secret only when asked for.

use serde::Serialize;

use super::args::{Global, Show};
use super::error::Failure;
use super::list::Row;
use super::session::Session;
use super::{out, pick, qr};
use crate::otp::{Kind, Otp, base32, motp, uri};
use crate::secret::Text;
use crate::text;
use crate::vault::{Entry, conflict};

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    note: &'a Text,
    deleted: bool,
    problem: Option<&'a str>,
    conflicts: &'a [String],
    /// Unix seconds.
    added: u64,
    /// Unix seconds.
    changed: u64,
    recovery_codes: Vec<Recovery<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<&'a Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<Text>,
}

#[derive(Serialize)]
struct Recovery<'a> {
    used: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a Text>,
}

pub fn run(global: &Global, args: &Show) -> Result<(), Failure> {
    let (session, id) = Session::holding(global, |vaults| pick::any(vaults, &args.query))?;
    let entry = session.entry(id)?;
    let (details, otp) = (&entry.details, &entry.details.otp);
    let link = || uri::write(otp, &details.issuer, &details.account);
    if global.json {
        let codes = details.recovery_codes.iter();
        return out::json(&Whole {
            row: Row::new(entry, session.name()),
            note: &details.note,
            deleted: entry.deleted,
            problem: entry.problem.as_deref(),
            conflicts: &entry.conflicts,
            added: entry.added.ms() / 1000,
            changed: entry.changed.ms() / 1000,
            recovery_codes: codes
                .map(|code| Recovery { used: code.used, code: args.recovery_codes.then_some(&code.code) })
                .collect(),
            secret: args.secret.then(|| typed_secret(otp)),
            pin: otp.pin.as_ref().filter(|_| args.secret),
            uri: args.uri.then(link),
        });
    }
    if args.uri {
        return out::line(&link());
    }
    if args.qr {
        let link = uri::write_short(otp, &details.issuer, &details.account);
        return qr::run(global, &link, args.output.as_deref());
    }
    if args.secret {
        out::line(&typed_secret(otp))?;
        return otp.pin.as_ref().map_or(Ok(()), |pin| out::line(&text::clean(pin)));
    }
    if args.recovery_codes {
        for (code, number) in details.recovery_codes.iter().zip(1..) {
            let used = if code.used { "  (used)" } else { "" };
            out::line(&format!("{number}  {}{used}", text::clean(&code.code)))?;
        }
        if details.recovery_codes.is_empty() {
            out::say("the entry has no recovery codes");
        }
        return Ok(());
    }
    out::data(words(entry).as_bytes())
}

/// The secret as it is typed: base32, for mOTP text.
pub fn typed_secret(otp: &Otp) -> Text {
    match otp.kind {
        Kind::Motp => motp::text(&otp.secret),
        _ => base32::encode(otp.secret.expose()),
    }
}

fn words(entry: &Entry) -> String {
    let (details, otp) = (&entry.details, &entry.details.otp);
    let mut rows: Vec<(&str, String)> = vec![
        ("issuer", details.issuer.to_string()),
        ("account", details.account.to_string()),
        ("kind", otp.kind.name().to_owned()),
        ("algorithm", otp.algorithm.name().to_owned()),
        ("digits", otp.digits.get().to_string()),
    ];
    rows.push(if otp.is_timed() {
        ("period", format!("{} s", otp.period.get()))
    } else {
        ("counter", otp.counter.to_string())
    });
    let tags: Vec<&str> = details.tags.iter().map(Text::as_str).collect();
    rows.push(("tags", tags.join(", ")));
    rows.push(("note", details.note.to_string()));
    let (used, all) = (details.recovery_codes.iter().filter(|code| code.used).count(), details.recovery_codes.len());
    if all > 0 {
        rows.push(("recovery codes", format!("{} unused of {all}", all.saturating_sub(used))));
    }
    if details.favourite {
        rows.push(("favourite", "yes".into()));
    }
    if entry.deleted {
        rows.push(("deleted", "yes: it is in the trash".into()));
    }
    if let Some(problem) = &entry.problem {
        rows.push(("problem", problem.clone()));
    }
    if !entry.conflicts.is_empty() {
        let fields: Vec<&str> = entry.conflicts.iter().map(|field| conflict::label(field)).collect();
        rows.push(("changed in two places", format!("{} (tickey conflicts)", fields.join(", "))));
    }
    rows.push(("added", out::utc(entry.added.ms())));
    rows.push(("changed", out::utc(entry.changed.ms())));
    rows.push(("id", entry.id.to_string()));
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| vec![format!("{name}:"), value])
        .collect();
    out::table(&rows, 1000)
}
