//! The rows of `tests/data/reference/values.csv`, grouped by the scenario that they belong to.

use std::fs;
use std::path::{Path, PathBuf};

/// A scenario and the exact values of some of its metrics.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The stem of its file.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The family of models that it belongs to, from the first line of its file.
    pub family: String,
    /// Whether it belongs to the quick suite.
    pub quick: bool,
    /// Its values.
    pub rows: Vec<Row>,
}

/// An exact value.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub id: String,
    /// The dotted name of our metric.
    pub metric: String,
    /// The exact value in SI units.
    pub value: f64,
    /// How it is compared.
    pub kind: Kind,
    /// Offered load of a worker.
    pub load: f64,
}

/// How an estimate is compared with the exact value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Random: the interval should cover the value at its confidence.
    Interval,
    /// Deterministic: equal but for the last digits of floating point.
    Exact,
    /// Deterministic, within the resolution of a histogram.
    Histogram,
}

/// All instances, in the order of the file.
pub fn instances() -> Vec<Instance> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reference");
    let mut table = csv::Reader::from_path(folder.join("values.csv")).expect("values.csv is there");
    let mut instances: Vec<Instance> = Vec::new();
    for record in table.records() {
        let record = record.expect("values.csv is a table");
        let [id, scenario, metric, transform, value, kind, suite, load] = std::array::from_fn(|at| &record[at]);
        assert_eq!(transform, "none", "{id}");
        if instances.last().is_none_or(|last| !last.path.ends_with(scenario)) {
            let path = folder.join(scenario);
            let name = scenario.trim_end_matches(".toml").to_owned();
            instances.push(Instance { family: family(&path), name, path, quick: suite == "quick", rows: Vec::new() });
        }
        let kind = match kind {
            "interval" => Kind::Interval,
            "exact" => Kind::Exact,
            "histogram" => Kind::Histogram,
            other => panic!("{id} is of an unknown kind: {other}"),
        };
        let (value, load) = (value.parse().expect(id), load.parse().expect(id));
        let rows = &mut instances.last_mut().expect("one was just added").rows;
        rows.push(Row { id: id.to_owned(), metric: metric.to_owned(), value, kind, load });
    }
    instances
}

/// The family that the first line of a scenario names: `# FAMILY, instance NAME: ...`.
fn family(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let first = text.lines().next().unwrap_or_default().trim_start_matches("# ");
    let (family, _) = first.split_once(", instance ").unwrap_or_else(|| panic!("{} does not name its family", path.display()));
    family.to_owned()
}
