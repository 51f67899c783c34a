//! One HTML file: the results of runs, or the textbook alone, as a page that opens from disk and asks
//! the network for nothing.
//!
//! | module | what lives there |
//! |---|---|
//! | `textbook` | the words of the catalogue that the page shows; the program fills them in |
//! | `grid` | cases × kernels × privileges, and the patterns in a row |
//! | `overview`, `matrix`, `article`, `coverage`, `editions` | a view each |
//! | `story`, `spaces` | the lines of a trace as processes that act, and the namespaces that they are in |
//! | `picture` | a story as SVG |
//! | `states` | the state pictures of a story: of `owners`, `propagation` and `id_maps` |
//! | `boxes`, `drawn` | trees of boxes, and what all drawings share |
//! | `pieces`, `links` | what several views share |
//!
//! Rust writes all markup, so that one place escapes every text. `page.js` chooses what is seen: it
//! draws the rows of the matrix from data, and unpacks the page of a case when it is asked for. Those
//! pages are many, and alike: they are kept compressed. A content security policy names the one script
//! and the one style sheet by their hashes; nothing else runs or loads, whatever a run file holds.

mod article;
mod boxes;
mod coverage;
mod drawn;
mod editions;
mod grid;
mod id_maps;
mod links;
mod matrix;
mod overview;
mod owners;
mod picture;
mod pieces;
mod propagation;
mod spaces;
mod states;
mod story;
mod textbook;

pub use textbook::{OpenRule, Textbook, TextbookCase, WithoutCase};

use crate::document::{RunReport, Runs};
use crate::style::count;
use crate::table::kernels;
use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use grid::{Grid, GridCase, grouped};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::thread::ScopedJoinHandle;
use story::Story;

const STYLE: &str = concat!(include_str!("page.css"), "\n", include_str!("picture.css"));
const SCRIPT: &str = include_str!("page.js");

/// A page about runs; the textbook is made only when the page is.
pub(crate) struct HtmlReport(pub(crate) fn() -> Textbook);

impl RunReport for HtmlReport {
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        let (textbook, by_kernel) = ((self.0)(), kernels(runs));
        let grid = Grid::new(&textbook, &by_kernel);
        let title = format!("{} on {}", count(grid.cases.len(), "rule"), count(grid.kernels.len(), "kernel"));
        write_page(&grid, &textbook, &title, overview::of_runs(&grid, runs), to)
    }
}

/// Writes the textbook: the page without results.
///
/// # Errors
/// Those of writing.
pub fn write_textbook(textbook: &Textbook, to: &mut dyn Write) -> io::Result<()> {
    let grid = Grid::new(textbook, &[]);
    write_page(&grid, textbook, &count(grid.cases.len(), "rule"), overview::of_rules(&grid), to)
}

/// Writes a page about one case.
///
/// # Errors
/// Those of writing.
pub fn write_case(case: &TextbookCase, to: &mut dyn Write) -> io::Result<()> {
    let textbook = Textbook { cases: vec![case.clone()], open: Vec::new() };
    let grid = Grid::new(&textbook, &[]);
    let body = html! {
        main { @for case in &grid.cases { (article::article(&grid, case)) } }
    };
    write_document(&case.id, body, false, to)
}

/// Writes the picture of one case: an SVG document for a slide or a handout.
///
/// # Errors
/// Those of writing.
pub fn write_picture(case: &TextbookCase, to: &mut dyn Write) -> io::Result<()> {
    let story = Story::read(&case.trace);
    let states = states::states(&story).into_iter().map(|state| (state.title, state.drawn)).collect();
    let drawn = picture::picture(&story).with_below(states);
    writeln!(to, "{}", drawn.alone(&case.id).into_string())
}

/// Writes a page with all its views.
fn write_page(
    grid: &Grid,
    textbook: &Textbook,
    title: &str,
    overview: Markup,
    to: &mut dyn Write,
) -> io::Result<()> {
    let matrix_name = if grid.has_runs() { "Matrix" } else { "Rules" };
    let body = html! {
        a.skip href="#main" { "Skip to the content" }
        header {
            h1 { "nsconform" span.quiet { " " (title) } }
            nav aria-label="Views" {
                a href="#overview" { "Overview" }
                a href="#matrix" { (matrix_name) }
                a href="#coverage" { "Coverage" }
                a href="#editions" { "Editions" }
            }
        }
        main #main tabindex="-1" {
            noscript { p.alarm { "The other views of this page need its script, which this browser does not run." } }
            // A section is not named as its address: the browser would scroll to it by itself.
            section #view-overview { (overview) }
            section #view-matrix hidden { (matrix::view(grid)) }
            section #view-coverage hidden {}
            section #view-editions hidden {}
            section #view-case hidden {}
        }
        (matrix::data(grid))
        @for pack in articles(grid) { (pack) }
        (packed("views", &BTreeMap::from([
            ("coverage", coverage::view(grid, textbook).into_string()),
            ("editions", editions::view(grid).into_string()),
        ])))
    };
    write_document(title, body, true, to)
}

/// The pages of all cases, packed by namespace. Each namespace has a thread, where threads can be had: this
/// is most of the work on a page.
fn articles(grid: &Grid) -> Vec<Markup> {
    let pack = |group: &str, cases: &[&GridCase]| {
        let articles: BTreeMap<&str, String> =
            cases.iter().map(|case| (case.id, article::article(grid, case).into_string())).collect();
        packed(group, &articles)
    };
    let (pack, groups) = (&pack, grouped(&grid.cases, |case| case.group()));
    std::thread::scope(|scope| {
        let begun: Vec<_> = groups
            .iter()
            .map(|(group, cases)| {
                let thread = std::thread::Builder::new().spawn_scoped(scope, move || pack(group, cases));
                thread.map_err(|_| pack(group, cases))
            })
            .collect();
        let end = |pack: Result<ScopedJoinHandle<Markup>, Markup>| match pack {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(packed) => packed,
        };
        begun.into_iter().map(end).collect()
    })
}

/// Writes a whole document. Its policy allows no request, no script and no style but its own.
fn write_document(title: &str, body: Markup, scripted: bool, to: &mut dyn Write) -> io::Result<()> {
    let script = if scripted { hash(SCRIPT) } else { "'none'".to_string() };
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE)
    );
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "nsconform: " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                @if scripted { script { (PreEscaped(SCRIPT)) } }
            }
        }
    };
    to.write_all(document.into_string().as_bytes())
}

/// The hash by which a content security policy names a script or a style sheet.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
}

/// A part of the page that is unpacked when it is asked for: JSON, compressed (zlib) and in Base64.
fn packed(name: &str, content: &impl Serialize) -> Markup {
    let pack = || -> io::Result<String> {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        // At once: a packer clears its buffer for each piece that it gets.
        packer.write_all(&serde_json::to_vec(content)?)?;
        Ok(BASE64.encode(&packer.finish()?))
    };
    // Nothing fails that writes to memory.
    let text = pack().unwrap_or_default();
    html! { script id={ "pack-" (name) } type="text/plain" { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ReportFormat;
    use crate::testing::{document, made_up};
    use rstest::rstest;
    use std::io::Read;

    /// The part of a page with this name, unpacked.
    fn unpacked(page: &str, name: &str) -> BTreeMap<String, String> {
        let begin = format!("<script id=\"pack-{name}\" type=\"text/plain\">");
        let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no pack {name}"));
        let (text, _) = rest.split_once("</script>").unwrap();
        let packed = BASE64.decode(text.as_bytes()).unwrap();
        let mut json = String::new();
        flate2::read::ZlibDecoder::new(&packed[..]).read_to_string(&mut json).unwrap();
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn each_case_has_its_article_and_its_row() {
        let run = made_up("6.1", &[("uts.a", "pass"), ("uts.b", "fail"), ("pid.a", "skip")]);
        let page = document(ReportFormat::Html, vec![run]);
        let ids: Vec<String> =
            unpacked(&page, "uts").into_keys().chain(unpacked(&page, "pid").into_keys()).collect();
        assert_eq!(ids, ["uts.a", "uts.b", "pid.a"]);
        assert!(page.contains(r#"["uts.b","Claim of uts.b.",["d"]"#), "{page}");
    }

    /// Texts of run files that would be markup, if they were let.
    #[rstest]
    #[case("</script><script>alert(1)</script>")]
    #[case("<img src=x onerror=alert(1)>")]
    #[case("\"><svg onload=alert(1)>")]
    #[case("]]></style>-->")]
    fn no_text_of_a_run_becomes_markup(#[case] hostile: &str) {
        let mut run =
            made_up(&format!("6.1{hostile}"), &[("uts.a", "fail"), ("uts.b", "error"), ("pid.a", "skip")]);
        run.path = hostile.into();
        run.cut = Some(hostile.into());
        run.start.seal = hostile.into();
        for result in run.cases.values_mut() {
            result.deviation = Some(hostile.into());
            let description = result.description.as_mut().unwrap();
            description.claim = hostile.into();
            description.since = hostile.into();
            description.sources = vec![hostile.into(), format!("{hostile}(2)")];
            result.trace = Some(vec![format!("outer  open(\"{hostile}\") = 0"), hostile.to_string()]);
            result.expected = Some(vec![format!("{hostile}  getpid() = {hostile}")]);
        }
        let page = document(ReportFormat::Html, vec![run]);
        let packs = ["uts", "pid", "views"].map(|name| unpacked(&page, name));
        let everything: String =
            packs.into_iter().flat_map(BTreeMap::into_values).chain([page.clone()]).collect();
        for markup in ["<img", "alert(1)</script>", "<svg onload", "]]></style>"] {
            assert!(!everything.contains(markup), "{markup} in {everything}");
        }
        // The data, a pack for each namespace and one of views, and the script of the page.
        assert_eq!(page.matches("<script").count(), 5);
        assert_eq!(page.matches("</script>").count(), 5);
    }

    #[test]
    fn the_policy_names_the_script_and_the_style_and_nothing_else() {
        let page = document(ReportFormat::Html, vec![made_up("6.1", &[("uts.a", "pass")])]);
        let element = |tag: &str| {
            let (_, rest) = page.rsplit_once(&format!("<{tag}>")).unwrap();
            rest.split_once(&format!("</{tag}>")).unwrap().0.to_string()
        };
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {};",
            hash(&element("script")),
            hash(&element("style"))
        );
        assert!(page.contains(&policy), "{policy}");
        for word in [" style=", " onclick=", " src=", "@import", "url("] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn a_page_about_nothing_says_so() {
        let page = document(ReportFormat::Html, vec![]);
        assert!(page.contains("Nothing was run"), "{page}");
    }
}
