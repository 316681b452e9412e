//! What the program's work costs: codes, unlocking over key derivation alone, saving, a key and a letter to the drawn screen.
//!
//! `cargo bench` runs all, `cargo bench -- unlock` those whose names hold that word.
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

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tickey::app::{Answer, Model, Msg, OpenVault, Start, Ticket, update};
use tickey::config::{Config, keys};
use tickey::otp::{Algorithm, Kind, Otp};
use tickey::secret::{Secret, Text};
use tickey::store::disk;
use tickey::time::Now;
use tickey::tui::view;
use tickey::vault::Locked;
use tickey::vault::{Clock, Cost, Details, Edit, EntryId, Limits, Stamp, Unlocked, kdf};

#[path = "../screens/outside.rs"]
#[allow(dead_code, reason = "of what the tests of the screens share, only some is needed here")]
mod outside;

use outside::Fixed;

const NOW: Now = Now { wall_ms: outside::NOW, boot_ms: 1_000_000 };
const PASSPHRASE: &str = "correct horse battery staple";
/// What a vault costs at least where the program chooses.
const COST: Cost = Cost { m_kib: 64 * 1024, t: 3, p: 4 };
const LIMITS: Limits = Limits { ram: 8 << 30 };

fn passphrase() -> Text {
    Text::from(PASSPHRASE)
}

/// A vault of so many entries with names that differ.
fn vault(entries: usize) -> (Unlocked, Clock) {
    let founded = Unlocked::found("maya", &passphrase(), COST, &LIMITS, NOW.wall_ms, &mut Fixed(1)).unwrap();
    let mut random = Fixed(7);
    let edits: Vec<Edit> = (0..entries)
        .map(|n| {
            let otp = Otp::new(Kind::Totp, Secret::from(format!("secret number {n:07}").as_bytes()));
            let service = ["GitHub", "GitLab", "Proton", "Hetzner", "Mastodon", "Bank", "Registrar"][n % 7];
            let mut details = Details::new(otp, format!("{service} {n}"), format!("user{n}@example.com"));
            details.tags = vec![Text::from(["Work", "Home", "Ops"][n % 3])];
            Edit::Add(EntryId::random(&mut random).unwrap(), Box::new(details))
        })
        .collect();
    let mut clock = Clock::new(42, Stamp::default());
    let changes = founded.vault.plan(&edits, &mut clock, NOW.wall_ms).unwrap();
    (founded.vault.with(&changes), clock)
}

fn codes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("code");
    for (name, kind, algorithm) in [
        ("totp-sha1", Kind::Totp, Algorithm::Sha1),
        ("totp-sha512", Kind::Totp, Algorithm::Sha512),
        ("steam", Kind::Steam, Algorithm::Sha1),
    ] {
        let mut otp = Otp::new(kind, Secret::from(&b"12345678901234567890"[..]));
        otp.algorithm = algorithm;
        group.bench_function(name, |bencher| bencher.iter(|| black_box(&otp).code(black_box(NOW.unix()))));
    }
    group.finish();
}

/// Unlocking, beside the same key derivation alone.
fn unlocking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("unlock");
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    let passphrase = passphrase();
    group.bench_function("argon2-alone", |bencher| {
        bencher.iter(|| kdf::derive(&passphrase, &[7; 16], COST, &LIMITS).unwrap());
    });
    for entries in [1_000, 10_000] {
        let bytes = vault(entries).0.seal(&mut Fixed(3)).unwrap();
        group.bench_function(BenchmarkId::from_parameter(entries), |bencher| {
            // Locking, which wipes all of it again, is not part of unlocking.
            bencher.iter_with_large_drop(|| {
                let locked = Locked::read(&bytes, &LIMITS).unwrap();
                locked.unlock(&passphrase, &LIMITS).unwrap()
            });
        });
    }
    group.finish();
}

/// One favourite more, saved durably.
fn saving(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("save");
    group.sample_size(20);
    for entries in [1_000, 10_000] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("personal.json");
        let (mut vault, mut clock) = vault(entries);
        let mut random = Fixed(5);
        let mut tag = disk::create(&path, &vault, &mut random).unwrap();
        let id = vault.entries().next().unwrap().id;
        let mut favourite = false;
        group.bench_function(BenchmarkId::from_parameter(entries), |bencher| {
            bencher.iter(|| {
                favourite = !favourite;
                let changes = vault.plan(&[Edit::Favourite(id, favourite)], &mut clock, NOW.wall_ms).unwrap();
                vault = vault.with(&changes);
                let patience = Duration::from_secs(5);
                tag = disk::save(&path, Some(&tag), &vault, &LIMITS, patience, NOW.wall_ms, &mut random).unwrap().tag;
            });
        });
    }
    group.finish();
}

/// An opened vault on a screen of 110×30.
struct Screen {
    model: Model,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    fn new((vault, clock): (Unlocked, Clock)) -> Screen {
        let path = PathBuf::from("/home/maya/personal.json");
        let start = Start { path: path.clone(), then: None, exists: true, size: (110, 30) };
        let (model, _) = Model::new(Config::default(), start, Box::new(Fixed(99)), NOW);
        let terminal = Terminal::new(TestBackend::new(110, 30)).unwrap();
        let mut screen = Screen { model, terminal };
        screen.keys("a passphrase<Enter>");
        let open =
            OpenVault { name: "personal".into(), path: Some(path), vault: Arc::new(vault), clock, warning: None };
        // The first that was asked.
        update(&mut screen.model, Msg::Answer(Ticket(0), Answer::Opened(Ok(vec![open]))), NOW);
        assert!(screen.model.is_open());
        screen
    }

    /// Those keys, the screen drawn after each.
    fn keys(&mut self, text: &str) {
        for key in keys::parse(text).unwrap() {
            update(&mut self.model, Msg::Key(key), NOW);
            let model = &self.model;
            self.terminal.draw(|frame| view::draw(model, NOW, frame)).unwrap();
            self.model.drawn(NOW);
        }
    }
}

/// Two keys, or two letters, each with its drawing.
fn drawing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("screen");
    group.sample_size(30);
    for entries in [10_000, 100_000] {
        let opened = vault(entries);
        let mut screen = Screen::new(opened);
        group.bench_function(BenchmarkId::new("two-keys", entries), |bencher| bencher.iter(|| screen.keys("jk")));
        screen.keys("/git");
        group.bench_function(BenchmarkId::new("two-letters", entries), |bencher| {
            bencher.iter(|| screen.keys("h<Backspace>"))
        });
    }
    group.finish();
}

criterion_group!(all, codes, unlocking, saving, drawing);
criterion_main!(all);
