//! The real program in a real pseudo-terminal: what a person does, and every way it can end.
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

#[cfg(target_os = "linux")]
mod memory;
#[path = "../remotes/servers.rs"]
#[allow(dead_code, reason = "the long run needs one server of all")]
mod servers;
mod session;
#[path = "../skip/mod.rs"]
mod skip;
mod soak;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use rustix::process::Signal;
use session::{Home, PASSPHRASE, PATIENCE, PROGRAM, RESTORED, Session, find, switched};

#[test]
fn first_run_makes_a_vault_and_the_next_one_opens_it() {
    let home = Home::empty();
    let mut session = Session::start(&home);
    session.see("Make a vault");
    session.press("\r");
    session.see("again");
    session.press(PASSPHRASE);
    session.press("\t");
    session.press(PASSPHRASE);
    session.press("\r");
    session.see("recovery code");
    session.press("\r");
    session.press("\x1b");
    session.press("\x03");
    session.ended_well(0);

    let mut session = Session::start(&home);
    session.see("assphrase");
    session.press("something else\r");
    session.see("wrong passphrase");
    // It can be tried again on the same screen; what is typed during the pause is not lost.
    session.press(PASSPHRASE);
    let deadline = Instant::now() + PATIENCE;
    while !session
        .shown
        .0
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .emulator
        .screen()
        .contents()
        .contains("0 entries")
    {
        assert!(
            Instant::now() < deadline,
            "{}",
            session.shown.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).emulator.screen().contents()
        );
        session.press("\r");
        std::thread::sleep(Duration::from_millis(300));
    }
    session.press("\x03");
    session.ended_well(0);
}

#[test]
fn search_copy_and_quit() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.press("/git");
    session.see_no("maya@proton.example");
    session.forget();
    session.press("\r");
    session.see("copied GitHub");
    // OSC 52 holds the code that the command line prints, unless a new one has begun in between.
    let copied = |raw: &[u8]| {
        let text = String::from_utf8_lossy(raw).into_owned();
        let encoded = text.split("\x1b]52;c;").nth(1)?.split('\x07').next()?.to_owned();
        String::from_utf8(data_encoding::BASE64.decode(encoded.as_bytes()).ok()?).ok()
    };
    let code = home.command(&["code", "GitHub"], "");
    if copied(&session.raw()).as_deref() != Some(code.trim()) {
        session.forget();
        session.press("\r");
        session.see_raw("\x1b]52;c;");
        let code = home.command(&["code", "GitHub"], "");
        session.wait("the same code", |shown| copied(&shown.raw).as_deref() == Some(code.trim()));
    }
    session.press("\x03");
    session.ended_well(0);
}

#[test]
fn an_entry_is_added_by_the_form() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.press("a");
    session.see("secret");
    session.press("Hetzner");
    session.press("\t");
    session.press("ops@acme.example");
    session.press("\t");
    session.press("KRSXG5CTMVRXEZLU");
    session.press("\r");
    session.see("4 entries");
    session.see("ops@acme.example");
    session.press("\x03");
    session.ended_well(0);
    assert!(home.command(&["list"], "").contains("Hetzner"));
}

#[test]
fn a_pasted_link_opens_the_filled_form() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.press("\x1b[200~otpauth://totp/Registrar:dom?secret=JBSWY3DPEHPK3PXP&issuer=Registrar\x1b[201~");
    session.see("Registrar");
    session.see("dom");
}

#[test]
fn locking_by_key_and_by_signal() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.press("L");
    session.see("assphrase");
    session.see_no("octo@example.com");
    session.unlock();
    session.signal(Signal::USR1);
    session.see_no("octo@example.com");
    session.see("assphrase");
    session.press("\x03");
    session.ended_well(0);
}

#[test]
fn any_size_and_back() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    for round in 0..60_u16 {
        let (rows, columns) =
            [(1, 1), (2, 200), (60, 7), (3, 22), (24, 80), (1, 300), (300, 1)][usize::from(round) % 7];
        session.resize(rows, columns);
        if round % 9 == 0 {
            session.press("v\x1b/x\x1b\x1b");
        }
    }
    session.resize(1, 1);
    session.resize(24, 80);
    session.see("octo@example.com");
    session.press("\x03");
    session.ended_well(0);
}

#[test]
fn garbage_is_no_key_to_anything() {
    let home = Home::with_vault();
    let mut session = Session::start(&home);
    session.see("assphrase");
    let mut seed = 1_u32;
    for _ in 0..40 {
        let mut bytes = Vec::new();
        for _ in 0..200 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let byte = (seed >> 24) as u8;
            // Not what would leave or submit: ^C, ^Z, Enter, q.
            if ![3, 26, 10, 13, b'q'].contains(&byte) {
                bytes.push(byte);
            }
        }
        session.send(&bytes);
    }
    // Half a sequence must not make the program deaf.
    session.send(b"\x1b[1;");
    session.signal(Signal::USR1);
    session.signal(Signal::TERM);
    session.ended_well(143);
}

#[test]
fn half_a_sequence_does_not_stop_a_signal() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.send(b"\x1b[200~a paste that never ends");
    session.signal(Signal::USR1);
    session.see("assphrase");
    session.see_no("octo@example.com");
}

#[test]
fn every_signal_restores_the_terminal() {
    let home = Home::with_vault();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let mut session = Session::unlocked(&home);
        session.signal(signal);
        session.ended_well(code);
    }
}

#[test]
fn modes_are_undone_in_reverse_and_the_mouse_never_reports_movement() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.press("\x03");
    session.ended_well(0);
    let modes = switched(&session.raw());
    let on: Vec<_> = modes.iter().filter(|mode| mode.ends_with('h')).map(|mode| mode.trim_end_matches('h')).collect();
    let mut off: Vec<_> =
        modes.iter().filter(|mode| mode.ends_with('l')).map(|mode| mode.trim_end_matches('l')).collect();
    off.reverse();
    assert_eq!(on, ["1049", "2004", "1004", "1000", "1006"]);
    assert_eq!(on, off);
    // Nothing is asked of the terminal: no cursor position, no device attributes, no colours.
    for question in ["\x1b[6n", "\x1b[c", "\x1b[0c", "\x1b]10;?", "\x1b]11;?", "\x1b[?u"] {
        assert!(!find(&session.raw(), question.as_bytes()), "{question:?}");
    }
}

#[test]
fn a_hang_up_ends_it() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.keyboard = None;
    // The reader's thread holds the terminal's other end too; it ends with the program.
    session.master = None;
    session.signal(Signal::HUP);
    assert_eq!(session.ended(), 129);
}

#[test]
fn a_killed_program_loses_nothing_that_was_saved() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.press("f");
    session.see("★");
    let deadline = Instant::now() + PATIENCE;
    while !home.command(&["list", "--json"], "").contains("\"favourite\":true") {
        assert!(Instant::now() < deadline);
    }
    session.signal(Signal::KILL);
    session.ended();
    let mut session = Session::unlocked(&home);
    session.see("★");
    session.press("\x03");
    session.ended_well(0);
}

#[test]
fn two_windows_see_each_other() {
    let home = Home::with_vault();
    let session = Session::unlocked(&home);
    home.command(&["add", "-"], "otpauth://totp/Late:comer?secret=JBSWY3DPEHPK3PXP&issuer=Late");
    let began = Instant::now();
    session.see("comer");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn suspended_and_continued_by_a_shell() {
    if !Path::new("/bin/bash").exists() {
        skip::skip("bash");
        return;
    }
    let home = Home::with_vault();
    let mut shell = CommandBuilder::new("/bin/bash");
    shell.args(["--norc", "--noprofile", "-i"]);
    let mut session = Session::spawn(&home, shell, 24, 80);
    session.see("bash");
    let mut line = String::new();
    write!(line, "PS1=; set -b; {PROGRAM}; echo code=$?\r").unwrap();
    session.press(&line);
    session.see("assphrase");
    session.unlock();
    session.forget();
    session.press("\x1a");
    session.see_raw(RESTORED);
    session.see("Stopped");
    session.forget();
    session.press("fg\r");
    session.see_raw("\x1b[?1049h");
    session.see("assphrase");
    session.see_no("octo@example.com");
    session.unlock();
    session.forget();
    session.press("\x03");
    session.see_raw(RESTORED);
}

#[test]
fn stopped_from_outside_it_draws_again() {
    let home = Home::with_vault();
    let session = Session::unlocked(&home);
    session.signal(Signal::STOP);
    session.forget();
    session.signal(Signal::CONT);
    session.see_raw("\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[?1000h\x1b[?1006h");
    session.see_raw("octo@example.com");
}

#[test]
fn without_a_terminal_it_says_so() {
    let home = Home::with_vault();
    let output = Command::new(PROGRAM).env_clear().envs(home.variables()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("needs a terminal") && words.contains("tickey code"), "{words}");
    assert!(output.stdout.is_empty());
}

#[test]
fn no_colour_when_there_must_be_none() {
    let home = Home::with_vault();
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(["--color", "never"]);
    let mut session = Session::spawn(&home, command, 24, 80);
    session.unlock();
    session.press("\x03");
    session.ended_well(0);
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    let codes = raw.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|character: char| character.is_ascii_alphabetic() || character == '~')?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    let mut reversed = false;
    for code in codes {
        for number in code.split(';') {
            reversed |= number == "7";
            assert!(!number.starts_with(['3', '4']) || number.len() == 1, "colour {code}");
            assert!(number.len() < 3, "colour {code}");
        }
    }
    assert!(reversed, "the selection is reversed without colour too");
}

#[test]
fn a_team_begins_on_the_screen() {
    let (maya, bob) = (Home::with_vault(), Home::with_vault());
    let address = format!("folder:{}", maya.0.path().join("ops.json").display());
    let mut first = Session::unlocked(&maya);
    first.press(":share\r");
    first.see("make a shared vault");
    first.press("a/b\r");
    first.see("a shared vault has a plain name");
    first.press("\x15ops\r");
    first.see("shown this once");
    first.press("\x1b");
    first.see("2 vaults");
    first.press(":remote\r");
    first.see("where a vault is kept");
    first.press("folder:/nonexistent/ops.json\r");
    first.see("there is no");
    first.press("\x15");
    first.press(&address);
    first.press("\r");
    first.see("it is kept at");
    first.press("\x1b");
    first.see_no("it is kept at");
    first.see("synced");
    let code = maya.command(&["--vault", "ops", "member", "invite", "bob", "--role", "editor"], "");
    let mut second = Session::unlocked(&bob);
    second.press(":join\r");
    second.see("join a shared vault");
    second.press(&address);
    second.press("\tABCD\r");
    second.see("this is not an invitation's code");
    second.press("\x15");
    second.press(code.trim());
    second.press("\r");
    second.see("you are in ops as bob, editor");
    second.see("six words");
    second.press("\x1b");
    second.see("2 vaults");
    // Bob's record has to be there before Maya's program can see it.
    second.see("synced");
    first.press("r");
    first.see("let in bob");
    first.press("M");
    first.see("read by its 2 members");
    first.press("\r");
    first.see("moved AWS to ops");
    first.press("q");
    first.ended_well(0);
    // Leaving has waited for the sync.
    second.press("3");
    second.see("no entries yet");
    second.press("r");
    second.see("AWS");
    second.press("q");
    second.ended_well(0);
}

#[test]
fn an_owners_place_is_taken_on_the_screen() {
    let (maya, zoe) = (Home::with_vault(), Home::with_vault());
    let made = maya.command(&["vault", "create", "ops", "--json"], "");
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let address = format!("folder:{}", maya.0.path().join("ops.json").display());
    maya.command(&["--vault", "ops", "remote", "set", &address], "");
    let mut session = Session::unlocked(&zoe);
    session.press(":join\r");
    session.see("join a shared vault");
    session.press(&address);
    session.press("\t");
    session.press(made["recovery_code"].as_str().unwrap());
    session.press("\tzoe\r");
    session.see("you are in ops as zoe, owner");
    session.see("This one takes its place");
    session.press("\x1b");
    session.see("2 vaults");
    session.see("synced");
    maya.command(&["sync"], "");
    assert!(maya.command(&["--vault", "ops", "member", "list"], "").contains("zoe"));
    session.press("q");
    session.ended_well(0);
}

#[test]
fn a_remote_that_another_window_set_is_seen_and_what_waits_is_said() {
    let home = Home::with_vault();
    let mut session = Session::unlocked(&home);
    session.press("r");
    session.see("no open vault has a remote");
    let folder = home.0.path().join("share");
    std::fs::create_dir(&folder).unwrap();
    home.command(&["remote", "set", &format!("folder:{}/own.json", folder.display())], "");
    session.press("r");
    session.see("synced");
    home.command(&["remote", "remove"], "");
    session.press("r");
    session.see("no open vault has a remote");
    session.see_no("sync");
    home.command(&["remote", "set", &format!("folder:{}/own.json", folder.display())], "");
    session.press("r");
    session.see("synced");
    std::fs::rename(&folder, home.0.path().join("away")).unwrap();
    session.press("f");
    session.see("1 change waiting");
    session.press("q");
    session.ended_well(0);
    session.see("1 change waits for the remote");
}
