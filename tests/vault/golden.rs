//! Vaults that were written once and must open for ever.
//!
//! Each file in `tests/golden/` was made with a fixed stream in place of randomness, so the same steps give the same bytes. When the format
//! changes on purpose, `TICKEY_BLESS=1 cargo test --test vault` writes them anew.

use std::path::PathBuf;

use serde_json::{Value, json};
use tickey::secret::Text;
use tickey::vault::{Locked, VaultError};

use crate::{LIMITS, Made, NEW_PASSPHRASE, PASSPHRASE, digest, entries, full};

struct Golden {
    name: &'static str,
    passphrase: &'static str,
    epoch: u64,
    make: fn() -> Made,
}

const GOLDEN: [Golden; 3] = [
    Golden { name: "fresh", passphrase: PASSPHRASE, epoch: 1, make: || Made::new(11) },
    Golden { name: "full", passphrase: PASSPHRASE, epoch: 1, make: || full(12) },
    Golden {
        name: "new-passphrase",
        passphrase: NEW_PASSPHRASE,
        epoch: 2,
        make: || {
            let mut made = full(13);
            made.change_passphrase(NEW_PASSPHRASE);
            made
        },
    },
];

fn path(name: &str, extension: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", &format!("{name}.{extension}")].iter().collect()
}

fn read(name: &str, extension: &str) -> Vec<u8> {
    let path = path(name, extension);
    std::fs::read(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

#[test]
fn the_same_steps_give_the_same_bytes() {
    for Golden { name, make, .. } in GOLDEN {
        let mut made = make();
        let sealed = made.seal();
        if std::env::var_os("TICKEY_BLESS").is_some() {
            let facts = json!({ "recovery_code": made.recovery_code, "entries": entries(&made.vault) });
            std::fs::write(path(name, "vault"), &sealed).unwrap();
            std::fs::write(path(name, "json"), serde_json::to_string_pretty(&facts).unwrap() + "\n").unwrap();
        }
        assert_eq!(digest(&sealed), digest(&read(name, "vault")), "{name}: the format has changed");
    }
}

#[test]
fn what_was_written_once_opens_for_ever() {
    for Golden { name, passphrase, epoch, .. } in GOLDEN {
        let facts: Value = serde_json::from_slice(&read(name, "json")).unwrap();
        let locked = Locked::read(&read(name, "vault"), &LIMITS).unwrap();
        assert_eq!(locked.epoch(), epoch, "{name}");
        let vault = locked.unlock(&Text::from(passphrase), &LIMITS).unwrap();
        assert_eq!(entries(&vault), facts["entries"], "{name}");
        let code = Text::from(facts["recovery_code"].as_str().unwrap());
        assert_eq!(entries(&locked.unlock_with_recovery_code(&code).unwrap()), facts["entries"], "{name}");
        let wrong = Text::from("another");
        assert_eq!(locked.unlock(&wrong, &LIMITS).unwrap_err(), VaultError::WrongPassphrase, "{name}");
    }
}
