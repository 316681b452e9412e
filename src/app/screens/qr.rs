//! QR codes on the screen: one entry for a phone, or all of them as Google Authenticator's codes, one after another. They show secrets, so
//! they are not left standing: the screen closes by itself.

use std::path::PathBuf;
use std::time::Duration;

use crate::app::Effect;
use crate::app::core::copy;
use crate::app::core::input::Input;
use crate::app::core::news::trouble_line;
use crate::app::screen::{Action, Answer, Context, Enabled, Flow, Handle, Open, Row, Screen, Session, Ticket};
use crate::config::keys::{Key, KeyCode};
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
    pub(crate) writing: Option<Ticket>,
    /// What was said last, until the next key.
    pub(crate) note: Option<String>,
    since: Now,
}

impl Codes {
    fn new(title: String, pages: Vec<Page>, now: Now) -> Codes {
        Codes { title, pages, at: 0, as_text: false, path: None, writing: None, note: None, since: now }
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

    fn turn(&mut self, forward: bool) {
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
fn entry(ctx: &mut Context<'_>) -> Option<Codes> {
    let (_, entry) = ctx.session.selected()?;
    let details = &entry.details;
    let link = uri::write_short(&details.otp, &details.issuer, &details.account);
    match Symbol::of(&link) {
        Ok(symbol) => {
            let counter = if details.otp.is_timed() { "" } else { " · counts on: use one device only" };
            let title = format!("{}{counter}", copy::title(entry));
            Some(Codes::new(title, vec![Page::Code(link, symbol)], ctx.now))
        }
        Err(error) => {
            ctx.say_bad(format!("there is no code to show: {error}"));
            None
        }
    }
}

/// Shows all entries as Google Authenticator's codes.
fn all(ctx: &mut Context<'_>) -> Option<Codes> {
    let entries: Vec<_> = ctx.session.entries().map(|entry| entry.details.clone()).collect();
    match google::codes(&entries, ctx.random) {
        Ok(codes) if !codes.is_empty() => {
            let words = Page::Words(intro(ctx.session, codes.len()));
            let codes = codes.into_iter().map(|(text, symbol)| Page::Code(text, symbol));
            let pages = std::iter::once(words).chain(codes).collect();
            return Some(Codes::new("Google Authenticator".into(), pages, ctx.now));
        }
        Ok(_) => ctx.say("no entry is of a kind that Google Authenticator knows"),
        Err(error) => ctx.say_bad(format!("there are no codes to show: {error}")),
    }
    None
}

fn intro(session: &Session, count: usize) -> Vec<String> {
    let codes = if count == 1 { "one code".to_owned() } else { format!("{count} codes, one after another") };
    let mut words = vec![
        format!("All entries follow as {codes}. On the phone: Transfer accounts, Import accounts, Scan QR code."),
        "Whoever sees or photographs them has the secrets. The screen closes after a minute without a key.".into(),
    ];
    let Some(writer) = registry::by_id("google").and_then(|format| format.write.as_ref()) else { return words };
    for entry in session.entries() {
        let lost = (writer.loses)(&entry.details).join(", ");
        if !lost.is_empty() {
            words.push(format!("Without {}: {lost}", copy::title(entry)));
        }
    }
    words
}

impl Handle for Codes {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Codes> {
        match wanted {
            Open::By(Action::ShowQr) => entry(ctx),
            Open::By(Action::PhoneCodes) => all(ctx),
            _ => None,
        }
    }

    fn id(&self) -> Screen {
        if self.path.is_some() { Screen::SavePicture } else { Screen::Codes }
    }

    fn key(&mut self, key: &Key, ctx: &mut Context<'_>) -> Flow {
        if let Some(path) = self.path.as_mut().filter(|_| self.writing.is_none()) {
            if key.code == KeyCode::Tab {
                path.ask_to_complete(ctx.out);
            } else {
                path.key(key);
            }
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, _: &mut Context<'_>) -> Flow {
        if let Some(path) = self.path.as_mut().filter(|_| self.writing.is_none()) {
            path.paste_line(text);
        }
        Flow::Stay
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::NextPage | Action::PreviousPage => self.turn(action == Action::NextPage),
            Action::ShowLink => self.as_text = !self.as_text,
            Action::SavePicture if matches!(self.page(), Some(Page::Code(..))) => self.path = Some(Input::new()),
            Action::SavePicture => ctx.say("this page holds no code"),
            Action::Submit => self.save(ctx),
            Action::Back if self.path.is_some() => self.path = None,
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn enabled(&self, action: Action, _: &Session) -> Option<Enabled> {
        let only = matches!(action, Action::NextPage | Action::PreviousPage) && self.pages.len() < 2;
        only.then(|| Err("there is one code only".into()))
    }

    fn hint(&self, row: &Row, session: &Session) -> Option<&'static str> {
        match row.action {
            Action::Submit => Some("save"),
            action => self.enabled(action, session).is_none().then_some(row.short),
        }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.writing == Some(ticket) || self.path.as_ref().is_some_and(|path| path.waits_for(ticket))
    }

    fn answer(&mut self, _: Ticket, answer: Answer, _: &mut Context<'_>) -> Flow {
        match (answer, &mut self.path) {
            (Answer::PictureSaved(Ok(path)), _) => {
                (self.writing, self.path) = (None, None);
                self.note = Some(format!("saved to {}: delete it when it has done its work", path.display()));
            }
            (Answer::PictureSaved(Err(trouble)), _) => {
                (self.writing, self.note) = (None, Some(trouble_line(&trouble)));
            }
            (Answer::Completions(found), Some(path)) => path.complete(&found),
            _ => {}
        }
        Flow::Stay
    }

    fn closes_ms(&self, now: Now) -> Option<u64> {
        Some(self.left_ms(now))
    }

    /// The minute begins again.
    fn pressed(&mut self, now: Now) {
        self.since = now;
        self.note = None;
    }
}

impl Codes {
    /// Saves the code that is shown.
    fn save(&mut self, ctx: &mut Context<'_>) {
        let Some(path) = self.path.as_ref().map(|path| path.text().trim()).filter(|path| !path.is_empty()) else {
            return;
        };
        if self.writing.is_some() {
            return;
        }
        let Some(Page::Code(text, _)) = self.page() else { return };
        let (path, text) = (PathBuf::from(path), text.clone());
        self.writing = Some(ctx.out.ask(|ticket| Effect::SavePicture { ticket, path, text }));
    }
}
