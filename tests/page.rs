//! The page that a run writes: well formed, with nothing from elsewhere, and with every name in its place, whoever chose it.
//!
//! What a reader does with it in a browser is checked where Chromium and Node are installed.

#[path = "report/fixture.rs"]
#[allow(dead_code, reason = "what the tests of reports need")]
mod fixture;
#[path = "report/large.rs"]
mod large;

use queuelab::report::{self, RunResult, chart};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// 50 queues and 100 pools of consumers: what it costs in time is shown by `cargo bench --bench report`.
#[test]
fn a_large_system_has_a_small_page() {
    let folder = pages().join("large");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("large.toml");
    fs::write(&file, large::scenario(60)).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_queuelab"))
        .args(["run", "--format", "quiet", "--out"])
        .args([&folder, &file])
        .status()
        .unwrap();
    assert!(run.success());
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.len() < 5 << 20, "{} bytes", page.len());
    hold("large", &page);
    let rows = page.matches("<th scope=\"row\">").count();
    assert!(rows >= 10 + 50 + 100, "{rows} rows");
    for shop in 0..10 {
        for name in ["orders", "mail", "orders-old", "mail-new"].map(|part| format!("shop-{shop}-{part}")) {
            assert!(page.contains(&format!("<th scope=\"row\">{name}</th>")), "{name}");
            // The drawing of the system has every name in full.
            assert!(page.contains(&format!(">{name}</text>")), "{name}");
        }
    }
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

/// Where pages are left, to be looked at.
fn pages() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages")
}

/// A scenario that says hostile things wherever it may: the language allows no such name of a queue.
const SOME: &str = "# </pre><script>alert(1)</script>\n\
    title = \"<script>alert(1)</script>\\\"'& </title>\"\n[run]\nduration = \"20s\"\nreplications = 3\n\
    [producers.a]\narrivals = { poisson = \"9/s\" }\npublish = \"q\"\n[queues.q]\n\
    [consumers.c]\nqueue = \"q\"\ncount = 2\nservice = { exponential = \"100ms\" }\n\
    [goals]\nfast = \"consumers.c.wait.mean < 1s\"\n[variants.more]\nset = { \"consumers.c.count\" = 3 }\n";
/// What a file may be called.
const FILE: &str = "<img src=x onerror=alert(1)>\"'&";

/// Runs the program in a folder; the file is the first of the arguments behind the command.
fn command(folder: &Path, arguments: &[&str]) {
    let run = Command::new(env!("CARGO_BIN_EXE_queuelab")).args(arguments).current_dir(folder).output().unwrap();
    // A missed goal is a finding.
    assert!(matches!(run.status.code(), Some(0 | 1)), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
}

/// What stands in a folder besides the page: every picture is well formed, every table of the width of its head.
fn hold_files(name: &str, folder: &Path) {
    let mut pictures = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_owned();
        if kind == "svg" {
            let svg = fs::read_to_string(&path).unwrap();
            pictures += 1;
            let open = tags(&svg).iter().map(|tag| if tag.closes { -1 } else { 1 }).sum::<i32>();
            assert!(open == 0 && !svg.contains("<script") && !svg.contains("<img"), "{name}: {}", path.display());
        }
        if kind == "csv" {
            let text = fs::read_to_string(&path).unwrap();
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let columns = reader.headers().unwrap().len();
            assert!(reader.records().all(|row| row.unwrap().len() == columns), "{name}: {text}");
        }
    }
    assert!(pictures > 0, "{name}: no picture");
}

/// The pages of other commands, of a scenario with a hostile title in a file with a hostile name.
fn of_other_commands(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let file = format!("{FILE}.toml");
    fs::write(folder.join(&file), SOME).unwrap();
    let grid = ["--vary", "producers.a.arrivals.poisson=5/s,9/s", "--vary", "consumers.c.count=2..3"];
    let commands: [(&str, &[&str]); 3] =
        [("compare", &[]), ("sweep", &grid), ("size", &["consumers.c.count", "--range", "1..4"])];
    let written = commands.map(|(name, options)| {
        let out = folder.join(name);
        let mut arguments = vec![name, &file, "--out", out.to_str().unwrap(), "--format", "quiet"];
        arguments.extend(options);
        command(folder, &arguments);
        (name, out)
    });
    written.to_vec()
}

/// What other commands write is held to the same.
#[test]
fn pages_of_other_commands_are_well_formed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, out) in of_other_commands(folder.path()) {
        let page = fs::read_to_string(out.join("report.html")).unwrap();
        hold(name, &page);
        hold_files(name, &out);
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{name}");
        for part in ["Verdict", "<figure id=\"chart-", "Where this comes from", &format!("queuelab {name} "), "Raw numbers"] {
            assert!(page.contains(part), "{name}: no {part}");
        }
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "{name}: the file is not named");
    }
}

/// Results that somebody wrote, with names that no scenario may have, in folders with such names.
#[test]
fn hostile_results_are_compared_in_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let metrics = [
        ("jobs", format!("queues.{HOSTILE}.wait.mean")),
        ("workers", format!("consumers.{HOSTILE}.wait.mean")),
        ("web", "consumers.workers.wait.mean".to_owned()),
    ];
    for (entity, metric) in &metrics {
        let mut designs = vec!["compare".to_owned()];
        for at in 0..2 {
            let mut result = renamed(&fixture::result(), entity, HOSTILE);
            result.name = format!("{HOSTILE}{at}");
            result.title = Some(HOSTILE.to_owned());
            result.provenance.scenario = format!("</pre>{HOSTILE}");
            let design = format!("{FILE}{entity}{at}");
            fs::create_dir(folder.path().join(&design)).unwrap();
            fs::write(folder.path().join(&design).join("result.json"), report::json(&result)).unwrap();
            designs.push(design);
        }
        let out = folder.path().join("out");
        let mut arguments: Vec<&str> = designs.iter().map(String::as_str).collect();
        arguments.extend(["--metric", metric, "--out", out.to_str().unwrap(), "--format", "quiet"]);
        command(folder.path(), &arguments);
        let page = fs::read_to_string(out.join("report.html")).unwrap();
        hold(entity, &page);
        hold_files(entity, &out);
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{entity}");
    }
}

/// A program of this name that can be started.
fn installed(names: &[&str]) -> Option<String> {
    let starts = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    names.iter().find(starts).map(|name| (*name).to_owned())
}

/// `QUEUELAB_BROWSER=required` makes it fail where it cannot be done.
#[test]
fn a_reader_can_use_it() {
    let Some((chromium, node)) = installed(&["chromium", "chromium-browser", "google-chrome"]).zip(installed(&["node"])) else {
        let wanted = std::env::var("QUEUELAB_BROWSER").is_ok_and(|value| value == "required");
        assert!(!wanted, "there is no Chromium, or no Node: tests/browser/install.sh installs them on Debian");
        println!("not checked in a browser: there is no Chromium, or no Node");
        return;
    };
    let folder = pages();
    let made = [
        ("typical", fixture::result()),
        ("hostile", renamed(&fixture::unstable(), "jobs", HOSTILE)),
        ("pipeline", fixture::pipeline(4, |stage| format!("a-stage-with-quite-a-long-name-{stage}"))),
        ("crowded", fixture::pipeline(50, |stage| format!("stage-{stage}"))),
    ];
    let mut written: Vec<PathBuf> = made
        .into_iter()
        .map(|(name, result)| {
            let path = folder.join(name).join("report.html");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, report::page(&result)).unwrap();
            path
        })
        .collect();
    let others = folder.join("commands");
    fs::create_dir_all(&others).unwrap();
    written.extend(of_other_commands(&others).into_iter().map(|(_, out)| out.join("report.html")));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/check.mjs");
    let checked = Command::new(node).arg(script).arg(chromium).args(written).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
}
