//! The pictures in `assets/screens/`: drawn from the program's own screen, compared with what lies there.
//! `TICKEY_BLESS=1 cargo test --test pictures` writes them anew.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::expect_used,
    clippy::get_unwrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

use std::path::Path;
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tickey::app::{self, Answer, Key, KeyCode, Model, Msg, OpenVault, Start, Ticket};
use tickey::config::Config;
use tickey::runtime::{clock, demo, process};
use tickey::time::Now;
use tickey::tui::{svg, view};
use tickey::vault::Clock;

/// A moment at which the codes have a while to go.
const NOW: Now = Now { wall_ms: 1_767_225_602_000, boot_ms: 5_000 };

fn drawn(columns: u16, rows: u16, keys: &str) -> String {
    let start = Start { path: "personal.json".into(), then: None, exists: true, size: (columns, rows) };
    let (mut model, _) = Model::new(Config::default(), start, Box::new(clock::Os), NOW);
    let vault = Arc::new(demo::vault(&process::limits()).unwrap());
    let clock = Clock::new(1, vault.newest());
    let open = OpenVault { name: "Personal".into(), path: Some("personal.json".into()), vault, clock, warning: None };
    let press = |model: &mut Model, letter: char| {
        let code = match letter {
            '\n' => KeyCode::Enter,
            '↓' => KeyCode::Down,
            letter => KeyCode::Char(letter),
        };
        app::update(model, Msg::Key(Key { code, ctrl: false, alt: false, shift: false }), NOW);
    };
    "demo\n".chars().for_each(|letter| press(&mut model, letter));
    // The first that was asked.
    app::update(&mut model, Msg::Answer(Ticket(0), Answer::Opened(Ok(vec![open]))), NOW);
    keys.chars().for_each(|letter| press(&mut model, letter));
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| view::draw(&model, NOW, frame)).unwrap();
    svg::picture(terminal.backend().buffer())
}

#[test]
fn the_pictures_are_what_the_program_draws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screens");
    for (name, columns, rows, keys) in [
        ("list", 80, 18, ""),
        ("search", 80, 18, "/git"),
        ("wide", 110, 24, "↓"),
        ("entry", 80, 24, "v"),
        ("help", 80, 24, "?"),
        ("narrow", 48, 12, ""),
    ] {
        let picture = drawn(columns, rows, keys);
        let path = folder.join(format!("{name}.svg"));
        if std::env::var_os("TICKEY_BLESS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, picture).unwrap();
        } else {
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(kept == picture, "{} is not what is drawn now; TICKEY_BLESS=1 writes it anew", path.display());
        }
    }
}
