//! The gallery: every picture on it is made by the one script from a shipped scenario, and looks as the program draws it today.
//!
//! Compared is the structure, not the pixels: the elements in their order, and the words, with digits left aside.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A picture that the script makes: the folder of its files, the chart, and the arguments of the command.
struct Picture {
    name: String,
    chart: String,
    arguments: Vec<String>,
}

impl Picture {
    fn file(&self) -> String {
        format!("{}-{}.svg", self.name, self.chart)
    }
}

/// The lines of one of the script's lists.
fn list(mark: &str) -> Vec<Vec<String>> {
    let script = fs::read_to_string(root().join("docs/gallery.sh")).unwrap();
    let list = script.split(&format!("<<{mark}\n")).nth(1).and_then(|rest| rest.split(&format!("{mark}\n")).next()).unwrap();
    list.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

fn pictures() -> Vec<Picture> {
    let run = |mut words: Vec<String>| {
        let arguments = vec!["run".to_owned(), format!("scenarios/{}.toml", words[0])];
        Picture { chart: words.remove(1), name: words.remove(0), arguments }
    };
    let other = |mut words: Vec<String>| Picture { arguments: words.split_off(2), chart: words.remove(1), name: words.remove(0) };
    list("PICTURES").into_iter().map(run).chain(list("COMMANDS").into_iter().map(other)).collect()
}

/// The elements of an SVG and their words; neither places nor numbers.
fn structure(svg: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in svg.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let name: String = tag.chars().take_while(|sign| sign.is_ascii_alphabetic() || *sign == '/').collect();
        let mut words: String =
            text.chars().filter(|sign| !sign.is_ascii_digit() && !sign.is_whitespace() && *sign != '.').collect();
        // A tick more or less is no change of structure.
        if words.chars().all(|sign| !sign.is_alphabetic()) {
            words.clear();
        }
        if found.last() != Some(&format!("{name} {words}")) {
            found.push(format!("{name} {words}"));
        }
    }
    found
}

#[test]
fn pictures_are_as_the_program_draws_them() {
    let mut commands: BTreeMap<String, Vec<Picture>> = BTreeMap::new();
    for picture in pictures() {
        commands.entry(picture.name.clone()).or_default().push(picture);
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, pictures) in commands {
        let out = folder.path().join(&name);
        let mut program = Command::new(env!("CARGO_BIN_EXE_queuelab"));
        program.current_dir(root()).args(&pictures[0].arguments).args(["--format", "quiet", "--out"]).arg(&out);
        assert!(program.status().unwrap().success(), "{name}");
        for picture in pictures {
            let shown = root().join("docs/images").join(picture.file());
            let [shown, drawn] = [shown, out.join(format!("{}.svg", picture.chart))]
                .map(|path| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
            assert!(structure(&shown) == structure(&drawn), "{} is out of date: run docs/gallery.sh", picture.file());
        }
    }
}

#[test]
fn every_picture_is_shown_and_made() {
    let made: Vec<String> = pictures().iter().map(Picture::file).collect();
    let gallery = fs::read_to_string(root().join("docs/gallery.md")).unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for (page, text, folder) in [("docs/gallery.md", &gallery, "images/"), ("README.md", &readme, "docs/images/")] {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if let Some(name) = link.strip_prefix(folder) {
                assert!(made.iter().any(|other| other == name) || name == "outbox-report.png", "{page}: nothing makes {name}");
                assert!(root().join("docs/images").join(name).exists(), "{page}: there is no {name}");
            }
        }
    }
    for name in &made {
        assert!(gallery.contains(&format!("](images/{name})")), "docs/gallery.md does not show {name}");
    }
    let guide = fs::read_to_string(root().join("docs/guide.md")).unwrap();
    let kept: Vec<PathBuf> = fs::read_dir(root().join("docs/images")).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in kept {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // Those of the guide are made by its commands.
        let of_guide = guide.contains(&format!("](images/{name})"));
        assert!(made.contains(&name) || of_guide || name == "outbox-report.png", "nothing makes docs/images/{name}");
    }
}
