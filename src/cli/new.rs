//! `queuelab new`: a commented scenario to start from.

use super::args::{CheckFormat, New};
use super::{Failure, Status, complain, print};
use crate::scenario::{Template, templates};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// Prints a template, or the list of them, or writes one to a new file.
///
/// # Errors
/// An unknown name, or a file that exists or cannot be written.
pub fn new(arguments: &New) -> Result<Status, Failure> {
    let about = |t: &Template| json!({ "name": t.name, "about": t.about });
    if arguments.list && arguments.format == CheckFormat::Json {
        let all: Vec<Value> = templates().iter().map(about).collect();
        return print(&format!("{:#}\n", Value::from(all)));
    }
    if arguments.list {
        let lines: Vec<String> = templates().iter().map(|t| format!("{:<14} {}\n", t.name, t.about)).collect();
        return print(&lines.concat());
    }
    let Some(template) = templates().iter().find(|template| template.name == arguments.template) else {
        let names: Vec<&str> = templates().iter().map(|template| template.name).collect();
        let cause = format!("there is no template `{}`: there are {}", arguments.template, names.join(", "));
        return Err(Failure::Usage(cause));
    };
    let Some(path) = &arguments.out else {
        if let Some((name, _)) = template.beside {
            complain(&format!("note: it reads {name}; with --out FILE that is written beside it\n"));
        }
        return match arguments.format {
            CheckFormat::Text => print(template.text),
            CheckFormat::Json => {
                let document = json!({ "name": template.name, "about": template.about, "text": template.text });
                print(&format!("{document:#}\n"))
            }
        };
    };
    write_new(path, template.text)?;
    if let Some((name, text)) = template.beside {
        // Half a template is no scenario to start from.
        write_new(&path.with_file_name(name), text).inspect_err(|_| drop(std::fs::remove_file(path)))?;
    }
    Ok(Status::Success)
}

/// Writes a file that must not exist.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |source| Failure::Machine { doing: "write", path: path.to_owned(), source };
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}
