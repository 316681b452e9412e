//! An entry's values as a person types them, field by field, made into [`Details`]: what the add form and the command line share.

use crate::otp::{Algorithm, Digits, Kind, Otp, Period, links};
use crate::secret::{Secret, Text};
use crate::vault::bounds::TooLong;
use crate::vault::{Details, bounds};

/// What was typed. `None` leaves the field as it is (for a new entry: the kind's default).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// What kind of code.
    pub kind: Option<Kind>,
    /// Who asks for the code.
    pub issuer: Option<Text>,
    /// Whose code it is.
    pub account: Option<Text>,
    /// The key, decoded.
    pub secret: Option<Secret>,
    /// The PIN of mOTP and Yandex; empty: none.
    pub pin: Option<Text>,
    /// The hash function.
    pub algorithm: Option<Algorithm>,
    /// The code's length.
    pub digits: Option<u64>,
    /// The time step in seconds.
    pub period: Option<u64>,
    /// The next counter.
    pub counter: Option<u64>,
    /// All tags, replacing those there are.
    pub tags: Option<Vec<Text>>,
    /// Tags to add.
    pub add_tags: Vec<Text>,
    /// Tags to take away.
    pub remove_tags: Vec<Text>,
    /// Free text.
    pub note: Option<Text>,
    /// Shown first.
    pub favourite: Option<bool>,
}

/// Why the fields make no entry. Each names one field, so that a form can show it in that field's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Neither issuer nor account.
    #[error("an entry needs an issuer or an account")]
    NoName,
    /// A link where names stand.
    #[error("a link is no name: it would show its secret")]
    LinkAsName,
    /// No secret.
    #[error("an entry needs a secret")]
    NoSecret,
    /// Outside 1 to 10.
    #[error("a code has 1 to 10 digits")]
    Digits,
    /// Steam, mOTP and Yandex codes have a fixed length.
    #[error("a {kind} code always has {digits} digits", kind = .0.name(), digits = .0.default_digits().get())]
    FixedDigits(Kind),
    /// Outside 1 to 86 400.
    #[error("a period has 1 to 86400 seconds")]
    Period,
    /// HOTP has no period.
    #[error("a hotp code has a counter and no period")]
    PeriodOfHotp,
    /// Only HOTP has a counter.
    #[error("only a hotp code has a counter")]
    CounterWithoutHotp,
    /// Steam, mOTP and Yandex have one algorithm, TOTP and HOTP cannot use MD5.
    #[error("a {kind} code cannot be made with {algorithm}", kind = .0.name(), algorithm = .1.name())]
    Algorithm(Kind, Algorithm),
    /// mOTP and Yandex codes need a PIN.
    #[error("a {} code needs a PIN", .0.name())]
    NoPin(Kind),
    /// The other kinds have none.
    #[error("a {} code has no PIN", .0.name())]
    PinOfOther(Kind),
    /// Longer than a vault takes.
    #[error(transparent)]
    TooLong(#[from] TooLong),
}

impl Fields {
    /// Whether nothing at all was typed.
    pub fn is_empty(&self) -> bool {
        *self == Fields::default()
    }

    /// A new entry of these fields.
    ///
    /// # Errors
    /// [`FieldError`] naming the field.
    pub fn create(&self) -> Result<Details, FieldError> {
        let secret = self.secret.clone().ok_or(FieldError::NoSecret)?;
        let otp = Otp::new(self.kind.unwrap_or(Kind::Totp), secret);
        self.change(&Details::new(otp, "", ""))
    }

    /// That entry with these fields changed. When the kind changes, what the new kind does not share goes to its defaults.
    ///
    /// # Errors
    /// [`FieldError`] naming the field.
    pub fn change(&self, details: &Details) -> Result<Details, FieldError> {
        let mut out = details.clone();
        let names = self.issuer.iter().chain(&self.account).chain(self.tags.iter().flatten()).chain(&self.add_tags);
        if names.into_iter().any(|name| links::within(name)) {
            return Err(FieldError::LinkAsName);
        }
        self.change_otp(&mut out.otp)?;
        set(&mut out.issuer, &self.issuer);
        set(&mut out.account, &self.account);
        set(&mut out.tags, &self.tags);
        out.tags.retain(|tag| !self.remove_tags.contains(tag));
        for tag in &self.add_tags {
            if !out.tags.contains(tag) {
                out.tags.push(tag.clone());
            }
        }
        out.tags.retain(|tag| !tag.trim().is_empty());
        set(&mut out.note, &self.note);
        set(&mut out.favourite, &self.favourite);
        if out.issuer.trim().is_empty() && out.account.trim().is_empty() {
            return Err(FieldError::NoName);
        }
        bounds::check(&out, Some(details))?;
        Ok(out)
    }

    fn change_otp(&self, otp: &mut Otp) -> Result<(), FieldError> {
        if let Some(kind) = self.kind.filter(|kind| *kind != otp.kind) {
            let was_free = matches!(otp.kind, Kind::Totp | Kind::Hotp);
            otp.kind = kind;
            // TOTP and HOTP share algorithm and length; any other change of kind starts from the kind's own values.
            if !(was_free && matches!(kind, Kind::Totp | Kind::Hotp)) {
                otp.algorithm = kind.default_algorithm();
                otp.digits = kind.default_digits();
                otp.period = kind.default_period();
            }
            if !has_pin(kind) {
                otp.pin = None;
            }
            if kind == Kind::Hotp {
                otp.period = Period::DEFAULT;
            } else {
                otp.counter = 0;
            }
        }
        let kind = otp.kind;
        if let Some(secret) = &self.secret {
            if secret.is_empty() {
                return Err(FieldError::NoSecret);
            }
            otp.secret = secret.clone();
        }
        if let Some(algorithm) = self.algorithm {
            let possible = match kind {
                Kind::Totp | Kind::Hotp => algorithm != Algorithm::Md5,
                _ => algorithm == kind.default_algorithm(),
            };
            if !possible {
                return Err(FieldError::Algorithm(kind, algorithm));
            }
            otp.algorithm = algorithm;
        }
        if let Some(digits) = self.digits {
            let digits = Digits::new(digits).ok_or(FieldError::Digits)?;
            if !matches!(kind, Kind::Totp | Kind::Hotp) && digits != kind.default_digits() {
                return Err(FieldError::FixedDigits(kind));
            }
            otp.digits = digits;
        }
        if let Some(period) = self.period {
            if kind == Kind::Hotp {
                return Err(FieldError::PeriodOfHotp);
            }
            otp.period = Period::new(period).ok_or(FieldError::Period)?;
        }
        if let Some(counter) = self.counter {
            if kind != Kind::Hotp {
                return Err(FieldError::CounterWithoutHotp);
            }
            otp.counter = counter;
        }
        if let Some(pin) = &self.pin {
            if !has_pin(kind) && !pin.is_empty() {
                return Err(FieldError::PinOfOther(kind));
            }
            otp.pin = (!pin.is_empty()).then(|| pin.clone());
        }
        if has_pin(kind) && otp.pin.is_none() {
            return Err(FieldError::NoPin(kind));
        }
        Ok(())
    }
}

/// Whether codes of that kind take a PIN.
pub fn has_pin(kind: Kind) -> bool {
    matches!(kind, Kind::Motp | Kind::Yandex)
}

fn set<T: Clone>(place: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        *place = value.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::from(&b"12345678901234567890"[..])
    }

    fn fields(kind: Kind) -> Fields {
        Fields { kind: Some(kind), issuer: Some("Site".into()), secret: Some(secret()), ..Fields::default() }
    }

    #[test]
    fn defaults_are_the_kinds() {
        let details = fields(Kind::Totp).create().unwrap();
        assert_eq!(details.otp, Otp::new(Kind::Totp, secret()));
        assert_eq!(details.issuer.as_str(), "Site");
        let motp = Fields { pin: Some("1234".into()), ..fields(Kind::Motp) }.create().unwrap();
        assert_eq!((motp.otp.period.get(), motp.otp.algorithm), (10, Algorithm::Md5));
    }

    #[test]
    fn each_field_has_its_own_refusal() {
        let cases = [
            (Fields { issuer: None, ..fields(Kind::Totp) }, FieldError::NoName),
            (Fields { issuer: Some("A otpauth%3A//x".into()), ..fields(Kind::Totp) }, FieldError::LinkAsName),
            (Fields { secret: None, ..fields(Kind::Totp) }, FieldError::NoSecret),
            (Fields { secret: Some(Secret::default()), ..fields(Kind::Totp) }, FieldError::NoSecret),
            (Fields { digits: Some(11), ..fields(Kind::Totp) }, FieldError::Digits),
            (Fields { digits: Some(0), ..fields(Kind::Totp) }, FieldError::Digits),
            (Fields { digits: Some(6), ..fields(Kind::Steam) }, FieldError::FixedDigits(Kind::Steam)),
            (Fields { period: Some(0), ..fields(Kind::Totp) }, FieldError::Period),
            (Fields { period: Some(86_401), ..fields(Kind::Totp) }, FieldError::Period),
            (Fields { period: Some(30), ..fields(Kind::Hotp) }, FieldError::PeriodOfHotp),
            (Fields { counter: Some(1), ..fields(Kind::Totp) }, FieldError::CounterWithoutHotp),
            (
                Fields { algorithm: Some(Algorithm::Md5), ..fields(Kind::Totp) },
                FieldError::Algorithm(Kind::Totp, Algorithm::Md5),
            ),
            (
                Fields { algorithm: Some(Algorithm::Sha1), ..fields(Kind::Motp) },
                FieldError::Algorithm(Kind::Motp, Algorithm::Sha1),
            ),
            (fields(Kind::Yandex), FieldError::NoPin(Kind::Yandex)),
            (Fields { pin: Some("1".into()), ..fields(Kind::Totp) }, FieldError::PinOfOther(Kind::Totp)),
        ];
        for (fields, error) in cases {
            assert_eq!(fields.create(), Err(error));
        }
    }

    #[test]
    fn a_change_touches_only_what_is_named() {
        let mut before = fields(Kind::Totp).create().unwrap();
        before.tags = vec!["Work".into(), "Old".into()];
        before.otp.digits = Digits::new(8).unwrap();
        let after = Fields {
            account: Some("me".into()),
            add_tags: vec!["Ops".into(), "Work".into()],
            remove_tags: vec!["Old".into()],
            ..Fields::default()
        }
        .change(&before)
        .unwrap();
        assert_eq!(after.tags, vec![Text::from("Work"), Text::from("Ops")]);
        assert_eq!(after.otp, before.otp);
        assert_eq!(after.account.as_str(), "me");
    }

    #[test]
    fn a_new_kind_keeps_what_it_shares() {
        let totp = Fields { digits: Some(8), period: Some(60), ..fields(Kind::Totp) }.create().unwrap();
        let hotp = Fields { kind: Some(Kind::Hotp), counter: Some(7), ..Fields::default() }.change(&totp).unwrap();
        assert_eq!((hotp.otp.digits.get(), hotp.otp.counter, hotp.otp.period.get()), (8, 7, 30));
        let steam = Fields { kind: Some(Kind::Steam), ..Fields::default() }.change(&hotp).unwrap();
        assert_eq!(steam.otp, Otp::new(Kind::Steam, secret()));
    }
}
