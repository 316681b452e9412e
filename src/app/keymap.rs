//! Everything the program can be told to do, in one table: name, keys, one line, and where.
//!
//! The footer, the help, the palette, the README's key table and the man page are made from it.

use crate::config::Config;
use crate::config::keys::Key;

macro_rules! screens {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Where a key is pressed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Screen {
            $($(#[$doc])* $name),*
        }

        const EVERYWHERE: &[Screen] = &[$(Screen::$name),*];
    };
}

screens! {
    /// First run: what to begin with.
    Welcome,
    /// Making a vault.
    Create,
    /// Asking for the passphrase.
    Unlock,
    /// The list.
    List,
    /// The list, while words are searched for.
    Search,
    /// One entry, over the whole screen.
    Entry,
    /// Adding or editing.
    Form,
    /// The trash.
    Trash,
    /// What was done to an entry.
    History,
    /// Importing: a path or a password is typed.
    Import,
    /// Importing: what will happen to each entry.
    ImportPlan,
    /// Importing: what the columns of a table hold.
    Columns,
    /// Exporting.
    Export,
    /// A new passphrase.
    Passphrase,
    /// The palette.
    Palette,
    /// The help.
    Help,
    /// A question.
    Confirm,
    /// Who belongs to a shared vault.
    Members,
    /// Fields that were changed in two places at once.
    Conflicts,
    /// An entry to another vault: which one.
    Transfer,
    /// Inviting somebody.
    Invite,
    /// Making or joining a shared vault, or saying where one is kept.
    Share,
    /// What was done, with a code that is shown once.
    ShownOnce,
    /// QR codes.
    Codes,
    /// QR codes: the path of a file is typed.
    SavePicture,
}

impl Screen {
    /// Whether letters are typed into something here.
    pub fn takes_text(self) -> bool {
        use Screen::*;
        matches!(
            self,
            Share | Invite | Create | Unlock | Search | Form | Import | Export | Passphrase | Palette | SavePicture
        )
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// Which.
    pub action: Action,
    /// Its name in `config.toml` and in the palette.
    pub name: &'static str,
    /// What it does, in one line.
    pub line: &'static str,
    /// The word in the footer; empty: not there.
    pub short: &'static str,
    /// Where its keys work.
    pub screens: &'static [Screen],
}

use Screen as S;

const MOVES: &[Screen] = &[
    S::List,
    S::Search,
    S::Entry,
    S::Trash,
    S::History,
    S::Members,
    S::Conflicts,
    S::Transfer,
    S::ShownOnce,
    S::Confirm,
    S::ImportPlan,
    S::Columns,
    S::Palette,
    S::Help,
    S::Welcome,
    S::Unlock,
];
const JUMPS: &[Screen] = &[S::List, S::Trash, S::History, S::Conflicts, S::ImportPlan, S::Columns, S::Help];
const FORMS: &[Screen] = &[S::Invite, S::Share, S::Create, S::Form, S::Export, S::Passphrase];

/// The table. Its order is the footer's and the help's.
pub fn table() -> &'static [Row] {
    TABLE
}

macro_rules! actions {
    ($($action:ident $name:literal $line:literal $short:literal $screens:expr;)*) => {
        /// What can be done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $line] $action),*
        }

        static TABLE: &[Row] = &[$(Row { action: Action::$action, name: $name, line: $line, short: $short, screens: $screens }),*];
    };
}

actions! {
    Submit "submit" "do what this screen is for: unlock, save, import, go on" "go on"
        &[S::Welcome, S::Create, S::Unlock, S::Form, S::Import, S::ImportPlan, S::Columns, S::Export, S::Passphrase, S::Palette, S::SavePicture, S::Invite, S::Share, S::Transfer, S::ShownOnce];
    Yes "yes" "yes" "yes" &[S::Confirm];
    No "no" "no" "no" &[S::Confirm];
    Copy "copy" "copy the selected entry's code; a counter moves on first" "copy" &[S::List, S::Search, S::Entry];
    CopyShown "copy_shown" "copy the code that is shown this once" "copy" &[S::ShownOnce];
    Settle "settle" "take the selected one of the values; it replaces the others" "take this one" &[S::Conflicts];
    Search "search" "search issuer, account, tags and notes as you type" "search" &[S::List];
    View "view" "view the entry: large code, next code, note, recovery codes; a member: six words" "view" &[S::List, S::Members];
    Add "add" "add an entry by form; a pasted otpauth:// link or picture's path fills it" "add" &[S::List];
    Edit "edit" "edit the entry" "edit" &[S::List, S::Entry];
    Delete "delete" "delete the entry (it goes to the trash)" "delete" &[S::List, S::Entry];
    Import "import" "import another program's file" "import" &[S::List];
    NextPage "next_page" "the next QR code" "next" &[S::Codes];
    PreviousPage "previous_page" "the QR code before" "before" &[S::Codes];
    ShowLink "show_link" "show the QR code's link as text, and back" "as text" &[S::Codes];
    SavePicture "save_picture" "save the QR code as a picture" "save" &[S::Codes];
    Lock "lock" "lock: everything leaves memory and the clipboard" "lock" &[S::List, S::Entry, S::Trash, S::History, S::Codes, S::Members, S::ShownOnce, S::Conflicts];
    Help "help" "show what each key does" "help" &[S::List, S::Entry, S::Trash, S::History, S::ImportPlan, S::Members, S::Conflicts];
    Restore "restore" "take the entry out of the trash" "restore" &[S::Trash];
    Purge "purge" "delete the entry in the trash for good (asks)" "for good" &[S::Trash];
    UseRecoveryCode "use_recovery_code" "mark the selected recovery code as used" "mark used" &[S::Entry];
    NextField "next_field" "next field" "next field" FORMS;
    PreviousField "previous_field" "previous field" "" FORMS;
    ShowTyped "show_typed" "show what is typed, or a secret that differs, instead of dots" "show" &[S::Create, S::Unlock, S::Form, S::Import, S::Export, S::Passphrase, S::Conflicts, S::Share];
    Toggle "toggle" "importing: choose what happens to this entry, or what this column holds" "choose" &[S::ImportPlan, S::Columns];
    Columns "columns" "importing a table: say what its columns hold" "columns" &[S::ImportPlan];
    AddFile "add_file" "add another file, such as the next picture of an export" "add a file" &[S::ImportPlan];
    PastePicture "paste_picture" "take the QR code in the clipboard's picture" "picture" &[S::List, S::Form];
    UseRecovery "use_recovery" "unlock with the recovery code instead" "recovery code" &[S::Unlock];
    NewVault "new_vault" "make a new vault" "new vault" &[S::Unlock];
    CopyAndQuit "copy_and_quit" "copy the code and quit" "" &[S::List, S::Entry];
    CopyNext "copy_next" "copy the next code" "" &[S::List, S::Entry];
    Reveal "reveal" "show or hide the selected code" "" &[S::List, S::Entry];
    RevealAll "reveal_all" "show or hide all codes" "" &[S::List, S::Entry];
    NextTag "next_tag" "next tag" "" &[S::List, S::Search];
    PreviousTag "previous_tag" "previous tag" "" &[S::List, S::Search];
    Tag "tag" "the tag of that number; 1 is all" "" &[S::List];
    Sort "sort" "sort by name, account, newest, last changed" "" &[S::List];
    Favourite "favourite" "favourite: shown first" "" &[S::List, S::Entry];
    Undo "undo" "undo the last change" "" &[S::List, S::Entry, S::Trash, S::Conflicts];
    Redo "redo" "redo what was undone" "" &[S::List, S::Entry, S::Trash, S::Conflicts];
    ShowQr "show_qr" "show the entry as a QR code for a phone" "" &[S::List, S::Entry];
    PhoneCodes "phone_codes" "show all entries as Google Authenticator's QR codes" "" &[S::List];
    Export "export" "export entries to a file" "" &[S::List];
    History "history" "who did what when to the entry (with members: the vault)" "" &[S::List, S::Entry, S::Members];
    Conflicts "conflicts" "what was changed in two places at once: both values, who set each, and taking one" "" &[S::List, S::Entry];
    Move "move" "move the entry to another open vault (its counter goes with it)" "" &[S::List, S::Entry];
    CopyTo "copy_to" "copy the entry to another open vault" "" &[S::List, S::Entry];
    Trash "trash" "the trash: deleted entries" "" &[S::List];
    Palette "palette" "find a command by name" "" &[S::List, S::Entry];
    Invite "invite" "invite somebody; the code is shown once" "invite" &[S::Members];
    Promote "promote" "give a member more rights (asks)" "more rights" &[S::Members];
    Demote "demote" "give a member fewer rights (asks)" "fewer" &[S::Members];
    RemoveMember "remove_member" "remove a member, or end an invite (asks)" "remove" &[S::Members];
    Revert "revert" "take back what a member did to the entries (asks)" "take back" &[S::Members];
    Admit "admit" "let in one of those who wait (asks)" "let in" &[S::Members];
    Members "members" "who belongs to the shared vault, and inviting" "" &[S::List];
    Share "share" "make a shared vault: its recovery code is shown once" "" &[S::List];
    Join "join" "come into a shared vault by an invitation: address and code" "" &[S::List];
    Remote "remote" "say where a vault is kept: the place is tried out first" "" &[S::List];
    Recovery "recovery" "renew the recovery code of the chosen tab's vault (asks); it is shown once" "" &[S::List];
    Sync "sync" "sync with the remotes now" "" &[S::List, S::Members];
    Passphrase "passphrase" "set a new passphrase" "" &[S::List];
    OtherVault "other_vault" "lock and choose another vault file" "" &[S::List];
    Up "up" "up" "" MOVES;
    Down "down" "down" "" MOVES;
    PageUp "page_up" "a page up" "" JUMPS_AND_SEARCH;
    PageDown "page_down" "a page down" "" JUMPS_AND_SEARCH;
    Top "top" "to the first" "" JUMPS;
    Bottom "bottom" "to the last" "" JUMPS;
    Back "back" "back; in a search: clear, then close" "back"
        &[S::Create, S::Search, S::Entry, S::Form, S::Trash, S::History, S::Import, S::ImportPlan, S::Columns, S::Export, S::Passphrase, S::Palette, S::Help, S::Codes, S::SavePicture, S::Members, S::Conflicts, S::Transfer, S::Invite, S::Share, S::ShownOnce];
    Suspend "suspend" "lock and stop; fg comes back" "" EVERYWHERE;
    Quit "quit" "quit; a copied code is still cleared in time" "quit" &[S::List, S::Welcome];
    QuitNow "quit_now" "quit from anywhere; a filled form asks once" "" EVERYWHERE;
}

const JUMPS_AND_SEARCH: &[Screen] =
    &[S::List, S::Search, S::Trash, S::History, S::Conflicts, S::ImportPlan, S::Columns, S::Help, S::ShownOnce];

/// An action's word in a screen's footer.
pub(crate) fn word(row: &Row, screen: Screen) -> &'static str {
    match (row.action, screen) {
        (Action::Submit, S::Unlock) => "unlock",
        (Action::Submit, S::Form | S::SavePicture) => "save",
        (Action::Submit, S::Invite) => "invite",
        (Action::Submit, S::Share | S::Palette) => "do it",
        (Action::Submit, S::Transfer) => "there",
        (Action::Submit, S::Create) => "make the vault",
        (Action::Submit, S::ImportPlan) => "import",
        (Action::Submit, S::Export) => "export",
        (Action::Submit, S::Passphrase) => "set",
        (Action::Submit, S::Welcome) => "choose",
        (Action::Back, S::Search | S::List) => "clear",
        (Action::ShowTyped, S::Conflicts) => "show secrets",
        _ => row.short,
    }
}

/// Checks that no key means two things on one screen, as keys from a `config.toml` might.
///
/// # Errors
/// The key, the screen and both actions, in words.
pub fn check_keys(config: &Config) -> Result<(), String> {
    for screen in EVERYWHERE {
        let mut seen = std::collections::BTreeMap::new();
        for row in TABLE.iter().filter(|row| row.screens.contains(screen)) {
            for key in config.keys.get(row.name).into_iter().flatten() {
                if screen.takes_text() && key.typed().is_some() {
                    continue;
                }
                if let Some(other) = seen.insert(*key, row.name).filter(|other| *other != row.name) {
                    return Err(format!("the key {key} means both {other} and {} on one screen", row.name));
                }
            }
        }
    }
    if config.keys.get("quit_now").is_none_or(Vec::is_empty) {
        return Err("quit_now needs a key".into());
    }
    Ok(())
}

/// The table as README and the man page show it: keys, and what each does.
pub fn key_lines(config: &Config) -> Vec<(String, &'static str)> {
    let label = |row: &Row| {
        let keys = config.keys.get(row.name)?;
        match keys.as_slice() {
            [] => None,
            [first, .., last] if keys.len() > 3 => Some(format!("{}–{}", first.label(false), last.label(false))),
            _ => Some(keys.iter().map(|key| key.label(false)).collect::<Vec<_>>().join(" ")),
        }
    };
    TABLE
        .iter()
        .map(|row| (label(row).unwrap_or_else(|| format!(": {}", row.name.replace('_', " "))), row.line))
        .collect()
}

/// What a key does on a screen. Keys that type letters go to the line being typed instead.
pub(crate) fn action_for(config: &Config, screen: Screen, key: &Key) -> Option<Action> {
    if screen.takes_text() && key.typed().is_some() {
        return None;
    }
    let means = |row: &&Row| config.keys.get(row.name).is_some_and(|keys| keys.contains(key));
    TABLE.iter().filter(|row| row.screens.contains(&screen)).find(means).map(|row| row.action)
}

/// How many rows an action moves by.
pub(crate) fn moves(action: Action, page: usize) -> Option<isize> {
    let page = isize::try_from(page).unwrap_or(isize::MAX);
    match action {
        Action::Up => Some(-1),
        Action::Down => Some(1),
        Action::PageUp => Some(page.saturating_neg()),
        Action::PageDown => Some(page),
        Action::Top => Some(isize::MIN),
        Action::Bottom => Some(isize::MAX),
        _ => None,
    }
}

pub(crate) fn changes_the_vault(action: Action) -> bool {
    use Action::*;
    matches!(
        action,
        Add | PastePicture
            | Edit
            | Delete
            | Favourite
            | Undo
            | Redo
            | Import
            | Restore
            | Purge
            | UseRecoveryCode
            | Settle
            | Move
            | CopyTo
            | Share
            | Join
            | Remote
            | Recovery
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_and_the_default_keys_name_the_same_actions() {
        let rows: BTreeSet<&str> = table().iter().map(|row| row.name).collect();
        let config = Config::default();
        let keys: BTreeSet<&str> = config.keys.keys().map(String::as_str).collect();
        assert_eq!(rows, keys);
        assert_eq!(rows.len(), table().len(), "a name stands twice");
    }

    #[test]
    fn every_action_has_a_line_for_the_manual() {
        let lines = key_lines(&Config::default());
        assert_eq!(lines.len(), table().len());
        assert!(lines.contains(&("1–9".into(), "the tag of that number; 1 is all")));
        assert!(lines.contains(&(": passphrase".into(), "set a new passphrase")));
    }

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        assert_eq!(check_keys(&Config::default()), Ok(()));
        let config = Config::parse("[keys]\nadd = [\"d\"]").unwrap();
        assert_eq!(check_keys(&config), Err("the key d means both add and delete on one screen".into()));
        let config = Config::parse("[keys]\nquit_now = []").unwrap();
        assert_eq!(check_keys(&config), Err("quit_now needs a key".into()));
    }
}
