//! `queuelab presets`: brokers with known parameters, and where these come from.

use super::args::{CheckFormat, Presets};
use super::run::style;
use super::{Failure, Status, print};
use crate::model::Preset;
use crate::{report, scenario};

/// Prints all presets, or one with its sources.
///
/// # Errors
/// An unknown name, or a standard output that cannot be written.
pub fn presets(arguments: &Presets) -> Result<Status, Failure> {
    let one = match &arguments.name {
        None => None,
        Some(name) => {
            let unknown = || Failure::Usage(format!("there is no preset `{name}`: {}", scenario::preset_advice(name)));
            Some(Preset::named(name).ok_or_else(unknown)?)
        }
    };
    match (arguments.format, one) {
        (CheckFormat::Json, one) => print(&report::presets_json(one)),
        (CheckFormat::Text, Some(one)) => print(&report::preset(one, style())),
        (CheckFormat::Text, None) => print(&report::presets(style())),
    }
}
