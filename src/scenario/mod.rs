//! The document: what a user writes, and everything that can be wrong with it.
//!
//! ```text
//! path --read--> Document --(tree, overrides, decode)--> Scenario --resolve--> Model and notes, or Problems
//! ```
//! A problem says where it stands, what is wrong and what to write instead, and one problem hides no other.

mod alert;
mod arrivals;
mod arrivals_form;
mod broker_form;
mod brokers;
mod costs;
mod counts;
mod decode;
mod diagnostic;
mod distribution;
mod distribution_form;
mod document;
mod faults;
mod flow;
mod goal;
mod headed;
mod json;
mod layers;
mod lookup;
mod names;
mod overrides;
mod pools;
mod presets;
mod quantity;
mod read;
mod resolve;
mod run;
mod schema;
mod service_form;
mod services;
mod sessions;
mod solved;
mod step_form;
mod steps;
mod templates;
mod trace;
mod tree;
mod usage;
mod variants;
mod vary;
mod weights;

pub use diagnostic::{Problem, Problems, Severity};
pub use goal::metric_advice;
pub use names::suggestion;
pub use overrides::Override;
pub use presets::preset_advice;
pub use read::{Document, ReadError, read};
pub use resolve::{Resolved, resolve, resolve_changed};
pub use schema::schema;
pub use templates::{Template, templates};
pub use variants::Variant;
pub use vary::{Axis, RANGE, VARY};
