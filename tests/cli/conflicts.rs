//! One field changed in two places at once: both values are told, and one is taken.

use crate::User;

/// Two machines of one person that changed the same entry without seeing each other.
fn two_machines() -> (User, User) {
    let (one, two) = (User::with_vault(), User::without_vault());
    one.add("otpauth://totp/Site:octo?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    let remote = format!("folder:{}", one.path("remote.json").display());
    one.run(&["remote", "set", &remote]).success();
    two.run(&["join", &remote]).success();
    one.run(&["edit", "Site", "--issuer", "Site one"]).success();
    two.run(&["edit", "Site", "--issuer", "Site two"]).success();
    let secret = |user: &User, secret: &str| {
        user.command(&["edit", "Site", "--secret-stdin"]).write_stdin(format!("{secret}\n")).assert().success();
    };
    secret(&one, "JBSWY3DPEHPK3PXPJBSWY3DP");
    secret(&two, "JBSWY3DPEHPK3PXQJBSWY3DP");
    one.run(&["sync"]).success();
    two.run(&["sync"]).success();
    (one, two)
}

#[test]
fn both_values_are_listed_and_one_is_taken() {
    let (one, two) = two_machines();
    let listed = two.output(&["conflicts"]);
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 6, "{listed}");
    assert!(lines[0].ends_with("issuer was changed in two places at once"), "{listed}");
    assert!(lines[1].starts_with("  1 Site one  by maya 20"), "{listed}");
    assert!(lines[2].starts_with("  2 Site two  by maya 20") && lines[2].ends_with("(shown)"), "{listed}");
    assert!(lines[4].contains("(hidden)") && !listed.contains("JBSWY3DP"), "{listed}");
    let json = two.json(&["conflicts"]);
    assert_eq!(json["conflicts"][0]["fields"], serde_json::json!(["issuer", "secret"]));
    assert_eq!(json["conflicts"][0]["values"][1]["value"], "Site two");

    two.run(&["conflicts", "settle", "Site", "issuer", "1"]).success();
    assert!(two.output(&["list"]).starts_with("Site one"));
    // To keep what is shown is a choice, too.
    two.run(&["conflicts", "settle", "Site", "secret", "2"]).success();
    assert_eq!(two.output(&["show", "Site", "--secret"]).trim(), "JBSWY3DPEHPK3PXQJBSWY3DP");
    assert_eq!(two.output(&["conflicts"]), "");
    two.run(&["sync"]).success();
    one.run(&["sync"]).success();
    assert_eq!(one.output(&["conflicts"]), "");
    assert_eq!(one.output(&["show", "Site", "--secret"]).trim(), "JBSWY3DPEHPK3PXQJBSWY3DP");
    assert!(one.output(&["list"]).starts_with("Site one"));
}

#[test]
fn what_is_no_choice_is_refused() {
    let (_, two) = two_machines();
    two.run(&["conflicts", "settle", "Site", "account", "1"]).code(3);
    two.run(&["conflicts", "settle", "Site", "issuer", "3"]).code(2);
    two.run(&["conflicts", "settle", "Site", "issuer", "0"]).code(2);
    two.run(&["conflicts", "settle", "Nothing", "issuer", "1"]).code(3);
    assert_eq!(two.output(&["conflicts"]).lines().count(), 6);
}
