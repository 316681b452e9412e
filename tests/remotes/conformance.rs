//! What every remote must do, whatever its server guarantees.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tickey::store::remote::{Arrived, Guard, Read, Remote, Written};

/// Opens one more client of the same file.
pub type Open<'a> = &'a (dyn Fn() -> Box<dyn Remote> + Sync);

/// The whole: absent → create → read → replace → conflicts → races → what the probe says.
pub fn check(open: Open, guards: &[Guard]) {
    one_after_another(open);
    two_at_once(open, 20);
    let said = open().probe().unwrap();
    assert!(guards.contains(&said.guard), "{:?}", said.lines());
    assert!(said.lines().iter().all(|line| !line.is_empty()));
}

fn found(read: Read) -> (Vec<u8>, tickey::store::remote::Tag) {
    match read {
        Read::Found(bytes, tag) => (bytes, tag),
        other => panic!("{other:?}"),
    }
}

/// All that one writer at a time can see.
pub fn one_after_another(open: Open) {
    let (mut maya, mut bob) = (open(), open());
    assert_eq!(maya.read(None).unwrap(), Read::Absent);
    assert_eq!(maya.siblings().unwrap(), []);

    let first = vec![b'1'; 5000];
    let Written::Done(ours) = maya.write(&first, None).unwrap() else { panic!("a conflict about nothing") };
    let (bytes, tag) = found(bob.read(None).unwrap());
    assert!(bytes == first && tag.is_of(&first) && ours.is_of(&first));
    assert!(matches!(maya.read(Some(&ours)).unwrap(), Read::Same(_)));
    assert!(matches!(bob.read(Some(&tag)).unwrap(), Read::Same(_)));

    // Made once only.
    assert_eq!(bob.write(b"another", None).unwrap(), Written::Conflict);
    assert_eq!(found(maya.read(None).unwrap()).0, first);

    // The same length within the same second: the next version must still be another one.
    let second = vec![b'2'; 5000];
    assert!(matches!(bob.write(&second, Some(&tag)).unwrap(), Written::Done(_)));
    assert_eq!(maya.write(b"too late", Some(&ours)).unwrap(), Written::Conflict);
    let (bytes, newer) = found(maya.read(Some(&ours)).unwrap());
    assert_eq!(bytes, second);
    assert!(matches!(maya.write(&first, Some(&newer)).unwrap(), Written::Done(_)));
    assert_eq!(found(bob.read(Some(&newer)).unwrap()).0, first);

    // Every byte there is, more than one buffer of them, and none lost at the end.
    let all: Vec<u8> = (0..700_001_u32).map(|at| at.to_le_bytes()[usize::from(at % 3 == 0)]).collect();
    let (_, tag) = found(bob.read(None).unwrap());
    assert!(matches!(bob.write(&all, Some(&tag)).unwrap(), Written::Done(_)));
    assert!(found(maya.read(None).unwrap()).0 == all);
}

/// What two writers add to: words under their hash, as a vault is under its signature.
pub fn pack(words: &BTreeSet<String>) -> Vec<u8> {
    let lines: String = words.iter().flat_map(|word| [word, "\n"]).collect();
    format!("{:x?}\n{lines}", Sha256::digest(&lines).as_slice()).into_bytes()
}

/// `None` for what is torn.
pub fn unpack(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let words: BTreeSet<String> = text.split_once('\n')?.1.lines().map(str::to_owned).collect();
    (pack(&words) == bytes).then_some(words)
}

/// How often one sync reads at most, however slow the machine is.
const ROUNDS: u32 = 1_000;

/// Read, merge, write, read again until the remote has what is ours. The words that it has then, and how many rounds that took.
pub fn sync(remote: &mut dyn Remote, ours: &mut BTreeSet<String>) -> usize {
    for round in 0..ROUNDS {
        std::thread::sleep(Duration::from_millis(u64::from(round.min(8)) * 5));
        let (theirs, tag) = match remote.read(None) {
            Ok(Read::Absent) => (Some(BTreeSet::new()), None),
            Ok(Read::Found(bytes, tag)) => (unpack(&bytes), Some(tag)),
            Ok(Read::Same(_)) => unreachable!("no tag was given"),
            Err(error) if error.may_pass() => continue,
            Err(error) => panic!("{error}"),
        };
        // Torn: again, but for ever only if nobody mends it.
        let Some(theirs) = theirs.or_else(|| (round > 20).then(BTreeSet::new)) else { continue };
        ours.extend(theirs.iter().cloned());
        if theirs == *ours {
            return round as usize;
        }
        match remote.write(&pack(ours), tag.as_ref()) {
            Ok(_) => {}
            Err(error) if error.may_pass() || error.arrived() == Arrived::Perhaps => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the remote does not have it after {ROUNDS} rounds")
}

/// Two writers at once; nothing of either is lost.
pub fn two_at_once(open: Open, words: usize) {
    let start = Barrier::new(2);
    let write = |name: &str| {
        let (mut remote, mut ours) = (open(), BTreeSet::new());
        start.wait();
        for number in 0..words {
            ours.insert(format!("{name} {number}"));
            sync(remote.as_mut(), &mut ours);
        }
        (remote, ours)
    };
    let (mut maya, mut bob) = std::thread::scope(|scope| {
        let bob = scope.spawn(|| write("bob"));
        (write("maya"), bob.join().unwrap())
    });
    // Whoever wrote looks again.
    while sync(maya.0.as_mut(), &mut maya.1) + sync(bob.0.as_mut(), &mut bob.1) > 0 {}
    assert_eq!(maya.1, bob.1);
    assert_eq!(maya.1.len(), 2 * words);
}
