//! The process that holds a copied text: fills the clipboard, serves it, clears it at the deadline if it is still ours, and ends.
//!
//! Standard input: `SECONDS LENGTH\n`, the text, then commands of one byte: `c` clear now, `r` end without clearing. The end of input
//! changes nothing: the window that copied may be gone. Standard output: `held\n` or why not, then `cleared\n` or `kept\n`.

use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::runtime::clock;
use crate::secret::Text;

/// The longest text held, in bytes.
const LONGEST: usize = 1 << 16;
/// `poll` counts time by a clock that stops while the machine sleeps, so the deadline is looked at again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Runs the holder. The process is its own session, so that a closing terminal does not take the text with it.
pub fn run() -> ExitCode {
    crate::runtime::process::protect();
    let _ = rustix::process::setsid();
    match hold() {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            let _ = writeln!(io::stdout(), "{words}");
            ExitCode::FAILURE
        }
    }
}

fn hold() -> Result<(), String> {
    let began = clock::now();
    let (seconds, text) = request().map_err(|error| error.to_string())?;
    let mut clipboard = arboard::Clipboard::new().map_err(|error| error.to_string())?;
    fill(&mut clipboard, &text).map_err(|error| error.to_string())?;
    say("held\n");
    let mut listening = true;
    loop {
        let left = Duration::from_secs(seconds).saturating_sub(clock::now().since(began));
        if left.is_zero() {
            break;
        }
        match command(left.min(LOOK_AGAIN), listening) {
            Command::Clear => break,
            Command::Release => return Ok(()),
            Command::Ended => listening = false,
            Command::None => {}
        }
    }
    let ours = clipboard.get_text().is_ok_and(|found| Text::from(found) == text);
    let cleared = ours && clipboard.clear().is_ok();
    say(if cleared { "cleared\n" } else { "kept\n" });
    Ok(())
}

/// Asks the desktop not to keep the text in a clipboard history (KDE's `x-kde-passwordManagerHint`; macOS's concealed type).
#[cfg(target_os = "linux")]
fn fill(clipboard: &mut arboard::Clipboard, text: &Text) -> Result<(), arboard::Error> {
    use arboard::SetExtLinux;
    clipboard.set().exclude_from_history().text(text.as_str())
}

#[cfg(target_os = "macos")]
fn fill(clipboard: &mut arboard::Clipboard, text: &Text) -> Result<(), arboard::Error> {
    use arboard::SetExtApple;
    clipboard.set().exclude_from_history().text(text.as_str())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn fill(clipboard: &mut arboard::Clipboard, text: &Text) -> Result<(), arboard::Error> {
    clipboard.set_text(text.as_str())
}

fn say(words: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(words.as_bytes()).and_then(|()| out.flush());
}

/// Reads what to hold. Unbuffered past the text, so that a command that follows at once is seen by `poll`.
fn request() -> io::Result<(u64, Text)> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "this command is for the program itself");
    let mut input = Unbuffered;
    let mut line = Vec::new();
    io::BufReader::with_capacity(1, &mut input).take(64).read_until(b'\n', &mut line)?;
    let line = String::from_utf8(line).map_err(|_| refused())?;
    let (seconds, length) = line.trim_end().split_once(' ').ok_or_else(refused)?;
    let seconds = seconds.parse().map_err(|_| refused())?;
    let length: usize = length.parse().map_err(|_| refused())?;
    if length > LONGEST {
        return Err(refused());
    }
    let mut text = zeroize::Zeroizing::new(vec![0; length]);
    input.read_exact(&mut text)?;
    Ok((seconds, Text::from(std::str::from_utf8(&text).map_err(|_| refused())?)))
}

/// Standard input without the standard library's buffer.
struct Unbuffered;

impl Read for Unbuffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(io::stdin().as_fd(), buffer)?)
    }
}

enum Command {
    None,
    Clear,
    Release,
    Ended,
}

fn command(timeout: Duration, listening: bool) -> Command {
    let stdin = io::stdin();
    let timeout = Timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    };
    let mut fds = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
    let polled = if listening { fds.as_mut_slice() } else { &mut [] };
    if !matches!(poll(polled, Some(&timeout)), Ok(ready) if ready > 0) {
        return Command::None;
    }
    let mut byte = [0; 1];
    match Unbuffered.read(&mut byte) {
        Ok(0) | Err(_) => Command::Ended,
        Ok(_) if byte == *b"c" => Command::Clear,
        Ok(_) if byte == *b"r" => Command::Release,
        Ok(_) => Command::None,
    }
}
