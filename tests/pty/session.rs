//! The program in a terminal: keys go in, the screen is waited for.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_tickey");
pub const PASSPHRASE: &str = "correct horse battery";
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What undoes the modes, in this order.
pub const RESTORED: &str = "\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// A home of its own.
pub struct Home(pub tempfile::TempDir);

impl Home {
    pub fn empty() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    /// With a vault of three entries.
    pub fn with_vault() -> Home {
        let home = Home::empty();
        std::fs::write(home.0.path().join("passphrase"), PASSPHRASE).unwrap();
        home.command(&["init", "--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"], "");
        for uri in [
            "otpauth://totp/GitHub:octo@example.com?secret=JBSWY3DPEHPK3PXP&issuer=GitHub",
            "otpauth://totp/Proton:maya@proton.example?secret=GEZDGNBVGY3TQOJQ&issuer=Proton",
            "otpauth://totp/AWS:root?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=AWS",
        ] {
            home.command(&["add", "-"], uri);
        }
        home
    }

    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.0.path().join(name).to_str().unwrap().to_owned();
        vec![
            ("XDG_DATA_HOME", path("data")),
            ("XDG_STATE_HOME", path("state")),
            ("XDG_CONFIG_HOME", path("config")),
            ("HOME", path("")),
            ("TERM", "xterm-256color".into()),
            ("LC_ALL", "C.UTF-8".into()),
            ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22".into()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("USER", "maya".into()),
        ]
    }

    /// Runs a command to its end and returns what it printed.
    pub fn command(&self, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new(PROGRAM)
            .args(["--passphrase-file"])
            .arg(self.0.path().join("passphrase"))
            .args(arguments)
            .env_clear()
            .envs(self.variables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

pub struct Shown {
    pub emulator: vt100::Parser,
    pub raw: Vec<u8>,
    pub ended: bool,
}

/// A program in a terminal.
pub struct Session {
    pub master: Option<Box<dyn MasterPty + Send>>,
    pub keyboard: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    pub shown: Arc<(Mutex<Shown>, Condvar)>,
    modes: String,
}

impl Session {
    pub fn start(home: &Home) -> Session {
        Session::start_sized(home, 24, 80)
    }

    pub fn start_sized(home: &Home, rows: u16, columns: u16) -> Session {
        Session::spawn(home, CommandBuilder::new(PROGRAM), rows, columns)
    }

    pub fn spawn(home: &Home, mut command: CommandBuilder, rows: u16, columns: u16) -> Session {
        command.env_clear();
        for (name, value) in home.variables() {
            command.env(name, value);
        }
        command.cwd(home.0.path());
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let modes = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Shown { emulator: vt100::Parser::new(rows, columns, 0), raw: Vec::new(), ended: false };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let theirs = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            loop {
                let got = reader.read(&mut buffer).unwrap_or(0);
                let (lock, changed) = &*theirs;
                let mut shown = lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                shown.ended = got == 0;
                shown.emulator.process(&buffer[..got]);
                shown.raw.extend_from_slice(&buffer[..got]);
                changed.notify_all();
                if got == 0 {
                    break;
                }
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Session { master: Some(pair.master), keyboard: Some(keyboard), child, shown, modes }
    }

    pub fn unlocked(home: &Home) -> Session {
        let mut session = Session::start(home);
        session.unlock();
        session
    }

    pub fn unlock(&mut self) {
        self.see("assphrase");
        self.press(PASSPHRASE);
        self.press("\r");
        self.see("octo@example.com");
    }

    pub fn press(&mut self, keys: &str) {
        self.send(keys.as_bytes());
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(bytes).unwrap();
        keyboard.flush().unwrap();
    }

    /// Waits until `is` holds of what is shown.
    pub fn wait(&self, what: &str, is: impl Fn(&Shown) -> bool) {
        let (lock, changed) = &*self.shown;
        let deadline = Instant::now() + PATIENCE;
        let mut shown = lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        while !is(&shown) {
            let left = deadline.saturating_duration_since(Instant::now());
            let ended = shown.ended && left < PATIENCE / 2;
            assert!(
                !left.is_zero() && !ended,
                "never came: {what}\n{}\n{:?}",
                shown.emulator.screen().contents(),
                String::from_utf8_lossy(&shown.raw[shown.raw.len().saturating_sub(600)..])
            );
            shown = changed.wait_timeout(shown, left.min(Duration::from_millis(200))).unwrap().0;
        }
    }

    pub fn see(&self, words: &str) {
        self.wait(words, |shown| shown.emulator.screen().contents().contains(words));
    }

    pub fn see_no(&self, words: &str) {
        self.wait(&format!("no {words}"), |shown| !shown.emulator.screen().contents().contains(words));
    }

    pub fn see_raw(&self, bytes: &str) {
        self.wait(bytes, |shown| find(&shown.raw, bytes.as_bytes()));
    }

    /// Forgets what was written so far, so that what comes next is known to be new.
    pub fn forget(&self) {
        self.shown.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).raw.clear();
    }

    pub fn raw(&self) -> Vec<u8> {
        self.shown.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).raw.clone()
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap() as i32).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// The exit code, waited for.
    pub fn ended(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(
                Instant::now() < deadline,
                "did not end\n{}",
                self.shown.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).emulator.screen().contents()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ended with that code, and the terminal is as it was found.
    pub fn ended_well(&mut self, code: u32) {
        assert_eq!(self.ended(), code);
        self.see_raw(RESTORED);
        let modes = format!("{:?}", self.master.as_ref().unwrap().get_termios());
        assert_eq!(modes, self.modes);
        assert!(
            !self
                .shown
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .emulator
                .screen()
                .alternate_screen()
        );
    }

    /// Resizes the terminal. The emulator keeps two rows and columns: with one, a wide letter or a line's end of a frame that was drawn for
    /// the size before makes it panic.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.shown
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .emulator
            .screen_mut()
            .set_size(rows.max(2), columns.max(2));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn find(in_these: &[u8], bytes: &[u8]) -> bool {
    in_these.windows(bytes.len()).any(|window| window == bytes)
}

/// `CSI ? n h` or `l` of every mode that was switched, in order.
pub fn switched(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    text.split("\x1b[?")
        .skip(1)
        .filter_map(|rest| rest.find(['h', 'l']).map(|end| rest[..=end].to_owned()))
        .filter(|mode| !mode.starts_with("2026") && !mode.starts_with("25"))
        .collect()
}
