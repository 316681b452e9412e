//! QR codes on the screen: one entry for a phone, or all of them as Google Authenticator's codes, one after another. They show secrets, so
//! they are not left standing: the screen closes by itself.

use std::path::PathBuf;
use std::time::Duration;

use crate::app::core::copy;
use crate::app::core::input::Input;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::app::{Effect, Trouble};
use crate::formats::{google, registry};
use crate::otp::uri;
use crate::qr::Symbol;
use crate::secret::Text;
use crate::time::Now;

/// How long codes stand without a key.
const STANDS: Duration = Duration::from_secs(60);

/// One page.
pub(crate) enum Page {
    /// What is to be known before the codes are shown.
    Words(Vec<String>),
    /// A code, and the link that it holds.
    Code(Text, Symbol),
}

/// The screen.
pub(crate) struct Codes {
    pub(crate) title: String,
    pub(crate) pages: Vec<Page>,
    pub(crate) at: usize,
    /// The link is shown as text instead.
    pub(crate) as_text: bool,
    /// Where the code is to be saved, while it is typed.
    pub(crate) path: Option<Input>,
    pub(crate) writing: bool,
    /// What was said last, until the next key.
    pub(crate) note: Option<String>,
    since: Now,
}

impl Codes {
    fn new(title: String, pages: Vec<Page>, now: Now) -> Codes {
        Codes { title, pages, at: 0, as_text: false, path: None, writing: false, note: None, since: now }
    }

    pub(crate) fn page(&self) -> Option<&Page> {
        self.pages.get(self.at)
    }

    /// Which of several codes this is: "code 2 of 5".
    pub(crate) fn place(&self) -> Option<String> {
        let is_code = |page: &&Page| matches!(page, Page::Code(..));
        let count = self.pages.iter().filter(is_code).count();
        let number = self.pages.iter().take(self.at.saturating_add(1)).filter(is_code).count();
        (count > 1 && number > 0).then(|| format!("code {number} of {count}"))
    }

    pub(crate) fn step(&mut self, forward: bool) {
        let last = self.pages.len().saturating_sub(1);
        self.at = if forward { self.at.saturating_add(1).min(last) } else { self.at.saturating_sub(1) };
        self.as_text = false;
    }

    /// How long it still stands, in milliseconds.
    pub(crate) fn left_ms(&self, now: Now) -> u64 {
        u64::try_from(STANDS.saturating_sub(now.since(self.since)).as_millis()).unwrap_or(u64::MAX)
    }
}

/// Shows the selected entry's code.
pub(crate) fn entry(model: &mut Model, now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some((_, entry)) = session.selected() else { return };
    let details = &entry.details;
    let link = uri::write_short(&details.otp, &details.issuer, &details.account);
    match Symbol::of(&link) {
        Ok(symbol) => {
            let counter = if details.otp.is_timed() { "" } else { " · counts on: use one device only" };
            let title = format!("{}{counter}", copy::title(entry));
            session.over.push(Over::Codes(Box::new(Codes::new(title, vec![Page::Code(link, symbol)], now))));
        }
        Err(error) => model.say_bad(format!("there is no code to show: {error}"), now),
    }
}

/// Shows all entries as Google Authenticator's codes.
pub(crate) fn all(model: &mut Model, now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    let entries = session.vaults.entries(session.list.vault()).filter(|(_, entry)| !entry.deleted);
    let entries: Vec<_> = entries.map(|(_, entry)| entry.details.clone()).collect();
    let codes = match google::codes(&entries, &mut *model.random) {
        Ok(codes) if !codes.is_empty() => codes,
        Ok(_) => return model.say("no entry is of a kind that Google Authenticator knows", now),
        Err(error) => return model.say_bad(format!("there are no codes to show: {error}"), now),
    };
    let count = codes.len();
    let words = intro(session, count);
    let pages =
        std::iter::once(Page::Words(words)).chain(codes.into_iter().map(|(text, symbol)| Page::Code(text, symbol)));
    let codes = Codes::new("Google Authenticator".into(), pages.collect(), now);
    session.over.push(Over::Codes(Box::new(codes)));
}

fn intro(session: &Session, count: usize) -> Vec<String> {
    let codes = if count == 1 { "one code".to_owned() } else { format!("{count} codes, one after another") };
    let mut words = vec![
        format!("All entries follow as {codes}. On the phone: Transfer accounts, Import accounts, Scan QR code."),
        "Whoever sees or photographs them has the secrets. The screen closes after a minute without a key.".into(),
    ];
    let Some(writer) = registry::by_id("google").and_then(|format| format.write.as_ref()) else { return words };
    for (_, entry) in session.vaults.entries(session.list.vault()).filter(|(_, entry)| !entry.deleted) {
        let lost = (writer.loses)(&entry.details).join(", ");
        if !lost.is_empty() {
            words.push(format!("Without {}: {lost}", copy::title(entry)));
        }
    }
    words
}

/// A key was pressed: the minute begins again.
pub(crate) fn touched(model: &mut Model, now: Now) {
    if let Some(codes) = on_top(model) {
        codes.since = now;
        codes.note = None;
    }
}

/// Closes what has stood for long enough.
pub(crate) fn expire(model: &mut Model, now: Now) {
    if on_top(model).is_some_and(|codes| codes.left_ms(now) == 0)
        && let Stage::Open(session) = &mut model.stage
    {
        session.over.pop();
        model.dirty = true;
    }
}

pub(crate) fn on_top(model: &mut Model) -> Option<&mut Codes> {
    let Stage::Open(session) = &mut model.stage else { return None };
    match session.over.last_mut() {
        Some(Over::Codes(codes)) => Some(codes),
        _ => None,
    }
}

/// Begins to ask for the file.
pub(crate) fn ask_path(model: &mut Model, now: Now) {
    let Some(codes) = on_top(model) else { return };
    if matches!(codes.page(), Some(Page::Code(..))) {
        codes.path = Some(Input::new());
    } else {
        model.say("this page holds no code", now);
    }
}

/// Saves the code that is shown.
pub(crate) fn save(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(codes) = on_top(model) else { return };
    let Some(path) = codes.path.as_ref().map(|path| path.text().trim().to_owned()).filter(|path| !path.is_empty())
    else {
        return;
    };
    if codes.writing {
        return;
    }
    let Some(Page::Code(text, _)) = codes.page() else { return };
    let effect = Effect::SavePicture { path: PathBuf::from(path), text: text.clone() };
    codes.writing = true;
    out.push(effect);
}

pub(crate) fn saved(model: &mut Model, result: Result<PathBuf, Trouble>, now: Now) {
    let Some(codes) = on_top(model) else {
        return match result {
            Ok(path) => model.say_good(format!("saved to {}", crate::text::clean(&path.to_string_lossy())), now),
            Err(trouble) => model.say_trouble(&trouble, now),
        };
    };
    codes.writing = false;
    match result {
        Ok(path) => {
            codes.path = None;
            codes.note = Some(format!("saved to {}: delete it when it has done its work", path.display()));
        }
        Err(trouble) => codes.note = Some(crate::app::core::news::trouble_line(&trouble)),
    }
}
