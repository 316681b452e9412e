//! Everything that reads bytes from outside, in families that are read alike: `cargo fuzz` has a target for each, and `main.rs` runs them all
//! in `cargo test`.

use std::panic;
use std::sync::Once;

use tickey::config::Config;
use tickey::formats::columns::{self, Sheet};
use tickey::formats::{Opened, registry};
use tickey::otp::{migration, uri};
use tickey::qr;
use tickey::vault::file::{File, Header};
use tickey::vault::join::InviteCode;
use tickey::vault::{Limits, Locked};

/// Readers that are fuzzed together.
pub struct Family {
    /// The name of its target.
    pub name: &'static str,
    /// What its files are.
    pub input: Input,
}

/// What bytes are taken for.
#[derive(Clone, Copy)]
pub enum Input {
    /// A file of one of these formats: the first byte chooses which, the others are the file.
    Chosen(&'static [&'static str]),
    /// Any file: recognised by its content, as a table that a person names the columns of.
    Any,
    /// A link: what is read must be written so that it reads back the same, and its code must not break anything.
    Link,
    /// A vault's file before any passphrase, and the settings.
    Vault,
}

/// All families.
pub const FAMILIES: &[Family] = &[
    Family { name: "recognition", input: Input::Any },
    Family {
        name: "json",
        input: Input::Chosen(&[
            "aegis",
            "2fas",
            "ente",
            "proton",
            "bitwarden",
            "2fauth",
            "lastpass",
            "steam",
            "keeper",
            "enpass",
            "cotp",
            "duo",
            "raivo",
            "devolutions",
            "authenticator-extension",
            "andotp",
            "totp-cli",
            "1password",
            "proton-pass",
            "freeotp-plus",
            "authy",
            "stratum",
        ]),
    },
    Family {
        name: "lines",
        input: Input::Chosen(&[
            "uri",
            "google",
            "lastpass",
            "qr-sheet",
            "csv",
            "keepassxc-csv",
            "2fa",
            "gauth",
            "totp-cli",
        ]),
    },
    Family {
        name: "marked",
        input: Input::Chosen(&[
            "freeotp",
            "authy",
            "battlenet",
            "totp-authenticator",
            "safeincloud",
            "keepass",
            "html",
        ]),
    },
    Family {
        name: "sealed",
        input: Input::Chosen(&[
            "stratum",
            "otpclient",
            "otp-auth",
            "keepass",
            "age",
            "andotp",
            "gauth",
            "freeotp",
            "totp-authenticator",
        ]),
    },
    Family {
        name: "archives",
        input: Input::Chosen(&["zip", "raivo", "1password", "proton-pass", "authenticator-plus"]),
    },
    Family {
        name: "databases",
        input: Input::Chosen(&["google-sqlite", "microsoft", "stratum-sqlite", "authenticator-plus"]),
    },
    Family { name: "pictures", input: Input::Chosen(&["picture"]) },
    Family { name: "links", input: Input::Link },
    Family { name: "vault", input: Input::Vault },
];

/// Reads bytes as that family does. They may be refused, and must do no harm.
pub fn read(name: &str, bytes: &[u8]) {
    // What the reader of pictures catches is no finding.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            if !qr::contained() {
                hook(about);
            }
        }));
    });
    let family = FAMILIES.iter().find(|family| family.name == name).expect("a family");
    match family.input {
        Input::Chosen(formats) => chosen(formats, bytes),
        Input::Any => any(bytes),
        Input::Link => link(bytes),
        Input::Vault => vault(bytes),
    }
}

fn chosen(formats: &[&str], bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let id = formats[usize::from(*choice) % formats.len()];
    let opened = registry::read(file, Some(id));
    // Where a key costs next to nothing, the wrong one is tried too.
    if let (true, Ok((_, Opened::Encrypted(locked)))) = (["raivo", "otp-auth", "gauth"].contains(&id), opened) {
        let _ = locked.open(&"w".into());
    }
}

fn any(bytes: &[u8]) {
    let _ = registry::read(bytes, None);
    if let Some(mut sheet) = Sheet::look(bytes) {
        for column in 0..sheet.names.len() {
            sheet.columns.cycle(column);
            for row in 0..sheet.rows.len() {
                let _ = sheet.shown(row, column);
            }
        }
        columns::read(bytes, &sheet.columns).expect("what was looked at can be read");
    }
}

fn link(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = migration::parse(text);
    let _ = InviteCode::read(text);
    if let Ok(read) = uri::parse(text) {
        let _ = read.otp.code(u64::MAX);
        let written = uri::write(&read.otp, &read.issuer, &read.account);
        let again = uri::parse(&written).expect("what is written can be read");
        assert!(again == read, "what is written reads back the same");
    }
}

fn vault(bytes: &[u8]) {
    let _ = Header::read(bytes);
    let _ = File::read(bytes);
    let _ = Locked::read(bytes, &Limits { ram: 1 << 30 });
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Config::parse(text);
    }
}
