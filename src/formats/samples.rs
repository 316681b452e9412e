//! Entries of every kind for the tests of readers and writers, made up for this project.

use super::{Format, FormatError, Imported, Opened, archive};
use crate::otp::{Algorithm, Digits, Kind, Otp, Period, motp};
use crate::secret::{NoRandomness, Random, Secret, Text};
use crate::vault::Details;

/// A stream that does not repeat: good enough to tell nonces apart.
pub(super) struct Counting(pub u64);

impl Random for Counting {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        for byte in out {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 56) as u8;
        }
        Ok(())
    }
}

/// Entries of each kind, with all that an entry can have but recovery codes.
pub(super) fn entries() -> Vec<Details> {
    let key = |bytes: &[u8]| Secret::from(bytes);
    let mut totp = Details::new(Otp::new(Kind::Totp, key(b"seventeen bytes!!")), "Wolken AG", "ida@wolken.example");
    totp.otp.algorithm = Algorithm::Sha512;
    (totp.otp.digits, totp.otp.period) = (Digits::new(8).unwrap(), Period::new(45).unwrap());
    totp.tags = vec!["Work/Cloud".into(), "Äußerst".into()];
    (totp.note, totp.favourite) = ("two\nlines, \"quoted\"".into(), true);
    let simple = Details::new(Otp::new(Kind::Totp, key(b"plain & simple")), "Größe & Co", "ö+x@例え.jp");
    let mut hotp = Details::new(Otp::new(Kind::Hotp, key(b"counting key")), "Bank", "");
    hotp.otp.counter = 41;
    hotp.tags = vec!["Work/Cloud".into()];
    let mut fresh = Details::new(Otp::new(Kind::Hotp, key(b"counting key 2")), "Bank", "never used");
    fresh.otp.counter = 0;
    let steam = Details::new(Otp::new(Kind::Steam, key(b"steam's own key")), "Steam", "player one");
    let mut motp = Details::new(Otp::new(Kind::Motp, key(&[0xab; 8])), "VPN", "badge 7");
    motp.otp.pin = Some("9753".into());
    let mut words = Details::new(Otp::new(Kind::Motp, motp::secret("Words, not Hexadecimal")), "VPN", "badge 8");
    words.otp.pin = Some("1357".into());
    let mut yandex = Details::new(Otp::new(Kind::Yandex, key(b"sixteen bytes ok")), "Яндекс", "ю");
    yandex.otp.pin = Some("24681357".into());
    vec![totp, simple, hotp, fresh, steam, motp, words, yandex]
}

/// The largest file that is kept as a seed.
const LARGEST_SEED: usize = 16 * 1024;

/// Keeps what a test reads as a seed for fuzzing (`tests/fuzz`) when `TICKEY_BLESS` is set.
fn keep(format: &Format, bytes: &[u8]) {
    if bytes.len() <= LARGEST_SEED && std::env::var_os("TICKEY_BLESS").is_some() {
        let name = format!("tests/fuzz/seeds/{}-{:08x}", format.id, archive::crc32(bytes));
        std::fs::write(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name), bytes).unwrap();
    }
}

/// Reads a file that needs no password.
pub(super) fn plain(format: &Format, bytes: &[u8]) -> Imported {
    keep(format, bytes);
    match (format.read.unwrap())(bytes) {
        Ok(Opened::Plain(imported)) => imported,
        Ok(Opened::Encrypted(_)) => panic!("this file is plain"),
        Err(wrong) => panic!("{wrong}"),
    }
}

/// Reads a file with a password.
pub(super) fn with_password(format: &Format, bytes: &[u8], password: &str) -> Result<Imported, FormatError> {
    keep(format, bytes);
    match (format.read.unwrap())(bytes)? {
        Opened::Encrypted(locked) => locked.open(&password.into()),
        Opened::Plain(_) => panic!("this file is encrypted"),
    }
}

/// Writes [`entries`] in every way the format has and reads them back: what it holds must be the same but for what `lose` takes away, what
/// it does not hold must be missing and said to be.
pub(super) fn round_trip(format: &Format, lose: fn(&mut Details)) {
    let writer = format.write.as_ref().unwrap();
    let all = entries();
    let left_out = |details: &&Details| (writer.loses)(details).iter().any(|lost| lost.starts_with("all of it"));
    let expected: Vec<Details> = all
        .iter()
        .filter(|details| !left_out(details))
        .cloned()
        .map(|mut details| {
            let before = details.clone();
            lose(&mut details);
            assert!(details == before || !(writer.loses)(&before).is_empty(), "a loss that is not said");
            details
        })
        .collect();
    assert!(!expected.is_empty());
    let check = |imported: Imported| {
        assert_eq!(imported.problems, []);
        let read: Vec<Details> = imported.entries.into_iter().map(|entry| entry.details).collect();
        for (read, expected) in read.iter().zip(&expected) {
            let words = |details: &Details| {
                let texts = |texts: &[Text]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
                format!(
                    "{:?} {:?} {:?} {:?} {:?}",
                    details.issuer.as_str(),
                    details.account.as_str(),
                    texts(&details.tags),
                    details.note.as_str(),
                    details.favourite
                )
            };
            assert_eq!(words(read), words(expected));
            assert_eq!(read, expected, "{} with another way to make codes", words(read));
        }
        assert_eq!(read.len(), expected.len());
    };
    if writer.plain {
        let file = (writer.write)(&all, None, &mut Counting(1)).unwrap();
        assert!((format.detect)(&file), "the plain file is not recognised");
        check(plain(format, &file));
    }
    if writer.encrypts {
        let file = (writer.write)(&all, Some(&"päss wörd".into()), &mut Counting(2)).unwrap();
        assert!((format.detect)(&file), "the encrypted file is not recognised");
        assert!(!file.windows(6).any(|six| six == b"Wolken"));
        check(with_password(format, &file, "päss wörd").unwrap());
        let wrong = with_password(format, &file, "pass word").unwrap_err();
        assert!(matches!(wrong, FormatError::WrongPassword | FormatError::WrongPasswordOrDamaged), "{wrong:?}");
    }
}
