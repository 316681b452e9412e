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
