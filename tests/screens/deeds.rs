//! What keys do: copying, saving, taking back, locking, leaving.

use std::path::PathBuf;
use std::sync::Arc;
use tickey::app::{Answer, Effect, Msg, OpenVault, Screen, Trouble, needs_draw, next_wake};
use tickey::config::{Config, keys};
use tickey::otp::{Kind, Otp, uri};
use tickey::secret::Text;
use tickey::vault::{Clock, Details, Edit, EntryId, Stamp};

use crate::outside::*;

#[test]
fn enter_copies_what_was_found_and_the_code_is_the_entrys() {
    let mut session = Session::open((80, 24));
    session.keys("/bank<Enter>");
    let (vault, _) = personal();
    let entry = vault.entries().find(|entry| &*entry.details.issuer == "Bank Austria").unwrap();
    let code = entry.code(NOW / 1000).unwrap();
    assert_eq!(session.copied(), [code.as_str()]);
    assert!(session.screen().contains("copied Bank Austria's code · clipboard clears in 30 s"));
    session.keys("zzz<Enter>");
    assert_eq!(session.copied().len(), 1, "nothing matches: nothing is copied");
}

#[test]
fn a_counters_code_is_shown_only_once_it_is_saved() {
    let mut session = Session::open((80, 24));
    session.failing = true;
    session.keys("/vpn<Enter>");
    assert!(session.copied().is_empty());
    assert!(session.screen().contains("disk is full"));
    assert!(session.screen().contains("(#41)"));
    session.failing = false;
    session.keys("<Enter>");
    let otp = uri::parse("otpauth://hotp/VPN:b?secret=ONSWG4TFOQQHG5DS&counter=41").unwrap().otp;
    assert_eq!(session.copied(), [otp.code(0).unwrap().as_str()]);
    assert!(session.screen().contains("(#42)"));
    let saved = session.effects.iter().rposition(|effect| matches!(effect, Effect::Save { .. })).unwrap();
    let copied = session.effects.iter().rposition(|effect| matches!(effect, Effect::Copy { .. })).unwrap();
    assert!(saved < copied);
}

#[test]
fn a_failed_save_takes_everything_back() {
    let mut session = Session::open((80, 24));
    let before = session.screen();
    session.failing = true;
    session.keys("dy");
    assert!(session.screen().contains("GitHub"));
    session.keys("u");
    assert!(session.screen().contains("nothing to undo"));
    session.wait(20_000);
    session.at = 0;
    assert_eq!(session.screen(), before);
}

#[test]
fn undo_and_redo() {
    let mut session = Session::open((80, 24));
    session.keys("dy");
    assert!(!session.screen().contains("octo@example.com"));
    session.keys("u");
    assert!(session.screen().contains("octo@example.com"));
    session.keys("<C-r>");
    assert!(!session.screen().contains("octo@example.com"));
    session.keys("T<Enter><Esc>");
    assert!(session.screen().contains("octo@example.com"));
}

#[test]
fn an_entry_is_added_by_form_and_edited() {
    let mut session = Session::open((80, 24));
    session.keys("aGitLab<Tab>maya<Tab>JBSWY3DPEHPK3PXQ<Tab>Work, New<Enter>");
    assert_eq!(session.model.screen(), Screen::List, "{}", session.screen());
    assert!(session.screen().contains("added GitLab"));
    let added = session.disk().entries().find(|entry| &*entry.details.issuer == "GitLab").unwrap().clone();
    assert_eq!(added.details.tags, [Text::from("Work"), Text::from("New")]);
    session.keys("e<C-u>Lab<Enter>");
    assert_eq!(&*session.disk().entry(added.id).unwrap().details.issuer, "Lab");
    assert_eq!(session.disk().entry(added.id).unwrap().details.otp, added.details.otp);
}

#[test]
fn a_pasted_link_fills_the_form_and_duplicates_are_pointed_out() {
    let mut session = Session::open((80, 24));
    session.send(Msg::Paste(Text::from("otpauth://totp/GitHub:octo@example.com?secret=JBSWY3DPEHPK3PXP\n")));
    assert_eq!(session.model.screen(), Screen::Form);
    session.keys("<Enter>");
    assert!(session.screen().contains("has the same secret; save again"), "{}", session.screen());
    session.keys("<Enter>");
    assert_eq!(session.model.screen(), Screen::List);
    assert_eq!(session.disk().entries().filter(|entry| &*entry.details.issuer == "GitHub").count(), 2);
}

#[test]
fn a_filled_form_asks_before_it_is_left() {
    let mut session = Session::open((80, 24));
    session.keys("a<Esc>");
    assert_eq!(session.model.screen(), Screen::List);
    session.keys("aX<Esc>");
    assert_eq!(session.model.screen(), Screen::Confirm);
    session.keys("n<C-c>");
    assert_eq!(session.model.screen(), Screen::Confirm);
    assert!(!session.effects.contains(&Effect::Quit));
    session.keys("<C-c>");
    assert!(session.effects.contains(&Effect::Quit));
}

#[test]
fn a_failed_save_keeps_the_form() {
    let mut session = Session::open((80, 24));
    session.failing = true;
    session.keys("aGitLab<Tab>maya<Tab>JBSWY3DPEHPK3PXQ<Enter>");
    assert_eq!(session.model.screen(), Screen::Form);
    assert!(session.screen().contains("disk is full"));
    session.failing = false;
    session.keys("<Enter>");
    assert_eq!(session.model.screen(), Screen::List);
}

#[test]
fn locking_drops_everything() {
    let mut session = Session::open((80, 24));
    session.keys("/git<Esc><Esc>aSecretName");
    session.send(Msg::LockNow);
    assert_eq!(session.model.screen(), Screen::Unlock);
    assert!(session.effects.ends_with(&[Effect::ClearClipboard, Effect::Lock, Effect::ListVaults]));
    assert_eq!(Arc::strong_count(session.disk()), 1, "the model holds nothing of the vault any more");
}

#[test]
fn a_new_passphrase_set_elsewhere_locks_and_says_so() {
    let mut session = Session::open((80, 24));
    session.send(Msg::KeysChangedElsewhere);
    assert_eq!(session.model.screen(), Screen::Unlock);
    assert!(session.effects.contains(&Effect::Lock));
    assert!(session.screen().contains("another window set a new passphrase"));
}

#[test]
fn it_locks_without_a_key_for_five_minutes() {
    let mut session = Session::open((80, 24));
    session.wait(299_000);
    assert_eq!(session.model.screen(), Screen::List);
    assert!(next_wake(&session.model, now(session.at)).unwrap().as_millis() <= 1_000);
    session.wait(1_000);
    assert_eq!(session.model.screen(), Screen::Unlock);
    session.wait(10_000);
    assert_eq!(next_wake(&session.model, now(session.at)), None, "locked: nothing wakes it");
}

#[test]
fn a_key_after_a_long_sleep_is_not_typed_into_the_passphrase() {
    let mut session = Session::open((80, 24));
    session.at += 3_600_000;
    session.keys("d");
    assert_eq!(session.model.screen(), Screen::Unlock);
    assert!(!session.screen().contains('•'));
}

#[test]
fn wrong_tries_make_longer_pauses() {
    let mut session = Session::start((80, 24), Config::default(), true);
    let unlocks =
        |session: &Session| session.effects.iter().filter(|effect| matches!(effect, Effect::Unlock { .. })).count();
    for _ in 0..3 {
        session.keys("x<Enter>");
        session.answer(Answer::Opened(Err(Trouble { wrong_passphrase: true, ..trouble("wrong passphrase") })));
        session.wait(if unlocks(&session) < 3 { 1_000 } else { 0 });
    }
    assert_eq!(unlocks(&session), 3);
    session.keys("x<Enter>");
    assert_eq!(unlocks(&session), 3, "a pause of two seconds");
    session.wait(2_000);
    assert_eq!(unlocks(&session), 4, "Enter pressed in the pause counts when it is over");
}

#[test]
fn keys_pressed_while_deriving_act_on_the_list() {
    let mut session = Session::start((80, 24), Config::default(), true);
    session.keys("a passphrase<Enter>/git");
    let (vault, clock) = personal();
    let path = Some(PathBuf::from("/home/maya/personal.json"));
    let open = OpenVault { name: "personal".into(), path, vault: Arc::new(vault), clock, warning: None };
    session.answer(Answer::Opened(Ok(vec![open])));
    assert_eq!(session.model.screen(), Screen::Search);
    assert!(session.screen().contains("/ git"));
    assert!(!session.screen().contains("Proton"));
}

#[test]
fn it_wakes_once_a_second_and_draws_only_what_changed() {
    let mut session = Session::open((80, 24));
    session.model.drawn(now(0));
    assert!(!needs_draw(&session.model, now(500)));
    assert!(needs_draw(&session.model, now(1_000)));
    assert_eq!(next_wake(&session.model, now(300)).unwrap().as_millis(), 700);
    session.send(Msg::Focus(false));
    session.model.drawn(now(0));
    assert!(!needs_draw(&session.model, now(5_000)), "unfocused: nothing until the codes change");
    assert!(needs_draw(&session.model, now(28_000)));
}

#[test]
fn the_mouse_respects_scrolling() {
    use tickey::app::{Mouse, MouseKind};
    let entries = (0..100)
        .map(|n| {
            Details::new(
                Otp::new(Kind::Totp, uri::base32_secret("JBSWY3DPEHPK3PXP").unwrap()),
                format!("Site {n:02}"),
                "me",
            )
        })
        .collect();
    let mut session = Session::open_with((80, 24), Config::default(), with(empty(), entries));
    let mouse = |kind, column, row| Msg::Mouse(Mouse { kind, column, row });
    session.send(mouse(MouseKind::WheelDown, 5, 5));
    session.send(mouse(MouseKind::Press, 5, 4));
    assert!(session.screen().lines().nth(4).unwrap().starts_with("▌  Site 05"), "{}", session.screen());
    session.send(mouse(MouseKind::Press, 55, 6));
    assert!(session.screen().contains("copied Site 07's code"), "{}", session.screen());
    // The footer's search hint.
    let column = session.screen().lines().last().unwrap().find('/').unwrap();
    session.send(mouse(MouseKind::Press, u16::try_from(column).unwrap().saturating_sub(2), 23));
    assert_eq!(session.model.screen(), Screen::Search);
}

#[test]
fn what_another_window_saved_is_joined_with_what_is_being_saved() {
    let mut session = Session::open((80, 24));
    session.holding = true;
    session.keys("dy");
    assert!(!session.screen().contains("octo@example.com"), "shown at once");
    let mut clock = Clock::new(77, Stamp::default());
    let mut random = Fixed(5);
    let add =
        Edit::Add(EntryId::random(&mut random).unwrap(), Box::new(details("otpauth://totp/Other:w?secret=JBSWY3DP")));
    let theirs = session.disk().plan(&[add], &mut clock, NOW).unwrap();
    let disk = Arc::new(session.disk().with(&theirs));
    session.disk = Some(Arc::clone(&disk));
    session.send(Msg::ChangedElsewhere(disk));
    assert!(session.screen().contains("Other"));
    assert!(!session.screen().contains("octo@example.com"), "ours is not lost by theirs");
    let (save, ours) = session.held.remove(0);
    let disk = Arc::new(session.disk().with(&ours));
    session.send(Msg::Saved { save, result: Ok((disk, None)) });
    assert!(session.screen().contains("Other") && !session.screen().contains("octo@example.com"));
}

#[test]
fn later_changes_go_with_the_one_that_failed() {
    let mut session = Session::open((80, 24));
    let before = session.screen();
    session.holding = true;
    session.keys("dydy");
    assert_eq!(session.held.len(), 2);
    let (save, _) = session.held.remove(0);
    session.send(Msg::Saved { save, result: Err(trouble("the disk is full; nothing was changed")) });
    assert!(session.screen().contains("octo@example.com") && session.screen().contains("maya@proton.example"));
    session.send(Msg::Key(keys::parse("u").unwrap()[0]));
    assert!(session.screen().contains("nothing to undo"));
    session.at += 13_000;
    session.send(Msg::Wake);
    session.at = 0;
    assert_eq!(session.screen(), before);
}

#[test]
fn leaving_waits_for_the_last_save() {
    let mut session = Session::open((80, 24));
    session.holding = true;
    session.keys("fq");
    assert!(!session.effects.contains(&Effect::Quit));
    let (save, changes) = session.held.remove(0);
    let disk = Arc::new(session.disk().with(&changes));
    session.send(Msg::Saved { save, result: Ok((disk, None)) });
    assert!(session.effects.contains(&Effect::Quit));
}

#[test]
fn a_new_passphrase_is_asked_twice() {
    let mut session = Session::open((80, 24));
    session.keys(":passphrase<Enter>one<Enter>two<Enter>");
    assert!(session.screen().contains("not the same"));
    session.keys("one<Enter>");
    let set = Effect::ChangePassphrase { ticket: session.asked, passphrase: Text::from("one") };
    assert_eq!(session.effects.last(), Some(&set));
    session.answer(Answer::PassphraseChanged(Err(trouble("the disk is full; nothing was changed"))));
    assert_eq!(session.model.screen(), Screen::Passphrase);
    assert!(session.screen().contains("disk is full"));
}

#[test]
fn an_export_is_plain_only_when_asked_for() {
    let mut session = Session::open((80, 24));
    session.keys("x<Tab><Tab>/tmp/out.json<Enter>");
    assert!(session.screen().contains("a passphrase is needed"), "{}", session.screen());
    session.keys("pw<Enter>pw<Enter>");
    let exported = |session: &Session| {
        session.effects.iter().rev().find_map(|effect| match effect {
            Effect::Export { password, entries, .. } => Some((password.clone(), entries.len())),
            _ => None,
        })
    };
    assert_eq!(exported(&session), Some((Some(Text::from("pw")), 7)));
    let mut session = Session::open((80, 24));
    session.keys("x<Tab><Space><Tab>/tmp/out.json<Enter>");
    assert_eq!(session.model.screen(), Screen::Confirm);
    assert_eq!(exported(&session), None);
    session.keys("y");
    assert_eq!(exported(&session), Some((None, 7)));
}

/// Another window does that.
fn elsewhere(session: &mut Session, edit: impl Fn(EntryId) -> Edit, issuer: &str) -> EntryId {
    let entry = session.disk().entries().find(|entry| &*entry.details.issuer == issuer).unwrap();
    let id = entry.id;
    let changes = session.disk().plan(&[edit(id)], &mut Clock::new(77, Stamp::default()), NOW).unwrap();
    let disk = Arc::new(session.disk().with(&changes));
    session.disk = Some(Arc::clone(&disk));
    session.send(Msg::ChangedElsewhere(disk));
    id
}

#[test]
fn a_code_that_another_window_drew_unseen_is_not_given_out_again() {
    let mut session = Session::open((80, 24));
    // On the disk the counter has moved on; this window has not looked yet.
    let entry = session.disk().entries().find(|entry| &*entry.details.issuer == "VPN token").unwrap();
    let (id, mut otp) = (entry.id, entry.details.otp.clone());
    let changes = session.disk().plan(&[Edit::UseCounter(id)], &mut Clock::new(77, Stamp::default()), NOW).unwrap();
    session.disk = Some(Arc::new(session.disk().with(&changes)));
    session.keys("/vpn<Enter>");
    otp.counter += 1;
    assert_eq!(session.copied(), [otp.code(0).unwrap().as_str()], "the code after the one drawn elsewhere");
    assert_eq!(session.disk().entry(id).unwrap().details.otp.counter, otp.counter + 1);
}

#[test]
fn an_open_form_takes_nothing_back_that_was_done_meanwhile() {
    let mut session = Session::open((80, 24));
    session.keys("/vpn<Enter>");
    session.keys("<Esc><Esc>e");
    assert_eq!(session.model.screen(), Screen::Form);
    // Two codes are drawn in another window while the form is open.
    elsewhere(&mut session, Edit::UseCounter, "VPN token");
    let id = elsewhere(&mut session, Edit::UseCounter, "VPN token");
    let counter = session.disk().entry(id).unwrap().details.otp.counter;
    session.keys("<Tab>!<Enter>");
    let entry = session.disk().entry(id).unwrap().clone();
    assert_eq!(&*entry.details.account, "badge 88!");
    assert_eq!(entry.details.otp.counter, counter, "the counter went back");
}

#[test]
fn editing_what_was_deleted_meanwhile_says_where_it_is() {
    let mut session = Session::open((80, 24));
    session.keys("e<Tab>!");
    let id = elsewhere(&mut session, Edit::Delete, "GitHub");
    session.keys("<Enter>");
    assert!(session.disk().entry(id).unwrap().deleted);
    assert!(session.screen().contains("it is in the trash"), "{}", session.screen());
}

#[test]
fn duplicates_are_pointed_out_only_where_they_are_made() {
    let mut session = Session::open((80, 24));
    session.send(Msg::Paste(Text::from("otpauth://totp/GitHub:octo@example.com?secret=JBSWY3DPEHPK3PXP\n")));
    session.keys("<Enter><Enter>e<Tab><Tab><Tab>Work<Enter>");
    assert_eq!(session.model.screen(), Screen::List, "{}", session.screen());
}

#[test]
fn long_news_is_shown_to_its_end() {
    let mut session = Session::open((60, 24));
    let hint = "nothing was changed; `tickey backup list` shows older versions to go back to";
    session.send(Msg::ChangedUnreadably(Trouble {
        hint: Some(hint.into()),
        ..trouble("the vault is damaged: it is cut")
    }));
    let words = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("the vault is damaged: it is cut") && words.contains("versions to go back to"), "{words}");
}

#[test]
fn several_pasted_links_are_an_import() {
    let mut session = Session::open((80, 24));
    let text = Text::from("otpauth://totp/A:a?secret=JBSWY3DP\notpauth://totp/B:b?secret=JBSWY3DPEHPK3PXP\n");
    session.send(Msg::Paste(text));
    assert_eq!(session.model.screen(), Screen::Import);
    assert!(matches!(session.effects.last(), Some(Effect::ReadImport { .. })));
    let mut session = Session::open((80, 24));
    session.send(Msg::Paste(Text::from("just words")));
    assert_eq!(session.model.screen(), Screen::List);
    assert!(session.screen().contains("nothing was taken"));
}

#[test]
fn a_vault_made_after_the_demo_goes_where_the_program_looks_for_it() {
    let mut session = Session::start((80, 24), Config::default(), false);
    session.keys("jj<Enter>");
    let (vault, clock) = personal();
    let open = OpenVault { name: "Demo".into(), path: None, vault: Arc::new(vault), clock, warning: None };
    session.answer(Answer::Opened(Ok(vec![open])));
    session.keys("L<Enter>a passphrase<Tab>a passphrase<Enter>");
    let path = session.effects.iter().find_map(|effect| match effect {
        Effect::CreateVault { path, .. } => Some(path.clone()),
        _ => None,
    });
    assert_eq!(path, Some(PathBuf::from("/home/maya/personal.json")));
}
