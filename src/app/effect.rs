//! What must be done outside: one variant for each thing the runtime can do for the model.

use std::path::PathBuf;

use crate::formats::columns::Columns;
use crate::secret::Text;
use crate::vault::document::Change;
use crate::vault::join::Newcomer;
use crate::vault::request::NewKey;
use crate::vault::roster::{Invite, Member, Role};
use crate::vault::seal::VaultId;
use crate::vault::{Clock, Details, EntryId};

/// Names one effect, so that its answer is known. Never given out twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

/// What must be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Say which vaults there are: [`super::Msg::Vaults`].
    ListVaults,
    /// Derive and open, off the screen's thread, and every shared vault that is linked: [`super::msg::Answer::Opened`].
    Unlock {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// Which file.
        path: PathBuf,
        /// A shared vault that must be opened with it, wherever it lies.
        then: Option<PathBuf>,
        /// With what. A recovery code when `recovery`.
        passphrase: Text,
        /// The words are the printed recovery code.
        recovery: bool,
    },
    /// Make a vault with one member and save it: [`super::msg::Answer::Created`]. The cost is measured.
    CreateVault {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// Where.
        path: PathBuf,
        /// Its passphrase.
        passphrase: Text,
    },
    /// Open the demo vault that the program carries: [`super::msg::Answer::Opened`] without a path.
    OpenDemo(Ticket),
    /// Set a new passphrase and save: [`super::msg::Answer::PassphraseChanged`].
    ChangePassphrase {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// The new one.
        passphrase: Text,
    },
    /// Go on with the passphrase that another machine set for the vault that was unlocked: [`super::msg::Answer::PassphraseFollowed`].
    FollowPassphrase {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// That one.
        passphrase: Text,
    },
    /// Add these changes to an open vault and save it: [`super::Msg::Saved`]. Saves are done one after another, in order.
    Save {
        /// Which vault.
        vault: VaultId,
        /// Its name.
        save: Ticket,
        /// The changes, in a form the union takes.
        changes: Vec<Change>,
        /// The newest stamp the clock gave out, to be remembered first.
        clock: Clock,
        /// The save without which this one must fail: of an entry that is on its way from this vault to another.
        after: Option<Ticket>,
    },
    /// Look whether an open vault's file was changed by another program (a `stat`; read and merged only if it was):
    /// [`super::Msg::ChangedElsewhere`] when it was, nothing when not.
    LookAtFile,
    /// Sync all open vaults that have a remote, now: [`super::Msg::Synced`] for each.
    Sync,
    /// Change who belongs to a shared vault, on its newest list of members: [`super::msg::Answer::Member`].
    Member {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// Which vault.
        vault: VaultId,
        /// What.
        deed: MemberDeed,
    },
    /// Make or join a shared vault, or say where a vault is kept: [`super::msg::Answer::Shared`].
    Share(Ticket, ShareDeed),
    /// Put a text into the clipboard, marked sensitive: [`super::msg::Answer::Copied`].
    Copy {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// What.
        text: Text,
        /// Clear it after so many seconds, if it is still ours.
        clear_after_s: u64,
    },
    /// Clear the clipboard now if it still holds our text: [`super::Msg::ClipboardCleared`].
    ClearClipboard,
    /// Read a file to be imported, or text that was pasted: [`super::msg::Answer::ImportRead`].
    ReadImport {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// From where.
        source: ImportSource,
        /// The format's id when a person chose one.
        format: Option<&'static str>,
        /// Its password, once asked for.
        password: Option<Text>,
    },
    /// Read a table whose columns a person names: [`super::msg::Answer::ImportRead`], at first with a look at it.
    ReadTable {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// From where.
        source: ImportSource,
        /// What its columns hold, once that is said.
        columns: Option<Columns>,
    },
    /// Nobody waits for what is being read any more: its answer is dropped when it comes.
    AbandonImport,
    /// Complete a path that is being typed: [`super::msg::Answer::Completions`].
    CompletePath(Ticket, Text),
    /// Write an export, 0600, never over an existing file: [`super::msg::Answer::Exported`].
    Export {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// The format's id.
        format: &'static str,
        /// Where to.
        path: PathBuf,
        /// What.
        entries: Vec<Details>,
        /// Encrypted with it; `None`: plain, which a person has chosen by name.
        password: Option<Text>,
    },
    /// Write a text as a QR code, SVG if the path ends so, else PNG, 0600, never over an existing file: [`super::msg::Answer::PictureSaved`].
    SavePicture {
        /// What the answer to it echoes.
        ticket: Ticket,
        /// Where to.
        path: PathBuf,
        /// What the code holds.
        text: Text,
    },
    /// Drop everything the runtime knows of the open vault: keys, document, jobs.
    Lock,
    /// Let go of the terminal and stop like any program under Ctrl-Z; [`super::Msg::Resumed`] when back.
    Suspend,
    /// Leave. A code still in the clipboard goes to a holder that clears it at its deadline.
    Quit,
    /// Copy, and leave once the holder has it.
    CopyAndQuit {
        /// Its answer's, where it cannot be done.
        ticket: Ticket,
        /// What.
        text: Text,
        /// Clear it after so many seconds.
        clear_after_s: u64,
    },
}

/// What an owner does to a vault itself: to who belongs to it, and to what is forgotten.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberDeed {
    /// Open a way in for one person.
    Invite {
        /// By that name.
        name: String,
        /// With that role.
        role: Role,
    },
    /// Give another role.
    Role(Box<Member>, Role),
    /// Shut out of all that comes after.
    Remove(Box<Member>),
    /// End an invite.
    EndInvite(Box<Invite>),
    /// Let in one of those who used an invite.
    Admit(Box<Newcomer>),
    /// Put the key in force that a member asks for.
    GiveKey(Box<NewKey>),
    /// Drop what the member of that name did and no owner stands for.
    Cut(String),
    /// Put a new recovery code in the place of the one in force.
    RenewRecovery,
    /// Forget an entry for good; by that name.
    Forget(EntryId, String),
}

/// What is done about shared vaults themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareDeed {
    /// Make one, with the key to it in the personal vault.
    Found {
        /// What it is called.
        name: String,
        /// What its owner is called in it.
        member: String,
    },
    /// Come into one by an invitation.
    Join {
        /// Where it is kept.
        address: String,
        /// The invitation's code.
        code: Text,
        /// Another name than the invitation's.
        member: Option<String>,
    },
    /// Keep a vault at that place, once it has been tried out.
    Remote {
        /// Which vault.
        vault: VaultId,
        /// Where.
        address: String,
    },
}

/// A row of the form in which that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareRow {
    /// Which vault.
    Vault,
    /// What the vault is called.
    Name,
    /// What this person is called in it.
    Member,
    /// Where it is kept.
    Address,
    /// The invitation's code.
    Code,
}

/// Where an import comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportSource {
    /// A file.
    Path(PathBuf),
    /// Text that was pasted.
    Text(Text),
    /// The picture in the clipboard.
    Clipboard,
}
