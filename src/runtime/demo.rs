//! The demo vault: made in memory, never written.

use super::clock;
use crate::otp::{Kind, Otp};
use crate::secret::{Secret, Text};
use crate::vault::{Clock, Cost, Details, Edit, EntryId, Limits, RecoveryCode, Unlocked, VaultError};

/// The demo vault's passphrase, shown where it is offered.
pub const PASSPHRASE: &str = "demo";

/// Issuer, account, tag, favourite, kind, period. The keys are the words of this table, so that nobody takes them for real ones.
const ENTRIES: &[(&str, &str, &str, bool, Kind, u64)] = &[
    ("GitHub", "octo@example.com", "Work", true, Kind::Totp, 30),
    ("Proton", "maya@proton.example", "Home", true, Kind::Totp, 30),
    ("AWS", "root@acme-prod", "Ops", false, Kind::Totp, 30),
    ("Bank Austria", "4711-2209", "Home", false, Kind::Totp, 60),
    ("日本郵便", "yui@example.jp", "Home", false, Kind::Totp, 30),
    ("Steam", "gordon", "Home", false, Kind::Steam, 30),
    ("VPN token", "badge 88", "Work", false, Kind::Hotp, 30),
    ("GitLab", "maya@acme.example", "Work", false, Kind::Totp, 30),
    ("Hetzner", "ops@acme.example", "Ops", false, Kind::Totp, 30),
    ("Mastodon", "@maya@social.example", "Home", false, Kind::Totp, 30),
    ("Registrar", "domains@acme.example", "Ops", false, Kind::Totp, 30),
    ("Router", "admin", "Home", false, Kind::Totp, 30),
];

/// Makes it, with the least cost the format allows.
pub(super) fn vault(limits: &Limits) -> Result<Unlocked, VaultError> {
    let wall_ms = clock::now().wall_ms;
    let cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
    let founded = Unlocked::found("demo", &Text::from(PASSPHRASE), cost, limits, wall_ms, &mut clock::Os)?;
    let mut stamps = Clock::new(1, founded.vault.newest());
    let mut edits = Vec::new();
    for (issuer, account, tag, favourite, kind, period) in ENTRIES {
        let key = format!("demo key of {issuer}");
        let mut otp = Otp::new(*kind, Secret::from(key.as_bytes()));
        otp.period = crate::otp::Period::new(*period).unwrap_or(otp.period);
        if *kind == Kind::Hotp {
            otp.counter = 41;
        }
        let mut details = Details::new(otp, *issuer, *account);
        details.tags = vec![Text::from(*tag)];
        details.favourite = *favourite;
        if *issuer == "GitHub" {
            details.note = Text::from("the account that owns the organisation");
            details.recovery_codes = ["a1b2c-d3e4f", "g5h6j-k7m8n"]
                .map(|code| RecoveryCode { id: None, code: Text::from(code), used: false })
                .into();
        }
        edits.push(Edit::Add(EntryId::random(&mut clock::Os)?, Box::new(details)));
    }
    let changes = founded.vault.plan(&edits, &mut stamps, wall_ms)?;
    Ok(founded.vault.with(&changes))
}
