//! Answers that arrive after a lock.

use std::path::PathBuf;
use std::sync::Arc;

use tickey::app::msg::{Copied, ImportRead, MemberDone, Shared, ShownCode, SyncState};
use tickey::app::{Answer, Effect, Msg, OpenVault, Screen};
use tickey::config::Config;
use tickey::formats::{Opened, registry};
use tickey::secret::Text;
use tickey::vault::{Clock, Stamp, Unlocked};

use crate::outside::*;

fn open(vault: &Arc<Unlocked>) -> OpenVault {
    OpenVault {
        name: "personal".into(),
        path: Some(PathBuf::from("/home/maya/personal.json")),
        vault: Arc::clone(vault),
        clock: Clock::new(42, Stamp::default()),
        warning: None,
    }
}

#[test]
fn an_answer_that_arrives_after_a_lock_opens_nothing() {
    let mut session = Session::open((80, 24));
    session.holding = true;
    session.keys("dy");
    let (save, _) = session.held.pop().unwrap();
    session.send(Msg::LockNow);
    let vault = Arc::new(personal().0);
    let code = || Some(Text::from("CODE-THAT-WAS-TO-BE-SHOWN"));
    let Ok((_, Opened::Plain(imported))) = registry::read(b"otpauth://totp/Late:late@example?secret=MFRGGZDF", None)
    else {
        panic!("a list of links is read")
    };
    // With the ticket of each that may have been given out.
    let answer = |answer| Msg::Answer(session.asked, answer);
    let late = [
        Msg::Saved { save, result: Ok((Arc::clone(&vault), Some("late".into()))) },
        answer(Answer::Opened(Ok(vec![open(&vault)]))),
        Msg::AlsoOpened(open(&vault)),
        answer(Answer::Created(Ok((open(&vault), code().unwrap())))),
        answer(Answer::PassphraseChanged(Ok(Arc::clone(&vault)))),
        answer(Answer::PassphraseFollowed(Ok(()))),
        Msg::ChangedElsewhere(Arc::clone(&vault)),
        Msg::Synced {
            vault: vault.id(),
            state: SyncState::Done,
            reached: Stamp::default(),
            said: vec!["late@example changed".into()],
        },
        answer(Answer::Member(Ok(MemberDone { said: "late".into(), code: code().map(ShownCode::Invitation) }))),
        answer(Answer::Shared(Ok(Shared { title: "late".into(), code: code(), said: vec!["late".into()] }))),
        answer(Answer::ImportRead(Ok(ImportRead::Entries { format: "uri", imported }))),
        answer(Answer::Completions(vec!["/home/maya/late".into()])),
        answer(Answer::Exported(Ok(PathBuf::from("late")))),
        answer(Answer::PictureSaved(Ok(PathBuf::from("late")))),
        answer(Answer::Copied(Ok(Copied::Clipboard))),
        Msg::UnlockEstimate(500),
    ];
    let kept = Arc::strong_count(&vault) - 1;
    let asked = session.effects.len();
    for msg in late {
        let said = format!("{msg:?}");
        session.send(msg);
        let screen = session.screen();
        assert_eq!(session.model.screen(), Screen::Unlock, "{said}");
        for secret in ["GitHub", "octo", "late@example", "CODE-THAT", "Bank"] {
            assert!(!screen.contains(secret), "{said}: {screen}");
        }
    }
    assert!(kept > 3);
    assert_eq!(Arc::strong_count(&vault), 1, "something of what came was kept");
    assert_eq!(session.effects.len(), asked, "{:?}", &session.effects[asked..]);
}

#[test]
fn a_vault_that_was_being_unlocked_when_the_screen_locked_stays_locked() {
    let mut session = Session::start((80, 24), Config::default(), true);
    session.keys("a passphrase<Enter>");
    session.keys("and more<Enter>");
    session.effects.clear();
    session.send(Msg::LockNow);
    assert_eq!(session.effects, [Effect::Lock], "the worker has to know");
    let vault = Arc::new(personal().0);
    session.answer(Answer::Opened(Ok(vec![open(&vault)])));
    assert_eq!(session.model.screen(), Screen::Unlock);
    assert_eq!(Arc::strong_count(&vault), 1);
    // Nothing that was typed is left either.
    session.keys("<Enter>");
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Unlock { .. })));
}

#[test]
fn an_answer_to_what_was_given_up_is_no_answer_to_what_follows() {
    let mut session = Session::open((80, 24));
    session.keys("i/tmp/one<Enter>");
    let given_up = session.asked;
    session.keys("<Esc><Enter>");
    assert_ne!(session.asked, given_up);
    session.send(Msg::Answer(given_up, Answer::ImportRead(Err(trouble("the first file is damaged")))));
    assert!(session.screen().contains("reading"), "{}", session.screen());
    assert!(!session.screen().contains("the first file is damaged"), "{}", session.screen());
    session.answer(Answer::ImportRead(Err(trouble("the second file is damaged"))));
    assert!(session.screen().contains("the second file is damaged"), "{}", session.screen());
}

#[test]
fn a_path_is_completed_only_where_it_was_typed() {
    let mut session = Session::open((80, 24));
    session.keys("i/tmp/<Tab>");
    let asked = session.asked;
    session.keys("<Esc>i/home/");
    session.send(Msg::Answer(asked, Answer::Completions(vec!["/tmp/somewhere/else".into()])));
    assert!(!session.screen().contains("somewhere"), "{}", session.screen());
    session.keys("<Tab>").answer(Answer::Completions(vec!["/home/maya/codes".into()]));
    assert!(session.screen().contains("/home/maya/codes"), "{}", session.screen());
}

#[test]
fn a_picture_that_is_saved_late_closes_no_other_codes() {
    let mut session = Session::open((80, 24));
    session.keys("ss/tmp/one.png<Enter>");
    let first = session.asked;
    session.keys("<Esc><Esc>jss/tmp/two.png<Enter>");
    session.send(Msg::Answer(first, Answer::PictureSaved(Ok(PathBuf::from("/tmp/one.png")))));
    assert_eq!(session.model.screen(), Screen::SavePicture);
    session.answer(Answer::PictureSaved(Ok(PathBuf::from("/tmp/two.png"))));
    assert_eq!(session.model.screen(), Screen::Codes);
    assert!(session.screen().contains("/tmp/two.png"), "{}", session.screen());
}
