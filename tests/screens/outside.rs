//! The outside, played: keys go in as texts that the program's own parser reads, a save succeeds at once (or fails, or waits), the clipboard
//! takes everything.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tickey::app::msg::Copied;
use tickey::app::{Answer, Effect, Model, Msg, OpenVault, Start, Ticket, Trouble, update};
use tickey::config::{Config, keys};
use tickey::otp::uri;
use tickey::secret::{NoRandomness, Random, Text};
use tickey::time::Now;
use tickey::tui::view;
use tickey::vault::document::Change;
use tickey::vault::{Clock, Cost, Details, Edit, EntryId, Limits, RecoveryCode, Stamp, Unlocked};

/// 2026-01-02 03:04:02 UTC: a code of 30 s has 28 left.
pub const NOW: u64 = 1_767_323_042_000;

/// The same numbers each time.
pub struct Fixed(pub u64);

impl Random for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        for byte in out {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 33) as u8;
        }
        Ok(())
    }
}

pub fn now(ms: u64) -> Now {
    Now { wall_ms: NOW + ms, boot_ms: 1_000_000 + ms }
}

pub fn limits() -> Limits {
    Limits { ram: 8 << 30 }
}

/// An empty vault, its passphrase derived once for all tests.
pub fn empty() -> &'static Unlocked {
    static VAULT: OnceLock<Unlocked> = OnceLock::new();
    VAULT.get_or_init(|| {
        let cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
        Unlocked::found("maya", &Text::from("a passphrase"), cost, &limits(), NOW, &mut Fixed(1)).unwrap().vault
    })
}

pub fn details(link: &str) -> Details {
    let labelled = uri::parse(link).unwrap();
    Details::new(labelled.otp, labelled.issuer, labelled.account)
}

pub fn with(vault: &Unlocked, entries: Vec<Details>) -> (Unlocked, Clock) {
    let mut random = Fixed(7);
    let mut clock = Clock::new(42, Stamp::default());
    let edits: Vec<Edit> = entries
        .into_iter()
        .map(|details| Edit::Add(EntryId::random(&mut random).unwrap(), Box::new(details)))
        .collect();
    let changes = vault.plan(&edits, &mut clock, NOW - 1_000).unwrap();
    (vault.with(&changes), clock)
}

/// The vault of the pictures.
pub fn personal() -> (Unlocked, Clock) {
    let mut entries: Vec<Details> = [
        "otpauth://totp/GitHub:octo@example.com?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/Proton:maya@proton.example?secret=GEZDGNBVGY3TQOJQ",
        "otpauth://totp/AWS:root@acme-prod?secret=MFRGGZDFMZTWQ2LK&algorithm=SHA256",
        "otpauth://totp/Bank%20Austria:4711-2209?secret=NBSWY3DPEB3W64TM&period=60&digits=8",
        "otpauth://totp/%E6%97%A5%E6%9C%AC%E9%83%B5%E4%BE%BF:yui@example.jp?secret=KRUGS4ZANFZSAYJA",
        "otpauth://steam/Steam:gordon?secret=ORSXG5BAON2WGZLT",
        "otpauth://hotp/VPN%20token:badge%2088?secret=ONSWG4TFOQQHG5DS&counter=41",
    ]
    .into_iter()
    .map(details)
    .collect();
    for (n, tags) in [(0, "Work"), (1, "Home"), (2, "Work/Cloud"), (3, "Home"), (6, "Ops")] {
        entries[n].tags = vec![Text::from(tags)];
    }
    entries[0].favourite = true;
    entries[1].favourite = true;
    entries[0].note = Text::from("the bot's account, not mine");
    for (code, used) in [("abcd-efgh", true), ("ijkl-mnop", false)] {
        entries[0].recovery_codes.push(RecoveryCode { id: None, code: Text::from(code), used });
    }
    with(empty(), entries)
}

/// A team's vault that Maya founded.
pub fn team() -> (Unlocked, Clock) {
    let founded = Unlocked::found_shared("ops", "maya", NOW - 86_400_000, &mut Fixed(21)).unwrap();
    let entries = [
        "otpauth://totp/Registrar:domains@acme.example?secret=JBSWY3DPEHPK3PXB",
        "otpauth://hotp/Safe:badge%207?secret=ONSWG4TFOQQHG5DT&counter=3",
    ];
    with(&founded.vault, entries.into_iter().map(details).collect())
}

pub struct Session {
    pub model: Model,
    pub size: (u16, u16),
    pub at: u64,
    /// By how much the wall clock was set since, in milliseconds.
    pub shift: i64,
    /// What is answered next.
    pub asked: Ticket,
    /// What was asked of the outside, in order.
    pub effects: Vec<Effect>,
    /// Saves fail.
    pub failing: bool,
    /// Saves are not answered until told.
    pub holding: bool,
    pub held: Vec<(Ticket, Vec<Change>)>,
    /// What the file holds, once a vault is open.
    pub disk: Option<Arc<Unlocked>>,
    /// What the shared vaults' files hold.
    pub shared: Vec<Arc<Unlocked>>,
}

impl Session {
    pub fn start(size: (u16, u16), config: Config, exists: bool) -> Session {
        let start = Start { path: PathBuf::from("/home/maya/personal.json"), then: None, exists, size };
        let (model, effects) = Model::new(config, start, Box::new(Fixed(99)), now(0));
        assert_eq!(effects, [Effect::ListVaults]);
        Session {
            model,
            size,
            at: 0,
            shift: 0,
            asked: Ticket::default(),
            effects: Vec::new(),
            failing: false,
            holding: false,
            held: Vec::new(),
            disk: None,
            shared: Vec::new(),
        }
    }

    pub fn open_with(size: (u16, u16), config: Config, (vault, clock): (Unlocked, Clock)) -> Session {
        let mut session = Session::start(size, config, true);
        let vault = Arc::new(vault);
        session.disk = Some(Arc::clone(&vault));
        session.keys("a passphrase<Enter>");
        let open = OpenVault {
            name: "personal".into(),
            path: Some(PathBuf::from("/home/maya/personal.json")),
            vault,
            clock,
            warning: None,
        };
        session.answer(Answer::Opened(Ok(vec![open])));
        session.effects.clear();
        session
    }

    /// With the vault of a team beside the personal one.
    pub fn open_team(size: (u16, u16), (team, clock): (Unlocked, Clock)) -> Session {
        let mut session = Session::start(size, Config::default(), true);
        let (vault, own_clock) = personal();
        let (vault, team) = (Arc::new(vault), Arc::new(team));
        session.disk = Some(Arc::clone(&vault));
        session.shared.push(Arc::clone(&team));
        session.keys("a passphrase<Enter>");
        let open = |name: &str, vault, clock| OpenVault {
            name: name.into(),
            path: Some(PathBuf::from(format!("/home/maya/{name}.json"))),
            vault,
            clock,
            warning: None,
        };
        session.answer(Answer::Opened(Ok(vec![open("personal", vault, own_clock), open("ops", team, clock)])));
        session.effects.clear();
        session
    }

    pub fn open(size: (u16, u16)) -> Session {
        Session::open_with(size, Config::default(), personal())
    }

    pub fn now(&self) -> Now {
        let now = now(self.at);
        Now { wall_ms: now.wall_ms.saturating_add_signed(self.shift), ..now }
    }

    pub fn send(&mut self, msg: Msg) {
        let mut queue = VecDeque::from([msg]);
        let now = self.now();
        while let Some(msg) = queue.pop_front() {
            for effect in update(&mut self.model, msg, now) {
                self.asked = ticket(&effect).unwrap_or(self.asked);
                match &effect {
                    Effect::Save { save, changes, .. } if self.holding => self.held.push((*save, changes.clone())),
                    Effect::Save { vault, save, changes, .. } => {
                        let result = if self.failing {
                            Err(trouble("the disk is full; nothing was changed"))
                        } else {
                            let disks = self.disk.iter_mut().chain(&mut self.shared);
                            let disk = disks.into_iter().find(|disk| disk.id() == *vault).unwrap();
                            *disk = Arc::new(disk.with(changes));
                            Ok((Arc::clone(disk), None))
                        };
                        queue.push_back(Msg::Saved { save: *save, result });
                    }
                    Effect::Copy { ticket, .. } => {
                        queue.push_back(Msg::Answer(*ticket, Answer::Copied(Ok(Copied::Clipboard))));
                    }
                    Effect::ClearClipboard => queue.push_back(Msg::ClipboardCleared(true)),
                    _ => {}
                }
                self.effects.push(effect);
            }
        }
    }

    /// Answers what was asked last.
    pub fn answer(&mut self, answer: Answer) {
        self.send(Msg::Answer(self.asked, answer));
    }

    pub fn disk(&self) -> &Arc<Unlocked> {
        self.disk.as_ref().unwrap()
    }

    pub fn keys(&mut self, text: &str) -> &mut Session {
        for key in keys::parse(text).unwrap() {
            // Whoever presses a key sees the screen.
            self.model.drawn(self.now());
            self.send(Msg::Key(key));
        }
        self
    }

    pub fn wait(&mut self, ms: u64) -> &mut Session {
        self.at += ms;
        self.send(Msg::Wake);
        self
    }

    pub fn draw(&self) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| view::draw(&self.model, self.now(), frame)).unwrap();
        terminal
    }

    pub fn screen(&self) -> String {
        let terminal = self.draw();
        let buffer = terminal.backend().buffer();
        let mut out = String::new();
        for y in 0..self.size.1 {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..self.size.0 {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = tickey::text::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    pub fn copied(&self) -> Vec<String> {
        let text = |effect: &Effect| match effect {
            Effect::Copy { text, .. } => Some(text.to_string()),
            _ => None,
        };
        self.effects.iter().filter_map(text).collect()
    }
}

/// The ticket of an effect that the outside answers in its own time.
pub fn ticket(effect: &Effect) -> Option<Ticket> {
    match effect {
        Effect::Unlock { ticket, .. }
        | Effect::CreateVault { ticket, .. }
        | Effect::OpenDemo(ticket)
        | Effect::ChangePassphrase { ticket, .. }
        | Effect::FollowPassphrase { ticket, .. }
        | Effect::Member { ticket, .. }
        | Effect::Share(ticket, _)
        | Effect::ReadImport { ticket, .. }
        | Effect::ReadTable { ticket, .. }
        | Effect::CompletePath(ticket, _)
        | Effect::Export { ticket, .. }
        | Effect::SavePicture { ticket, .. } => Some(*ticket),
        _ => None,
    }
}

pub fn trouble(message: &str) -> Trouble {
    Trouble { message: message.into(), hint: None, wrong_passphrase: false, missing: false }
}

/// The sizes people have.
pub const SIZES: [(u16, u16); 4] = [(110, 30), (80, 24), (48, 12), (22, 3)];
