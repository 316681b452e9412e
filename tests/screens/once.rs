//! What is shown once is read whole before it is closed, and what went wrong is read whole, on the smallest screens too.

use tickey::app::msg::{MemberDone, Shared, ShownCode};
use tickey::app::{Answer, Effect, Msg, OpenVault, Screen};
use tickey::config::Config;
use tickey::secret::Text;

use crate::outside::*;

const SMALL: [(u16, u16); 5] = [(22, 3), (40, 10), (22, 2), (12, 1), (80, 24)];
const RECOVERY: &str = "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345";
const INVITATION: &str = "0BCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789-ABCE-EFGI-JKMO-PQRT-TVWY-YZ02-2346";

/// Goes on with that key until the screen closes; gives back all that stood on it, without its blanks.
fn read(session: &mut Session, key: &str) -> String {
    let mut all = String::new();
    for _ in 0..200 {
        if session.model.screen() != Screen::ShownOnce {
            return all;
        }
        all.extend(session.screen().replace('↓', "").split_whitespace());
        session.keys(key);
    }
    panic!("it never closes: {}", session.screen());
}

#[test]
fn what_is_shown_once_is_read_whole_before_it_is_closed() {
    for size in SMALL {
        for key in ["<Enter>", "<Esc>"] {
            // A first run.
            let mut session = Session::start(size, Config::default(), false);
            session.keys("<Enter>a passphrase<Enter>a passphrase<Enter>");
            let (vault, clock) = personal();
            let open = OpenVault {
                name: "personal".into(),
                path: Some("/home/maya/personal.json".into()),
                vault: std::sync::Arc::new(vault),
                clock,
                warning: None,
            };
            session.answer(Answer::Created(Ok((open, Text::from(RECOVERY)))));
            let all = read(&mut session, key);
            assert!(all.contains(RECOVERY) && all.contains("writeitonpaper"), "{size:?}: {all}");
            assert_eq!(session.model.screen(), Screen::List);
            // A shared vault's, an invitation's, and the six words of whoever joins.
            let mut session = Session::open_team(size, team());
            session.keys("m");
            let codes = [
                (ShownCode::Recovery(Text::from(RECOVERY)), RECOVERY),
                (ShownCode::Invitation(Text::from(INVITATION)), INVITATION),
            ];
            for (code, letters) in codes {
                let done = MemberDone { said: "done".into(), code: Some(code) };
                session.answer(Answer::Member(Ok(done)));
                let all = read(&mut session, key);
                assert!(all.contains(letters), "{size:?}: {all}");
            }
            let said = vec!["Your six words: ludom dikil nadah lodam parof pigof".into()];
            session.answer(Answer::Shared(Ok(Shared { title: "joined ops".into(), code: None, said })));
            let all = read(&mut session, key);
            assert!(all.contains("ludomdikilnadahlodamparofpigof"), "{size:?}: {all}");
        }
    }
}

#[test]
fn a_code_that_has_not_stood_on_the_screen_is_not_closed() {
    let mut session = Session::open_team((80, 24), team());
    let code = Some(Text::from(RECOVERY));
    let told = Shared { title: "the vault's recovery code".into(), code, said: Vec::new() };
    session.answer(Answer::Shared(Ok(told)));
    // Typed ahead: nothing was drawn yet.
    let enter = tickey::config::keys::parse("<Enter>").unwrap()[0];
    session.send(Msg::Key(enter));
    session.send(Msg::Key(enter));
    assert_eq!(session.model.screen(), Screen::ShownOnce);
    // A window made small begins again, unless all was seen.
    session.size = (12, 2);
    session.send(Msg::Resize(12, 2));
    session.keys("j");
    session.size = (16, 2);
    session.send(Msg::Resize(16, 2));
    assert!(session.screen().contains("ABCD-"), "{}", session.screen());
    session.size = (80, 24);
    session.send(Msg::Resize(80, 24));
    session.keys("<Enter>");
    assert_ne!(session.model.screen(), Screen::ShownOnce);
}

#[test]
fn a_question_is_answered_once_it_was_read() {
    for size in SMALL {
        let mut session = Session::open_team(size, crate::sharing::somebody_waits());
        session.keys("ma");
        assert_eq!(session.model.screen(), Screen::Confirm, "{}", session.screen());
        let mut all = String::new();
        while session.model.screen() == Screen::Confirm {
            let screen = session.screen();
            let footer = if size.1 > 2 { screen.trim_end().rfind('\n').unwrap() } else { screen.len() };
            all.extend(screen[..footer].replace('↓', "").split_whitespace());
            assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Member { .. })), "{all}");
            session.keys("y");
        }
        let words: String = crate::sharing::six_words_of_who_waits(&session);
        let words: String = words.split_whitespace().collect();
        assert!(all.contains(&words), "{size:?}: {words} in {all}");
        assert!(session.effects.iter().any(|effect| matches!(effect, Effect::Member { .. })));
        // They can be read without a question, too.
        let mut session = Session::open_team(size, crate::sharing::somebody_waits());
        session.keys("mv");
        let all = read(&mut session, "<Enter>");
        assert!(all.contains(&words), "{size:?}: {words} in {all}");
    }
}

/// The words of the screen, one after another.
fn words(session: &Session) -> String {
    session.screen().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_went_wrong_is_read_on_the_smallest_screen() {
    let size = (22, 3);
    let wrong = || tickey::app::Trouble { wrong_passphrase: true, ..trouble("wrong passphrase") };
    let mut session = Session::start(size, Config::default(), true);
    for _ in 0..3 {
        // The pause after the second is over: what was not asked is not answered.
        session.wait(1_000);
        session.keys("wrong<Enter>");
        session.answer(Answer::Opened(Err(wrong())));
        assert!(words(&session).contains("wrong passphrase"), "{}", session.screen());
    }
    session.wait(10);
    assert!(words(&session).contains("the next try in 2 s"), "{}", session.screen());
    // Enter in the pause is said, too.
    session.keys("wrong<Enter>");
    assert!(words(&session).contains("the next try in 2 s"), "{}", session.screen());

    let mut session = Session::start(size, Config::default(), false);
    session.keys("<Enter><Enter>");
    assert!(words(&session).contains("a passphrase is needed"), "{}", session.screen());
    session.keys("one<Enter>two<Enter>");
    assert!(words(&session).contains("the two are not the same; type the second again"), "{}", session.screen());
    session.keys("one<Enter>");
    session.answer(Answer::Created(Err(trouble("the disk is full; nothing was made"))));
    assert!(words(&session).contains("the disk is full; nothing was made"), "{}", session.screen());

    for (keys, error) in [
        (":passphrase<Enter>one<Enter>two<Enter>", "the two are not the same; type the second again"),
        ("a<Enter>", "a secret is needed"),
        ("x<Enter>", "a path is needed"),
    ] {
        let mut session = Session::open(size);
        session.keys(keys);
        assert!(words(&session).contains(error), "{keys}: {}", session.screen());
    }
    let mut session = Session::open(size);
    session.keys("i/tmp/nothing<Enter>");
    session.answer(Answer::ImportRead(Err(trouble("there is no file /tmp/nothing here"))));
    assert!(words(&session).contains("there is no file /tmp/nothing here"), "{}", session.screen());
    let mut session = Session::open_team(size, team());
    session.keys("midora<Enter>");
    session.answer(Answer::Member(Err(trouble("there is a dora in this vault already"))));
    assert!(words(&session).contains("there is a dora in this vault already"), "{}", session.screen());
    let mut session = Session::open_team(size, crate::sharing::as_guest(tickey::vault::roster::Role::Viewer, true));
    session.keys("mi");
    assert!(words(&session).contains("only owners change who belongs"), "{}", session.screen());
}

#[test]
fn what_an_export_warns_of_is_read_before_it_is_written() {
    let entry = details("otpauth://totp/%3Dcmd:a?secret=JBSWY3DPEHPK3PXP");
    for size in [(22, 3), (40, 10), (80, 24)] {
        let mut session = Session::open_with(size, Config::default(), with(empty(), vec![entry.clone()]));
        session.keys("x");
        for _ in 0..60 {
            session.size = (120, 30);
            if session.screen().contains("KeePassXC CSV") {
                break;
            }
            session.keys("<Right>");
        }
        session.size = size;
        session.send(Msg::Resize(size.0, size.1));
        session.keys("<Tab><Tab>");
        assert!(session.screen().contains("file"), "{}", session.screen());
        session.keys("/tmp/out.csv<Enter>");
        assert_eq!(session.model.screen(), Screen::Confirm, "{}", session.screen());
        let mut all = String::new();
        while session.model.screen() == Screen::Confirm {
            all.extend(session.screen().replace('↓', "").replace("y yes  n no", "").split_whitespace());
            assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Export { .. })));
            session.keys("y");
        }
        assert!(all.contains("whichaspreadsheetrunsasaformula"), "{size:?}: {all}");
        assert!(session.effects.iter().any(|effect| matches!(effect, Effect::Export { .. })));
    }
}
