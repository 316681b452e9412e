//! Tests of the Aegis reader and writer.

use super::*;
use crate::otp::{Digits, Otp, Period};
use crate::secret::{NoRandomness, Secret};
use crate::vault::RecoveryCode;

/// A stream that never repeats: good enough to tell nonces apart.
struct Counting(u64);
impl Random for Counting {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        for byte in out {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 56) as u8;
        }
        Ok(())
    }
}

fn entries() -> Vec<Details> {
    let key = |bytes: &[u8]| Secret::from(bytes);
    let mut totp = Details::new(Otp::new(Kind::Totp, key(b"seventeen bytes!!")), "Wolken AG", "ida@wolken.example");
    totp.otp.algorithm = Algorithm::Sha512;
    (totp.otp.digits, totp.otp.period) = (Digits::new(8).unwrap(), Period::new(45).unwrap());
    totp.tags = vec!["Work/Cloud".into(), "Äußerst".into()];
    (totp.note, totp.favourite) = ("two\nlines".into(), true);
    let mut hotp = Details::new(Otp::new(Kind::Hotp, key(b"counting key")), "Bank", "");
    hotp.otp.counter = 41;
    hotp.tags = vec!["Work/Cloud".into()];
    let steam = Details::new(Otp::new(Kind::Steam, key(b"steam's own key")), "Steam", "player one");
    let mut motp = Details::new(Otp::new(Kind::Motp, key(&[0xab; 8])), "VPN", "badge 7");
    motp.otp.pin = Some("9753".into());
    let mut yandex = Details::new(Otp::new(Kind::Yandex, key(b"sixteen bytes ok")), "Яндекс", "ю");
    yandex.otp.pin = Some("24681357".into());
    vec![totp, hotp, steam, motp, yandex]
}

fn details(imported: Imported) -> Vec<Details> {
    assert_eq!(imported.problems, []);
    imported.entries.into_iter().map(|entry| entry.details).collect()
}

fn plain(bytes: &[u8]) -> Result<Imported, FormatError> {
    match read(bytes)? {
        Opened::Plain(imported) => Ok(imported),
        Opened::Encrypted(_) => panic!("this file is plain"),
    }
}

fn locked(bytes: &[u8]) -> Box<dyn Encrypted + Send> {
    match read(bytes) {
        Ok(Opened::Encrypted(locked)) => locked,
        _ => panic!("this file is encrypted"),
    }
}

#[test]
fn plain_files_read_back() {
    let file = write(&entries(), None, &mut Counting(1)).unwrap();
    assert!(detect(&file));
    assert_eq!(details(plain(&file).unwrap()), entries());
}

#[test]
fn encrypted_files_read_back_with_their_password_only() {
    let file = write(&entries(), Some(&"päss word".into()), &mut Counting(2)).unwrap();
    assert!(detect(&file));
    assert!(!file.windows(6).any(|six| six == b"Wolken"));
    let locked = locked(&file);
    assert_eq!(locked.open(&"pass word".into()).unwrap_err(), FormatError::WrongPassword);
    assert_eq!(details(locked.open(&"päss word".into()).unwrap()), entries());
}

#[test]
fn damage_is_not_a_wrong_password() {
    let file = write(&entries(), Some(&"word".into()), &mut Counting(3)).unwrap();
    let mut file: Value = serde_json::from_slice(&file).unwrap();
    let sealed = file["db"].as_str().unwrap().to_owned();
    let flipped = if sealed.starts_with('A') { "B" } else { "A" };
    file["db"] = json!(format!("{flipped}{}", &sealed[1..]));
    let wrong = locked(file.to_string().as_bytes()).open(&"word".into()).unwrap_err();
    assert!(matches!(wrong, FormatError::Damaged(_)), "{wrong:?}");
}

#[test]
fn costs_are_bounded_before_they_are_paid() {
    let file = write(&[], Some(&"word".into()), &mut Counting(4)).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    for (n, r, p) in [
        (1u64 << 40, 8u64, 1u64),
        (1 << 20, 64, 1),
        (32_767, 8, 1),
        (0, 8, 1),
        (1 << 15, 0, 1),
        (1 << 15, 8, 1 << 30),
        (u64::MAX, 2, 2),
    ] {
        let mut file = file.clone();
        let slot = &mut file["header"]["slots"][0];
        (slot["n"], slot["r"], slot["p"]) = (json!(n), json!(r), json!(p));
        let wrong = read(file.to_string().as_bytes()).err();
        assert!(matches!(wrong, Some(FormatError::ParametersRefused(_))), "{n} {r} {p}: {wrong:?}");
    }
    let mut many = file.clone();
    many["header"]["slots"] = Value::Array(vec![file["header"]["slots"][0].clone(); 100]);
    assert!(matches!(read(many.to_string().as_bytes()), Err(FormatError::ParametersRefused(_))));
    let mut none = file.clone();
    none["header"]["slots"][0]["type"] = json!(2);
    assert!(matches!(read(none.to_string().as_bytes()), Err(FormatError::Unsupported(_))));
}

#[test]
fn one_bad_entry_is_refused_and_a_zero_is_put_right() {
    let entry = |type_: &str, algo: &str, period: u64| {
        json!({ "type": type_, "name": "n", "issuer": null, "icon": "AAAA", "group": "Old",
            "info": { "secret": "jbsw y3dp", "algo": algo, "digits": 6, "period": period } })
    };
    let file = json!({ "version": 1, "header": { "slots": null, "params": null }, "db": { "version": 2, "entries": [
        entry("totp", "SHA1", 0), entry("totp", "SHA3", 30), entry("dance", "SHA1", 30), 7, entry("steamtotp", "SHA1", 30),
    ] } });
    let imported = plain(file.to_string().as_bytes()).unwrap();
    assert_eq!(imported.entries.len(), 2);
    let first = &imported.entries[0];
    assert_eq!((first.details.otp.period.get(), first.details.tags[0].as_str()), (30, "Old"));
    assert_eq!(first.notices, ["its icon is left behind", "a period of 0 s: the default of 30 s is used"]);
    let places: Vec<_> = imported.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["entry 2", "entry 3", "entry 4"]);
}

#[test]
fn recovery_codes_are_not_lost() {
    let mut entry = entries().remove(0);
    entry.recovery_codes = vec![
        RecoveryCode { id: None, code: "aaaa-1111".into(), used: true },
        RecoveryCode { id: None, code: "bbbb-2222".into(), used: false },
    ];
    assert_eq!(loses(&entry).len(), 1);
    let file = write(&[entry], None, &mut Counting(5)).unwrap();
    let read = details(plain(&file).unwrap());
    assert_eq!(read[0].note.as_str(), "two\nlines\n\nRecovery codes:\naaaa-1111 (used)\nbbbb-2222");
}

#[test]
fn other_versions_are_refused() {
    for file in [
        r#"{"version":2,"header":{},"db":{"version":3,"entries":[]}}"#,
        r#"{"version":1,"header":{},"db":{"version":4,"entries":[]}}"#,
    ] {
        assert!(matches!(read(file.as_bytes()), Err(FormatError::Unsupported(_))), "{file}");
    }
}
