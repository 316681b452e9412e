//! Choosing a passphrase, twice; a hint how strong it is.

use crate::app::Effect;
use crate::app::core::input::Input;
use crate::app::core::save::{Then, commit};
use crate::app::screens::confirm::Confirm;
use crate::app::shell::model::{Model, Over, Stage};
use crate::config::keys::Key;
use crate::secret::Text;
use crate::time::Now;

/// Two lines for a new passphrase.
pub(crate) struct Twice {
    pub(crate) first: Input,
    pub(crate) second: Input,
    /// The second line is being typed.
    pub(crate) at_second: bool,
    pub(crate) error: Option<&'static str>,
}

impl Twice {
    pub(crate) fn new() -> Twice {
        Twice { first: Input::masked(), second: Input::masked(), at_second: false, error: None }
    }

    pub(crate) fn line(&mut self) -> &mut Input {
        if self.at_second { &mut self.second } else { &mut self.first }
    }

    pub(crate) fn key(&mut self, key: &Key) {
        if self.line().key(key) {
            self.error = None;
        }
    }

    pub(crate) fn show_typed(&mut self) {
        self.first.masked = !self.first.masked;
        self.second.masked = self.first.masked;
    }

    /// The passphrase, once both lines are the same; else the error stands in its row.
    pub(crate) fn submit(&mut self) -> Option<Text> {
        if self.first.is_empty() {
            self.at_second = false;
            self.error = Some("a passphrase is needed");
        } else if !self.at_second && self.second.is_empty() {
            self.at_second = true;
        } else if self.first.text() != self.second.text() {
            self.at_second = true;
            self.second.clear();
            self.error = Some("the two are not the same; type the second again");
        } else {
            self.second.clear();
            self.at_second = false;
            return Some(self.first.take());
        }
        None
    }
}

/// The screen that sets a new passphrase.
pub(crate) struct NewPassphrase {
    pub(crate) twice: Twice,
    /// Opened with the recovery code: nothing else can be done before.
    pub(crate) forced: bool,
    /// It was set on another machine already, and is asked for once.
    pub(crate) elsewhere: bool,
    pub(crate) busy: bool,
    pub(crate) trouble: Option<crate::app::Trouble>,
}

impl NewPassphrase {
    pub(crate) fn new() -> NewPassphrase {
        NewPassphrase { twice: Twice::new(), forced: false, elsewhere: false, busy: false, trouble: None }
    }

    pub(crate) fn forced() -> NewPassphrase {
        NewPassphrase { forced: true, ..NewPassphrase::new() }
    }

    pub(crate) fn elsewhere() -> NewPassphrase {
        NewPassphrase { elsewhere: true, ..NewPassphrase::new() }
    }
}

pub(crate) fn submit(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    if session.vaults.saving() {
        model.say("still saving; try again in a moment", now);
        return;
    }
    let Some(Over::Passphrase(screen)) = session.over.last_mut() else { return };
    if screen.busy {
        return;
    }
    if screen.elsewhere {
        if !screen.twice.first.is_empty() {
            screen.busy = true;
            screen.trouble = None;
            out.push(Effect::FollowPassphrase { passphrase: screen.twice.first.take() });
        }
        return;
    }
    if let Some(passphrase) = screen.twice.submit() {
        screen.busy = true;
        screen.trouble = None;
        session.changing_passphrase = true;
        out.push(Effect::ChangePassphrase { passphrase });
    }
}

pub(crate) fn changed(
    model: &mut Model,
    result: Result<std::sync::Arc<crate::vault::Unlocked>, crate::app::Trouble>,
    now: Now,
) {
    let Stage::Open(session) = &mut model.stage else { return };
    session.changing_passphrase = false;
    match result {
        Ok(vault) => {
            session.vaults.first_mut().saved = std::sync::Arc::clone(&vault);
            session.show(0, vault);
            session.over.retain(|over| !matches!(over, Over::Passphrase(_)));
            let links = session.vaults.first().vault.links().len();
            if links > 0 {
                session.over.push(Over::Confirm(Confirm::rekey(links)));
            }
            model.say_good(
                "Changed the passphrase · older copies open with the old one: tickey backup forget removes them",
                now,
            );
        }
        Err(trouble) => {
            for over in &mut session.over {
                if let Over::Passphrase(screen) = over {
                    screen.busy = false;
                    screen.trouble = Some(trouble.clone());
                }
            }
        }
    }
}

/// The passphrase that another machine set was tried.
pub(crate) fn followed(model: &mut Model, result: Result<(), crate::app::Trouble>, now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    match result {
        Ok(()) => {
            session.over.retain(|over| !matches!(over, Over::Passphrase(screen) if screen.elsewhere));
            model.say_good("what was changed here is merged; the new passphrase opens the vault here, too", now);
        }
        Err(trouble) => {
            for over in &mut session.over {
                if let Over::Passphrase(screen) = over {
                    screen.busy = false;
                    screen.trouble = Some(trouble.clone());
                }
            }
        }
    }
}

/// Every link gets a new key; the runtime puts it in force in the vaults.
pub(crate) fn rekey_links(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &model.stage else { return };
    let edits = session.vaults.first().vault.rekey_links(model.random.as_mut());
    let then = Then::new("replace your keys to shared vaults", "your keys to shared vaults are replaced");
    let done = edits.map_err(|error| error.to_string()).and_then(|edits| commit(model, 0, &edits, then, now, out));
    if let Err(reason) = done {
        model.say_bad(format!("your keys stay as they are: {reason}"), now);
    }
}

/// How strong a passphrase looks: words for a hint, 0 to 4 for a bar. It knows nothing of dictionaries: long and varied is what counts.
pub(crate) fn strength(passphrase: &str) -> (usize, &'static str) {
    let letters = passphrase.chars().count();
    let distinct = passphrase.chars().collect::<std::collections::BTreeSet<_>>().len();
    let words = passphrase.split_whitespace().filter(|word| word.chars().count() > 2).count();
    let classes = [
        passphrase.chars().any(char::is_lowercase),
        passphrase.chars().any(char::is_uppercase),
        passphrase.chars().any(char::is_numeric),
        passphrase.chars().any(|c| !c.is_alphanumeric()),
    ];
    let classes = classes.iter().filter(|present| **present).count();
    let score = letters
        .min(distinct.saturating_mul(2))
        .saturating_add(classes.saturating_mul(2))
        .saturating_add(words.saturating_mul(2));
    match score {
        0..=11 => (0, "very weak: five random words are easy to remember and hard to guess"),
        12..=17 => (1, "weak: longer is better than odder"),
        18..=23 => (2, "fair: two more words make it strong"),
        24..=31 => (3, "good"),
        _ => (4, "strong"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_is_stronger() {
        let order = [
            "aaaaaaaaaaaaaaaaaaaaaaaa",
            "horse",
            "Passw0rd!",
            "correct horse battery",
            "correct horse battery staple wagon",
        ];
        let scores: Vec<usize> = order.iter().map(|words| strength(words).0).collect();
        assert!(scores.is_sorted(), "{scores:?}");
        assert_eq!(scores.first(), Some(&0));
        assert_eq!(scores.last(), Some(&4));
    }
}
