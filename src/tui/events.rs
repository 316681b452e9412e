//! Waiting: for the terminal, a signal, a job's answer or the time the model named, whichever comes first.
//!
//! crossterm's own waiting never returns once the terminal has vanished, so the program polls by itself and leaves on a hang-up.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::signal;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

/// A signal the program answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGWINCH: the terminal has another size.
    Resized,
    /// SIGTSTP: stop, as by Ctrl-Z.
    Stop,
    /// SIGCONT: going on after a stop.
    Continued,
    /// SIGUSR1: lock.
    Lock,
    /// SIGTERM, SIGINT, SIGHUP, SIGQUIT: leave, with its number.
    End(u8),
}

/// The number of SIGHUP, which a hang-up counts as.
pub const HANG_UP: u8 = signal::SIGHUP as u8;

/// What a wait ended with; several can be true at once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// The terminal has bytes to be read.
    pub input: bool,
    /// The terminal has gone.
    pub hung_up: bool,
    /// The terminal takes output (asked for only when it did not before).
    pub output: bool,
    /// Signals, in no order.
    pub signals: Vec<Signal>,
}

/// The sources waited for.
pub struct Waiter {
    signals: SignalDelivery<UnixStream, SignalOnly>,
    jobs: PipeReader,
}

impl Waiter {
    /// Begins to catch signals. `jobs` gets a byte whenever a job has an answer.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(jobs: PipeReader) -> io::Result<Waiter> {
        let (read, write) = UnixStream::pair()?;
        let signals = SignalDelivery::with_pipe(
            read,
            write,
            SignalOnly,
            [
                signal::SIGWINCH,
                signal::SIGTSTP,
                signal::SIGCONT,
                signal::SIGUSR1,
                signal::SIGTERM,
                signal::SIGINT,
                signal::SIGHUP,
                signal::SIGQUIT,
            ],
        )?;
        Ok(Waiter { signals, jobs })
    }

    /// Waits until something is there, at most for `timeout` (`None`: for ever).
    ///
    /// # Errors
    /// What the system says, except for interruptions.
    pub fn wait(
        &mut self,
        input: BorrowedFd<'_>,
        output: Option<BorrowedFd<'_>>,
        timeout: Option<Duration>,
    ) -> io::Result<Ready> {
        let mut ready = Ready::default();
        {
            let mut fds = vec![
                PollFd::from_borrowed_fd(input, PollFlags::IN),
                PollFd::from_borrowed_fd(self.signals.get_read().as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.jobs.as_fd(), PollFlags::IN),
            ];
            if let Some(output) = output {
                fds.push(PollFd::from_borrowed_fd(output, PollFlags::OUT));
            }
            match poll(&mut fds, timeout.map(timespec).as_ref()) {
                Ok(_) => {}
                // A signal: its byte is in the pipe for the next round, or is read below.
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let mut events = fds.iter().map(PollFd::revents);
            let tty = events.next().unwrap_or(PollFlags::empty());
            let _signals = events.next();
            let jobs = events.next().unwrap_or(PollFlags::empty());
            let output = events.next().unwrap_or(PollFlags::empty());
            ready.input = tty.contains(PollFlags::IN);
            ready.hung_up = tty.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
            ready.output = output.contains(PollFlags::OUT);
            if jobs.contains(PollFlags::IN) {
                let mut buffer = [0; 64];
                let _ = self.jobs.read(&mut buffer);
            }
        }
        for signal in self.signals.pending() {
            ready.signals.push(match signal {
                signal::SIGWINCH => Signal::Resized,
                signal::SIGTSTP => Signal::Stop,
                signal::SIGCONT => Signal::Continued,
                signal::SIGUSR1 => Signal::Lock,
                other => Signal::End(u8::try_from(other).unwrap_or(HANG_UP)),
            });
        }
        Ok(ready)
    }

    /// Throws away signals that have come and were answered to another way.
    pub fn forget_signals(&mut self) -> Vec<Signal> {
        let pending = self.signals.pending();
        pending
            .filter_map(|signal| match signal {
                signal::SIGTSTP | signal::SIGCONT => None,
                signal::SIGWINCH => Some(Signal::Resized),
                signal::SIGUSR1 => Some(Signal::Lock),
                other => Some(Signal::End(u8::try_from(other).unwrap_or(HANG_UP))),
            })
            .collect()
    }
}

/// Whether there is something to read right now, or the terminal has gone.
pub fn has_input(input: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(input, PollFlags::IN)];
    let zero = timespec(Duration::ZERO);
    matches!(poll(&mut fds, Some(&zero)), Ok(ready) if ready > 0)
}

/// Whether the terminal takes output right now. A terminal that was stopped or a dead connection does not; drawing would block then.
pub fn takes_output(output: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(output, PollFlags::OUT)];
    let zero = timespec(Duration::ZERO);
    matches!(poll(&mut fds, Some(&zero)), Ok(ready) if ready > 0)
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX), tv_nsec: duration.subsec_nanos().into() }
}
