//! Reading the text of a document, from a file or from standard input.

use super::diagnostic::{Place, Problem, Problems, SourceText};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The text of a scenario and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The stem of the file, or "stdin".
    pub name: String,
    /// The file; `None` for standard input. Files that the document names are relative to its folder.
    pub path: Option<PathBuf>,
    /// The whole text.
    pub text: String,
}

/// Why a document could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The machine: the file is not there or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The user's document: a folder, too large, or no text.
    #[error("{0}")]
    Problem(Problems),
}

/// The largest document; more is no text that a person wrote.
const LARGEST: u64 = 16 << 20;

/// Reads a document; `-` is standard input.
///
/// # Errors
/// [`ReadError::Io`] when the machine refuses, [`ReadError::Problem`] when what is there is no document.
pub fn read(path: &Path) -> Result<Document, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    if path == Path::new("-") {
        return document("stdin".to_owned(), None, std::io::stdin().lock()).map_err(|error| error.unwrap_or_else(io));
    }
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if metadata.is_dir() {
        let problem = Problem::of_document(format!("`{}` is a folder, not a scenario file", path.display()));
        return Err(refused(problem.help("name a file in it")));
    }
    // A name is a folder of results as well: `...toml` must not become the folder above.
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = stem.filter(|stem| !stem.chars().all(|sign| sign == '.')).unwrap_or_else(|| "scenario".to_owned());
    document(name, Some(path.to_owned()), file).map_err(|error| error.unwrap_or_else(io))
}

fn refused(problem: Problem) -> ReadError {
    ReadError::Problem(Problems::new(Vec::new(), vec![problem]))
}

/// What went wrong while reading: the machine's word, or a finished error.
enum Failure {
    Machine(std::io::Error),
    Refused(ReadError),
}

impl Failure {
    fn unwrap_or_else(self, io: impl FnOnce(std::io::Error) -> ReadError) -> ReadError {
        match self {
            Failure::Machine(source) => io(source),
            Failure::Refused(error) => error,
        }
    }
}

fn document(name: String, path: Option<PathBuf>, from: impl Read) -> Result<Document, Failure> {
    let mut bytes = Vec::new();
    // One byte more than is allowed tells that there is more, whatever the length of the rest.
    from.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Failure::Machine)?;
    let shown = path.as_ref().map_or_else(|| "<stdin>".to_owned(), |path| path.display().to_string());
    if bytes.len() as u64 > LARGEST {
        let problem = Problem::of_document(format!("`{shown}` is larger than 16 MiB, which no scenario is"));
        return Err(Failure::Refused(refused(problem.help("recorded data belongs in a .csv file that a trace names"))));
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
            Ok(Document { name, path, text })
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let problem = Problem::error(Place { text: 0, start: at, end: at + 1 }, "this is not UTF-8 text")
                .label("the first byte that is no character")
                .help("save the file as UTF-8");
            let source = SourceText { name: shown, text: text.into() };
            Err(Failure::Refused(ReadError::Problem(Problems::new(vec![source], vec![problem]))))
        }
    }
}
