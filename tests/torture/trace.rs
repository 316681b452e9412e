//! What a program did to the files of a folder, by strace.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// One thing done to a disk. Files are numbered: a name can go from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Create(PathBuf, usize),
    Truncate(usize, usize),
    Write { file: usize, at: usize, bytes: Vec<u8> },
    Sync(usize),
    SyncFolder(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Unlink(PathBuf),
    MakeFolder(PathBuf),
    RemoveFolder(PathBuf),
}

/// What strace is asked for.
pub const CALLS: &str = "open,openat,creat,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,fsync,fdatasync,sync,syncfs,rename,renameat,\
renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,close,dup,dup2,dup3,lseek,copy_file_range,sendfile,mmap";

/// An open file: which, and where the next byte goes.
#[derive(Clone)]
struct Open {
    file: usize,
    at: usize,
    appends: bool,
}

pub struct Reader<'a> {
    root: &'a Path,
    /// The file by each name that there is.
    names: HashMap<PathBuf, usize>,
    sizes: HashMap<usize, usize>,
    open: HashMap<u32, Open>,
    folders: HashMap<u32, PathBuf>,
    pub ops: Vec<Op>,
}

fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|digits| u8::from_str_radix(&digits[..2], 16).unwrap()).collect()
}

fn path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes))
}

/// The texts in quotes.
fn texts(arguments: &str) -> Vec<Vec<u8>> {
    arguments.split('"').skip(1).step_by(2).map(unhex).collect()
}

/// The number that an argument begins with, and the path that strace puts after it.
fn descriptor(argument: &str) -> Option<(u32, PathBuf)> {
    let (number, rest) = argument.trim().split_once('<')?;
    Some((number.parse().ok()?, path(unhex(rest.split('>').next()?))))
}

impl<'a> Reader<'a> {
    /// With the files that are there: their names below `root`, and their sizes.
    pub fn new(root: &'a Path, there: impl Iterator<Item = (PathBuf, usize)>) -> Reader<'a> {
        let mut reader = Reader {
            root,
            names: HashMap::new(),
            sizes: HashMap::new(),
            open: HashMap::new(),
            folders: HashMap::new(),
            ops: Vec::new(),
        };
        for (number, (name, size)) in there.enumerate() {
            reader.names.insert(name, number);
            reader.sizes.insert(number, size);
        }
        reader
    }

    fn below(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(self.root).ok().map(Path::to_path_buf)
    }

    /// The path that an argument names, below the folder that `at` is open on.
    fn named(&self, arguments: &str, which: usize) -> Option<PathBuf> {
        let name = path(texts(arguments).into_iter().nth(which)?);
        let name = match arguments.split(',').nth(which * 2).and_then(descriptor) {
            Some((_, folder)) if name.is_relative() => folder.join(name),
            _ => name,
        };
        self.below(&name)
    }

    pub fn read(&mut self, log: &str) {
        let mut unfinished: HashMap<&str, String> = HashMap::new();
        for line in log.lines() {
            let Some((thread, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            if let Some(begun) = call.strip_suffix("<unfinished ...>") {
                unfinished.insert(thread, begun.to_owned());
                continue;
            }
            let whole = match call.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
                Some((_, rest)) => unfinished.remove(thread).unwrap_or_default() + rest,
                None => call.to_owned(),
            };
            let Some((name, rest)) = whole.split_once('(') else { continue };
            let Some((arguments, result)) = rest.rsplit_once(" = ") else { continue };
            let arguments = arguments.trim_end().trim_end_matches(')');
            if !result.starts_with('-') {
                self.call(name, arguments, result);
            }
        }
    }

    fn call(&mut self, name: &str, arguments: &str, result: &str) {
        let first = arguments.split(',').next().and_then(descriptor);
        let number = first.as_ref().map(|(number, _)| *number);
        match name {
            "open" | "openat" | "creat" => self.opened(arguments, result),
            "close" => {
                number.map(|number| (self.open.remove(&number), self.folders.remove(&number)));
            }
            "write" | "pwrite64" | "writev" | "pwritev" => {
                let Some(open) = number.and_then(|number| self.open.get_mut(&number)) else { return };
                let written: usize = result.split_whitespace().next().unwrap().parse().unwrap();
                let bytes = texts(arguments).concat()[..written].to_vec();
                assert!(name != "pwritev", "pwritev is not modelled");
                let size = self.sizes.entry(open.file).or_default();
                let at = match name {
                    "pwrite64" => arguments.rsplit(", ").next().unwrap().parse().unwrap(),
                    _ if open.appends => *size,
                    _ => open.at,
                };
                if name != "pwrite64" {
                    open.at = at + written;
                }
                *size = (*size).max(at + written);
                self.ops.push(Op::Write { file: open.file, at, bytes });
            }
            "lseek" => {
                if let Some(open) = number.and_then(|number| self.open.get_mut(&number)) {
                    open.at = result.split_whitespace().next().unwrap().parse().unwrap();
                }
            }
            "ftruncate" => {
                if let Some(open) = number.and_then(|number| self.open.get(&number)) {
                    let size = arguments.rsplit(", ").next().unwrap().parse().unwrap();
                    self.sizes.insert(open.file, size);
                    self.ops.push(Op::Truncate(open.file, size));
                }
            }
            "fsync" | "fdatasync" => {
                let Some(number) = number else { return };
                if let Some(open) = self.open.get(&number) {
                    self.ops.push(Op::Sync(open.file));
                } else if let Some(folder) = self.folders.get(&number) {
                    self.ops.push(Op::SyncFolder(folder.clone()));
                }
            }
            "rename" | "renameat" | "renameat2" => {
                let (from, to) = (self.both(name, arguments, 0), self.both(name, arguments, 1));
                if let (Some(from), Some(to)) = (from, to)
                    && let Some(file) = self.names.remove(&from)
                {
                    self.names.insert(to.clone(), file);
                    self.ops.push(Op::Rename(from, to));
                }
            }
            "link" | "linkat" => {
                let (from, to) = (self.both(name, arguments, 0), self.both(name, arguments, 1));
                if let (Some(from), Some(to)) = (from, to)
                    && let Some(file) = self.names.get(&from).copied()
                {
                    self.names.insert(to.clone(), file);
                    self.ops.push(Op::Link(from, to));
                }
            }
            "unlink" | "unlinkat" | "rmdir" => {
                let Some(path) = self.both(name, arguments, 0) else { return };
                if self.names.remove(&path).is_some() {
                    self.ops.push(Op::Unlink(path));
                } else {
                    self.ops.push(Op::RemoveFolder(path));
                }
            }
            "mkdir" | "mkdirat" => {
                if let Some(path) = self.both(name, arguments, 0) {
                    self.ops.push(Op::MakeFolder(path));
                }
            }
            "dup" | "dup2" | "dup3" | "copy_file_range" | "sendfile" | "fallocate" => {
                assert!(
                    number.is_none_or(|number| !self.open.contains_key(&number)),
                    "{name} is not modelled: {arguments}"
                );
            }
            "mmap" => {
                let shared = arguments.contains("MAP_SHARED") && arguments.contains("PROT_WRITE");
                let ours =
                    arguments.split(',').filter_map(descriptor).any(|(number, _)| self.open.contains_key(&number));
                assert!(!(shared && ours), "a file written by its memory is not modelled");
            }
            _ => assert!(
                texts(arguments).into_iter().all(|name| self.below(&path(name)).is_none()),
                "{name} is not modelled"
            ),
        }
    }

    /// A path of a call that takes one or two; those that end in `at` have a folder before each.
    fn both(&self, call: &str, arguments: &str, which: usize) -> Option<PathBuf> {
        if call.contains("at") {
            self.named(arguments, which)
        } else {
            self.below(&path(texts(arguments).into_iter().nth(which)?))
        }
    }

    fn opened(&mut self, arguments: &str, result: &str) {
        let Some((number, full)) = descriptor(result) else { return };
        self.open.remove(&number);
        self.folders.remove(&number);
        let Some(path) = self.below(&full) else { return };
        if arguments.contains("O_DIRECTORY") || full.is_dir() {
            self.folders.insert(number, path);
            return;
        }
        let file = match self.names.get(&path) {
            Some(file) => *file,
            None if arguments.contains("O_CREAT") => {
                let file = self.sizes.len();
                self.sizes.insert(file, 0);
                self.names.insert(path.clone(), file);
                self.ops.push(Op::Create(path, file));
                file
            }
            None => return,
        };
        if arguments.contains("O_TRUNC") && self.sizes[&file] > 0 {
            self.sizes.insert(file, 0);
            self.ops.push(Op::Truncate(file, 0));
        }
        self.open.insert(number, Open { file, at: 0, appends: arguments.contains("O_APPEND") });
    }
}
