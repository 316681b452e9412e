//! Entries as URIs: `otpauth://`, `motp://` and `steam://`, read and written.
//!
//! Programs disagree about these URIs. What this one does:
//!
//! | case | programs | here, and why |
//! |---|---|---|
//! | no label at all (`otpauth://totp?secret=…`) | accepted by some, refused by others | accepted: the key is there, a name can be added |
//! | label `Big%20Corp%3A%20alice` (the colon encoded) | Google's definition: it separates; pyotp: part of the account | it separates; one blank after it is dropped |
//! | label `Text%3A%20More:x` with that issuer as a parameter | – | the parameter says where the issuer ends |
//! | account with a colon (`Example:a@b:443`) | FreeOTP refuses | accepted; only the first colon separates |
//! | issuer in the label and in the parameter differ | Google and Ente: the parameter; Aegis and libcotp: the label; totp-rs refuses (also for another case) | the parameter: it is what newer programs write on purpose |
//! | `algorithm=MD5` | refused, or SHA-1 without a word | kept as MD5: it gives codes where the standard defines them, never those of SHA-1 |
//! | another algorithm | refused | refused |
//! | `digits` 5, 9, 10 (also 1 to 4, 7) | some refuse, some fall back to 6 | accepted from 1 to 10: a wrong length is a wrong code |
//! | `digits` 0 or above 10, or no number | refused, or 6 | refused |
//! | `period` 1 to 86 400 (4, 150, 200) | FreeOTP from 5, libcotp to 120, OTPClient: 30 instead | accepted as it stands |
//! | `period` 0, negative, above 86 400, no number | refused; KeePassXC clamps | refused: any other period is a wrong code |
//! | `counter` up to 2⁶⁴−1 | FreeOTP refuses the last | accepted |
//! | `counter` negative, above, or no number | refused | refused |
//! | HOTP without a counter | Google and libcotp refuse; FreeOTP, Stratum: 0 | 0, where RFC 4226 starts |
//! | host `steam`, `encoder=steam`, TOTP of issuer `Steam` with 5 digits or none said, `steam://KEY` | each known to some | all Steam; with `digits=6` it stays TOTP, and so it does with `encoder=totp` |
//! | Yandex: a secret of neither 16 nor 26 bytes | Aegis refuses, Stratum (which writes `pin_length`) uses the first 16 | with `pin_length` cut to 16, else refused: a character is missing |
//! | a parameter without `=`, unknown, or repeated | refused, or ignored | ignored; of repeated ones the first counts |
//! | `algo`, `hash`, `length`, `interval` and other names of the parameters | ignored | understood: ignoring them would give other codes |
//! | a secret of 1, 3 or 6 characters more than full groups of eight, or with padding that does not fit | cut by phone apps, refused by strict decoders | refused: a character is missing or too many |
//! | another link within (`…&issuer=x,otpauth://…`, also encoded) | part of the issuer | refused: a secret is no name. Several links on a line are parted before: [`super::links`] |
//! | `issuer=Acmeperiod=45` (a lost `&`) | part of the issuer | refused: the period would be lost |
//! | broken percent-encoding, or not UTF-8, in what is read | refused, or taken as it is | refused |
//! | `&amp;` (also `&#38;`) between parameters, of a page's source | the parameters behind it are lost | read as `&`: without them the codes are others |
//! | `+` | – | a blank in the query, itself in the label |
//! | `#` | – | never a fragment |
//! | blanks and line ends around the URI; upper-case scheme, host, names | – | accepted (scanners add them) |
//! | `key=…&step=…` (KeeOTP) | KeePassXC | not a URI: the reader of KeePass files knows it |
//! | `otpauth-migration://` | – | several entries at once, so not read here |
//!
//! Zero, empty and missing differ: `digits=0` is refused, `digits=` and no `digits` are the default.

use zeroize::Zeroizing;

use super::base32::{self, NotBase32};
use super::percent::{self, NotDecoded};
use super::{Algorithm, Digits, Kind, Otp, OtpError, Period, links, motp, yandex};
use crate::secret::{Secret, Text};
use crate::text;

/// The longest secret that is read, in characters. Real ones have at most a few hundred.
pub const LONGEST_SECRET: usize = 4096;

/// An entry as a URI holds it: a way to make codes, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// What makes the codes.
    pub otp: Otp,
    /// Who asks for the code; may be empty.
    pub issuer: Text,
    /// Whose code it is; may be empty.
    pub account: Text,
}

/// Why a URI was refused. Never shows the URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// None of the schemes known here.
    #[error("this is not a URI of a one-time password (otpauth://, motp:// or steam://)")]
    NotOtp,
    /// A set of entries exported from a phone, not one entry.
    #[error("this is an export of several entries, not a URI of one")]
    Migration,
    /// `otpauth://` with another type than `totp`, `hotp`, `steam` and `yaotp`.
    #[error("unknown type of one-time password: {0}")]
    Type(String),
    /// No `secret`, or an empty one.
    #[error("there is no secret in it")]
    NoSecret,
    /// Longer than [`LONGEST_SECRET`].
    #[error("the secret is longer than {LONGEST_SECRET} characters")]
    SecretTooLong,
    /// The secret is not base32.
    #[error(transparent)]
    Secret(#[from] NotBase32),
    /// A secret that should be hexadecimal is not.
    #[error("the secret is not hexadecimal: an even number of digits 0-9 and letters a-f")]
    NotHex,
    /// The secret does not suit the kind.
    #[error(transparent)]
    Otp(#[from] OtpError),
    /// An algorithm this program does not know, cleaned for display.
    #[error("unknown algorithm: {0}")]
    Algorithm(String),
    /// A number that is none, or out of its range.
    #[error("{name} is not a number from {range}")]
    Number {
        /// The parameter's name.
        name: &'static str,
        /// What is allowed.
        range: &'static str,
    },
    /// Another link begins within it.
    #[error("there is another link in it: give each link a line of its own")]
    Nested,
    /// A parameter stands in the issuer.
    #[error("a & is missing before a parameter that stands in its issuer")]
    Joined,
    /// Broken percent-encoding in the label or a parameter that is used.
    #[error("broken percent-encoding in its {0}")]
    Percent(&'static str),
    /// Bytes that are not UTF-8, likewise.
    #[error("its {0} is not UTF-8")]
    NotUtf8(&'static str),
}

/// Whether `text` begins like a URI that [`parse`] reads (whatever its rest is worth).
pub fn is_uri(text: &str) -> bool {
    let text = trim(text);
    ["otpauth", "motp", "steam"].into_iter().any(|scheme| after_scheme(text, scheme).is_some())
}

/// Reads one URI.
///
/// # Errors
/// [`UriError`] saying what is wrong; the module's table says what is refused and what is not.
pub fn parse(uri: &str) -> Result<Labelled, UriError> {
    let uri = trim(uri);
    if after_scheme(uri, "otpauth-migration").is_some() || after_scheme(uri, "lpaauth-migration").is_some() {
        return Err(UriError::Migration);
    }
    // What Ente adds may hold a note, and a note any words.
    let within = |part: &str| !part.starts_with("codeDisplay=") && links::within(part);
    if uri.split_once("://").is_some_and(|(_, rest)| rest.split('&').any(within)) {
        return Err(UriError::Nested);
    }
    let read = if let Some(rest) = after_scheme(uri, "otpauth") {
        parse_otpauth(rest)
    } else if let Some(rest) = after_scheme(uri, "motp") {
        parse_motp(rest)
    } else if let Some(rest) = after_scheme(uri, "steam") {
        let key = rest.split(['?', '/']).next().unwrap_or("");
        let secret = base32_secret(&decoded(key, "secret", false)?)?;
        Ok(Labelled { otp: Otp::new(Kind::Steam, secret), issuer: "Steam".into(), account: Text::empty() })
    } else {
        Err(UriError::NotOtp)
    }?;
    // The issuer and the account may come from two places, and make a link only where they are written together.
    let label = Zeroizing::new(format!("{}:{}", &*read.issuer, &*read.account));
    if links::within(&label) { Err(UriError::Nested) } else { Ok(read) }
}

/// The value of a parameter of `uri` that [`parse`] has no use for, such as `codeDisplay`; `None` when it is absent or cannot be decoded.
pub fn parameter(uri: &str, name: &str) -> Option<Text> {
    let (_, query) = uri.split_once('?')?;
    percent::decode(raw(query, name)?, true).ok()
}

/// Writes an entry as one URI that [`parse`] reads back: `motp://` for mOTP, `otpauth://` for all else.
///
/// Kinds with a fixed algorithm or number of digits are written with those.
pub fn write(otp: &Otp, issuer: &str, account: &str) -> Text {
    written(otp, issuer, account, false)
}

/// The same without what is usual for its kind: for a QR code, which is the smaller for it.
pub fn write_short(otp: &Otp, issuer: &str, account: &str) -> Text {
    written(otp, issuer, account, true)
}

fn written(otp: &Otp, issuer: &str, account: &str, short: bool) -> Text {
    let mut out = Zeroizing::new(String::with_capacity(256));
    let type_ = match otp.kind {
        Kind::Motp => "motp://",
        Kind::Totp => "otpauth://totp/",
        Kind::Hotp => "otpauth://hotp/",
        Kind::Steam => "otpauth://steam/",
        Kind::Yandex => "otpauth://yaotp/",
    };
    out.push_str(type_);
    if !issuer.is_empty() || account.contains(':') {
        percent::encode(issuer, &mut out);
        out.push(':');
        // A reader drops one blank here.
        if account.starts_with(' ') {
            out.push_str("%20");
        }
    }
    percent::encode(account, &mut out);
    out.push_str("?secret=");
    if otp.kind == Kind::Motp {
        percent::encode(&motp::text(&otp.secret), &mut out);
    } else {
        out.push_str(&base32::encode(otp.secret.expose()));
    }
    if !issuer.is_empty() {
        out.push_str("&issuer=");
        percent::encode(issuer, &mut out);
    }
    if let Some(pin) = otp.pin.as_ref().filter(|_| matches!(otp.kind, Kind::Motp | Kind::Yandex)) {
        out.push_str("&pin=");
        match otp.kind {
            Kind::Yandex => out.push_str(&base32::encode(pin.as_bytes())),
            _ => percent::encode(pin, &mut out),
        }
    }
    let says_all = matches!(otp.kind, Kind::Totp | Kind::Hotp | Kind::Steam);
    if says_all && !(short && otp.algorithm == otp.kind.default_algorithm()) {
        out.push_str("&algorithm=");
        out.push_str(otp.algorithm.name());
    }
    // Without digits a reader takes an entry of Steam's for one of its kind.
    let usual = otp.digits == otp.kind.default_digits() && !looks_like_steam(issuer, None);
    if says_all && !(short && usual) {
        out.push_str("&digits=");
        out.push_str(&otp.digits.get().to_string());
    }
    if otp.kind == Kind::Hotp {
        out.push_str("&counter=");
        out.push_str(&otp.counter.to_string());
    } else if !short && matches!(otp.kind, Kind::Totp | Kind::Steam) || otp.period != otp.kind.default_period() {
        out.push_str("&period=");
        out.push_str(&otp.period.get().to_string());
    }
    if otp.kind == Kind::Totp && looks_like_steam(issuer, Some(otp.digits)) {
        out.push_str("&encoder=totp");
    }
    Text::from(out.as_str())
}

/// The names of a parameter, the standard's own first.
const ALGORITHM: &[&str] = &["algorithm", "algo", "alg", "hash", "digest", "hashalgorithm", "hash_algorithm"];
const DIGITS: &[&str] = &["digits", "digit", "length", "codelength", "code_length"];
const PERIOD: &[&str] = &["period", "interval", "step", "timestep", "time_step"];
const COUNTER: &[&str] = &["counter"];

fn parse_otpauth(rest: &str) -> Result<Labelled, UriError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, label) = path.split_once('/').unwrap_or((path, ""));
    let kind = match host.to_ascii_lowercase().as_str() {
        "totp" => Kind::Totp,
        "hotp" => Kind::Hotp,
        "steam" => Kind::Steam,
        "yaotp" => Kind::Yandex,
        _ => return Err(UriError::Type(text::fit(host, 20))),
    };
    let (issuer, account) = split_label(label, query)?;
    let secret = value(query, "secret", "secret")?.ok_or(UriError::NoSecret)?;
    let secret = base32_secret(&secret)?;

    let digits = number(query, DIGITS, "1 to 10", Digits::new)?;
    let kind = match value(query, "encoder", "encoder")? {
        Some(encoder) if encoder.eq_ignore_ascii_case("steam") => Kind::Steam,
        None if kind == Kind::Totp && looks_like_steam(&issuer, digits) => Kind::Steam,
        _ => kind,
    };
    let mut otp = Otp::new(kind, secret);
    if let (Kind::Totp | Kind::Hotp | Kind::Steam, Some(name)) = (kind, first_value(query, ALGORITHM)?) {
        otp.algorithm = Algorithm::from_name(&name).ok_or_else(|| UriError::Algorithm(text::fit(&name, 24)))?;
    }
    if let (Some(digits), Kind::Totp | Kind::Hotp) = (digits, kind) {
        otp.digits = digits;
    }
    if kind == Kind::Hotp {
        otp.counter = number(query, COUNTER, "0 to 18446744073709551615", Some)?.unwrap_or(0);
    } else if let Some(period) = number(query, PERIOD, "1 to 86400", Period::new)? {
        otp.period = period;
    }
    if kind == Kind::Yandex {
        let pin_length = number(query, &["pin_length"], "4 to 16", |length| (4..=16).contains(&length).then_some(()))?;
        if let (Some(()), 17..=25 | 27.., Some(used)) = (pin_length, otp.secret.len(), otp.secret.expose().get(..16)) {
            otp.secret = Secret::from(used);
        }
        yandex::check(&otp.secret)?;
        otp.pin = value(query, "pin", "pin")?.map(yandex_pin);
    }
    Ok(Labelled { otp, issuer, account })
}

fn parse_motp(rest: &str) -> Result<Labelled, UriError> {
    let (label, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (issuer, account) = split_label(label, query)?;
    let secret = value(query, "secret", "secret")?.ok_or(UriError::NoSecret)?;
    let mut otp = Otp::new(Kind::Motp, motp_secret(&secret)?);
    if let Some(period) = number(query, PERIOD, "1 to 86400", Period::new)? {
        otp.period = period;
    }
    otp.pin = value(query, "pin", "pin")?;
    Ok(Labelled { otp, issuer, account })
}

/// Reads a base32 secret of a sane length that has at least one byte.
///
/// # Errors
/// [`UriError::NoSecret`], [`UriError::SecretTooLong`], [`UriError::Secret`].
pub fn base32_secret(text: &str) -> Result<Secret, UriError> {
    if text.len() > LONGEST_SECRET {
        return Err(UriError::SecretTooLong);
    }
    let secret = base32::decode(text)?;
    if secret.is_empty() { Err(UriError::NoSecret) } else { Ok(secret) }
}

/// Reads the key of an mOTP entry, which may be any text.
///
/// # Errors
/// [`UriError::NoSecret`], [`UriError::SecretTooLong`].
pub fn motp_secret(text: &str) -> Result<Secret, UriError> {
    if text.len() > LONGEST_SECRET {
        return Err(UriError::SecretTooLong);
    }
    let secret = motp::secret(text);
    if secret.is_empty() { Err(UriError::NoSecret) } else { Ok(secret) }
}

/// Reads a hexadecimal secret, in any case.
///
/// # Errors
/// [`UriError::NoSecret`], [`UriError::SecretTooLong`], [`UriError::NotHex`].
pub fn hex_secret(text: &str) -> Result<Secret, UriError> {
    let text = text.trim();
    if text.len() > LONGEST_SECRET {
        return Err(UriError::SecretTooLong);
    }
    match data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()) {
        Ok(bytes) if bytes.is_empty() => Err(UriError::NoSecret),
        Ok(bytes) => Ok(Secret::new(bytes)),
        Err(_) => Err(UriError::NotHex),
    }
}

/// Whether a TOTP entry is one of Steam's, written by a program that had no other way to say so.
pub fn looks_like_steam(issuer: &str, digits: Option<Digits>) -> bool {
    issuer.eq_ignore_ascii_case("steam") && digits.is_none_or(|digits| digits.get() == 5)
}

/// Issuer and account. The parameter's issuer wins over the label's.
fn split_label(label: &str, query: &str) -> Result<(Text, Text), UriError> {
    let label = decoded(label, "label", false)?;
    // Ente's app once wrote `issuer=Acmeperiod=45`.
    let joined = |name: &&str| raw(query, "issuer").is_some_and(|raw| raw.to_ascii_lowercase().contains(*name));
    if ["secret=", "algorithm=", "digits=", "period=", "counter="].iter().any(joined) {
        return Err(UriError::Joined);
    }
    let issuer = value(query, "issuer", "issuer")?;
    let after_issuer = issuer.as_ref().and_then(|issuer| label.strip_prefix(issuer.as_str())?.strip_prefix(':'));
    let (prefix, account) = match after_issuer {
        Some(account) => ("", account),
        None => label.split_once(':').unwrap_or(("", &label)),
    };
    let account = if account.len() == label.len() { account } else { account.strip_prefix(' ').unwrap_or(account) };
    let account = Text::from(account);
    Ok((issuer.unwrap_or_else(|| Text::from(prefix)), account))
}

/// Aegis writes a Yandex PIN in base32; others write the digits. Base32 of digits always begins with a letter.
fn yandex_pin(pin: Text) -> Text {
    let plain = pin.bytes().all(|byte| byte.is_ascii_digit());
    let unwrapped = base32::decode(&pin).ok().filter(|bytes| !plain && !bytes.is_empty());
    match unwrapped.as_ref().map(|bytes| std::str::from_utf8(bytes.expose())) {
        Some(Ok(inner)) => Text::from(inner),
        _ => pin,
    }
}

/// Without blanks, line ends and byte order marks around it.
fn trim(uri: &str) -> &str {
    uri.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}' || letter == '\0')
}

/// What follows `scheme://`, in any case.
fn after_scheme<'a>(uri: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = uri.split_once("://")?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The first parameter of that name, still encoded. The `&` before it may be one that was escaped for a page.
pub fn raw<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| without_escape(key).trim().eq_ignore_ascii_case(name).then_some(value))
}

/// A parameter's name without what is left there of an `&` that was escaped, perhaps more than once.
fn without_escape(mut key: &str) -> &str {
    const LEFT: [&str; 4] = ["amp;", "#38;", "#038;", "#x26;"];
    while let Some(rest) = LEFT.iter().find_map(|left| {
        let (head, rest) = key.split_at_checked(left.len())?;
        head.eq_ignore_ascii_case(left).then_some(rest)
    }) {
        key = rest;
    }
    key
}

/// A parameter's value, decoded; `None` when it is absent or empty.
fn value(query: &str, name: &str, what: &'static str) -> Result<Option<Text>, UriError> {
    let Some(raw) = raw(query, name) else { return Ok(None) };
    Ok(Some(decoded(raw, what, true)?).filter(|value| !value.is_empty()))
}

/// The value of the first of these parameters that has one.
fn first_value(query: &str, names: &[&'static str]) -> Result<Option<Text>, UriError> {
    for name in names {
        if let Some(value) = value(query, name, name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// A parameter that is a number.
fn number<T>(
    query: &str,
    names: &[&'static str],
    range: &'static str,
    within: impl Fn(u64) -> Option<T>,
) -> Result<Option<T>, UriError> {
    let name = names.first().copied().unwrap_or_default();
    let Some(text) = first_value(query, names)? else { return Ok(None) };
    let text = text.trim();
    let only_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| only_digits);
    number.and_then(within).map(Some).ok_or(UriError::Number { name, range })
}

fn decoded(text: &str, what: &'static str, plus: bool) -> Result<Text, UriError> {
    percent::decode(text, plus).map_err(|wrong| match wrong {
        NotDecoded::Percent => UriError::Percent(what),
        NotDecoded::NotUtf8 => UriError::NotUtf8(what),
    })
}

#[cfg(test)]
#[path = "uri_tests.rs"]
mod tests;
