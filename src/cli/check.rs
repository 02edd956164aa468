//! `queuelab check`: validates, draws the topology, and predicts the load without simulating.

use super::args::{Check, CheckFormat};
use super::{Failure, Status, complain, print, run::style, source};
use crate::model::Load;
use crate::{report, scenario, theory};

/// Checks every scenario, and goes on to the next when one is refused.
///
/// # Errors
/// The first problem with a file of the machine; problems of documents are printed as they are found.
pub fn check(arguments: &Check) -> Result<Status, Failure> {
    let mut status = Status::Success;
    let mut documents = Vec::new();
    let files = source::expand(&arguments.files)?;
    for file in &files {
        let checked = scenario::read(file).map_err(Failure::from).and_then(|document| {
            let resolved = scenario::resolve(&document, &arguments.set).map_err(|problems| Failure::problems(&problems))?;
            Ok((document, resolved))
        });
        let (document, resolved) = match checked {
            Ok(checked) => checked,
            Err(failure) => {
                complain(&format!("{failure}\n"));
                status = status.max(failure.status());
                continue;
            }
        };
        complain(&resolved.warnings.render(super::stderr_has_color()));
        let load = Load::of(&resolved.model);
        let answers = theory::answers(&resolved.model);
        match arguments.format {
            CheckFormat::Json => {
                let mut found = report::check_json(&resolved.model, &load);
                found["name"] = document.name.into();
                let variants = resolved.variants.into_iter();
                found["variants"] = variants.map(|one| (one.name, serde_json::Value::from(one.changes))).collect();
                if let Some(notes) = found["notes"].as_array_mut() {
                    notes.extend(resolved.notes.into_iter().map(Into::into));
                }
                let rests = report::rests_on(&resolved.model);
                if !rests.is_empty() {
                    found["presets"] = serde_json::json!(rests);
                }
                found["theory"] = report::theory_json(&answers);
                documents.push(found);
            }
            CheckFormat::Text => {
                let mut text = report::topology(&resolved.model, &load, style());
                text.push_str(&report::theory(&resolved.model, &answers, style()));
                text.push_str(&report::rests_on_notes(&resolved.model, style()));
                for variant in &resolved.variants {
                    text.push_str(&format!("variant {}: {}\n", variant.name, variant.changes.join(", ")));
                }
                for note in &resolved.notes {
                    text.push_str(&format!("note: {note}\n"));
                }
                print(&format!("{}: valid\n{text}\n", document.name))?;
            }
        }
    }
    if arguments.format == CheckFormat::Json {
        // One document for one file; a list for several.
        let one = if files.len() == 1 { documents.pop() } else { Some(documents.into()) };
        if let Some(document) = one {
            print(&format!("{document:#}\n"))?;
        }
    }
    Ok(status)
}
