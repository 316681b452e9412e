//! Making a shared vault, joining one, saying where one is kept.

use tickey::app::effect::{ShareDeed, ShareRow};
use tickey::app::msg::Shared;
use tickey::app::{Answer, Effect, Msg, Screen};
use tickey::secret::Text;

use crate::outside::*;

fn asked(session: &Session) -> Vec<ShareDeed> {
    let deed = |effect: &Effect| match effect {
        Effect::Share(_, deed) => Some(deed.clone()),
        _ => None,
    };
    session.effects.iter().filter_map(deed).collect()
}

fn refused(session: &mut Session, row: ShareRow, words: &str) {
    session.answer(Answer::Shared(Err((row, trouble(words)))));
}

#[test]
fn the_forms_and_what_is_told() {
    for size in SIZES {
        let at = |name: &str| format!("{name}_{}x{}", size.0, size.1);
        let mut session = Session::open_team(size, team());
        insta::assert_snapshot!(at("share"), session.keys(":share<Enter>ops two").screen());
        session.keys("<Enter>");
        session.answer(Answer::Shared(Ok(Shared {
            title: "the vault's recovery code".into(),
            code: Some(Text::from("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345")),
            said: vec!["made the shared vault ops two with you as owner".into(), "It is shown this once.".into()],
        })));
        insta::assert_snapshot!(at("share_told"), session.screen());
        let mut session = Session::open_team(size, team());
        session.keys(":join<Enter>folder:/srv/ops.json<Tab>ABCD<Enter>");
        refused(&mut session, ShareRow::Code, "this is not an invitation's code");
        insta::assert_snapshot!(at("join"), session.screen());
        session.keys("<Enter>");
        session.answer(Answer::Shared(Ok(Shared {
            title: "joined ops".into(),
            code: None,
            said: vec!["Your six words: ludom dikil nadah lodam parof pigof".into()],
        })));
        insta::assert_snapshot!(at("join_told"), session.screen());
        let mut session = Session::open_team(size, team());
        insta::assert_snapshot!(at("remote"), session.keys(":remote<Enter>").screen());
    }
}

#[test]
fn a_shared_vault_is_made_with_a_name_and_an_owner() {
    let mut session = Session::open((80, 24));
    session.keys(":share<Enter><Enter>");
    assert!(session.screen().contains("name is needed"), "{}", session.screen());
    assert!(asked(&session).is_empty());
    session.keys("ops<Enter><Enter>");
    assert_eq!(asked(&session), [ShareDeed::Found { name: "ops".into(), member: "maya".into() }], "asked once");
    refused(&mut session, ShareRow::Name, "ops.json exists already");
    assert_eq!(session.model.screen(), Screen::Share);
    assert!(session.screen().contains("ops.json exists already"));
    session.keys("2<Tab><C-u><Enter>");
    assert!(session.screen().contains("your name is needed"));
    session.keys("m<Enter>");
    assert_eq!(asked(&session)[1], ShareDeed::Found { name: "ops2".into(), member: "m".into() });
    let code = Some(Text::from("ABCD-EFGH"));
    session.answer(Answer::Shared(Ok(Shared { title: "the vault's recovery code".into(), code, said: Vec::new() })));
    assert!(session.screen().contains("ABCD-EFGH"));
    session.keys("y<Esc>");
    assert_eq!(session.copied(), ["ABCD-EFGH"]);
    assert_eq!(session.model.screen(), Screen::List);
}

#[test]
fn a_form_that_was_left_still_gets_its_answer() {
    let mut session = Session::open((80, 24));
    session.keys(":share<Enter>ops<Enter><Esc>");
    assert_eq!(session.model.screen(), Screen::List);
    let code = Some(Text::from("ABCD-EFGH"));
    session.answer(Answer::Shared(Ok(Shared { title: "the vault's recovery code".into(), code, said: Vec::new() })));
    assert!(session.screen().contains("ABCD-EFGH"));
    session.keys("<Esc>:join<Enter>folder:/x<Tab>c<Enter><Esc>");
    refused(&mut session, ShareRow::Address, "the folder is not there");
    assert!(session.screen().contains("the folder is not there"));
}

#[test]
fn joining_needs_an_address_and_a_code_that_nobody_reads() {
    let mut session = Session::open((80, 24));
    session.keys(":join<Enter><Enter>");
    assert!(session.screen().contains("address is needed"));
    session.keys("folder:/srv/ops.json<Enter>");
    assert!(session.screen().contains("the code is needed"));
    session.send(Msg::Paste(Text::from("ABCD-EFGH\n")));
    assert!(!session.screen().contains("ABCD"));
    session.keys("<F2>");
    assert!(session.screen().contains("ABCD-EFGH"));
    session.keys("<Enter>");
    let join = ShareDeed::Join { address: "folder:/srv/ops.json".into(), code: Text::from("ABCD-EFGH"), member: None };
    assert_eq!(asked(&session), [join]);
    // Keys typed while it is tried change nothing.
    session.keys("x<Enter>");
    assert_eq!(asked(&session).len(), 1);
    session.send(Msg::LockNow);
    session.answer(Answer::Shared(Err((ShareRow::Code, trouble("the vault is locked")))));
    assert_eq!(session.model.screen(), Screen::Unlock);
}

#[test]
fn the_vault_of_a_remote_is_chosen() {
    let mut session = Session::open_team((80, 24), team());
    let (own, ops) = (session.disk().id(), session.shared[0].id());
    session.keys(":remote<Enter>folder:/a<Enter>");
    session.answer(Answer::Shared(Ok(Shared {
        title: "there".into(),
        code: None,
        said: vec!["it is kept at /a".into()],
    })));
    session.keys("y");
    assert!(session.copied().is_empty());
    session.keys("<Esc>:remote<Enter><Up><Right><Tab>folder:/b<Enter>");
    let remote = |vault, address: &str| ShareDeed::Remote { vault, address: address.into() };
    assert_eq!(asked(&session), [remote(ops, "folder:/a"), remote(own, "folder:/b")]);
}

#[test]
fn no_size_breaks_these_forms() {
    for keys in [":share<Enter>", ":join<Enter><Enter>", ":remote<Enter><Up>"] {
        let mut session = Session::open_team((80, 24), team());
        session.keys(keys);
        for told in [false, true] {
            if told {
                let said = vec!["words ".repeat(40), "more".into()];
                session.answer(Answer::Shared(Ok(Shared { title: "there".into(), code: None, said })));
                session.keys("jjjj");
            }
            for w in 1..=130 {
                for h in (1..=40).filter(|h| *h < 14 || w % 9 == 1) {
                    session.size = (w, h);
                    session.send(Msg::Resize(w, h));
                    session.draw();
                }
            }
        }
    }
}
