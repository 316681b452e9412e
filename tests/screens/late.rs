//! Answers that arrive after a lock.

use std::path::PathBuf;
use std::sync::Arc;

use tickey::app::msg::{Copied, ImportRead, MemberDone, Shared, ShownCode, SyncState};
use tickey::app::{Effect, Msg, OpenVault, Screen};
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
    let late = [
        Msg::Saved { save, result: Ok((Arc::clone(&vault), Some("late".into()))) },
        Msg::Opened(Ok(vec![open(&vault)])),
        Msg::AlsoOpened(open(&vault)),
        Msg::Created(Ok((open(&vault), code().unwrap()))),
        Msg::PassphraseChanged(Ok(Arc::clone(&vault))),
        Msg::PassphraseFollowed(Ok(())),
        Msg::ChangedElsewhere(Arc::clone(&vault)),
        Msg::Synced {
            vault: vault.id(),
            state: SyncState::Done,
            reached: Stamp::default(),
            said: vec!["late@example changed".into()],
        },
        Msg::MemberDone {
            vault: vault.id(),
            result: Ok(MemberDone { said: "late".into(), code: code().map(ShownCode::Invitation) }),
        },
        Msg::Shared(Ok(Shared { title: "late".into(), code: code(), said: vec!["late".into()] })),
        Msg::ImportRead(Ok(ImportRead::Entries { format: "uri", imported })),
        Msg::Completions(vec!["/home/maya/late".into()]),
        Msg::Exported(Ok(PathBuf::from("late"))),
        Msg::PictureSaved(Ok(PathBuf::from("late"))),
        Msg::Copied(Ok(Copied::Clipboard)),
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
    session.send(Msg::Opened(Ok(vec![open(&vault)])));
    assert_eq!(session.model.screen(), Screen::Unlock);
    assert_eq!(Arc::strong_count(&vault), 1);
    // Nothing that was typed is left either.
    session.keys("<Enter>");
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Unlock { .. })));
}
