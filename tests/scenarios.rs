//! Every shipped scenario says what to expect, in its goals, and a run of it meets them all; so does each of its variants.

use queuelab::experiment;
use queuelab::report::{self, Verdict};
use queuelab::scenario;
use std::fs;
use std::path::{Path, PathBuf};

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    found.sort();
    found
}

#[test]
fn shipped_scenarios_meet_their_goals() {
    let all = scenarios();
    assert!(all.len() >= 27, "{}", all.len());
    let mut wrong = Vec::new();
    for path in all {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let document = scenario::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let resolved = scenario::resolve(&document, &[]).unwrap_or_else(|problems| panic!("{name}: {}", problems.render(false)));
        // The replay stands beside measured numbers, in docs/validation.md.
        assert!(name == "replay" || !resolved.model.goals.is_empty(), "{name} says nothing of what to expect");
        let mut models = vec![(name.clone(), resolved.model)];
        for variant in resolved.variants {
            let own = scenario::resolve(&document, &variant.changes).unwrap_or_else(|problems| panic!("{name}: {problems}"));
            models.push((format!("{name}, {}", variant.name), own.model));
        }
        for (name, model) in models {
            let study = experiment::run(&model, &|_, _| true).unwrap_or_else(|stopped| panic!("{name}: {stopped}"));
            for goal in report::judge(&model.goals, &study.summary.metrics) {
                if goal.verdict != Verdict::Met {
                    let value = &study.summary.metrics[&goal.metric].value;
                    wrong.push(format!("{name}: {} is {:?}: {value:?}", goal.expression, goal.verdict));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
