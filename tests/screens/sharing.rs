//! Several vaults at once: a personal one and a team's.

use tickey::app::msg::SyncState;
use tickey::app::{Effect, Msg, Screen, needs_draw, next_wake};
use tickey::vault::roster::Role;
use tickey::vault::{Clock, Locked, Stamp, Unlocked};

use crate::outside::*;

/// The team's vault as somebody sees it who was invited with that role, and let in or not.
fn as_guest(role: Role, let_in: bool) -> (Unlocked, Clock) {
    let (owner, _) = team();
    let invited = owner.invite("bob", role, NOW + 1_000_000, NOW, &mut Fixed(31)).unwrap();
    let sealed = invited.vault.seal(&mut Fixed(32)).unwrap();
    let code = tickey::vault::join::InviteCode::read(&invited.code).unwrap();
    let locked = Locked::read(&sealed, &limits()).unwrap();
    let mut guest = Unlocked::join(&locked, &code, None, NOW, &mut Fixed(33)).unwrap();
    if let_in {
        let left = guest.seal(&mut Fixed(34)).unwrap();
        let seen = invited.vault.accept(&left, None, &limits(), NOW, &mut Fixed(35)).unwrap().vault;
        let (after, _) = seen.housekeeping(NOW, &mut Fixed(36)).unwrap().unwrap();
        let sealed = after.seal(&mut Fixed(37)).unwrap();
        guest = guest.accept(&sealed, None, &limits(), NOW, &mut Fixed(38)).unwrap().vault;
    }
    (guest, Clock::new(43, Stamp::default()))
}

fn team_session(size: (u16, u16)) -> Session {
    Session::open_team(size, team())
}

#[test]
fn one_list_shows_all_vaults() {
    for size in SIZES {
        let screen = team_session(size).screen();
        insta::assert_snapshot!(format!("team_{}x{}", size.0, size.1), screen);
    }
    let mut session = team_session((80, 24));
    session.keys("3");
    insta::assert_snapshot!("team_tab", session.screen());
    session.keys("v");
    insta::assert_snapshot!("team_entry", session.screen());
}

#[test]
fn a_change_goes_to_the_vault_that_holds_the_entry() {
    let mut session = team_session((80, 24));
    session.keys("/registrar<Esc><Esc>3f");
    let saves = |session: &Session| -> Vec<[u8; 16]> {
        let save = |effect: &Effect| match effect {
            Effect::Save { vault, .. } => Some(*vault),
            _ => None,
        };
        session.effects.iter().filter_map(save).collect()
    };
    let (own, ops) = (session.disk().id(), session.shared[0].id());
    assert_eq!(saves(&session), [ops]);
    assert!(session.shared[0].entries().any(|entry| entry.details.favourite));
    // A counter is drawn in its own vault.
    session.keys("/safe<Enter>");
    assert_eq!(saves(&session), [ops, ops]);
    assert_eq!(session.copied().len(), 1);
    // Undo goes where the change went, whatever tab is chosen by then.
    session.keys("<Esc><Esc>1u");
    assert_eq!(saves(&session), [ops, ops, ops]);
    assert!(session.shared[0].entries().all(|entry| !entry.details.favourite));
    session.keys("2f");
    assert_eq!(saves(&session).last(), Some(&own));
}

#[test]
fn a_new_entry_goes_to_the_vault_that_is_chosen() {
    let mut session = team_session((80, 24));
    session.keys("3aNew<Tab>me<Tab>JBSWY3DPEHPK3PXZ<Enter>");
    assert_eq!(session.model.screen(), Screen::List, "{}", session.screen());
    assert!(session.shared[0].entries().any(|entry| &*entry.details.issuer == "New"));
    session.keys("aOther<Tab>me<Tab>JBSWY3DPEHPK3PXW<BackTab><BackTab><BackTab>");
    assert!(session.screen().contains("‹ ops ›"), "{}", session.screen());
    session.keys("<Right>");
    insta::assert_snapshot!("team_form", session.screen());
    session.keys("<Enter>");
    assert!(session.disk().entries().any(|entry| &*entry.details.issuer == "Other"), "{}", session.screen());
}

#[test]
fn the_trash_and_the_search_are_over_all_vaults() {
    let mut session = team_session((80, 24));
    session.keys("/regi<Enter><Esc><Esc>3jdy1T");
    let screen = session.screen();
    assert!(screen.contains("Safe") || screen.contains("Registrar"), "{screen}");
    session.keys("<Enter><Esc>");
    assert!(session.shared[0].entries().all(|entry| !entry.deleted));
}

#[test]
fn who_may_not_change_is_told_so_and_copies_all_the_same() {
    for (role, let_in, words) in [
        (Role::Viewer, true, "you are a viewer of this vault"),
        (Role::Editor, false, "until an owner's program has let you in"),
    ] {
        let mut session = Session::open_team((80, 24), as_guest(role, let_in));
        session.keys("3");
        for keys in ["e", "d", "a", "f", "i"] {
            session.keys(keys);
            let said = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(words), "{keys}: {said}");
            assert_eq!(session.model.screen(), Screen::List);
        }
        assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Save { .. })));
        session.keys("/regi<Enter>");
        assert_eq!(session.copied().len(), 1);
        session.keys("<C-u>safe<Enter>");
        let said = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("no code was drawn"), "{said}");
        // One's own vault is one's own.
        session.keys("<Esc><Esc>2f");
        assert!(session.effects.iter().any(|effect| matches!(effect, Effect::Save { .. })));
    }
}

#[test]
fn an_entry_with_the_id_of_another_vaults_entry_is_another_entry() {
    // The vaults of these tests give the same ids to their entries.
    let (own, _) = personal();
    let theirs = own.entries().find(|entry| &*entry.details.issuer == "GitHub").unwrap();
    let mut session = team_session((80, 24));
    assert!(session.shared[0].entry(theirs.id).is_some());
    session.keys("2/github<Enter>");
    assert_eq!(session.copied(), [theirs.code(NOW / 1000).unwrap().as_str()]);
    session.keys("<Esc><Esc>dy");
    let gone = |vault: &Unlocked| vault.entry(theirs.id).unwrap().deleted;
    assert!(gone(session.disk()) && !gone(&session.shared[0]));
}

fn synced(session: &mut Session, state: SyncState, said: &[&str]) {
    let vault = session.shared[0].id();
    session.send(Msg::Synced { vault, state, said: said.iter().map(|words| (*words).to_owned()).collect() });
}

fn title(session: &Session) -> String {
    session.screen().lines().next().unwrap().to_owned()
}

#[test]
fn the_title_says_how_the_vaults_stand_to_their_remotes() {
    let mut session = team_session((80, 24));
    assert!(!title(&session).contains("sync"));
    session.keys("r");
    assert!(session.screen().contains("no open vault has a remote"));
    assert!(!session.effects.contains(&Effect::Sync));
    synced(&mut session, SyncState::Running, &[]);
    assert!(title(&session).ends_with("✓ syncing"), "{}", title(&session));
    synced(&mut session, SyncState::Done, &["let in bob, who used their invitation"]);
    assert!(session.screen().contains("ops: let in bob, who used their invitation"));
    session.wait(8_000);
    assert!(title(&session).ends_with("✓ synced 8 s ago"), "{}", title(&session));
    session.wait(17_000);
    assert!(title(&session).ends_with("✓ synced 20 s ago"), "{}", title(&session));
    synced(&mut session, SyncState::Offline { waiting: 2 }, &["the folder /share is not there"]);
    assert!(title(&session).ends_with("offline, 2 changes waiting"), "{}", title(&session));
    assert!(session.screen().contains("the folder /share is not there"));
    // The personal vault has no remote: its tab says nothing.
    session.keys("2");
    assert!(!title(&session).contains("offline"));
    session.keys("3");
    synced(&mut session, SyncState::WentBack, &["the remote went back in time: it is of epoch 1"]);
    synced(&mut session, SyncState::Done, &[]);
    assert!(title(&session).ends_with("the remote went back in time"), "{}", title(&session));
    session.keys("r");
    assert!(session.effects.contains(&Effect::Sync));
    synced(&mut session, SyncState::Done, &[]);
    assert!(title(&session).ends_with("✓ synced 0 s ago"), "{}", title(&session));
}

#[test]
fn how_long_ago_a_sync_was_wakes_nobody() {
    let mut session = team_session((80, 24));
    synced(&mut session, SyncState::Done, &[]);
    session.send(Msg::Focus(false));
    session.model.drawn(now(session.at));
    assert!(!needs_draw(&session.model, now(session.at + 12_000)));
    assert!(next_wake(&session.model, now(session.at)).unwrap().as_millis() >= 1_500);
}
