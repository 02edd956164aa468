//! The folder of results: checked before the simulation, written whole or not at all after it.
//!
//! All files are first written beside their final names; only when every one is complete do they take these names. A disk
//! that fills up therefore leaves the files of an earlier run as they were.

use super::chart;
use super::result::RunResult;
use super::{csv, json, page};
use rayon::prelude::*;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file that could not be written, and why.
#[derive(Debug, Error)]
#[error("cannot write `{}`: {source}", path.display())]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

/// A folder that takes results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// The commands that write to folders, each with a file that no other of them writes.
const WRITERS: [(&str, &str); 4] =
    [("run", "result.json"), ("compare", "compare.json"), ("sweep", super::JOURNAL), ("size", "size.json")];

/// A command other than `own` whose results are in this folder, and the file that tells. All of them write a `report.html`, so that the
/// results of two would be mixed up.
pub fn results_of_another(path: &Path, own: &str) -> Option<(&'static str, PathBuf)> {
    let others = WRITERS.into_iter().filter(|(command, _)| *command != own).map(|(command, file)| (command, path.join(file)));
    others.into_iter().find(|(_, file)| file.is_file())
}

/// Makes the folder, with those above it, and checks that every file can be written there, without changing any.
///
/// # Errors
/// The folder cannot be made or takes no files, or something that is no writable file stands under one of the names.
pub fn prepare(path: &Path) -> Result<Folder, FileError> {
    prepare_for(path, &names())
}

/// The same for files of these names.
///
/// # Errors
/// As above.
pub fn prepare_for(path: &Path, names: &[String]) -> Result<Folder, FileError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| FileError { path, source }
    };
    fs::create_dir_all(path).map_err(fail(path))?;
    for name in names {
        let file = path.join(name);
        match fs::metadata(&file) {
            // Nothing is written to it: opening for appending asks the system for permission.
            Ok(_) => drop(OpenOptions::new().append(true).open(&file).map_err(fail(&file))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(FileError { path: file, source: error }),
        }
    }
    let probe = beside(path, "probe");
    File::create(&probe).map_err(fail(&probe))?;
    fs::remove_file(&probe).map_err(fail(&probe))?;
    Ok(Folder { path: path.to_owned() })
}

impl Folder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all files of a result; gives their paths, in the order in which a person would open them.
    ///
    /// # Errors
    /// A file cannot be written. Nothing of this result stays then, and files of an earlier one are as they were.
    pub fn write(&self, result: &RunResult) -> Result<Vec<PathBuf>, FileError> {
        let contents = contents(result);
        let written = write_all(&self.path, &contents, |path| File::create(path))?;
        // A chart of an earlier result that this one has no data for.
        for stale in names().iter().filter(|name| contents.iter().all(|(other, _)| other != *name)) {
            self.remove(stale)?;
        }
        Ok(written)
    }

    /// Writes files of these names and contents, whole or not at all.
    ///
    /// # Errors
    /// As `write`.
    pub fn write_files(&self, contents: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, FileError> {
        write_all(&self.path, contents, |path| File::create(path))
    }

    /// Removes a file of an earlier run that says nothing of this one; that there is none is as good.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), FileError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError { path, source: error }),
            _ => Ok(()),
        }
    }

    /// Removes what a kill left of files that were being written. Only for whoever knows that nobody else writes here.
    ///
    /// # Errors
    /// The folder cannot be read, or a file not removed.
    pub fn remove_parts(&self) -> Result<(), FileError> {
        let fail = |source| FileError { path: self.path.clone(), source };
        for entry in fs::read_dir(&self.path).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            if let Some(name) = name.to_str().filter(|name| name.starts_with('.') && name.ends_with(".part")) {
                self.remove(name)?;
            }
        }
        Ok(())
    }

    /// Removes the files of an earlier run whose names begin like this, but those that are named.
    ///
    /// # Errors
    /// The folder cannot be read, or a file not removed.
    pub fn remove_others(&self, beginning: &str, but: &[String]) -> Result<(), FileError> {
        let fail = |source| FileError { path: self.path.clone(), source };
        for entry in fs::read_dir(&self.path).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            if let Some(name) = name.to_str().filter(|name| name.starts_with(beginning) && !but.iter().any(|kept| kept == name)) {
                self.remove(name)?;
            }
        }
        Ok(())
    }

    /// Writes one more file, too large to be held in memory, in the same way: under a passing name until it is complete.
    ///
    /// # Errors
    /// What `write` says, or the file cannot be written; nothing of it stays then.
    pub fn write_with(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<PathBuf, FileError> {
        let path = self.path.join(name);
        let fail = |source| FileError { path: path.clone(), source };
        let parts = Parts(vec![beside(&self.path, name)]);
        let mut file = BufWriter::new(File::create(&parts.0[0]).map_err(fail)?);
        write(&mut file).and_then(|()| file.flush()).map_err(fail)?;
        fs::rename(&parts.0[0], &path).map_err(fail)?;
        Ok(path)
    }
}

/// The files that every result has.
const TEXTS: [&str; 5] = ["report.html", "result.json", "summary.csv", "percentiles.csv", "series.csv"];

/// The names of all files that a result may have.
fn names() -> Vec<String> {
    let texts = TEXTS.map(str::to_owned);
    let charts = chart::CHARTS.iter().flat_map(|chart| ["svg", "png"].map(|kind| format!("{}.{kind}", chart.name)));
    texts.into_iter().chain(charts).collect()
}

/// The contents of all files, in the order of [`names`], without those that the result has no data for.
fn contents(result: &RunResult) -> Vec<(String, Vec<u8>)> {
    let texts = [page::page(result), json::json(result), csv::csv(result), csv::percentiles_csv(result), csv::series_csv(result)];
    let pictures: Vec<Vec<(String, Vec<u8>)>> = chart::CHARTS
        .par_iter()
        .map(|chart| {
            let drawing = (chart.draw)(result, chart::Canvas::FILE);
            if chart.optional && drawing.bare {
                return Vec::new();
            }
            let file = |kind: &str, bytes: Vec<u8>| (format!("{}.{kind}", chart.name), bytes);
            vec![file("svg", drawing.svg().into_bytes()), file("png", drawing.png())]
        })
        .collect();
    let texts = texts.map(String::into_bytes);
    TEXTS.into_iter().map(str::to_owned).zip(texts).chain(pictures.into_iter().flatten()).collect()
}

/// Where a file stands until it is complete. The number of the process keeps two runs into one folder apart.
fn beside(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}.{}.part", std::process::id()))
}

/// Writes all files under passing names, then gives them their own.
fn write_all(
    folder: &Path,
    contents: &[(String, Vec<u8>)],
    create: impl Fn(&Path) -> io::Result<File>,
) -> Result<Vec<PathBuf>, FileError> {
    let mut parts = Parts(Vec::new());
    for (name, bytes) in contents {
        let part = beside(folder, name);
        let write = || -> io::Result<()> {
            let mut file = create(&part)?;
            file.write_all(bytes)?;
            file.flush()
        };
        let written = write();
        parts.0.push(part);
        written.map_err(|source| FileError { path: folder.join(name), source })?;
    }
    let mut done = Vec::new();
    for (part, (name, _)) in parts.0.iter().zip(contents) {
        let path = folder.join(name);
        fs::rename(part, &path).map_err(|source| FileError { path: path.clone(), source })?;
        done.push(path);
    }
    Ok(done)
}

/// Unfinished files, which go when this goes; those that have their final names are no longer there to be removed.
struct Parts(Vec<PathBuf>);

impl Drop for Parts {
    fn drop(&mut self) {
        for path in &self.0 {
            // Best effort: the error that the user needs is the one that led here.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Vec<(String, Vec<u8>)> {
        ["a.csv", "b.csv", "c.csv"].map(|name| (name.to_owned(), text.as_bytes().to_vec())).to_vec()
    }

    fn listing(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_the_old_files() {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path(), &some("old"), |path| File::create(path)).unwrap();
        // The second file goes to the device that is always full.
        let create = |path: &Path| {
            let full = path.to_string_lossy().contains("b.csv");
            if full { OpenOptions::new().write(true).open("/dev/full") } else { File::create(path) }
        };
        let error = write_all(folder.path(), &some("new"), create).unwrap_err();
        assert!(error.path.ends_with("b.csv"), "{error}");
        assert_eq!(error.source.kind(), io::ErrorKind::StorageFull);
        assert_eq!(listing(folder.path()), ["a.csv", "b.csv", "c.csv"]);
        assert_eq!(fs::read_to_string(folder.path().join("a.csv")).unwrap(), "old");
    }

    #[test]
    fn a_folder_is_checked_before_it_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("made/on/the/way");
        prepare(&deep).unwrap();
        assert_eq!(listing(&deep), Vec::<String>::new());

        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(prepare(&file).unwrap_err().path.ends_with("file"));
        assert!(prepare(&file.join("below")).unwrap_err().path.ends_with("below"));

        fs::create_dir(deep.join("series.csv")).unwrap();
        let error = prepare(&deep).unwrap_err();
        assert!(error.to_string().contains("series.csv"), "{error}");
    }

    #[test]
    fn a_failed_rename_leaves_no_rest() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b.csv")).unwrap();
        write_all(folder.path(), &some("new"), |path| File::create(path)).unwrap_err();
        assert!(listing(folder.path()).iter().all(|name| !name.ends_with(".part")));
    }
}
