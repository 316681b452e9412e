//! The wall clock is set, and the machine sleeps, while the screen is open.

use tickey::app::{Screen, next_wake};

use crate::outside::*;

const HOUR: i64 = 3_600_000;
const YEAR: i64 = 365 * 24 * HOUR;

#[test]
fn a_clock_set_back_keeps_no_vault_open() {
    for back in [HOUR, 24 * HOUR, 10 * YEAR, NOW as i64] {
        let mut session = Session::open((80, 24));
        session.shift = -back;
        session.wait(299_000);
        assert_eq!(session.model.screen(), Screen::List, "{back}");
        session.wait(2_000);
        assert_eq!(session.model.screen(), Screen::Unlock, "five minutes have passed, whatever the clock says: {back}");
    }
}

#[test]
fn a_clock_set_forth_and_a_sleep_lock() {
    for forth in [HOUR, YEAR, i64::MAX / 2] {
        let mut session = Session::open((80, 24));
        session.shift = forth;
        session.wait(1_000);
        assert_eq!(session.model.screen(), Screen::Unlock, "{forth}");
    }
    let mut session = Session::open((80, 24));
    session.wait(8 * HOUR as u64);
    assert_eq!(session.model.screen(), Screen::Unlock);
}

#[test]
fn whatever_the_clock_says_the_screen_is_drawn_and_the_next_look_comes() {
    for shift in [0, -HOUR, HOUR / 20, -YEAR, 100, -50 * YEAR, -(NOW as i64), i64::MIN] {
        for keys in ["j", "<Enter>", "l", "v", "/git<Esc>"] {
            let mut session = Session::open((80, 24));
            session.keys(keys);
            session.shift = shift;
            session.wait(500);
            session.keys(keys);
            assert_ne!(session.model.screen(), Screen::Unlock);
            session.screen();
            let next = next_wake(&session.model, session.now());
            assert!(next.is_some_and(|wait| wait.as_millis() <= 60_000), "{keys}, {shift}: {next:?}");
        }
    }
}

#[test]
fn what_is_edited_after_the_clock_was_set_back_counts() {
    let mut session = Session::open((80, 24));
    for (round, shift) in [0, -HOUR, -5 * HOUR, -11 * HOUR, -11 * HOUR + HOUR / 30].into_iter().enumerate() {
        session.shift = shift;
        session.keys(&format!("e<C-u>Name{round}<Enter>"));
        let named = |name: &str| session.disk().entries().filter(|entry| &*entry.details.issuer == name).count();
        assert_eq!(named(&format!("Name{round}")), 1, "round {round}\n{}", session.screen());
    }
    session.keys("u");
    assert!(session.disk().entries().any(|entry| &*entry.details.issuer == "Name3"), "{}", session.screen());
}
