//! The map in `src/lib.rs` is kept: nobody imports what stands above them, the pure rooms stay pure, ciphers are called in few places,
//! and no file grows out of hand.
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

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Who may use whom, besides themselves.
const MAY_USE: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("time", &[]),
    ("text", &[]),
    ("qr", &["secret"]),
    ("config", &["secret", "text"]),
    ("otp", &["secret", "time", "text"]),
    ("vault", &["otp", "secret", "time", "text"]),
    ("formats", &["vault", "otp", "qr", "secret", "time", "text"]),
    ("store", &["vault", "otp", "secret", "time", "text"]),
    ("team", &["store", "vault", "secret", "text"]),
    ("app", &["formats", "vault", "otp", "config", "qr", "secret", "time", "text"]),
    ("runtime", &["app", "team", "store", "formats", "vault", "otp", "config", "qr", "secret", "time", "text"]),
    ("tui", &["runtime", "app", "store", "formats", "vault", "otp", "config", "qr", "secret", "time", "text"]),
    ("cli", &["runtime", "app", "team", "store", "formats", "vault", "otp", "config", "qr", "secret", "time", "text"]),
    // The whole: it only names the rooms.
    ("lib", &[]),
    ("main", &["cli", "tui", "runtime", "store"]),
];

/// Nothing in these touches a disk, a clock, the environment or the system's randomness.
const PURE: &[&str] = &["secret", "time", "text", "qr", "config", "otp", "vault", "formats", "app"];
const IMPURE: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "env"],
    &["std", "process"],
    &["std", "net"],
    &["std", "thread"],
    &["SystemTime"],
    &["Instant"],
    &["getrandom"],
    &["rustix"],
    &["println"],
    &["eprintln"],
];

/// Crates that belong to one place.
const HOME_OF: &[(&str, &[&str])] = &[
    ("chacha20poly1305", &["vault/seal.rs", "formats/cipher.rs"]),
    ("ed25519_dalek", &["vault/seal.rs"]),
    ("x25519_dalek", &["vault/seal.rs"]),
    ("hkdf", &["vault/seal.rs", "formats/cipher.rs"]),
    ("argon2", &["vault/kdf.rs", "formats/cipher.rs", "formats/cipher/"]),
    ("scrypt", &["formats/cipher.rs", "formats/aegis.rs"]),
    ("pbkdf2", &["formats/cipher.rs"]),
    ("aes_gcm", &["formats/cipher.rs"]),
    ("aes", &["formats/cipher.rs", "formats/cipher/"]),
    ("cbc", &["formats/cipher.rs", "formats/cipher/"]),
    ("chacha20", &["formats/cipher.rs", "formats/cipher/"]),
    ("poly1305", &["formats/cipher.rs"]),
    ("salsa20", &["formats/cipher/"]),
    ("twofish", &["formats/cipher/"]),
    ("ratatui", &["tui/"]),
    ("crossterm", &["tui/"]),
    ("clap", &["cli/"]),
    ("arboard", &["runtime/"]),
    ("image", &["qr/"]),
    ("rxing", &["qr/"]),
    ("qrcode", &["qr/"]),
    ("zeroizing_alloc", &["runtime/process.rs"]),
];

const LONGEST_FILE: usize = 700;
/// The median of all files.
const USUAL_FILE: usize = 200;

/// A file cut into words and signs, without comments, texts and characters.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest) {
            length
        } else if first == '"' {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |(at, _)| at + 1)
        } else if first == '\'' {
            character(rest).unwrap_or(1)
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[skip..];
    }
    tokens
}

/// The length of `r"…"`, `r#"…"#` and their like, when one begins here.
fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let marks = after.len() - after.trim_start_matches('#').len();
    let text = after[marks..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(marks));
    let begins = rest.len() - text.len();
    Some(text.find(&end).map_or(rest.len(), |at| begins + at + end.len()))
}

/// The length of a character in quotes; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        return rest[3..].find('\'').map(|at| at + 4);
    }
    let (at, quote) = chars.next()?;
    (quote == '\'').then_some(at + 1)
}

/// What stands before the tests that end a file.
fn without_tests(tokens: &[String]) -> &[String] {
    let mark = ["cfg", "(", "test", ")", "]", "mod"];
    let ends_in_body = |at: usize| tokens.get(at + mark.len() + 1).is_some_and(|token| token == "{");
    let end = (0..tokens.len()).find(|at| begins(&tokens[*at..], &mark) && ends_in_body(*at));
    &tokens[..end.unwrap_or(tokens.len())]
}

fn begins(tokens: &[String], with: &[&str]) -> bool {
    tokens.len() >= with.len() && tokens.iter().zip(with).all(|(token, part)| token == part)
}

/// Every path below `root`: the first two names after `root::`, those in braces too.
fn paths(tokens: &[String], root: &str) -> BTreeSet<(String, String)> {
    let name = |at: usize| tokens.get(at).cloned().unwrap_or_default();
    // The names that may follow a `::`.
    let choices = |at: usize| -> Vec<(String, usize)> {
        if name(at) != "{" {
            return vec![(name(at), at + 1)];
        }
        let (mut depth, mut fresh, mut found) = (0, false, Vec::new());
        for (here, token) in tokens.iter().enumerate().skip(at) {
            match token.as_str() {
                "{" => (depth, fresh) = (depth + 1, depth == 0),
                "}" if depth == 1 => break,
                "}" => depth -= 1,
                "," if depth == 1 => fresh = true,
                _ if fresh => {
                    found.push((name(here), here + 1));
                    fresh = false;
                }
                _ => {}
            }
        }
        found
    };
    let mut found = BTreeSet::new();
    for at in 0..tokens.len() {
        if tokens[at] != root || name(at + 1) != "::" || (at > 0 && tokens[at - 1] == "::") {
            continue;
        }
        for (room, next) in choices(at + 2) {
            let inner = if name(next) == "::" { choices(next + 1) } else { vec![(String::new(), next)] };
            found.extend(inner.into_iter().map(|(inner, _)| (room.clone(), inner)));
        }
    }
    found
}

/// What is wrong with one file; `test_only` says that it is compiled into tests alone.
fn faults(path: &str, source: &str, test_only: bool) -> Vec<String> {
    let room = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let mut faults = Vec::new();
    let all = tokens(source);
    let root = if room == "main" { "tickey" } else { "crate" };
    match MAY_USE.iter().find(|(name, _)| *name == room) {
        None => faults.push(format!("{path}: the map knows no room `{room}`")),
        Some((_, may)) => {
            for (used, inner) in paths(&all, root) {
                if used != room && !may.contains(&used.as_str()) {
                    faults.push(format!("{path}: `{room}` must not use `{used}`"));
                }
                if room == "cli" && used == "app" && matches!(inner.as_str(), "Model" | "shell" | "update") {
                    faults.push(format!("{path}: the command line builds no model"));
                }
            }
        }
    }
    // `super::super::…` must not climb out of a room, where the arrows are not seen.
    let climb = all.windows(3).filter(|three| three[0] == "super" && three[1] == "::" && three[2] == "super").count();
    if climb > 0 && path.matches('/').count() < 2 && !test_only {
        faults.push(format!("{path}: `super::super` where `crate::` would show the way"));
    }
    if !test_only {
        let body = without_tests(&all);
        for at in 0..body.len() {
            if PURE.contains(&room) {
                for impure in IMPURE {
                    let chain: Vec<&str> = impure.iter().flat_map(|part| ["::", part]).skip(1).collect();
                    if begins(&body[at..], &chain) {
                        faults.push(format!("{path}: `{}` in a room that is pure", impure.join("::")));
                    }
                }
            }
            let is_path = body.get(at + 1).is_some_and(|next| next == "::") && (at == 0 || body[at - 1] != "::");
            if let Some((name, homes)) = HOME_OF.iter().find(|(name, _)| is_path && *name == body[at])
                && !homes.iter().any(|home| path.starts_with(home))
            {
                faults.push(format!("{path}: `{name}` is called in {} only", homes.join(" and ")));
            }
        }
    }
    let lines = source.lines().count();
    if lines > LONGEST_FILE {
        faults.push(format!("{path}: {lines} lines, {LONGEST_FILE} at most"));
    }
    faults.dedup();
    faults
}

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names of the modules that a file declares for tests alone.
fn test_modules(tokens: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| *token == "cfg") {
        if !begins(&tokens[at..], &["cfg", "(", "test", ")", "]"]) {
            continue;
        }
        let sign =
            |word: &&String| matches!(word.as_str(), "pub" | "(" | "crate" | ")" | "#" | "[" | "]" | "path" | "=");
        let mut after = tokens[at + 5..].iter().skip_while(sign);
        if let (Some("mod"), Some(name), Some(";")) =
            (after.next().map(String::as_str), after.next(), after.next().map(String::as_str))
        {
            found.push(name.clone());
        }
    }
    found
}

#[test]
fn the_map_is_kept() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&root, &mut files);
    assert!(files.len() > 50, "only {} files were found", files.len());
    let sources: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut for_tests = BTreeSet::new();
    for (file, source) in files.iter().zip(&sources) {
        let folder = file.parent().unwrap();
        for_tests.extend(test_modules(&tokens(source)).iter().map(|name| folder.join(name).with_extension("rs")));
    }
    assert!(for_tests.contains(&root.join("vault/tests.rs")), "the modules for tests were not found");
    let mut all = Vec::new();
    let mut lengths = Vec::new();
    for (file, source) in files.iter().zip(&sources) {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
        lengths.push(source.lines().count());
        all.extend(faults(path, source, for_tests.contains(file)));
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(all.is_empty(), "{}", all.join("\n"));
    assert!(median <= USUAL_FILE, "half of the files are longer than {median} lines");
}

#[test]
fn a_wrong_line_is_seen() {
    let wrong = [
        ("otp/totp.rs", "use crate::vault::Entry;"),
        ("vault/seal.rs", "fn f() { crate::formats::read() }"),
        ("formats/aegis.rs", "use crate::{\n    otp::{Kind, Otp},\n    store::disk,\n};"),
        ("store/disk.rs", "use crate::app::Model;"),
        ("app/list.rs", "fn f(_: crate::store::Tag) {}"),
        ("app/share.rs", "use crate::team::create;"),
        ("store/disk.rs", "use crate::team::OpenFile;"),
        ("team/join.rs", "use crate::runtime::clock;"),
        ("team/join.rs", "use crate::app::Trouble;"),
        ("tui/view/share.rs", "use crate::team::TeamError;"),
        ("runtime/jobs.rs", "use crate::tui::view;"),
        ("tui/view/list.rs", "use crate::cli::out;"),
        ("cli/code.rs", "use crate::app::{msg::Copied, Model};"),
        ("cli/code.rs", "let x = crate::app::update(m);"),
        ("main.rs", "use tickey::vault;"),
        ("garage/car.rs", ""),
        ("app/list.rs", "let now = std::time::Instant::now();"),
        ("vault/file.rs", "use std::fs::File;"),
        ("vault/document.rs", "use chacha20poly1305::KeyInit;"),
        ("app/list.rs", "use ratatui::Frame;"),
        ("otp/totp.rs", "use super::super::vault::Entry;"),
        ("text.rs", "const QUOTE: char = '\"'; use crate::vault::Entry; // \""),
        ("text.rs", "const RAW: &str = r#\"a \"quoted\" word\"#; use crate::vault::Entry; fn f<'a>() {}"),
    ];
    for (path, source) in wrong {
        assert_eq!(faults(path, source, false).len(), 1, "{path}: {source}: {:?}", faults(path, source, false));
    }
    let long = "\n".repeat(LONGEST_FILE + 1);
    assert_eq!(faults("text.rs", &long, false).len(), 1);
}

#[test]
fn a_right_line_is_left_alone() {
    let right = [
        ("otp/totp.rs", "//! See [`crate::vault::Entry`].\nuse crate::secret::{Secret, Text};\nuse super::Otp;"),
        (
            "otp/uri.rs",
            "const A: &str = \"use crate::vault\"; /* crate::vault */ let b = '\\''; let c = b\"crate::vault\\\\\";",
        ),
        ("vault/seal.rs", "use chacha20poly1305::KeyInit;"),
        ("cli/code.rs", "use crate::app::msg::Copied;"),
        ("vault/stamp.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}"),
        ("main.rs", "use tickey::{cli, tui};"),
        ("tui/view/list.rs", "use super::super::theme;"),
    ];
    for (path, source) in right {
        assert_eq!(faults(path, source, false), Vec::<String>::new(), "{source}");
    }
    assert!(faults("vault/tests.rs", "use std::fs;", true).is_empty());
    assert_eq!(faults("vault/tests.rs", "use crate::store::disk;", true).len(), 1);
}

/// Inside `app/`: who may use whom, besides themselves. The door (`app/mod.rs`) names them all.
const APP_MAY_USE: &[(&str, &[&str])] = &[
    ("effect", &[]),
    ("keymap", &[]),
    ("msg", &["effect"]),
    ("core", &["effect", "keymap", "msg"]),
    ("screen", &["core", "effect", "keymap", "msg"]),
    ("screens", &["screen", "core", "effect", "keymap", "msg"]),
    ("shell", &["screens", "screen", "core", "effect", "keymap", "msg"]),
    ("mod", &["shell", "screens", "screen", "core", "effect", "keymap", "msg"]),
];
/// The most files of `app/` that use each other in a circle.
const APP_CIRCLE: usize = 2;

/// Sources by their path below `src`, without their tests, cut into tokens.
type Sources = BTreeMap<String, Vec<String>>;
/// Which file uses which.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The module that a file is: `app/core/save.rs` and `app/core/save/mod.rs` are `app`, `core`, `save`.
fn module(path: &str) -> Vec<String> {
    let parts = path.trim_end_matches(".rs").split('/').map(str::to_owned);
    parts.filter(|part| !matches!(part.as_str(), "mod" | "lib" | "main")).collect()
}

/// The paths of a tree of names (`a::{b, c::d}`) that begins at `at`, each behind `before`; and where it ends.
fn tree(tokens: &[String], at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let sign = |at: usize| tokens.get(at).map_or("", String::as_str);
    if sign(at) == "{" {
        let mut next = at + 1;
        while next < tokens.len() && sign(next) != "}" {
            next = tree(tokens, next, before, found);
            // What follows a name in braces is its other name, or a sign.
            while next < tokens.len() && !matches!(sign(next), "," | "}") {
                next += 1;
            }
            next += usize::from(sign(next) == ",");
        }
        return next + 1;
    }
    let path = [before, &[sign(at).to_owned()]].concat();
    if sign(at + 1) == "::" && sign(at + 2) != "<" {
        return tree(tokens, at + 2, &path, found);
    }
    found.push(path);
    at + 1
}

/// Every path that a file names from the root of the sources on; in a `mod.rs` also by its children's names.
fn named(path: &str, sources: &Sources) -> Vec<Vec<String>> {
    let (tokens, here) = (&sources[path], module(path));
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        if at > 0 && tokens[at - 1] == "::" || tokens.get(at + 1).is_none_or(|next| next != "::") {
            continue;
        }
        let child = [here.clone(), vec![tokens[at].clone()]].concat().join("/");
        let (mut up, mut next) = (here.clone(), at);
        match tokens[at].as_str() {
            "crate" => (up, next) = (Vec::new(), at + 2),
            "super" => {
                while tokens.get(next).is_some_and(|token| token == "super") {
                    up.pop();
                    next += 2;
                }
            }
            _ if sources.contains_key(&format!("{child}.rs")) || sources.contains_key(&format!("{child}/mod.rs")) => {}
            _ => continue,
        }
        tree(tokens, next, &up, &mut found);
    }
    found
}

/// The file that a path leads to: the deepest that there is, through what a `mod.rs` passes on.
fn leads_to(path: &[String], sources: &Sources) -> Option<String> {
    let file = |length: usize| {
        let stem = path[..length].join("/");
        [format!("{stem}.rs"), format!("{stem}/mod.rs")].into_iter().find(|file| sources.contains_key(file))
    };
    let (length, file) = (1..=path.len()).rev().find_map(|length| Some((length, file(length)?)))?;
    let passed_on = path.get(length).filter(|_| file.ends_with("/mod.rs")).and_then(|name| {
        let tokens = &sources[&file];
        let uses = (0..tokens.len()).filter(|at| *at > 0 && tokens[*at] == "use" && tokens[*at - 1] == "pub");
        let mut all = Vec::new();
        uses.for_each(|at| {
            tree(tokens, at + 1, &module(&file), &mut all);
        });
        all.into_iter().find(|path| path.last() == Some(name))
    });
    passed_on.and_then(|path| leads_to(&path, sources)).or(Some(file))
}

fn arrows(sources: &Sources) -> Arrows {
    let from = |path: &String| {
        let to = named(path, sources).into_iter().filter_map(|to| leads_to(&to, sources));
        (path.clone(), to.filter(|to| to != path).collect())
    };
    sources.keys().map(from).collect()
}

/// The most files that all lead to each other.
fn largest_circle(arrows: &Arrows) -> BTreeSet<String> {
    let reached = |from: &String| {
        let (mut seen, mut left) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(file) = left.pop() {
            let next = arrows.get(&file).into_iter().flatten();
            left.extend(next.filter(|next| seen.insert((*next).clone())).cloned().collect::<Vec<_>>());
        }
        seen
    };
    let all: Arrows = arrows.keys().map(|file| (file.clone(), reached(file))).collect();
    let leads = |from: &String, to: &String| all.get(from).is_some_and(|reached| reached.contains(to));
    let circle = |file: &String| all[file].iter().filter(|other| leads(other, file)).cloned().collect();
    let circles = all.keys().map(circle);
    circles.max_by_key(BTreeSet::len).unwrap_or_default()
}

/// The files of `app/` alone, and their arrows to each other.
fn app_arrows(sources: &Sources) -> Arrows {
    let mut all = arrows(sources);
    all.retain(|file, _| file.starts_with("app/"));
    all.values_mut().for_each(|to| to.retain(|to| to.starts_with("app/")));
    all
}

/// What is wrong inside `app/`.
fn app_faults(sources: &Sources) -> Vec<String> {
    let part = |path: &str| path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs").to_owned();
    let all = app_arrows(sources);
    let mut faults = Vec::new();
    for (file, used) in &all {
        let room = part(file);
        let Some((_, may)) = APP_MAY_USE.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{file}: `app` has no room `{room}`"));
            continue;
        };
        for to in used {
            let is_screen = room == "screens" && !file.ends_with("/mod.rs");
            if part(to) != room && !may.contains(&part(to).as_str()) {
                faults.push(format!("{file}: `{room}` must not use {to}"));
            } else if is_screen && part(to) == "screens" {
                faults.push(format!("{file}: a screen knows no other: {to}"));
            }
        }
    }
    let circle = largest_circle(&all);
    if circle.len() > APP_CIRCLE {
        faults.push(format!("a circle of {} files: {circle:?}", circle.len()));
    }
    faults
}

fn sources<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Sources {
    files.into_iter().map(|(path, source)| (path.to_owned(), without_tests(&tokens(source)).to_vec())).collect()
}

/// `cargo test --test architecture -- --nocapture rooms` prints the files, lines, arrows and circles.
#[test]
fn the_rooms_of_the_app_are_kept() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&root, &mut files);
    let read = |file: &PathBuf| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        (path, std::fs::read_to_string(file).unwrap())
    };
    let texts: Vec<(String, String)> = files.iter().map(read).collect();
    let all = sources(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let app = app_arrows(&all);
    let count = |arrows: &Arrows| arrows.values().map(BTreeSet::len).sum::<usize>();
    let lines = texts.iter().filter(|(path, _)| path.starts_with("app/")).map(|(_, text)| text.lines().count());
    println!("src: {} files, {} arrows", all.len(), count(&arrows(&all)));
    println!("app: {} files, {} lines, {} arrows", app.len(), lines.sum::<usize>(), count(&app));
    println!("the largest circle in app: {:?}", largest_circle(&app));
    assert!(count(&app) > 100, "the arrows were not found");
    let faults = app_faults(&all);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_arrow_inside_the_app_is_seen() {
    const RIGHT: &[(&str, &str)] = &[
        ("app/mod.rs", "pub use shell::model::Model;\npub use msg::Msg;"),
        ("app/msg.rs", "use crate::app::effect::Effect;"),
        ("app/effect.rs", ""),
        ("app/keymap.rs", ""),
        ("app/screen.rs", "use crate::app::core::save::commit; use crate::app::keymap::{Action, Screen};"),
        ("app/core/mod.rs", ""),
        ("app/core/save.rs", "use crate::app::Msg; use crate::app::core::undo;"),
        ("app/core/undo.rs", "use crate::app::core::save;"),
        ("app/screens/mod.rs", "screens! { Form(form::Form) }"),
        ("app/screens/form.rs", "use crate::app::{Msg, core::{save::{self, commit as c}, undo}};"),
        ("app/screens/trash.rs", "//! See [`crate::app::screens::form`].\nuse crate::app::screen::Flow;"),
        ("app/shell/model.rs", "use crate::app::screens::Popup; use crate::app::screens::form;"),
    ];
    assert_eq!(app_faults(&sources(RIGHT.iter().copied())), Vec::<String>::new());
    for (path, source) in [
        ("app/msg.rs", "use crate::app::core::save;"),
        ("app/effect.rs", "fn f(_: crate::app::screen::Flow) {}"),
        ("app/keymap.rs", "use crate::app::screens::trash;"),
        ("app/screen.rs", "use crate::app::screens::trash::Trash;"),
        ("app/screen.rs", "use crate::app::screens::Popup;"),
        ("app/core/undo.rs", "use crate::app::{\n    core::save,\n    screen::{Flow, Handle},\n};"),
        ("app/core/undo.rs", "fn f(_: &super::super::screens::form::Form) {}"),
        ("app/core/undo.rs", "use crate::app::Model;"),
        ("app/screens/form.rs", "use crate::app::shell::model;"),
        ("app/screens/form.rs", "use crate::app::Model;"),
        ("app/screens/form.rs", "use crate::app::screens::trash::Trash;"),
        ("app/screens/form.rs", "use super::trash;\nfn f() { super::trash::Trash::new() }"),
        ("app/garage.rs", ""),
        ("app/core/redo.rs", "use crate::app::core::save; /* and back */"),
    ] {
        let mut files = sources(RIGHT.iter().copied().chain([(path, source)]));
        if path == "app/core/redo.rs" {
            files.get_mut("app/core/undo.rs").unwrap().extend(tokens("use super::redo;"));
        }
        let (faults, circle) = (app_faults(&files), path == "app/core/redo.rs");
        let seen = |fault: &String| fault.starts_with(if circle { "a circle of 3 files" } else { path });
        assert!(faults.iter().any(seen), "{path}: {source}: {faults:?}");
    }
}

/// A test says that it is skipped in one way, which can be forbidden.
#[test]
fn every_skip_can_be_forbidden() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files = Vec::new();
    source_files(&root, &mut files);
    files.retain(|file| std::fs::read_to_string(file).unwrap().contains(concat!("println!", "(\"skipped")));
    assert_eq!(files, [root.join("skip/mod.rs")]);
}

/// No crate that goes into the program asks for a newer compiler than `rust-version` promises; clippy's `incompatible_msrv` looks at our own calls.
#[test]
fn no_dependency_needs_a_newer_compiler() {
    let cargo = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let number = |version: &str| -> Vec<u32> { version.split('.').map(|part| part.parse().unwrap()).collect() };
    let ours = number(env!("CARGO_PKG_RUST_VERSION"));
    let newer: Vec<&str> = packages
        .iter()
        .filter(|package| package["rust_version"].as_str().is_some_and(|version| number(version)[..2] > ours[..2]))
        .map(|package| package["id"].as_str().unwrap())
        .collect();
    assert!(packages.len() > 100 && newer.is_empty(), "{newer:?}");
}
