//! The demo vault: carried in the program, opened in memory, never written.

use crate::secret::Text;
use crate::vault::{Limits, Locked, Unlocked, VaultError};

/// The demo vault's passphrase, shown where it is offered.
pub const PASSPHRASE: &str = "demo";

/// A vault like any other, with made-up entries.
const VAULT: &[u8] = include_bytes!("../../assets/demo.json");

/// Opens it.
///
/// # Errors
/// No memory or randomness.
pub fn vault(limits: &Limits) -> Result<Unlocked, VaultError> {
    Locked::read(VAULT, limits)?.unlock(&Text::from(PASSPHRASE), limits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::{Kind, Otp, Period};
    use crate::secret::Secret;
    use crate::vault::fixed::FixedRandom;
    use crate::vault::{Clock, Cost, Details, Edit, EntryId, RecoveryCode};

    const LIMITS: Limits = Limits { ram: 8 << 30 };
    /// When it was made: 2026-11-24.
    const WALL_MS: u64 = 1_795_500_000_000;

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

    /// Makes it anew, with the least cost the format allows.
    fn made() -> Vec<u8> {
        let mut random = FixedRandom::new(2026);
        let cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
        let founded = Unlocked::found("demo", &Text::from(PASSPHRASE), cost, &LIMITS, WALL_MS, &mut random).unwrap();
        let mut edits = Vec::new();
        for (issuer, account, tag, favourite, kind, period) in ENTRIES {
            let mut otp = Otp::new(*kind, Secret::from(format!("demo key of {issuer}").as_bytes()));
            otp.period = Period::new(*period).unwrap();
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
            edits.push(Edit::Add(EntryId::random(&mut random).unwrap(), Box::new(details)));
        }
        let changes = founded.vault.plan(&edits, &mut Clock::new(1, founded.vault.newest()), WALL_MS).unwrap();
        founded.vault.with(&changes).seal(&mut random).unwrap()
    }

    /// `TICKEY_BLESS=1 cargo test` writes it again after a change of the table.
    #[test]
    fn the_program_carries_the_vault_of_this_table() {
        let made = made();
        if std::env::var_os("TICKEY_BLESS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo.json"), &made).unwrap();
        } else {
            assert!(made == VAULT, "assets/demo.json is not what this table makes");
            let vault = vault(&LIMITS).unwrap();
            assert_eq!(vault.entries().count(), ENTRIES.len());
            assert!(vault.entries().all(|entry| entry.code(WALL_MS / 1000).is_ok()));
        }
    }
}
