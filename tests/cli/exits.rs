//! Every group of failures has its exit code, a sentence, and changes nothing.

use std::os::unix::fs::symlink;

use crate::{RFC, User, errors};

#[test]
fn no_vault_yet() {
    let user = User::without_vault();
    let assert = user.run(&["list"]).code(1).stdout("");
    assert!(errors(&assert).contains("tickey init"), "{}", errors(&assert));
    assert!(!user.path("data").exists());
}

#[test]
fn wrong_usage_is_2() {
    let user = User::with_entries();
    for arguments in [
        &["nonsense"][..],
        &["code"],
        &["list", "--nonsense"],
        &["code", "site", "--at", "tomorrow"],
        &["code", "site", "--for", "never"],
        &["add", "--kind", "sms"],
        &["add", "--digits", "six"],
        &["import"],
        &["import", "x", "--show-secrets"],
        &["import", "x", "--format", "nonsense"],
        &["export", "--format", "nonsense", "--plaintext"],
        &["export", "--format", "aegis"],
        &["export", "--format", "uri", "--encrypt", "--password-file", "passphrase"],
        &["export", "--format", "aegis", "--plaintext", "--json"],
        &["completions", "nonsense"],
        &["init", "--vault", "other", "--kdf-memory", "1"],
        &["init", "--vault", "other", "--kdf-passes", "1"],
        &["init", "--vault", "other", "--kdf-memory", "4294967295"],
    ] {
        let assert = user.run(arguments).code(2).stdout("");
        assert!(errors(&assert).starts_with("tickey: error: "), "{arguments:?}: {}", errors(&assert));
    }
    let assert = user.bare(&["list"]).assert().code(2).stdout("");
    assert!(errors(&assert).contains("--passphrase-file"), "{}", errors(&assert));
    user.bare(&["list", "--passphrase-file", "passphrase", "--passphrase-fd", "0"]).assert().code(2);
}

#[test]
fn no_match_is_3_and_several_are_4() {
    let user = User::with_entries();
    user.add(&format!("otpauth://totp/Site:other?secret={RFC}"));
    let assert = user.run(&["code", "siet"]).code(3).stdout("");
    assert!(errors(&assert).contains("did you mean \"Site\"?"), "{}", errors(&assert));
    user.run(&["code", " "]).code(2).stdout("");
    let assert = user.run(&["list", "xyzzy"]).code(3).stdout("");
    assert_eq!(
        errors(&assert),
        "tickey: error: no entry matches \"xyzzy\"\ntickey: hint: tickey list shows what there is\n"
    );
    let assert = user.run(&["code", "site"]).code(4).stdout("");
    let words = errors(&assert);
    assert!(words.contains("2 entries match \"site\"") && words.contains("octo") && words.contains("other"), "{words}");
    let id = words.lines().find(|line| line.contains("octo")).unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(user.output(&["code", &id, "--at", "59"]), "94287082\n");
    assert_eq!(user.output(&["code", "site:OCTO", "--at", "59"]), "94287082\n");
}

#[test]
fn a_wrong_passphrase_is_5() {
    let user = User::with_entries();
    let wrong = user.file("wrong", "not it");
    let assert = user.bare(&["list", "--passphrase-file", &wrong]).assert().code(5).stdout("");
    assert!(errors(&assert).starts_with("tickey: error: wrong passphrase\n"), "{}", errors(&assert));
    assert!(!errors(&assert).contains("not it"));
    let assert = user
        .bare(&["passphrase", "--recovery", "--passphrase-file", &wrong, "--new-passphrase-file", &wrong])
        .assert()
        .code(5);
    assert!(errors(&assert).contains("recovery code"), "{}", errors(&assert));
}

#[test]
fn a_damaged_vault_is_6_before_any_passphrase() {
    let user = User::with_entries();
    let good = std::fs::read(user.vault()).unwrap();
    let body = good
        .windows(8)
        .position(|window| window == b"\"body\":\"")
        .or_else(|| good.windows(9).position(|w| w == b"\"body\": \""))
        .unwrap();
    let mut flipped = good.clone();
    flipped[body + 100] = if flipped[body + 100] == b'A' { b'B' } else { b'A' };
    std::fs::write(user.vault(), &flipped).unwrap();
    // No passphrase is given: had one been needed, this would be wrong usage.
    let assert = user.bare(&["list"]).assert().code(6).stdout("");
    assert!(errors(&assert).contains("backup"), "{}", errors(&assert));
    let report: serde_json::Value =
        serde_json::from_slice(&user.run(&["check", "--json"]).code(6).get_output().stdout).unwrap();
    assert_eq!((&report["ok"], &report["findings"][0]["what"]), (&false.into(), &"damaged".into()));
    user.run(&["inspect", user.vault().to_str().unwrap()]).code(6).stdout("");
    for cut in [good.len() - 3, good.len() / 2, 40, 0] {
        std::fs::write(user.vault(), &good[..cut]).unwrap();
        let assert = user.bare(&["list"]).assert().stdout("");
        let code = assert.get_output().status.code().unwrap();
        assert!(code == 6, "cut at {cut}: {code}: {}", errors(&assert));
    }
}

#[test]
fn what_is_no_vault_is_named() {
    let user = User::with_entries();
    let open = |path: &str| {
        let assert = user.run(&["list", "--vault", path]).code(1).stdout("");
        let words = errors(&assert);
        assert!(words.starts_with("tickey: error: "), "{words}");
        words
    };
    let aegis = r#"{"version":1,"header":{"slots":null,"params":null},"db":{"version":3,"entries":[],"groups":[]}}"#;
    assert!(open(&user.file("aegis.json", aegis)).contains("Aegis"));
    open(&user.file("random.json", [0xff, 0xfe, 0, 1, 2]));
    open(&user.file("text.json", "hello\n"));
    open(&user.file("newer.json", r#"{"tickey":2,"header":""}"#));
    open(user.path("").to_str().unwrap());
    symlink("loop.json", user.path("loop.json")).unwrap();
    open(user.path("loop.json").to_str().unwrap());
    symlink("nowhere.json", user.path("dangling.json")).unwrap();
    open(user.path("dangling.json").to_str().unwrap());
    open("/dev/null/x.json");
}

#[test]
fn a_hostile_cost_is_refused_before_it_is_paid() {
    let user = User::with_entries();
    let text = std::fs::read_to_string(user.vault()).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let encoding = data_encoding::BASE64;
    let header = String::from_utf8(encoding.decode(file["header"].as_str().unwrap().as_bytes()).unwrap()).unwrap();
    let kib = (19 * 1024).to_string();
    assert!(header.contains(&kib), "{header}");
    let hostile =
        text.replace(file["header"].as_str().unwrap(), &encoding.encode(header.replace(&kib, "4294967295").as_bytes()));
    std::fs::write(user.vault(), hostile).unwrap();
    let began = std::time::Instant::now();
    let assert = user.run(&["list"]).stdout("");
    let code = assert.get_output().status.code().unwrap();
    assert!(code == 1 || code == 6, "{code}: {}", errors(&assert));
    assert!(began.elapsed().as_secs() < 5);
}

#[test]
fn an_unreadable_passphrase_is_said() {
    let user = User::with_entries();
    for (arguments, words) in [
        (&["--passphrase-file", "nowhere"][..], "nowhere"),
        (&["--passphrase-file", "empty"], "empty"),
        (&["--passphrase-file", "binary"], "UTF-8"),
        (&["--passphrase-file", "large"], "longer"),
        (&["--passphrase-fd", "97"], "97"),
        (&["--passphrase-command", "exit 3"], "command"),
        (&["--passphrase-command", "true"], "empty"),
    ] {
        user.file("empty", "\n");
        user.file("binary", [0xff, 0xfe]);
        user.file("large", vec![b'a'; 70_000]);
        let assert = user.bare(&[&["list"], arguments].concat()).assert().code(1).stdout("");
        assert!(errors(&assert).contains(words), "{arguments:?}: {}", errors(&assert));
    }
}
