//! Passphrases and keys: one that another machine set, new keys to shared vaults, and what is deleted for good.

use std::sync::Arc;

use tickey::app::effect::MemberDeed;
use tickey::app::msg::SyncState;
use tickey::app::{Answer, Effect, Msg, Screen};
use tickey::secret::Text;
use tickey::vault::{Clock, Edit, Link, Stamp};

use crate::outside::*;

/// A personal vault that keeps the key to a team's.
fn with_link() -> (tickey::vault::Unlocked, Clock) {
    let ((vault, _), (team, _)) = (personal(), team());
    let link = Link { name: "ops".into(), vault: team.vault_id(), remote: Text::default(), keys: team.link_keys() };
    let id = tickey::vault::EntryId::random(&mut Fixed(71)).unwrap();
    let mut clock = Clock::new(44, Stamp::default());
    let changes = vault.plan(&[Edit::Link(id, Box::new(link))], &mut clock, NOW).unwrap();
    (vault.with(&changes), clock)
}

#[test]
fn a_new_passphrase_offers_new_keys_to_shared_vaults() {
    for answer in ["y", "n"] {
        let mut session = Session::open_with((80, 24), Default::default(), with_link());
        session.keys(":passphrase<Enter>one<Enter>one<Enter>");
        let vault = Arc::clone(session.disk());
        session.answer(Answer::PassphraseChanged(Ok(vault)));
        assert_eq!(session.model.screen(), Screen::Confirm);
        assert!(session.screen().contains("replace your keys to the shared vault"), "{}", session.screen());
        let before = session.disk().links()[0].1.keys.clone();
        session.keys(answer);
        assert_eq!(session.model.screen(), Screen::List);
        let now = session.disk().links()[0].1.keys.clone();
        assert_eq!(now.member != before.member, answer == "y");
        assert_eq!(now.older.contains(&before.member), answer == "y", "the old one stays at hand");
    }
    let mut session = Session::open((80, 24));
    session.keys(":passphrase<Enter>one<Enter>one<Enter>");
    let vault = Arc::clone(session.disk());
    session.answer(Answer::PassphraseChanged(Ok(vault)));
    assert_eq!(session.model.screen(), Screen::List, "without links there is nothing to offer");
}

#[test]
fn a_passphrase_of_another_machine_is_asked_for_by_a_sync_only() {
    let mut session = Session::open((80, 24));
    let vault = session.disk().id();
    let said = vec!["the passphrase was changed on another machine; sync now asks for it".to_owned()];
    session.send(Msg::Synced { vault, state: SyncState::OtherPassphrase, reached: Stamp::default(), said });
    assert_eq!(session.model.screen(), Screen::List, "nothing is in the way");
    assert!(session.screen().contains("not synced: other passphrase"), "{}", session.screen());
    session.keys("r");
    insta::assert_snapshot!("other_passphrase", session.screen());
    session.keys("<Enter>").keys("nope<Enter>");
    let tried = |ticket, words: &str| Effect::FollowPassphrase { ticket, passphrase: Text::from(words) };
    assert_eq!(session.effects.last(), Some(&tried(session.asked, "nope")));
    session.answer(Answer::PassphraseFollowed(Err(trouble("wrong passphrase"))));
    assert!(session.screen().contains("wrong passphrase"));
    session.keys("the new one<Enter>");
    assert_eq!(session.effects.last(), Some(&tried(session.asked, "the new one")));
    session.answer(Answer::PassphraseFollowed(Ok(())));
    assert_eq!(session.model.screen(), Screen::List);
    session.send(Msg::Synced { vault, state: SyncState::OtherPassphrase, reached: Stamp::default(), said: Vec::new() });
    session.keys("r<Esc>");
    assert_eq!(session.model.screen(), Screen::List, "it can be left for later");
}

#[test]
fn the_trash_deletes_for_good_once_asked() {
    let mut session = Session::open((80, 24));
    session.keys("dyT");
    let entries = session.disk().entries().filter(|entry| entry.deleted).count();
    assert!(entries > 0);
    session.keys("Dn");
    assert_eq!(session.model.screen(), Screen::Trash);
    session.keys("D");
    assert!(session.screen().contains("for good"), "{}", session.screen());
    session.keys("y");
    let Some(Effect::Member { vault, deed: MemberDeed::Forget(id, _), .. }) = session.effects.last().cloned() else {
        panic!("{:?}", session.effects.last());
    };
    assert_eq!(vault, session.disk().id());
    let purged = session.disk().purge(&[id], NOW).unwrap();
    session.send(Msg::ChangedElsewhere(Arc::new(purged)));
    assert_eq!(session.model.screen(), Screen::Trash);
    // What is gone cannot be brought back by undoing its deletion.
    session.keys("<Esc>u");
    assert!(session.model.screen() == Screen::List);
}
