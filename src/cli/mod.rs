//! Arguments, one file a command, progress, exit status.

mod args;
mod candidates;
mod check;
mod compare;
mod designs;
mod exit;
mod grid;
mod merge;
mod new;
mod output;
mod presets;
mod progress;
mod run;
mod size;
mod source;
mod sweep;

pub use args::{Arguments, Command};
pub use check::check;
pub use compare::compare;
pub use exit::{Failure, Status};
pub use merge::merge;
pub use new::new;
pub use output::{complain, print};
pub use presets::presets;
pub use run::run;
pub use size::{size, sized};
pub use sweep::sweep;

use args::CheckFormat;
use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;
use std::io::IsTerminal;

/// Whether standard error shows colours.
fn stderr_has_color() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// The JSON Schema of scenarios.
///
/// # Errors
/// When standard output cannot be written.
pub fn schema() -> Result<Status, Failure> {
    print(&format!("{:#}\n", crate::scenario::schema()))
}

/// A completion script.
///
/// # Errors
/// When standard output cannot be written.
pub fn completions(shell: Shell, format: CheckFormat) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "queuelab", &mut script);
    let script = String::from_utf8_lossy(&script);
    match format {
        CheckFormat::Text => print(&script),
        CheckFormat::Json => print(&format!("{:#}\n", json!({ "shell": shell.to_string(), "script": script }))),
    }
}

/// The manual page.
///
/// # Errors
/// When standard output cannot be written.
pub fn man(format: CheckFormat) -> Result<Status, Failure> {
    let mut page = Vec::new();
    let written = render_manual(&mut page);
    written.map_err(|source| Failure::Machine { doing: "write", path: "the manual page".into(), source })?;
    let page = String::from_utf8_lossy(&page);
    match format {
        CheckFormat::Text => print(&page),
        CheckFormat::Json => print(&format!("{:#}\n", json!({ "page": page }))),
    }
}

/// The page of the program, and behind it what each command takes.
fn render_manual(page: &mut Vec<u8>) -> std::io::Result<()> {
    let program = Arguments::command();
    clap_mangen::Man::new(program.clone()).render(page)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("queuelab {}", command.get_name());
        page.extend(format!(".SH {}\n", name.to_uppercase()).bytes());
        let command = clap_mangen::Man::new(command.clone().bin_name(&name).display_name(&name));
        command.render_synopsis_section(page)?;
        command.render_description_section(page)?;
        command.render_options_section(page)?;
        command.render_extra_section(page)?;
    }
    Ok(())
}
