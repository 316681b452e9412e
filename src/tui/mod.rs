//! The terminal: the loop that waits, tells the model what happened, has done what it asks for, and draws.
//!
//! Nothing is slow before the first frame: no clipboard, no key derivation, no thread.

pub mod events;
pub mod input;
pub mod screen;
pub mod surroundings;
pub mod svg;
pub mod terminal;
pub mod theme;
pub mod view;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use ratatui::layout::{Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};
use zeroize::Zeroize;

use crate::app::{self, Effect, Model, Msg, Start};
use crate::config::Config;
use crate::runtime::{Request, Runtime, clipboard, clock};
use crate::secret::wiping_stack;
use crate::store::disk;
use crate::store::paths::Home;
use events::{Ready, Signal, Waiter};
use input::Parser;
use screen::Screen;
use terminal::{TerminalError, Tty};

/// A lone Escape is taken for one when nothing has followed for so long.
const ESCAPE: Duration = Duration::from_millis(30);
/// A paste whose end does not come is taken as it is after so long.
const PASTE: Duration = Duration::from_secs(2);
/// How often a terminal that takes no output is tried again when nothing else happens.
const BLOCKED: Duration = Duration::from_secs(1);

/// What the program was started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The user's folders.
    pub home: Home,
    /// The vault's file.
    pub vault: PathBuf,
    /// Whether it was named on the command line.
    pub named: bool,
    /// Colour, when it was asked for or refused on the command line.
    pub colour: Option<bool>,
}

/// Runs the screen until the person leaves. 0: left; 1: something failed; 2: no terminal; 128 + n: ended by signal n.
pub fn run(options: Options) -> ExitCode {
    let config = match configuration(&options) {
        Ok(config) => config,
        Err(words) => return fail(&words, "nothing was started; correct the file or move it away", 1),
    };
    terminal::own_panics();
    let tty = match Tty::enter() {
        Ok(tty) => tty,
        Err(TerminalError::None) => {
            return fail(
                "tickey needs a terminal",
                "for scripts use `tickey code`; `tickey --help` lists all commands",
                2,
            );
        }
        Err(error) => return fail(&error.to_string(), "nothing was changed", 1),
    };
    let result = Edge::new(tty, options, config).and_then(Edge::run);
    match result {
        Ok(Ended::Left(words)) => {
            if let Some(words) = words {
                let _ = writeln!(io::stderr(), "{words}");
            }
            ExitCode::SUCCESS
        }
        Ok(Ended::BySignal(signal)) => ExitCode::from(128_u8.saturating_add(signal)),
        Err(error) => fail(&format!("cannot use the terminal: {error}"), "what was saved is saved", 1),
    }
}

fn fail(words: &str, hint: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "tickey: error: {words}\ntickey: hint: {hint}");
    ExitCode::from(code)
}

/// `config.toml`, and what the surroundings allow of it.
fn configuration(options: &Options) -> Result<Config, String> {
    let path = options.home.config.join("config.toml");
    let mut config = match std::fs::read_to_string(&path) {
        Ok(text) => Config::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Config::default(),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    app::keymap::check_keys(&config).map_err(|error| format!("{}: {error}", path.display()))?;
    let seen = surroundings::Surroundings::from_environment();
    if !options.colour.unwrap_or(seen.colour) {
        config.theme = crate::config::theme::Theme::MONO;
    }
    config.ascii |= !seen.unicode;
    Ok(config)
}

/// How it ended.
enum Ended {
    /// By the person's wish; lines to be said then.
    Left(Option<String>),
    /// By that signal, or the hang-up of the terminal.
    BySignal(u8),
}

/// Everything the loop holds.
struct Edge {
    tty: Tty,
    waiter: Waiter,
    parser: Parser,
    terminal: Terminal<Screen<File>>,
    runtime: Runtime,
    model: Model,
    /// What the model asked for and is not done yet.
    effects: Vec<Effect>,
    repaint: bool,
    /// The terminal took no output when the last frame was due.
    blocked: bool,
}

impl Edge {
    fn new(tty: Tty, options: Options, config: Config) -> io::Result<Edge> {
        let (runtime, jobs) = Runtime::new(options.home, founder())?;
        let waiter = Waiter::new(jobs)?;
        let size = tty.size();
        let (path, then) = match options.named.then(|| runtime.opened_by(&options.vault)).flatten() {
            Some(personal) => (personal, Some(options.vault)),
            None => (options.vault, None),
        };
        let start = Start {
            exists: disk::tag(&path).is_some() || path.symlink_metadata().is_ok(),
            path,
            then,
            size: (size.width, size.height),
        };
        let (model, effects) = Model::new(config, start, Box::new(clock::Os), clock::now());
        let viewport = Viewport::Fixed(Rect::new(0, 0, size.width, size.height));
        let terminal = Terminal::with_options(Screen::new(tty.writer()?, size), TerminalOptions { viewport })?;
        Ok(Edge {
            tty,
            waiter,
            parser: Parser::default(),
            terminal,
            runtime,
            model,
            effects,
            repaint: false,
            blocked: false,
        })
    }

    fn run(mut self) -> io::Result<Ended> {
        let mut msgs = Vec::new();
        let mut ready = None;
        loop {
            if let Some(ended) = wiping_stack(|| self.step(ready.take(), &mut msgs))? {
                return Ok(self.end(ended));
            }
            ready = Some(self.wait()?);
        }
    }

    /// Takes what has come, does what the model asks for, and draws. `Some`: how it ends.
    fn step(&mut self, ready: Option<Ready>, msgs: &mut Vec<Msg>) -> io::Result<Option<Ended>> {
        if let Some(ready) = ready
            && let Some(ended) = self.take(&ready, msgs)?
        {
            return Ok(Some(ended));
        }
        if let Some(ended) = self.tell(msgs) {
            return Ok(Some(ended));
        }
        self.draw()?;
        Ok(None)
    }

    fn take(&mut self, ready: &Ready, msgs: &mut Vec<Msg>) -> io::Result<Option<Ended>> {
        if let Some(Signal::End(signal)) = ready.signals.iter().find(|signal| matches!(signal, Signal::End(_))) {
            return Ok(Some(Ended::BySignal(*signal)));
        }
        if ready.hung_up {
            return Ok(Some(Ended::BySignal(events::HANG_UP)));
        }
        // First the clocks: a vault that should have locked meanwhile must not be shown, nor take a key.
        msgs.push(Msg::Wake);
        if let Some(ended) = self.tell(msgs) {
            return Ok(Some(ended));
        }
        if self.read(ready, msgs).is_err() {
            return Ok(Some(Ended::BySignal(events::HANG_UP)));
        }
        if let Some(signal) = self.signals(&ready.signals, msgs)? {
            return Ok(Some(Ended::BySignal(signal)));
        }
        let request = self.runtime.reports(clock::now(), msgs);
        Ok(request.and_then(|request| self.request(request, msgs)))
    }

    /// Tells the model what happened and does what it asks for, until both are silent.
    fn tell(&mut self, msgs: &mut Vec<Msg>) -> Option<Ended> {
        loop {
            for effect in std::mem::take(&mut self.effects) {
                let mut answers = Vec::new();
                let request = self.runtime.perform(effect, clock::now(), &mut answers);
                let ended = request.and_then(|request| self.request(request, &mut answers));
                msgs.append(&mut answers);
                if ended.is_some() {
                    return ended;
                }
            }
            if msgs.is_empty() {
                return None;
            }
            self.update(msgs.drain(..));
        }
    }

    fn update(&mut self, msgs: impl IntoIterator<Item = Msg>) {
        for msg in msgs {
            let mut effects = app::update(&mut self.model, msg, clock::now());
            self.effects.append(&mut effects);
        }
    }

    fn request(&mut self, request: Request, msgs: &mut Vec<Msg>) -> Option<Ended> {
        match request {
            Request::CopyThroughTerminal(text, route) => {
                let bytes = clipboard::osc52(&text, route);
                let written = self.terminal.backend_mut().write_aside(&bytes);
                let next = self.runtime.copied_through_terminal(written, msgs)?;
                self.request(next, msgs)
            }
            Request::Suspend => match self.suspend() {
                Ok(None) => {
                    msgs.push(Msg::Resumed);
                    None
                }
                Ok(Some(signal)) => Some(Ended::BySignal(signal)),
                Err(_) => Some(Ended::BySignal(events::HANG_UP)),
            },
            Request::Quit => Some(Ended::Left(None)),
        }
    }

    /// Draws what has changed. A terminal that takes no output now gets its frame later: blocked in a write, nothing would lock the vault.
    fn draw(&mut self) -> io::Result<()> {
        let now = clock::now();
        if !self.repaint && !app::needs_draw(&self.model, now) {
            return Ok(());
        }
        let output = self.tty.output();
        self.blocked = !events::takes_output(output);
        if self.blocked {
            return Ok(());
        }
        if std::mem::take(&mut self.repaint) {
            let size = self.tty.size();
            self.terminal.backend_mut().set_size(size);
            self.terminal.resize(Rect::new(0, 0, size.width, size.height))?;
        }
        let model = &self.model;
        self.terminal.draw(|frame| view::draw(model, now, frame))?;
        self.model.drawn(now);
        Ok(())
    }

    fn wait(&mut self) -> io::Result<Ready> {
        let mut timeout = app::next_wake(&self.model, clock::now());
        if self.parser.is_waiting() {
            let settle = if self.parser.is_pasting() { PASTE } else { ESCAPE };
            timeout = Some(timeout.map_or(settle, |timeout| timeout.min(settle)));
        }
        if self.blocked {
            timeout = Some(timeout.map_or(BLOCKED, |timeout| timeout.min(BLOCKED)));
        }
        self.waiter.wait(self.tty.input(), self.blocked.then(|| self.tty.output()), timeout)
    }

    /// Reads everything the terminal has. An error: it has gone.
    fn read(&mut self, ready: &Ready, msgs: &mut Vec<Msg>) -> io::Result<()> {
        if !ready.input {
            if self.parser.is_waiting() && ready.signals.is_empty() {
                self.parser.settle(msgs);
            }
            return Ok(());
        }
        let mut buffer = [0; 4096];
        // At most so many rounds, should bytes come faster than they can be read.
        for _ in 0..64 {
            let got = self.tty.read(&mut buffer)?;
            if got == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.parser.feed(buffer.get(..got).unwrap_or_default(), msgs);
            buffer.zeroize();
            if !events::has_input(self.tty.input()) {
                break;
            }
        }
        Ok(())
    }

    /// Answers to signals. `Some`: leave because of it.
    fn signals(&mut self, signals: &[Signal], msgs: &mut Vec<Msg>) -> io::Result<Option<u8>> {
        let mut resized = false;
        for signal in signals {
            match signal {
                Signal::Resized => resized = true,
                Signal::Lock => msgs.push(Msg::LockNow),
                Signal::Stop => {
                    msgs.push(Msg::LockNow);
                    if let Some(Ended::BySignal(signal)) = self.tell(msgs) {
                        return Ok(Some(signal));
                    }
                    if let Some(signal) = self.suspend()? {
                        return Ok(Some(signal));
                    }
                    msgs.push(Msg::Resumed);
                }
                Signal::Continued => {
                    // Stopped and continued from outside: a shell may have changed the modes meanwhile.
                    self.tty.resume().map_err(terminal_gone)?;
                    resized = true;
                    msgs.push(Msg::Resumed);
                }
                Signal::End(signal) => return Ok(Some(*signal)),
            }
        }
        if resized {
            self.resized(msgs);
        }
        Ok(None)
    }

    fn resized(&mut self, msgs: &mut Vec<Msg>) {
        let Size { width, height } = self.tty.size();
        self.repaint = true;
        msgs.push(Msg::Resize(width, height));
    }

    /// Lets go of the terminal and stops until somebody continues the program. The vault is locked by then. Without a shell to continue it
    /// (the terminal's first process) nothing stops. `Some`: a signal came meanwhile that ends the program.
    fn suspend(&mut self) -> io::Result<Option<u8>> {
        use rustix::process::{Signal as Raw, getpgrp, getpid, getsid, kill_current_process_group, kill_process};
        self.repaint = true;
        if getsid(None).is_ok_and(|session| session == getpgrp()) {
            return Ok(None);
        }
        self.tty.leave();
        wiping_stack(|| {
            self.runtime.settle();
            let mut msgs = Vec::new();
            // A copy that is asked for now comes too late.
            let _ = self.runtime.reports(clock::now(), &mut msgs);
            self.update(msgs);
        });
        // The others of this job stop too, as they would by a Ctrl-Z in the shell. Our own SIGTSTP is caught; what stops us is SIGSTOP.
        kill_current_process_group(Raw::TSTP)?;
        kill_process(getpid(), Raw::STOP)?;
        let mut end = None;
        for signal in self.waiter.forget_signals() {
            if let Signal::End(signal) = signal {
                end = Some(signal);
            }
        }
        if end.is_none() {
            self.tty.resume().map_err(terminal_gone)?;
            let mut msgs = Vec::new();
            self.resized(&mut msgs);
            self.update(msgs);
        }
        Ok(end)
    }

    fn end(self, ended: Ended) -> Ended {
        match ended {
            Ended::Left(_) => {
                let Edge { mut tty, runtime, model, .. } = self;
                // The screen is given back first; a save that is still being written is waited for after that.
                tty.leave();
                let waits = model.farewell().map(|words| format!("tickey: {words}"));
                drop(model);
                let stays = runtime.leave(clock::now()).map(str::to_owned);
                let lines: Vec<String> = waits.into_iter().chain(stays).collect();
                Ended::Left((!lines.is_empty()).then(|| lines.join("\n")))
            }
            Ended::BySignal(signal) => self.end_by_signal(signal),
        }
    }

    /// Clears the clipboard if it is still ours, finishes what was being saved, restores the terminal.
    fn end_by_signal(self, signal: u8) -> Ended {
        let Edge { mut tty, runtime, model, .. } = self;
        tty.leave();
        drop(model);
        runtime.end();
        Ended::BySignal(signal)
    }
}

fn terminal_gone(error: TerminalError) -> io::Error {
    match error {
        TerminalError::Io(error) => error,
        TerminalError::None => io::ErrorKind::NotConnected.into(),
    }
}

/// What the founder of a vault made here is called: the login name.
fn founder() -> String {
    let name = ["USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    name.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_else(|| "me".into())
}
