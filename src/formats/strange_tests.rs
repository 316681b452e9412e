//! Every reader against values it does not know: an algorithm, a length, a period or a kind that is there and not understood refuses the entry,
//! or is said with it. It is never taken for the usual one.

use super::registry::FORMATS;
use super::{Imported, Opened, cipher, registry};

const KEY: &str = "MZXW6YTBOJRGCZQ";

/// A file, and what in it is changed: JSON's `"name":value`, each value to several.
const JSON: &[(&str, &str, &[&str])] = &[
    (
        "aegis",
        r#"{"version":1,"header":{"slots":null,"params":null},"db":{"version":3,"entries":[{"type":"totp","name":"b","issuer":"A",
            "info":{"secret":"KEY","algo":"SHA1","digits":6,"period":30}}]}}"#,
        &[r#""type":"totp""#, r#""algo":"SHA1""#, r#""digits":6"#, r#""period":30"#],
    ),
    (
        "aegis",
        r#"{"version":1,"header":{"slots":null,"params":null},"db":{"version":3,"entries":[{"type":"steam","name":"b","issuer":"A",
            "info":{"secret":"KEY","algo":"SHA1","digits":5,"period":30}}]}}"#,
        &[r#""type":"steam""#, r#""algo":"SHA1""#, r#""digits":5"#, r#""period":30"#],
    ),
    (
        "2fas",
        r#"{"schemaVersion":4,"services":[{"name":"A","secret":"KEY",
            "otp":{"account":"b","digits":6,"period":30,"algorithm":"SHA1","tokenType":"TOTP"}}]}"#,
        &[r#""digits":6"#, r#""period":30"#, r#""algorithm":"SHA1""#, r#""tokenType":"TOTP""#],
    ),
    (
        "andotp",
        r#"[{"secret":"KEY","issuer":"A","label":"b","digits":6,"type":"TOTP","algorithm":"SHA1","thumbnail":"Default","period":30}]"#,
        &[r#""digits":6"#, r#""type":"TOTP""#, r#""algorithm":"SHA1""#, r#""period":30"#],
    ),
    (
        "freeotp-plus",
        r#"{"tokenOrder":[],"tokens":[{"algo":"SHA1","digits":6,"issuerExt":"A","label":"b","period":30,"secret":[1,2,3,4,5,6,7,8,9,0],"type":"TOTP"}]}"#,
        &[r#""algo":"SHA1""#, r#""digits":6"#, r#""period":30"#, r#""type":"TOTP""#],
    ),
    (
        "freeotp",
        r#"<map><string name="A:b">{"algo":"SHA1","digits":6,"issuerExt":"A","label":"b","period":30,"secret":[1,2,3,4,5,6,7,8,9,0],"type":"TOTP"}</string></map>"#,
        &[r#""algo":"SHA1""#, r#""digits":6"#, r#""period":30"#, r#""type":"TOTP""#],
    ),
    (
        "stratum",
        r#"{"Authenticators":[{"Type":2,"Issuer":"A","Username":"b","Secret":"KEY","Algorithm":0,"Digits":6,"Period":30}]}"#,
        &[r#""Type":2"#, r#""Algorithm":0"#, r#""Digits":6"#, r#""Period":30"#],
    ),
    (
        "cotp",
        r#"{"version":2,"elements":[{"secret":"KEY","issuer":"A","label":"b","digits":6,"type":"TOTP","algorithm":"SHA1","period":30}]}"#,
        &[r#""digits":6"#, r#""type":"TOTP""#, r#""algorithm":"SHA1""#, r#""period":30"#],
    ),
    (
        "2fauth",
        r#"{"app":"2fauth_v5","schema":1,"data":[{"otp_type":"totp","service":"A","account":"b","secret":"KEY","digits":6,"algorithm":"sha1","period":30}]}"#,
        &[r#""otp_type":"totp""#, r#""digits":6"#, r#""algorithm":"sha1""#, r#""period":30"#],
    ),
    (
        "lastpass",
        r#"{"deviceName":"x","folders":[],"accounts":[{"secret":"KEY","issuerName":"A","userName":"b","algorithm":"SHA1","digits":6,"timeStep":30}]}"#,
        &[r#""algorithm":"SHA1""#, r#""digits":6"#, r#""timeStep":30"#],
    ),
    (
        "raivo",
        r#"[{"issuer":"A","account":"b","secret":"KEY","algorithm":"SHA1","digits":"6","kind":"TOTP","timer":"30","counter":"0"}]"#,
        &[r#""algorithm":"SHA1""#, r#""digits":"6""#, r#""kind":"TOTP""#, r#""timer":"30""#],
    ),
    (
        "devolutions",
        r#"[{"name":"A","data":{"otpKeyItem":{"sensitiveData":"KEY"},"otpCodeSize":0,"otpHashAlgorithm":0,"otpTimeStep":30}}]"#,
        &[r#""otpCodeSize":0"#, r#""otpHashAlgorithm":0"#, r#""otpTimeStep":30"#],
    ),
    (
        "authenticator-extension",
        r#"{"a":{"issuer":"A","account":"b","type":"totp","secret":"KEY","hash":"a","algorithm":"SHA1","digits":6,"period":30}}"#,
        &[r#""type":"totp""#, r#""algorithm":"SHA1""#, r#""digits":6"#, r#""period":30"#],
    ),
    (
        "totp-cli",
        r#"[{"name":"A","accounts":[{"name":"b","token":"KEY","prefix":"","algorithm":"sha1","length":6,"timePeriod":30}]}]"#,
        &[r#""algorithm":"sha1""#, r#""length":6"#, r#""timePeriod":30"#],
    ),
    (
        "totp-authenticator",
        r#"<map><string name="STATIC_TOTP_CODES_LIST">[{"base":32,"key":"KEY","issuer":"A","name":"b","digits":6,"period":30}]</string></map>"#,
        &[r#""base":32"#, r#""digits":6"#, r#""period":30"#],
    ),
    (
        "authy",
        r#"{"decrypted_authenticator_tokens":[{"decrypted_seed":"KEY","name":"A: b","digits":6}]}"#,
        &[r#""digits":6"#],
    ),
    ("duo", r#"[{"name":"a","otpGenerator":{"otpSecret":"KEY","counter":4}}]"#, &[r#""counter":4"#]),
    (
        "proton",
        r#"{"version":1,"entries":[{"id":"1","content":{"uri":"otpauth://totp/A:b?secret=KEY","entry_type":"Totp","name":"b"},"note":null}]}"#,
        &[r#""entry_type":"Totp""#],
    ),
];

/// Files with a link in them where `LINK` stands.
const LINKS: &[(&str, &str)] = &[
    ("uri", "LINK\n"),
    ("html", "<!DOCTYPE html><html><code>LINK</code>"),
    ("ente", "LINK&codeDisplay=%7B%7D\n"),
    ("google", "LINK\n"),
    ("gauth", "LINK\n"),
    ("authenticator-plus", "LINK\n"),
    ("csv", "name,totp\nBank,LINK\n"),
    ("keepassxc-csv", "Group,Title,Username,Password,URL,Notes,TOTP,Icon,Last Modified\nRoot,A,b,,,,LINK,,\n"),
    ("proton", r#"{"version":1,"entries":[{"content":{"uri":"LINK","entry_type":"Totp","name":"b"}}]}"#),
    ("cotp", r#"{"items":["LINK"]}"#),
    ("authy", r#"[{"name":"a","secret":"x","uri":"LINK"}]"#),
    ("bitwarden", r#"{"encrypted":false,"items":[{"name":"A","login":{"totp":"LINK"}}]}"#),
    ("enpass", r#"{"items":[{"title":"A","category":"login","fields":[{"type":"totp","value":"LINK"}]}]}"#),
    ("keeper", r#"{"records":[{"title":"A","login":"me","custom_fields":{"$oneTimeCode":"LINK"}}]}"#),
    (
        "1password",
        r#"{"accounts":[{"vaults":[{"items":[{"overview":{"title":"A"},"details":{"sections":[{"fields":[{"value":{"totp":"LINK"}}]}]}}]}]}]}"#,
    ),
    (
        "proton-pass",
        r#"{"vaults":{"v":{"name":"P","items":[{"data":{"metadata":{"name":"A"},"content":{"totpUri":"LINK"}}}]}}}"#,
    ),
    (
        "safeincloud",
        "<database><card title='A'><field type=\"one_time_password\"><![CDATA[LINK]]></field></card></database>",
    ),
    (
        "keepass",
        "<KeePassFile><Root><Group><Entry><String><Key>otp</Key><Value><![CDATA[LINK]]></Value></String></Entry></Group></Root></KeePassFile>",
    ),
];

/// Readers that are not in the tables, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("picture", "what its codes hold is read as the lines of a list"),
    ("age", "what is in it is read by its own format"),
    ("zip", "what is in it is read by its own format"),
    ("google-sqlite", "google_sqlite: accounts_over_many_pages_and_one_that_needs_pages_of_its_own"),
    ("microsoft", "microsoft: accounts_of_every_type"),
    ("stratum-sqlite", "it is read as Stratum's backup"),
    ("otp-auth", "otp_auth: its own tests"),
    ("otpclient", "below: encrypted always"),
    ("battlenet", "it says nothing but the key"),
    ("steam", "it says nothing but the key"),
    ("2fa", "below: not JSON"),
];

fn read(format: &str, bytes: &[u8]) -> Imported {
    match registry::read(bytes, Some(format)).unwrap_or_else(|wrong| panic!("{format}: {wrong}")).1 {
        Opened::Plain(imported) => imported,
        Opened::Encrypted(locked) => locked.open(&"word".into()).unwrap(),
    }
}

/// What was read of the changed file must not be what was read of the good one without a word.
fn is_said(format: &str, good: &[u8], strange: &[u8], what: &str) {
    let before = read(format, good);
    assert_eq!((before.entries.len(), before.problems.len()), (1, 0), "{format}: {:?}", before.problems);
    let after = read(format, strange);
    match (after.entries.as_slice(), after.problems.as_slice()) {
        ([], [problem]) => assert!(!problem.place.is_empty() && !problem.reason.contains(KEY), "{format}: {what}"),
        ([entry], []) => {
            assert!(entry.notices.len() > before.entries[0].notices.len(), "{format}: {what} is taken without a word");
        }
        other => panic!("{format}: {what}: {other:?}"),
    }
}

#[test]
fn an_unknown_value_is_never_taken_for_the_usual_one() {
    for (format, file, fragments) in JSON {
        let good = file.replace("KEY", KEY);
        for fragment in *fragments {
            assert!(good.contains(fragment), "{format}: {fragment}");
            let (name, _) = fragment.split_once(':').unwrap();
            for strange in ["\"strange\"", "99999", "true", "[\"SHA256\"]", "{}", "-1", "1.5"] {
                // Any number is a counter.
                if name == "\"counter\"" && strange == "99999" {
                    continue;
                }
                let changed = good.replace(fragment, &format!("{name}:{strange}"));
                is_said(format, good.as_bytes(), changed.as_bytes(), &format!("{name}:{strange}"));
            }
        }
    }
    let link = format!("otpauth://totp/A:b?secret={KEY}&algorithm=SHA1&digits=6&period=30");
    for (format, file) in LINKS {
        let good = file.replace("LINK", &link);
        for (from, to) in [
            ("algorithm=SHA1", "algorithm=strange"),
            ("algorithm=SHA1", "hash=strange"),
            ("digits=6", "digits=99"),
            ("digits=6", "length=six"),
            ("period=30", "period=often"),
            ("period=30", "interval=0"),
            ("//totp/", "//xotp/"),
            (KEY, "MZXW6YTBOJRGCZQAA"),
        ] {
            is_said(format, good.as_bytes(), file.replace("LINK", &link.replace(from, to)).as_bytes(), to);
        }
    }
}

#[test]
fn every_reader_is_held_against_unknown_values() {
    for format in FORMATS.iter().filter(|format| format.read.is_some()) {
        let of = |id: &str| id == format.id;
        let tested = JSON.iter().any(|(id, ..)| of(id)) || LINKS.iter().any(|(id, _)| of(id));
        assert!(tested != ELSEWHERE.iter().any(|(id, _)| of(id)), "{}", format.id);
    }
}

#[test]
fn an_unknown_value_in_a_file_that_is_no_json() {
    let seal = |list: &str| {
        let (one, cost) = (1u32.to_be_bytes(), 64u32.to_be_bytes());
        let head = [&b"OTPClient"[..], &3u32.to_be_bytes(), &[1; 16], &[2; 32], &one, &cost, &one].concat();
        let key = cipher::argon2id(b"word", &[2; 32], 1, 64, 1).unwrap();
        [&head[..], &cipher::gcm16_seal(&key, &[1; 16], list.as_bytes(), &head)].concat()
    };
    let list = format!(
        r#"[{{"type":"TOTP","label":"b","issuer":"A","secret":"{KEY}","digits":6,"algo":"SHA1","period":30}}]"#
    );
    for (from, to) in [("\"TOTP\"", "7"), ("\"SHA1\"", "7"), (":6", ":\"x\""), (":30", ":[]"), ("SHA1", "strange")] {
        is_said("otpclient", &seal(&list), &seal(&list.replace(from, to)), to);
    }
    let two_fa = format!("b 6 {KEY}A\n");
    is_said("2fa", two_fa.as_bytes(), two_fa.replace(" 6 ", " 9 ").as_bytes(), "9 digits");

    let keepass = |fields: &[(&str, &str)]| {
        let fields: String = fields
            .iter()
            .map(|(name, value)| format!("<String><Key>{name}</Key><Value><![CDATA[{value}]]></Value></String>"))
            .collect();
        format!("<KeePassFile><Root><Group><Entry>{fields}</Entry></Group></Root></KeePassFile>")
    };
    for (good, from, strange) in [
        ([("TOTP Seed", KEY), ("TOTP Settings", "30;6")], "TOTP Settings", "30;strange"),
        ([("TOTP Seed", KEY), ("TOTP Settings", "30;6")], "TOTP Settings", "often;6"),
        ([("TimeOtp-Secret-Base32", KEY), ("TimeOtp-Algorithm", "HMAC-SHA-1")], "TimeOtp-Algorithm", "strange"),
        ([("TimeOtp-Secret-Base32", KEY), ("TimeOtp-Length", "6")], "TimeOtp-Length", "six"),
        ([("TimeOtp-Secret-Base32", KEY), ("TimeOtp-Period", "30")], "TimeOtp-Period", "often"),
        ([("HmacOtp-Secret-Base32", KEY), ("HmacOtp-Counter", "7")], "HmacOtp-Counter", "x"),
        (
            [("Title", "A"), ("otp", "key=MZXW6YTBOJRGCZQ%3d&otpHashMode=Sha1")],
            "otp",
            "key=MZXW6YTBOJRGCZQ%3d&otpHashMode=x",
        ),
        ([("Title", "A"), ("otp", "key=MZXW6YTBOJRGCZQ%3d&size=6")], "otp", "key=MZXW6YTBOJRGCZQ%3d&size=x"),
        ([("Title", "A"), ("otp", "key=MZXW6YTBOJRGCZQ%3d&step=30")], "otp", "key=MZXW6YTBOJRGCZQ%3d&step=x"),
        ([("Title", "A"), ("otp", "key=MZXW6YTBOJRGCZQ%3d&type=Totp")], "otp", "key=MZXW6YTBOJRGCZQ%3d&type=x"),
    ] {
        let changed = good.map(|(name, value)| (name, if name == from { strange } else { value }));
        is_said("keepass", keepass(&good).as_bytes(), keepass(&changed).as_bytes(), strange);
    }
}
