//! Whatever is pressed, whatever the labels, whatever the size.

use tickey::app::{Msg, next_wake};
use tickey::config::{Config, keys};
use tickey::otp::{Kind, Otp, uri};
use tickey::secret::{Random, Text};
use tickey::vault::Details;

use crate::outside::*;

#[test]
fn odd_labels_never_break_the_list() {
    let otp = || Otp::new(Kind::Totp, uri::base32_secret("JBSWY3DPEHPK3PXP").unwrap());
    let labels = [
        "\x1b[2J\x07evil",
        "two\nlines",
        "\u{202e}gnp.exe",
        &"long".repeat(250),
        "👩‍👩‍👧‍👦 family",
        "日本郵便日本郵便日本郵便日本郵便",
    ];
    let entries: Vec<Details> = labels.iter().map(|label| Details::new(otp(), *label, *label)).collect();
    for size in SIZES {
        let mut session = Session::open_with(size, Config::default(), with(empty(), entries.clone()));
        for keys in ["", "v", "<Esc>d", "nh", "<Esc>e"] {
            let screen = session.keys(keys).screen();
            assert!(screen.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{screen:?}");
        }
    }
}

#[test]
fn no_size_panics_and_a_code_is_always_shown() {
    let screens = [
        "",
        "/git",
        "v",
        "a",
        "d",
        "dyT",
        "fh",
        "?",
        ":",
        "x",
        "i",
        ":passphrase<Enter>",
        "s",
        "st",
        "ss",
        ":phone codes<Enter>",
        ":phone codes<Enter>n",
    ];
    for keys in screens {
        let mut session = Session::open((80, 24));
        session.keys(keys);
        for w in 1..=130 {
            for h in (1..=40).filter(|h| keys.is_empty() || *h < 14 || w % 9 == 1) {
                session.size = (w, h);
                session.send(Msg::Resize(w, h));
                if !keys.is_empty() {
                    session.draw();
                } else if w >= 7 {
                    let screen = session.screen();
                    let digits = screen.lines().any(|line| line.chars().filter(char::is_ascii_digit).count() >= 6);
                    assert!(digits, "{w}x{h}: {screen}");
                }
            }
        }
    }
    for exists in [true, false] {
        let mut session = Session::start((80, 24), Config::default(), exists);
        for n in 0..2 {
            for w in 1..=130 {
                for h in 1..=40 {
                    session.size = (w, h);
                    session.send(Msg::Resize(w, h));
                    session.draw();
                }
            }
            session.keys(if n == 0 { "<Enter>" } else { "" });
        }
    }
}

/// Whatever is pressed, in whatever order, at whatever size: nothing panics, and what is drawn stays clean.
#[test]
fn no_row_of_keys_panics() {
    let pool = keys::parse(
        "abcdefghijklmnopqrstuvxyzLTUVYGMC/:?1 29<Enter><Enter><Enter><Esc><Esc><Tab><BackTab><Up><Down><Left><Right><PageUp>\
         <PageDown><Home><End><Backspace><Delete><F2><C-r><C-n><C-s><C-u><C-w><C-c><C-z><A-x>日",
    )
    .unwrap();
    let mut random = Fixed(3);
    let mut roll = |most: usize| {
        let mut bytes = [0; 4];
        random.fill(&mut bytes).unwrap();
        u32::from_le_bytes(bytes) as usize % most
    };
    for round in 0..60 {
        let size = SIZES[round % 4];
        let mut session =
            if round % 3 == 0 { Session::open_team(size, crate::conflicts::torn()) } else { Session::open(size) };
        session.failing = round % 5 == 0;
        session.holding = round % 7 == 0;
        for step in 0..150 {
            match roll(40) {
                0 => {
                    session.size = (1 + roll(130) as u16, 1 + roll(40) as u16);
                    session.send(Msg::Resize(session.size.0, session.size.1));
                }
                1 => session.send(Msg::Paste(Text::from("otpauth://totp/A:b?secret=JBSWY3DPEHPK3PXP"))),
                2 => {
                    use tickey::app::{Mouse, MouseKind};
                    let kind = [MouseKind::Press, MouseKind::WheelUp, MouseKind::WheelDown][roll(3)];
                    let (column, row) = (roll(130) as u16, roll(40) as u16);
                    session.send(Msg::Mouse(Mouse { kind, column, row }));
                }
                3 => {
                    session.wait(roll(4_000) as u64);
                }
                _ => session.send(Msg::Key(pool[roll(pool.len())])),
            }
            if !session.model.is_open() {
                break;
            }
            if step % 5 == 0 {
                session.draw();
                next_wake(&session.model, now(session.at));
            }
        }
    }
}
