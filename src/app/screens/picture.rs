//! A picture of a QR code that fills the form: by its path, typed or pasted, or from the clipboard.

use std::path::PathBuf;

use crate::app::core::news::trouble_line;
use crate::app::effect::ImportSource;
use crate::app::msg::ImportRead;
use crate::app::screens::form::{Form, Row};
use crate::app::screens::import::Import;
use crate::app::shell::model::{Model, Over, Stage};
use crate::app::{Effect, Trouble};
use crate::otp::uri::Labelled;

/// The path of a picture in what was typed, pasted or dropped on the terminal (in quotes, as a link, with escaped blanks).
pub(crate) fn path(text: &str) -> Option<PathBuf> {
    const ENDS: [&str; 6] = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"];
    let text = text.trim();
    let quoted = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    let path = match (quoted, text.strip_prefix("file://")) {
        (Some(path), _) => path.to_owned(),
        (None, Some(path)) => crate::otp::percent::decode(path, false).ok()?.to_string(),
        (None, None) => text.replace("\\ ", " "),
    };
    let name = path.to_ascii_lowercase();
    let is = !path.contains('\n') && ENDS.iter().any(|end| name.len() > end.len() && name.ends_with(end));
    is.then(|| PathBuf::from(path))
}

/// Has a picture read; what is in it fills the form on top, or a new one.
pub(crate) fn ask(model: &mut Model, source: ImportSource, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    if !matches!(session.over.last(), Some(Over::Form(_))) {
        let form = Form::new(&session.vaults, session.target());
        session.over.push(Over::Form(Box::new(form)));
    }
    if let Some(Over::Form(form)) = session.over.last_mut()
        && !form.saving
        && !form.reading
    {
        form.reading = true;
        form.errors.clear();
        out.push(Effect::ReadImport { source, format: Some("picture"), password: None });
    }
}

/// Takes what was read into the form that waits for it; gives it back when none does.
pub(crate) fn read(model: &mut Model, result: Result<ImportRead, Trouble>) -> Option<Result<ImportRead, Trouble>> {
    let Stage::Open(session) = &mut model.stage else { return Some(result) };
    let waits = |over: &Over| matches!(over, Over::Form(form) if form.reading);
    let Some(place) = session.over.iter().position(waits) else { return Some(result) };
    let Some(Over::Form(form)) = session.over.get_mut(place) else { return Some(result) };
    form.reading = false;
    let refused = |form: &mut Form, why: String| form.errors = vec![(Row::Secret, why)];
    let imported = match result {
        Ok(ImportRead::Entries { imported, .. }) => imported,
        Ok(ImportRead::NeedsPassword { .. } | ImportRead::Table(_)) => return None,
        Err(trouble) => {
            refused(form, trouble_line(&trouble));
            return None;
        }
    };
    match (imported.entries.as_slice(), imported.problems.first()) {
        ([only], _) if imported.exports.iter().all(|export| export.missing().is_none()) => {
            let details = &only.details;
            let (issuer, account) = (details.issuer.clone(), details.account.clone());
            form.fill(&Labelled { otp: details.otp.clone(), issuer, account });
        }
        ([], Some(problem)) => refused(form, problem.reason.clone()),
        ([], None) => refused(form, "the picture holds no entry".into()),
        (several, _) if form.touched() => {
            refused(form, format!("the picture holds {} entries: leave the form and import it", several.len()));
        }
        _ => {
            let existing = session.vaults.entries(Some(session.target())).map(|(_, entry)| entry);
            let import = Import::of_read("picture of QR codes", imported, existing);
            if let Some(over) = session.over.get_mut(place) {
                *over = Over::Import(Box::new(import));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_pictures_are_seen() {
        for (text, wanted) in [
            ("/tmp/code.png", "/tmp/code.png"),
            (" '/tmp/my code.JPG' \n", "/tmp/my code.JPG"),
            ("/tmp/my\\ code.webp", "/tmp/my code.webp"),
            ("file:///tmp/my%20code.gif", "/tmp/my code.gif"),
            ("~/code.jpeg", "~/code.jpeg"),
        ] {
            assert_eq!(path(text), Some(PathBuf::from(wanted)), "{text}");
        }
        for text in ["", ".png", "JBSWY3DPEHPK3PXP", "a note\nof code.png", "otpauth://totp/x?secret=MY"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
