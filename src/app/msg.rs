//! What can happen: one variant for each thing the outside tells the model.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::effect::{ShareRow, Ticket};
pub use crate::config::keys::{Key, KeyCode};
use crate::formats::Imported;
use crate::formats::columns::Sheet;
use crate::secret::Text;
use crate::vault::seal::VaultId;
use crate::vault::{Clock, Stamp, Unlocked};

/// What the mouse did, in cells from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub kind: MouseKind,
    /// Column.
    pub column: u16,
    /// Row.
    pub row: u16,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button went down.
    Press,
    /// The wheel went up.
    WheelUp,
    /// The wheel went down.
    WheelDown,
}

/// Something that did not work, in a person's words: what happened and what was not changed; then what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// One sentence without a full stop, lower case.
    pub message: String,
    /// What to do about it, if there is anything.
    pub hint: Option<String>,
    /// The passphrase was wrong: it can be tried again at once on the same screen.
    pub wrong_passphrase: bool,
    /// There is no such file (first run).
    pub missing: bool,
}

/// A vault that can be opened from the unlock screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultChoice {
    /// Its name: the file's stem.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// No passphrase of its own opens it.
    pub shared: bool,
}

/// A vault that has been opened.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenVault {
    /// Its name.
    pub name: String,
    /// Its file; `None` for the demo vault, whose changes stay in memory.
    pub path: Option<PathBuf>,
    /// What is in it.
    pub vault: Arc<Unlocked>,
    /// This machine's clock for it.
    pub clock: Clock,
    /// Something to say about it (written with the clock set far ahead, say).
    pub warning: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted (bracketed paste).
    Paste(Text),
    /// The mouse did something.
    Mouse(Mouse),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// The terminal window got (true) or lost (false) the focus.
    Focus(bool),
    /// The time `next_wake` named has come, or a signal woke the loop: look at the clocks.
    Wake,
    /// Lock now: SIGUSR1, or the machine or the program is being suspended.
    LockNow,
    /// The program is back in the foreground after a suspend.
    Resumed,
    /// An effect is done, or could not be.
    Answer(Ticket, Answer),
    /// Which vaults there are: answer to [`super::Effect::ListVaults`].
    Vaults(Vec<VaultChoice>),
    /// One more vault is open.
    AlsoOpened(OpenVault),
    /// How long unlocking will take by measure of an earlier one or of the costs, in milliseconds; sent while deriving.
    UnlockEstimate(u64),
    /// Whether a save worked. When it did, the vault is what the file now holds, merged with other windows' changes.
    Saved {
        /// Which save.
        save: Ticket,
        /// The vault, and something a person should know (no backup could be made).
        result: Result<(Arc<Unlocked>, Option<String>), Trouble>,
    },
    /// Another window or program changed the file; this is the union with ours.
    ChangedElsewhere(Arc<Unlocked>),
    /// Another window changed the file and it cannot be opened with our keys, or it is damaged.
    ChangedUnreadably(Trouble),
    /// Another window set a new passphrase: the keys at hand open the file no more.
    KeysChangedElsewhere,
    /// How a vault stands to its remote; what a person should know about it.
    Synced {
        /// Which vault.
        vault: VaultId,
        /// How it stands.
        state: SyncState,
        /// The newest stamp in what was synced.
        reached: Stamp,
        /// In sentences without full stops.
        said: Vec<String>,
    },
    /// A vault that was kept somewhere is on this machine only now.
    NoRemote(VaultId),
    /// Somebody asked for a sync, and no open vault has a remote.
    NothingToSync,
    /// The clipboard was cleared (true), or was not ours any more (false).
    ClipboardCleared(bool),
}

/// What the outside answers to an effect, with the ticket that the effect carried.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Whether the vault opened: answer to [`super::Effect::Unlock`] and [`super::Effect::OpenDemo`].
    ///
    /// The vault that was unlocked comes first, then the shared ones that it holds keys to.
    Opened(Result<Vec<OpenVault>, Trouble>),
    /// Whether the vault was made: answer to [`super::Effect::CreateVault`], with the recovery code to be shown once.
    Created(Result<(OpenVault, Text), Trouble>),
    /// Whether a new passphrase was set: answer to [`super::Effect::ChangePassphrase`].
    PassphraseChanged(Result<Arc<Unlocked>, Trouble>),
    /// Whether the passphrase of another machine was the right one, and all is merged: answer to [`super::Effect::FollowPassphrase`].
    PassphraseFollowed(Result<(), Trouble>),
    /// Whether members were changed: answer to [`super::Effect::Member`].
    Member(Result<MemberDone, Trouble>),
    /// Whether something was done about shared vaults themselves: answer to [`super::Effect::Share`]; else the row that it failed by.
    Shared(Result<Shared, (ShareRow, Trouble)>),
    /// Whether a copy worked.
    Copied(Result<Copied, Trouble>),
    /// What is in a file to be imported: answer to [`super::Effect::ReadImport`].
    ImportRead(Result<ImportRead, Trouble>),
    /// Paths that complete what was typed: answer to [`super::Effect::CompletePath`].
    Completions(Vec<String>),
    /// Whether a file was written: answer to [`super::Effect::Export`]; its path.
    Exported(Result<PathBuf, Trouble>),
    /// Whether a picture was written: answer to [`super::Effect::SavePicture`]; its path.
    PictureSaved(Result<PathBuf, Trouble>),
}

/// What was done to who belongs to a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberDone {
    /// In a sentence without a full stop.
    pub said: String,
    /// A code that comes with it.
    pub code: Option<ShownCode>,
}

/// A code that is shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownCode {
    /// Of an invitation, to be handed over.
    Invitation(Text),
    /// The recovery code of the vault, in the place of the one before.
    Recovery(Text),
}

/// What was done about a shared vault, to be read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// A title.
    pub title: String,
    /// The recovery code, to be shown once.
    pub code: Option<Text>,
    /// In sentences.
    pub said: Vec<String>,
}

/// How a vault stands to its remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncState {
    /// A sync is under way.
    Running,
    /// Both hold the same.
    Done,
    /// The remote cannot be reached; so many changes wait.
    Offline {
        /// Changes that wait to be sent.
        waiting: usize,
    },
    /// Both hold the same now, but the remote held something older than before.
    WentBack,
    /// What lies there cannot be taken.
    Stopped,
    /// What lies there is sealed to others: an owner removed this member, or another machine of theirs has a newer key.
    ShutOut,
    /// What lies there has a new passphrase, set on another machine: syncing asks for it.
    OtherPassphrase,
}

/// How a copy went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// Into the system's clipboard, which will be cleared.
    Clipboard,
    /// Through the terminal (OSC 52), which cannot be read back: it may stay.
    Terminal,
    /// Through tmux, which drops it unless `set-clipboard` is on.
    TerminalInTmux,
}

/// A file to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportRead {
    /// It needs a password: ask, and send [`super::Effect::ReadImport`] again with it.
    NeedsPassword {
        /// The format's name.
        format: &'static str,
        /// What is wrong with the password given before.
        wrong: Option<String>,
    },
    /// It is a table: ask what its columns hold, and send [`super::Effect::ReadTable`] with that.
    Table(Sheet),
    /// What is in it.
    Entries {
        /// The format's name.
        format: &'static str,
        /// What was read.
        imported: Imported,
    },
}
