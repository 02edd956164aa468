//! The queuelab program. How data flows (see `cli/run.rs`, where each arrow is one line):
//!
//! ```text
//! text --read--> Document --resolve--> Model --compile--> World --run(observer)--> Recorder --summarise--> RunResult --render--> people
//! ```

use clap::Parser;
use queuelab::cli::{self, Arguments, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    report_bugs();
    let done = match &arguments.command {
        Command::Run(arguments) => cli::run(arguments),
        Command::Check(arguments) => cli::check(arguments),
        Command::Compare(arguments) => cli::compare(arguments),
        Command::Sweep(arguments) => cli::sweep(arguments),
        Command::Size(arguments) => cli::size(arguments),
        Command::Merge(arguments) => cli::merge(arguments),
        Command::New(arguments) => cli::new(arguments),
        Command::Presets(arguments) => cli::presets(arguments),
        Command::Schema { .. } => cli::schema(),
        Command::Completions { shell, format } => cli::completions(*shell, *format),
        Command::Man { format } => cli::man(*format),
    };
    match done {
        Ok(status) => status.into(),
        Err(failure) => {
            cli::complain(&format!("{failure}\n"));
            failure.status().into()
        }
    }
}

/// A panic is a bug of ours: it says so, says what to report, and ends the process with 101.
fn report_bugs() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        default(info);
        let command: Vec<String> = std::env::args().collect();
        cli::complain(&format!(
            "\nThis is a bug in queuelab {}. Please report it with the lines above,\nthe scenario file, and the command: {}\n",
            env!("CARGO_PKG_VERSION"),
            command.join(" ")
        ));
    }));
}
