//! Pasted text: into the line that is being typed, or, in the list, a link that opens the form.

use crate::app::Effect;
use crate::app::effect::ImportSource;
use crate::app::screens::export;
use crate::app::screens::form::Form;
use crate::app::screens::import::Import;
use crate::app::screens::picture;
use crate::app::shell::model::{Model, Over, Stage};
use crate::otp::{links, uri};
use crate::secret::Text;
use crate::time::Now;

pub(crate) fn paste(model: &mut Model, text: Text, now: Now, out: &mut Vec<Effect>) {
    let line = text.lines().next().unwrap_or("").trim();
    match &mut model.stage {
        Stage::Welcome(welcome) => {
            if let Some(twice) = &mut welcome.create {
                twice.line().paste(line);
            }
        }
        Stage::Locked(lock) if !lock.deriving => {
            lock.input.paste(line);
            lock.trouble = None;
        }
        Stage::Locked(_) => {}
        Stage::Open(session) => match session.over.last_mut() {
            None | Some(Over::Entry(_)) => paste_into_list(model, &text, now, out),
            Some(Over::Form(form)) if form.saving || form.reading => {}
            Some(Over::Form(form)) => match picture::path(&text) {
                Some(path) => picture::ask(model, ImportSource::Path(path), out),
                None => form.paste(&text, now),
            },
            Some(Over::Palette(palette)) => palette.input.paste(line),
            Some(Over::Invite(form)) if !form.busy && !form.at_role => form.name.paste(line),
            Some(Over::Share(form)) if !form.busy => form.paste(line),
            Some(Over::Import(import)) if import.plan.is_none() && import.table.is_none() && !import.reading => {
                // Of links, which are no path, all lines are kept.
                import.line().paste(if links::is_link(&text) { text.trim() } else { line })
            }
            Some(Over::Export(export)) => match export.at {
                export::Row::Path => export.path.paste(line),
                export::Row::First | export::Row::Second => export.password.line().paste(line),
                _ => {}
            },
            Some(Over::Codes(codes)) if !codes.writing => {
                if let Some(path) = &mut codes.path {
                    path.paste(line);
                }
            }
            Some(Over::Passphrase(screen)) if !screen.busy => screen.twice.line().paste(line),
            _ => {}
        },
    }
}

fn paste_into_list(model: &mut Model, text: &Text, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let trimmed = text.trim();
    let lines = trimmed.lines().filter(|line| !line.trim().is_empty()).count();
    let link = links::split(trimmed).next().filter(|link| lines == 1 && uri::is_uri(link));
    if let Some(link) = link.filter(|_| links::split(trimmed).nth(1).is_none()) {
        match uri::parse(link) {
            Ok(_) => {
                let mut form = Form::new(&session.vaults, session.target());
                form.paste(link, now);
                session.over.push(Over::Form(Box::new(form)));
            }
            Err(error) => model.say_bad(format!("the pasted link was not taken: {error}"), now),
        }
    } else if let Some(path) = picture::path(trimmed) {
        picture::ask(model, ImportSource::Path(path), out);
    } else if crate::formats::registry::detect(trimmed.as_bytes()).is_ok() {
        let import = Import::of_text(Text::from(trimmed));
        let source = import.source();
        session.over.push(Over::Import(Box::new(import)));
        out.extend(source.map(|source| Effect::ReadImport { source, format: None, password: None }));
    } else if session.list.searching {
        session.list.query.paste(trimmed.lines().next().unwrap_or(""));
        session.list.search();
    } else {
        model.say("nothing was taken: paste an otpauth:// link, or the path of a picture of a QR code", now);
    }
}
