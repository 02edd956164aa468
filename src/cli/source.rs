//! Which scenarios the user means.

use super::Failure;
use std::path::{Path, PathBuf};

/// The files behind the arguments: folders stand for all `.toml` files in them, in the order of their names.
///
/// # Errors
/// When a folder cannot be listed or holds no scenario.
pub fn expand(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in arguments {
        if path.is_dir() { files.extend(scenarios_in(path)?) } else { files.push(path.clone()) }
    }
    Ok(files)
}

fn scenarios_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |source| Failure::Machine { doing: "list", path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(Failure::Usage(format!("the folder {} holds no .toml file", folder.display())));
    }
    found.sort();
    Ok(found)
}
