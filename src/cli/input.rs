//! Standard input and files that are not vaults.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, IsTerminal, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::args::Global;
use super::ask;
use super::error::Failure;
use crate::secret::Text;

/// The largest file that is read for an import: far more than any program's export.
const LARGEST: u64 = 64 * 1024 * 1024;
/// The longest line: far more than any link.
const LONGEST_LINE: u64 = 64 * 1024;

/// Opens a file without waiting: a named pipe that nobody writes to is empty, not a place to hang.
pub fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    // A pipe that somebody does write to is waited for.
    fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    Ok(file)
}

/// All of a file; `-` is standard input.
pub fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let name = path.display();
    let failed = |why: String| Failure::failed(format!("cannot read {name}: {why}"));
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if path == Path::new("-") {
        io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        let file = open(path).map_err(|error| failed(error.to_string()))?;
        let metadata = file.metadata().map_err(|error| failed(error.to_string()))?;
        if metadata.is_dir() {
            return Err(failed("it is a folder".into()));
        }
        if metadata.len() <= LARGEST {
            // Room for all of it at once: a growing vector would leave copies of secrets behind.
            bytes.reserve(usize::try_from(metadata.len()).unwrap_or(0).saturating_add(1));
        }
        file.take(LARGEST + 1).read_to_end(&mut bytes)
    };
    read.map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(format!("it is larger than {} MiB", LARGEST / 1024 / 1024)));
    }
    Ok(bytes)
}

/// Lines of standard input, read one after another.
pub struct Lines {
    reader: io::StdinLock<'static>,
}

impl Lines {
    /// Standard input, if nothing else reads it.
    pub fn stdin(global: &Global) -> Result<Lines, Failure> {
        if ask::takes_stdin(global) {
            return Err(Failure::usage("standard input cannot hold both the passphrase and the entry")
                .hint("give the passphrase with --passphrase-file, --passphrase-command or another --passphrase-fd"));
        }
        Ok(Lines { reader: io::stdin().lock() })
    }

    pub fn next(&mut self, what: &str) -> Result<Text, Failure> {
        match self.read(what)? {
            Some(line) if !line.trim().is_empty() => Ok(line),
            _ => Err(Failure::usage(format!("standard input ended before {what} came"))),
        }
    }

    /// All lines that are left, without the empty ones.
    pub fn rest(&mut self, what: &str) -> Result<Vec<Text>, Failure> {
        let mut lines = Vec::new();
        while let Some(line) = self.read(what)? {
            if !line.trim().is_empty() {
                lines.push(line.trim().into());
            }
        }
        Ok(lines)
    }

    /// Says that nothing is left but what is typed at a terminal.
    pub fn end(&mut self, taken: &str) -> Result<(), Failure> {
        if io::stdin().is_terminal() || self.rest(taken)?.is_empty() {
            return Ok(());
        }
        Err(Failure::usage(format!("standard input holds more than {taken}; nothing was changed")))
    }

    fn read(&mut self, what: &str) -> Result<Option<Text>, Failure> {
        let mut line = Zeroizing::new(Vec::with_capacity(4096));
        let failed = |why: &str| Failure::failed(format!("cannot read {what} from standard input: {why}"));
        self.reader
            .by_ref()
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut line)
            .map_err(|error| failed(&error.to_string()))?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.len() as u64 > LONGEST_LINE {
            return Err(failed("the line is too long"));
        }
        let text = std::str::from_utf8(&line).map_err(|_| failed("it is not UTF-8 text"))?;
        Ok(Some(text.trim_end_matches(['\n', '\r']).into()))
    }
}
