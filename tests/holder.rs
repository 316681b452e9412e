//! The process that holds a copied code, with a real X server: it outlives who copied, and clears only what is still ours.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::expect_used,
    clippy::get_unwrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod skip;

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tickey");

/// An X server without a screen; `None` where Xvfb or xclip is not installed.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Option<Display> {
        let there = |program: &str, argument: &str| {
            Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !there("Xvfb", "-help") || !there("xclip", "-version") {
            skip::skip("Xvfb or xclip");
            return None;
        }
        let (mut number, write) = std::io::pipe().unwrap();
        let server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "64x64x8"])
            .stdout(write)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut name = String::from(":");
        loop {
            let mut byte = [0; 1];
            std::io::Read::read_exact(&mut number, &mut byte).unwrap();
            if byte == *b"\n" {
                break;
            }
            name.push(char::from(byte[0]));
        }
        Some(Display { server, name })
    }

    fn clipboard(&self) -> String {
        let output = Command::new("xclip")
            .args(["-selection", "clipboard", "-o"])
            .env("DISPLAY", &self.name)
            .stderr(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn targets(&self) -> String {
        let output = Command::new("xclip")
            .args(["-selection", "clipboard", "-o", "-t", "TARGETS"])
            .env("DISPLAY", &self.name)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn copy_elsewhere(&self, text: &str) {
        let mut child = Command::new("xclip")
            .args(["-selection", "clipboard"])
            .env("DISPLAY", &self.name)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait().unwrap();
    }

    /// A holder with that text; what it says first is read.
    fn hold(&self, seconds: u64, text: &str) -> (Child, std::process::ChildStdin) {
        let mut child = Command::new(PROGRAM)
            .arg("__hold-clipboard")
            .env_remove("WAYLAND_DISPLAY")
            .env("DISPLAY", &self.name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        write!(input, "{seconds} {}\n{text}", text.len()).unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        assert_eq!(&said, b"held\n");
        (child, input)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The holder's last word.
fn last_word(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_text_stays_when_who_copied_is_gone_and_leaves_at_its_deadline() {
    let Some(display) = Display::start() else { return };
    let began = Instant::now();
    let (child, input) = display.hold(2, "763244");
    drop(input);
    assert_eq!(display.clipboard(), "763244");
    assert!(display.targets().contains("x-kde-passwordManagerHint"), "{}", display.targets());
    assert_eq!(last_word(child), "cleared\n");
    assert!(began.elapsed() >= Duration::from_millis(1900), "{:?}", began.elapsed());
    assert_eq!(display.clipboard(), "");
}

#[test]
fn what_somebody_else_copied_is_left_alone() {
    let Some(display) = Display::start() else { return };
    let (child, mut input) = display.hold(60, "763244");
    display.copy_elsewhere("a letter to my aunt");
    let deadline = Instant::now() + Duration::from_secs(120);
    while display.clipboard() != "a letter to my aunt" {
        assert!(Instant::now() < deadline);
    }
    input.write_all(b"c").unwrap();
    assert_eq!(last_word(child), "kept\n");
    assert_eq!(display.clipboard(), "a letter to my aunt");
}

#[test]
fn it_clears_at_once_when_told() {
    let Some(display) = Display::start() else { return };
    let (child, mut input) = display.hold(60, "763244");
    input.write_all(b"c").unwrap();
    assert_eq!(last_word(child), "cleared\n");
    assert_eq!(display.clipboard(), "");
}

#[test]
fn nothing_of_the_text_is_in_arguments_or_environment() {
    let Some(display) = Display::start() else { return };
    let (mut child, _input) = display.hold(60, "763244");
    let read = |name: &str| std::fs::read(format!("/proc/{}/{name}", child.id())).unwrap_or_default();
    for name in ["cmdline", "environ"] {
        assert!(!read(name).windows(6).any(|window| window == b"763244"), "{name}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_holder_is_not_for_people() {
    let output = Command::new(PROGRAM).arg("__hold-clipboard").stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
}

#[test]
fn the_command_line_copies_and_leaves() {
    let Some(display) = Display::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let passphrase = home.path().join("passphrase");
    std::fs::write(&passphrase, "correct horse battery").unwrap();
    let run = |arguments: &[&str], input: &str| {
        let mut command = Command::new(PROGRAM);
        command.arg("--passphrase-file").arg(&passphrase).args(arguments);
        for name in ["WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"] {
            command.env_remove(name);
        }
        for (name, folder) in [("XDG_DATA_HOME", "d"), ("XDG_STATE_HOME", "s"), ("XDG_CONFIG_HOME", "c")] {
            command.env(name, home.path().join(folder));
        }
        command.env("DISPLAY", &display.name).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    std::fs::create_dir_all(home.path().join("c/tickey")).unwrap();
    std::fs::write(home.path().join("c/tickey/config.toml"), "clipboard_seconds = 5\n").unwrap();
    run(&["init", "--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"], "");
    run(&["add", "-"], "otpauth://hotp/VPN:badge?secret=JBSWY3DPEHPK3PXP&counter=0");
    assert_eq!(run(&["code", "VPN", "--copy"], ""), "");
    // HOTP of "Hello!\xde\xad\xbe\xef" with counter 0.
    assert_eq!(display.clipboard(), "282760");
    let deadline = Instant::now() + Duration::from_secs(120);
    while !display.clipboard().is_empty() {
        assert!(Instant::now() < deadline, "never cleared");
        std::thread::sleep(Duration::from_millis(100));
    }
}
