//! What a member's program sees to by itself, after each sync.

use std::collections::BTreeMap;

use crate::secret::Random;
use crate::vault::join::Newcomer;
use crate::vault::request::NewKey;
use crate::vault::sharing::{Deed, Work, as_refusal};
use crate::vault::{Unlocked, VaultError};

/// How long a record that came after its invitation's end waits for an owner's yes.
const LATE_MS: u64 = 7 * 24 * 60 * 60 * 1000;

impl Unlocked {
    /// What a member's program sees to by itself: it puts this member's new key in force. An owner's also lets in who used an invite, ends invites that
    /// have expired, and seals the vault anew once a member has a new key. `None`: nothing to do.
    ///
    /// # Errors
    /// No randomness.
    pub fn housekeeping(
        &self,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Option<(Unlocked, Vec<Deed>)>, VaultError> {
        if !self.is_shared() {
            return Ok(None);
        }
        let mut deeds = Vec::new();
        let mut vault = self.clone();
        // Whatever cannot be done of one hinders nothing of another.
        let not_done = |what: String, error: VaultError| match as_refusal(error) {
            VaultError::Random(error) => Err(VaultError::Random(error)),
            error => Ok(Deed::NotDone(what, error.to_string())),
        };
        match vault.take_wanted_key(wall_ms, random) {
            Ok(None) => {}
            Ok(Some((next, deed))) => {
                vault = next;
                deeds.push(deed);
            }
            Err(error) => deeds.push(not_done("put your new key in force".into(), error)?),
        }
        if vault.owner("").is_err() {
            return Ok((!deeds.is_empty()).then_some((vault, deeds)));
        }
        let mut names = self.names();
        let epoch_due = vault.document.roster.head();
        let mut answers: BTreeMap<[u8; 32], Vec<Newcomer>> = BTreeMap::new();
        for newcomer in self.newcomers() {
            answers.entry(newcomer.invite.id).or_default().push(newcomer);
        }
        for invite in self.document.roster.invites() {
            let (name, late) = (&invite.name, invite.expires_ms < wall_ms);
            let answers = answers.get(&invite.id).map(Vec::as_slice).unwrap_or_default();
            // A record that came too late waits for an owner's yes, but not for ever: the code opens the vault as long as it is open.
            let has_ended = if answers.is_empty() { late } else { invite.expires_ms.saturating_add(LATE_MS) < wall_ms };
            match answers {
                _ if has_ended => {
                    deeds.push(match vault.document.roster.close(&invite.id, &vault.member, wall_ms) {
                        Ok(()) => Deed::Expired(name.clone()),
                        Err(error) => not_done(format!("end the invitation of {name}"), error)?,
                    });
                }
                [] => {}
                [_] if late => deeds.push(Deed::Late(name.clone(), invite.expires_ms)),
                [newcomer] => deeds.push(match names.doubt_about(newcomer) {
                    Some(doubt) => Deed::Waits(newcomer.name.clone(), doubt),
                    None => match vault.let_in(newcomer, &newcomer.name, wall_ms) {
                        Ok(()) => {
                            names.add(None, &newcomer.name);
                            Deed::LetIn(newcomer.name.clone())
                        }
                        Err(error) => not_done(format!("let in {}", newcomer.name), error)?,
                    },
                }),
                _ => deeds.push(Deed::Doubled(name.clone())),
            }
        }
        let mut asked: BTreeMap<[u8; 32], Vec<NewKey>> = BTreeMap::new();
        for request in vault.new_keys() {
            asked.entry(request.old).or_default().push(request);
        }
        for requests in asked.values() {
            match requests.as_slice() {
                [request] if vault.may_be_rekeyed(request, wall_ms) => {
                    deeds.push(match vault.put_key(request, Work::Usual, wall_ms) {
                        Ok(()) => Deed::NewKey(request.name.clone()),
                        Err(error) => not_done(format!("put the new key of {} in force", request.name), error)?,
                    });
                }
                [first, _, ..] => deeds.push(Deed::TwoKeys(first.name.clone())),
                _ => {}
            }
        }
        if vault.document.roster.head() != epoch_due {
            vault.next_epoch(wall_ms, random)?;
        }
        Ok((!deeds.is_empty()).then_some((vault, deeds)))
    }
}
