//! Hidden prompts, in a real pseudo-terminal.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::{PASSPHRASE, RFC, User};

/// The program in a terminal.
struct Screen {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Screen {
    /// Runs a shell command line with `tickey` in it, under `sh`, so that the terminal outlives the program.
    fn run(user: &User, line: &str) -> Screen {
        let pty =
            native_pty_system().openpty(PtySize { rows: 24, cols: 200, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new("sh");
        let line = format!("tickey() {{ \"{}\" \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_tickey"));
        command.args(["-c", &line]);
        command.cwd(user.path(""));
        user.environment(&mut |name, value| command.env(name, value));
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 || sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let writer = pty.master.take_writer().unwrap();
        Screen { master: pty.master, writer, child, output, seen: String::new() }
    }

    fn wait_for(&mut self, words: &str) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !self.seen.contains(words) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("{words:?} never came: {:?}", self.seen),
            }
        }
        // The next wait looks only at what comes after.
        let end = self.seen.find(words).unwrap() + words.len();
        self.seen.drain(..end);
    }

    fn write(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
    }

    fn echoes(&self) -> bool {
        let flags = format!("{:?}", self.master.get_termios().unwrap().local_flags);
        flags.split(|c: char| !c.is_ascii_alphabetic()).any(|flag| flag == "ECHO")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    let user = User::with_entries();
    let mut screen = Screen::run(&user, "tickey code site --at 59; stty -a; echo end $?");
    screen.wait_for("Passphrase of personal: ");
    assert!(!screen.echoes());
    screen.write("wrong one\n");
    screen.wait_for("wrong passphrase, try again");
    screen.wait_for("Passphrase of personal: ");
    screen.write(&format!("{PASSPHRASE}\n"));
    screen.wait_for("94287082");
    assert!(!screen.seen.contains("staple"));
    screen.wait_for(" echo ");
    screen.wait_for("end 0");
}

#[test]
fn three_wrong_passphrases_are_5() {
    let user = User::with_entries();
    let mut screen = Screen::run(&user, "tickey list; echo end $?");
    for _ in 0..3 {
        screen.wait_for("Passphrase of personal: ");
        screen.write("no\n");
    }
    screen.wait_for("end 5");
}

#[test]
fn a_prompt_works_inside_a_pipe() {
    let user = User::with_entries();
    let mut screen = Screen::run(&user, "echo '' | tickey code site --at 59 | tr 0-9 a-j; echo end");
    screen.wait_for("Passphrase of personal: ");
    screen.write(&format!("{PASSPHRASE}\n"));
    screen.wait_for("jecihaic");
}

#[test]
fn a_new_passphrase_is_asked_for_twice() {
    let user = User::without_vault();
    let cheap = "--kdf-memory 19 --kdf-passes 2 --kdf-lanes 1";
    let mut screen = Screen::run(&user, &format!("tickey init {cheap}; echo end $?"));
    screen.wait_for("New passphrase: ");
    screen.write("one\n");
    screen.wait_for("Once more: ");
    screen.write("another\n");
    screen.wait_for("not the same");
    screen.wait_for("New passphrase: ");
    screen.write(&format!("{PASSPHRASE}\n"));
    screen.wait_for("Once more: ");
    screen.write(&format!("{PASSPHRASE}\n"));
    screen.wait_for("recovery code:");
    screen.wait_for("end 0");
    assert_eq!(user.json(&["list"]), serde_json::json!([]));
}

#[test]
fn a_link_is_asked_for_hidden() {
    let user = User::with_vault();
    let mut screen = Screen::run(&user, "tickey add --passphrase-file passphrase; echo end $?");
    screen.wait_for("otpauth:// link");
    screen.write(&format!("otpauth://totp/Site:octo?secret={RFC}\n"));
    screen.wait_for("added Site (octo)");
    assert!(!screen.seen.contains(RFC));
    screen.wait_for("end 0");
}

#[test]
fn a_second_pasted_link_does_not_reach_the_shell() {
    let user = User::with_vault();
    let mut screen = Screen::run(&user, "tickey add --passphrase-file passphrase; read rest; echo \"rest: <$rest>\"");
    screen.wait_for("otpauth:// link");
    screen.write(&format!("otpauth://totp/Site:octo?secret={RFC}\notpauth://totp/Other:x?secret={RFC}\n"));
    screen.wait_for("added Site (octo)");
    screen.write("nothing\n");
    screen.wait_for("rest: <nothing>");
    assert!(!screen.seen.contains(RFC));
}

#[test]
fn an_export_acts_on_no_terminal() {
    let user = User::with_vault();
    user.add(&format!("otpauth://totp/Site:octo?secret={RFC}&issuer=Site"));
    let export =
        |format: &str| format!("tickey export --format {format} --plaintext --passphrase-file passphrase; echo end $?");
    let mut screen = Screen::run(&user, &export("keepassxc-csv"));
    screen.wait_for("octo");
    screen.wait_for("end 0");
    user.add(&format!("otpauth://totp/B%1B%5B31mad:x%C2%9B?secret={RFC}&issuer=B%1B%5B31mad"));
    let mut screen = Screen::run(&user, &export("keepassxc-csv"));
    screen.wait_for("acts on a terminal");
    screen.wait_for("-o FILE");
    screen.wait_for("end 1");
    let mut screen = Screen::run(
        &user,
        &format!("{}; tickey list --passphrase-file passphrase; echo done $?", export("keepassxc-csv")),
    );
    screen.wait_for("done 0");
    // Links have such characters encoded, and a pipe takes all of it as it is.
    let mut screen = Screen::run(&user, &export("uri"));
    screen.wait_for("B%1B%5B31mad");
    screen.wait_for("end 0");
    let piped = user.output(&["export", "--format", "keepassxc-csv", "--plaintext"]);
    assert!(piped.contains("B\u{1b}[31mad"), "{piped:?}");
}

#[test]
fn deleting_is_agreed_to() {
    let user = User::with_entries();
    let mut screen = Screen::run(&user, "tickey rm site --passphrase-file passphrase; echo end $?");
    screen.wait_for("to the trash? [y/N] ");
    screen.write("\n");
    screen.wait_for("nothing was changed");
    screen.wait_for("end 1");
    let mut screen = Screen::run(&user, "tickey rm site --passphrase-file passphrase; echo end $?");
    screen.wait_for("to the trash? [y/N] ");
    screen.write("y\n");
    screen.wait_for("moved Site (octo) to the trash");
    screen.wait_for("end 0");
}

#[test]
fn an_interrupted_prompt_gives_echo_back() {
    let user = User::with_entries();
    for (signal, code) in [("\u{3}", 130), ("\u{1c}", 131)] {
        let line = "trap : INT QUIT; tickey list; code=$?; stty -a; echo end $code";
        let mut screen = Screen::run(&user, line);
        screen.wait_for("Passphrase of personal: ");
        assert!(!screen.echoes());
        screen.write(signal);
        screen.wait_for(" echo ");
        screen.wait_for(&format!("end {code}"));
    }
}

#[test]
fn the_end_of_input_changes_nothing() {
    let user = User::with_entries();
    let mut screen = Screen::run(&user, "tickey list; echo end $?");
    screen.wait_for("Passphrase of personal: ");
    screen.write("\u{4}");
    screen.wait_for("nothing was typed");
    screen.wait_for("end 1");
}

#[test]
fn a_code_is_copied_through_the_terminal() {
    let user = User::with_entries();
    let line = "unset DISPLAY WAYLAND_DISPLAY TMUX STY; export SSH_TTY=x SSH_CONNECTION=x; \
                tickey code site --at 59 --copy --passphrase-file passphrase >out; echo end $?";
    let mut screen = Screen::run(&user, line);
    // 94287082 in base64.
    screen.wait_for("\u{1b}]52;c;OTQyODcwODI=\u{7}");
    screen.wait_for("copied the code of Site (octo) through the terminal");
    screen.wait_for("end 0");
    assert_eq!(std::fs::read(user.path("out")).unwrap(), b"");
}

#[test]
fn a_terminated_prompt_gives_echo_back() {
    let user = User::with_entries();
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        let line = "sh -c 'echo $$ >pid; exec \"$0\" list' \"$(command -v program)\"; code=$?; stty -a; echo end $code";
        let line = line.replace("$(command -v program)", env!("CARGO_BIN_EXE_tickey"));
        let mut screen = Screen::run(&user, &line);
        screen.wait_for("Passphrase of personal: ");
        assert!(!screen.echoes());
        let pid = std::fs::read_to_string(user.path("pid")).unwrap();
        assert!(
            std::process::Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status().unwrap().success()
        );
        screen.wait_for(" echo ");
        screen.wait_for(&format!("end {code}"));
    }
}

#[test]
fn a_stopped_prompt_gives_echo_back_and_asks_again() {
    let user = User::with_entries();
    let line = "exec bash --norc -c 'set -m; \"$0\" code site --at 59; stty -a; echo stopped; fg >/dev/null; echo end $?' \"$program\"";
    let line = line.replace("$program", env!("CARGO_BIN_EXE_tickey"));
    let mut screen = Screen::run(&user, &line);
    screen.wait_for("Passphrase of personal: ");
    screen.write("\u{1a}");
    screen.wait_for(" echo ");
    screen.wait_for("stopped");
    screen.wait_for("Passphrase of personal: ");
    assert!(!screen.echoes());
    screen.write(&format!("{PASSPHRASE}\n"));
    screen.wait_for("94287082");
    screen.wait_for("end 0");
}
