//! Asking a person: hidden prompts on the terminal, and the other places a passphrase may come from.
//!
//! A prompt goes to the controlling terminal, never to standard output or from standard input, so it works inside pipes. Echo is put
//! back whatever happens: on return, on an error, and on the signals that end or stop the program.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use zeroize::Zeroizing;

use super::args::Global;
use super::error::{Exit, Failure};
use super::{input, out};
use crate::app::core::passphrase::strength;
use crate::secret::Text;
use crate::text;

/// Passphrases and passwords beyond this many bytes are refused: somebody named the wrong file.
const LONGEST: u64 = 64 * 1024;

/// Where the passphrase comes from when it is not asked for at a prompt.
pub fn given(global: &Global) -> Result<Option<Text>, Failure> {
    if let Some(path) = &global.passphrase_file {
        return from_file(path, "the passphrase file").map(Some);
    }
    if let Some(fd) = global.passphrase_fd {
        return from_fd(fd).map(Some);
    }
    match &global.passphrase_command {
        Some(command) => from_command(command).map(Some),
        None => Ok(None),
    }
}

/// Whether the passphrase is read from standard input, so that nothing else can be.
pub fn takes_stdin(global: &Global) -> bool {
    global.passphrase_fd == Some(0) || global.passphrase_file.as_deref().is_some_and(|path| path == Path::new("-"))
}

/// Standard input can be read for one thing only.
pub fn one_stdin(global: &Global, paths: &[&Path]) -> Result<(), Failure> {
    let readers = paths.iter().filter(|path| **path == Path::new("-")).count();
    if readers.saturating_add(usize::from(takes_stdin(global))) > 1 {
        return Err(Failure::usage("standard input can be read for one thing only; nothing was changed")
            .hint("give the others as files"));
    }
    Ok(())
}

/// The words in a file, without its last newline. `-` is standard input.
pub fn from_file(path: &Path, what: &str) -> Result<Text, Failure> {
    if path == Path::new("-") {
        return words(io::stdin().lock(), what);
    }
    let file = input::open(path)
        .map_err(|error| Failure::failed(format!("cannot read {what} {}: {error}", path.display())))?;
    words(file, &format!("{what} {}", path.display()))
}

fn from_fd(fd: u32) -> Result<Text, Failure> {
    let what = format!("the passphrase from file descriptor {fd}");
    if fd == 0 {
        return words(io::stdin().lock(), &what);
    }
    let file =
        File::open(format!("/dev/fd/{fd}")).map_err(|error| Failure::failed(format!("cannot read {what}: {error}")))?;
    words(file, &what)
}

fn from_command(command: &str) -> Result<Text, Failure> {
    let failed = |why: String| Failure::failed(format!("the passphrase command {why}"));
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let read = match child.stdout.take() {
        Some(stdout) => words(stdout, "what the passphrase command printed"),
        None => Err(failed("has no output".into())),
    };
    let status = child.wait().map_err(|error| failed(format!("was lost: {error}")))?;
    if !status.success() {
        return Err(failed(format!("failed ({status})")));
    }
    read
}

/// Everything a reader gives, as words without their last newline.
fn words(mut reader: impl Read, what: &str) -> Result<Text, Failure> {
    // Room for all at once: a growing vector would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity((LONGEST as usize).saturating_add(1)));
    reader
        .by_ref()
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::failed(format!("cannot read {what}: {error}")))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::failed(format!("{what} is longer than {} KiB", LONGEST / 1024)));
    }
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::failed(format!("{what} is empty")));
    }
    std::str::from_utf8(line).map(Text::from).map_err(|_| Failure::failed(format!("{what} is not UTF-8 text")))
}

/// The terminal of this process, whatever standard input and output are.
pub struct Terminal {
    tty: File,
}

impl Terminal {
    /// The controlling terminal; `None` when there is none.
    pub fn open() -> Option<Terminal> {
        let tty = File::options().read(true).write(true).open("/dev/tty").ok()?;
        tcgetattr(&tty).ok()?;
        Some(Terminal { tty })
    }

    pub fn require(what: &str, instead: &str) -> Result<Terminal, Failure> {
        Terminal::open()
            .ok_or_else(|| Failure::usage(format!("there is no terminal to ask for {what}")).hint(instead.to_owned()))
    }

    pub fn three_times<T, E>(
        &mut self,
        prompt: &str,
        mut open: impl FnMut(&Text) -> Result<T, E>,
        is_wrong: impl Fn(&E) -> bool,
    ) -> Result<Result<T, E>, Failure> {
        for _ in 0..2 {
            match open(&self.hidden(prompt)?) {
                Err(error) if is_wrong(&error) => out::say("tickey: wrong passphrase, try again"),
                opened => return Ok(opened),
            }
        }
        Ok(open(&self.hidden(prompt)?))
    }

    pub fn hidden(&mut self, prompt: &str) -> Result<Text, Failure> {
        let prompt = format!("{}: ", text::clean(prompt));
        let signals = Signals::watched().map_err(lost)?;
        loop {
            let prompting = Prompting::begin(signals);
            let echo = EchoOff::new(&self.tty).map_err(lost)?;
            say_on(&self.tty, &prompt)?;
            let typed = read_line(&self.tty, signals).map_err(lost)?;
            drop(echo);
            drop(prompting);
            say_on(&self.tty, "\n")?;
            match typed {
                Typed::Line(line) => {
                    return std::str::from_utf8(&line)
                        .map(Text::from)
                        .map_err(|_| Failure::failed("that is not UTF-8 text"));
                }
                Typed::End => {
                    return Err(Failure::failed("nothing was typed; nothing was changed"));
                }
                Typed::Signal(signal) => {
                    // Ends the program for all but SIGTSTP; from a stop it comes back, and asks again.
                    signal_hook::low_level::emulate_default_handler(signal).map_err(lost)?;
                }
            }
        }
    }

    /// Asks twice, until both are the same and not empty; three times at most.
    pub fn hidden_twice(&mut self, what: &str) -> Result<Text, Failure> {
        for _ in 0..3 {
            let first = self.hidden(what)?;
            if first.is_empty() {
                say_on(&self.tty, "it cannot be empty\n")?;
                continue;
            }
            if first == self.hidden("Once more")? {
                return Ok(first);
            }
            say_on(&self.tty, "they are not the same; try again\n")?;
        }
        Err(Failure::failed("no passphrase was agreed on; nothing was changed"))
    }

    /// Asks a question whose answer is no unless somebody types yes.
    pub fn agrees(&mut self, question: &str) -> Result<bool, Failure> {
        say_on(&self.tty, &format!("{} [y/N] ", text::clean(question)))?;
        let mut answer = Vec::new();
        let mut byte = [0];
        while answer.len() < 64 {
            match self.tty.read(&mut byte) {
                Ok(0) => break,
                Ok(_) if byte == *b"\n" => break,
                Ok(_) => answer.extend_from_slice(&byte),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(lost(error)),
            }
        }
        let answer = String::from_utf8_lossy(&answer).trim().to_lowercase();
        Ok(answer == "y" || answer == "yes")
    }
}

fn say_on(mut tty: &File, words: &str) -> Result<(), Failure> {
    tty.write_all(words.as_bytes()).map_err(lost)
}

fn lost(error: impl Into<io::Error>) -> Failure {
    Failure::failed(format!("the terminal cannot be asked: {}", error.into()))
}

pub fn passphrase(global: &Global, prompt: &str) -> Result<Text, Failure> {
    match given(global)? {
        Some(passphrase) => Ok(passphrase),
        None => Terminal::require("the passphrase", INSTEAD)?.hidden(prompt),
    }
}

/// How a script gives the passphrase.
pub const INSTEAD: &str = "give it with --passphrase-file, --passphrase-fd or --passphrase-command";

/// Says when a new passphrase looks easy to guess. It is the person's to choose all the same.
pub fn warn_if_weak(passphrase: &Text) {
    let (score, words) = strength(passphrase);
    if score < 2 {
        out::warn(&format!("the passphrase looks {words}"));
    }
}

/// Asks before something is done that cannot easily be taken back.
pub fn confirm(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let mut terminal = Terminal::require("your agreement", "--yes does it without asking")?;
    if terminal.agrees(question)? { Ok(()) } else { Err(Failure::new(Exit::Failed, "nothing was changed")) }
}

/// Echo is off while this lives.
struct EchoOff<'a> {
    tty: &'a File,
    before: Termios,
}

impl EchoOff<'_> {
    fn new(tty: &File) -> io::Result<EchoOff<'_>> {
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        quiet.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG);
        // What was typed before the prompt was visible; it is not for us.
        tcsetattr(tty, OptionalActions::Flush, &quiet)?;
        Ok(EchoOff { tty, before })
    }
}

impl Drop for EchoOff<'_> {
    fn drop(&mut self) {
        // What else was pasted, a second link perhaps, is not for the shell and its history.
        let _ = tcsetattr(self.tty, OptionalActions::Flush, &self.before);
    }
}

enum Typed {
    Line(Zeroizing<Vec<u8>>),
    End,
    Signal(i32),
}

/// One line from the terminal, without its newline; a signal comes first.
fn read_line(mut tty: &File, signals: &Signals) -> io::Result<Typed> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
    let mut chunk = Zeroizing::new([0_u8; 4096]);
    loop {
        if let Some(signal) = signals.wait_for_input(tty)? {
            return Ok(Typed::Signal(signal));
        }
        let count = match tty.read(chunk.as_mut()) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let new = chunk.get(..count).unwrap_or_default();
        if let Some(rest) = new.strip_suffix(b"\n") {
            line.extend_from_slice(rest);
            return Ok(Typed::Line(line));
        }
        // Ctrl-D gives what was typed so far; on an empty line that is nothing, the end.
        if new.is_empty() {
            return Ok(if line.is_empty() { Typed::End } else { Typed::Line(line) });
        }
        if line.len().saturating_add(new.len()) > LONGEST as usize {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the line is too long"));
        }
        line.extend_from_slice(new);
    }
}

/// The signals that end or stop the program. During a prompt they wake it, so that echo is put back first; at all other times they do
/// what they always do.
struct Signals {
    at_rest: Arc<AtomicBool>,
    pipes: Vec<(i32, UnixStream)>,
}

/// Watched once for the whole program: `signal-hook` does not give a signal its default back.
static SIGNALS: OnceLock<Signals> = OnceLock::new();

impl Signals {
    fn watched() -> io::Result<&'static Signals> {
        match SIGNALS.get() {
            Some(signals) => Ok(signals),
            None => {
                let signals = Signals::watch()?;
                Ok(SIGNALS.get_or_init(|| signals))
            }
        }
    }

    fn watch() -> io::Result<Signals> {
        let at_rest = Arc::new(AtomicBool::new(true));
        let mut pipes = Vec::new();
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP] {
            let (reader, writer) = UnixStream::pair()?;
            reader.set_nonblocking(true)?;
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&at_rest))?;
            signal_hook::low_level::pipe::register(signal, writer)?;
            pipes.push((signal, reader));
        }
        Ok(Signals { at_rest, pipes })
    }

    /// Waits until the terminal has input (`None`) or a signal came.
    fn wait_for_input(&self, tty: &File) -> io::Result<Option<i32>> {
        loop {
            let mut waiting = vec![PollFd::new(tty, PollFlags::IN)];
            waiting.extend(self.pipes.iter().map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN)));
            match poll(&mut waiting, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let input = waiting.first().is_some_and(|tty| !tty.revents().is_empty());
            for (signal, mut pipe) in self.pipes.iter().map(|(signal, pipe)| (*signal, pipe)) {
                let mut bytes = [0; 16];
                if matches!(pipe.read(&mut bytes), Ok(count) if count > 0) {
                    return Ok(Some(signal));
                }
            }
            if input {
                return Ok(None);
            }
        }
    }
}

/// While this lives, signals wake the prompt instead of ending the program.
struct Prompting<'a>(&'a Signals);

impl Prompting<'_> {
    fn begin(signals: &Signals) -> Prompting<'_> {
        signals.at_rest.store(false, Ordering::SeqCst);
        Prompting(signals)
    }
}

impl Drop for Prompting<'_> {
    fn drop(&mut self) {
        self.0.at_rest.store(true, Ordering::SeqCst);
    }
}
