//! What the user should know about a sync, in sentences.

use crate::store::sync::Notice;
use crate::text::clean;
use crate::time::Utc;
use crate::vault::roster::Renewal;
use crate::vault::sharing::Deed;

/// A day in UTC: `2026-11-24`.
fn day(ms: u64) -> String {
    let Utc { year, month, day, .. } = Utc::from_unix(ms / 1000);
    format!("{year:04}-{month:02}-{day:02}")
}

/// What a person should know of a sync, in a sentence without a full stop.
pub fn message(notice: &Notice) -> String {
    match notice {
        Notice::WentBack(how) => {
            format!("the remote went back in time: {how}; this machine's copy was put there again")
        }
        Notice::SetAside(why, Some(file)) => format!(
            "the remote held an untrusted copy ({why}): quarantined as {}, replaced with yours",
            clean(&file.display().to_string())
        ),
        Notice::SetAside(why, None) => {
            format!("the remote held an untrusted copy ({why}), too large to keep: replaced with yours")
        }
        Notice::CopiesLeft(files) => {
            let first = files.first().map(|file| clean(&file.display().to_string()).into_owned()).unwrap_or_default();
            match files.len().saturating_sub(1) {
                0 => format!("a conflict copy was not merged: {first}; delete it if nobody needs it"),
                more => format!("conflict copies were not merged: {first} and {more} more; delete those nobody needs"),
            }
        }
        Notice::Deed(Deed::LetIn(who)) => format!("let in {}, who used their invitation", clean(who)),
        Notice::Deed(Deed::Expired(who)) => format!("the invitation of {} expired and was ended", clean(who)),
        Notice::Deed(Deed::Waits(who, doubt)) => format!(
            "{} waits to be let in: {doubt}; compare their six words, then tickey member admit, or m on the screen",
            clean(who)
        ),
        Notice::Deed(Deed::Doubled(who)) => format!(
            "two people used the invitation of {}: tickey member list shows them, tickey member admit lets one in",
            clean(who)
        ),
        Notice::Deed(Deed::OwnNewKey) => "you have a new key to it; older copies still open with the old one".into(),
        Notice::Deed(Deed::AskedForKey) => {
            "owners were asked to put your new key in force; until one of their programs does, the old key is".into()
        }
        Notice::Deed(Deed::NewKey(who)) => {
            format!("{} has a new key; the old one opens nothing from now on", clean(who))
        }
        Notice::Deed(Deed::TwoKeys(who)) => format!(
            "there are two requests for a new key of {}: compare the six words, then choose (tickey member list, tickey member admit)",
            clean(who)
        ),
        Notice::Deed(Deed::Late(who, ended)) => format!(
            "the invitation of {} was used, but ended {}: tickey member admit lets them in all the same",
            clean(who),
            day(*ended)
        ),
        Notice::Deed(Deed::NotDone(what, why)) => format!("could not {}: {}", clean(what), clean(why)),
        Notice::BadRecord(bad) => format!("left out {}: {}", clean(&bad.what), clean(&bad.why)),
        Notice::KeyWaits(why) => format!("your new key could not be put there ({why}); the old one stays in force"),
        Notice::NewRecoveryCode(Renewal { came_in: Some(who), .. }) => format!(
            "{} came in as an owner with the recovery code, which is a new one now; if nobody of you did that, remove them",
            clean(who)
        ),
        Notice::NewRecoveryCode(Renewal { by, .. }) => {
            format!("{} renewed the recovery code: the one before opens nothing that comes after", clean(by))
        }
        Notice::JoinedFork => {
            "another owner had changed who belongs at the same time; both changes are in force".into()
        }
        Notice::Ahead(who) => {
            let who = who.iter().map(|(by, changes)| format!("{} ({changes})", clean(by))).collect::<Vec<_>>();
            format!(
                "changes dated more than a day ahead of this machine's clock do not count until then: {}",
                who.join(", ")
            )
        }
        Notice::ViewerAhead => "the remote lacks something; an editor's program will put it there".into(),
    }
}
