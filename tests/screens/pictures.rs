//! Every screen as a picture, at four sizes.

use std::path::PathBuf;
use tickey::app::msg::ImportRead;
use tickey::app::{Answer, Effect, Msg, Screen, Trouble, VaultChoice};
use tickey::config::Config;

use crate::outside::*;

/// The screen after those keys, at each size.
fn snapshots(name: &str, keys: &str) {
    for size in SIZES {
        let screen = Session::open(size).keys(keys).screen();
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), screen);
    }
}

#[test]
fn the_list() {
    snapshots("list", "");
}

#[test]
fn searching() {
    snapshots("search", "/git");
}

#[test]
fn copied() {
    snapshots("copied", "/git<Enter>");
}

#[test]
fn a_tag() {
    snapshots("tag", "<Tab>");
}

#[test]
fn an_entry() {
    snapshots("entry", "v");
}

#[test]
fn adding() {
    snapshots("form", "aGitLab<Tab>maya<Tab>JBSWY3DP1");
}

#[test]
fn adding_with_errors() {
    snapshots("form_errors", "a<Tab>maya<Tab>0<Enter>");
}

#[test]
fn deleting() {
    snapshots("delete", "d");
}

#[test]
fn the_trash() {
    for size in SIZES {
        let mut session = Session::open(size);
        session.keys("d");
        while session.model.screen() == Screen::Confirm {
            session.keys("y");
        }
        insta::assert_snapshot!(format!("trash_{}x{}", size.0, size.1), session.keys("T").screen());
    }
}

#[test]
fn the_history() {
    snapshots("history", "fh");
}

#[test]
fn the_help() {
    snapshots("help", "?");
}

#[test]
fn the_palette() {
    snapshots("palette", ":re");
}

#[test]
fn exporting() {
    snapshots("export", "x");
}

#[test]
fn a_new_passphrase() {
    snapshots("passphrase", ":passphrase<Enter>correct horse");
}

#[test]
fn without_colours_and_unicode() {
    let config = Config::parse("ascii = true\ntheme = \"mono\"").unwrap();
    let mut session = Session::open_with((80, 24), config, personal());
    session.keys("/git<Enter><Esc><Esc>");
    let screen = session.screen();
    let own = screen.replace("日本郵便", "");
    assert!(own.is_ascii(), "{own}");
    insta::assert_snapshot!("ascii", screen);
}

#[test]
fn plain_without_bars() {
    let config = Config::parse("plain = true").unwrap();
    insta::assert_snapshot!("plain", Session::open_with((80, 24), config, personal()).screen());
}

#[test]
fn hidden_codes() {
    let config = Config::parse("hidden_codes = true").unwrap();
    let mut session = Session::open_with((80, 24), config, personal());
    insta::assert_snapshot!("hidden", session.screen());
    let one = session.keys("<Space>").screen();
    assert_eq!(one.matches("•••").count() + 2, session.keys("<Space>").screen().matches("•••").count());
    assert!(!session.keys("V").screen().contains("•••"));
}

#[test]
fn first_run() {
    for size in SIZES {
        let mut session = Session::start(size, Config::default(), false);
        insta::assert_snapshot!(format!("welcome_{}x{}", size.0, size.1), session.screen());
        session.keys("<Enter>correct horse battery");
        insta::assert_snapshot!(format!("create_{}x{}", size.0, size.1), session.screen());
    }
}

#[test]
fn unlocking() {
    for size in SIZES {
        let mut session = Session::start(size, Config::default(), true);
        let choice = |name: &str| VaultChoice {
            name: name.into(),
            path: PathBuf::from(format!("/home/maya/{name}.json")),
            shared: false,
        };
        session.send(Msg::Vaults(vec![choice("personal"), choice("work")]));
        session.keys("secret<Enter>");
        let wrong = Trouble { wrong_passphrase: true, ..trouble("wrong passphrase") };
        session.answer(Answer::Opened(Err(wrong)));
        insta::assert_snapshot!(format!("unlock_{}x{}", size.0, size.1), session.screen());
        assert!(!session.screen().contains("secret"));
    }
}

#[test]
fn a_persons_table_is_asked_about_and_shows_no_secret() {
    let table =
        "Wer,Konto,Schluessel,Wort\nBank,ida,MZXW6YTBOIMZXW6YTBOI,hunter2\nPost,bo,MZXW6YTBOIMZXW6YTBOJ,hunter3\n";
    let mut session = Session::open((80, 24));
    session.keys("i/tmp/x.csv<Enter>");
    let sheet = tickey::formats::columns::Sheet::look(table.as_bytes()).unwrap();
    session.answer(Answer::ImportRead(Ok(ImportRead::Table(sheet))));
    session.keys("<Enter>");
    assert!(session.screen().contains("holds the secret"));
    session.keys("<Space>j<Space>j<Space>");
    insta::assert_snapshot!("import_columns", session.screen());
    assert!(!session.screen().contains("MZXW6") && !session.screen().contains("hunter"));
    session.keys("<Enter>");
    let Some(Effect::ReadTable { columns: Some(columns), .. }) = session.effects.last() else { panic!() };
    let imported = tickey::formats::columns::read(table.as_bytes(), columns).unwrap();
    assert_eq!(imported.entries[0].details.account.as_str(), "ida");
    let format = tickey::formats::registry::by_id("csv").unwrap().name;
    session.answer(Answer::ImportRead(Ok(ImportRead::Entries { format, imported })));
    assert!(session.screen().contains("2 new"));
    // Back to the columns, as they were said.
    session.keys("c");
    assert!(session.screen().contains("what do the columns hold?") && session.screen().contains("Bank"));
}

#[test]
fn reading_is_given_up_by_escape() {
    let mut session = Session::open((80, 24));
    session.keys("i/tmp/x.aes<Enter>");
    assert!(session.screen().contains("reading"));
    session.wait(3000);
    assert!(session.screen().contains("3 s"), "{}", session.screen());
    session.keys("<Esc>");
    assert!(matches!(session.effects.last(), Some(Effect::AbandonImport)));
    assert!(session.screen().contains("given up"));
    session.answer(Answer::ImportRead(Ok(ImportRead::NeedsPassword { format: "Aegis", wrong: None })));
    assert!(!session.screen().contains("Aegis password"));
}

#[test]
fn an_import_is_one_save_and_one_undo() {
    let mut session = Session::open((80, 24));
    session.keys("i/tmp/x.txt<Enter>");
    let text = "otpauth://totp/One:a?secret=JBSWY3DPEHPK3PXA\notpauth://totp/Two:b?secret=JBSWY3DPEHPK3PXB\nnonsense\n\
                otpauth://totp/GitHub:octo@example.com?secret=JBSWY3DPEHPK3PXP\n";
    let format = tickey::formats::registry::detect(text.as_bytes()).unwrap();
    let Ok(tickey::formats::Opened::Plain(imported)) = (format.read.unwrap())(text.as_bytes()) else { panic!() };
    session.answer(Answer::ImportRead(Ok(ImportRead::Entries { format: format.name, imported })));
    insta::assert_snapshot!("import_plan", session.screen());
    session.effects.clear();
    session.keys("<Enter>");
    assert_eq!(session.effects.iter().filter(|effect| matches!(effect, Effect::Save { .. })).count(), 1);
    assert!(session.screen().contains("One") && session.screen().contains("Two"));
    session.keys("u");
    assert!(!session.screen().contains(" One") && !session.screen().contains(" Two"));
}

#[test]
fn escape_in_the_columns_goes_back_one_step() {
    let table = b"issuer,account,secret\nBank,ida,MZXW6YTBOIMZXW6YTBOI\n";
    let sheet = || tickey::formats::columns::Sheet::look(table).unwrap();
    // Asked because nothing named them: back to the path.
    let mut session = Session::open((80, 24));
    session.keys("i/tmp/x.csv<Enter>");
    session.answer(Answer::ImportRead(Ok(ImportRead::Table(sheet()))));
    assert_eq!(session.model.screen(), Screen::Columns);
    session.keys("<Esc>");
    assert_eq!(session.model.screen(), Screen::Import);
    assert!(session.screen().contains("/tmp/x.csv"), "{}", session.screen());
    session.keys("<Enter>");
    assert!(matches!(session.effects.last(), Some(Effect::ReadImport { .. })));
    // From the plan, whose entry was left out by hand: back to the plan as it was.
    let imported = tickey::formats::columns::read(table, &sheet().columns).unwrap();
    let format = tickey::formats::registry::by_id("csv").unwrap().name;
    session.answer(Answer::ImportRead(Ok(ImportRead::Entries { format, imported })));
    session.keys("<Space>");
    let plan = session.screen();
    assert!(plan.contains("left out by choice"), "{plan}");
    session.keys("c");
    session.answer(Answer::ImportRead(Ok(ImportRead::Table(sheet()))));
    assert_eq!(session.model.screen(), Screen::Columns);
    assert_eq!(session.keys("<Esc>").screen(), plan);
    assert_eq!(session.keys("c<Esc>").screen(), plan);
    session.keys("<Esc>");
    assert_eq!(session.model.screen(), Screen::List);
    // From the password: back to the path.
    session.keys("i/tmp/x.zip<Enter>");
    session.answer(Answer::ImportRead(Ok(ImportRead::NeedsPassword { format: "Aegis", wrong: None })));
    session.keys("pw<Esc>");
    assert_eq!(session.model.screen(), Screen::Import);
    assert!(session.screen().contains("/tmp/x.zip"), "{}", session.screen());
    session.keys("<Esc>");
    assert_eq!(session.model.screen(), Screen::List);
}
