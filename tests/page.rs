//! The page that a run writes: well formed, with nothing from elsewhere, and with every name in its place, whoever chose it.
//!
//! What a reader does with it in a browser is checked where Chromium and Node are installed.

#[path = "report/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use queuelab::report::{self, RunResult, chart};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A name that wants out of whatever it is written into.
const HOSTILE: &str = "<script>alert(1)</script>\"'& --></title></svg>\u{202e}{{7*7}}`${x}`";

/// The tags of a page as they open and close, each with its attributes; texts of scripts and styles are passed over.
struct Tag {
    name: String,
    closes: bool,
    attributes: Vec<(String, String)>,
}

/// Every tag of a page, by the rules of HTML that a well-formed page keeps: quoted attributes, no stray `<`.
fn tags(page: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with('!') {
            rest = &rest[rest.find('>').expect("a declaration ends") + 1..];
            continue;
        }
        let closes = rest.starts_with('/');
        rest = rest.strip_prefix('/').unwrap_or(rest);
        let end = rest.find(|sign: char| !(sign.is_ascii_alphanumeric())).expect("a tag ends");
        let name = rest[..end].to_owned();
        assert!(!name.is_empty(), "a stray < before {:?}", &rest[..rest.len().min(40)]);
        rest = &rest[end..];
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            if let Some(behind) = rest.strip_prefix("/>") {
                rest = behind;
                found.push(Tag { name: name.clone(), closes, attributes });
                found.push(Tag { name, closes: true, attributes: Vec::new() });
                break;
            }
            if let Some(behind) = rest.strip_prefix('>') {
                rest = behind;
                found.push(Tag { name: name.clone(), closes, attributes });
                if !closes && matches!(name.as_str(), "script" | "style") {
                    rest = &rest[rest.find(&format!("</{name}>")).expect("it is closed")..];
                }
                break;
            }
            let end = rest.find(['=', ' ', '>']).expect("an attribute ends");
            let key = rest[..end].to_owned();
            assert!(key.chars().all(|sign| sign.is_ascii_alphabetic() || "-:".contains(sign)), "an attribute {key:?}");
            rest = &rest[end..];
            let mut value = String::new();
            if let Some(behind) = rest.strip_prefix("=\"") {
                let end = behind.find('"').expect("a value ends");
                value = behind[..end].to_owned();
                assert!(!value.contains('<'), "{value}");
                rest = &behind[end + 1..];
            } else {
                assert!(!rest.starts_with('='), "the value of {key} has no quotes");
            }
            attributes.push((key, value));
        }
    }
    found
}

/// Holds a page to what is true of every page.
fn hold(name: &str, page: &str) {
    const VOID: [&str; 4] = ["meta", "link", "br", "hr"];
    let tags = tags(page);
    let mut open: Vec<&str> = Vec::new();
    let mut identifiers = BTreeSet::new();
    for tag in &tags {
        if tag.closes {
            assert_eq!(open.pop(), Some(tag.name.as_str()), "{name}: closed out of order");
        } else if !VOID.contains(&tag.name.as_str()) {
            open.push(&tag.name);
        }
        for (key, value) in &tag.attributes {
            // Nothing is loaded: what a link names stands in the page.
            if matches!(key.as_str(), "src" | "href" | "xlink:href" | "srcset" | "data" | "action" | "poster") {
                assert!(value.starts_with('#') || value.starts_with("data:"), "{name}: {key}=\"{value}\"");
            }
            assert!(!key.starts_with("on"), "{name}: a script in {key}");
            if key == "id" {
                assert!(identifiers.insert(value.clone()), "{name}: the identifier {value} twice");
            }
        }
    }
    assert!(open.is_empty(), "{name}: {open:?} are not closed");
    for tag in &tags {
        for (key, value) in &tag.attributes {
            let named = match key.as_str() {
                "href" => value.strip_prefix('#'),
                "clip-path" => value.strip_prefix("url(#").and_then(|rest| rest.strip_suffix(')')),
                "aria-labelledby" => Some(value.as_str()),
                _ => None,
            };
            assert!(named.is_none_or(|named| identifiers.contains(named)), "{name}: {key}=\"{value}\" names nothing");
        }
    }
    for word in ["@import", "url(http", "fetch(", "XMLHttpRequest", "NaN", "undefined,"] {
        assert!(!page.contains(word), "{name}: {word}");
    }
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{name}");
    assert!(page.contains("default-src 'none'") && page.contains("script-src 'sha256-"), "{name}");
}

/// Another name for one of its entities, wherever a result has it.
fn renamed(result: &RunResult, from: &str, to: &str) -> RunResult {
    let text = report::json(result);
    let quoted = serde_json::to_string(to).unwrap();
    serde_json::from_str(&text.replace(from, &quoted[1..quoted.len() - 1])).unwrap()
}

#[test]
fn pages_of_every_shape_are_well_formed() {
    let mut bare = fixture::empty();
    bare.summary.metrics.clear();
    bare.system = report::System::default();
    for (name, result) in [
        ("typical", fixture::result()),
        ("pipeline", fixture::pipeline(3, |stage| ["resize", "watermark", "mail"][stage].to_owned())),
        ("parts", fixture::parts()),
        ("unstable", fixture::unstable()),
        ("empty", fixture::empty()),
        ("bare", bare),
        ("constant", fixture::constant()),
        ("fast", fixture::scaled(1e-6)),
    ] {
        let page = report::page(&result);
        hold(name, &page);
        assert_eq!(page, report::page(&result), "the same result gives the same page");
        for part in ["Verdict", "Where this comes from", "queuelab run orders.toml --seed 1 --replications"] {
            assert!(page.contains(part), "{name}: no {part}");
        }
    }
}

/// Both names that a scenario may have and what only a result that somebody wrote may have.
#[test]
fn names_stay_in_their_places() {
    for entity in ["jobs", "workers", "web", "latency"] {
        let mut result = renamed(&fixture::unstable(), entity, HOSTILE);
        result.title = Some(format!("title {HOSTILE}"));
        result.provenance.scenario = format!("</pre>{HOSTILE}");
        result.provenance.overrides = vec![format!("a={HOSTILE}")];
        result.warnings[0].message = format!("`{HOSTILE}` is odd");
        result.faults[0].name = HOSTILE.to_owned();
        let page = report::page(&result);
        hold(entity, &page);
        assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{entity}");
        let scripts = page.matches("<script").count();
        assert_eq!(scripts, report::page(&fixture::unstable()).matches("<script").count(), "{entity}: a script more");
        for chart in chart::CHARTS {
            let svg = (chart.draw)(&result, chart::Canvas::FILE).svg();
            tags(&svg);
            assert!(!svg.contains("<script") && !svg.contains("--></title"), "{entity} {}", chart.name);
        }
        for csv in [report::csv(&result), report::series_csv(&result), report::percentiles_csv(&result)] {
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let columns = reader.headers().unwrap().len();
            assert!(reader.records().all(|row| row.unwrap().len() == columns), "{entity}: {csv}");
        }
    }
}

/// Cells of a spreadsheet begin with the kind of an entity, which is no formula, whatever its name is.
#[test]
fn no_cell_is_a_formula() {
    let result = renamed(&fixture::result(), "workers", "=HYPERLINK(1)");
    for csv in [report::csv(&result), report::series_csv(&result), report::percentiles_csv(&result)] {
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        for row in reader.records() {
            for cell in row.unwrap().iter() {
                let number = cell.parse::<f64>().is_ok();
                assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
            }
        }
    }
}

/// 50 queues with two pools each.
fn large() -> RunResult {
    let mut result = fixture::pipeline(50, |stage| format!("stage-{stage}"));
    let twins: Vec<_> = result
        .system
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.workers.is_some())
        .map(|(at, node)| (at - 1, report::Node { name: format!("{}-twin", node.name), ..node.clone() }))
        .collect();
    for (queue, twin) in twins {
        let (own, name) = (twin.name.trim_end_matches("-twin").to_owned(), twin.name.clone());
        let edge = report::Edge { from: queue, to: result.system.nodes.len(), call: false, planned: Some(9.0), metric: None };
        result.system.edges.push(edge);
        result.system.nodes.push(twin);
        let summary = &mut result.summary;
        let named = |full: &str| full.replacen(&format!("consumers.{own}."), &format!("consumers.{name}."), 1);
        let of = |full: &&String| full.starts_with(&format!("consumers.{own}."));
        for full in summary.metrics.keys().filter(of).cloned().collect::<Vec<_>>() {
            let value = summary.metrics[&full].clone();
            summary.metrics.insert(named(&full), value);
        }
        for full in summary.series.columns.keys().filter(of).cloned().collect::<Vec<_>>() {
            let value = summary.series.columns[&full].clone();
            summary.series.columns.insert(named(&full), value);
        }
    }
    result
}

#[test]
fn a_large_system_has_a_small_page() {
    let result = large();
    let started = Instant::now();
    let page = report::page(&result);
    // Ten times what it takes on an idle machine without optimization.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(page.len() < 5 << 20, "{} bytes", page.len());
    hold("large", &page);
    for name in ["stage-0", "stage-49", "stage-49-twin"] {
        assert!(page.contains(&format!("<th scope=\"row\">{name}</th>")), "{name}");
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages/large");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("report.html"), page).unwrap();
}

/// A picture of a long run has no more points than one of a short run.
#[test]
fn charts_do_not_grow_with_the_run() {
    let short = fixture::result();
    let mut long = short.clone();
    long.summary.series.columns.values_mut().for_each(|column| {
        for values in [&mut column.mean, &mut column.min, &mut column.max] {
            *values = values.iter().cycle().take(values.len() * 500).copied().collect();
        }
        for ends in [&mut column.low, &mut column.high] {
            *ends = ends.iter().cycle().take(ends.len() * 500).copied().collect();
        }
    });
    let size = |result: &RunResult| report::page(result).len() as f64;
    assert!(size(&long) < 1.3 * size(&short), "{} and {}", size(&long), size(&short));
}

/// A file that is called like the folder above is no way out of the folder of results.
#[test]
fn results_stay_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).unwrap();
    let scenario = "[run]\nduration = \"1s\"\nreplications = 1\n[producers.a]\narrivals = { poisson = \"9/s\" }\npublish = \"q\"\n\
                    [queues.q]\n[consumers.c]\nqueue = \"q\"\nservice = \"1ms\"\n";
    for name in ["...toml", "....toml"] {
        fs::write(inside.join(name), scenario).unwrap();
        let run =
            Command::new(env!("CARGO_BIN_EXE_queuelab")).args(["run", "--format", "quiet", name]).current_dir(&inside).status();
        assert!(run.unwrap().success());
        assert!(inside.join("output/scenario/report.html").exists(), "{name}");
        assert!(!inside.join("report.html").exists() && !folder.path().join("report.html").exists(), "{name}");
    }
}

/// What other commands write is held to the same.
#[test]
fn pages_of_other_commands_are_well_formed() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "title = \"<script>alert(1)</script>\\\"'& </title>\"\n[run]\nduration = \"20s\"\nreplications = 3\n\
                    [producers.a]\narrivals = { poisson = \"9/s\" }\npublish = \"q\"\n[queues.q]\n\
                    [consumers.c]\nqueue = \"q\"\ncount = 2\nservice = { exponential = \"100ms\" }\n\
                    [goals]\nfast = \"consumers.c.wait.mean < 1s\"\n[variants.more]\nset = { \"consumers.c.count\" = 3 }\n";
    fs::write(folder.path().join("some.toml"), scenario).unwrap();
    for arguments in [
        "compare some.toml",
        "sweep some.toml --vary producers.a.arrivals.poisson=5/s,9/s --vary consumers.c.count=2..3",
        "size some.toml consumers.c.count --range 1..4",
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_queuelab")).args(arguments.split(' ')).current_dir(folder.path()).output();
        let run = run.unwrap();
        assert!(run.status.success(), "{arguments}: {}", String::from_utf8_lossy(&run.stderr));
        let command = arguments.split(' ').next().unwrap();
        let page = fs::read_to_string(folder.path().join("output/some").join(command).join("report.html")).unwrap();
        hold(command, &page);
        assert!(!page.contains("<script>alert"), "{command}");
        for part in
            ["Verdict", "<figure id=\"chart-", "Where this comes from", &format!("queuelab {command} some.toml"), "Raw numbers"]
        {
            assert!(page.contains(part), "{command}: no {part}");
        }
    }
}

/// A program of this name that can be started.
fn installed(names: &[&str]) -> Option<String> {
    let starts = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    names.iter().find(starts).map(|name| (*name).to_owned())
}

#[test]
fn a_reader_can_use_it() {
    let Some((chromium, node)) = installed(&["chromium", "chromium-browser", "google-chrome"]).zip(installed(&["node"])) else {
        println!("not checked in a browser: there is no Chromium, or no Node");
        return;
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let pages = [
        ("typical", fixture::result()),
        ("hostile", renamed(&fixture::unstable(), "jobs", HOSTILE)),
        ("pipeline", fixture::pipeline(4, |stage| format!("a-stage-with-quite-a-long-name-{stage}"))),
        ("crowded", large()),
    ];
    let written = pages.map(|(name, result)| {
        let path = folder.join(name).join("report.html");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, report::page(&result)).unwrap();
        path
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/check.mjs");
    let checked = Command::new(node).arg(script).arg(chromium).args(written).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
}
