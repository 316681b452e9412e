//! QR codes in and out.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use tickey::otp::{Kind, Otp, migration};
use tickey::qr::{self, Symbol};
use tickey::secret::Secret;

use crate::{RFC, User, errors};

fn link(name: &str) -> String {
    format!("otpauth://totp/{name}:me?secret={RFC}&issuer={name}")
}

fn png(text: &str) -> Vec<u8> {
    Symbol::of(text).unwrap().png(4).to_vec()
}

#[test]
fn an_entry_is_added_from_a_picture() {
    let user = User::with_vault();
    let file = user.file("code.png", png(&link("Shop")));
    user.run(&["add", "--qr", &file, "--tag", "Home"]).success();
    let entry = &user.json(&["list"])[0];
    assert_eq!((&entry["issuer"], &entry["account"], &entry["tags"]), (&json!("Shop"), &json!("me"), &json!(["Home"])));
    assert_eq!(user.output(&["show", "Shop", "--secret"]).trim(), RFC);
}

#[test]
fn what_a_picture_lacks_is_said() {
    let user = User::with_vault();
    let web = user.file("web.png", png("https://example.com"));
    let said = errors(&user.run(&["add", "--qr", &web]).code(1).stdout(""));
    assert!(said.contains("no one-time password") && said.contains("nothing was changed"), "{said}");
    let text = user.file("list.txt", link("Shop"));
    assert!(errors(&user.run(&["add", "--qr", &text]).code(1)).contains("PNG, JPEG"));
    let mut broken = png(&link("Shop"));
    broken.truncate(200);
    let broken = user.file("broken.png", broken);
    assert!(errors(&user.run(&["add", "--qr", &broken]).code(1)).contains("damaged"));
    assert!(errors(&user.run(&["import", &broken]).code(1)).contains("damaged"));
    user.run(&["add", "--qr", "nowhere.png"]).code(1);
    user.run(&["add", "-", "--qr", &web]).code(2);
}

/// Pictures of an export of 23 entries.
fn export(user: &User) -> Vec<String> {
    let otps: Vec<(Otp, String)> =
        (1..=23_u8).map(|n| (Otp::new(Kind::Totp, Secret::new(vec![n; 20])), format!("user{n}"))).collect();
    let codes = migration::write(otps.iter().map(|(otp, name)| (otp, "Shop", name.as_str())), 77);
    (1..).zip(codes).map(|(n, code)| user.file(&format!("part{n}.png"), png(&code))).collect()
}

#[test]
fn an_export_in_several_pictures_is_put_together() {
    let user = User::with_vault();
    let parts = export(&user);
    assert_eq!(parts.len(), 3);
    let report = user.json(&["import", &parts[2], "--dry-run"]);
    assert_eq!((&report["format"], &report["added"]), (&json!("picture"), &json!(3)));
    assert_eq!(report["failed"][0]["reason"], "codes 1, 2 of this export's 3 are missing: add it too");
    let said = errors(&user.run(&["import", &parts[2], &parts[0], &parts[0]]).success());
    assert!(said.contains("code 2 of this export's 3 is missing"), "{said}");
    assert_eq!(user.json(&["list"]).as_array().unwrap().len(), 13);
    let report = user.json(&["import", &parts[2], &parts[0], &parts[1]]);
    assert_eq!((&report["added"], &report["failed"]), (&json!(10), &json!([])));
}

#[test]
fn a_code_is_shown_and_read_again() {
    let user = User::with_vault();
    let file = user.file("list.txt", link("Shop"));
    user.run(&["import", &file]).success();
    let shown = user.output(&["show", "Shop", "--qr"]);
    assert!(!shown.contains('\x1b'));
    let link = user.output(&["show", "Shop", "--uri"]);
    assert_eq!(read_blocks(&shown, false), [link.trim()]);
    let colours = user.output(&["show", "Shop", "--qr", "--color", "always"]);
    let paper = "\x1b[38;5;16;48;5;231m";
    assert!(colours.lines().all(|line| line.starts_with(paper) && line.ends_with("\x1b[0m")));
    assert_eq!(read_blocks(&colours.replace(paper, "").replace("\x1b[0m", ""), true), [link.trim()]);
    user.run(&["show", "Shop", "--qr", "--json"]).code(2);
}

/// Half-blocks as a camera sees them.
fn read_blocks(shown: &str, ink_is_dark: bool) -> Vec<String> {
    let lines: Vec<Vec<char>> = shown.lines().map(|line| line.chars().collect()).collect();
    let (w, h) = (lines[0].len() * 4, lines.len() * 8);
    let mut pixels = Vec::new();
    for y in 0..h {
        for x in 0..w {
            let ink = match lines[y / 8][x / 4] {
                '█' => true,
                '▀' => y % 8 < 4,
                '▄' => y % 8 >= 4,
                _ => false,
            };
            pixels.extend(if ink == ink_is_dark { [0, 0, 0, 255] } else { [255; 4] });
        }
    }
    qr::read_pixels(w as u32, h as u32, pixels).unwrap().iter().map(|text| text.to_string()).collect()
}

#[test]
fn a_code_is_written_to_a_new_file_of_ones_own() {
    let user = User::with_vault();
    let file = user.file("list.txt", link("Shop"));
    user.run(&["import", &file]).success();
    let link = user.output(&["show", "Shop", "--uri"]);
    let out = user.path("code.png");
    user.run(&["show", "Shop", "--qr", "-o", out.to_str().unwrap()]).success().stdout("");
    assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(qr::read(&std::fs::read(&out).unwrap()).unwrap()[0].as_str(), link.trim());
    user.run(&["show", "Shop", "--qr", "-o", out.to_str().unwrap()]).code(1);
    let out = user.path("code.svg");
    user.run(&["show", "Shop", "--qr", "-o", out.to_str().unwrap()]).success();
    assert!(std::fs::read_to_string(out).unwrap().starts_with("<svg"));
    user.run(&["show", "Shop", "-o", "x.png"]).code(2);
}
