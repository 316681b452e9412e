//! QR codes on the screen, read as a phone would read them, and pictures of them coming in.

use std::path::PathBuf;
use std::time::Duration;

use ratatui::style::Color;
use tickey::app::effect::ImportSource;
use tickey::app::msg::ImportRead;
use tickey::app::{Answer, Effect, Msg, Screen, next_wake};
use tickey::config::Config;
use tickey::formats::{Imported, picture, registry};
use tickey::otp::{migration, uri};
use tickey::qr;
use tickey::secret::Text;

use crate::outside::*;

/// The texts of the codes on the screen: each cell as 4×8 pixels, in a dark terminal or a light one.
fn seen(session: &Session, paper: u8) -> Vec<Text> {
    let terminal = session.draw();
    let buffer = terminal.backend().buffer();
    let shade = |colour: Color, default: u8| match colour {
        Color::Indexed(16) => 0,
        Color::Indexed(231) => 255,
        _ => default,
    };
    let (w, h) = (u32::from(session.size.0) * 4, u32::from(session.size.1) * 8);
    let mut pixels = Vec::new();
    for y in 0..h {
        for x in 0..w {
            let cell = &buffer[((x / 4) as u16, (y / 8) as u16)];
            let upper_half = cell.symbol() == "▀" && y % 8 < 4;
            let ink = if upper_half { shade(cell.fg, 255 - paper) } else { shade(cell.bg, paper) };
            pixels.extend([ink, ink, ink, 255]);
        }
    }
    qr::read_pixels(w, h, pixels).unwrap()
}

fn link_of(issuer: &str) -> Text {
    let (vault, _) = personal();
    let entry = vault.entries().find(|entry| &*entry.details.issuer == issuer).unwrap();
    uri::write_short(&entry.details.otp, &entry.details.issuer, &entry.details.account)
}

#[test]
fn an_entry_is_shown_so_that_a_phone_reads_it() {
    for config in ["", "ascii = true", "theme = \"mono\"", "theme = \"contrast\""] {
        for size in [(110, 60), (80, 24), (200, 60), (48, 30)] {
            let mut session = Session::open_with(size, Config::parse(config).unwrap(), personal());
            session.keys("s");
            let needs = if config.starts_with("ascii") { (74, 38) } else { (0, 0) };
            if size.0 < needs.0 || size.1 < needs.1 {
                assert!(session.screen().contains("this code takes"), "{}", session.screen());
                continue;
            }
            for paper in [0, 255] {
                assert_eq!(seen(&session, paper), [link_of("GitHub")], "{config} {size:?} paper {paper}");
            }
        }
    }
}

#[test]
fn pictures() {
    for size in SIZES {
        let screen = Session::open(size).keys("s").screen();
        insta::assert_snapshot!(format!("qr_{}x{}", size.0, size.1), screen);
        let screen = Session::open(size).keys(":phone codes<Enter>").screen();
        insta::assert_snapshot!(format!("phone_codes_{}x{}", size.0, size.1), screen);
    }
}

#[test]
fn what_has_no_room_is_said_and_the_link_is_shown_only_when_asked_for() {
    let mut session = Session::open((60, 12));
    assert!(session.keys("s").screen().contains("this code takes"));
    assert!(!session.screen().contains("otpauth"));
    let shown = session.keys("t").screen();
    assert!(shown.contains("otpauth://totp/GitHub"), "{shown}");
    assert!(!session.keys("t").screen().contains("otpauth"));
}

#[test]
fn all_entries_are_shown_one_code_after_another() {
    let entries = (0..23).map(|n| details(&format!("otpauth://totp/Shop{n}:me?secret=GEZDGNBVGY3TQOJQ"))).collect();
    let mut session = Session::open_with((140, 70), Config::default(), with(empty(), entries));
    session.keys(":phone codes<Enter>");
    assert!(session.screen().contains("3 codes, one after another"));
    let mut all = Imported::default();
    for number in 1..=3 {
        session.keys("<Right>");
        assert!(session.screen().contains(&format!("code {number} of 3")), "{}", session.screen());
        all.add(picture::from_codes(&seen(&session, 0)).unwrap());
    }
    assert_eq!((all.entries.len(), all.exports[0].missing()), (23, None));
    session.keys("<Right>");
    assert!(session.screen().contains("code 3 of 3"));
    session.keys("<Left>");
    assert!(session.screen().contains("code 2 of 3"));
}

#[test]
fn what_a_phone_cannot_hold_is_said_first() {
    let mut session = Session::open((110, 30));
    session.keys(":phone codes<Enter>");
    let screen = session.screen();
    for named in ["Without Steam: all of it", "Without Bank Austria: all of it", "Without GitHub: its tags"] {
        assert!(screen.contains(named), "{named}: {screen}");
    }
    assert!(seen(&session, 0).is_empty());
}

#[test]
fn a_code_does_not_stand_for_long() {
    let mut session = Session::open((80, 24));
    session.keys("s").wait(50_000);
    assert_eq!(session.model.screen(), Screen::Codes);
    session.keys("t").wait(59_000);
    assert_eq!(session.model.screen(), Screen::Codes);
    assert!(next_wake(&session.model, now(session.at)).unwrap() <= Duration::from_secs(1));
    session.wait(1_000);
    assert_eq!(session.model.screen(), Screen::List);
    session.keys("s");
    session.send(Msg::LockNow);
    assert!(!session.model.is_open());
    assert!(seen(&session, 0).is_empty());
}

#[test]
fn a_code_is_saved_as_a_picture() {
    let mut session = Session::open((80, 24));
    session.keys("ss<Enter>");
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::SavePicture { .. })));
    session.keys("/tmp/code.png<Enter>");
    let wanted =
        Effect::SavePicture { ticket: session.asked, path: PathBuf::from("/tmp/code.png"), text: link_of("GitHub") };
    assert!(session.effects.contains(&wanted));
    session.answer(Answer::PictureSaved(Err(trouble("/tmp/code.png is there already"))));
    assert_eq!(session.model.screen(), Screen::SavePicture);
    assert!(session.screen().contains("there already"));
    session.keys("<Enter>");
    session.answer(Answer::PictureSaved(Ok(PathBuf::from("/tmp/code.png"))));
    assert_eq!(session.model.screen(), Screen::Codes);
    assert!(session.screen().contains("saved to /tmp/code.png"));
    session.keys("<Esc>");
    assert_eq!(session.model.screen(), Screen::List);
}

#[test]
fn the_export_screen_shows_the_codes_too() {
    let mut session = Session::open((80, 24));
    session.keys("x");
    for _ in registry::FORMATS {
        if session.screen().contains("Google Authenticator QR codes") {
            break;
        }
        session.keys("<Right>");
    }
    assert!(session.screen().contains("left empty"));
    session.keys("<C-s>");
    assert_eq!(session.model.screen(), Screen::Codes);
}

/// What a picture of those codes holds.
fn read_of(texts: &[Text]) -> Answer {
    let imported = picture::from_codes(texts).unwrap();
    Answer::ImportRead(Ok(ImportRead::Entries { format: "picture of QR codes", imported }))
}

const SHOP: &str = "otpauth://totp/Shop:me?secret=MFRGGZDFMZTWQ2LL&issuer=Shop";

fn asked_for(session: &Session, source: &ImportSource) -> bool {
    let asked = |effect: &Effect| matches!(effect, Effect::ReadImport { source: asked, format: Some("picture"), .. } if asked == source);
    session.effects.iter().any(asked)
}

#[test]
fn a_pictures_path_typed_or_pasted_fills_the_form() {
    let path = ImportSource::Path(PathBuf::from("/tmp/my code.png"));
    for way in 0..4 {
        let mut session = Session::open((80, 24));
        let paste = |session: &mut Session| session.send(Msg::Paste(Text::from("'/tmp/my code.png'\n")));
        let source = match way {
            0 => {
                paste(&mut session);
                path.clone()
            }
            1 => {
                session.keys("a");
                paste(&mut session);
                path.clone()
            }
            2 => {
                session.keys("a<Tab><Tab>/tmp/my<Space>code.png<Enter>");
                path.clone()
            }
            _ => {
                session.keys("<C-v>");
                ImportSource::Clipboard
            }
        };
        assert!(asked_for(&session, &source), "{way}");
        assert!(session.screen().contains("reading the picture"));
        session.answer(read_of(&[Text::from(SHOP)]));
        assert_eq!(session.model.screen(), Screen::Form);
        assert!(session.screen().contains("Shop"), "{}", session.screen());
        session.keys("<Enter>");
        assert!(session.disk().entries().any(|entry| &*entry.details.issuer == "Shop"), "{way}");
    }
}

#[test]
fn a_picture_that_is_of_no_use_is_said_in_the_form() {
    let mut session = Session::open((80, 24));
    session.keys("a<C-v>");
    session.answer(Answer::ImportRead(Err(trouble("there is no picture in the clipboard"))));
    assert!(session.screen().contains("no picture in the clipboard"), "{}", session.screen());
    session.keys("<C-v>");
    session.answer(read_of(&[Text::from("https://example.com")]));
    assert!(session.screen().contains("no one-time password"), "{}", session.screen());
    session.keys("<Esc>");
    assert_eq!(session.model.screen(), Screen::List);
}

#[test]
fn several_entries_in_a_picture_become_an_import() {
    let two = [Text::from(SHOP), Text::from("steam://GEZDGNBVGY3TQOJQ")];
    let mut session = Session::open((80, 24));
    session.keys("<C-v>");
    session.answer(read_of(&two));
    assert_eq!(session.model.screen(), Screen::ImportPlan);
    session.keys("<Enter>");
    assert!(session.screen().contains("imported 2 new"), "{}", session.screen());
    session.keys("aMine<C-v>");
    session.answer(read_of(&two));
    assert!(session.screen().contains("leave the form"), "{}", session.screen());
    assert!(session.screen().contains("Mine"));
}

#[test]
fn pictures_of_one_export_are_added_one_after_another() {
    let entries: Vec<_> =
        (0..23).map(|n| details(&format!("otpauth://totp/Shop{n}:me?secret=GEZDGNBVGY3TQOJQ"))).collect();
    let names = entries.iter().map(|one| (&one.otp, &*one.issuer, &*one.account));
    let parts = migration::write(names, 10, 5);
    let mut session = Session::open((80, 24));
    session.keys("i/tmp/2.png<Enter>");
    session.answer(read_of(&parts[1..2]));
    insta::assert_snapshot!("import_missing", session.screen());
    // What is left out by choice stays left out.
    session.keys("<Space>+");
    assert!(session.screen().contains("add another file"));
    session.keys("<Esc>");
    assert_eq!(session.model.screen(), Screen::ImportPlan);
    assert!(session.screen().contains("9 new, 0 replaced, 1 skipped"), "{}", session.screen());
    session.keys("+/tmp/1.png<Enter>");
    session.answer(read_of(&parts[..1]));
    assert!(session.screen().contains("19 new") && session.screen().contains("code 3 of this export's 3 is missing"));
    session.keys("+/tmp/3.png<Enter>");
    session.answer(Answer::ImportRead(Err(trouble("cannot read /tmp/3.png"))));
    assert!(session.screen().contains("cannot read"));
    session.keys("<Enter>");
    session.answer(read_of(&parts[2..]));
    assert!(session.screen().contains("22 new") && !session.screen().contains("missing"), "{}", session.screen());
    session.keys("<Enter>");
    assert!(session.screen().contains("imported 22 new, 1 skipped · delete the 3 files"), "{}", session.screen());
}
