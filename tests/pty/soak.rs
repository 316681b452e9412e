//! The screen stays open for long: memory, threads and open files stay what they were.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::servers;
use crate::session::{Home, Session};
use crate::skip::skip;

/// A line to a server that can be cut; its port.
fn line_to(upstream: u16, up: &Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let up = Arc::clone(up);
    let pipe = |mut from: TcpStream, mut to: TcpStream, up: Arc<AtomicBool>| {
        std::thread::spawn(move || {
            let mut buffer = [0; 16_384];
            while let Ok(got @ 1..) = from.read(&mut buffer) {
                if !up.load(Ordering::SeqCst) || to.write_all(&buffer[..got]).is_err() {
                    break;
                }
            }
            let _ = (from.shutdown(std::net::Shutdown::Both), to.shutdown(std::net::Shutdown::Both));
        });
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if up.load(Ordering::SeqCst)
                && let Ok(server) = TcpStream::connect(("127.0.0.1", upstream))
            {
                pipe(stream.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&up));
                pipe(server, stream, Arc::clone(&up));
            }
        }
    });
    port
}

/// Memory in KiB, threads, open files.
fn held(process: i32) -> [u64; 3] {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let number = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    [number("VmRSS:"), number("Threads:"), files as u64]
}

/// One round is a day's work: others' changes, a server that comes and goes, looking around, a lock and a new start.
#[test]
#[ignore = "takes an hour, or TICKEY_SOAK_MINUTES: just soak"]
fn an_open_screen_keeps_its_size() {
    let Some(server) = servers::lighttpd(None) else { return };
    if !rustix::process::geteuid().is_root() {
        return skip("root, who may look into the process");
    }
    let minutes = std::env::var("TICKEY_SOAK_MINUTES").map_or(60, |minutes| minutes.parse().unwrap());
    let up = Arc::new(AtomicBool::new(true));
    let port = line_to(server.port, &up);
    let home = Home::with_vault();
    // What the program itself would choose at least: blocks of less than 32 MiB stay with the allocator, one for each thread that ever had one.
    let passphrase = home.0.path().join("passphrase");
    let same = ["passphrase", "--kdf-memory", "64", "--kdf-passes", "2", "--new-passphrase-file"];
    home.command(&[&same[..], &[passphrase.to_str().unwrap()]].concat(), "");
    home.command(&["vault", "create", "ops", "--as", "maya"], "");
    home.command(
        &["--vault", "ops", "add", "-"],
        "otpauth://hotp/Badge:88?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0",
    );
    home.command(&["--vault", "ops", "remote", "set", &format!("webdav+http://127.0.0.1:{port}/ops.json")], "");
    let mut session = Session::unlocked(&home);
    let began = Instant::now();
    let mut seen: Vec<[u64; 3]> = Vec::new();
    for day in 0.. {
        if began.elapsed() > Duration::from_secs(minutes * 60) && day > 40 {
            break;
        }
        up.store(day % 4 != 3, Ordering::SeqCst);
        // Another program of this machine changes the shared vault, and the screen takes it in.
        home.command(&["--vault", "ops", "code", "Badge"], "");
        // Three digits have no room.
        if day < 98 {
            session.see(&format!("(#{})", day + 1));
        }
        session.press("jjkG/oct");
        session.see("octo@example.com");
        session.signal(rustix::process::Signal::USR1);
        session.see("assphrase");
        session.unlock();
        session.see("Badge");
        session.forget();
        seen.push(held(session.pid().as_raw_nonzero().get()));
    }
    let quarter = seen.len() / 4;
    let most = |of: &[[u64; 3]], what: usize| of.iter().map(|held| held[what]).max().unwrap();
    for (what, name, room) in [(0, "KiB of memory", 4_096), (1, "threads", 1), (2, "open files", 1)] {
        let (early, late) = (most(&seen[quarter..2 * quarter], what), most(&seen[3 * quarter..], what));
        println!(
            "{name}: {} on the first day, at most {early} in the second quarter, {late} in the last",
            seen[0][what]
        );
        assert!(late <= early + room, "{name} grow: {early}, then {late} of {} days", seen.len());
    }
    println!("{} days in {:?}", seen.len(), began.elapsed());
    session.press("\x03");
    session.ended_well(0);
}
