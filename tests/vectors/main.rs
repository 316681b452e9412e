//! Codes and URIs against published vectors. They lie beside the project, not in it: without them each test says so and ends.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::expect_used,
    clippy::get_unwrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod signatures;
#[path = "../skip/mod.rs"]
mod skip;

use std::path::PathBuf;

use serde_json::Value;
use tickey::otp::{Algorithm, Digits, Kind, Otp, Period, base32, uri, yandex};
use tickey::secret::Secret;

fn vectors(name: &str) -> Option<Value> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "shared", "vectors", name].iter().collect();
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(_) => {
            skip::skip(path.display());
            None
        }
    }
}

fn hex(text: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

/// What makes the code of one row, whatever the row's names for its parts.
fn otp(kind: Kind, row: &Value) -> Otp {
    let secret = match (row.get("secret_hex"), row.get("secret_base32"), row.get("secret_text")) {
        (Some(text), _, _) => Secret::new(hex(text)),
        (None, Some(text), _) => base32::decode(text.as_str().unwrap()).unwrap(),
        (None, None, Some(text)) => Secret::new(hex(text)),
        _ => panic!("{row} has no secret"),
    };
    let mut otp = Otp::new(kind, secret);
    let algorithm = row.get("algorithm").or(row.get("algo")).and_then(Value::as_str);
    if let Some(name) = algorithm {
        otp.algorithm = Algorithm::from_name(name).unwrap();
    }
    if let Some(digits) = row["digits"].as_u64() {
        otp.digits = Digits::new(digits).unwrap();
    }
    if let Some(period) = row["period"].as_u64() {
        otp.period = Period::new(period).unwrap();
    }
    otp.counter = row["counter"].as_u64().or(row["count"].as_u64()).unwrap_or(0);
    otp.pin = row["pin"].as_str().map(Into::into);
    otp
}

fn check(kind: Kind, row: &Value, expected: &str) {
    let code = otp(kind, row).code(row["time"].as_u64().unwrap_or(0));
    let code = code.unwrap_or_else(|wrong| panic!("{row}: {wrong}"));
    assert_eq!(code.as_str(), expected, "{row}");
}

#[test]
fn the_tables_of_the_standards() {
    let Some(table) = vectors("rfc/rfc4226_appendix_d.json") else { return };
    for row in table["rows"].as_array().unwrap() {
        let mut row = row.clone();
        row["secret_hex"] = table["secret_hex"].clone();
        check(Kind::Hotp, &row, row["hotp"].as_str().unwrap());
    }
    let Some(table) = vectors("rfc/rfc6238_appendix_b.json") else { return };
    for row in table["rows"].as_array().unwrap() {
        check(Kind::Totp, row, row["totp"].as_str().unwrap());
    }
}

#[test]
fn codes_that_other_projects_published() {
    let Some(table) = vectors("totp/other_published.json") else { return };
    let rows = table.as_array().unwrap();
    for row in rows {
        let kind = Kind::from_name(row["type"].as_str().unwrap()).unwrap();
        check(kind, row, row["code"].as_str().unwrap());
    }
    assert!(rows.len() > 40);
}

#[test]
fn tokens_of_every_kind() {
    let Some(table) = vectors("tokens.json") else { return };
    for kind in Kind::ALL {
        let rows = table[kind.name()].as_array().unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            check(kind, row, row["otp"].as_str().unwrap());
        }
    }
    for row in table["yandex_checksum"].as_array().unwrap() {
        let secret = base32::decode(row["secret_base32"].as_str().unwrap()).unwrap();
        assert_eq!(yandex::check(&secret).is_ok(), row["valid"].as_bool().unwrap(), "{row}");
    }
    for row in table["base32"].as_array().unwrap() {
        let read = base32::decode(row["text"].as_str().unwrap());
        // Two rows show what cutting an incomplete text would give.
        match row["why"].as_str().unwrap() {
            why if why.starts_with("1 character") || why.starts_with("17 characters") => {
                assert!(matches!(read, Err(base32::NotBase32::Length(1 | 17))), "{row}");
            }
            _ => assert_eq!(read.unwrap().expose(), hex(&row["hex"]), "{row}"),
        }
    }
}

/// Cases on which the projects agree or only one spoke, and where the table in `otp::uri` decides otherwise than it: a refusal of values
/// that make good codes, or other values in their place.
const DECIDED_OTHERWISE: [&str; 8] = [
    "period=150",
    "issuers differ only by case",
    "digits=2",
    "digits=3",
    "period=4",
    "period=200",
    "period=90000",
    "digits=11",
];

#[test]
fn uris_as_the_projects_read_them() {
    let Some(table) = vectors("otpauth/otpauth_cases.json") else { return };
    let mut checked = 0;
    for case in table["cases"].as_array().unwrap() {
        let (text, why) = (case["uri"].as_str().unwrap(), case["why"].as_str().unwrap());
        let read = uri::parse(text);
        if case["disputed"].as_bool().unwrap() || DECIDED_OTHERWISE.contains(&why) || text.starts_with("key=") {
            continue;
        }
        for (project, verdict) in case["verdicts"].as_object().unwrap() {
            checked += 1;
            match verdict {
                Value::String(word) if word == "reject" => assert!(read.is_err(), "{why}: {project} refuses {text}"),
                Value::String(word) if word == "ok" => assert!(read.is_ok(), "{why}: {project} reads {text}: {read:?}"),
                Value::String(_) => {}
                values => {
                    let read = read.as_ref().unwrap_or_else(|wrong| panic!("{why}: {text}: {wrong}"));
                    for (name, value) in values.as_object().unwrap() {
                        let ours = match name.as_str() {
                            "issuer" => Value::from(read.issuer.as_str()),
                            "account" => Value::from(read.account.as_str()),
                            "digits" => Value::from(read.otp.digits.get()),
                            "period" => Value::from(read.otp.period.get()),
                            "counter" => Value::from(read.otp.counter),
                            "algorithm" => Value::from(read.otp.algorithm.name()),
                            "secret" => Value::from(base32::encode(read.otp.secret.expose()).as_str()),
                            "secret_hex" => Value::from(data_encoding::HEXLOWER.encode(read.otp.secret.expose())),
                            other => panic!("{other} is not compared"),
                        };
                        assert_eq!(&ours, value, "{why}: {name} of {text}");
                    }
                }
            }
        }
    }
    assert!(checked > 40, "only {checked} verdicts were compared");
}

#[test]
fn disputed_uris_as_the_table_decides() {
    let Some(table) = vectors("otpauth/otpauth_cases.json") else { return };
    let decided = |text: &str| {
        let case = table["cases"].as_array().unwrap().iter().find(|case| case["why"] == text);
        uri::parse(case.unwrap_or_else(|| panic!("no case {text}"))["uri"].as_str().unwrap())
    };
    assert_eq!(decided("algorithm=MD5").unwrap().otp.algorithm, Algorithm::Md5);
    assert_eq!(decided("counter = u64::MAX").unwrap().otp.counter, u64::MAX);
    assert_eq!(decided("account contains a colon").unwrap().account.as_str(), "alice@domain.com:443");
    let encoded = decided("encoded colon separator and leading space before account").unwrap();
    assert_eq!((encoded.issuer.as_str(), encoded.account.as_str()), ("Big Corporation", "alice@bigco.com"));
    for digits in [5, 9, 10] {
        assert_eq!(decided(&format!("digits={digits}")).unwrap().otp.digits.get(), digits);
    }
    assert_eq!(decided("no label at all (Dashlane export)").unwrap().account.as_str(), "");
    assert_eq!(decided("label issuer differs from parameter").unwrap().issuer.as_str(), "Bar");
    assert_eq!(decided("Google iOS invalid list: hotp without counter").unwrap().otp.counter, 0);
    assert_eq!(decided("host \"steam\"").unwrap().otp.kind, Kind::Steam);
    for digits in [2, 3] {
        assert_eq!(decided(&format!("digits={digits}")).unwrap().otp.digits.get(), digits);
    }
    for period in [4, 150, 200] {
        assert_eq!(decided(&format!("period={period}")).unwrap().otp.period.get(), u64::from(period as u32));
    }
    assert!(decided("period=90000").is_err() && decided("digits=11").is_err());
    assert_eq!(decided("issuers differ only by case").unwrap().issuer.as_str(), "GitHub");
}
