//! Coming into a shared vault: the code that is handed over, and the record that a newcomer leaves.
//!
//! An invitation's code is 16 random bytes, which make the invite's keys, and the first 16 bytes of the hash of the invite's link, so that the
//! newcomer refuses a roster without it.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::secret::{Secret, Text};
use crate::vault::VaultError;
use crate::vault::records::{Record, Unfit};
use crate::vault::recovery::Letters;
use crate::vault::roster::{Invite, Roster};
use crate::vault::seal::{MemberKey, PublicKeys, VaultId, sha256, signed_by};
use crate::vault::sharing::check_name;

/// Bytes of what a newcomer signs.
const LONGEST: usize = 4 * 1024;

/// 32 bytes, and 28 bits that show typing errors: 57.6 letters, so 60 in fifteen groups of four.
const LETTERS: Letters = Letters { bytes: 32, purpose: b"tickey/1 invite check", groups: 15 };

/// What an invitation's code holds.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode {
    code: Secret,
    link: [u8; 16],
}

impl InviteCode {
    /// The code for the invite whose link has that hash.
    pub(super) fn new(code: Secret, link: &[u8; 32]) -> InviteCode {
        let mut start = [0; 16];
        for (to, from) in start.iter_mut().zip(link) {
            *to = *from;
        }
        InviteCode { code, link: start }
    }

    /// As it is handed over: fifteen groups of four letters and digits.
    ///
    /// # Errors
    /// [`VaultError::Internal`].
    pub fn write(&self) -> Result<Text, VaultError> {
        let mut bytes = Zeroizing::new(self.code.expose().to_vec());
        bytes.extend_from_slice(&self.link);
        LETTERS.write(&bytes)
    }

    /// Reads a code as somebody typed or pasted it. `None` when it is none: a typing error.
    pub fn read(typed: &str) -> Option<InviteCode> {
        let bytes = LETTERS.read(typed)?;
        Some(InviteCode {
            code: Secret::from(bytes.expose().get(..16)?),
            link: bytes.expose().get(16..)?.try_into().ok()?,
        })
    }

    /// The keys of the invite, in that vault.
    pub(super) fn key(&self, vault: &VaultId) -> Result<MemberKey, VaultError> {
        MemberKey::from_invite_code(&self.code, vault)
    }

    /// The open invite it is for.
    pub(super) fn invite<'a>(&self, roster: &'a Roster) -> Option<&'a Invite> {
        roster.invites().iter().find(|invite| invite.id.starts_with(&self.link))
    }
}

impl std::fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InviteCode(redacted)")
    }
}

/// How a newcomer's record stands in the body: exact bytes, signed with the invite's key and with the newcomer's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    join: String,
    invited: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
struct JoinText {
    invite: String,
    name: String,
    sign: String,
    exchange: String,
    at: u64,
}

/// A record that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The invite it answers.
    pub invite: Invite,
    /// The name the newcomer goes by.
    pub name: String,
    /// The newcomer's own keys.
    pub keys: PublicKeys,
}

fn signed_text(vault: &VaultId, bytes: &[u8]) -> Vec<u8> {
    [b"tickey/1 join".as_slice(), vault, bytes].concat()
}

impl Join {
    /// The record of a newcomer with that own key.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when it cannot be written.
    pub fn write(
        roster: &Roster,
        invite: &Invite,
        invite_key: &MemberKey,
        own: &MemberKey,
        name: &str,
        at: u64,
    ) -> Result<Join, VaultError> {
        let keys = own.public();
        let text = JoinText {
            invite: BASE64.encode(&invite.id),
            name: name.to_owned(),
            sign: BASE64.encode(&keys.sign),
            exchange: BASE64.encode(&keys.exchange),
            at,
        };
        let bytes = serde_json::to_vec(&text)
            .map_err(|problem| VaultError::Refused(format!("your record cannot be written ({problem})")))?;
        let signed = signed_text(roster.vault(), &bytes);
        Ok(Join {
            join: BASE64.encode(&bytes),
            invited: BASE64.encode(&invite_key.sign(&signed)),
            signature: BASE64.encode(&own.sign(&signed)),
        })
    }
}

impl Record for Join {
    type Said = Newcomer;
    const NAME: &'static str = "record of a newcomer";

    fn verify(&self, roster: &Roster) -> Result<Newcomer, Unfit> {
        let unreadable = || Unfit::bad("a record of a newcomer", "it cannot be read");
        let decode = |text: &str| BASE64.decode(text.as_bytes()).ok();
        let bytes = decode(&self.join).filter(|bytes| bytes.len() <= LONGEST).ok_or_else(unreadable)?;
        let text: JoinText = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
        let id: [u8; 32] = decode(&text.invite).and_then(|id| id.try_into().ok()).ok_or_else(unreadable)?;
        let invite = roster.open_invite(&id).ok_or(Unfit::Past)?;
        let bad = |why: &str| Unfit::bad(format!("a record on the invitation of {}", invite.name), why);
        let key = |text: &str| decode(text).and_then(|key| key.try_into().ok());
        let signature = |text: &str| decode(text).and_then(|signature| signature.try_into().ok());
        let keys = || Some(PublicKeys { sign: key(&text.sign)?, exchange: key(&text.exchange)? });
        let signatures = || Some((signature(&self.invited)?, signature(&self.signature)?));
        let (keys, (by_invite, by_own)) = keys().zip(signatures()).ok_or_else(|| bad("it cannot be read"))?;
        let signed = signed_text(roster.vault(), &bytes);
        if !signed_by(&invite.keys.sign, &signed, &by_invite) || !signed_by(&keys.sign, &signed, &by_own) {
            return Err(bad("its signatures do not hold"));
        }
        check_name(&text.name).map_err(|why| bad(&why.to_string()))?;
        roster.may_enter(&keys).map_err(bad)?;
        Ok(Newcomer { invite: invite.clone(), name: text.name, keys })
    }

    fn stands(said: &Newcomer, roster: &Roster) -> bool {
        let PublicKeys { sign, exchange } = &said.keys;
        roster.open_invite(&said.invite.id).is_some() && !roster.has_known(sign) && !roster.has_known(exchange)
    }

    fn subject(said: &Newcomer) -> [u8; 32] {
        said.invite.id
    }

    fn hash(&self) -> [u8; 32] {
        sha256(&[self.join.as_bytes(), self.invited.as_bytes(), self.signature.as_bytes()])
    }
}

/// Words for comparing a hash by voice: six words of five letters (proquints), 96 bits of it.
pub fn fingerprint(hash: &[u8; 32]) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let mut words: Vec<String> = Vec::with_capacity(6);
    for pair in hash.chunks_exact(2).take(6) {
        let bits = pair.iter().fold(0_u16, |bits, byte| bits << 8 | u16::from(*byte));
        let consonant = |shift: u16| CONSONANTS.get(usize::from(bits >> shift & 15)).copied().unwrap_or(b'b');
        let vowel = |shift: u16| VOWELS.get(usize::from(bits >> shift & 3)).copied().unwrap_or(b'a');
        let letters = [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)];
        words.push(letters.iter().map(|letter| char::from(*letter)).collect());
    }
    words.join(" ")
}

/// The fingerprint of a member's keys.
pub fn fingerprint_of_keys(keys: &PublicKeys) -> String {
    fingerprint(&sha256(&[b"tickey/1 fingerprint", &keys.sign, &keys.exchange]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_reads_back_however_it_is_typed(code: [u8; 16], link: [u8; 32]) {
            let code = InviteCode::new(Secret::from(&code[..]), &link);
            let written = code.write().unwrap();
            prop_assert_eq!(written.len(), 74);
            prop_assert_eq!(InviteCode::read(&written), Some(code.clone()));
            let typed = written.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(InviteCode::read(&typed), Some(code));
        }

        #[test]
        fn one_wrong_letter_is_noticed(code: [u8; 16], link: [u8; 32], at in 0usize..74, to in 0usize..32) {
            let written = InviteCode::new(Secret::from(&code[..]), &link).write().unwrap().to_string();
            let wrong = &"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[to..=to];
            prop_assume!(&written[at..=at] != "-" && &written[at..=at] != wrong);
            let typed = format!("{}{wrong}{}", &written[..at], &written[at + 1..]);
            prop_assert_eq!(InviteCode::read(&typed), None);
        }
    }

    #[test]
    fn a_fingerprint_is_six_words_that_can_be_said() {
        // The published example of this encoding: 127.0.0.1 is lusab-babad.
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&[127, 0, 0, 1]);
        assert_eq!(fingerprint(&hash), "lusab babad babab babab babab babab");
    }
}
