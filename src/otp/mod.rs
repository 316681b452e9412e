//! One-time passwords: HOTP (RFC 4226), TOTP (RFC 6238), Steam, mOTP and Yandex, their keys in base32 and their URIs.
//!
//! Pure: the time comes in as an argument, nothing is read or written.

pub mod base32;
pub mod hotp;
pub mod links;
pub mod migration;
pub mod motp;
pub mod percent;
pub mod steam;
pub mod totp;
pub mod uri;
pub mod yandex;

use std::fmt;
use std::num::NonZeroU32;

use crate::secret::{Secret, Text};

/// What kind of code an entry makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Time-based, RFC 6238.
    Totp,
    /// Counter-based, RFC 4226.
    Hotp,
    /// Steam Guard: TOTP in five letters and digits.
    Steam,
    /// Mobile-OTP: MD5 over time, key and PIN, six hexadecimal digits.
    Motp,
    /// Yandex Key: SHA-256 with a PIN, eight letters.
    Yandex,
}

impl Kind {
    /// Every kind, in the order a form offers them.
    pub const ALL: [Kind; 5] = [Kind::Totp, Kind::Hotp, Kind::Steam, Kind::Motp, Kind::Yandex];

    /// The lower-case name used in the vault and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Totp => "totp",
            Kind::Hotp => "hotp",
            Kind::Steam => "steam",
            Kind::Motp => "motp",
            Kind::Yandex => "yandex",
        }
    }

    /// The kind of that name, in any case.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The algorithm this kind uses where nothing else is said.
    pub fn default_algorithm(self) -> Algorithm {
        match self {
            Kind::Totp | Kind::Hotp | Kind::Steam => Algorithm::Sha1,
            Kind::Motp => Algorithm::Md5,
            Kind::Yandex => Algorithm::Sha256,
        }
    }

    /// The digits this kind has where nothing else is said; Steam, mOTP and Yandex have no choice.
    pub fn default_digits(self) -> Digits {
        Digits(match self {
            Kind::Totp | Kind::Hotp | Kind::Motp => 6,
            Kind::Steam => 5,
            Kind::Yandex => 8,
        })
    }

    /// The period this kind has where nothing else is said. For HOTP it means nothing.
    pub fn default_period(self) -> Period {
        match self {
            Kind::Motp => Period::MOTP,
            _ => Period::DEFAULT,
        }
    }
}

/// The hash function under HMAC (mOTP: the hash itself).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC-SHA-1, the default of RFC 4226.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
    /// MD5: what mOTP uses. With TOTP or HOTP about one step in five has no code (the truncation of RFC 4226 may need more than
    /// MD5's 16 bytes).
    Md5,
}

impl Algorithm {
    /// Every algorithm, in the order a form offers them.
    pub const ALL: [Algorithm; 4] = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512, Algorithm::Md5];

    /// `SHA1`, `SHA256`, `SHA512` or `MD5`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
            Algorithm::Md5 => "MD5",
        }
    }

    /// Reads the spellings found in the wild: `SHA1`, `sha-1`, `HmacSHA256`, `HMAC-SHA-512`, `Algorithm.sha1` and so on.
    /// Anything else is `None`: an unknown algorithm is never taken for SHA-1.
    pub fn from_name(name: &str) -> Option<Algorithm> {
        let bare: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
        let bare = bare.strip_prefix("algorithm").unwrap_or(&bare);
        let bare = bare.strip_prefix("hmac").unwrap_or(bare);
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(bare))
    }
}

/// The length of a code: 1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digits(u8);

impl Digits {
    /// `Some` for 1 to 10.
    pub fn new(digits: u64) -> Option<Digits> {
        (1..=10).contains(&digits).then_some(Digits(digits as u8))
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// The time step in seconds: 1 to 86 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period(NonZeroU32);

impl Period {
    /// 30 seconds, the default of RFC 6238.
    pub const DEFAULT: Period = Period(NonZeroU32::new(30).unwrap());
    /// 10 seconds, mOTP's.
    pub const MOTP: Period = Period(NonZeroU32::new(10).unwrap());

    /// `Some` for 1 to 86 400.
    pub fn new(seconds: u64) -> Option<Period> {
        if seconds > 86_400 {
            return None;
        }
        NonZeroU32::new(seconds as u32).map(Period)
    }

    /// Seconds.
    pub fn get(self) -> u64 {
        u64::from(self.0.get())
    }
}

/// Everything needed to make codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otp {
    /// What kind of code.
    pub kind: Kind,
    /// The key, as raw bytes; for mOTP see [`motp::secret`].
    pub secret: Secret,
    /// The hash function.
    pub algorithm: Algorithm,
    /// The code's length.
    pub digits: Digits,
    /// The time step; without meaning for HOTP.
    pub period: Period,
    /// The *next* counter to use; without meaning for all kinds but HOTP.
    pub counter: u64,
    /// The PIN of mOTP and Yandex, as secret as the key.
    pub pin: Option<Text>,
}

/// A shorter secret than that, in bytes, is pointed out: RFC 4226 §4 asks for 128 bits at least, many issuers give 80.
const SHORTEST_SECRET: usize = 10;

/// All that a code is made of but the counter, which only moves: two entries with the same identity show the same codes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity<'a> {
    kind: Kind,
    secret: &'a [u8],
    algorithm: Option<Algorithm>,
    digits: Option<Digits>,
    period: Option<Period>,
    pin: Option<&'a str>,
}

impl Identity<'_> {
    /// The same of an entry whose PIN is not known.
    #[must_use]
    pub fn without_pin(self) -> Self {
        Identity { pin: None, ..self }
    }
}

impl Otp {
    /// What its codes are made of.
    pub fn identity(&self) -> Identity<'_> {
        let free = matches!(self.kind, Kind::Totp | Kind::Hotp | Kind::Steam);
        Identity {
            kind: self.kind,
            secret: self.used_secret(),
            algorithm: free.then_some(self.algorithm),
            digits: (self.kind != Kind::Yandex).then_some(self.digits),
            period: self.is_timed().then_some(self.period),
            pin: self.pin.as_deref().filter(|_| matches!(self.kind, Kind::Motp | Kind::Yandex)),
        }
    }

    /// The part of the secret that counts.
    fn used_secret(&self) -> &[u8] {
        let secret = self.secret.expose();
        if self.kind == Kind::Yandex { yandex::used(secret) } else { secret }
    }

    /// What makes its codes differ from those of `other`, in words: `secret`, `algorithm`; nothing when they are the same.
    pub fn differences(&self, other: &Otp) -> Vec<&'static str> {
        let (ours, theirs) = (self.identity(), other.identity());
        let all = [
            ("kind", ours.kind != theirs.kind),
            ("secret", self.used_secret() != other.used_secret()),
            ("algorithm", ours.algorithm != theirs.algorithm),
            ("digits", ours.digits != theirs.digits),
            ("period", ours.period != theirs.period),
            ("PIN", ours.pin != theirs.pin),
        ];
        let differs = all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name);
        // What only one kind has is part of the kind.
        differs.take_while(|name| ours.kind == theirs.kind || matches!(*name, "kind" | "secret")).collect()
    }

    /// A warning about a secret that is too short to be safe; for mOTP, whose secrets are short by definition, there is none.
    pub fn short_secret(&self) -> Option<String> {
        let length = self.secret.len();
        (self.kind != Kind::Motp && length < SHORTEST_SECRET)
            .then(|| format!("the secret has only {} bits: check that it is complete", length.saturating_mul(8)))
    }

    /// An entry of that kind with the kind's defaults, counter 0 and no PIN.
    pub fn new(kind: Kind, secret: Secret) -> Otp {
        Otp {
            kind,
            secret,
            algorithm: kind.default_algorithm(),
            digits: kind.default_digits(),
            period: kind.default_period(),
            counter: 0,
            pin: None,
        }
    }

    /// Whether codes change with time (all kinds but HOTP).
    pub fn is_timed(&self) -> bool {
        self.kind != Kind::Hotp
    }

    /// The code at `unix` seconds (for HOTP: of the next counter, whatever the time).
    ///
    /// # Errors
    /// [`OtpError`] when no code can be made of these values.
    pub fn code(&self, unix: u64) -> Result<Code, OtpError> {
        match self.kind {
            Kind::Totp => totp::code(&self.secret, self.algorithm, self.digits, self.period, unix),
            Kind::Hotp => hotp::code(&self.secret, self.algorithm, self.digits, self.counter),
            Kind::Steam => steam::code(&self.secret, self.algorithm, self.digits, self.period, unix),
            Kind::Motp => motp::code(&self.secret, self.pin.as_deref().unwrap_or(""), self.digits, self.period, unix),
            Kind::Yandex => yandex::code(&self.secret, self.pin.as_deref().unwrap_or(""), self.period, unix),
        }
    }

    /// The first second of the time step that holds `unix`.
    pub fn valid_from(&self, unix: u64) -> u64 {
        unix.saturating_sub(unix.checked_rem(self.period.get()).unwrap_or(0))
    }

    /// The first second of the next time step: the code is valid until just before it.
    pub fn valid_until(&self, unix: u64) -> u64 {
        self.valid_from(unix).saturating_add(self.period.get())
    }
}

/// A code: digits, or letters for Steam and Yandex. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Text);

impl Code {
    /// Takes the text of a code.
    pub fn new(text: impl Into<Text>) -> Code {
        Code(text.into())
    }

    /// The code as it is typed, without grouping.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(redacted)")
    }
}

/// Why no code can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtpError {
    /// The key is empty.
    #[error("the secret is empty")]
    EmptySecret,
    /// HMAC-MD5 has 16 bytes; RFC 4226's truncation is not defined where it needs more.
    #[error("there is no code here: the standard defines none for MD5 at this step")]
    Md5,
    /// A Yandex key has 16 bytes (or 26 with its check).
    #[error("a Yandex secret has 16 or 26 bytes")]
    YandexSecret,
    /// A Yandex key of 26 bytes whose checksum does not hold: mistyped.
    #[error("the Yandex secret does not agree with its checksum: a character is wrong")]
    YandexChecksum,
    /// mOTP and Yandex codes need the PIN.
    #[error("the PIN is missing")]
    PinMissing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_all_that_changes_the_code() {
        let totp = |change: fn(&mut Otp)| {
            let mut otp = Otp::new(Kind::Totp, Secret::from(&b"12345678901234567890"[..]));
            change(&mut otp);
            otp
        };
        let plain = totp(|_| ());
        for (change, name) in [
            (totp(|otp| otp.secret = Secret::from(&b"x"[..])), "secret"),
            (totp(|otp| otp.algorithm = Algorithm::Sha256), "algorithm"),
            (totp(|otp| otp.digits = Digits(8)), "digits"),
            (totp(|otp| otp.period = Period::MOTP), "period"),
            (totp(|otp| otp.kind = Kind::Steam), "kind"),
        ] {
            assert!(plain.identity() != change.identity(), "{name}");
            assert_eq!(plain.differences(&change), [name]);
            assert!(plain.code(99) != change.code(99), "{name}");
        }
        let counted = totp(|otp| otp.counter = 7);
        assert!(plain.identity() == counted.identity() && plain.differences(&counted).is_empty());
        let hotp = |period| Otp { period, kind: Kind::Hotp, ..plain.clone() };
        assert!(hotp(Period::DEFAULT).identity() == hotp(Period::MOTP).identity());
        let motp = |pin: &str, algorithm| Otp {
            pin: Some(pin.into()),
            algorithm,
            ..Otp::new(Kind::Motp, plain.secret.clone())
        };
        assert_eq!(motp("1", Algorithm::Md5).differences(&motp("2", Algorithm::Md5)), ["PIN"]);
        assert!(motp("1", Algorithm::Md5).identity() == motp("1", Algorithm::Sha1).identity());
        let yandex = |length| Otp::new(Kind::Yandex, Secret::from(&[b'k'; 26][..length]));
        assert!(yandex(16).identity() == yandex(26).identity());
    }

    #[test]
    fn a_short_secret_is_pointed_out() {
        let of = |kind, length| Otp::new(kind, Secret::new(vec![7; length])).short_secret();
        assert!(of(Kind::Totp, 9).is_some_and(|words| words.contains("72 bits")) && of(Kind::Hotp, 1).is_some());
        assert_eq!((of(Kind::Totp, 10), of(Kind::Motp, 8)), (None, None));
    }
}
