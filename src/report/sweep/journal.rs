//! The journal of a sweep: a line for each point that is finished, appended as it comes, so that a sweep that was killed goes on where it was.
//!
//! A line is a checksum, a space and JSON: the first the plan, each other a point. A kill can only cut off the last line, which is then removed;
//! anything else that does not fit its checksum was done by someone else and is refused. When all points are there the lines are put in the
//! order of the grid, so that nothing tells in which order they were finished. While a sweep runs it holds a lock on the file.

use super::plan::Plan;
use super::point::Point;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The name of its file.
pub const JOURNAL: &str = "points.journal";
/// More points than these are no sweep that one machine can make or keep.
pub const MOST_POINTS: u64 = 10_000_000;
/// Hexadecimal digits of the checksum: 64 bits of SHA-256.
const DIGITS: usize = 16;

/// Why a journal cannot be used.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The machine refuses.
    #[error("cannot use {}: {source}", path.display())]
    Machine {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What is there is of no use.
    #[error("{message}\n --> {place}\n  = help: {help}")]
    Refused {
        /// What is wrong.
        message: String,
        /// The file, and the line where that is known.
        place: String,
        /// What to do about it.
        help: String,
    },
}

/// A journal and where each of its records stands.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    plan: Plan,
    /// Byte and length of the record of each point.
    records: Vec<Option<(u64, u32)>>,
    end: u64,
    /// Whether the last line was cut off, and removed.
    pub mended: bool,
}

/// All that must be read to know whose record it is.
#[derive(Deserialize)]
struct Number {
    point: u64,
}

impl Journal {
    /// Opens the journal in a folder for this plan, or begins one.
    ///
    /// # Errors
    /// It cannot be read or written, another process writes it, it belongs to another plan, or it is damaged.
    pub fn open(folder: &Path, plan: &Plan) -> Result<Journal, JournalError> {
        let path = folder.join(JOURNAL);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|source| JournalError::Machine { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let help = "wait for it, or give this one another folder with --out";
                return Err(refused(&path, None, "another process is writing this sweep", help));
            }
            Err(TryLockError::Error(source)) => return Err(JournalError::Machine { path, source }),
        }
        let Loaded { plan: found, records, end, mended } = Loaded::from(&path, &file)?;
        // What a kill left behind the last whole record.
        file.set_len(end).map_err(|source| JournalError::Machine { path: path.clone(), source })?;
        let begun = found.is_some();
        if let Some(found) = found {
            let differences = plan.differences(&found);
            if !differences.is_empty() {
                let message = format!("this folder holds the results of another sweep: {}", differences.join("; "));
                return Err(refused(&path, None, &message, "give this one another folder with --out, or remove that one"));
            }
        }
        let mut journal = Journal { path, file, plan: plan.clone(), records, end, mended };
        if !begun {
            journal.records = vec![None; plan.points() as usize];
            journal.write_line(plan)?;
        }
        Ok(journal)
    }

    /// Opens a finished or unfinished journal to read it.
    ///
    /// # Errors
    /// It is not there, cannot be read, or is damaged.
    pub fn read(folder: &Path) -> Result<Journal, JournalError> {
        let path = folder.join(JOURNAL);
        let file = File::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                refused(&path, None, "no sweep has written here", "name the folders that `queuelab sweep --shard` wrote")
            }
            _ => JournalError::Machine { path: path.clone(), source },
        })?;
        let Loaded { plan, records, end, mended } = Loaded::from(&path, &file)?;
        match plan {
            Some(plan) => Ok(Journal { path, file, plan, records, end, mended }),
            None => Err(refused(&path, None, "this file holds no sweep", "name the folders that `queuelab sweep --shard` wrote")),
        }
    }

    /// The sweep that it belongs to.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether this point is there.
    pub fn has(&self, point: u64) -> bool {
        self.records.get(point as usize).is_some_and(Option::is_some)
    }

    /// How many points are there.
    pub fn count(&self) -> u64 {
        self.records.iter().flatten().count() as u64
    }

    /// The points that are not there, in order.
    pub fn missing(&self) -> Vec<u64> {
        (0..self.records.len() as u64).filter(|&point| !self.has(point)).collect()
    }

    /// Adds a point that is finished.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&mut self, record: &Point) -> Result<(), JournalError> {
        let (begin, length) = self.write_line(record)?;
        self.records[record.point as usize] = Some((begin, length));
        Ok(())
    }

    /// A point that is there, read again; `None` where it is not.
    ///
    /// # Errors
    /// The file cannot be read, or was changed since.
    pub fn point(&self, point: u64) -> Result<Option<Point>, JournalError> {
        let Some(line) = self.line(point)? else { return Ok(None) };
        serde_json::from_slice(&line[DIGITS + 1..line.len() - 1]).map(Some).map_err(|error| {
            self.refused(&format!("the record of point {point} is none: {error}"), None, "another version wrote it: use --out")
        })
    }

    /// All points that are there, in the order of the grid.
    pub fn points(&self) -> impl Iterator<Item = Result<Point, JournalError>> {
        (0..self.records.len() as u64).filter_map(|point| self.point(point).transpose())
    }

    /// Puts the records in the order of the grid; whoever reads the file sees the old one or the new.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn put_in_order(&self) -> Result<(), JournalError> {
        self.copy_to(self.path.parent().unwrap_or(Path::new("")))
    }

    /// Writes the journal in the order of the grid to a folder.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn copy_to(&self, folder: &Path) -> Result<(), JournalError> {
        self.write_with(folder, std::slice::from_ref(&self))
    }

    /// Writes the records of several journals of one plan, in the order of the grid; the first that has a point counts.
    fn write_with(&self, folder: &Path, all: &[&Journal]) -> Result<(), JournalError> {
        let (path, part) = (folder.join(JOURNAL), folder.join(format!(".{JOURNAL}.{}.part", std::process::id())));
        let fail = |source| JournalError::Machine { path: path.clone(), source };
        let mut out = BufWriter::new(File::create(&part).map_err(fail)?);
        out.write_all(&line_of(&self.plan)).map_err(fail)?;
        for point in 0..self.records.len() as u64 {
            if let Some(journal) = all.iter().find(|journal| journal.has(point)) {
                let line = journal.line(point)?.unwrap_or_default();
                out.write_all(&line).map_err(fail)?;
            }
        }
        out.into_inner().map_err(|error| fail(error.into_error()))?.sync_all().map_err(fail)?;
        fs::rename(&part, &path).map_err(fail)
    }

    /// Puts journals of one sweep together into a folder.
    ///
    /// # Errors
    /// They belong to different sweeps, say different things of a point, or leave points out.
    pub fn merge(all: &[Journal], folder: &Path) -> Result<(), JournalError> {
        let Some(first) = all.first() else { return Ok(()) };
        for other in &all[1..] {
            let differences = first.plan.differences(&other.plan);
            if !differences.is_empty() {
                let message = format!("this is no shard of the sweep in {}: {}", first.path.display(), differences.join("; "));
                return Err(other.refused(&message, None, "merge shards of one scenario, grid, seed and version"));
            }
        }
        for point in 0..first.records.len() as u64 {
            let mut lines = all.iter().filter(|journal| journal.has(point)).map(|journal| journal.line(point));
            let Some(one) = lines.next().transpose()? else { continue };
            for other in lines {
                if other? != one {
                    let message = format!("point {point} has other numbers in another of these folders");
                    return Err(first.refused(
                        &message,
                        None,
                        "one of them was changed, or simulated on data that have changed: run it again",
                    ));
                }
            }
        }
        let missing: Vec<u64> =
            first.missing().into_iter().filter(|&point| all.iter().all(|journal| !journal.has(point))).collect();
        if let Some(one) = missing.first() {
            let cut = all.iter().find(|journal| journal.mended);
            let cause =
                cut.map_or(String::new(), |journal| format!("; the last record of {} is cut off", journal.path.display()));
            let message =
                format!("{} of {} points are missing, point {one} is the first{cause}", missing.len(), first.records.len());
            let help = "run the shard that lacks them again: it goes on where it was";
            return Err(cut.unwrap_or(first).refused(&message, None, help));
        }
        first.write_with(folder, &all.iter().collect::<Vec<_>>())
    }

    /// The line of a point as it stands in the file.
    fn line(&self, point: u64) -> Result<Option<Vec<u8>>, JournalError> {
        let Some((begin, length)) = self.records.get(point as usize).copied().flatten() else { return Ok(None) };
        let mut line = vec![0; length as usize];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(begin)).and_then(|_| file.read_exact(&mut line)).map_err(|source| self.machine(source))?;
        if checked(&line).is_none() {
            return Err(self.refused(
                &format!("the record of point {point} was changed"),
                None,
                "leave the file alone while it is in use",
            ));
        }
        Ok(Some(line))
    }

    /// Writes a line at the end, in one piece; gives its byte and length.
    fn write_line<T: Serialize>(&mut self, record: &T) -> Result<(u64, u32), JournalError> {
        let (line, begin) = (line_of(record), self.end);
        let written = self.file.seek(SeekFrom::Start(begin)).and_then(|_| self.file.write_all(&line));
        written.map_err(|source| self.machine(source))?;
        self.end += line.len() as u64;
        Ok((begin, line.len() as u32))
    }

    fn machine(&self, source: io::Error) -> JournalError {
        JournalError::Machine { path: self.path.clone(), source }
    }

    fn refused(&self, message: &str, line: Option<usize>, help: &str) -> JournalError {
        refused(&self.path, line, message, help)
    }
}

/// What a file holds.
struct Loaded {
    /// `None` where it holds nothing yet.
    plan: Option<Plan>,
    records: Vec<Option<(u64, u32)>>,
    end: u64,
    mended: bool,
}

impl Loaded {
    /// Reads the whole file.
    fn from(path: &Path, file: &File) -> Result<Loaded, JournalError> {
        let machine = |source| JournalError::Machine { path: path.to_owned(), source };
        let whole = file.metadata().map_err(machine)?.len();
        let mut reader = BufReader::new(file);
        let mut loaded = Loaded { plan: None, records: Vec::new(), end: 0, mended: false };
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let length = reader.read_until(b'\n', &mut line).map_err(machine)?;
            if length == 0 {
                break;
            }
            let next = loaded.end + length as u64;
            let Some(body) = checked(&line) else {
                // A kill cuts off the end of the file and nothing else.
                if next == whole && line.last() != Some(&b'\n') && (number > 1 || is_beginning(&line)) {
                    loaded.mended = true;
                    break;
                }
                let (message, help) = if number == 1 {
                    ("this file is no journal of a sweep", "name another folder with --out, or remove the file")
                } else {
                    ("this record is damaged: it does not fit its checksum", "remove this line, and its point is simulated again")
                };
                return Err(refused(path, Some(number), message, help));
            };
            let done = if number == 1 { loaded.first(body) } else { loaded.record(body, length as u32) };
            done.map_err(|(message, help)| refused(path, Some(number), &message, help))?;
            loaded.end = next;
        }
        Ok(loaded)
    }

    fn first(&mut self, body: &[u8]) -> Result<(), (String, &'static str)> {
        let help = "another version wrote it: name another folder with --out, or remove it";
        let found: Plan = serde_json::from_slice(body)
            .map_err(|error| (format!("the first line describes no sweep of this version: {error}"), help))?;
        if found.points() > MOST_POINTS {
            return Err((format!("a sweep of {} points is more than this version makes", found.points()), help));
        }
        self.records = vec![None; found.points() as usize];
        self.plan = Some(found);
        Ok(())
    }

    fn record(&mut self, body: &[u8], length: u32) -> Result<(), (String, &'static str)> {
        let point = serde_json::from_slice::<Number>(body).ok().map(|number| number.point);
        match point.and_then(|point| self.records.get_mut(usize::try_from(point).ok()?)) {
            Some(place) => *place = Some((self.end, length)),
            None => {
                return Err(("this record belongs to no point of the grid".to_owned(), "remove this line, and the rest counts"));
            }
        }
        Ok(())
    }
}

fn refused(path: &Path, line: Option<usize>, message: &str, help: &str) -> JournalError {
    let line = line.map_or(String::new(), |line| format!(":{line}"));
    JournalError::Refused { message: message.to_owned(), place: format!("{}{line}", path.display()), help: help.to_owned() }
}

fn line_of<T: Serialize>(record: &T) -> Vec<u8> {
    let body = serde_json::to_vec(record).expect("plain data can be written as JSON");
    let mut line = checksum(&body).into_bytes();
    line.push(b' ');
    line.extend(body);
    line.push(b'\n');
    line
}

fn checksum(body: &[u8]) -> String {
    Sha256::digest(body).iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// The body of a whole line that fits its checksum.
fn checked(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, body) = (line.get(..DIGITS)?, line.get(DIGITS + 1..)?);
    (line[DIGITS] == b' ' && checksum(body).as_bytes() == sum).then_some(body)
}

/// Whether this may be the beginning of a first line.
fn is_beginning(line: &[u8]) -> bool {
    let sum = line.get(..DIGITS.min(line.len())).unwrap_or_default();
    sum.iter().all(u8::is_ascii_hexdigit) && line.get(DIGITS).is_none_or(|sign| *sign == b' ')
}
