//! pass with pass-otp, and gopass: one decrypted entry of a store. Its password and everything else in it is passed over.
//!
//! Decrypting is the matter of gpg, and walking the store that of whoever asks it: this reads the text that comes out.

use super::draft::{self, Draft, Key};
use super::{Candidate, Imported, Problem};
use crate::otp::{Kind, links, uri};
use crate::secret::Text;

/// What the format is called.
pub const NAME: &str = "pass-otp store";

/// The keys before a secret or a link, as gopass and people write them.
const KEYS: [&str; 4] = ["totp", "hotp", "otpauth", "otp"];
/// The most one-time passwords of one entry.
const MOST: usize = 20;

/// Reads an entry of that name ("web/github.com") into `imported`: nothing when there is no one-time password in it.
pub fn read_entry(name: &str, text: &str, imported: &mut Imported) {
    let (folder, title) = name.rsplit_once('/').map_or(("", name), |(folder, title)| (folder, title));
    let lines = (1..).zip(text.lines()).filter_map(|(number, line)| Some((number, value(line)?)));
    let found = lines.flat_map(|(number, (kind, value))| links::split(value).map(move |value| (number, kind, value)));
    for (line, kind, found) in found.take(MOST) {
        let place = format!("{name}, line {line}");
        let read = if uri::is_uri(found) { draft::from_uri(place, found) } else { bare(place, kind, found) };
        let read = read.map(|candidate| Candidate { details: named(candidate.details, folder, title), ..candidate });
        imported.push(read.map_err(|problem| Problem { label: title.to_owned(), ..problem }));
    }
}

/// A line's link or secret, and the kind that its key names.
fn value(line: &str) -> Option<(Kind, &str)> {
    let line = line.trim();
    if uri::is_uri(line) {
        return Some((Kind::Totp, line));
    }
    let (key, value) = line.split_once(':')?;
    let known = KEYS.iter().any(|known| key.trim().eq_ignore_ascii_case(known));
    let kind = if key.trim().eq_ignore_ascii_case("hotp") { Kind::Hotp } else { Kind::Totp };
    // The URI's own scheme is no key: `otpauth://…`.
    (known && !value.starts_with("//"))
        .then(|| value.trim().trim_matches(['"', '\'']))
        .filter(|value| !value.is_empty())
        .map(|value| (kind, value))
}

fn bare(place: String, kind: Kind, secret: &str) -> Result<Candidate, Problem> {
    let mut draft = Draft::new(place, Key::Base32(secret));
    draft.kind = Ok(kind);
    if kind == Kind::Hotp {
        draft.notices.push("its counter is not said: it starts at 0".into());
    }
    draft.finish()
}

fn named(mut details: crate::vault::Details, folder: &str, title: &str) -> crate::vault::Details {
    if details.account.is_empty() {
        details.account = Text::from(title);
    }
    if !folder.is_empty() {
        details.tags = vec![Text::from(folder)];
    }
    details
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_keys_anywhere_in_an_entry() {
        let mut imported = Imported::default();
        read_entry("web/site", "hunter2\nuser: ida\notpauth://totp/Site:ida?secret=MZXW6\n", &mut imported);
        read_entry("bare", "hunter2\n---\ntotp: mzxw 6\n", &mut imported);
        read_entry("quoted", "x\notpauth: \"otpauth://hotp/?secret=MZXW6&counter=4\"\n", &mut imported);
        read_entry("none", "hunter2\nurl: https://example.org\ntotp:\n", &mut imported);
        read_entry("bad", "otp: M1\n", &mut imported);
        let all: Vec<_> = imported
            .entries
            .iter()
            .map(|read| (&*read.details.issuer, &*read.details.account, read.details.tags.first().map(|tag| &**tag)))
            .collect();
        assert_eq!(all, [("Site", "ida", Some("web")), ("", "bare", None), ("", "quoted", None)]);
        assert_eq!((imported.problems.len(), &*imported.problems[0].place), (1, "bad, line 1"));
        assert!(!imported.problems[0].reason.contains("M1"));
        let mut imported = Imported::default();
        read_entry("counting", "x\nhotp: MZXW6\notpauth://totp/A?secret=MY,otpauth://totp/B?secret=MZ", &mut imported);
        let kinds: Vec<_> = imported.entries.iter().map(|read| read.details.otp.kind).collect();
        assert_eq!(kinds, [Kind::Hotp, Kind::Totp, Kind::Totp]);
        assert!(imported.entries[0].notices[0].contains("counter"));
    }
}
