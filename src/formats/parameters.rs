//! What a table says of a code beside its key: how programs and people call the columns, and how they write the values.
//!
//! What is there and not understood is never taken for the default: the code would be a wrong one.

use super::json::Number;
use crate::otp::{Algorithm, Kind};

pub(super) const ALGORITHM: &[&str] = &[
    "algorithm",
    "algo",
    "alg",
    "hash",
    "hashalgorithm",
    "hashalgo",
    "hashfunction",
    "hashmode",
    "hashtype",
    "hashing",
    "digest",
    "digestalgorithm",
    "hmac",
    "hmacalgorithm",
    "hmactype",
    "sha",
    "otpalgorithm",
    "totpalgorithm",
    "otphash",
    "otphashmode",
    "otphashalgorithm",
    "algorithmus",
    "algorithme",
    "algoritmo",
];
pub(super) const DIGITS: &[&str] = &[
    "digits",
    "digit",
    "numdigits",
    "numberofdigits",
    "digitcount",
    "length",
    "len",
    "size",
    "codelength",
    "codesize",
    "codedigits",
    "otpcodesize",
    "otplength",
    "otpsize",
    "otpdigits",
    "totpdigits",
    "totplength",
    "tokenlength",
    "stellen",
    "ziffern",
    "länge",
    "chiffres",
    "longueur",
    "cifre",
    "lunghezza",
    "cifras",
    "dígitos",
    "digitos",
    "longitud",
];
pub(super) const PERIOD: &[&str] = &[
    "period",
    "interval",
    "step",
    "steps",
    "timestep",
    "steptime",
    "stepsize",
    "timeperiod",
    "timeinterval",
    "otptimestep",
    "otpperiod",
    "otpinterval",
    "totpperiod",
    "totpinterval",
    "refresh",
    "refreshperiod",
    "refreshinterval",
    "refreshrate",
    "duration",
    "seconds",
    "timer",
    "timeout",
    "intervall",
    "periode",
    "zeitraum",
    "zeitschritt",
    "période",
    "intervalle",
    "periodo",
    "período",
    "intervalo",
];
pub(super) const COUNTER: &[&str] = &[
    "counter",
    "hotpcounter",
    "otpcounter",
    "initialcounter",
    "nextcounter",
    "movingfactor",
    "zähler",
    "compteur",
    "contador",
    "contatore",
];
pub(super) const KIND: &[&str] = &[
    "kind",
    "type",
    "otptype",
    "otpkind",
    "totptype",
    "tokentype",
    "codetype",
    "accounttype",
    "authtype",
    "mfatype",
    "2fatype",
    "method",
    "otpmethod",
    "mode",
    "otpmode",
    "typ",
    "art",
    "tipo",
];
pub(super) const ENCODING: &[&str] =
    &["encoding", "secretencoding", "keyencoding", "secretformat", "keyformat", "base"];

/// Whether a column that no list names looks as if it said something of how codes are made.
pub(super) fn looks_like_one(heading: &str) -> bool {
    const SIGNS: &[&str] = &[
        "algo",
        "hash",
        "digest",
        "hmac",
        "digit",
        "length",
        "period",
        "interval",
        "timestep",
        "counter",
        "hotp",
        "movingfactor",
        "codesize",
        "otptype",
        "otpmode",
        "tokentype",
        "encoding",
    ];
    const OTHERS: &[&str] = &["pass", "hashtag", "digital", "url", "date", "note"];
    let holds = |words: &[&str]| words.iter().any(|word| heading.contains(word));
    holds(SIGNS) && !holds(OTHERS)
}

/// What a column of kinds says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// That kind of code.
    Kind(Kind),
    /// Not the kind but the algorithm.
    Algorithm(Algorithm),
    /// What sort of item it is: nothing of the code.
    Nothing,
    /// Something that is not understood.
    Unknown,
}

fn bare(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Words that say as much as an empty cell.
fn is_nothing(text: &str) -> bool {
    matches!(bare(text).as_str(), "" | "default" | "standard" | "none" | "null" | "nil" | "na")
}

/// A kind as people write it: `TOTP`, `TOTP (time based)`, `counter`.
pub(super) fn kind(text: &str) -> Says {
    const ITEMS: &[&str] = &[
        "login",
        "logins",
        "weblogin",
        "password",
        "passwords",
        "credential",
        "credentials",
        "account",
        "website",
        "web",
        "item",
        "entry",
        "card",
        "note",
        "securenote",
        "identity",
        "passkey",
        "server",
        "1",
    ];
    let bare = bare(text);
    if is_nothing(text) || ITEMS.contains(&bare.as_str()) {
        return Says::Nothing;
    }
    let holds = |words: &[&str]| words.iter().any(|word| bare.contains(word));
    let found = [
        (Kind::Totp, holds(&["totp", "timebased", "zeitbasiert", "rfc6238"]) || bare == "time"),
        (Kind::Hotp, holds(&["hotp", "counter", "event", "hmacotp", "hmacbased", "rfc4226"])),
        (Kind::Steam, holds(&["steam"])),
        (Kind::Motp, holds(&["motp", "mobileotp"])),
        (Kind::Yandex, holds(&["yandex", "yaotp"])),
    ];
    let mut found = found.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind);
    match (found.next(), found.next()) {
        (Some(kind), None) => Says::Kind(kind),
        (None, None) => Algorithm::from_name(text).map_or(Says::Unknown, Says::Algorithm),
        // Steam's own are made from the time.
        (Some(Kind::Totp), Some(Kind::Steam)) => Says::Kind(Kind::Steam),
        _ => Says::Unknown,
    }
}

/// An algorithm as tables write it; `Err` when it is not understood. Devolutions numbers them.
pub(super) fn algorithm(heading: &str, text: &str) -> Result<Option<Algorithm>, ()> {
    let numbered = heading == "otphashalgorithm";
    match bare(text).as_str() {
        _ if is_nothing(text) => Ok(None),
        "0" if numbered => Ok(Some(Algorithm::Sha1)),
        "1" if numbered => Ok(Some(Algorithm::Sha256)),
        "2" if numbered => Ok(Some(Algorithm::Sha512)),
        "256" | "sha2256" => Ok(Some(Algorithm::Sha256)),
        "512" | "sha2512" => Ok(Some(Algorithm::Sha512)),
        _ => Algorithm::from_name(text).map(Some).ok_or(()),
    }
}

/// How long codes are: `8`, `8 digits`, `eight`. Devolutions numbers the two it knows.
pub(super) fn digits(heading: &str, text: &str) -> Number {
    const UNITS: &[(&str, u64)] = &[
        ("digit", 1),
        ("digits", 1),
        ("number", 1),
        ("numbers", 1),
        ("char", 1),
        ("chars", 1),
        ("character", 1),
        ("characters", 1),
        ("stellen", 1),
        ("stellig", 1),
        ("ziffern", 1),
        ("chiffres", 1),
        ("cifre", 1),
        ("cifras", 1),
        ("dígitos", 1),
        ("digitos", 1),
    ];
    match (bare(text).as_str(), heading == "otpcodesize") {
        ("six", _) | ("0", true) => Number::Is(6),
        ("seven", _) => Number::Is(7),
        ("eight", _) | ("1", true) => Number::Is(8),
        _ => amount(text, UNITS),
    }
}

/// The time step in seconds: `30`, `30 s`, `1 min`. Whole thousands without a unit are most likely milliseconds, and not understood.
pub(super) fn period(text: &str) -> Number {
    const UNITS: &[(&str, u64)] = &[
        ("s", 1),
        ("sec", 1),
        ("secs", 1),
        ("second", 1),
        ("seconds", 1),
        ("sek", 1),
        ("sekunde", 1),
        ("sekunden", 1),
        ("seconde", 1),
        ("secondes", 1),
        ("segundos", 1),
        ("secondi", 1),
        ("m", 60),
        ("min", 60),
        ("mins", 60),
        ("minute", 60),
        ("minutes", 60),
        ("minuten", 60),
    ];
    match amount(text, UNITS) {
        Number::Is(thousands)
            if thousands > 0 && thousands.is_multiple_of(1000) && !text.contains(char::is_alphabetic) =>
        {
            Number::Broken
        }
        number => number,
    }
}

/// The next counter.
pub(super) fn counter(text: &str) -> Number {
    amount(text, &[])
}

/// A number, perhaps with a unit behind it.
fn amount(text: &str, units: &[(&str, u64)]) -> Number {
    let text = text.trim();
    if is_nothing(text) {
        return Number::Absent;
    }
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let Some((number, unit)) = text.split_at_checked(end) else { return Number::Broken };
    // Spreadsheets write whole numbers with a point.
    let unit = match unit.strip_prefix('.') {
        Some(zeros) if zeros.starts_with('0') => zeros.trim_start_matches('0'),
        _ => unit,
    };
    let unit = unit.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '-' | '.')).to_lowercase();
    let times =
        if unit.is_empty() { Some(1) } else { units.iter().find(|(name, _)| *name == unit).map(|(_, times)| *times) };
    match (Number::of(number), times) {
        (Number::Is(number), Some(times)) => number.checked_mul(times).map_or(Number::Broken, Number::Is),
        _ => Number::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_people_write_them() {
        for (text, number) in [
            ("8", Number::Is(8)),
            (" 8 digits", Number::Is(8)),
            ("8-digit", Number::Is(8)),
            ("Eight", Number::Is(8)),
            ("8.0", Number::Is(8)),
            ("6 Stellen", Number::Is(6)),
            ("-", Number::Absent),
            ("default", Number::Absent),
            ("8 words", Number::Broken),
            ("8.5", Number::Broken),
            ("long", Number::Broken),
            ("-8", Number::Broken),
            ("0x8", Number::Broken),
        ] {
            assert_eq!(digits("digits", text), number, "{text}");
        }
        for (text, number) in [
            ("30", Number::Is(30)),
            ("30s", Number::Is(30)),
            ("30 s", Number::Is(30)),
            ("45 Sec.", Number::Is(45)),
            ("30 seconds", Number::Is(30)),
            ("1 min", Number::Is(60)),
            ("60 Sekunden", Number::Is(60)),
            ("3600", Number::Is(3600)),
            ("2000 s", Number::Is(2000)),
            // Most likely milliseconds.
            ("2000", Number::Broken),
            ("60000", Number::Broken),
            ("PT30S", Number::Broken),
            ("half", Number::Broken),
            ("30 h", Number::Broken),
        ] {
            assert_eq!(period(text), number, "{text}");
        }
        for (text, says) in [
            ("TOTP (time based)", Says::Kind(Kind::Totp)),
            ("Time-based", Says::Kind(Kind::Totp)),
            ("time", Says::Kind(Kind::Totp)),
            ("HOTP (counter based)", Says::Kind(Kind::Hotp)),
            ("Counter", Says::Kind(Kind::Hotp)),
            ("event-based", Says::Kind(Kind::Hotp)),
            ("Steam Guard", Says::Kind(Kind::Steam)),
            ("mOTP", Says::Kind(Kind::Motp)),
            ("SHA-256", Says::Algorithm(Algorithm::Sha256)),
            ("Login", Says::Nothing),
            ("", Says::Nothing),
            ("OTP", Says::Unknown),
            ("totp or hotp", Says::Unknown),
            ("what", Says::Unknown),
        ] {
            assert_eq!(kind(text), says, "{text}");
        }
        for text in ["SHA-256", "sha256", "HmacSHA256", "SHA 256", "256", "SHA2-256", "hmac-sha-256"] {
            assert_eq!(algorithm("hash", text), Ok(Some(Algorithm::Sha256)), "{text}");
        }
        // What number 1 is differs from program to program.
        for text in ["1", "sha3", "SHA-256/224", "strange"] {
            assert_eq!(algorithm("hash", text), Err(()), "{text}");
        }
        assert_eq!(
            (algorithm("otphashalgorithm", "1"), digits("otpcodesize", "1")),
            (Ok(Some(Algorithm::Sha256)), Number::Is(8))
        );
        assert_eq!(digits("digits", "1"), Number::Is(1));
    }

    #[test]
    fn a_heading_that_may_be_a_parameter_is_seen() {
        for heading in ["hashfn", "otpdigestname", "codelengthx", "hotpindex", "totpperiodseconds", "counterstart"] {
            assert!(looks_like_one(heading), "{heading}");
        }
        for heading in ["passwordlength", "passwordhash", "hashtags", "digitalid", "url", "notes", "title", "created"] {
            assert!(!looks_like_one(heading), "{heading}");
        }
    }
}
