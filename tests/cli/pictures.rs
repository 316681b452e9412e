//! QR codes in and out.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use tickey::otp::{Kind, Otp, migration};
use tickey::qr::{self, Symbol};
use tickey::secret::Secret;

use crate::{RFC, User, errors, skip};

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
    let codes = migration::write(otps.iter().map(|(otp, name)| (otp, "Shop", name.as_str())), 10, 77);
    (1..).zip(codes).map(|(n, code)| user.file(&format!("part{n}.png"), png(&code))).collect()
}

#[test]
fn an_export_in_several_pictures_is_put_together() {
    let user = User::with_vault();
    let parts = export(&user);
    assert_eq!(parts.len(), 3);
    let report = user.json(&["import", &parts[2], "--dry-run"]);
    assert_eq!((&report["format"], &report["added"]), (&json!("picture"), &json!(3)));
    assert_eq!(report["failed"][0]["reason"], "codes 1, 2 of this export's 3 are missing: add them too");
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
    let link = link("Shop");
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
    let link = link("Shop");
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

#[test]
fn an_export_goes_into_numbered_pictures_and_comes_back() {
    let user = User::with_vault();
    let list: String = (1..=12).map(|n| link(&format!("Shop{n}")) + "\n").collect();
    user.run(&["import", &user.file("list.txt", list + &format!("otpauth://totp/Slow:me?secret={RFC}&period=60"))])
        .success();
    let out = user.path("codes.png");
    let export = ["export", "--format", "google-qr", "--plaintext"];
    assert!(errors(&user.run(&export).code(1).stdout("")).contains("name a file"));
    let with_file = [&export[..], &["-o", out.to_str().unwrap()]].concat();
    let blocking = user.file("codes-2-of-2.png", "mine");
    user.run(&with_file).code(1);
    assert!(!user.path("codes-1-of-2.png").exists() && std::fs::read(&blocking).unwrap() == b"mine");
    std::fs::remove_file(blocking).unwrap();
    let said = errors(&user.run(&with_file).success());
    assert!(said.contains("Slow: not in the file") && said.contains("codes-1-of-2.png"), "{said}");
    assert!(!out.exists());
    let files = ["codes-1-of-2.png", "codes-2-of-2.png"].map(|name| user.path(name));
    for file in &files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let other = User::with_vault();
    let report = other.json(&["import", files[0].to_str().unwrap(), files[1].to_str().unwrap()]);
    assert_eq!((&report["added"], &report["failed"]), (&json!(12), &json!([])));
    user.run(&["export", "--format", "google-qr", "--encrypt"]).code(2);
}

#[test]
fn a_sheet_comes_back() {
    let user = User::with_vault();
    user.run(&["import", &user.file("list.txt", link("Shop"))]).success();
    let out = user.path("sheet.html");
    user.run(&["export", "--format", "qr-sheet", "--plaintext", "-o", out.to_str().unwrap()]).success();
    let other = User::with_vault();
    assert_eq!(other.json(&["import", out.to_str().unwrap()])["added"], 1);
    assert_eq!(other.json(&["list"])[0]["issuer"], "Shop");
}

/// Another program's eyes, where there is one.
#[test]
fn zbar_reads_what_is_written() {
    if std::process::Command::new("zbarimg").arg("--version").output().is_err() {
        skip::skip("zbarimg");
        return;
    }
    let user = User::with_vault();
    let parts = export(&user);
    for file in parts.iter().chain([&user.file("link.png", png(&link("Shop")))]) {
        let seen = std::process::Command::new("zbarimg").args(["--quiet", "--raw", file]).output().unwrap();
        let ours = qr::read(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(String::from_utf8(seen.stdout).unwrap().trim(), ours[0].as_str());
    }
}
