//! Scenarios to start from: what `queuelab new` writes.

/// A commented scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// The document.
    pub text: &'static str,
    /// A file that the document names, and its contents.
    pub beside: Option<(&'static str, &'static str)>,
}

/// All templates; the first is the default.
pub fn templates() -> &'static [Template] {
    &[
        Template {
            name: "work-queue",
            about: "three workers on one queue, with a goal",
            text: include_str!("templates/work-queue.toml"),
            beside: None,
        },
        Template {
            name: "pipeline",
            about: "three stages, each with its own queue and workers",
            text: include_str!("templates/pipeline.toml"),
            beside: None,
        },
        Template {
            name: "priority",
            about: "urgent and ordinary messages on one priority queue",
            text: include_str!("templates/priority.toml"),
            beside: None,
        },
        Template {
            name: "bounded-queue",
            about: "a burst on a queue with a limit and a time to live",
            text: include_str!("templates/bounded-queue.toml"),
            beside: None,
        },
        Template {
            name: "calls",
            about: "a checkout that calls two services and leaves the mail to a queue",
            text: include_str!("templates/calls.toml"),
            beside: None,
        },
        Template {
            name: "replay",
            about: "recorded arrivals and service times from a CSV file",
            text: include_str!("templates/replay.toml"),
            beside: Some(("recorded.csv", include_str!("templates/recorded.csv"))),
        },
    ]
}
