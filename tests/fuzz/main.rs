//! Every family of readers over its seeds and some thousand changed copies of them, the same ones each time. `just fuzz` looks further.
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

mod families;

use std::fs;
use std::io::Cursor;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use families::{FAMILIES, Family, Input};
use image::ImageFormat;
use tickey::formats::registry::{self, FORMATS};
use tickey::otp::{Kind, Otp};
use tickey::qr::Symbol;
use tickey::secret::{NoRandomness, Random, Secret};
use tickey::vault::Details;

/// A file to begin with.
struct Seed {
    name: String,
    /// The format it is of; none for a vault's.
    format: Option<String>,
    bytes: Vec<u8>,
}

/// A stream of numbers that is the same each time (xorshift64*).
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`; 0 when that is 0.
    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }
}

impl Random for Stream {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        out.fill_with(|| self.next() as u8);
        Ok(())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

/// What the readers' own tests read (`src/formats/samples.rs` keeps it), what the writers write, the other tests' files.
fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add =
        |name: String, format: Option<&str>, bytes| seeds.push(Seed { name, format: format.map(str::to_owned), bytes });
    let mut kept: Vec<PathBuf> =
        fs::read_dir(folder().join("seeds")).unwrap().map(|file| file.unwrap().path()).collect();
    kept.sort();
    for path in kept {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (format, _) = name.rsplit_once('-').unwrap();
        add(name.clone(), Some(format), fs::read(&path).unwrap());
    }
    let entries: Vec<Details> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let mut details = Details::new(Otp::new(kind, Secret::from(&b"sixteen bytes ok"[..])), "Größe & Co", "a:b");
            details.otp.pin = matches!(kind, Kind::Motp | Kind::Yandex).then(|| "2468".into());
            details.tags = vec!["Work/Cloud".into()];
            details
        })
        .collect();
    for format in FORMATS {
        let Some(writer) = &format.write else { continue };
        if let (true, Ok(file)) = (writer.plain, (writer.write)(&entries, None, &mut Stream(1))) {
            add(format!("{}-plain", format.id), Some(format.id), file);
        }
        if let (true, Ok(file)) = (writer.encrypts, (writer.write)(&entries, Some(&"w".into()), &mut Stream(2))) {
            add(format!("{}-sealed", format.id), Some(format.id), file);
        }
    }
    let pictures = registry::by_id("google-qr").unwrap();
    for picture in registry::write(pictures, &entries, None, &mut Stream(3)).unwrap() {
        add("picture".into(), Some("picture"), picture);
    }
    let code = Symbol::of("otpauth://totp/A:b?secret=MZXW6").unwrap().png(2);
    let code = image::load_from_memory(&code).unwrap();
    for kind in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::Jpeg, ImageFormat::WebP] {
        let mut file = Cursor::new(Vec::new());
        code.to_rgb8().write_to(&mut file, kind).unwrap();
        add(format!("picture-{kind:?}"), Some("picture"), file.into_inner());
    }
    for (format, file) in [("google-sqlite", "google"), ("microsoft", "microsoft"), ("stratum-sqlite", "stratum")] {
        let path = folder().join(format!("../formats/databases/{file}.sqlite"));
        add(file.into(), Some(format), fs::read(path).unwrap());
    }
    for vault in ["full", "fresh"] {
        add(vault.into(), None, fs::read(folder().join(format!("../golden/{vault}.vault"))).unwrap());
    }
    seeds
}

/// The seeds as a family takes them.
fn inputs(family: &Family, seeds: &[Seed]) -> Vec<(String, Vec<u8>)> {
    let named = |seed: &Seed, bytes: Vec<u8>| (seed.name.clone(), bytes);
    let mut inputs: Vec<(String, Vec<u8>)> = seeds
        .iter()
        .filter_map(|seed| match (family.input, &seed.format) {
            (Input::Chosen(formats), Some(format)) => {
                let choice = formats.iter().position(|id| id == format)?;
                Some(named(seed, [&[choice as u8], seed.bytes.as_slice()].concat()))
            }
            (Input::Any, _) | (Input::Vault, None) => Some(named(seed, seed.bytes.clone())),
            _ => None,
        })
        .collect();
    if let Input::Link = family.input {
        let lists = seeds.iter().filter(|seed| matches!(seed.format.as_deref(), Some("uri" | "google" | "ente")));
        let texts: Vec<String> = lists.filter_map(|seed| String::from_utf8(seed.bytes.clone()).ok()).collect();
        let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| line.contains("://"));
        inputs.extend((0..).zip(lines).map(|(number, line)| (format!("line-{number}"), line.as_bytes().to_vec())));
    }
    inputs
}

/// A copy with one to four changes, some of them parts of another seed.
fn changed(bytes: &[u8], other: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=stream.below(4) {
        let at = stream.below(bytes.len());
        let end = (at + 1 + stream.below(16)).min(bytes.len());
        let Some(byte) = bytes.get_mut(at) else { break };
        match stream.below(9) {
            0 => *byte ^= 1 << stream.below(8),
            1 => *byte = [0, 0xff, 0x7f, 0x80, b'"', b'<', b'-', b'9'][stream.below(8)],
            2 => bytes[at..end].fill(0xff),
            3 => bytes[at..end].fill(0),
            4 => drop(bytes.drain(at..end)),
            5 => bytes.truncate(at),
            6 => bytes.splice(at..at, bytes[at..end].repeat(1 << stream.below(8))).for_each(drop),
            7 => {
                let from = stream.below(other.len());
                let part = &other[from..(from + 1 + stream.below(64)).min(other.len())];
                bytes.splice(at..end, part.iter().copied()).for_each(drop);
            }
            _ => {
                let number = ["0", "-1", "1e400", "4294967296", "18446744073709551616", "null", "[]"][stream.below(7)];
                bytes.splice(at..end, number.bytes()).for_each(drop);
            }
        }
    }
    bytes
}

fn run(name: &str, copies: usize) {
    let family = FAMILIES.iter().find(|family| family.name == name).unwrap();
    let inputs = inputs(family, &seeds());
    assert!(!inputs.is_empty(), "{name} has no seeds");
    let try_out = |what: &str, bytes: &[u8]| {
        if catch_unwind(|| families::read(name, bytes)).is_err() {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
            fs::write(&path, bytes).unwrap();
            panic!("{name} broke on {what}, which is kept in {}", path.display());
        }
    };
    inputs.iter().for_each(|(seed, bytes)| try_out(seed, bytes));
    let mut stream = Stream(0x9e37_79b9_7f4a_7c15);
    for number in 0..copies {
        let (seed, bytes) = &inputs[number % inputs.len()];
        let (_, other) = &inputs[stream.below(inputs.len())];
        let copy = changed(bytes, other, &mut stream);
        try_out(&format!("change {number}, of {seed}"), &copy);
    }
}

macro_rules! families {
    ($($name:ident $copies:literal),* $(,)?) => {
        $(#[test] fn $name() { run(stringify!($name), $copies); })*

        #[test]
        fn every_family_is_run() {
            let run = [$(stringify!($name)),*];
            assert_eq!(FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>(), run);
        }
    };
}

families! {
    recognition 4000,
    json 8000,
    lines 4000,
    marked 4000,
    sealed 4000,
    archives 4000,
    databases 4000,
    pictures 100,
    links 8000,
    vault 4000,
}

#[test]
fn every_format_that_is_read_has_a_family_and_a_seed_there_that_is_read() {
    let seeds = seeds();
    for format in FORMATS.iter().filter(|format| format.read.is_some()) {
        let at_home = |family: &&Family| matches!(family.input, Input::Chosen(formats) if formats.contains(&format.id));
        assert!(FAMILIES.iter().any(|family| at_home(&family)), "{} is in no family", format.id);
        let read = format.read.unwrap();
        let mut of_it = seeds.iter().filter(|seed| seed.format.as_deref() == Some(format.id));
        let good = of_it.any(|seed| read(&seed.bytes).is_ok());
        assert!(good, "{} has no seed that is read", format.id);
    }
}

/// `TICKEY_BLESS=1` puts the seeds where `cargo fuzz` looks for them.
#[test]
fn seeds_are_laid_out() {
    if std::env::var_os("TICKEY_BLESS").is_none() {
        return;
    }
    for family in FAMILIES {
        let corpus = folder().join("corpus").join(family.name);
        fs::create_dir_all(&corpus).unwrap();
        for (name, bytes) in inputs(family, &seeds()) {
            fs::write(corpus.join(name), bytes).unwrap();
        }
    }
}
