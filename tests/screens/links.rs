//! Links and secrets as they come into the form and the list: typed key by key, pasted, in pieces, several at once.

use proptest::prelude::*;
use tickey::app::effect::ImportSource;
use tickey::app::{Answer, Effect, Msg, Screen};
use tickey::config::keys::{Key, KeyCode};
use tickey::otp::{Algorithm, Digits, Kind, Otp, Period, uri};
use tickey::secret::{Secret, Text};
use tickey::vault::{Details, Entry};

use crate::outside::*;

fn type_letters(session: &mut Session, text: &str) {
    for letter in text.chars() {
        session.send(Msg::Key(Key { code: KeyCode::Char(letter), ctrl: false, alt: false, shift: false }));
    }
}

fn paste(session: &mut Session, text: &str) {
    session.send(Msg::Paste(Text::from(text)));
}

/// The one entry that a session has and the vault it began with has not.
fn added(session: &Session) -> Details {
    let (before, _) = personal();
    let new: Vec<&Entry> = session.disk().entries().filter(|entry| before.entry(entry.id).is_none()).collect();
    assert_eq!(new.len(), 1, "{}", session.screen());
    new[0].details.clone()
}

/// Enter, once more if a name or secret is there already.
fn save(session: &mut Session) {
    session.keys("<Enter>");
    if session.model.screen() == Screen::Form {
        session.keys("<Enter>");
    }
    assert_eq!(session.model.screen(), Screen::List, "{}", session.screen());
}

fn pasted(link: &str) -> Details {
    let mut session = Session::open((80, 24));
    session.keys("a");
    paste(&mut session, link);
    save(&mut session);
    added(&session)
}

fn any_link() -> impl Strategy<Value = String> {
    let names = ("[a-zA-Z :.é+=&?%]{1,12}", "[a-z@. /#,]{0,12}");
    let numbers = (prop::sample::select(vec![5u64, 6, 7, 8]), prop::sample::select(vec![15u64, 30, 60]), 0u64..9);
    (0usize..5, 0usize..3, prop::collection::vec(any::<u8>(), 16), 5usize..17, names, numbers, any::<bool>()).prop_map(
        |(kind, algorithm, bytes, length, (issuer, account), (digits, period, counter), short)| {
            let kind = Kind::ALL[kind];
            let length = if kind == Kind::Yandex { 16 } else { length };
            let mut otp = Otp::new(kind, Secret::from(&bytes[..length]));
            match kind {
                Kind::Totp => otp.period = Period::new(period).unwrap(),
                Kind::Hotp => otp.counter = counter,
                Kind::Motp | Kind::Yandex => otp.pin = Some("1234".into()),
                Kind::Steam => {}
            }
            if matches!(kind, Kind::Totp | Kind::Hotp) {
                otp.algorithm = Algorithm::ALL[algorithm];
                otp.digits = Digits::new(digits).unwrap();
            }
            let (issuer, account) = (format!("I{}", issuer.trim()), format!("a{}", account.trim()));
            let write = if short { uri::write_short } else { uri::write };
            write(&otp, &issuer, &account).to_string()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_link_typed_key_by_key_is_the_one_pasted(link in any_link(), row in 0usize..3, leaves in any::<bool>(), cut in any::<prop::sample::Index>()) {
        let whole = pasted(&link);
        let rows = ["", "<Tab>", "<Tab><Tab>"];

        let mut typed = Session::open((80, 24));
        typed.keys("a").keys(rows[row]);
        type_letters(&mut typed, &link);
        if leaves {
            typed.keys("<Tab>");
        }
        save(&mut typed);
        prop_assert!(added(&typed) == whole, "typed: {link}");

        // In two pastes at once, into the form and into the list.
        let cut = cut.index(link.len());
        prop_assume!(link.is_char_boundary(cut));
        let (first, second) = link.split_at(cut);
        let mut pieces = Session::open((80, 24));
        pieces.keys("a").keys(rows[row]);
        paste(&mut pieces, first);
        paste(&mut pieces, second);
        save(&mut pieces);
        prop_assert!(added(&pieces) == whole, "in pieces: {first} {second}");
    }
}

#[test]
fn what_is_half_typed_is_not_taken() {
    let mut session = Session::open((80, 24));
    session.keys("a<Tab><Tab>");
    type_letters(&mut session, "otpauth://totp/Typed:joe?secret=JBSWY3DPEHPK3PXP");
    assert!(!session.screen().contains("Typed"), "{}", session.screen());
    type_letters(&mut session, "&digits=8");
    session.keys("<Tab>");
    assert!(session.screen().contains("Typed"), "{}", session.screen());
    session.keys("<Enter>");
    session.keys("<Enter>");
    let entry = added(&session);
    assert_eq!(entry.otp.secret.expose(), b"Hello!\xde\xad\xbe\xef");
    assert_eq!((entry.otp.digits.get(), &*entry.issuer), (8, "Typed"));
}

#[test]
fn a_link_that_cannot_be_taken_keeps_its_row_and_nothing_of_it_is_saved() {
    for (link, words) in [
        ("otpauth://totp/A?secret=JBSWY3DPEHPK3PXPA", "17 characters"),
        ("otpauth://totp/A?secret=JBSWY3DPEHPK3PXP otpauth://totp/B?secret=JBSWY3DPEHPK3PXQ", "several entries"),
        ("otpauth://totp/A?secret=JBSWY3DPEHPK3PXP&issuer=xotpauth://totp/B?secret=JBSWY3DPEHPK3PXQ", "another link"),
        ("otpauth-migration://offline?data=AAAA", "several entries"),
        ("lpaauth-migration://offline?data=AAAA", "several entries"),
        ("motp://x?secret=", "no secret"),
        ("steam://J", "1 character"),
    ] {
        for row in ["", "<Tab>", "<Tab><Tab>"] {
            let mut session = Session::open((80, 24));
            session.keys("a").keys(row);
            type_letters(&mut session, link);
            for key in ["<Tab>", "<Down>", "<S-Tab>", "<Enter>"] {
                session.keys(key);
                assert_eq!(session.model.screen(), Screen::Form, "{link} {row} {key}");
                assert!(session.screen().contains(words), "{link} {row} {key}: {}", session.screen());
            }
            assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Save { .. })), "{link}");
        }
        let mut session = Session::open((110, 30));
        session.keys("a");
        paste(&mut session, link);
        assert!(session.screen().contains(words), "{link}: {}", session.screen());
        session.keys("X<Enter>");
        assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Save { .. })), "{link}");
    }
}

#[test]
fn a_pasted_beginning_leaves_nothing_behind_when_the_rest_does_not_fit() {
    let mut session = Session::open((80, 24));
    paste(&mut session, "otpauth://totp/A:b?secret=JBSWY3DP");
    paste(&mut session, "EHPK3PXPA");
    assert!(session.screen().contains("17 characters"), "{}", session.screen());
    session.keys("<Enter>");
    assert_eq!(session.model.screen(), Screen::Form);
    // Later, another paste is a text of its own.
    let mut session = Session::open((80, 24));
    session.keys("a");
    paste(&mut session, "otpauth://totp/?secret=JBSWY3DPEHPK3PXA");
    session.at += 2000;
    paste(&mut session, "EHPK");
    save(&mut session);
    assert_eq!((&*added(&session).issuer, added(&session).otp.secret.len()), ("EHPK", 10));
}

#[test]
fn several_links_in_one_line_are_an_import() {
    let links = "otpauth://totp/A:a?secret=JBSWY3DP, otpauth://totp/B:b?secret=JBSWY3DPEHPK3PXP";
    let mut session = Session::open((80, 24));
    paste(&mut session, links);
    assert_eq!(session.model.screen(), Screen::Import, "{}", session.screen());
    // A path that is a link is no path: neither read as one nor shown in an error.
    let mut session = Session::open((80, 24));
    session.keys("i");
    assert_eq!(session.model.screen(), Screen::Import);
    type_letters(&mut session, links);
    session.keys("<Enter>");
    let source = session.effects.iter().find_map(|effect| match effect {
        Effect::ReadImport { source, .. } => Some(source.clone()),
        _ => None,
    });
    assert_eq!(source, Some(ImportSource::Text(links.into())));
}

#[test]
fn every_refused_row_of_an_import_is_shown_with_its_reason() {
    use tickey::app::msg::ImportRead;
    use tickey::formats::{Opened, registry};
    let bad: String = (0..40).map(|n| format!("otpauth://totp/x{n}?secret=JBSWY3DPEHPK3PXPA\n")).collect();
    let text = format!("otpauth://totp/One:a?secret=JBSWY3DPEHPK3PXA\n{bad}");
    let Ok((format, Opened::Plain(imported))) = registry::read(text.as_bytes(), None) else { panic!() };
    for size in SIZES {
        let mut session = Session::open(size);
        session.keys("i/tmp/x.txt<Enter>");
        let imported = imported.clone();
        session.answer(Answer::ImportRead(Ok(ImportRead::Entries { format: format.name, imported })));
        for _ in 0..40 {
            session.keys("<Down>");
        }
        assert!(session.screen().contains("line 41"), "{}", session.screen());
        if size.1 > 8 {
            let words = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("17 characters: one is missing or too many"), "{}", session.screen());
        }
        // What is refused is not chosen.
        session.keys("<Space>");
        assert!(session.screen().contains("line 41"));
        // Nor is it said that the file can go.
        session.keys("<Enter>");
        let words = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!words.contains("delete x.txt"), "{words}");
        assert!(size.1 < 20 || words.contains("40 refused"), "{words}");
    }
}

#[test]
fn no_secret_stands_in_a_name() {
    for row in ["", "<Tab>", "<Tab><Tab><Tab>"] {
        let mut session = Session::open((80, 24));
        session.keys("aSite<Tab>me<Tab>JBSWY3DPEHPK3PXQ<S-Tab><S-Tab>").keys(row);
        type_letters(&mut session, "see otpauth://totp/x?secret=MY");
        session.keys("<Enter>");
        assert!(session.screen().contains("would show its secret"), "{}", session.screen());
        assert_eq!(session.model.screen(), Screen::Form);
    }
}

#[test]
fn a_secret_with_a_character_too_few_is_refused_and_a_short_one_pointed_out() {
    let mut session = Session::open((80, 24));
    session.keys("aSite<Tab>me<Tab>JBSWY3DPEHPK3PXPA<Enter>");
    let words = session.screen().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(
            "17 characters: one is missing or too many (if your issuer shows exactly these, leave out the last)"
        ),
        "{words}"
    );
    session.keys("<C-u>ABC<Enter>");
    assert!(session.screen().contains("3 characters"), "{}", session.screen());
    session.keys("<C-u>=<Enter>");
    assert!(session.screen().contains("no secret"), "{}", session.screen());
    assert_eq!(session.model.screen(), Screen::Form);
    session.keys("<C-u>jbsw y3dp<Tab>");
    assert!(session.screen().contains("only 40 bits"), "{}", session.screen());
    session.keys("<Enter>");
    assert_eq!(added(&session).otp.secret.len(), 5);
    assert!(session.screen().contains("only 40 bits"), "{}", session.screen());
}

#[test]
fn the_same_secret_in_another_spelling_changes_nothing() {
    let mut session = Session::open((80, 24));
    session.keys("aSite<Tab>me<Tab>MZXW6YTBOJRGCZQ<Enter>");
    session.effects.clear();
    for spelling in ["mzxw6ytbojrgczq", "MZXW 6YTB OJRG CZQ", "MZXW6YTBOJRGCZQ=", "mzxw-6ytb-ojrg-czq"] {
        session.keys("e<Tab><Tab><C-u>");
        type_letters(&mut session, spelling);
        session.keys("<Enter>");
        assert_eq!(session.model.screen(), Screen::List, "{spelling}");
        assert!(session.screen().contains("nothing changed in Site"), "{}", session.screen());
    }
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Save { .. })));
    session.keys("e<Tab><Tab><C-u>MZXW6YTBOJRGCZI<Enter>");
    assert!(session.effects.iter().any(|effect| matches!(effect, Effect::Save { .. })));
}

#[test]
fn the_same_secret_with_other_parameters_is_said_to_be_so() {
    let mut session = Session::open((110, 30));
    paste(&mut session, "otpauth://totp/GitHub:octo@example.com?secret=JBSWY3DPEHPK3PXP&algorithm=SHA256&digits=8");
    session.keys("<Enter>");
    assert!(session.screen().contains("the same secret with another algorithm and digits"), "{}", session.screen());
}
