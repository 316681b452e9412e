//! Other processes: this test program again, told to do one thing.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Resource, Rlimit, setrlimit};
use tickey::store::{disk, lock};

use crate::{PATIENCE, System, Window};

const TASK: &str = "TICKEY_TEST_TASK";

/// A process to be started.
pub struct Child {
    command: Command,
}

impl Child {
    pub fn new(task: &str) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child::does_as_told", "--nocapture", "--test-threads=1", "--quiet"]);
        command.env(TASK, task).env("TICKEY_TEST_WORD", "");
        Child { command }
    }

    pub fn path(mut self, path: &Path) -> Child {
        self.command.env("TICKEY_TEST_PATH", path);
        self
    }

    pub fn word(mut self, word: &str) -> Child {
        self.command.env("TICKEY_TEST_WORD", word);
        self
    }

    /// Root may do everything; nobody is hindered as people are.
    pub fn unprivileged(mut self) -> Child {
        use std::os::unix::process::CommandExt;
        if rustix::process::geteuid().is_root() {
            self.command.uid(65534).gid(65534);
        }
        self
    }

    pub fn start(mut self) -> Running {
        let mut process = self.command.stdout(Stdio::piped()).stdin(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        Running { process, said }
    }

    /// Runs it to its end, which must be a good one; what it said.
    pub fn run(self) -> String {
        let mut running = self.start();
        let mut said = String::new();
        running.said.read_to_string(&mut said).unwrap();
        let status = running.process.wait().unwrap();
        assert!(status.success(), "{status}: {said}");
        said
    }
}

/// A process under way.
pub struct Running {
    process: std::process::Child,
    said: BufReader<ChildStdout>,
}

impl Running {
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it says that line.
    pub fn wait_for(&mut self, line: &str) {
        let mut said = String::new();
        while said.trim() != line {
            said.clear();
            assert_ne!(self.said.read_line(&mut said).unwrap(), 0, "it ended before it said {line:?}");
        }
    }

    /// SIGKILL; every entry it had said was saved.
    pub fn kill(mut self) -> BTreeSet<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let said: Vec<String> = self.said.lines().map_while(Result::ok).collect();
        said.iter().filter_map(|line| line.strip_prefix("saved ")).map(str::to_owned).collect()
    }

    pub fn done(mut self) {
        assert!(self.process.wait().unwrap().success());
    }
}

fn say(line: &str) {
    // Not `println!`: the test harness must not hold it back.
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

fn limit_file_size(bytes: u64) {
    // Without a handler the system ends a process that goes over the limit.
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false))).unwrap();
    setrlimit(Resource::Fsize, Rlimit { current: Some(bytes), maximum: Some(bytes) }).unwrap();
}

/// Does nothing in the ordinary run of the tests.
#[test]
fn does_as_told() {
    let Ok(task) = std::env::var(TASK) else { return };
    let path = std::path::PathBuf::from(std::env::var_os("TICKEY_TEST_PATH").unwrap());
    let word = std::env::var("TICKEY_TEST_WORD").unwrap();
    match task.as_str() {
        "found, add and export under a umask" => {
            rustix::process::umask(rustix::fs::Mode::from_raw_mode(u32::from_str_radix(&word, 8).unwrap()));
            Window::found(&path).add("a").unwrap();
            disk::write_new(&path.with_file_name("export"), b"x", false, &mut System).unwrap();
        }
        "hold the lock" => {
            let _held = lock::hold(&path, PATIENCE).unwrap();
            say("held");
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        }
        "add three" => {
            let mut window = Window::open(&path);
            (0..3).for_each(|n| drop(window.add(&format!("{word}-{n}")).unwrap()));
        }
        "add for ever" => {
            let mut window = Window::open(&path);
            say("open");
            for n in 0.. {
                let issuer = format!("{word}-{n}");
                window.add(&issuer).unwrap();
                say(&format!("saved {issuer}"));
            }
        }
        "add under a file size limit" => {
            let mut window = Window::open(&path);
            limit_file_size(word.parse().unwrap());
            // The answer goes to a pipe, which has no limit.
            say(&window.add("too much").unwrap_err().to_string());
        }
        "add without privileges" => say(&Window::open(&path).add("x").unwrap_err().to_string()),
        "export under a file size limit" => {
            limit_file_size(word.parse().unwrap());
            disk::write_new(&path, &[b'x'; 5000], path.exists(), &mut System).unwrap_err();
        }
        other => panic!("no such task: {other}"),
    }
}
