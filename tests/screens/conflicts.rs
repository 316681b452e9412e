//! What was changed in two places at once: both values beside each other, and taking one.

use tickey::app::{Msg, Screen};
use tickey::otp::base32;
use tickey::secret::{Secret, Text};
use tickey::vault::{Clock, Edit, Stamp, Unlocked};

use crate::outside::*;

/// The team's vault after two windows changed the registrar's issuer, note and secret without seeing each other.
pub fn torn() -> (Unlocked, Clock) {
    let (vault, clock) = team();
    let entry = vault.entries().find(|entry| &*entry.details.issuer == "Registrar").unwrap().clone();
    let changed = |n: u64, name: &str, note: &str, secret: &str| {
        let mut details = entry.details.clone();
        details.issuer = Text::from(name);
        details.note = Text::from(note);
        details.otp.secret = base32::decode(secret).unwrap();
        let mut clock = Clock::new(90 + n, Stamp::default());
        vault.plan(&[Edit::Change(entry.id, Box::new(details))], &mut clock, NOW + n * 60_000).unwrap()
    };
    let first = changed(1, "Registrar", "ask Eve", "JBSWY3DPEHPK3PXQ");
    let second =
        changed(2, "The registrar", "ask Bob, and if he is away whoever has the safe's key", "JBSWY3DPEHPK3PXW");
    let first_name = {
        let mut details = entry.details.clone();
        details.issuer = Text::from("Registrar AG");
        let mut clock = Clock::new(91, Stamp::new(NOW + 60_000, 9, 91));
        vault.plan(&[Edit::Change(entry.id, Box::new(details))], &mut clock, NOW + 60_000).unwrap()
    };
    (vault.with(&[first, second, first_name].concat()), clock)
}

fn registrar(session: &Session) -> tickey::vault::Entry {
    session.shared[0].entries().find(|entry| entry.details.issuer.contains("egistrar")).unwrap().clone()
}

#[test]
fn both_values_stand_beside_each_other() {
    for size in SIZES {
        let mut session = Session::open_team(size, torn());
        insta::assert_snapshot!(format!("torn_{}x{}", size.0, size.1), session.keys("3c").screen());
    }
    let mut session = Session::open_team((80, 24), torn());
    assert!(session.screen().lines().next().unwrap().contains("≠ 1"), "{}", session.screen());
    session.keys("3");
    insta::assert_snapshot!("torn_list", session.screen());
    session.keys("vc");
    assert_eq!(session.model.screen(), Screen::Conflicts);
    assert!(!session.screen().contains("JBSWY3DP"));
    session.keys("<F2>");
    assert!(session.screen().contains("JBSWY3DPEHPK3PXQ"));
}

#[test]
fn one_is_taken_and_undo_gives_back_what_was_shown() {
    let mut session = Session::open_team((80, 24), torn());
    assert_eq!(registrar(&session).conflicts, ["issuer", "note", "secret"]);
    session.keys("3cj<Enter>");
    assert!(session.screen().contains("settled the issuer of"), "{}", session.screen());
    assert_eq!(&*registrar(&session).details.issuer, "Registrar AG");
    assert_eq!(registrar(&session).conflicts, ["note", "secret"]);
    assert_eq!(session.model.screen(), Screen::Conflicts);
    session.keys("u");
    assert_eq!(&*registrar(&session).details.issuer, "The registrar");
    // The shown one is kept by taking it.
    session.keys("g<Enter>");
    assert_eq!(registrar(&session).conflicts, ["secret"]);
    assert!(registrar(&session).details.note.starts_with("ask Bob"));
    // A secret is asked about.
    session.keys("j<Enter>");
    assert_eq!(session.model.screen(), Screen::Confirm);
    session.keys("n");
    assert_eq!(registrar(&session).conflicts, ["secret"]);
    session.keys("<Enter>y");
    assert_eq!(registrar(&session).details.otp.secret, base32::decode("JBSWY3DPEHPK3PXQ").unwrap());
    assert!(registrar(&session).conflicts.is_empty());
    assert_eq!(session.model.screen(), Screen::List);
    session.keys("c");
    assert!(session.screen().contains("nothing was changed in two places at once"));
}

#[test]
fn a_counter_stays_with_the_secret_that_is_taken() {
    let (vault, clock) = team();
    let entry = vault.entries().find(|entry| &*entry.details.issuer == "Safe").unwrap().clone();
    let changed = |n: u64, counter: u64| {
        let mut details = entry.details.clone();
        details.otp.secret = Secret::new(vec![n as u8; 20]);
        details.otp.counter = counter;
        let mut clock = Clock::new(90 + n, Stamp::default());
        vault.plan(&[Edit::Change(entry.id, Box::new(details))], &mut clock, NOW + n).unwrap()
    };
    let both = vault.with(&[changed(1, 7), changed(2, 30)].concat());
    let mut session = Session::open_team((80, 24), (both, clock));
    session.keys("3cj<Enter>y");
    let safe = session.shared[0].entry(entry.id).unwrap();
    assert_eq!((safe.details.otp.secret.expose()[0], safe.details.otp.counter), (1, 7));
}

#[test]
fn what_another_window_settled_is_not_settled_again() {
    let (vault, clock) = torn();
    let mut session = Session::open_team((80, 24), (vault.clone(), clock));
    session.keys("3c");
    let entry = registrar(&session);
    let choice = vault.conflicts(entry.id)[0].choice(0).unwrap();
    let mut other = Clock::new(77, vault.newest());
    let theirs = vault.with(&vault.plan(&[Edit::Settle(entry.id, choice)], &mut other, NOW + 1_000_000).unwrap());
    session.shared[0] = theirs.clone().into();
    session.send(Msg::ChangedElsewhere(theirs.into()));
    assert!(!session.screen().contains("issuer"), "{}", session.screen());
    session.keys("<Enter>");
    assert_eq!(registrar(&session).conflicts, ["secret"]);
}

#[test]
fn no_size_breaks_the_conflicts() {
    for keys in ["3c", "3cjj<F2>", "3cGjjjjj<Enter>"] {
        let mut session = Session::open_team((80, 24), torn());
        session.keys(keys);
        for w in 1..=130 {
            for h in (1..=40).filter(|h| *h < 14 || w % 9 == 1) {
                session.size = (w, h);
                session.send(Msg::Resize(w, h));
                session.draw();
            }
        }
    }
}
