//! Several vaults at once: a personal one and a team's.

use tickey::app::effect::MemberDeed;
use tickey::app::msg::{MemberDone, ShownCode, SyncState};
use tickey::app::{Answer, Effect, Msg, Screen, needs_draw, next_wake};
use tickey::secret::Text;
use tickey::vault::roster::Role;
use tickey::vault::{Clock, Locked, Stamp, Unlocked};

use crate::outside::*;

/// The team's vault as somebody sees it who was invited with that role, and let in or not.
pub fn as_guest(role: Role, let_in: bool) -> (Unlocked, Clock) {
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
    let mut narrow = team_session((60, 20));
    insta::assert_snapshot!("team_60x20", narrow.screen());
    narrow.keys("3");
    assert_eq!(narrow.screen().matches("ops").count(), 2, "the title's and the tab's, no row's");
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
        (Role::Editor, false, "you can edit once an owner's next sync admits you"),
        (Role::Viewer, false, "you are a viewer of this vault"),
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

/// What the runtime was told to save, and of which members' vault to change something.
fn vaults_changed(session: &Session) -> std::collections::BTreeSet<[u8; 16]> {
    let vault = |effect: &Effect| match effect {
        Effect::Save { vault, .. } | Effect::Member { vault, .. } => Some(*vault),
        _ => None,
    };
    session.effects.iter().filter_map(vault).collect()
}

#[test]
fn an_entry_with_the_id_of_another_vaults_entry_is_another_entry() {
    // The vaults of these tests give the same ids to their entries.
    let (own, _) = personal();
    let theirs = own.entries().find(|entry| &*entry.details.issuer == "GitHub").unwrap();
    let mut session = team_session((80, 24));
    let planted = session.shared[0].clone();
    assert!(planted.entry(theirs.id).is_some());
    session.keys("2/github<Enter>");
    assert_eq!(session.copied(), [theirs.code(NOW / 1000).unwrap().as_str()]);
    session.keys("<Esc><Esc>dy");
    let gone = |session: &Session| session.disk().entry(theirs.id).unwrap().deleted;
    assert!(gone(&session));
    // Undo and redo, the trash, marks, the form, recovery codes: all of it goes where the entry is.
    session.keys("u");
    assert!(!gone(&session), "{}", session.screen());
    session.keys("<C-r>");
    assert!(gone(&session), "{}", session.screen());
    session.keys("T<Enter><Esc>");
    assert!(!gone(&session), "{}", session.screen());
    session.keys("1/github<Enter><Esc><Esc>f");
    session.keys("v<Down><Down>U<Esc>");
    assert!(session.disk().entry(theirs.id).unwrap().details.recovery_codes.iter().all(|code| code.used));
    session.keys("v");
    assert!(session.screen().contains("GitHub") && !session.screen().contains("Registrar"), "{}", session.screen());
    session.keys("<Esc>h");
    assert!(session.screen().contains("GitHub") && !session.screen().contains("Registrar"), "{}", session.screen());
    session.keys("<Esc>eXY<Enter>");
    assert!(session.disk().entry(theirs.id).unwrap().details.issuer.contains("XY"), "{}", session.screen());
    session.keys("dyTDy");
    assert_eq!(vaults_changed(&session), [session.disk().id()].into());
    assert_eq!(*session.shared[0], *planted, "the other vault's entry is as it was");
}

#[test]
fn a_search_puts_no_planted_name_before_ones_own() {
    let founded = Unlocked::found_shared("ops", "maya", NOW - 86_400_000, &mut Fixed(21)).unwrap();
    let planted = ["Bank", "bank austria 4711", "Registrar"].map(|issuer| {
        let mut details = details("otpauth://totp/x:x?secret=JBSWY3DPEHPK3PXQ");
        details.issuer = Text::from(issuer);
        details.favourite = true;
        details
    });
    let mut session = Session::open_team((80, 24), with(&founded.vault, planted.to_vec()));
    let own = session.disk().entries().find(|entry| &*entry.details.issuer == "Bank Austria").unwrap().clone();
    for (n, typed) in ["bank", "aust", "BANK 4711", "bank austria"].into_iter().enumerate() {
        session.keys(&format!("/{typed}<Enter>"));
        assert_eq!(session.copied()[n], own.code(NOW / 1000).unwrap().as_str(), "{typed}: {}", session.screen());
        session.keys("<Esc><Esc>");
    }
    // What names nothing of one's own is found in the order of how well it matches.
    session.keys("/regi<Enter>");
    assert!(session.screen().contains("copied Registrar's code in ops"), "{}", session.screen());
}

#[test]
fn what_is_done_to_an_entry_of_a_shared_vault_says_so() {
    let mut session = team_session((80, 24));
    session.keys("3/regi<Enter>");
    assert!(session.screen().contains("copied Registrar's code in ops"), "{}", session.screen());
    session.keys("<Esc><Esc>d");
    assert!(session.screen().contains("delete Registrar in ops?"), "{}", session.screen());
    session.keys("y");
    assert!(session.screen().contains("deleted Registrar in ops"), "{}", session.screen());
}

fn synced(session: &mut Session, state: SyncState, said: &[&str]) {
    let vault = session.shared[0].id();
    let reached = session.shared[0].newest();
    session.send(Msg::Synced { vault, state, reached, said: said.iter().map(|words| (*words).to_owned()).collect() });
}

fn title(session: &Session) -> String {
    session.screen().lines().next().unwrap().to_owned()
}

#[test]
fn the_title_says_how_the_vaults_stand_to_their_remotes() {
    let mut session = team_session((80, 24));
    assert!(!title(&session).contains("sync"));
    session.keys("r");
    // Another window may have set a remote: only the outside knows.
    assert!(session.effects.contains(&Effect::Sync));
    session.send(Msg::NothingToSync);
    assert!(session.screen().contains("no open vault has a remote"));
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
    let ops = session.shared[0].id();
    session.send(Msg::NoRemote(ops));
    assert!(!title(&session).contains("sync"), "{}", title(&session));
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

#[test]
fn leaving_waits_a_moment_for_what_is_on_its_way() {
    let quits = |session: &Session| session.effects.contains(&Effect::Quit);
    let changed = || {
        let mut session = team_session((80, 24));
        synced(&mut session, SyncState::Done, &[]);
        session.wait(1_000);
        session.keys("3f");
        session
    };
    // Nothing was changed: at once.
    let mut session = team_session((80, 24));
    synced(&mut session, SyncState::Done, &[]);
    session.keys("q");
    assert!(quits(&session) && session.model.farewell().is_none());
    // The sync ends.
    let mut session = changed();
    session.keys("q");
    assert!(!quits(&session) && session.screen().contains("syncing, then leaving"), "{}", session.screen());
    assert!(next_wake(&session.model, now(session.at)).unwrap().as_millis() <= 2_000);
    synced(&mut session, SyncState::Done, &[]);
    assert!(quits(&session) && session.model.farewell().is_none());
    // It does not: two seconds, or any key.
    let mut session = changed();
    session.keys("q").wait(1_900);
    assert!(!quits(&session));
    session.wait(100);
    assert!(quits(&session));
    assert!(session.model.farewell().unwrap().starts_with("what was saved last is not at the remote yet"));
    let mut session = changed();
    session.keys("qd");
    assert!(quits(&session) && session.model.screen() == Screen::List);
    // Offline: there is nothing to wait for, but something to say.
    let mut session = changed();
    synced(&mut session, SyncState::Offline { waiting: 2 }, &[]);
    session.keys("q");
    assert!(quits(&session));
    assert!(session.model.farewell().unwrap().starts_with("2 changes wait for the remote"));
}

/// Maya's vault after Bob came as editor, Carl was invited, and Eve came and was removed.
fn busy_team() -> (Unlocked, Clock) {
    let (mut vault, clock) = team();
    for (n, name) in ["bob", "eve"].into_iter().enumerate() {
        let mut random = Fixed(60 + n as u64);
        let invited = vault.invite(name, Role::Editor, NOW + 1_000_000, NOW, &mut random).unwrap();
        let locked = Locked::read(&invited.vault.seal(&mut random).unwrap(), &limits()).unwrap();
        let code = tickey::vault::join::InviteCode::read(&invited.code).unwrap();
        let guest = Unlocked::join(&locked, &code, None, NOW, &mut random).unwrap();
        let left = guest.seal(&mut random).unwrap();
        let seen = invited.vault.accept(&left, None, &limits(), NOW, &mut random).unwrap().vault;
        vault = seen.housekeeping(NOW, &mut random).unwrap().unwrap().0;
    }
    let eve = vault.members().iter().find(|member| member.name == "eve").unwrap().clone();
    vault = vault.remove(&eve, tickey::vault::sharing::Work::Usual, NOW, &mut Fixed(70)).unwrap().vault;
    (vault.invite("carl", Role::Viewer, NOW + 604_800_000, NOW, &mut Fixed(71)).unwrap().vault, clock)
}

/// Maya's vault while somebody who used an invitation waits for an owner.
pub fn somebody_waits() -> (Unlocked, Clock) {
    let (vault, clock) = team();
    let mut random = Fixed(80);
    let invited = vault.invite("bob", Role::Editor, NOW + 1_000_000, NOW, &mut random).unwrap();
    let locked = Locked::read(&invited.vault.seal(&mut random).unwrap(), &limits()).unwrap();
    let code = tickey::vault::join::InviteCode::read(&invited.code).unwrap();
    let guest = Unlocked::join(&locked, &code, None, NOW, &mut random).unwrap();
    let left = guest.seal(&mut random).unwrap();
    (invited.vault.accept(&left, None, &limits(), NOW, &mut random).unwrap().vault, clock)
}

pub fn six_words_of_who_waits(session: &Session) -> String {
    tickey::vault::join::fingerprint_of_keys(&session.shared[0].newcomers()[0].keys)
}

#[test]
fn the_members_screen_offers_what_the_row_and_ones_role_allow() {
    let footer = |session: &Session| session.screen().trim_end().lines().last().unwrap().to_owned();
    let offered = |session: &Session| {
        ["invite", "more rights", "fewer", "remove", "let in", "take back"].map(|word| footer(session).contains(word))
    };
    let mut session = Session::open_team((120, 24), busy_team());
    session.keys("m");
    // Oneself, the only owner; the recovery code; an editor; an invitation; somebody removed; a secret.
    assert_eq!(offered(&session), [true, false, false, false, false, true], "{}", footer(&session));
    session.keys("-");
    assert_eq!(session.model.screen(), Screen::Members);
    assert!(session.screen().contains("you are the only owner: make another member one first"), "{}", session.screen());
    session.keys("j");
    assert_eq!(offered(&session), [true, false, false, false, false, false], "{}", footer(&session));
    session.keys("j");
    assert_eq!(offered(&session), [true, true, true, true, false, true], "{}", footer(&session));
    session.keys("j");
    assert_eq!(offered(&session), [true, false, false, true, false, false], "{}", footer(&session));
    session.keys("j");
    assert!(session.screen().contains("removed; was a member since"), "{}", session.screen());
    assert_eq!(offered(&session), [true, false, false, false, false, true], "{}", footer(&session));
    session.keys("j");
    assert_eq!(offered(&session), [true, false, false, false, false, false], "{}", footer(&session));
    let mut session = Session::open_team((120, 24), somebody_waits());
    session.keys("m");
    assert_eq!(offered(&session), [true, false, false, true, true, false], "{}", footer(&session));
    // A viewer is offered nothing of it.
    let mut session = Session::open_team((120, 24), as_guest(Role::Viewer, true));
    session.keys("m");
    for _ in 0..3 {
        assert_eq!(offered(&session), [false; 6], "{}", footer(&session));
        session.keys("j");
    }
}

fn deeds(session: &Session) -> Vec<MemberDeed> {
    let deed = |effect: &Effect| match effect {
        Effect::Member { deed, .. } => Some(deed.clone()),
        _ => None,
    };
    session.effects.iter().filter_map(deed).collect()
}

fn answer(session: &mut Session, result: Result<MemberDone, tickey::app::Trouble>) {
    session.answer(Answer::Member(result));
}

#[test]
fn the_members_of_a_vault() {
    for size in SIZES {
        let mut session = Session::open_team(size, busy_team());
        insta::assert_snapshot!(format!("members_{}x{}", size.0, size.1), session.keys("mjj").screen());
        insta::assert_snapshot!(format!("invite_{}x{}", size.0, size.1), session.keys("idora").screen());
        session.keys("<Enter>");
        let code = Text::from("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789-ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345");
        let code = Some(ShownCode::Invitation(code));
        answer(&mut session, Ok(MemberDone { said: "invited dora as viewer".into(), code }));
        insta::assert_snapshot!(format!("invite_code_{}x{}", size.0, size.1), session.screen());
    }
}

#[test]
fn a_recovery_code_is_renewed_and_shown_once() {
    for size in SIZES {
        let at = |name: &str| format!("{name}_{}x{}", size.0, size.1);
        let mut session = Session::open_team(size, busy_team());
        insta::assert_snapshot!(at("recovery"), session.keys(":recovery<Enter>").screen());
        assert!(deeds(&session).is_empty(), "asked first");
        while session.model.screen() == Screen::Confirm {
            session.keys("y");
        }
        assert_eq!(deeds(&session), [MemberDeed::RenewRecovery]);
        let code = Some(ShownCode::Recovery(Text::from("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345")));
        answer(&mut session, Ok(MemberDone { said: "Renewed the recovery code".into(), code }));
        assert_eq!(session.model.screen(), Screen::ShownOnce);
        insta::assert_snapshot!(at("recovery_told"), session.screen());
        session.keys("<Esc>");
        assert!(!session.screen().contains("ABCD"));
    }
    // The chosen tab says of which vault; where it is not yours to renew, that is said.
    let mut session = Session::open_team((80, 24), busy_team());
    session.keys(":recovery<Enter>n");
    assert!(deeds(&session).is_empty());
    session.keys("<Tab><Tab>:recovery<Enter>");
    assert!(session.screen().contains("Renew the recovery code of"), "{}", session.screen());
}

#[test]
fn an_invitations_code_is_copied_and_gone_when_closed() {
    let mut session = team_session((80, 24));
    session.keys("mi<Enter>");
    assert!(session.screen().contains("a name is needed"));
    assert!(deeds(&session).is_empty());
    session.keys("dora<Tab><Space><Enter><Enter>");
    assert_eq!(deeds(&session), [MemberDeed::Invite { name: "dora".into(), role: Role::Editor }], "sent once");
    answer(&mut session, Err(trouble("there is a dora in this vault already")));
    assert_eq!(session.model.screen(), Screen::Invite);
    assert!(session.screen().contains("there is a dora"));
    session.keys("<Enter>");
    let done = MemberDone { said: "invited dora".into(), code: Some(ShownCode::Invitation(Text::from("ABCD-EFGH"))) };
    answer(&mut session, Ok(done));
    assert_eq!(session.model.screen(), Screen::ShownOnce);
    session.keys("y");
    assert_eq!(session.copied(), ["ABCD-EFGH"]);
    session.keys("<Esc>");
    assert_eq!(session.model.screen(), Screen::Members);
    assert!(!session.screen().contains("ABCD"));
}

#[test]
fn roles_and_removals_are_asked_first() {
    let mut session = Session::open_team((80, 24), busy_team());
    session.keys("mjj+");
    assert!(session.screen().contains("make bob owner?"), "{}", session.screen());
    session.keys("n-y");
    assert!(matches!(deeds(&session).as_slice(), [MemberDeed::Role(bob, Role::Viewer)] if bob.name == "bob"));
    // Until the answer is there nothing else is begun.
    session.keys("d");
    assert!(session.screen().contains("something is being done already"));
    answer(&mut session, Ok(MemberDone { said: "bob is viewer now; it waits".into(), code: None }));
    assert!(session.screen().contains("bob is viewer now; it waits"));
    session.keys("d");
    let asked = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(asked.contains("cannot be taken back") && asked.contains("git history"), "{asked}");
    session.keys("y");
    assert!(matches!(deeds(&session).last(), Some(MemberDeed::Remove(bob)) if bob.name == "bob"));
    answer(&mut session, Err(trouble("not now")));
    session.keys("jd");
    assert!(session.screen().contains("end the invite of carl?"), "{}", session.screen());
    session.keys("n<Esc>mjd");
    assert!(session.screen().contains("the recovery code is removed by nobody"));
}

#[test]
fn what_a_member_did_is_taken_back_after_a_question_and_by_one_undo() {
    let mut session = team_session((80, 24));
    let shown = |session: &Session| session.shared[0].entries().filter(|entry| !entry.deleted).count();
    let before = shown(&session);
    assert!(before > 0);
    session.keys("3mR");
    let screen = session.screen();
    assert!(screen.contains("take back all that maya did?"), "{screen}");
    session.keys("n");
    assert_eq!(shown(&session), before);
    session.keys("Ry");
    assert_eq!(shown(&session), 0, "{}", session.screen());
    session.keys("<Esc>u");
    assert_eq!(shown(&session), before, "{}", session.screen());
}

#[test]
fn a_secret_that_a_leaver_knew_is_listed_until_it_is_changed() {
    let mut session = Session::open_team((80, 24), busy_team());
    session.keys("m");
    assert_eq!(session.screen().matches("enrol it again: eve knew it and was removed").count(), 2);
    session.keys("<Esc>/registrar<Enter><Esc><Esc>3e<Tab><Tab><C-u>JBSWY3DPEHPK3PXWJBSWY3DP<Enter>m");
    assert_eq!(
        session.screen().matches("enrol it again: eve knew it and was removed").count(),
        1,
        "{}",
        session.screen()
    );
}

#[test]
fn only_owners_change_who_belongs() {
    let mut session = Session::open_team((80, 24), as_guest(Role::Viewer, true));
    session.keys("mi");
    assert_eq!(session.model.screen(), Screen::Members);
    assert!(session.screen().contains("only owners change who belongs"));
    let mut session = Session::open((80, 24));
    session.keys("m");
    assert!(session.screen().contains("no shared vault is open"));
}

#[test]
fn no_size_breaks_the_members_screens() {
    for keys in ["", "v", "m", "mjjd", "mjj+", "midora", "mi<Enter>", "a"] {
        let mut session = Session::open_team((80, 24), busy_team());
        session.keys("3").keys(keys);
        for w in 1..=130 {
            for h in (1..=40).filter(|h| *h < 14 || w % 9 == 1) {
                session.size = (w, h);
                session.send(Msg::Resize(w, h));
                session.draw();
            }
        }
    }
}

#[test]
fn the_history_of_a_vault_tells_of_its_members_too() {
    for size in [(80, 24), (22, 3), (200, 60)] {
        let mut session = Session::open_team(size, busy_team());
        insta::assert_snapshot!(format!("vault_history_{}x{}", size.0, size.1), session.keys("mh").screen());
    }
    let mut session = Session::open_team((80, 24), busy_team());
    let screen = session.keys("mh").screen();
    assert!(screen.contains("removed eve") && screen.contains("Registrar"), "{screen}");
    session.keys("<Esc>");
    assert_eq!(session.model.screen(), Screen::Members);
}

#[test]
fn the_help_says_what_enforces_each_role_and_begins_with_the_screen_below() {
    for size in [(200, 60), (60, 24)] {
        let mut session = Session::open_team(size, busy_team());
        let screen = session.keys("m?").screen();
        assert!(screen.lines().take(12).any(|line| line.contains("invite somebody")), "{screen}");
        let mut all = String::new();
        for _ in 0..120 {
            all.push_str(&session.keys("j").screen());
        }
        let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in ["encryption keeps everybody else out", "who signed a change", ": share", "shown once"] {
            assert!(all.contains(words), "{words} {size:?}");
        }
        session.keys("<Esc>");
        assert_eq!(session.model.screen(), Screen::Members);
    }
}

#[test]
fn a_narrow_title_keeps_the_word_about_the_remotes() {
    for (width, words) in [(80, "the remote went back in time"), (48, "the remote went back in time"), (30, "✗")] {
        let mut session = team_session((width, 12));
        synced(&mut session, SyncState::WentBack, &[]);
        assert!(title(&session).ends_with(words), "{width}: {}", title(&session));
    }
}

#[test]
fn who_was_removed_is_told_so_and_changes_nothing_that_reaches_nobody() {
    let mut session = Session::open_team((80, 24), as_guest(Role::Editor, true));
    session.keys("3");
    synced(&mut session, SyncState::ShutOut, &["an owner removed you from this vault"]);
    assert!(title(&session).ends_with("not synced: removed"), "{}", title(&session));
    for keys in ["e", "d", "a", "f", "i"] {
        session.keys(keys);
        let said = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("what you change here reaches nobody"), "{keys}: {said}");
        assert_eq!(session.model.screen(), Screen::List);
    }
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Save { .. })));
    // One's own vault is one's own, and so is the shared one once a sync has gone well.
    session.keys("2f");
    synced(&mut session, SyncState::Done, &[]);
    session.keys("3f");
    assert_eq!(vaults_changed(&session).len(), 2);
}
