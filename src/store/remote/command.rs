//! Another program, run for a bounded time with a bounded answer, and killed with all it started when that is over.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Deadline, RemoteError, Trouble};

/// How much of what it says beside its answer is kept.
const WORDS: usize = 64 * 1024;
/// The largest file it may write, in bytes: what a server sends is kept on the disk before its size is known.
const LARGEST_FILE: u64 = 1024 * 1024 * 1024;
/// The first pause between two looks at whether it has ended, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(25));
/// How long its pipes may stay open after it has ended: something it left running may hold them.
const LINGER: Duration = Duration::from_secs(2);

/// What is to be run.
pub(super) struct Command<'a> {
    pub program: &'static str,
    pub arguments: &'a [&'a str],
    pub input: &'a [u8],
    /// The most its answer may have, in bytes.
    pub most: usize,
}

/// How it ended.
pub(super) struct Done {
    pub good: bool,
    pub out: Vec<u8>,
    pub said: String,
}

/// A child that does not outlive its time.
struct Running {
    child: Child,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

impl Command<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// [`Trouble::Unreachable`] when there is no such program; [`Trouble::TimedOut`], [`Trouble::Cancelled`]; [`Trouble::TooLarge`].
    pub(super) fn run(
        &self,
        environment: BTreeMap<OsString, OsString>,
        deadline: &Deadline,
        place: &str,
    ) -> Result<Done, RemoteError> {
        deadline.left(place)?;
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                RemoteError::new(Trouble::Unreachable, place, format!("{} is not installed", self.program))
            }
            _ => RemoteError::new(Trouble::Failed, place, format!("cannot run {}: {error}", self.program)),
        };
        let child = std::process::Command::new(self.program)
            .args(self.arguments)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mut running = Running { child, ended: false };
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Resource, Rlimit, prlimit};
            let limit = Rlimit { current: Some(LARGEST_FILE), maximum: Some(LARGEST_FILE) };
            let _ = prlimit(Some(Pid::from_child(&running.child)), Resource::Fsize, limit);
        }
        let pipes = (running.child.stdin.take(), running.child.stdout.take(), running.child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(RemoteError::new(Trouble::Failed, place, "it was started without pipes"));
        };
        let (out, said) = (gather(stdout, self.most), gather(stderr, WORDS));
        let input = self.input.to_vec();
        // A program that wants no more of it closes its end.
        let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let mut pause = PAUSES.0;
        let status = loop {
            if let Some(status) = running.child.try_wait().map_err(failed)? {
                break status;
            }
            deadline.left(place)?;
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2).min(PAUSES.1);
        };
        running.ended = true;
        drop(feeding);
        let ended = Instant::now();
        while !(out.is_done() && said.is_done()) && ended.elapsed() < LINGER {
            std::thread::sleep(PAUSES.0);
        }
        let (out, whole) = out.take();
        if !whole {
            return Err(RemoteError::new(Trouble::TooLarge, place, format!("{} gave more than it may", self.program)));
        }
        Ok(Done { good: status.success(), out, said: String::from_utf8_lossy(&said.take().0).into_owned() })
    }
}

/// What comes out of a pipe.
struct Gathered {
    /// The bytes, whether all of them were kept, whether it is over.
    state: Arc<Mutex<(Vec<u8>, bool, bool)>>,
}

impl Gathered {
    fn is_done(&self) -> bool {
        self.state.lock().is_ok_and(|state| state.2)
    }

    fn take(&self) -> (Vec<u8>, bool) {
        match self.state.lock() {
            Ok(mut state) => (std::mem::take(&mut state.0), state.1),
            Err(_) => (Vec::new(), false),
        }
    }
}

/// Reads a pipe to its end, and keeps at most so much of it.
fn gather(mut pipe: impl Read + Send + 'static, most: usize) -> Gathered {
    let state = Arc::new(Mutex::new((Vec::new(), true, false)));
    let kept = state.clone();
    std::thread::spawn(move || {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let part = match pipe.read(&mut chunk) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                read => chunk.get(..read.unwrap_or(0)).unwrap_or_default(),
            };
            let Ok(mut state) = kept.lock() else { return };
            if part.is_empty() {
                state.2 = true;
                return;
            }
            let room = most.saturating_sub(state.0.len());
            if part.len() > room || state.0.try_reserve(part.len()).is_err() {
                state.1 = false;
            } else if state.1 {
                state.0.extend_from_slice(part);
            }
        }
    });
    Gathered { state }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, input: &[u8], most: usize, time: Duration) -> Result<Done, RemoteError> {
        let command = Command { program: "sh", arguments: &["-c", script], input, most };
        command.run(BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())]), &Deadline::of(time), "place")
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn what_it_says_is_gathered() {
        let done = run("cat; echo no >&2; exit 3", &[b'x'; 300_000], 1 << 20, LONG).unwrap();
        assert_eq!((done.good, done.out.len(), done.said.as_str()), (false, 300_000, "no\n"));
        // It need not want its input.
        assert!(run("exit 0", &[b'x'; 300_000], 0, LONG).unwrap().good);
    }

    #[test]
    fn too_much_is_not_kept() {
        let error = run("head -c 100000 /dev/zero", b"", 99_999, LONG).err().unwrap();
        assert_eq!(error.kind(), Trouble::TooLarge);
    }

    #[test]
    fn it_is_killed_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let script = format!("(sleep 1; touch {}) & sleep 60", mark.display());
        let start = Instant::now();
        let error = run(&script, b"", 0, Duration::from_millis(300)).err().unwrap();
        assert_eq!(error.kind(), Trouble::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(1));
        std::thread::sleep(Duration::from_millis(1500));
        assert!(!mark.exists(), "something was left running");
    }

    #[test]
    fn what_it_leaves_running_does_not_hold_us() {
        let start = Instant::now();
        let done = run("sleep 30 & echo done", b"", 100, LONG).unwrap();
        assert_eq!(done.out, b"done\n");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let command = Command { program: "no-such-program", arguments: &[], input: b"", most: 0 };
        let error = command.run(BTreeMap::new(), &Deadline::of(LONG), "place").err().unwrap();
        assert!(error.to_string().contains("no-such-program is not installed"), "{error}");
    }
}
