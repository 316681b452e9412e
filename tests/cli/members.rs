//! Members of a shared vault: what an owner and a newcomer compare, and who waits for an owner's yes.

use serde_json::Value;

use crate::{User, errors};

/// An owner with the shared vault `ops` in a folder, and its address.
fn owner() -> (User, String) {
    let owner = User::with_vault();
    owner.run(&["vault", "create", "ops"]).success();
    let remote = format!("folder:{}", owner.path("team.json").display());
    owner.run(&["--vault", "ops", "remote", "set", &remote]).success();
    (owner, remote)
}

/// The last row of the list of members with that name: that of a person, where an invitation has the same.
fn row(user: &User, name: &str) -> Value {
    let list = user.json(&["--vault", "ops", "member", "list"]);
    list.as_array().unwrap().iter().rfind(|row| row["name"] == name).cloned().unwrap_or_default()
}

fn invite(owner: &User, name: &str) -> String {
    owner.json(&["--vault", "ops", "member", "invite", name])["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_newcomer_compares_the_same_six_words_before_and_after() {
    let (owner, remote) = owner();
    let code = invite(&owner, "bob");
    assert_eq!(row(&owner, "bob")["fingerprint"], Value::Null, "a code has no words to compare");
    let bob = User::with_vault();
    let code = bob.file("code", code);
    let said = errors(&bob.run(&["join", &remote, "--code-file", &code]).success());
    let words = row(&bob, "bob")["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(words.split(' ').count(), 6);
    assert!(said.contains(&format!("Your six words: {words}")), "{said}");
    assert_eq!(row(&bob, "bob")["state"], "waiting");
    owner.run(&["sync"]).success();
    assert_eq!(row(&owner, "bob")["fingerprint"], words.as_str());
    bob.run(&["sync"]).success();
    let admitted = row(&bob, "bob");
    assert_eq!((&admitted["state"], &admitted["fingerprint"]), (&"member".into(), &words.as_str().into()));
    // What is said of the list itself is the same for both, and is not what a person is known by.
    let of_list = |user: &User| {
        let said = errors(&user.run(&["--vault", "ops", "member", "list"]).success());
        said.lines().find(|line| line.starts_with("The list itself: ")).unwrap().to_owned()
    };
    assert_eq!(of_list(&owner), of_list(&bob));
    assert!(!of_list(&bob).contains(&words));
}

#[test]
fn a_name_that_looks_like_a_members_is_refused_in_an_invitation() {
    let (owner, _) = owner();
    for name in ["MAYA", "m\u{430}ya", "maуa", "\u{410}lice"] {
        let said = errors(&owner.run(&["--vault", "ops", "member", "invite", name]).code(1));
        assert!(
            said.contains("looks like") || said.contains("different scripts") || said.contains("already"),
            "{said}"
        );
    }
    owner.run(&["--vault", "ops", "member", "invite", "Мария"]).success();
}

#[test]
fn a_newcomer_may_not_take_a_name_that_looks_like_a_members() {
    let (owner, remote) = owner();
    let bob = User::with_vault();
    let code = bob.file("code", invite(&owner, "bob"));
    let join = |name: &str| bob.run(&["join", &remote, "--code-file", &code, "--as", name]);
    let said = errors(&join("m\u{430}ya").code(1));
    assert!(said.contains("the name looks like that of maya"), "{said}");
    // The code is good still.
    join("robert").success();
    owner.run(&["sync"]).success();
    assert_eq!(row(&owner, "robert")["state"], "member");
}

/// A recovery code in the words of a run.
fn said_code(words: &str) -> String {
    let line = words.lines().find_map(|line| line.trim().strip_prefix("recovery code:")).unwrap();
    line.trim().to_owned()
}

#[test]
fn a_removed_founder_comes_back_by_no_old_code() {
    let founder = User::with_vault();
    let code = founder.json(&["vault", "create", "ops", "--as", "maya"])["recovery_code"].as_str().unwrap().to_owned();
    let remote = format!("folder:{}", founder.path("team.json").display());
    founder.run(&["--vault", "ops", "remote", "set", &remote]).success();
    let bob = User::with_vault();
    let invited = bob.file("code", invite(&founder, "bob"));
    bob.run(&["join", &remote, "--code-file", &invited]).success();
    founder.run(&["sync"]).success();
    founder.run(&["--vault", "ops", "member", "role", "bob", "owner"]).success();
    bob.run(&["sync"]).success();
    let before = std::fs::read(founder.path("team.json")).unwrap();
    // Bob removes the founder: the new code is shown to him.
    let said = errors(&bob.run(&["--vault", "ops", "member", "remove", "maya", "--yes"]).success());
    let next = said_code(&said);
    assert_ne!(next, code);
    // The old code on the newest copy, by the founder on a new machine.
    let again = User::with_vault();
    let old = again.file("old", &code);
    let said = errors(&again.run(&["join", &remote, "--recovery", "--code-file", &old]).code(5));
    assert!(said.contains("wrong recovery code for this vault"), "{said}");
    founder.run(&["sync"]).failure();
    // The old code on the copy from before, written to the remote: bob's program puts its own there again.
    let newest = std::fs::read(founder.path("team.json")).unwrap();
    std::fs::write(founder.path("team.json"), &before).unwrap();
    again.run(&["join", &remote, "--recovery", "--code-file", &old, "--as", "back"]).success();
    assert_ne!(std::fs::read(founder.path("team.json")).unwrap(), newest);
    bob.run(&["sync"]).success();
    let list = bob.output(&["--vault", "ops", "member", "list"]);
    assert!(!list.contains("back") && list.contains("removed"), "{list}");
    again.run(&["sync"]).failure();
    // The new code lets one more owner in, who is told a newer one; and bob is told.
    let zoe = User::with_vault();
    let good = zoe.file("good", &next);
    let joined = zoe.json(&["join", &remote, "--recovery", "--code-file", &good, "--as", "zoe"]);
    assert_eq!((&joined["name"], &joined["role"]), (&"zoe".into(), &"owner".into()));
    assert!(joined["recovery_code"].as_str().unwrap() != next);
    let said = errors(&bob.run(&["sync"]).success());
    assert!(said.contains("zoe came in as an owner with the recovery code"), "{said}");
    assert_eq!(row(&bob, "zoe")["role"], "owner");
    again.run(&["join", &remote, "--recovery", "--code-file", &good]).failure();
}

#[test]
fn a_renewed_code_takes_the_place_of_the_one_before() {
    let (owner, remote) = owner();
    owner.run(&["vault", "recovery"]).code(2);
    // Personal.
    let new = owner.json(&["vault", "recovery", "--yes"])["recovery_code"].as_str().unwrap().to_owned();
    let passphrase = owner.file("newer", "quite another");
    let cheap = ["--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"];
    let set = |code: &str| {
        let code = owner.file("code", code);
        let arguments = ["passphrase", "--recovery", "--passphrase-file", &code, "--new-passphrase-file", &passphrase];
        owner.bare(&[&arguments[..], &cheap].concat()).assert()
    };
    set("0000-0000-0000-0000-0000-0000-0000").code(5);
    // Shared, by an owner; the code before opens nothing that lies there.
    let first = said_code(&errors(&owner.run(&["--vault", "ops", "vault", "recovery", "--yes"]).success()));
    let second = said_code(&errors(&owner.run(&["--vault", "ops", "vault", "recovery", "--yes"]).success()));
    let other = User::with_vault();
    let join = |code: &str| other.run(&["join", &remote, "--recovery", "--code-file", &other.file("code", code)]);
    join(&first).code(5);
    join(&second).success();
    // An editor renews nothing.
    let bob = User::with_vault();
    let invited = bob.file("code", invite(&owner, "bob"));
    bob.run(&["join", &remote, "--code-file", &invited]).success();
    let said = errors(&bob.run(&["--vault", "ops", "vault", "recovery", "--yes"]).code(1));
    assert!(said.contains("only an owner"), "{said}");
    set(&new).success();
}

#[test]
fn a_recovery_code_takes_an_owners_place_whatever_it_was_asked_for_as() {
    let owner = User::with_vault();
    let code = owner.json(&["vault", "create", "ops"])["recovery_code"].as_str().unwrap().to_owned();
    let remote = format!("folder:{}", owner.path("team.json").display());
    owner.run(&["--vault", "ops", "remote", "set", &remote]).success();
    let other = User::with_vault();
    let file = other.file("code", &code);
    let joined = other.json(&["join", &remote, "--code-file", &file, "--as", "zoe"]);
    assert_eq!((&joined["name"], &joined["role"]), (&"zoe".into(), &"owner".into()));
    assert_ne!(joined["recovery_code"], code.as_str());
    // One who is in already is told so, and no code is used up by it.
    let again = other.file("again", invite(&owner, "bob"));
    let said = errors(&other.run(&["join", &remote, "--code-file", &again]).code(1));
    assert!(said.contains("in this vault already"), "{said}");
    let bob = User::with_vault();
    bob.run(&["join", &remote, "--code-file", &again]).success();
}

#[test]
fn a_copy_beside_another_vault_of_its_name_is_found_again() {
    let (maya, remote) = owner();
    let own = format!("folder:{}", maya.path("maya.json").display());
    maya.run(&["remote", "set", &own]).success();
    maya.run(&["sync"]).success();
    let laptop = User::without_vault();
    laptop.run(&["join", &own]).success();
    // Another vault has the name there.
    let other = User::with_vault();
    std::fs::copy(other.vault(), laptop.path("data/tickey/ops.json")).unwrap();
    for _ in 0..3 {
        laptop.run(&["sync"]).success();
        let names: Vec<Value> =
            laptop.json(&["vault"]).as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
        assert_eq!(names, ["personal", "ops", "ops-2"], "{remote}");
    }
    laptop.run(&["--vault", "ops-2", "list"]).success();
}

#[test]
fn only_who_did_very_much_is_removed_with_a_word_about_it() {
    let (owner, _) = owner();
    let said = errors(&owner.run(&["--vault", "ops", "member", "remove", "maya", "--yes"]).code(1));
    assert!(!said.contains("--keep-changes"), "the last owner stays, whatever becomes of the changes: {said}");
}

/// Bob, an editor of the owner's vault whom her program has let in.
fn editor(owner: &User, remote: &str) -> User {
    let bob = User::with_vault();
    let code = owner.json(&["--vault", "ops", "member", "invite", "bob", "--role", "editor"]);
    let code = bob.file("code", code["code"].as_str().unwrap());
    let said = errors(&bob.run(&["join", remote, "--code-file", &code]).success());
    assert!(said.contains("You can edit once an owner's next sync admits you."), "{said}");
    owner.run(&["sync"]).success();
    bob.run(&["sync"]).success();
    bob
}

#[test]
fn a_removed_member_is_told_so_by_every_command() {
    let (owner, remote) = owner();
    let bob = editor(&owner, &remote);
    let link = bob.file("link", "otpauth://totp/Late:bob?secret=JBSWY3DPEHPK3PXP");
    let add = || bob.command(&["--vault", "ops", "add", "-", "--allow-duplicate"]).pipe_stdin(&link).unwrap().assert();
    add().success();
    bob.run(&["sync"]).success();
    owner.run(&["--vault", "ops", "member", "remove", "bob", "--yes"]).success();
    let said = errors(&bob.run(&["sync"]).code(5));
    assert_eq!(said.matches("does not open what lies at the remote").count(), 1, "{said}");
    let path = bob.path("data/tickey/ops.json");
    let before = std::fs::read(&path).unwrap();
    for arguments in [&["edit", "Late", "--issuer", "Later"][..], &["rm", "Late", "--yes"]] {
        let said = errors(&bob.run(&[&["--vault", "ops"], arguments].concat()).code(5));
        assert!(said.contains("removed you") && said.contains("nothing was changed"), "{said}");
    }
    let said = errors(&add().code(5));
    assert!(said.contains("removed you") && !said.contains("added"), "{said}");
    assert!(errors(&bob.run(&["--vault", "ops", "member", "list"]).success()).contains("removed you"));
    let report = bob.json(&["--vault", "ops", "check"]);
    let found = report["findings"].as_array().unwrap();
    assert!(found.iter().any(|finding| finding["what"] == "removed"), "{report}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // What they read they keep.
    assert!(bob.output(&["--vault", "ops", "list"]).contains("Late"));
}

/// An entry that the owner has touched, too, stays in the list, without the secret that the other gave it.
#[test]
fn what_goes_with_a_members_changes_is_named() {
    let (owner, remote) = owner();
    let bob = editor(&owner, &remote);
    let link = bob.file("link", "otpauth://totp/Registrar:bob?secret=JBSWY3DPEHPK3PXP");
    bob.command(&["--vault", "ops", "add", "-"]).pipe_stdin(&link).unwrap().assert().success();
    bob.run(&["sync"]).success();
    owner.run(&["sync"]).success();
    owner.run(&["--vault", "ops", "edit", "Registrar", "--tag", "mine"]).success();
    let said = errors(&owner.run(&["--vault", "ops", "member", "remove", "bob", "--drop-changes", "--yes"]).success());
    assert!(said.contains("no code is left of Registrar (bob)") && said.contains("tickey backup list"), "{said}");
}

#[test]
fn an_invitation_is_for_a_viewer_unless_it_says_otherwise() {
    let (owner, remote) = owner();
    let code = invite(&owner, "vera");
    assert_eq!(row(&owner, "vera")["role"], "viewer");
    let vera = User::with_vault();
    let code = vera.file("code", code);
    let said = errors(&vera.run(&["join", &remote, "--code-file", &code]).success());
    assert!(said.contains("A viewer does not edit.") && !said.contains("once an owner"), "{said}");
}

#[test]
fn what_an_owner_may_not_do_is_refused_with_its_own_reason() {
    let (owner, remote) = owner();
    let _bob = editor(&owner, &remote);
    let ops = |arguments: &[&str]| owner.run(&[&["--vault", "ops", "member"], arguments].concat());
    let said = errors(&ops(&["remove", "maya", "--yes"]).failure());
    assert!(!said.contains("--keep-changes"), "{said}");
    let said = errors(&ops(&["revert", "bob", "--since", "2999-01-01", "--yes"]).code(2));
    assert!(said.contains("--since is in the future"), "{said}");
    ops(&["remove", "bob", "--drop-changes", "--yes"]).success();
    let said = errors(&ops(&["cut", "bob", "--yes"]).code(1));
    assert!(said.contains("was dropped already") && !said.contains("remove them"), "{said}");
}

#[test]
fn what_hinders_a_sync_is_said_once_and_names_no_scratch_file() {
    let (owner, _) = owner();
    let nowhere = format!("folder:{}/team.json", owner.path("none").display());
    let said = errors(&owner.run(&["--vault", "ops", "remote", "set", &nowhere]).code(7));
    assert!(said.contains("team.json") && !said.contains("probe"), "{said}");
    std::fs::create_dir(owner.path("none")).unwrap();
    owner.run(&["--vault", "ops", "remote", "set", &nowhere]).success();
    std::fs::remove_dir_all(owner.path("none")).unwrap();
    let once = |arguments: &[&str]| {
        let said = errors(&owner.run(arguments).code(7));
        assert_eq!(said.matches("there is no folder").count(), 1, "{said}");
    };
    once(&["sync"]);
    once(&["--vault", "ops", "member", "invite", "dora"]);
}
