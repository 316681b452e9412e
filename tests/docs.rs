//! The documents say what the program does: README's command blocks are run, keys, commands and settings are compared, links lead somewhere.
//!
//! A block fenced as ```` ```console ```` is a session in one shell: lines that begin with `$ ` are commands, the lines below each are
//! what it prints. A line `…` stands for any lines, `…` within a line for any text. All blocks run one after another in one fresh home folder with
//! the built program on the path; `tickey` alone (the screen) and the commands of a fresh checkout are left to other tests.
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

use std::process::Command;

/// One command of a block.
struct Step {
    line: usize,
    command: String,
    expected: Vec<String>,
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (number, line) in readme.lines().enumerate() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            inside = !inside && fence.trim() == "console";
        } else if inside {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { line: number + 1, command: command.to_owned(), expected: Vec::new() });
            } else if let Some(step) = steps.last_mut() {
                if step.command.ends_with('\\') {
                    step.command.pop();
                    step.command.push_str(line.trim_start());
                } else {
                    step.expected.push(line.to_owned());
                }
            }
        }
    }
    steps
}

/// Whether a command can be run here: it is about the program itself and needs no screen.
fn runs_here(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let first = words.next().unwrap_or_default();
    !(matches!(first, "cargo" | "git" | "just" | "cd" | "sudo" | "apt-get" | "brew") || command.trim() == "tickey")
}

/// Whether what was printed is what was promised.
fn fits(expected: &[String], printed: &[&str]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line.trim() == "…" => (0..=printed.len()).any(|skip| fits(rest, &printed[skip..])),
        Some((line, rest)) => match printed.split_first() {
            None => false,
            Some((have, others)) => line_fits(line.trim_end(), have.trim_end()) && fits(rest, others),
        },
    }
}

fn line_fits(expected: &str, printed: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

#[test]
fn readme_does_what_it_says() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_tickey"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    // One shell for all, so that a file or a variable made in one step is there in the next; a line of its own after each step.
    let mut script = String::from("exec 2>&1\n");
    let steps: Vec<Step> = steps(&readme).into_iter().filter(|step| runs_here(&step.command)).collect();
    for step in &steps {
        script.push_str(&format!("{}\nprintf '\\036\\n'\n", step.command));
    }
    let output = Command::new("setsid")
        .args(["--wait", "sh", "-c", &script])
        .env_clear()
        .env("PATH", path)
        .env("HOME", home.path())
        .env("USER", "maya")
        .current_dir(home.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let parts: Vec<&str> = printed.split("\u{1e}\n").collect();
    assert_eq!(parts.len(), steps.len() + 1, "a command ended the shell: {printed}");
    for (step, part) in steps.iter().zip(parts) {
        let lines: Vec<&str> = part.lines().collect();
        let words = format!("README.md:{}: $ {}", step.line, step.command);
        assert!(fits(&step.expected, &lines), "{words}\npromised:\n{}\nprinted:\n{part}", step.expected.join("\n"));
    }
}

/// The sources of the program and of its tests.
fn sources() -> Vec<String> {
    let mut folders =
        vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src").into(), concat!(env!("CARGO_MANIFEST_DIR"), "/tests").into()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        let folder: std::path::PathBuf = folder;
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

/// The tests that a text names: `` `a_sentence_of_words` ``, with or without the place it stands in before it.
fn named_tests(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let names = quoted.map(|words| words.split_once(": ").map_or(words, |(_, name)| name));
    let is_name = |name: &&str| {
        name.contains('_') && name.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    names.filter(is_name).collect()
}

#[test]
fn the_tests_that_the_threat_model_names_exist() {
    let sources = sources();
    let security = include_str!("../src/vault/SECURITY.md");
    let names = named_tests(security);
    assert!(names.len() > 40, "only {} tests are named", names.len());
    for name in names {
        let test = format!("fn {name}(");
        let found = sources.iter().any(|source| source.contains(&test) && source.contains("#[test]"));
        assert!(found, "SECURITY.md names `{name}`, which is no test");
    }
    assert_eq!(named_tests("a `b_c` and `d: e_f` but `PR_SET` nor `x = y_z`"), ["b_c", "e_f"]);
}

/// The table of keys, as it must stand in its page.
fn key_table() -> String {
    let mut table = String::from("| key | does |\n|---|---|\n");
    for (keys, line) in tickey::app::keymap::key_lines(&tickey::config::Config::default()) {
        table.push_str(&format!("| `{}` | {} |\n", keys.replace('|', "\\|"), line.replace('|', "\\|")));
    }
    table
}

/// The manual's options, commands and exit codes as Markdown: one row for each item, one heading for each section and command.
fn commands(manual: &str) -> String {
    let plain = |line: &str| {
        let words = ["\\fB", "\\fI", "\\fR"].iter().fold(line.to_owned(), |line, mark| line.replace(mark, ""));
        words.replace("\\*(Aq", "'").replace("\\-", "-").replace('|', "\\|")
    };
    let mut page = String::new();
    let (mut wanted, mut in_table, mut named) = (false, false, false);
    for line in manual.lines() {
        if let Some(section) = line.strip_prefix(".SH ") {
            wanted = ["OPTIONS", "COMMANDS", "\"EXIT STATUS\""].contains(&section);
            in_table = false;
            let heading = match section {
                "OPTIONS" => "Options of every command",
                "COMMANDS" => "Commands",
                _ => "Exit codes",
            };
            if wanted {
                page.push_str(&format!("\n## {heading}\n"));
            }
        } else if !wanted || line.is_empty() {
        } else if line == ".TP" {
            named = true;
        } else if line.starts_with(".IP") {
            page.truncate(page.trim_end_matches(" |\n").len());
            page.push_str("; ");
        } else if line.starts_with('.') || line == "\\fIPossible values:\\fR" {
        } else if named && line.starts_with("\\fBtickey ") {
            page.push_str(&format!("\n### `{}`\n\n", plain(line).replace("\\|", "|")));
            (named, in_table) = (false, false);
        } else if named {
            if !in_table {
                page.push_str("\n| | |\n|---|---|\n");
            }
            page.push_str(&format!("| `{}` | ", plain(line)));
            (named, in_table) = (false, true);
        } else {
            page.push_str(&plain(line));
            page.push_str(if in_table { " |\n" } else { "\n" });
        }
    }
    page
}

/// Holds the part of a page that the program writes against what it writes today; with `TICKEY_BLESS` it is written.
fn holds(page: &str, written: &str) {
    let path = format!("{}/assets/docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- written by the program -->\n", "<!-- end -->");
    let (before, rest) = text.split_once(begin).unwrap();
    let (present, after) = rest.split_once(end).unwrap();
    if std::env::var_os("TICKEY_BLESS").is_some() {
        std::fs::write(path, format!("{before}{begin}{written}{end}{after}")).unwrap();
    } else {
        assert!(present == written, "{page} is not what the program says; TICKEY_BLESS=1 writes it again");
    }
}

#[test]
fn the_pages_have_the_programs_keys_and_commands() {
    holds("keys.md", &key_table());
    let manual = Command::new(env!("CARGO_BIN_EXE_tickey")).arg("man").output().unwrap();
    let commands = commands(&String::from_utf8(manual.stdout).unwrap());
    assert!(commands.contains("### `tickey vault recovery`") && commands.contains("| `7` | "), "{commands}");
    holds("commands.md", &commands);
}

#[test]
fn the_settings_that_are_shown_are_the_usual_ones() {
    let page = include_str!("../assets/docs/settings.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let usual = tickey::config::Config::default();
    assert_eq!(tickey::config::Config::parse(shown).as_ref(), Ok(&usual));
    // Each setting is there: another value for it makes another configuration.
    for (setting, other) in [
        ("clipboard_seconds = 30", "clipboard_seconds = 31"),
        ("lock_minutes = 5", "lock_minutes = 6"),
        ("hidden_codes = false", "hidden_codes = true"),
        ("plain = false", "plain = true"),
        ("ascii = false", "ascii = true"),
        ("theme = \"default\"", "theme = \"mono\""),
        ("# dim = \"bright-black\"", "dim = \"red\""),
        ("copy = [\"<Enter>\", \"y\"]", "copy = [\"y\"]"),
    ] {
        let changed = shown.replace(setting, other);
        assert!(
            shown.contains(setting) && tickey::config::Config::parse(&changed).is_ok_and(|it| it != usual),
            "{setting}"
        );
    }
}

#[test]
fn what_the_documents_show_and_link_to_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("assets/docs")).unwrap().map(|page| page.unwrap().file_name());
    let pages = pages.map(|name| format!("assets/docs/{}", name.to_str().unwrap()));
    let others = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "src/vault/SECURITY.md"].map(str::to_owned);
    let mut count = 0;
    for file in pages.chain(others) {
        let text = std::fs::read_to_string(root.join(&file)).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            assert!(
                root.join(&file).parent().unwrap().join(target).exists(),
                "{file} links to {target}, which is not there"
            );
            count += 1;
        }
    }
    assert!(count > 20, "only {count} links were found");
}

#[test]
fn the_reader_of_blocks_reads() {
    let steps = steps("```\n$ no\n```\n```console\n$ a \\\n  b\nout …ut\n…\n$ c\n```\n");
    assert_eq!(steps.iter().map(|step| step.command.as_str()).collect::<Vec<_>>(), ["a b", "c"]);
    let expected = &steps[0].expected;
    assert!(fits(expected, &["out put"]) && fits(expected, &["out xut", "more", "lines"]));
    assert!(!fits(expected, &["out"]) && !fits(expected, &[]) && !fits(&[], &["more"]));
    assert!(line_fits("a…", "abc") && !line_fits("a…d", "abc") && line_fits("…", ""));
}
