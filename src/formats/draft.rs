//! One entry on its way from another program's file: what was found, checked by one set of rules for all formats.
//!
//! A number that is 0, empty or missing is the kind's default (0 with a notice); one out of range, an unknown algorithm or a secret that
//! cannot be read makes the entry a problem. Nothing is ever turned into SHA-1 without a word.

use super::json::{Number, Word};
use super::{Candidate, Imported, Problem};
use crate::otp::uri::{base32_secret, hex_secret, motp_secret};
use crate::otp::{Algorithm, Digits, Kind, Otp, Period, links, uri, yandex};
use crate::secret::{Secret, Text};
use crate::text;
use crate::vault::{Details, RecoveryCode};

/// A key as a file writes it.
pub(super) enum Key<'a> {
    /// Base32 text (mOTP: of the bytes that its hexadecimal text stands for).
    Base32(&'a str),
    /// Hexadecimal text.
    Hex(&'a str),
    /// An mOTP key as it is typed.
    Text(&'a str),
    /// The bytes themselves.
    Bytes(Secret),
}

/// What a file says of one entry.
pub(super) struct Draft<'a> {
    /// Where it stands: "entry 2".
    pub place: String,
    /// The kind, or the name of one that is not known.
    pub kind: Result<Kind, String>,
    /// The key.
    pub key: Key<'a>,
    /// The algorithm's name.
    pub algorithm: Word<'a>,
    /// How long codes are.
    pub digits: Number,
    /// The time step in seconds.
    pub period: Number,
    /// The next counter.
    pub counter: Number,
    /// The PIN of mOTP and Yandex.
    pub pin: Option<Text>,
    /// Who asks for the code.
    pub issuer: Text,
    /// Whose code it is.
    pub account: Text,
    /// Tags.
    pub tags: Vec<Text>,
    /// Free text.
    pub note: Text,
    /// Recovery codes.
    pub recovery_codes: Vec<RecoveryCode>,
    /// Shown first.
    pub favourite: bool,
    /// In the other program's trash.
    pub trashed: bool,
    /// What was left behind.
    pub notices: Vec<String>,
}

impl<'a> Draft<'a> {
    /// A TOTP entry with that key, the defaults and no names.
    pub fn new(place: String, key: Key<'a>) -> Draft<'a> {
        Draft {
            place,
            kind: Ok(Kind::Totp),
            key,
            algorithm: Word::Absent,
            digits: Number::Absent,
            period: Number::Absent,
            counter: Number::Absent,
            pin: None,
            issuer: Text::empty(),
            account: Text::empty(),
            tags: Vec::new(),
            note: Text::empty(),
            recovery_codes: Vec::new(),
            favourite: false,
            trashed: false,
            notices: Vec::new(),
        }
    }

    /// Both names from what may be missing.
    pub fn named(mut self, issuer: Option<&str>, account: Option<&str>) -> Self {
        self.issuer = issuer.unwrap_or_default().into();
        self.account = account.unwrap_or_default().into();
        self
    }

    /// Checks it.
    ///
    /// # Errors
    /// The problem, named and with its reason.
    pub fn finish(mut self) -> Result<Candidate, Problem> {
        let otp = self.otp();
        let label = label(&self.issuer, &self.account);
        let otp = match otp {
            Ok(otp) => otp,
            Err(reason) => return Err(Problem { place: self.place, label, reason }),
        };
        let details = Details {
            otp,
            issuer: self.issuer,
            account: self.account,
            tags: self.tags,
            note: self.note,
            recovery_codes: self.recovery_codes,
            favourite: self.favourite,
        };
        Ok(Candidate { place: self.place, details, notices: self.notices, trashed: self.trashed })
    }

    fn otp(&mut self) -> Result<Otp, String> {
        let kind = self.kind.clone().map_err(|name| match text::fit(&name, 24) {
            name if name.is_empty() => "it does not say what kind of code it makes".to_owned(),
            name => format!("unknown kind of code: {name}"),
        })?;
        let secret = match &self.key {
            Key::Base32(text) => base32_secret(text).map_err(|wrong| wrong.to_string())?,
            Key::Text(text) if kind == Kind::Motp => motp_secret(text).map_err(|wrong| wrong.to_string())?,
            Key::Hex(text) | Key::Text(text) => hex_secret(text).map_err(|wrong| wrong.to_string())?,
            Key::Bytes(secret) if secret.is_empty() => return Err(uri::UriError::NoSecret.to_string()),
            Key::Bytes(secret) if secret.len() > uri::LONGEST_SECRET => {
                return Err(uri::UriError::SecretTooLong.to_string());
            }
            Key::Bytes(secret) => secret.clone(),
        };
        let mut otp = Otp::new(kind, secret);
        let algorithm = match self.algorithm {
            Word::Absent => Ok(otp.algorithm),
            Word::Is(name) => {
                Algorithm::from_name(name).ok_or_else(|| uri::UriError::Algorithm(text::fit(name, 24)).to_string())
            }
            Word::Broken => Err("its algorithm is not the name of one".into()),
        };
        match (kind, algorithm) {
            (Kind::Totp | Kind::Hotp | Kind::Steam, algorithm) => otp.algorithm = algorithm?,
            (_, Ok(_)) => {}
            (kind, Err(reason)) => self.passed_over(kind, &reason),
        }
        if matches!(kind, Kind::Totp | Kind::Hotp) {
            otp.digits = match self.digits {
                Number::Absent => otp.digits,
                Number::Is(0) => {
                    self.notices.push(format!("0 digits: the default of {} is used", otp.digits.get()));
                    otp.digits
                }
                Number::Is(digits) => Digits::new(digits).ok_or(format!("{digits} digits: a code has 1 to 10"))?,
                Number::Broken => return Err("the number of digits is not a number".into()),
            };
        } else {
            match self.digits {
                Number::Absent | Number::Is(0) => {}
                Number::Is(digits) if digits == u64::from(otp.digits.get()) => {}
                Number::Is(digits) => self.passed_over(kind, &format!("{digits} digits")),
                Number::Broken => self.passed_over(kind, "the number of digits is not a number"),
            }
        }
        if kind == Kind::Hotp {
            otp.counter = match self.counter {
                Number::Absent => 0,
                Number::Is(counter) => counter,
                Number::Broken => return Err("the counter is not a number from 0".into()),
            };
        } else {
            otp.period = match self.period {
                Number::Absent => otp.period,
                Number::Is(0) => {
                    self.notices.push(format!("a period of 0 s: the default of {} s is used", otp.period.get()));
                    otp.period
                }
                Number::Is(period) => {
                    Period::new(period).ok_or(format!("a period of {period} s: it must be from 1 to 86400"))?
                }
                Number::Broken => return Err("the period is not a number".into()),
            };
        }
        if matches!(kind, Kind::Motp | Kind::Yandex) {
            otp.pin = self.pin.take().filter(|pin| !pin.is_empty());
        }
        if kind == Kind::Yandex {
            yandex::check(&otp.secret).map_err(|wrong| wrong.to_string())?;
        }
        Ok(otp)
    }

    /// Says what a kind without a choice cannot heed.
    fn passed_over(&mut self, kind: Kind, what: &str) {
        self.notices.push(format!("{what}: passed over, for a {} code has no choice", kind.name()));
    }
}

/// What to call an entry in a report.
pub(super) fn label(issuer: &str, account: &str) -> String {
    match (issuer.is_empty(), account.is_empty()) {
        (false, false) => format!("{issuer}:{account}"),
        (false, true) => issuer.to_owned(),
        (true, _) => account.to_owned(),
    }
}

/// A URI as an entry.
///
/// # Errors
/// The problem, with its reason.
pub(super) fn from_uri(place: String, uri: &str) -> Result<Candidate, Problem> {
    match uri::parse(uri) {
        Ok(read) => Ok(Candidate {
            place,
            details: Details::new(read.otp, read.issuer.as_str(), read.account.as_str()),
            notices: Vec::new(),
            trashed: false,
        }),
        Err(wrong) => Err(Problem { place, label: String::new(), reason: wrong.to_string() }),
    }
}

/// The one-time password field of a password manager's item: base32, or a URI, with the item's names where the URI has none.
///
/// # Errors
/// The problem, with its reason.
pub(super) fn from_field(place: String, value: &str, title: &str, user: &str) -> Result<Candidate, Problem> {
    let (title, user) = (title.trim(), user.trim());
    let named = |mut candidate: Candidate| {
        let details = &mut candidate.details;
        // `steam://` names nobody: the item does.
        let bare = details.account.is_empty() && !value.contains('?');
        let issuer = details.issuer.trim();
        details.issuer = if issuer.is_empty() || (bare && !title.is_empty()) { title.into() } else { issuer.into() };
        if details.account.is_empty() {
            details.account = user.into();
        }
        candidate
    };
    let read = if uri::is_uri(value) { from_uri(place, value) } else { Draft::new(place, Key::Base32(value)).finish() };
    read.map(named).map_err(|mut problem| {
        problem.label = label(title, user);
        problem
    })
}

/// The name of a folder, vault or label as a tag. Any number of entries may share it, each with a copy: one longer than a name can be is none.
pub(super) fn shared_tag(name: &str) -> Option<Text> {
    const LONGEST: usize = 1024;
    (!name.is_empty() && name.len() <= LONGEST).then(|| name.into())
}

/// The most one-time passwords of one item that are read: each takes a copy of all the item has.
const MOST_CODES: usize = 16;

/// The one-time passwords of one item of a password manager, each an entry with the item's names and what `dress` puts on it. A field may
/// hold several links.
pub(super) fn from_item<'a>(
    place: &str,
    codes: impl Iterator<Item = &'a str>,
    (title, user): (&str, &str),
    imported: &mut Imported,
    dress: impl Fn(&mut Candidate),
) {
    for (number, code) in codes.flat_map(links::split).enumerate() {
        if number == MOST_CODES {
            let reason = format!("it has more than {MOST_CODES} one-time passwords: the others are left out");
            imported.problems.push(Problem { place: place.into(), label: label(title, user), reason });
            return;
        }
        imported.push(from_field(place.into(), code, title, user).map(|mut candidate| {
            dress(&mut candidate);
            candidate
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft<'static> {
        Draft::new("entry 1".into(), Key::Base32("JBSWY3DPEHPK3PXP")).named(Some("A"), Some("b"))
    }

    #[test]
    fn zero_is_the_default_and_said() {
        let mut zero = draft();
        (zero.digits, zero.period) = (Number::Is(0), Number::Is(0));
        let read = zero.finish().unwrap();
        assert_eq!((read.details.otp.digits.get(), read.details.otp.period.get()), (6, 30));
        assert_eq!(read.notices.len(), 2);
    }

    #[test]
    fn what_a_kind_cannot_heed_is_said() {
        let mut steam = draft();
        (steam.kind, steam.digits) = (Ok(Kind::Steam), Number::Is(7));
        assert!(steam.finish().unwrap().notices[0].contains("7 digits"));
        let mut motp = draft();
        (motp.kind, motp.algorithm, motp.digits) = (Ok(Kind::Motp), Word::Is("strange"), Number::Broken);
        assert_eq!(motp.finish().unwrap().notices.len(), 2);
        let mut usual = draft();
        (usual.kind, usual.algorithm, usual.digits) = (Ok(Kind::Motp), Word::Is("SHA1"), Number::Is(6));
        assert!(usual.finish().unwrap().notices.is_empty());
    }

    #[test]
    fn an_item_of_countless_codes_is_cut_short() {
        let mut imported = Imported::default();
        from_item("item 1", ["MY"; 1000].into_iter(), ("A", "b"), &mut imported, |entry| entry.trashed = true);
        assert_eq!((imported.entries.len(), imported.problems.len()), (MOST_CODES, 1));
        assert!(imported.entries[0].trashed);
    }

    #[test]
    fn a_field_of_several_links_is_as_many_entries() {
        let mut imported = Imported::default();
        let field = "otpauth://totp/?secret=MY&issuer=One\notpauth://totp/?secret=MZ&issuer=Two, steam://MY";
        from_item("item 1", [field].into_iter(), ("A", "b"), &mut imported, |_| ());
        let names: Vec<&str> = imported.entries.iter().map(|read| &*read.details.issuer).collect();
        assert_eq!((names, imported.problems.len()), (vec!["One", "Two", "A"], 0));
    }

    #[test]
    fn what_cannot_be_used_is_a_problem_with_a_name() {
        let refused = |change: fn(&mut Draft<'static>)| {
            let mut draft = draft();
            change(&mut draft);
            let problem = draft.finish().unwrap_err();
            assert_eq!(problem.label, "A:b");
            assert!(!problem.reason.contains("JBSW"));
            problem.reason
        };
        assert!(refused(|draft| draft.algorithm = Word::Is("SHA224")).contains("SHA224"));
        assert!(refused(|draft| draft.algorithm = Word::Broken).contains("algorithm"));
        assert!(refused(|draft| draft.digits = Number::Broken).contains("digits"));
        assert!(refused(|draft| draft.digits = Number::Is(11)).contains("11 digits"));
        assert!(refused(|draft| draft.period = Number::Is(86_401)).contains("86401"));
        assert!(refused(|draft| draft.period = Number::Broken).contains("period"));
        assert!(refused(|draft| draft.kind = Err("xotp".into())).contains("xotp"));
        assert!(refused(|draft| draft.key = Key::Base32("JBSW0")).contains("base32"));
        assert!(refused(|draft| draft.key = Key::Base32("")).contains("no secret"));
        assert!(refused(|draft| (draft.kind, draft.counter) = (Ok(Kind::Hotp), Number::Broken)).contains("counter"));
    }
}
