//! Screens as snapshots, driven by texts of keys that the program's own parser reads, at the sizes people have.
//!
//! The outside is played here: a save succeeds at once, the clipboard takes everything.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tickey::app::msg::{Copied, ImportRead};
use tickey::app::{
    Effect, Model, Msg, OpenVault, SaveId, Screen, Start, Trouble, VaultChoice, needs_draw, next_wake, update,
};
use tickey::config::{Config, keys};
use tickey::otp::{Kind, Otp, uri};
use tickey::secret::{NoRandomness, Random, Text};
use tickey::time::Now;
use tickey::tui::view;
use tickey::vault::document::Change;
use tickey::vault::{Clock, Cost, Details, Edit, EntryId, Limits, RecoveryCode, Stamp, Unlocked};

/// 2026-01-02 03:04:02 UTC: a code of 30 s has 28 left.
const NOW: u64 = 1_767_323_042_000;

/// The same numbers each time.
struct Fixed(u64);

impl Random for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        for byte in out {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 33) as u8;
        }
        Ok(())
    }
}

fn now(ms: u64) -> Now {
    Now { wall_ms: NOW + ms, boot_ms: 1_000_000 + ms }
}

fn limits() -> Limits {
    Limits { ram: 8 << 30 }
}

/// An empty vault, its passphrase derived once for all tests.
fn empty() -> &'static Unlocked {
    static VAULT: OnceLock<Unlocked> = OnceLock::new();
    VAULT.get_or_init(|| {
        let cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
        Unlocked::found("maya", &Text::from("a passphrase"), cost, &limits(), NOW, &mut Fixed(1)).unwrap().vault
    })
}

fn details(link: &str) -> Details {
    let labelled = uri::parse(link).unwrap();
    Details::new(labelled.otp, labelled.issuer, labelled.account)
}

fn with(vault: &Unlocked, entries: Vec<Details>) -> (Unlocked, Clock) {
    let mut random = Fixed(7);
    let mut clock = Clock::new(42, Stamp::default());
    let edits: Vec<Edit> = entries
        .into_iter()
        .map(|details| Edit::Add(EntryId::random(&mut random).unwrap(), Box::new(details)))
        .collect();
    let changes = vault.plan(&edits, &mut clock, NOW - 1_000).unwrap();
    (vault.with(&changes), clock)
}

/// The vault of the pictures.
fn personal() -> (Unlocked, Clock) {
    let mut entries: Vec<Details> = [
        "otpauth://totp/GitHub:octo@example.com?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/Proton:maya@proton.example?secret=GEZDGNBVGY3TQOJQ",
        "otpauth://totp/AWS:root@acme-prod?secret=MFRGGZDFMZTWQ2LK&algorithm=SHA256",
        "otpauth://totp/Bank%20Austria:4711-2209?secret=NBSWY3DPEB3W64TM&period=60&digits=8",
        "otpauth://totp/%E6%97%A5%E6%9C%AC%E9%83%B5%E4%BE%BF:yui@example.jp?secret=KRUGS4ZANFZSAYJA",
        "otpauth://steam/Steam:gordon?secret=ORSXG5BAON2WGZLT",
        "otpauth://hotp/VPN%20token:badge%2088?secret=ONSWG4TFOQQHG5DS&counter=41",
    ]
    .into_iter()
    .map(details)
    .collect();
    for (n, tags) in [(0, "Work"), (1, "Home"), (2, "Work/Cloud"), (3, "Home"), (6, "Ops")] {
        entries[n].tags = vec![Text::from(tags)];
    }
    entries[0].favourite = true;
    entries[1].favourite = true;
    entries[0].note = Text::from("the bot's account, not mine");
    for (code, used) in [("abcd-efgh", true), ("ijkl-mnop", false)] {
        entries[0].recovery_codes.push(RecoveryCode { id: None, code: Text::from(code), used });
    }
    with(empty(), entries)
}

struct Session {
    model: Model,
    size: (u16, u16),
    at: u64,
    /// What was asked of the outside, in order.
    effects: Vec<Effect>,
    /// Saves fail.
    failing: bool,
    /// Saves are not answered until told.
    holding: bool,
    held: Vec<(SaveId, Vec<Change>)>,
    /// What the file holds, once a vault is open.
    disk: Option<Arc<Unlocked>>,
}

impl Session {
    fn start(size: (u16, u16), config: Config, exists: bool) -> Session {
        let start = Start { path: PathBuf::from("/home/maya/personal.json"), exists, size };
        let (model, effects) = Model::new(config, start, Box::new(Fixed(99)), now(0));
        assert_eq!(effects, [Effect::ListVaults]);
        Session {
            model,
            size,
            at: 0,
            effects: Vec::new(),
            failing: false,
            holding: false,
            held: Vec::new(),
            disk: None,
        }
    }

    fn open_with(size: (u16, u16), config: Config, (vault, clock): (Unlocked, Clock)) -> Session {
        let mut session = Session::start(size, config, true);
        let vault = Arc::new(vault);
        session.disk = Some(Arc::clone(&vault));
        session.keys("a passphrase<Enter>");
        let open = OpenVault {
            name: "personal".into(),
            path: Some(PathBuf::from("/home/maya/personal.json")),
            vault,
            clock,
            warning: None,
        };
        session.send(Msg::Opened(Ok(open)));
        session.effects.clear();
        session
    }

    fn open(size: (u16, u16)) -> Session {
        Session::open_with(size, Config::default(), personal())
    }

    fn send(&mut self, msg: Msg) {
        let mut queue = VecDeque::from([msg]);
        while let Some(msg) = queue.pop_front() {
            for effect in update(&mut self.model, msg, now(self.at)) {
                match &effect {
                    Effect::Save { save, changes, .. } if self.holding => self.held.push((*save, changes.clone())),
                    Effect::Save { save, changes, .. } => {
                        let result = if self.failing {
                            Err(trouble("the disk is full; nothing was changed"))
                        } else {
                            let disk = Arc::new(self.disk().with(changes));
                            self.disk = Some(Arc::clone(&disk));
                            Ok((disk, None))
                        };
                        queue.push_back(Msg::Saved { save: *save, result });
                    }
                    Effect::Copy { .. } => queue.push_back(Msg::Copied(Ok(Copied::Clipboard))),
                    Effect::ClearClipboard => queue.push_back(Msg::ClipboardCleared(true)),
                    _ => {}
                }
                self.effects.push(effect);
            }
        }
    }

    fn disk(&self) -> &Arc<Unlocked> {
        self.disk.as_ref().unwrap()
    }

    fn keys(&mut self, text: &str) -> &mut Session {
        for key in keys::parse(text).unwrap() {
            self.send(Msg::Key(key));
        }
        self
    }

    fn wait(&mut self, ms: u64) -> &mut Session {
        self.at += ms;
        self.send(Msg::Wake);
        self
    }

    fn draw(&self) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| view::draw(&self.model, now(self.at), frame)).unwrap();
        terminal
    }

    fn screen(&self) -> String {
        let terminal = self.draw();
        let buffer = terminal.backend().buffer();
        let mut out = String::new();
        for y in 0..self.size.1 {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..self.size.0 {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = tickey::text::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn copied(&self) -> Vec<String> {
        let text = |effect: &Effect| match effect {
            Effect::Copy { text, .. } => Some(text.to_string()),
            _ => None,
        };
        self.effects.iter().filter_map(text).collect()
    }
}

fn trouble(message: &str) -> Trouble {
    Trouble { message: message.into(), hint: None, wrong_passphrase: false, missing: false }
}

const SIZES: [(u16, u16); 4] = [(110, 30), (80, 24), (48, 12), (22, 3)];

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
    snapshots("trash", "dyT");
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
        let choice =
            |name: &str| VaultChoice { name: name.into(), path: PathBuf::from(format!("/home/maya/{name}.json")) };
        session.send(Msg::Vaults(vec![choice("personal"), choice("work")]));
        session.keys("secret<Enter>");
        let wrong = Trouble { wrong_passphrase: true, ..trouble("wrong passphrase") };
        session.send(Msg::Opened(Err(wrong)));
        insta::assert_snapshot!(format!("unlock_{}x{}", size.0, size.1), session.screen());
        assert!(!session.screen().contains("secret"));
    }
}

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
        session.send(Msg::Opened(Err(Trouble { wrong_passphrase: true, ..trouble("wrong passphrase") })));
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
    session.send(Msg::Opened(Ok(OpenVault {
        name: "personal".into(),
        path,
        vault: Arc::new(vault),
        clock,
        warning: None,
    })));
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
fn an_import_is_one_save_and_one_undo() {
    let mut session = Session::open((80, 24));
    session.keys("i/tmp/x.txt<Enter>");
    let text = "otpauth://totp/One:a?secret=JBSWY3DPEHPK3PXA\notpauth://totp/Two:b?secret=JBSWY3DPEHPK3PXB\nnonsense\n\
                otpauth://totp/GitHub:octo@example.com?secret=JBSWY3DPEHPK3PXP\n";
    let format = tickey::formats::registry::detect(text.as_bytes()).unwrap();
    let Ok(tickey::formats::Opened::Plain(imported)) = (format.read.unwrap())(text.as_bytes()) else { panic!() };
    session.send(Msg::ImportRead(Ok(ImportRead::Entries { format: format.name, imported })));
    insta::assert_snapshot!("import_plan", session.screen());
    session.effects.clear();
    session.keys("<Enter>");
    assert_eq!(session.effects.iter().filter(|effect| matches!(effect, Effect::Save { .. })).count(), 1);
    assert!(session.screen().contains("One") && session.screen().contains("Two"));
    session.keys("u");
    assert!(!session.screen().contains(" One") && !session.screen().contains(" Two"));
}

#[test]
fn odd_labels_never_break_the_list() {
    let otp = || Otp::new(Kind::Totp, uri::base32_secret("JBSWY3DPEHPK3PXP").unwrap());
    let labels = [
        "\x1b[2J\x07evil",
        "two\nlines",
        "\u{202e}gnp.exe",
        &"long".repeat(2_500),
        "👩‍👩‍👧‍👦 family",
        "日本郵便日本郵便日本郵便日本郵便",
    ];
    let entries: Vec<Details> = labels.iter().map(|label| Details::new(otp(), *label, *label)).collect();
    for size in SIZES {
        let mut session = Session::open_with(size, Config::default(), with(empty(), entries.clone()));
        for keys in ["", "v", "<Esc>d", "nh", "<Esc>e"] {
            let screen = session.keys(keys).screen();
            assert!(screen.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{screen:?}");
        }
    }
}

#[test]
fn no_size_panics_and_a_code_is_always_shown() {
    let screens = ["", "/git", "v", "a", "d", "dyT", "fh", "?", ":", "x", "i", ":passphrase<Enter>"];
    for keys in screens {
        let mut session = Session::open((80, 24));
        session.keys(keys);
        for w in 1..=130 {
            for h in (1..=40).filter(|h| keys.is_empty() || *h < 14 || w % 9 == 1) {
                session.size = (w, h);
                session.send(Msg::Resize(w, h));
                if !keys.is_empty() {
                    session.draw();
                } else if w >= 7 {
                    let screen = session.screen();
                    let digits = screen.lines().any(|line| line.chars().filter(char::is_ascii_digit).count() >= 6);
                    assert!(digits, "{w}x{h}: {screen}");
                }
            }
        }
    }
    for exists in [true, false] {
        let mut session = Session::start((80, 24), Config::default(), exists);
        for n in 0..2 {
            for w in 1..=130 {
                for h in 1..=40 {
                    session.size = (w, h);
                    session.send(Msg::Resize(w, h));
                    session.draw();
                }
            }
            session.keys(if n == 0 { "<Enter>" } else { "" });
        }
    }
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
    let set = Effect::ChangePassphrase { passphrase: Text::from("one") };
    assert_eq!(session.effects.last(), Some(&set));
    session.send(Msg::PassphraseChanged(Err(trouble("the disk is full; nothing was changed"))));
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

/// Whatever is pressed, in whatever order, at whatever size: nothing panics, and what is drawn stays clean.
#[test]
fn no_row_of_keys_panics() {
    let pool = keys::parse(
        "abcdefghijklmnopqrstuvxyzLTUVYG/:?1 29<Enter><Enter><Enter><Esc><Esc><Tab><BackTab><Up><Down><Left><Right><PageUp>\
         <PageDown><Home><End><Backspace><Delete><F2><C-r><C-n><C-s><C-u><C-w><C-c><C-z><A-x>日",
    )
    .unwrap();
    let mut random = Fixed(3);
    let mut roll = |most: usize| {
        let mut bytes = [0; 4];
        random.fill(&mut bytes).unwrap();
        u32::from_le_bytes(bytes) as usize % most
    };
    for round in 0..60 {
        let mut session = Session::open(SIZES[round % 4]);
        session.failing = round % 5 == 0;
        session.holding = round % 7 == 0;
        for step in 0..150 {
            match roll(40) {
                0 => {
                    session.size = (1 + roll(130) as u16, 1 + roll(40) as u16);
                    session.send(Msg::Resize(session.size.0, session.size.1));
                }
                1 => session.send(Msg::Paste(Text::from("otpauth://totp/A:b?secret=JBSWY3DPEHPK3PXP"))),
                2 => {
                    use tickey::app::{Mouse, MouseKind};
                    let kind = [MouseKind::Press, MouseKind::WheelUp, MouseKind::WheelDown][roll(3)];
                    let (column, row) = (roll(130) as u16, roll(40) as u16);
                    session.send(Msg::Mouse(Mouse { kind, column, row }));
                }
                3 => {
                    session.wait(roll(4_000) as u64);
                }
                _ => session.send(Msg::Key(pool[roll(pool.len())])),
            }
            if !session.model.is_open() {
                break;
            }
            if step % 5 == 0 {
                session.draw();
                next_wake(&session.model, now(session.at));
            }
        }
    }
}
