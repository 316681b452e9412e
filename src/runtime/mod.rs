//! What the model asks for, done: files, jobs, the clipboard, the clocks.
//!
//! Effects come in, messages go out. What only the terminal can do (copy through it, stop, leave) is handed to the edge as a [`Request`].

mod cgroup;
pub mod clipboard;
pub mod clock;
pub mod demo;
mod due;
pub(crate) mod files;
pub mod holder;
mod jobs;
mod member_commands;
pub(crate) mod notices;
pub(crate) mod pass_store;
pub mod process;
mod session;
mod share_commands;
mod syncing;
pub(crate) mod timing;
pub(crate) mod trouble;
mod vaults;

use std::io::{self, PipeReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::app::{Answer, Effect, Msg, Ticket, VaultChoice};
use crate::secret::{Text, wiping_stack};
use crate::store::paths::Home;
use crate::team::Machine;
use crate::time::Now;
use clipboard::{CopyError, Held, Route};
use jobs::{JobQueue, Report, ReportSender};
use session::{Session, VaultCommand};
use syncing::SyncCommand;

/// How long a stop waits for what was being saved, synced or read when the vault was locked.
const SETTLE: Duration = Duration::from_secs(5);
/// How long leaving waits for a holder's answer.
const GOODBYE: Duration = Duration::from_millis(500);

/// What the edge must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Put the text into the terminal's own clipboard by that route.
    CopyThroughTerminal(Text, Route),
    /// Stop like any program under Ctrl-Z, then say [`Msg::Resumed`].
    Suspend,
    /// Leave.
    Quit,
}

/// Everything the program does outside of itself.
pub struct Runtime {
    home: Home,
    sender: ReportSender,
    reports: mpsc::Receiver<Report>,
    queue: JobQueue,
    session: Session,
    route: Route,
    /// The copy that was asked for last.
    copied: Ticket,
    held: Option<(Ticket, Held)>,
    /// A copy is on its way to a holder and must be cleared at once when it is there.
    clear_when_held: bool,
    pending: Option<Ticket>,
    /// A text went into the terminal's clipboard, which is never cleared; until when that is worth saying.
    in_terminal: Option<(Now, Duration)>,
    leaving: bool,
}

impl Runtime {
    /// A runtime for that home. `user` names the founder of vaults made here. The pipe has a byte when [`Runtime::reports`] has something.
    ///
    /// # Errors
    /// When the system gives no pipe.
    pub fn new(home: Home, user: String) -> io::Result<(Runtime, PipeReader)> {
        let (now_ms, waiting) = (|| clock::now().wall_ms, |_: &str, _: &Path| ());
        let machine =
            Machine { home: home.clone(), limits: process::limits(), now_ms, waiting, cancel: Arc::default() };
        let (sender, reports, wake) = jobs::report_channel()?;
        let runtime = Runtime {
            queue: JobQueue::new(sender.clone()),
            session: Session::new(machine, user, sender.clone()),
            home,
            sender,
            reports,
            route: Route::from_environment(),
            copied: Ticket::default(),
            held: None,
            clear_when_held: false,
            pending: None,
            in_terminal: None,
            leaving: false,
        };
        Ok((runtime, wake))
    }

    /// The vaults in the data folder.
    pub fn vaults(&self) -> Vec<VaultChoice> {
        let personal = self.home.vault(None);
        let choice = |(name, path): (String, PathBuf)| {
            let shared = path != personal && vaults::looks_shared(&path);
            VaultChoice { name, path, shared }
        };
        self.home.vaults().into_iter().map(choice).collect()
    }

    /// The file whose passphrase opens that one, when it is a shared vault.
    pub fn opened_by(&self, path: &Path) -> Option<PathBuf> {
        vaults::looks_shared(path).then(|| self.home.vault(None))
    }

    /// Does what the model asked for. Answers that are there at once are added to `out`.
    pub fn perform(&mut self, effect: Effect, now: Now, out: &mut Vec<Msg>) -> Option<Request> {
        match effect {
            Effect::ListVaults => out.push(Msg::Vaults(self.vaults())),
            Effect::Unlock { ticket, path, then, passphrase, recovery } => {
                let job = self.session.opening();
                let unlock = move || job.unlock(path, then, &passphrase, recovery);
                self.queue.answer(ticket, unlock, |broken| Answer::Opened(Err(broken)));
            }
            Effect::CreateVault { ticket, path, passphrase } => {
                let job = self.session.opening();
                self.queue.answer(ticket, move || job.create(path, &passphrase), |broken| Answer::Created(Err(broken)));
            }
            Effect::OpenDemo(ticket) => {
                let job = self.session.opening();
                self.queue.answer(ticket, move || job.demo(), |broken| Answer::Opened(Err(broken)));
            }
            Effect::ChangePassphrase { ticket, passphrase } => {
                self.session.command(VaultCommand::ChangePassphrase(ticket, passphrase));
            }
            Effect::FollowPassphrase { ticket, passphrase } => {
                self.session.ask(SyncCommand::Follow(ticket, passphrase))
            }
            Effect::Save { vault, save, changes, clock, after } => {
                self.session.command(VaultCommand::Save { vault, save, changes, clock, after });
            }
            Effect::LookAtFile => {
                if self.session.has_changed() {
                    self.session.command(VaultCommand::Look);
                }
            }
            Effect::Sync => self.session.ask(SyncCommand::Now),
            Effect::Share(ticket, deed) => self.session.ask(SyncCommand::Share(ticket, deed)),
            Effect::Member { ticket, vault, deed } => self.session.ask(SyncCommand::Member { ticket, vault, deed }),
            Effect::Copy { ticket, text, clear_after_s } => return self.copy(ticket, text, clear_after_s, now, out),
            Effect::ClearClipboard => self.clear_clipboard(out),
            Effect::ReadImport { ticket, source, format, password } => {
                let read = move || Some(Answer::ImportRead(files::read_import(source, format, password)));
                self.queue.answer(ticket, read, |broken| Answer::ImportRead(Err(broken)));
            }
            Effect::ReadTable { ticket, source, columns } => {
                let read = move || Some(Answer::ImportRead(files::read_table(source, columns.as_ref())));
                self.queue.answer(ticket, read, |broken| Answer::ImportRead(Err(broken)));
            }
            Effect::AbandonImport => self.queue.abandon(),
            Effect::CompletePath(ticket, text) => {
                out.push(Msg::Answer(ticket, Answer::Completions(files::complete(&text))));
            }
            Effect::Export { ticket, format, path, entries, password } => self.queue.answer(
                ticket,
                move || Some(Answer::Exported(files::export(format, path, &entries, password.as_ref()))),
                |broken| Answer::Exported(Err(broken)),
            ),
            Effect::SavePicture { ticket, path, text } => self.queue.answer(
                ticket,
                move || Some(Answer::PictureSaved(files::save_picture(&path, &text))),
                |broken| Answer::PictureSaved(Err(broken)),
            ),
            Effect::Lock => {
                // What is being read for the vault must not hold up its unlocking.
                self.queue.abandon();
                self.session.close();
            }
            Effect::Suspend => return Some(Request::Suspend),
            Effect::Quit => return Some(Request::Quit),
            Effect::CopyAndQuit { ticket, text, clear_after_s } => {
                self.leaving = true;
                return self.copy(ticket, text, clear_after_s, now, out);
            }
        }
        None
    }

    /// What jobs have said since the last call.
    pub fn reports(&mut self, now: Now, out: &mut Vec<Msg>) -> Option<Request> {
        let mut request = None;
        while let Ok(report) = self.reports.try_recv() {
            request = self.report(report, now, out).or(request);
        }
        request
    }

    fn report(&mut self, report: Report, now: Now, out: &mut Vec<Msg>) -> Option<Request> {
        match report {
            Report::Msg(msg) => out.push(msg),
            Report::Held { copy, result: Ok(held) } => {
                if self.pending != Some(copy) {
                    held.release();
                    return None;
                }
                self.pending = None;
                if std::mem::take(&mut self.clear_when_held) {
                    held.clear();
                    return None;
                }
                if let Some((_, older)) = self.held.replace((copy, held)) {
                    older.release();
                }
                self.in_terminal = None;
                out.push(Msg::Answer(copy, Answer::Copied(Ok(clipboard::copied(Route::Display)))));
                if self.leaving {
                    return Some(Request::Quit);
                }
            }
            Report::Held { copy, result: Err((error, text)) } => {
                if self.pending != Some(copy) {
                    return None;
                }
                self.pending = None;
                if std::mem::take(&mut self.clear_when_held) {
                    return None;
                }
                if cfg!(target_os = "macos") {
                    self.leaving = false;
                    out.push(Msg::Answer(copy, Answer::Copied(Err(copy_trouble(&error)))));
                    return None;
                }
                // The display does not answer: the terminal is asked, now and from now on.
                self.route = self.route.without_display();
                self.in_terminal = Some((now, Duration::from_secs(30)));
                return Some(Request::CopyThroughTerminal(text, self.route));
            }
            Report::HolderEnded { copy, cleared } => {
                if self.held.as_ref().is_some_and(|(held, _)| *held == copy) {
                    self.held = None;
                }
                if let Some(cleared) = cleared {
                    out.push(Msg::ClipboardCleared(cleared));
                }
            }
        }
        None
    }

    /// The edge has written the text to the terminal, or could not. Says whether to leave now.
    pub fn copied_through_terminal(&mut self, written: io::Result<()>, out: &mut Vec<Msg>) -> Option<Request> {
        match written {
            Ok(()) => {
                out.push(Msg::Answer(self.copied, Answer::Copied(Ok(clipboard::copied(self.route)))));
                self.leaving.then_some(Request::Quit)
            }
            Err(error) => {
                self.leaving = false;
                self.in_terminal = None;
                let trouble = format_args!("nothing was copied: the terminal does not take it ({error})");
                out.push(Msg::Answer(self.copied, Answer::Copied(Err(trouble::trouble(trouble, None)))));
                None
            }
        }
    }

    fn copy(&mut self, copy: Ticket, text: Text, seconds: u64, now: Now, out: &mut Vec<Msg>) -> Option<Request> {
        self.copied = copy;
        if self.route != Route::Display {
            self.in_terminal = Some((now, Duration::from_secs(seconds)));
            return Some(Request::CopyThroughTerminal(text, self.route));
        }
        self.pending = Some(copy);
        self.clear_when_held = false;
        let sender = self.sender.clone();
        let started = std::thread::Builder::new().name("clipboard".into()).spawn(move || {
            match wiping_stack(|| clipboard::hold(&text, seconds)) {
                Ok((held, watch)) => {
                    drop(text);
                    sender.send(Report::Held { copy, result: Ok(held) });
                    let cleared = watch.wait();
                    sender.send(Report::HolderEnded { copy, cleared });
                }
                Err(error) => sender.send(Report::Held { copy, result: Err((error, text)) }),
            }
        });
        if let Err(error) = started {
            self.pending = None;
            self.leaving = false;
            out.push(Msg::Answer(copy, Answer::Copied(Err(copy_trouble(&CopyError::Holder(error))))));
        }
        None
    }

    fn clear_clipboard(&mut self, out: &mut Vec<Msg>) {
        if self.pending.is_some() {
            self.clear_when_held = true;
        }
        match self.held.take() {
            // The answer is the holder's last word.
            Some((_, held)) => held.clear(),
            None if self.pending.is_none() => out.push(Msg::ClipboardCleared(false)),
            None => {}
        }
    }

    /// Waits until no thread holds anything of a vault that was locked: before the program is stopped, which would keep it in memory.
    pub fn settle(&mut self) {
        let (when_done, session) = mpsc::channel();
        self.session.settle(&when_done);
        drop(when_done);
        let began = Instant::now();
        for threads in [session, self.queue.settle()] {
            let _ = threads.recv_timeout(SETTLE.saturating_sub(began.elapsed()));
        }
    }

    /// Before leaving by a signal or a hang-up: clears the clipboard if it is still ours, and finishes what was being saved.
    pub fn end(mut self) {
        let mut nothing = Vec::new();
        let holds = self.held.is_some() || self.pending.is_some();
        self.clear_clipboard(&mut nothing);
        let began = Instant::now();
        // Until the holder has ended, or for so long; other reports are taken meanwhile.
        while let Some(left) = GOODBYE.checked_sub(began.elapsed()).filter(|_| holds) {
            match self.reports.recv_timeout(left) {
                Ok(Report::HolderEnded { .. }) | Err(_) => break,
                Ok(report) => {
                    self.report(report, clock::now(), &mut nothing);
                }
            }
        }
        self.session.finish();
    }

    /// Leaves by a person's wish: a copied text stays with its holder until its deadline, saves are finished. What is returned is a line to
    /// be said once the terminal is as it was.
    pub fn leave(self, now: Now) -> Option<&'static str> {
        self.session.finish();
        let stays = self.in_terminal.is_some_and(|(when, long)| now.since(when) < long);
        stays.then_some("tickey: the copied code stays in the terminal's clipboard, which cannot be cleared from here")
    }
}

fn copy_trouble(error: &CopyError) -> crate::app::Trouble {
    trouble::trouble(format_args!("nothing was copied: {error}"), None)
}
