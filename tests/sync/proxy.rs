//! A proxy on this machine that stands between a fleet and its server, and misbehaves as it is told to: every request and every answer goes
//! through it whole.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::storage::Dice;

/// What it does. Numbers are chances in a hundred.
#[derive(Clone, Copy, Default)]
pub struct Mischief {
    /// Only the first half of an upload reaches the server.
    pub cut_uploads: u32,
    /// An upload reaches the server, and its answer nobody.
    pub lost_answers: u32,
    /// A write is answered by one of 409, 412, 423, 429, 500 and 503, and does not reach the server.
    pub refusals: u32,
    /// An upload reaches the server twice.
    pub replays: u32,
    /// Only the first half of a download arrives.
    pub cut_downloads: u32,
    /// A download is an older version, with its tag.
    pub stale: u32,
    /// The server hears of no precondition.
    pub ignores_guards: bool,
    pub tags: Tags,
}

/// What becomes of the server's tags.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Tags {
    #[default]
    Kept,
    Missing,
    Weak,
    /// Another one each time.
    Changing,
}

const REFUSALS: [&str; 6] = ["409", "412", "423", "429", "500", "503"];

pub struct Proxy {
    pub port: u16,
    between: Arc<Between>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.between.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Proxy {
    pub fn before(upstream: u16, mischief: Mischief, seed: u64) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let between = Arc::new(Between {
            upstream,
            mischief,
            dice: Mutex::new(Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)),
            answers: Mutex::default(),
            done: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let serving = between.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&mut stream.unwrap()));
            }
        });
        Proxy { port, between }
    }

    /// How often one of the chances came.
    pub fn done(&self) -> usize {
        self.between.done.load(Ordering::Relaxed)
    }
}

struct Between {
    upstream: u16,
    mischief: Mischief,
    dice: Mutex<Dice>,
    /// The last answers that gave the file, oldest first.
    answers: Mutex<Vec<Vec<u8>>>,
    done: AtomicUsize,
    stopped: AtomicBool,
}

/// A head, up to the blank line and with it.
fn head(stream: &mut TcpStream) -> Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The head without the lines of those names.
fn without(head: &str, names: &[&str]) -> String {
    let named =
        |line: &&str| line.split_once(':').is_some_and(|(key, _)| names.iter().any(|n| key.eq_ignore_ascii_case(n)));
    let lines: Vec<&str> = head.trim_end().lines().filter(|line| !named(line)).collect();
    lines.join("\r\n")
}

impl Between {
    /// By chance, but the first time for certain: trouble that never came would show nothing.
    fn falls(&self, percent: u32) -> bool {
        let first = percent > 0 && self.done.load(Ordering::Relaxed) == 0;
        let falls = self.dice.lock().unwrap().falls(percent) || first;
        self.done.fetch_add(usize::from(falls), Ordering::Relaxed);
        falls
    }

    /// One request and its answer; an error ends the connection, which is what a person would see, too.
    fn serve(&self, client: &mut TcpStream) -> Result<()> {
        let mischief = self.mischief;
        client.set_read_timeout(Some(Duration::from_secs(30)))?;
        let asked = head(client)?;
        let mut body = vec![0; value(&asked, "content-length").map_or(0, |length| length.parse().unwrap())];
        client.read_exact(&mut body)?;
        let method = asked.split(' ').next().unwrap_or_default().to_owned();
        let (puts, gets) = (method == "PUT", method == "GET");
        // Who has a lock gives it back.
        if method != "UNLOCK" && !gets && self.falls(mischief.refusals) {
            let status = REFUSALS[self.dice.lock().unwrap().below(6) as usize];
            let answer = "X\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return client.write_all(format!("HTTP/1.1 {status} {answer}").as_bytes());
        }
        let mut dropped = vec!["connection"];
        if mischief.ignores_guards {
            dropped.extend(["if", "if-match", "if-none-match"]);
        }
        let request = without(&asked, &dropped) + "\r\nConnection: close\r\n\r\n";
        if puts && self.falls(mischief.cut_uploads) {
            let mut server = TcpStream::connect(("127.0.0.1", self.upstream))?;
            server.write_all(request.as_bytes())?;
            server.write_all(&body[..body.len() / 2])?;
            return server.shutdown(Shutdown::Both);
        }
        if puts && self.falls(mischief.replays) {
            self.answer(&request, &body)?;
        }
        let answer = self.answer(&request, &body)?;
        if puts && self.falls(mischief.lost_answers) {
            return Ok(());
        }
        let mut answer = self.with_other_tags(answer);
        if gets && answer.starts_with(b"HTTP/1.1 200") {
            answer = self.aged(answer);
            if self.falls(mischief.cut_downloads) {
                answer.truncate(answer.len() / 2);
            }
        }
        client.write_all(&answer)
    }

    /// What the server answers, whole.
    fn answer(&self, request: &str, body: &[u8]) -> Result<Vec<u8>> {
        let mut server = TcpStream::connect(("127.0.0.1", self.upstream))?;
        server.set_read_timeout(Some(Duration::from_secs(30)))?;
        server.write_all(request.as_bytes())?;
        server.write_all(body)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    }

    fn with_other_tags(&self, answer: Vec<u8>) -> Vec<u8> {
        let tags = self.mischief.tags;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let Some(end) = end.filter(|_| tags != Tags::Kept) else { return answer };
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let Some(tag) = value(&head, "etag") else { return answer };
        let other = match tags {
            Tags::Weak => format!("\r\nETag: W/{}", tag.trim_start_matches("W/")),
            Tags::Changing => format!("\r\nETag: \"{}\"", self.dice.lock().unwrap().below(u64::MAX)),
            Tags::Missing | Tags::Kept => String::new(),
        };
        let head = without(&head, &["etag", "last-modified"]) + &other + "\r\n\r\n";
        [head.as_bytes(), &answer[end..]].concat()
    }

    /// Now and then an older answer.
    fn aged(&self, answer: Vec<u8>) -> Vec<u8> {
        let mut answers = self.answers.lock().unwrap();
        if answers.last() != Some(&answer) {
            answers.push(answer.clone());
        }
        if !self.falls(self.mischief.stale) {
            return answer;
        }
        let back = self.dice.lock().unwrap().below(6) as usize + 1;
        answers[answers.len().saturating_sub(back)].clone()
    }
}
