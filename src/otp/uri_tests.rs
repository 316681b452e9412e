//! Tests of reading and writing URIs.

use super::*;
use proptest::prelude::*;

fn read(uri: &str) -> Labelled {
    parse(uri).unwrap_or_else(|wrong| panic!("{uri}: {wrong}"))
}

#[test]
fn one_with_everything() {
    let read = read(
        " OTPAUTH://TOTP/ACME%20Co:john@example.com?SECRET=jbsw%20y3dp-ehpk+3pxp&issuer=ACME+Co&algorithm=HmacSHA512&digits=8&period=60&image=%ZZ\r\n",
    );
    assert_eq!((read.issuer.as_str(), read.account.as_str()), ("ACME Co", "john@example.com"));
    assert_eq!(read.otp.kind, Kind::Totp);
    assert_eq!(read.otp.secret.expose(), b"Hello!\xde\xad\xbe\xef");
    assert_eq!(read.otp.algorithm, Algorithm::Sha512);
    assert_eq!((read.otp.digits.get(), read.otp.period.get()), (8, 60));
}

#[test]
fn a_link_escaped_for_a_page_keeps_its_parameters() {
    for and in ["&amp;", "&AMP;", "&amp;amp;", "&#38;", "&#038;", "&#x26;", "&#X26;"] {
        let uri = format!("otpauth://totp/x?secret=MY{and}algorithm=SHA256{and}digits=8{and}period=60{and}issuer=I");
        let Labelled { otp, issuer, .. } = read(&uri);
        assert_eq!((otp.algorithm, otp.digits.get(), otp.period.get()), (Algorithm::Sha256, 8, 60), "{and}");
        assert_eq!(issuer.as_str(), "I", "{and}");
        assert_eq!(read(&format!("otpauth://hotp/x?secret=MY{and}counter=7")).otp.counter, 7, "{and}");
        assert_eq!(read(&format!("otpauth://totp/x?digits=8{and}secret=MY")).otp.digits.get(), 8, "{and}");
        let motp = read(&format!("motp://x?secret=aabb{and}pin=1234"));
        assert_eq!(motp.otp.pin.as_deref(), Some("1234"), "{and}");
        assert_eq!(parameter(&uri, "period").as_deref(), Some("60"), "{and}");
        assert_eq!(
            parse(&format!("otpauth://totp/x?secret=MY{and}digits=0")),
            Err(UriError::Number { name: "digits", range: "1 to 10" }),
            "{and}"
        );
    }
}

#[test]
fn labels() {
    for (uri, issuer, account) in [
        ("otpauth://totp/alice?secret=MY", "", "alice"),
        ("otpauth://totp?secret=MY", "", ""),
        ("otpauth://totp/?secret=MY&issuer=I", "I", ""),
        ("otpauth://totp/Big%20Corp%3A%20alice?secret=MY", "Big Corp", "alice"),
        ("otpauth://totp/Foo:bar?secret=MY&issuer=Bar", "Bar", "bar"),
        ("otpauth://totp/Foo:bar?secret=MY&issuer=", "Foo", "bar"),
        ("otpauth://totp/A%3A%20B:me?secret=MY&issuer=A%3A%20B", "A: B", "me"),
        ("otpauth://totp/Co:a:b?secret=MY&issuer=Co", "Co", "a:b"),
        ("otpauth://totp/a+b%2Bc#d?secret=MY", "", "a+b+c#d"),
        ("otpauth://totp/:me?secret=MY", "", "me"),
        ("motp://VPN:carol?secret=aabb", "VPN", "carol"),
        ("steam://JBSWY3DP", "Steam", ""),
    ] {
        let read = read(uri);
        assert_eq!((read.issuer.as_str(), read.account.as_str()), (issuer, account), "{uri}");
    }
}

#[test]
fn steam_in_its_disguises() {
    for (rest, kind) in [
        ("steam/x?secret=MY", Kind::Steam),
        ("steam/x?secret=MY&digits=6", Kind::Steam),
        ("totp/x?secret=MY&encoder=steam", Kind::Steam),
        ("totp/Steam:x?secret=MY", Kind::Steam),
        ("totp/x?secret=MY&issuer=Steam&digits=5", Kind::Steam),
        ("totp/x?secret=MY&issuer=Steam&digits=6", Kind::Totp),
        ("totp/x?secret=MY&issuer=Steam&digits=5&encoder=totp", Kind::Totp),
        ("hotp/Steam:x?secret=MY", Kind::Hotp),
    ] {
        let read = read(&format!("otpauth://{rest}"));
        assert_eq!(read.otp.kind, kind, "{rest}");
        if kind == Kind::Steam {
            assert_eq!(read.otp.digits.get(), 5, "{rest}");
        }
    }
}

#[test]
fn a_yandex_pin_plain_or_in_base32() {
    let uri = |pin: &str| format!("otpauth://yaotp/me?secret=LA2V6KMCGYMWWVEW64RNP3JA3I&pin={pin}&pin_length=4");
    // Digits alone are the PIN itself, also where they are base32.
    for (pin, expected) in [("5239", "5239"), ("GUZDGOI", "5239"), ("22222222", "22222222")] {
        assert_eq!(read(&uri(pin)).otp.pin.as_deref(), Some(expected), "{pin}");
    }
    let bad = "otpauth://yaotp/me?secret=AA2V6KMCGYMWWVEW64RNP3JA3IAAAAAAHTSG4HRZPI&pin=1";
    assert_eq!(parse(bad), Err(UriError::Otp(OtpError::YandexChecksum)));
}

#[test]
fn what_is_refused() {
    let number = |name, range| UriError::Number { name, range };
    for (uri, wrong) in [
        ("https://example.com/", UriError::NotOtp),
        ("key=MY&step=30", UriError::NotOtp),
        ("otpauth-migration://offline?data=AAAA", UriError::Migration),
        ("otpauth://xotp/x?secret=MY", UriError::Type("xotp".into())),
        ("otpauth://totp/x", UriError::NoSecret),
        ("otpauth://totp/x?secret=", UriError::NoSecret),
        ("otpauth://totp/x?secret=%3D%3D", UriError::NoSecret),
        ("otpauth://totp/x?secret=A", UriError::Secret(NotBase32::Length(1))),
        ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXPA", UriError::Secret(NotBase32::Length(17))),
        ("steam://JBSWY3DPEHPK3PXPA", UriError::Secret(NotBase32::Length(17))),
        ("otpauth://totp/x?secret=MZXW6%3D", UriError::Secret(NotBase32::Padding)),
        (
            "otpauth://totp/x?secret=MZXW6period=60",
            UriError::Secret(NotBase32::Character { place: 14, digit: Some('0') }),
        ),
        ("otpauth://totp/x?secret=MY0", UriError::Secret(NotBase32::Character { place: 3, digit: Some('0') })),
        ("otpauth://totp/x?secret=AB%00CD", UriError::Secret(NotBase32::Character { place: 3, digit: None })),
        ("otpauth://totp/x?secret=AB%GG", UriError::Percent("secret")),
        ("otpauth://totp/x%ZZ?secret=MY", UriError::Percent("label")),
        ("otpauth://totp/%FF?secret=MY", UriError::NotUtf8("label")),
        ("otpauth://totp/x?secret=MY&digits=0", number("digits", "1 to 10")),
        ("otpauth://totp/x?secret=MY&digits=11", number("digits", "1 to 10")),
        ("otpauth://totp/x?secret=MY&period=0", number("period", "1 to 86400")),
        ("otpauth://totp/x?secret=MY&period=-30", number("period", "1 to 86400")),
        ("otpauth://totp/x?secret=MY&period=4294967326", number("period", "1 to 86400")),
        ("otpauth://hotp/x?secret=MY&counter=18446744073709551616", number("counter", "0 to 18446744073709551615")),
        ("otpauth://totp/x?secret=MY&algorithm=SHA224", UriError::Algorithm("SHA224".into())),
        ("motp://fail", UriError::NoSecret),
        ("steam://", UriError::NoSecret),
        ("otpauth://totp/x?secret=MY&hash=what", UriError::Algorithm("what".into())),
        ("otpauth://totp/x?secret=MY&length=eight", number("digits", "1 to 10")),
        ("otpauth://totp/x?secret=MY&interval=0", number("period", "1 to 86400")),
        ("otpauth://totp/x?issuer=Acmeperiod=45&secret=MY", UriError::Joined),
        ("motp://x?issuer=Acmesecret=45&secret=aabb", UriError::Joined),
    ] {
        assert_eq!(parse(uri).unwrap_err(), wrong, "{uri}");
    }
    let long = format!("otpauth://totp/x?secret={}", "A".repeat(LONGEST_SECRET + 1));
    assert_eq!(parse(&long), Err(UriError::SecretTooLong));
}

#[test]
fn a_secret_has_at_least_a_byte_and_at_most_so_many_characters() {
    for read in [base32_secret, motp_secret, hex_secret] {
        assert_eq!(read(""), Err(UriError::NoSecret));
        assert!(read(&"a".repeat(LONGEST_SECRET)).is_ok());
        // Both are of a length that base32 and hexadecimal have.
        for more in [2, 8] {
            assert_eq!(read(&"a".repeat(LONGEST_SECRET + more)), Err(UriError::SecretTooLong));
        }
    }
}

/// Other programs read these: what stands where is theirs as much as ours.
#[test]
fn links_are_written_as_other_programs_read_them() {
    let of = |kind| Otp::new(kind, Secret::from(&b"sixteen bytes!!!"[..]));
    let mut yandex = of(Kind::Yandex);
    yandex.pin = Some("5239".into());
    for (otp, issuer, account, expected) in [
        (
            of(Kind::Totp),
            "Git Hub",
            "octo",
            "otpauth://totp/Git%20Hub:octo?secret=ONUXQ5DFMVXCAYTZORSXGIJBEE&issuer=Git%20Hub&algorithm=SHA1&digits=6&period=30",
        ),
        (
            of(Kind::Hotp),
            "",
            "octo",
            "otpauth://hotp/octo?secret=ONUXQ5DFMVXCAYTZORSXGIJBEE&algorithm=SHA1&digits=6&counter=0",
        ),
        (yandex, "", "me", "otpauth://yaotp/me?secret=ONUXQ5DFMVXCAYTZORSXGIJBEE&pin=GUZDGOI"),
    ] {
        assert_eq!(write(&otp, issuer, account).as_str(), expected);
    }
}

#[test]
fn the_last_counter_and_missing_values() {
    let last = read("otpauth://hotp/x?secret=MY&counter=18446744073709551615");
    assert_eq!(last.otp.counter, u64::MAX);
    let bare = read("otpauth://hotp/x?secret=MY&digits=&algorithm=&counter=");
    assert_eq!((bare.otp.counter, bare.otp.digits.get(), bare.otp.algorithm), (0, 6, Algorithm::Sha1));
    for name in ALGORITHM {
        assert_eq!(
            read(&format!("otpauth://totp/x?secret=MY&{name}=SHA256")).otp.algorithm,
            Algorithm::Sha256,
            "{name}"
        );
    }
    for name in DIGITS {
        assert_eq!(read(&format!("otpauth://totp/x?secret=MY&{name}=8")).otp.digits.get(), 8, "{name}");
    }
    for name in PERIOD {
        assert_eq!(read(&format!("otpauth://totp/x?secret=MY&{name}=45")).otp.period.get(), 45, "{name}");
    }
}

#[test]
fn a_link_within_a_link_is_refused() {
    for (outer, inner) in [
        ("otpauth://totp/A:", "otpauth://totp/B?secret=MZ"),
        ("otpauth://totp/a?secret=MY&issuer=A,", "otpauth://totp/B?secret=MZ"),
        ("otpauth://totp/a?secret=MY&issuer=A%20", "OTPAUTH%3A%2F%2Ftotp%2FB%3Fsecret%3DMZ"),
        ("otpauth://totp/a?secret=MY&issuer=A%20", "otpauth%253A%252F%252Ftotp"),
        ("otpauth://totp/a?secret=MY&image=", "otpauth-migration://offline?data=AA"),
        ("otpauth://totp/a?secret=MY&x", "steam://MY"),
        ("otpauth://totp/a?secret=", "steam://MY"),
        ("motp://VPN:a?secret=aabb&pin=1", "motp://b?secret=cc"),
        ("steam://", "steam://MY"),
    ] {
        assert_eq!(parse(&format!("{outer}{inner}")), Err(UriError::Nested), "{outer}{inner}");
    }
    // A note is no name.
    let noted = "otpauth://totp/a?secret=MY&codeDisplay=%7B%22note%22%3A%22otpauth%3A%2F%2Ftotp%22%7D";
    assert!(parse(noted).is_ok());
}

#[test]
fn other_parameters_can_be_asked_for() {
    let uri = "otpauth://totp/x?secret=MY&codeDisplay=%7B%22pinned%22%3Atrue%7D";
    assert_eq!(parameter(uri, "codedisplay").unwrap().as_str(), "{\"pinned\":true}");
    assert_eq!(parameter(uri, "image"), None);
}

fn any_otp() -> impl Strategy<Value = Otp> {
    let numbers = (1u64..=10, 1u64..=86_400, any::<u64>(), 0usize..4);
    (0usize..5, prop::collection::vec(any::<u8>(), 16), 1usize..16, numbers, "[0-9]{4,16}").prop_map(
        |(kind, bytes, length, (digits, period, counter, algorithm), pin)| {
            let kind = Kind::ALL[kind];
            let length = if kind == Kind::Yandex { 16 } else { length };
            let mut otp = Otp::new(kind, Secret::from(&bytes[..length]));
            match kind {
                Kind::Totp | Kind::Hotp => {
                    otp.digits = Digits::new(digits).unwrap();
                    otp.algorithm = Algorithm::ALL[algorithm];
                }
                Kind::Steam => otp.algorithm = Algorithm::ALL[algorithm],
                Kind::Motp | Kind::Yandex => otp.pin = Some(Text::from(pin)),
            }
            match kind {
                Kind::Hotp => otp.counter = counter,
                _ => otp.period = Period::new(period).unwrap(),
            }
            otp
        },
    )
}

#[test]
fn a_short_link_leaves_out_what_is_usual() {
    let mut otp = Otp::new(Kind::Totp, Secret::from(&b"seventeen bytes!!"[..]));
    let short = write_short(&otp, "GitHub", "octo");
    assert!(short.ends_with("&issuer=GitHub"), "{}", short.as_str());
    otp.digits = Digits::new(8).unwrap();
    assert!(write_short(&otp, "GitHub", "octo").ends_with("&digits=8"));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        otp in any_otp(),
        issuer in prop_oneof![any::<String>(), "[: a]{0,4}", "[=&%?+#,a]{0,6}", Just("Steam".to_owned())],
        account in prop_oneof![any::<String>(), "[: a]{0,4}"],
    ) {
        let long = write(&otp, &issuer, &account);
        let short = write_short(&otp, &issuer, &account);
        prop_assert!(short.len() <= long.len());
        for uri in [long, short] {
            let read = parse(&uri).unwrap();
            prop_assert_eq!(&read.otp, &otp, "{}", uri.as_str());
            prop_assert_eq!(read.issuer.as_str(), issuer.as_str(), "{}", uri.as_str());
            prop_assert_eq!(read.account.as_str(), account.as_str(), "{}", uri.as_str());
        }
    }

    #[test]
    fn nothing_makes_it_panic(start in "(otpauth://(totp|hotp|steam|yaotp)/|motp://|steam://)?", rest in any::<String>()) {
        let _ = parse(&format!("{start}{rest}"));
        let _ = parse(&format!("{start}x?secret={rest}"));
        let _ = parse(&format!("{start}x?secret=MY&pin={rest}&period={rest}&digits={rest}"));
    }
}

#[test]
fn an_issuer_and_an_account_that_make_a_link_together_are_refused() {
    let uri = "otpauth://steam/Sh://x?secret=ON2GKYLNE5ZSA33XNYQGWZLZ&issuer=Steam";
    assert_eq!(parse(uri).unwrap_err(), UriError::Nested);
}
