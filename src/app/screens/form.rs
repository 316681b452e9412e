//! The form that adds and edits an entry.

use crate::app::core::input::Input;
use crate::app::core::news::trouble_line;
use crate::app::core::pending::AfterSave;
use crate::app::core::save::commit;
use crate::app::core::vaults::Vaults;
use crate::app::core::{copy, picture};
use crate::app::effect::ImportSource;
use crate::app::msg::ImportRead;
use crate::app::screen::{Action, Answer, Context, Flow, Handle, Open, Question, Screen, Session};
use crate::app::{Effect, Ticket, Trouble};
use crate::config::keys::{Key, KeyCode};
use crate::otp::uri::{self, Labelled};
use crate::otp::{Algorithm, Digits, Kind, Otp, Period, base32, links, motp};
use crate::secret::{Secret, Text};
use crate::time::Now;
use crate::vault::bounds::{self, TooLong};
use crate::vault::find::EntryRef;
use crate::vault::{Details, Edit, Entry, EntryId, RecoveryCode};

/// A row of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Row {
    Issuer,
    Account,
    Secret,
    Tags,
    Note,
    Kind,
    Pin,
    Algorithm,
    Digits,
    Period,
    Counter,
    Recovery,
    Vault,
}

impl Row {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Row::Issuer => "issuer",
            Row::Account => "account",
            Row::Secret => "secret",
            Row::Tags => "tags",
            Row::Note => "note",
            Row::Kind => "kind",
            Row::Pin => "PIN",
            Row::Algorithm => "algorithm",
            Row::Digits => "digits",
            Row::Period => "period",
            Row::Counter => "counter",
            Row::Recovery => "recovery codes",
            Row::Vault => "vault",
        }
    }

    /// What belongs into the row, shown while it is empty.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Row::Issuer => "who asks for the code: GitHub",
            Row::Account => "whose code it is: octo@example.com",
            Row::Secret => "the key the site shows, an otpauth:// link, or a picture's path",
            Row::Tags => "Work, Home/Bank",
            Row::Recovery => "one after another, with commas",
            _ => "",
        }
    }
}

/// The form.
pub(crate) struct Form {
    /// The entry that is edited, as it was; `None`: a new one.
    pub(crate) editing: Option<Box<Entry>>,
    /// What the rows said when the form opened: only what differs from it is changed.
    opened: Option<Box<Details>>,
    id: Option<EntryId>,
    /// The vault's number.
    vault: u16,
    /// The names of the vaults a new entry can go to; fewer than two: there is no choice.
    vaults: Vec<String>,
    pub(crate) at: Row,
    pub(crate) issuer: Input,
    pub(crate) account: Input,
    pub(crate) secret: Input,
    pub(crate) tags: Input,
    pub(crate) note: Input,
    pub(crate) pin: Input,
    pub(crate) digits: Input,
    pub(crate) period: Input,
    pub(crate) counter: Input,
    pub(crate) recovery: Input,
    pub(crate) kind: Kind,
    pub(crate) algorithm: Algorithm,
    pub(crate) errors: Vec<(Row, String)>,
    touched: bool,
    /// The row that something was typed into since the cursor came to it: a link there is taken when the row is left.
    typed: Option<Row>,
    /// The link that was pasted last and when, while nothing was typed since: what is pasted at once after it is its rest.
    pasted: Option<(Text, Now)>,
    /// The same issuer and account exist; said once, then Enter saves all the same.
    pub(crate) duplicate: Option<String>,
    pub(crate) saving: Option<Ticket>,
    /// A picture is being read.
    pub(crate) reading: Option<Ticket>,
    /// What makes the code that is shown while typing, once the rows make one.
    pub(crate) preview: Option<Otp>,
}

/// The line of a row.
macro_rules! input_of {
    ($form:ident, $row:ident $(, $change:tt)?) => {
        Some(match $row {
            Row::Issuer => &$($change)? $form.issuer,
            Row::Account => &$($change)? $form.account,
            Row::Secret => &$($change)? $form.secret,
            Row::Tags => &$($change)? $form.tags,
            Row::Note => &$($change)? $form.note,
            Row::Pin => &$($change)? $form.pin,
            Row::Digits => &$($change)? $form.digits,
            Row::Period => &$($change)? $form.period,
            Row::Counter => &$($change)? $form.counter,
            Row::Recovery => &$($change)? $form.recovery,
            Row::Kind | Row::Algorithm | Row::Vault => return None,
        })
    };
}

impl Form {
    /// A form for a new entry, which goes to the vault of that number unless another is chosen.
    fn new(vaults: &Vaults, vault: u16) -> Form {
        let names =
            if vaults.several() { vaults.iter().map(|(_, open)| open.name.clone()).collect() } else { Vec::new() };
        Form { vault, vaults: names, ..Form::empty() }
    }

    fn empty() -> Form {
        let mut form = Form {
            editing: None,
            opened: None,
            id: None,
            vault: 0,
            vaults: Vec::new(),
            at: Row::Issuer,
            issuer: Input::new(),
            account: Input::new(),
            secret: Input::masked(),
            tags: Input::new(),
            note: Input::new(),
            pin: Input::masked(),
            digits: Input::new(),
            period: Input::new(),
            counter: Input::with("0"),
            recovery: Input::masked(),
            kind: Kind::Totp,
            algorithm: Algorithm::Sha1,
            errors: Vec::new(),
            touched: false,
            typed: None,
            pasted: None,
            duplicate: None,
            saving: None,
            reading: None,
            preview: None,
        };
        form.take_kind(Kind::Totp);
        form
    }

    fn edit(spot: EntryRef, entry: &Entry) -> Form {
        let mut form = Form { vault: spot.vault, ..Form::empty() };
        let details = &entry.details;
        form.fill_otp(&details.otp);
        form.issuer.set(&details.issuer);
        form.account.set(&details.account);
        form.note.set(&details.note);
        form.tags.set(&Text::from(details.tags.iter().map(|tag| &**tag).collect::<Vec<_>>().join(", ")));
        let unused: Vec<&str> =
            details.recovery_codes.iter().filter(|code| !code.used).map(|code| &*code.code).collect();
        form.recovery.set(&Text::from(unused.join(", ")));
        form.editing = Some(Box::new(entry.clone()));
        form.id = Some(entry.id);
        form.preview = form.otp().ok();
        if entry.problem.is_none() {
            form.opened = form.details().ok().map(Box::new);
        }
        form
    }

    /// Fills the form from a link.
    fn fill(&mut self, labelled: &Labelled) {
        self.fill_otp(&labelled.otp);
        self.issuer.set(&labelled.issuer);
        self.account.set(&labelled.account);
        self.touched = true;
        self.duplicate = None;
        self.errors.clear();
        self.preview = self.otp().ok();
    }

    fn fill_otp(&mut self, otp: &Otp) {
        self.take_kind(otp.kind);
        self.secret.set(&written_secret(otp));
        self.algorithm = otp.algorithm;
        self.digits.set(&otp.digits.get().to_string());
        self.period.set(&otp.period.get().to_string());
        self.counter.set(&otp.counter.to_string());
        self.pin.set(otp.pin.as_deref().unwrap_or(""));
    }

    fn take_kind(&mut self, kind: Kind) {
        self.kind = kind;
        self.algorithm = kind.default_algorithm();
        self.digits.set(&kind.default_digits().get().to_string());
        self.period.set(&kind.default_period().get().to_string());
    }

    /// The rows this kind has.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = vec![Row::Issuer, Row::Account, Row::Secret];
        if matches!(self.kind, Kind::Motp | Kind::Yandex) {
            rows.push(Row::Pin);
        }
        rows.extend([Row::Tags, Row::Note, Row::Kind]);
        match self.kind {
            Kind::Totp => rows.extend([Row::Algorithm, Row::Digits, Row::Period]),
            Kind::Hotp => rows.extend([Row::Algorithm, Row::Digits, Row::Counter]),
            Kind::Steam | Kind::Motp | Kind::Yandex => {}
        }
        rows.push(Row::Recovery);
        if !self.vaults.is_empty() {
            rows.push(Row::Vault);
        }
        rows
    }

    /// What is chosen in a row that takes no letters.
    pub(crate) fn choice(&self, row: Row) -> &str {
        match row {
            Row::Kind => self.kind.name(),
            Row::Vault => self.vaults.get(usize::from(self.vault)).map_or("", String::as_str),
            _ => self.algorithm.name(),
        }
    }

    pub(crate) fn input(&self, row: Row) -> Option<&Input> {
        input_of!(self, row)
    }

    fn input_mut(&mut self, row: Row) -> Option<&mut Input> {
        input_of!(self, row, mut)
    }

    fn step_field(&mut self, by: isize) {
        if !self.take_typed_link() {
            return;
        }
        let rows = self.rows();
        let at = rows.iter().position(|row| *row == self.at).unwrap_or(0);
        let next = at.saturating_add_signed(by);
        // Past the last comes the first again, and the other way round.
        let next = if by < 0 && at == 0 {
            rows.len().saturating_sub(1)
        } else if next >= rows.len() {
            0
        } else {
            next
        };
        self.at = rows.get(next).copied().unwrap_or(Row::Issuer);
    }

    fn show_typed(&mut self) {
        let masked = !self.secret.masked;
        for input in [&mut self.secret, &mut self.pin, &mut self.recovery] {
            input.masked = masked;
        }
    }

    fn type_into(&mut self, key: &Key) {
        let by = match key.code {
            KeyCode::Left => -1,
            KeyCode::Right | KeyCode::Char(' ') => 1,
            _ => 0,
        };
        let changed = match self.at {
            Row::Kind if by != 0 => {
                self.take_kind(neighbour(&Kind::ALL, self.kind, by));
                true
            }
            Row::Algorithm if by != 0 => {
                // MD5 makes no code here (RFC 4226's truncation needs a longer hash).
                let offered = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];
                self.algorithm = neighbour(&offered, self.algorithm, by);
                true
            }
            Row::Vault if by != 0 => {
                let all: Vec<u16> = (0..).take(self.vaults.len()).collect();
                self.vault = neighbour(&all, self.vault, by);
                true
            }
            row => self.input_mut(row).is_some_and(|input| input.key(key)),
        };
        if changed {
            self.typed = Some(self.at);
            self.pasted = None;
            self.changed();
        }
    }

    /// Fills the form from the link that was typed into the row of a name or the secret. Only when the row is left or the form saved: what is
    /// half typed may be a link already, with half its secret. False when the link is refused.
    fn take_typed_link(&mut self) -> bool {
        let row = self.at;
        if self.typed.take() != Some(row) || !matches!(row, Row::Issuer | Row::Account | Row::Secret) {
            return true;
        }
        let link = self.input(row).map(|input| Text::from(input.text())).filter(|text| links::is_link(text));
        match link.map(|link| one_link(&link)) {
            None => true,
            Some(Ok(labelled)) => {
                self.fill(&labelled);
                true
            }
            Some(Err(reason)) => {
                self.typed = Some(row);
                self.errors = vec![(row, reason)];
                false
            }
        }
    }

    fn paste_at(&mut self, text: &str, now: Now) {
        /// The pieces of one paste come faster than anybody pastes twice.
        const AT_ONCE: std::time::Duration = std::time::Duration::from_millis(500);
        let before = self.pasted.take().filter(|(_, at)| now.since(*at) < AT_ONCE && !links::is_link(text));
        let whole = before.map(|(before, _)| Text::from([&*before, text].concat()));
        let link = whole.or_else(|| links::is_link(text).then(|| Text::from(text)));
        if let Some(link) = link {
            match one_link(&link) {
                Ok(labelled) => self.fill(&labelled),
                Err(reason) => {
                    // What its beginning filled in is not what was meant.
                    self.secret.clear();
                    self.preview = None;
                    self.at = Row::Secret;
                    self.errors = vec![(Row::Secret, format!("not taken: {reason}"))];
                }
            }
            self.pasted = Some((link, now));
            return;
        }
        let trimmed = text.trim();
        let row = self.at;
        let kept = if matches!(row, Row::Note | Row::Recovery) { text.trim_end() } else { trimmed };
        if let Some(input) = self.input_mut(row) {
            input.paste(kept);
            self.typed = Some(row);
            self.changed();
        }
    }

    fn changed(&mut self) {
        self.touched = true;
        let at = self.at;
        self.errors.retain(|(row, _)| *row != at);
        self.duplicate = None;
        self.preview = self.otp().ok();
    }

    /// What the rows say, as far as a code can be made of it.
    pub(crate) fn otp(&self) -> Result<Otp, (Row, String)> {
        let text = self.secret.text().trim();
        if text.is_empty() {
            return Err((Row::Secret, "a secret is needed".into()));
        }
        let secret: Secret = if self.kind == Kind::Motp {
            uri::motp_secret(text).map_err(|error| (Row::Secret, error.to_string()))?
        } else {
            uri::base32_secret(text).map_err(|error| (Row::Secret, error.to_string()))?
        };
        let mut otp = Otp::new(self.kind, secret);
        if matches!(self.kind, Kind::Totp | Kind::Hotp) {
            otp.algorithm = self.algorithm;
            let number = self.digits.text().trim().parse().ok().and_then(Digits::new);
            otp.digits = number.ok_or((Row::Digits, "digits are a number from 1 to 10".into()))?;
        }
        if self.kind == Kind::Totp {
            let number = self.period.text().trim().parse().ok().and_then(Period::new);
            otp.period = number.ok_or((Row::Period, "the period is 1 to 86400 seconds".into()))?;
        }
        if self.kind == Kind::Hotp {
            let number = self.counter.text().trim().parse::<u64>().ok().filter(|n| *n < 1 << 53);
            otp.counter = number.ok_or((Row::Counter, "the counter is a whole number below 2^53".into()))?;
        }
        if matches!(self.kind, Kind::Motp | Kind::Yandex) && !self.pin.is_empty() {
            otp.pin = Some(Text::from(self.pin.text()));
        }
        otp.code(0).map_err(|error| {
            let row = if error == crate::otp::OtpError::PinMissing { Row::Pin } else { Row::Secret };
            (row, error.to_string())
        })?;
        Ok(otp)
    }

    /// A warning about the secret, once it is typed.
    pub(crate) fn warning(&self) -> Option<String> {
        self.preview.as_ref().filter(|_| self.at != Row::Secret).and_then(Otp::short_secret)
    }

    fn details(&self) -> Result<Details, Vec<(Row, String)>> {
        let mut errors = Vec::new();
        for row in [Row::Issuer, Row::Account, Row::Tags] {
            if self.input(row).is_some_and(|input| links::within(input.text())) {
                errors.push((row, "a link here would show its secret".to_owned()));
            }
        }
        let otp = self.otp().map_err(|error| errors.push(error)).ok();
        if self.issuer.text().trim().is_empty() && self.account.text().trim().is_empty() {
            errors.push((Row::Issuer, "an issuer or an account is needed".into()));
        }
        let Some(otp) = otp.filter(|_| errors.is_empty()) else { return Err(errors) };
        let mut details = Details::new(otp, self.issuer.text().trim(), self.account.text().trim());
        details.note = Text::from(self.note.text());
        details.tags = pieces(self.tags.text());
        let before: &[RecoveryCode] = self.editing.as_ref().map_or(&[], |entry| &entry.details.recovery_codes);
        details.recovery_codes = before.iter().filter(|code| code.used).cloned().collect();
        for code in pieces(self.recovery.text()) {
            let known = before.iter().find(|old| !old.used && old.code == code).cloned();
            details.recovery_codes.push(known.unwrap_or(RecoveryCode { id: None, code, used: false }));
        }
        details.favourite = self.editing.as_ref().is_some_and(|entry| entry.details.favourite);
        let old = self.editing.as_ref().map(|entry| &entry.details);
        bounds::check(&details, old).map_err(|error| vec![(row_of(error), error.to_string())])?;
        Ok(details)
    }
}

/// The one entry of a link that was typed or pasted.
fn one_link(text: &str) -> Result<Labelled, String> {
    const SEVERAL: &str = "these are several entries: leave the form and paste it in the list";
    let mut links = links::split(text);
    match (links.next(), links.next()) {
        (Some(link), None) => uri::parse(link).map_err(|error| match error {
            uri::UriError::Migration => SEVERAL.into(),
            error => error.to_string(),
        }),
        _ => Err(SEVERAL.into()),
    }
}

fn row_of(error: TooLong) -> Row {
    match error {
        TooLong::Value("issuer", _) => Row::Issuer,
        TooLong::Value("account", _) => Row::Account,
        TooLong::Value("secret", _) => Row::Secret,
        TooLong::Value("PIN", _) => Row::Pin,
        TooLong::Value(..) | TooLong::Control => Row::Note,
        TooLong::Tag | TooLong::Tags => Row::Tags,
        TooLong::RecoveryCode | TooLong::RecoveryCodes => Row::Recovery,
    }
}

fn pieces(text: &str) -> Vec<Text> {
    let mut pieces: Vec<Text> = Vec::new();
    for piece in text.split([',', '\n']).map(str::trim).filter(|piece| !piece.is_empty()) {
        if !pieces.iter().any(|known| &**known == piece) {
            pieces.push(Text::from(piece));
        }
    }
    pieces
}

/// The secret as it is typed: text for mOTP, base32 for all others.
fn written_secret(otp: &Otp) -> Text {
    if otp.kind == Kind::Motp { motp::text(&otp.secret) } else { base32::encode(otp.secret.expose()) }
}

fn neighbour<T: Copy + PartialEq>(all: &[T], now: T, by: isize) -> T {
    let at = all.iter().position(|one| *one == now).unwrap_or(0);
    let next = match by {
        ..0 => at.checked_sub(1).unwrap_or(all.len().saturating_sub(1)),
        _ => at.saturating_add(1),
    };
    all.get(next).or_else(|| all.first()).copied().unwrap_or(now)
}

impl Handle for Form {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Form> {
        let session = &*ctx.session;
        let empty = || Form::new(&session.vaults, session.target());
        match wanted {
            Open::By(Action::Add) => Some(empty()),
            Open::By(Action::Edit) => session.selected().map(|(spot, entry)| Form::edit(spot, entry)),
            Open::Link(link) => {
                let mut form = empty();
                form.paste_at(link, ctx.now);
                Some(form)
            }
            Open::Picture(source) => {
                let mut form = empty();
                form.read_picture(source.clone(), ctx);
                Some(form)
            }
            _ => None,
        }
    }

    fn id(&self) -> Screen {
        Screen::Form
    }

    fn key(&mut self, key: &Key, _: &mut Context<'_>) -> Flow {
        if self.saving.is_none() && self.reading.is_none() {
            self.type_into(key);
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, ctx: &mut Context<'_>) -> Flow {
        if self.saving.is_none() && self.reading.is_none() {
            match picture::path(text) {
                Some(path) => self.read_picture(ImportSource::Path(path), ctx),
                None => self.paste_at(text, ctx.now),
            }
        }
        Flow::Stay
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::NextField => self.step_field(1),
            Action::PreviousField => self.step_field(-1),
            Action::ShowTyped => self.show_typed(),
            Action::PastePicture => self.read_picture(ImportSource::Clipboard, ctx),
            Action::Submit => return self.submit(ctx),
            Action::Back if self.saving.is_some() => {}
            Action::Back if self.touched => {
                return Flow::Ask(Question::new("throw away what you typed?", "nothing of it is saved yet"));
            }
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn confirmed(&mut self, yes: bool, _: &mut Context<'_>) -> Flow {
        if yes { Flow::Close } else { Flow::Stay }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        [self.reading, self.saving].contains(&Some(ticket))
    }

    fn answer(&mut self, _: Ticket, answer: Answer, _: &mut Context<'_>) -> Flow {
        self.reading = None;
        match answer {
            Answer::ImportRead(result) => self.take_picture(result),
            _ => Flow::Stay,
        }
    }

    fn saved(&mut self, done: bool) -> Flow {
        self.saving = None;
        if done { Flow::Close } else { Flow::Stay }
    }

    fn timed<'a>(&'a self, _: &'a Session) -> Vec<&'a Otp> {
        self.preview.as_ref().filter(|otp| otp.is_timed()).into_iter().collect()
    }

    fn unsaved(&self) -> bool {
        self.touched
    }
}

impl Form {
    /// Has a picture read; what is in it fills the form.
    fn read_picture(&mut self, source: ImportSource, ctx: &mut Context<'_>) {
        if self.saving.is_none() && self.reading.is_none() {
            let (format, password) = (Some("picture"), None);
            self.reading = Some(ctx.out.ask(|ticket| Effect::ReadImport { ticket, source, format, password }));
            self.errors.clear();
        }
    }

    fn take_picture(&mut self, result: Result<ImportRead, Trouble>) -> Flow {
        let imported = match result {
            Ok(ImportRead::Entries { imported, .. }) => imported,
            Ok(ImportRead::NeedsPassword { .. } | ImportRead::Table(_)) => return Flow::Stay,
            Err(trouble) => return self.refuse(trouble_line(&trouble)),
        };
        match (imported.entries.as_slice(), imported.problems.first()) {
            ([only], _) if imported.exports.iter().all(|export| export.missing().is_none()) => {
                let details = &only.details;
                let (issuer, account) = (details.issuer.clone(), details.account.clone());
                self.fill(&Labelled { otp: details.otp.clone(), issuer, account });
                Flow::Stay
            }
            ([], Some(problem)) => self.refuse(problem.reason.clone()),
            ([], None) => self.refuse("the picture holds no entry".into()),
            (several, _) if self.touched => {
                self.refuse(format!("the picture holds {} entries: leave the form and import it", several.len()))
            }
            _ => Flow::Become(Open::Imported("picture of QR codes", imported)),
        }
    }

    fn refuse(&mut self, why: String) -> Flow {
        self.errors = vec![(Row::Secret, why)];
        Flow::Stay
    }

    fn submit(&mut self, ctx: &mut Context<'_>) -> Flow {
        if self.saving.is_some() || self.reading.is_some() || !self.take_typed_link() {
            return Flow::Stay;
        }
        // Base32 has neither dots nor slashes: what ends like a picture's name is one.
        if let Some(path) = picture::path(self.secret.text()) {
            self.secret.clear();
            self.read_picture(ImportSource::Path(path), ctx);
            return Flow::Stay;
        }
        let details = match self.details() {
            Ok(details) => details,
            Err(errors) => {
                if let Some((row, _)) = errors.first() {
                    self.at = *row;
                }
                self.errors = errors;
                return Flow::Stay;
            }
        };
        let opened = self.opened.as_deref();
        let new_secret = opened.is_none_or(|old| old.otp.secret != details.otp.secret);
        let new_names = opened.is_none_or(|old| (&old.issuer, &old.account) != (&details.issuer, &details.account));
        let own = self.id.map(|id| EntryRef { vault: self.vault, entry: id });
        let same = |(spot, entry): &(EntryRef, &Entry)| {
            !entry.deleted
                && Some(*spot) != own
                && ((new_secret && entry.details.otp.secret == details.otp.secret)
                    || (new_names
                        && entry.details.issuer == details.issuer
                        && entry.details.account == details.account))
        };
        if self.duplicate.is_none()
            && let Some((_, entry)) = ctx.session.vaults.entries(None).find(same)
        {
            let what = match entry.details.otp.differences(&details.otp).as_slice() {
                [] => "the same secret".to_owned(),
                differences if differences.contains(&"secret") => "the same names".to_owned(),
                differences => format!("the same secret with another {}", differences.join(" and ")),
            };
            self.duplicate = Some(format!("{} has {what}; save again to keep both", copy::title(entry)));
            return Flow::Stay;
        }
        let adding = self.id.is_none();
        let id = match self.id {
            Some(id) => id,
            None => match EntryId::random(ctx.random) {
                Ok(id) => id,
                Err(error) => {
                    self.errors = vec![(self.at, format!("nothing was saved: {error}"))];
                    return Flow::Stay;
                }
            },
        };
        let spot = EntryRef { vault: self.vault, entry: id };
        let present = self.id.and_then(|_| ctx.session.vaults.entry(spot));
        let in_trash = present.is_some_and(|entry| entry.deleted);
        let details = match (present, self.opened.as_deref()) {
            (Some(entry), Some(opened)) if entry.problem.is_none() => entry.details.with_difference(opened, &details),
            _ => details,
        };
        let unchanged = present.is_some_and(|entry| entry.problem.is_none() && entry.details == details);
        let name =
            [&*details.issuer, &*details.account].into_iter().find(|name| !name.is_empty()).unwrap_or("the entry");
        let name = crate::text::fit(name, 30).trim_end().to_owned();
        let short = details.otp.short_secret().filter(|_| new_secret);
        let edit = if adding { Edit::Add(id, Box::new(details)) } else { Edit::Change(id, Box::new(details)) };
        let (label, said) = if adding {
            (format!("add {name}"), format!("added {name}"))
        } else if in_trash {
            (format!("edit {name}"), format!("saved {name}, which was deleted meanwhile: it is in the trash"))
        } else if unchanged {
            (format!("edit {name}"), format!("nothing changed in {name}"))
        } else {
            (format!("edit {name}"), format!("saved {name}"))
        };
        let said = short.map_or(said.clone(), |short| format!("{said} · {short}"));
        let then = AfterSave { select: Some(spot), ..AfterSave::new(label, said) };
        match commit(ctx, spot.vault, &[edit], then) {
            Ok(None) => return Flow::Close,
            Ok(save) => self.saving = save,
            Err(reason) => self.errors = vec![(self.at, format!("nothing was saved: {reason}"))],
        }
        Flow::Stay
    }
}
