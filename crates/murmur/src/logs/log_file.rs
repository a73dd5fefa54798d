//! One log: its last lines, and what is written to it later, also after it was set aside and begun anew.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use protocol::Timestamp;

use super::line_time::time_of;

/// How much of a log's end is read first for its last lines, in bytes.
const WINDOW: u64 = 64 << 10;
/// Most that is read at a look, in bytes: the rest comes with the next.
const LOOK_BYTES_MAX: u64 = 4 << 20;
/// A line that grows longer is shown in parts, in bytes.
const LINE_BYTES_MAX: usize = 64 << 10;

/// A line, and the time in it or, without one, of the line before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogLine {
    pub(super) time: Option<Timestamp>,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    open: Option<Open>,
    /// What is behind the last end of a line.
    rest: Vec<u8>,
    time: Option<Timestamp>,
}

#[derive(Debug)]
struct Open {
    file: File,
    read_to: u64,
}

impl LogFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, open: None, rest: Vec::new(), time: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines, those of the log that was set aside included. Who follows gets a line that is being
    /// written once it is whole.
    pub(super) fn last(&mut self, lines: usize, follow: bool) -> io::Result<Vec<LogLine>> {
        let Some(mut open) = Open::at(&self.path)? else { return Ok(Vec::new()) };
        let bytes = open.tail(lines)?;
        self.open = Some(open);
        let mut found = self.take_lines(&bytes);
        if !follow && !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            found.push(self.line(&rest));
        }
        if found.len() < lines
            && let Some(mut aside) = Open::at(&self.path.with_extension("log.1"))?
        {
            let mut before = Self::new(PathBuf::new());
            let bytes = aside.tail(lines - found.len())?;
            let mut all = before.take_lines(&bytes);
            all.append(&mut found);
            found = all;
        }
        Ok(found.split_off(found.len().saturating_sub(lines)))
    }

    /// What has been written since the last look.
    pub(super) fn new_lines(&mut self) -> io::Result<Vec<LogLine>> {
        let mut bytes = Vec::new();
        if let Some(open) = &mut self.open {
            open.read_on(&mut bytes)?;
            // All that was ever written to it has been read once another one stands in its place.
            if !bytes.is_empty() || open.is_at(&self.path)? {
                return Ok(self.take_lines(&bytes));
            }
        }
        // What was not ended there is not gone on with here.
        if !self.rest.is_empty() {
            bytes.push(b'\n');
        }
        self.open = Open::at(&self.path)?;
        if let Some(open) = &mut self.open {
            open.read_on(&mut bytes)?;
        }
        Ok(self.take_lines(&bytes))
    }

    /// The lines that are whole.
    fn take_lines(&mut self, bytes: &[u8]) -> Vec<LogLine> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(part);
            if self.rest.last() == Some(&b'\n') || self.rest.len() >= LINE_BYTES_MAX {
                let whole = std::mem::take(&mut self.rest);
                lines.push(self.line(&whole));
            }
        }
        lines.retain(|line| !line.text.is_empty());
        lines
    }

    fn line(&mut self, bytes: &[u8]) -> LogLine {
        let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
        self.time = time_of(&text).or(self.time);
        LogLine { time: self.time, text }
    }
}

impl Open {
    /// None if there is no such log.
    fn at(path: &Path) -> io::Result<Option<Self>> {
        match File::open(path) {
            Ok(file) => Ok(Some(Self { file, read_to: 0 })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether this is the file that stands there, or none does yet.
    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let there = match path.metadata() {
            Ok(there) => there,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error),
        };
        let this = self.file.metadata()?;
        Ok((this.dev(), this.ino()) == (there.dev(), there.ino()))
    }

    /// Enough of the end for that many whole lines, or everything.
    fn tail(&mut self, lines: usize) -> io::Result<Vec<u8>> {
        let length = self.file.metadata()?.len();
        let mut window = WINDOW;
        loop {
            self.read_to = length.saturating_sub(window);
            let mut bytes = Vec::new();
            self.read(length - self.read_to, &mut bytes)?;
            let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
            // One more: the first line may have been cut.
            if ends > lines || window >= length {
                return Ok(bytes);
            }
            window = window.saturating_mul(4);
        }
    }

    fn read_on(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        // Somebody has emptied it.
        if self.file.metadata()?.len() < self.read_to {
            self.read_to = 0;
        }
        self.read(LOOK_BYTES_MAX, bytes)
    }

    fn read(&mut self, most: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.read_to))?;
        let read = (&self.file).take(most).read_to_end(bytes)?;
        self.read_to += u64::try_from(read).unwrap_or_default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    fn append(path: &Path, text: &str) {
        let mut log = File::options().create(true).append(true).open(path).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn the_last_lines_are_found_however_long_the_log_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let many: String = (0..50_000).map(|nth| format!("line {nth}\n")).collect();
        append(&path, &many);
        let last = LogFile::new(path.clone()).last(2, false).unwrap();
        assert_eq!(texts(&last), ["line 49998", "line 49999"]);
        assert_eq!(LogFile::new(path.clone()).last(60_000, false).unwrap().len(), 50_000);
        assert_eq!(LogFile::new(path).last(0, false).unwrap(), []);
    }

    #[test]
    fn a_log_that_was_begun_anew_goes_on_where_the_one_before_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        append(&path, "a\nb\n");
        let mut followed = LogFile::new(path.clone());
        assert_eq!(texts(&followed.last(1, true).unwrap()), ["b"]);
        append(&path, "c\n");
        fs::rename(&path, folder.path().join("x.log.1")).unwrap();
        append(&path, "d\nhalf of");
        assert_eq!(texts(&followed.new_lines().unwrap()), ["c"]);
        assert_eq!(texts(&followed.new_lines().unwrap()), ["d"]);
        append(&path, " e\n");
        assert_eq!(texts(&followed.new_lines().unwrap()), ["half of e"]);
        let last = LogFile::new(path.clone()).last(3, false).unwrap();
        assert_eq!(texts(&last), ["c", "d", "half of e"]);
    }

    #[test]
    fn a_log_that_begins_later_is_followed_from_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let mut followed = LogFile::new(path.clone());
        assert_eq!(followed.last(5, true).unwrap(), []);
        append(&path, "first\n");
        assert_eq!(texts(&followed.new_lines().unwrap()), ["first"]);
    }

    #[test]
    fn a_line_without_a_time_belongs_to_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        append(&path, "2026-11-03T09:30:01Z ERROR failed\n  because of x\n");
        let lines = LogFile::new(path).last(5, false).unwrap();
        assert!(lines[0].time.is_some());
        assert_eq!(lines[0].time, lines[1].time);
    }
}
