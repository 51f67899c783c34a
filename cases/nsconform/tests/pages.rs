//! Pages and pictures: that of the recorded kernels is small, whole, and asks for nothing; the textbook
//! has every case; each approved trace can be drawn. A browser opens the page in `.ci/page`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The largest page of eleven kernels as two users, in bytes.
const LARGEST: usize = 4_000_000;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsconform"));
    command.args(arguments).stdin(Stdio::null()).env("LC_ALL", "C.UTF-8").output().unwrap()
}

fn shown(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn recorded() -> String {
    shown(&["report", &fixtures().join("runs").display().to_string(), "--format", "html"])
}

/// The ids of all cases.
fn ids() -> Vec<String> {
    let lines = shown(&["list", "--format", "json"]);
    let id = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_string()
    };
    lines.lines().map(id).collect()
}

/// The parts of a page that it unpacks when they are asked for, by the names of their packs.
fn packs(page: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    page.split("<script id=\"pack-")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\" type=\"text/plain\">").unwrap();
            let (text, _) = rest.split_once("</script>").unwrap();
            let packed = data_encoding::BASE64.decode(text.as_bytes()).unwrap();
            let mut json = String::new();
            flate2::read::ZlibDecoder::new(&packed[..]).read_to_string(&mut json).unwrap();
            (name.to_string(), serde_json::from_str(&json).unwrap())
        })
        .collect()
}

/// Whatever in a page would make a browser ask for something, or that is no plain link.
fn requests(markup: &str) -> Vec<String> {
    let around = |at: usize| {
        let bytes = &markup.as_bytes()[at.saturating_sub(40)..(at + 40).min(markup.len())];
        String::from_utf8_lossy(bytes).into_owned()
    };
    let mut found = Vec::new();
    for word in [
        "<img", "<link", "<iframe", "<object", "<embed", "@import", "url(", " src=", " srcset=", "<base",
        "fetch(",
    ] {
        found.extend(markup.match_indices(word).map(|(at, _)| around(at)));
    }
    for (at, _) in markup.match_indices("http") {
        let is_address = markup[at..].starts_with("http://") || markup[at..].starts_with("https://");
        if is_address && !markup[..at].ends_with("<a href=\"") {
            found.push(around(at));
        }
    }
    found
}

#[test]
fn the_page_of_the_recorded_kernels_is_small_whole_and_asks_for_nothing() {
    let page = recorded();
    assert!(page.len() < LARGEST, "{} bytes", page.len());
    let packs = packs(&page);
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
    let data: serde_json::Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    assert_eq!(data["kernels"].as_array().unwrap().len(), 11);
    assert_eq!(data["privileges"], serde_json::json!(["root", "uid 65534"]));
    let rows: BTreeMap<&str, &serde_json::Value> = data["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["sections"].as_array().unwrap())
        .flat_map(|section| section["rows"].as_array().unwrap())
        .map(|row| (row[0].as_str().unwrap(), row))
        .collect();
    for id in ids() {
        let article = &packs[id.split('.').next().unwrap()][&id];
        for part in [id.as_str(), "<svg", "Verdicts", "data-runs="] {
            assert!(article.contains(part), "{id} has no {part}");
        }
        assert_eq!(rows[id.as_str()][2][1].as_str().map(str::len), Some(11), "{id}");
    }
    for markup in packs.values().flat_map(BTreeMap::values).chain([&page]) {
        assert_eq!(requests(markup), Vec::<String>::new());
    }
    let unbindable = &packs["mnt"]["mnt.unbindable-copied-into-new-ns"];
    assert!(unbindable.contains("pass 5.10–6.16, expected failure 6.17–7.1, pass 7.2–7.3"), "{unbindable}");
    assert!(unbindable.contains("the first difference"), "{unbindable}");
}

#[test]
fn the_textbook_has_every_case_and_every_hole() {
    let page = shown(&["explain", "--all", "--format", "html"]);
    assert!(page.len() < LARGEST, "{} bytes", page.len());
    let packs = packs(&page);
    for id in ids() {
        let article = &packs[id.split('.').next().unwrap()][&id];
        assert!(article.contains("<svg") && !article.contains("Verdicts"), "{id}");
    }
    let coverage = &packs["views"]["coverage"];
    for list in ["--missing", "--untested"] {
        for line in shown(&["list", list, "--format", "json"]).lines() {
            let rule: serde_json::Value = serde_json::from_str(line).unwrap();
            let id = rule["id"].as_str().unwrap();
            assert!(coverage.contains(&format!("<code>{id}</code>")), "{id}");
        }
    }
}

#[test]
fn one_case_is_a_page_and_a_picture() {
    let case = "uts.copied-at-creation";
    let page = shown(&["explain", case, "--format", "html"]);
    assert!(
        page.contains("<svg") && page.contains("script-src 'none'") && !page.contains("<script"),
        "{page}"
    );
    assert_eq!(requests(&page), Vec::<String>::new());
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("picture.svg").display().to_string();
    assert_eq!(shown(&["explain", case, "--format", "svg", "--output", &path]), "");
    let picture = std::fs::read_to_string(&path).unwrap();
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"), "{picture}");
    assert!(picture.contains("CLONE_NEWUTS"), "{picture}");
}

#[test]
fn a_textbook_is_a_page_only() {
    for arguments in [vec!["explain", "--all"], vec!["explain", "--all", "--format", "svg"]] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("add --format html"));
    }
}

#[test]
fn an_untested_rule_has_no_picture() {
    let list = shown(&["list", "--untested", "--format", "json"]);
    let rule: serde_json::Value = serde_json::from_str(list.lines().next().unwrap()).unwrap();
    let output = run(&["explain", rule["id"].as_str().unwrap(), "--format", "svg"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is nothing to draw"));
}
