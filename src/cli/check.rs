//! `tickey check`: weak, doubled and broken things in the vault and around it.

use std::os::unix::fs::PermissionsExt;

use serde::Serialize;

use super::args::Global;
use super::error::{Exit, Failure};
use super::session::Session;
use super::{out, pick};
use crate::runtime::clock;
use crate::store::aside::{self, Quarantined};
use crate::store::backups;
use crate::text;
use crate::vault::check::{self, Finding, Weight};

#[derive(Serialize)]
struct Report<'a> {
    /// The file is sound; what is to be put right all the same are the findings that are warnings.
    ok: bool,
    warnings: usize,
    findings: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    what: &'a str,
    weight: &'a str,
    vault: Option<&'a str>,
    id: Option<String>,
    issuer: Option<&'a str>,
    account: Option<&'a str>,
    message: &'a str,
}

pub fn run(global: &Global) -> Result<(), Failure> {
    let session = match Session::open(global) {
        Err(failure) if global.json && failure.exit == Exit::Damaged => {
            let row = Row {
                what: "damaged",
                weight: "damage",
                vault: None,
                id: None,
                issuer: None,
                account: None,
                message: &failure.message,
            };
            out::json(&Report { ok: false, warnings: 0, findings: vec![row] })?;
            return Err(failure);
        }
        other => other?,
    };
    let mut found = check::entries(session.vault(), clock::now().wall_ms);
    found.extend(check::costs(&session.vault().costs()));
    found.extend(around(&session));
    let warnings = found.iter().filter(|finding| finding.weight == Weight::Warning).count();
    let entry = |finding: &Finding| finding.entry.and_then(|id| session.vault().entry(id));
    if global.json {
        let findings = found
            .iter()
            .map(|finding| Row {
                what: finding.what,
                weight: finding.weight.name(),
                vault: Some(session.name()),
                id: finding.entry.map(|id| id.to_string()),
                issuer: entry(finding).map(|entry| entry.details.issuer.as_str()),
                account: entry(finding).map(|entry| entry.details.account.as_str()),
                message: &finding.message,
            })
            .collect();
        return out::json(&Report { ok: true, warnings, findings });
    }
    for finding in &found {
        let about = entry(finding).map_or_else(|| session.name().to_owned(), pick::label);
        out::line(&format!("{}: {}: {}", finding.weight.name(), text::fit(&about, 60), text::clean(&finding.message)))?;
    }
    let live = session.vault().entries().filter(|entry| !entry.deleted).count();
    out::say(&format!(
        "{}, the file is sound, {}",
        out::entries(live),
        match warnings {
            0 => "nothing to put right".to_owned(),
            1 => "1 warning".to_owned(),
            _ => format!("{warnings} warnings"),
        }
    ));
    Ok(())
}

/// What can be seen from outside: who may read the file, and whether there are older versions.
fn around(session: &Session) -> Vec<Finding> {
    let path = session.path().to_owned();
    let mut found = Vec::new();
    let mut add = |what, weight, message| found.push(Finding { what, weight, entry: None, message });
    let mode = path.metadata().map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        add(
            "permissions",
            Weight::Warning,
            format!(
                "other users of this machine may open the file (mode {:03o}); chmod 600 keeps it to you",
                mode & 0o777
            ),
        );
    }
    // The personal vault's keys open the shared ones; what was set aside of those is its owner's to know, too.
    let shared =
        session.vault().links().into_iter().map(|(_, link)| (session.home().vault(Some(&link.name)), link.vault));
    for (path, id) in std::iter::once((path.clone(), session.vault().vault_id())).chain(shared) {
        match aside::list(session.home(), &path, &id) {
            Ok(copies) => copies.iter().for_each(|copy| add("quarantined", Weight::Warning, quarantined(copy))),
            Err(error) => add("quarantine", Weight::Warning, error.to_string()),
        }
    }
    if let Err(error) = session.reaches_others() {
        add("removed", Weight::Warning, error.to_string());
    }
    match backups::list(&path) {
        Ok(backups) if backups.is_empty() => {
            add("no_backups", Weight::Note, "there are no older versions yet; the next change keeps one".into());
        }
        Ok(_) => {}
        Err(error) => add("backups", Weight::Warning, error.to_string()),
    }
    found
}

/// A copy that was not believed.
fn quarantined(copy: &Quarantined) -> String {
    let (size, at) = (copy.size.div_ceil(1024), out::utc(copy.at_ms));
    let (why, from) = match &copy.reason {
        Some(reason) => (reason.why.as_str(), format!(" from {}", reason.from)),
        None => ("this machine does not remember why", String::new()),
    };
    format!(
        "untrusted copy{from}, quarantined {at} ({why}): {}, {size} KiB; delete it when nobody needs to look at it",
        copy.path.display()
    )
}
