//! Entries that go to another vault, or into two.

use tickey::app::{Effect, Msg, Screen};
use tickey::vault::roster::Role;
use tickey::vault::{Entry, Unlocked};

use crate::outside::*;

fn live<'a>(vault: &'a Unlocked, issuer: &str) -> Vec<&'a Entry> {
    vault.entries().filter(|entry| !entry.deleted && &*entry.details.issuer == issuer).collect()
}

#[test]
fn the_vault_is_chosen() {
    for size in SIZES {
        let mut session = Session::open_team(size, team());
        insta::assert_snapshot!(format!("move_{}x{}", size.0, size.1), session.keys("2M").screen());
        let mut session = Session::open_team(size, team());
        insta::assert_snapshot!(format!("copy_{}x{}", size.0, size.1), session.keys("3C").screen());
    }
}

#[test]
fn a_moved_entry_is_saved_there_first_and_comes_back() {
    let mut session = Session::open_team((80, 24), team());
    session.keys("2/vpn<Enter><Esc><Esc>M<Enter>");
    assert_eq!(session.model.screen(), Screen::List);
    assert!(session.screen().contains("moved VPN token to ops"), "{}", session.screen());
    assert!(live(session.disk(), "VPN token").is_empty());
    assert_eq!(live(&session.shared[0], "VPN token")[0].details.otp.counter, 42);
    let saves: Vec<_> = session
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Save { vault, save, after, .. } => Some((*vault, *save, *after)),
            _ => None,
        })
        .collect();
    let [.., (first, one, None), (second, _, Some(after))] = saves[..] else { panic!("{saves:?}") };
    assert_eq!((first, second, after), (session.shared[0].id(), session.disk().id(), one));
    // A counter that was drawn there goes back with it.
    session.keys("3/vpn<Enter><Esc><Esc>u");
    assert!(session.screen().contains("undid: move VPN token to ops"), "{}", session.screen());
    assert!(live(&session.shared[0], "VPN token").is_empty());
    assert_eq!(live(session.disk(), "VPN token")[0].details.otp.counter, 43);
    session.keys("<C-r>");
    assert!(live(session.disk(), "VPN token").is_empty());
    assert_eq!(live(&session.shared[0], "VPN token")[0].details.otp.counter, 43);
}

#[test]
fn a_save_that_fails_loses_nothing_and_says_what_is_where() {
    // Neither is saved.
    let mut session = Session::open_team((80, 24), team());
    session.failing = true;
    session.keys("2M<Enter>");
    let said = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("the disk is full") && !said.contains("it is in"), "{said}");
    session.failing = false;
    session.keys("u");
    assert!(session.screen().contains("nothing to undo"));
    assert!(session.keys("2").screen().contains("GitHub") && !session.keys("3").screen().contains("GitHub"));
    // Only the other vault is.
    let mut session = Session::open_team((80, 24), team());
    session.holding = true;
    session.keys("2M<Enter>");
    let [(first, changes), (second, _)] = std::mem::take(&mut session.held).try_into().unwrap();
    session.shared[0] = session.shared[0].with(&changes).into();
    let ops = std::sync::Arc::clone(&session.shared[0]);
    session.send(Msg::Saved { save: first, result: Ok((ops, None)) });
    session.send(Msg::Saved { save: second, result: Err(trouble("the disk is full")) });
    let said = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("it is in ops and in personal now; delete it in one of them (the disk is full)"), "{said}");
    assert!(session.keys("2").screen().contains("GitHub") && session.keys("3").screen().contains("GitHub"));
}

#[test]
fn what_cannot_be_carried_over_is_refused_with_the_reason() {
    let mut session = Session::open_team((80, 24), team());
    session.keys("/vpn<Enter><Esc><Esc>C");
    let said = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("cannot be copied") && said.contains("the same code twice"), "{said}");
    assert_eq!(session.model.screen(), Screen::List);
    // The same secret is pointed out once.
    session.keys("2gC<Enter>");
    assert!(session.screen().contains("copied GitHub to ops"), "{}", session.screen());
    session.keys("2gC");
    assert!(session.screen().contains("GitHub has the same secret there"), "{}", session.screen());
    session.keys("<Enter>");
    assert_eq!((session.model.screen(), live(&session.shared[0], "GitHub").len()), (Screen::Transfer, 1));
    session.keys("<Enter>");
    assert_eq!((session.model.screen(), live(&session.shared[0], "GitHub").len()), (Screen::List, 2));
    let mut session = Session::open((80, 24));
    session.keys("M");
    assert!(session.screen().contains("no other vault is open"));
}

#[test]
fn a_viewer_takes_a_copy_home_and_nothing_else() {
    let mut session = Session::open_team((80, 24), crate::sharing::as_guest(Role::Viewer, true));
    session.keys("3M");
    let said = |session: &Session| session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said(&session).contains("you are a viewer of this vault"), "{}", said(&session));
    assert_eq!(session.model.screen(), Screen::List);
    session.keys("2M");
    assert!(said(&session).contains("ops you are a viewer of this vault"), "{}", said(&session));
    session.keys("<Enter>");
    assert!(said(&session).contains("nothing was moved: you are a viewer"), "{}", said(&session));
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Save { .. })));
    session.keys("<Esc>3C<Enter>");
    assert_eq!(live(session.disk(), "Registrar").len(), 1);
}
