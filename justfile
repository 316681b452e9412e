# Lists the recipes
default:
    @just --list

# Opens the program, optimised; arguments are passed on: `just run list`
[group('use')]
run *arguments:
    cargo run --release -- {{ arguments }}

# Installs the program for this user, with its manual page
[group('use')]
install:
    cargo install --locked --path .
    mkdir -p ~/.local/share/man/man1
    ~/.cargo/bin/tickey man > ~/.local/share/man/man1/tickey.1

# Runs the tests; an argument picks some by name: `just test screens`
[group('work')]
test *filter:
    cargo test {{ filter }}

# Cuts the power at every moment and breaks every system call, of which the tests try a sample; takes hours; needs strace, as root
[group('work')]
torture *filter:
    TICKEY_TORTURE=all cargo test --test torture -- --nocapture {{ filter }}

# Changes the code in one place after another and names each change that no test notices (tests/MUTANTS.md); it does so in place, in a clean tree; takes days; needs `cargo install cargo-mutants`: `just mutants --list`, `just mutants --re Roster::take`
[group('work')]
mutants *arguments:
    git diff --exit-code --stat
    cargo mutants --in-place --output target --minimum-test-timeout 120 \
        --file 'src/otp/**/*.rs' --file 'src/vault/**/*.rs' --file src/formats/plan.rs \
        --file src/store/sync.rs --file src/store/sync_lock.rs --file src/store/disk.rs {{ arguments }} \
        -- --lib --test vault --test vectors --test store --test sync --test cli --test screens

# Keeps the screen open on a shared vault for so many minutes, a day's work every few seconds: memory, threads and open files stay as they were
[group('work')]
soak minutes="60":
    TICKEY_SOAK_MINUTES={{ minutes }} cargo test --test pty soak -- --ignored --nocapture

# Layout, lints, documentation and what the program is built from (needs cargo-deny), without the tests
[group('work')]
check:
    cargo fmt --check
    cargo deny check licenses bans sources
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# Everything that must hold before a change is taken
[group('work')]
ci:
    .ci/run

# Measures: codes, unlocking, saving, drawing, searching
[group('work')]
bench *filter:
    cargo bench --benches -- {{ filter }}

# Opens the documentation, the file format and the threat model with it
[group('work')]
doc:
    cargo doc --no-deps --open

# Draws the pictures of assets/screens and writes the keys and commands in assets/docs again
[group('work')]
screens:
    TICKEY_BLESS=1 cargo test --test pictures --test docs

# Fuzzes what reads bytes from outside, so many seconds each; needs `cargo install cargo-fuzz` and a C++ compiler: `just fuzz 60 json lines`
[group('work')]
fuzz seconds="60" *targets:
    cp Cargo.lock tests/fuzz/
    TICKEY_BLESS=1 cargo test --test fuzz seeds
    cd tests/fuzz && for target in {{ if targets == "" { "recognition json lines marked sealed archives databases pictures links vault" } else { targets } }}; do \
        cargo fuzz run --fuzz-dir . --sanitizer none "$target" -- -max_total_time={{ seconds }} -max_len=65536 -timeout=10 -rss_limit_mb=1024 || exit 1; \
    done
