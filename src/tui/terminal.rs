//! The terminal's modes: switched on one by one, and undone exactly and in reverse, however the program ends.
//!
//! What was switched on is remembered in one place for the whole process, so that `Drop`, the panic hook and the end by a signal undo the
//! same things once. Panics of worker threads are none of the terminal's business and are left to those who started them.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::thread::ThreadId;

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::queue;
use crossterm::style::{Attribute, Print, SetAttribute};
use crossterm::terminal::{Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::layout::Size;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};

/// Mouse buttons, reported as SGR. Never `?1003h`, which crossterm's own mouse capture has in it and which reports every movement.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
/// The same, undone in reverse.
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// What switches everything on.
fn entering() -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    queue!(out, EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange, Print(MOUSE_ON), Clear(ClearType::All))?;
    Ok(out)
}

/// The same in reverse, after an end to a half-written frame, colours and hidden cursor.
fn leaving() -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = queue!(out, EndSynchronizedUpdate, SetAttribute(Attribute::Reset), Print(MOUSE_OFF));
    let _ = queue!(out, DisableFocusChange, DisableBracketedPaste, Show, LeaveAlternateScreen);
    out
}

/// The largest screen drawn on; a terminal that claims more is taken for this.
const LARGEST: Size = Size { width: 1000, height: 400 };

/// What must be undone, and where.
struct Found {
    tty: OwnedFd,
    modes: Termios,
    owner: ThreadId,
}

static FOUND: Mutex<Option<Found>> = Mutex::new(None);

/// Why the program cannot use the terminal.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Standard input or output is something else.
    #[error("tickey needs a terminal")]
    None,
    /// The system said no.
    #[error("cannot use the terminal: {0}")]
    Io(#[from] io::Error),
}

/// The terminal while it is ours. Dropping it leaves everything as it was found.
pub struct Tty {
    input: OwnedFd,
    output: File,
}

impl Tty {
    /// Takes the terminal of standard input and output.
    ///
    /// # Errors
    /// [`TerminalError::None`] when they are not one, [`TerminalError::Io`].
    pub fn enter() -> Result<Tty, TerminalError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(TerminalError::None);
        }
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let mut tty = Tty { input, output };
        tty.resume()?;
        Ok(tty)
    }

    /// Switches everything on (again). Safe to call when it is on already: a shell may have changed the modes behind our back.
    ///
    /// # Errors
    /// What the system says.
    pub fn resume(&mut self) -> Result<(), TerminalError> {
        let modes = {
            let mut found = FOUND.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match found.as_ref() {
                Some(found) => found.modes.clone(),
                None => {
                    let modes = tcgetattr(&self.input).map_err(io::Error::from)?;
                    *found = Some(Found {
                        tty: self.output.as_fd().try_clone_to_owned()?,
                        modes: modes.clone(),
                        owner: std::thread::current().id(),
                    });
                    modes
                }
            }
        };
        let mut raw = modes;
        raw.make_raw();
        tcsetattr(&self.input, OptionalActions::Now, &raw).map_err(io::Error::from)?;
        self.output.write_all(&entering()?)?;
        Ok(())
    }

    /// Leaves everything as it was found; [`Tty::resume`] takes it again.
    pub fn leave(&mut self) {
        leave();
    }

    /// The size in columns and rows; 80×24 when the terminal does not know.
    pub fn size(&self) -> Size {
        let size = tcgetwinsize(&self.output).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
        size.map_or(Size { width: 80, height: 24 }, |size| Size {
            width: size.ws_col.min(LARGEST.width),
            height: size.ws_row.min(LARGEST.height),
        })
    }

    /// Reads what is there; blocks when nothing is. `0` bytes or an error: the terminal has gone.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::io::read(&self.input, &mut *buffer) {
                Err(rustix::io::Errno::INTR) => {}
                other => return Ok(other?),
            }
        }
    }

    /// What is polled for input and for the hang-up.
    pub fn input(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }

    /// What is polled for room to write.
    pub fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// A handle to write with.
    ///
    /// # Errors
    /// What the system says.
    pub fn writer(&self) -> io::Result<File> {
        self.output.try_clone()
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        leave();
    }
}

/// Undoes what was switched on, once. Keys that were typed and not read are thrown away: half a passphrase is not for the shell.
fn leave() {
    let found = match FOUND.try_lock() {
        Ok(mut found) => found.take(),
        Err(std::sync::TryLockError::Poisoned(found)) => found.into_inner().take(),
        Err(std::sync::TryLockError::WouldBlock) => None,
    };
    let Some(found) = found else { return };
    let bytes = leaving();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        match rustix::io::write(&found.tty, rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            // It has gone; there is nothing to restore then.
            Err(_) => break,
        }
    }
    let _ = tcflush(&found.tty, QueueSelector::IFlush);
    let _ = tcsetattr(&found.tty, OptionalActions::Now, &found.modes);
}

/// Makes a panic of the thread that owns the terminal restore it and say where it happened. What it says is not repeated: a panic's words
/// can quote the text it stumbled over. Other threads' panics are caught where they were started and say nothing here.
pub fn own_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let ours = match FOUND.try_lock() {
            Ok(found) => found.as_ref().map(|found| found.owner),
            Err(_) => None,
        };
        if ours.is_some_and(|owner| owner != std::thread::current().id()) {
            return;
        }
        leave();
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        let _ = writeln!(
            io::stderr(),
            "tickey: error: the program broke{place}; nothing that was not reported as saved is saved\n\
             tickey: hint: please report this line as a bug"
        );
    }));
}
