//! Every kind of failure has a word and an exit code of its own, whichever command meets it: opening a file, joining what lies there, syncing with it.

use crate::story::{Desk, RFC};

/// What a command must end with, and say.
type Expected = (i32, &'static str);

struct Case {
    what: &'static str,
    bytes: Vec<u8>,
    open: Expected,
    join: Expected,
    sync: Expected,
}

#[test]
fn each_kind_of_failure_by_each_command() {
    let share = tempfile::tempdir().unwrap();
    let file = share.path().join("ops.json");
    let url = format!("folder:{}", file.display());
    let (maya, bob, vera, dan) =
        (Desk::new("maya", &[]), Desk::new("bob", &[]), Desk::new("vera", &[]), Desk::new("dan", &[]));
    maya.ok(&["vault", "create", "ops"]);
    maya.ops(&["remote", "set", &url]);
    maya.add(&format!("otpauth://totp/Registrar:admin?secret={RFC}"));
    maya.sync();
    let first = std::fs::read(&file).unwrap();
    for (desk, role) in [(&bob, "editor"), (&vera, "viewer")] {
        desk.join(&url, &maya.invite(desk.user(), role), false);
        maya.sync();
        desk.sync();
    }
    maya.ops(&["member", "remove", "bob", "--yes"]);
    vera.sync();
    std::fs::write(dan.path("code"), maya.invite("dan", "editor")).unwrap();
    let now = std::fs::read(&file).unwrap();
    let alien = Desk::bare("eve", &[]);
    std::fs::write(alien.path("passphrase"), "other words").unwrap();
    alien.ok(&["init", "--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"]);
    alien.ok(&["vault", "create", "ops"]);
    let other = std::fs::read(alien.vaults().join("ops.json")).unwrap();
    let personal = std::fs::read(alien.vaults().join("personal.json")).unwrap();
    let mixed = {
        let take = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        let mut mixed = take(&now);
        mixed["body"] = take(&other)["body"].clone();
        serde_json::to_vec(&mixed).unwrap()
    };
    let by_viewer = std::fs::read(vera.vaults().join("ops.json")).unwrap();
    let aside = (0, "quarantined as");
    let cases = [
        Case {
            what: "not a vault",
            bytes: b"hello\n".to_vec(),
            open: (1, "not a Tickey vault"),
            join: (1, "not a Tickey vault"),
            sync: aside,
        },
        Case {
            what: "damaged",
            bytes: now[..now.len() / 2].to_vec(),
            open: (6, "damaged"),
            join: (6, "damaged"),
            sync: aside,
        },
        Case {
            what: "parts of two, as they are",
            bytes: mixed,
            open: (6, "damaged"),
            join: (6, "damaged"),
            sync: aside,
        },
        Case {
            what: "newer format",
            bytes: br#"{"tickey":2,"header":""}"#.to_vec(),
            open: (1, "newer version"),
            join: (1, "newer version"),
            sync: (1, "newer version"),
        },
        Case {
            what: "another vault",
            bytes: other,
            open: (5, "holds no key"),
            join: (5, "opens nothing there"),
            sync: (0, "another vault"),
        },
        Case {
            what: "another's personal vault",
            bytes: personal,
            open: (5, "wrong passphrase"),
            join: (1, "exists already"),
            sync: (0, "another vault"),
        },
        Case {
            what: "not signed by someone entitled",
            bytes: by_viewer,
            open: (6, "may only view"),
            join: (5, "opens nothing there"),
            sync: (0, "may only view"),
        },
        Case {
            what: "rolled back",
            bytes: first,
            open: (0, ""),
            join: (5, "opens nothing there"),
            sync: (0, "went back in time"),
        },
    ];
    for case in cases {
        let place = maya.path("case.json");
        std::fs::write(&place, &case.bytes).unwrap();
        let code = dan.path("code");
        let attempts = [
            (&maya, vec!["list", "--vault", place.to_str().unwrap()], case.open),
            (&dan, vec!["join", &url, "--code-file", code.to_str().unwrap()], case.join),
            (&maya, vec!["--vault", "ops", "sync"], case.sync),
        ];
        for (desk, arguments, (exit, words)) in attempts {
            std::fs::write(&file, &case.bytes).unwrap();
            let output = desk.give(&arguments, "");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(exit), "{}, {arguments:?}: {said}", case.what);
            assert!(said.contains(words), "{}, {arguments:?}: {said}", case.what);
            assert_eq!(maya.issuers(), ["Registrar"], "{}", case.what);
        }
        std::fs::write(&file, &now).unwrap();
        maya.ops(&["sync"]);
    }
    // Not a member, and out of reach.
    bob.exits(&["--vault", "ops", "sync"], 5);
    std::fs::remove_dir_all(share.path()).unwrap();
    maya.exits(&["--vault", "ops", "sync"], 7);
    let code = dan.path("code");
    dan.exits(&["join", &url, "--code-file", code.to_str().unwrap()], 7);
}
