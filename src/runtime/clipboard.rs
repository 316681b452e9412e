//! The clipboard: where a copy goes, and the process that holds it.
//!
//! On X11 and Wayland a clipboard is served from the process that filled it, so every copy is handed to a process of its own, this program
//! run again as `tickey __hold-clipboard`. It clears the clipboard at its deadline if the text is still ours, also when the window that
//! copied has been closed or killed meanwhile. The text reaches it through a pipe: never by argument or environment, not even hashed, for
//! a six-digit code has only a million values. Over SSH and without a display the terminal itself is asked (OSC 52); it cannot be read
//! back, so nothing can be cleared there without the danger of clearing something else.

use std::env;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use crate::secret::Text;

/// The hidden first argument that makes the program a holder.
pub const HOLDER_ARGUMENT: &str = "__hold-clipboard";

/// How long a holder may take to say that it has the text.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where copies go on this machine, seen from this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The clipboard of a display.
    Display,
    /// The terminal, by OSC 52.
    Terminal,
    /// The terminal behind tmux.
    Tmux,
    /// The terminal behind GNU screen.
    Screen,
}

impl Route {
    /// By the environment: over SSH, or without a display, the terminal.
    pub fn from_environment() -> Route {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        Route::choose(
            set("SSH_CONNECTION") || set("SSH_TTY") || set("SSH_CLIENT"),
            cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY"),
            set("TMUX"),
            set("STY"),
        )
    }

    fn choose(ssh: bool, display: bool, tmux: bool, screen: bool) -> Route {
        match (display && !ssh, tmux, screen) {
            (true, _, _) => Route::Display,
            (false, true, _) => Route::Tmux,
            (false, false, true) => Route::Screen,
            (false, false, false) => Route::Terminal,
        }
    }

    /// The route when the display's clipboard does not work.
    pub fn without_display(self) -> Route {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        if self == Route::Display { Route::choose(true, false, set("TMUX"), set("STY")) } else { self }
    }
}

/// Why a copy could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// No display, or its clipboard does not answer.
    #[error("the clipboard cannot be reached: {0}")]
    Unreachable(String),
    /// The holder could not be started.
    #[error("cannot start the process that holds the clipboard: {0}")]
    Holder(#[from] io::Error),
}

/// Why there is no picture to be had from the clipboard.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Over SSH, on a console.
    #[error("this terminal has no clipboard of a display")]
    NoDisplay,
    /// It holds something else.
    #[error("there is no picture in the clipboard")]
    None,
    /// The display does not answer.
    #[error("the clipboard cannot be reached: {0}")]
    Unreachable(String),
}

/// The picture in the clipboard: its width and height, and four bytes a pixel: red, green, blue, opacity. May take seconds.
///
/// # Errors
/// [`PictureError`].
pub fn picture() -> Result<(u32, u32, Vec<u8>), PictureError> {
    if Route::from_environment() != Route::Display {
        return Err(PictureError::NoDisplay);
    }
    let unreachable = |error: arboard::Error| match error {
        arboard::Error::ContentNotAvailable | arboard::Error::ConversionFailure => PictureError::None,
        other => PictureError::Unreachable(other.to_string()),
    };
    let picture = arboard::Clipboard::new().and_then(|mut clipboard| clipboard.get_image()).map_err(unreachable)?;
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    Ok((side(picture.width), side(picture.height), picture.bytes.into_owned()))
}

/// A copy that a holder process serves. Dropped, it stays until its deadline.
#[derive(Debug)]
pub struct Held {
    commands: ChildStdin,
}

impl Held {
    /// Clear the clipboard now if it is still ours. The answer comes from [`Watch::wait`].
    pub fn clear(mut self) {
        let _ = self.commands.write_all(b"c");
    }

    /// Something newer was copied: the holder ends and clears nothing.
    pub fn release(mut self) {
        let _ = self.commands.write_all(b"r");
    }
}

/// The other end of a holder: what became of the text.
#[derive(Debug)]
pub struct Watch {
    child: Child,
    answers: PipeReader,
}

impl Watch {
    /// Waits for the holder's end: `Some(true)` it cleared the clipboard, `Some(false)` the clipboard held something else, `None` it was
    /// released or died.
    pub fn wait(mut self) -> Option<bool> {
        let mut answer = Vec::new();
        let _ = self.answers.read_to_end(&mut answer);
        let _ = self.child.wait();
        match answer.as_slice() {
            b"cleared\n" => Some(true),
            b"kept\n" => Some(false),
            _ => None,
        }
    }
}

/// Hands `text` to a holder, which clears it after `seconds` if it is still ours. Returns once the holder has it.
///
/// # Errors
/// [`CopyError`]; the clipboard is as it was then.
pub fn hold(text: &Text, seconds: u64) -> Result<(Held, Watch), CopyError> {
    let (mut answers, write) = io::pipe()?;
    let mut child = Command::new(own_program()?)
        .arg(HOLDER_ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(write)
        .stderr(Stdio::null())
        .spawn()?;
    let Some(mut commands) = child.stdin.take() else {
        return Err(CopyError::Unreachable("the holder has no input".into()));
    };
    let mut message = Zeroizing::new(Vec::with_capacity(text.len().saturating_add(64)));
    write!(message, "{seconds} {}\n{}", text.len(), text.as_str())?;
    let sent = commands.write_all(&message);
    let answer = sent.and_then(|()| first_line(&mut answers, PATIENCE));
    match answer.as_deref() {
        Ok("held") => Ok((Held { commands }, Watch { child, answers })),
        Ok(words) => {
            let _ = child.wait();
            Err(CopyError::Unreachable(words.to_owned()))
        }
        Err(error) => {
            let words = error.to_string();
            let _ = child.kill();
            let _ = child.wait();
            Err(CopyError::Unreachable(words))
        }
    }
}

/// Copies for a command that ends at once (`code -c`, quitting): by the display's clipboard and a holder, else through the terminal.
/// Returns how; over the terminal the text may stay.
///
/// # Errors
/// [`CopyError`] when neither works.
pub fn copy_and_hold(text: &Text, seconds: u64) -> Result<crate::app::msg::Copied, CopyError> {
    let route = Route::from_environment();
    if route == Route::Display {
        match hold(text, seconds) {
            Ok(_) => return Ok(crate::app::msg::Copied::Clipboard),
            Err(error) if cfg!(target_os = "macos") => return Err(error),
            Err(_) => {}
        }
    }
    let route = route.without_display();
    let mut tty = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/tty")
        .map_err(|_| CopyError::Unreachable("there is neither a display nor a terminal".into()))?;
    tty.write_all(&osc52(text, route))?;
    Ok(copied(route))
}

/// How a copy by that route is reported.
pub fn copied(route: Route) -> crate::app::msg::Copied {
    match route {
        Route::Display => crate::app::msg::Copied::Clipboard,
        Route::Tmux => crate::app::msg::Copied::TerminalInTmux,
        Route::Terminal | Route::Screen => crate::app::msg::Copied::Terminal,
    }
}

/// The bytes that ask a terminal to put `text` into its clipboard (xterm's OSC 52). Behind tmux both as an OSC, which tmux takes with
/// `set-clipboard on`, and passed through, which it does with `allow-passthrough on`.
pub fn osc52(text: &Text, route: Route) -> Zeroizing<Vec<u8>> {
    let encoded = Zeroizing::new(data_encoding::BASE64.encode(text.as_bytes()));
    let mut bytes = Zeroizing::new(Vec::with_capacity(encoded.len().saturating_mul(2).saturating_add(64)));
    let mut put = |piece: &[u8]| bytes.extend_from_slice(piece);
    let open: &[u8] = b"\x1b]52;c;";
    match route {
        Route::Screen => put(b"\x1bP"),
        Route::Tmux => {
            put(b"\x1bPtmux;\x1b");
            put(open);
            put(encoded.as_bytes());
            put(b"\x07\x1b\\");
        }
        Route::Display | Route::Terminal => {}
    }
    put(open);
    put(encoded.as_bytes());
    put(b"\x07");
    if route == Route::Screen {
        put(b"\x1b\\");
    }
    bytes
}

/// This very program, also when its file was replaced by an update meanwhile.
fn own_program() -> io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { env::current_exe() }
}

fn first_line(from: &mut PipeReader, patience: Duration) -> io::Result<String> {
    let mut line = Vec::new();
    let began = std::time::Instant::now();
    loop {
        let left = patience.saturating_sub(began.elapsed());
        let timeout =
            Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() };
        let mut fds = [PollFd::from_borrowed_fd(from.as_fd(), PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::TimedOut, "the holder did not answer")),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let mut byte = [0; 1];
        match from.read(&mut byte)? {
            0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the holder ended")),
            _ if byte == [b'\n'] => return Ok(String::from_utf8_lossy(&line).into_owned()),
            _ if line.len() < 500 => line.extend_from_slice(&byte),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes() {
        assert_eq!(Route::choose(false, true, true, true), Route::Display);
        assert_eq!(Route::choose(true, true, false, false), Route::Terminal);
        assert_eq!(Route::choose(true, true, true, false), Route::Tmux);
        assert_eq!(Route::choose(false, false, false, true), Route::Screen);
    }

    #[test]
    fn osc52_is_base64_in_the_right_wrapping() {
        let text = Text::from("763244");
        assert_eq!(osc52(&text, Route::Terminal).as_slice(), b"\x1b]52;c;NzYzMjQ0\x07");
        assert_eq!(osc52(&text, Route::Screen).as_slice(), b"\x1bP\x1b]52;c;NzYzMjQ0\x07\x1b\\");
        assert_eq!(
            osc52(&text, Route::Tmux).as_slice(),
            b"\x1bPtmux;\x1b\x1b]52;c;NzYzMjQ0\x07\x1b\\\x1b]52;c;NzYzMjQ0\x07"
        );
    }
}
