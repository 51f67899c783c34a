//! The page in a real browser: it opens from disk, asks for nothing, reports no error, and works by
//! pointer and by keyboard.
//!
//! `.ci/page PROGRAM` makes the pages and calls this. Where there is no chromedriver or no page, each
//! test is ignored, with the reason. In the environment: `NSCONFORM_PAGE` is the page of recorded runs,
//! `NSCONFORM_TEXTBOOK` the textbook; `NSCONFORM_AXE`, if set, the source of axe-core (axe.min.js);
//! `NSCONFORM_SCREENSHOTS`, if set, a folder for pictures of the page.

use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use libtest_mimic::{Arguments, Failed, Trial};
use nsconform_browser::{Browser, DEADLINE};
use serde_json::{Value, json};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// A case that fails on some of the recorded kernels.
const CASE: &str = "mnt.unbindable-copied-into-new-ns";

/// A test that takes longer hangs.
const TEST_DEADLINE: Duration = Duration::from_secs(1800);

type Done<'b> = Pin<Box<dyn Future<Output = Result<(), String>> + 'b>>;
type Test = fn(&Browser) -> Done<'_>;

fn main() -> ExitCode {
    let tests: [(&str, u32, Test); 8] = [
        ("opens_from_disk_without_an_error_or_a_request", 1280, |browser| Box::pin(opens(browser))),
        ("filters_show_the_rows_that_are_asked_for", 1280, |browser| Box::pin(filters(browser))),
        ("a_verdict_is_a_link_to_its_row", 1280, |browser| Box::pin(links(browser))),
        ("the_keyboard_reaches_everything", 1280, |browser| Box::pin(keyboard(browser))),
        ("axe_finds_no_violation", 1280, |browser| Box::pin(axe(browser))),
        ("fits_a_telephone", 360, |browser| Box::pin(fits(browser))),
        ("fits_a_tablet", 800, |browser| Box::pin(fits(browser))),
        ("fits_a_desk", 1280, |browser| Box::pin(fits(browser))),
    ];
    let missing = missing();
    if let Some(missing) = missing {
        println!("the page is not opened in a browser: {missing}");
    }
    let trials = tests.map(|(name, width, test)| {
        let trial = Trial::test(name, move || run(width, test).map_err(Failed::from));
        trial.with_ignored_flag(missing.is_some())
    });
    // A browser is large: one at a time.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

/// The reason why there is nothing to test, or nothing to test it with.
fn missing() -> Option<&'static str> {
    let quietly = |name: &str| {
        Command::new(name)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
    };
    match () {
        () if quietly("chromedriver").is_err() => {
            Some("there is no chromedriver (Debian package chromium-driver)")
        }
        () if setting("NSCONFORM_PAGE").is_none() => {
            Some("NSCONFORM_PAGE names no page (.ci/page makes one)")
        }
        () => None,
    }
}

fn setting(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

fn run(width: u32, test: Test) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let browser = Browser::start(width, 900).await?;
        // A window is never as narrow as a telephone; a page may be.
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        let done = match tokio::time::timeout(TEST_DEADLINE, test(&browser)).await {
            Ok(done) => done,
            Err(_) => Err("the test did not end".to_string()),
        };
        let ended = browser.end().await;
        done.and(ended)
    })
}

fn address(setting_name: &str, fragment: &str) -> Result<String, String> {
    let path = setting(setting_name).ok_or("no page")?;
    let path = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(format!("file://{}{fragment}", path.display()))
}

/// Opens a view in a fresh page, and waits until its heading is seen.
async fn open(client: &Client, fragment: &str, heading: &str) -> Result<(), String> {
    // From one fragment to another a browser does not load anew.
    client.goto("about:blank").await.map_err(|error| error.to_string())?;
    client.goto(&address("NSCONFORM_PAGE", fragment)?).await.map_err(|error| error.to_string())?;
    wait(client, heading).await
}

/// Waits until this heading is seen.
async fn wait(client: &Client, heading: &str) -> Result<(), String> {
    let path = format!("//section[not(@hidden)]//h2[normalize-space()='{heading}']");
    let found = client.wait().at_most(DEADLINE).for_element(Locator::XPath(&path)).await;
    found.map(drop).map_err(|error| format!("no heading {heading}: {error}"))
}

async fn evaluate(client: &Client, script: &str) -> Result<Value, String> {
    client.execute(&format!("return {script};"), vec![]).await.map_err(|error| format!("{script}: {error}"))
}

async fn number(client: &Client, script: &str) -> Result<i64, String> {
    evaluate(client, script).await?.as_i64().ok_or_else(|| format!("{script} is no number"))
}

fn must(holds: bool, otherwise: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

const VIEWS: [(&str, &str); 7] = [
    ("", "Overview"),
    ("#matrix", "Matrix"),
    ("#coverage", "Coverage"),
    ("#editions", "Editions"),
    ("#case/mnt.unbindable-copied-into-new-ns/6.17/root", CASE),
    ("#case/user.map-any-order", "user.map-any-order"),
    ("#case/mnt.tag-propagate-from", "mnt.tag-propagate-from"),
];

async fn opens(browser: &Browser) -> Result<(), String> {
    // The browser's own first page asks for its own parts.
    browser.client.goto("about:blank").await.map_err(|error| error.to_string())?;
    browser.log("performance").await?;
    for (fragment, heading) in VIEWS {
        open(&browser.client, fragment, heading).await?;
        let paint = "(performance.getEntriesByName('first-contentful-paint')[0] ?? {}).startTime";
        println!("{heading}: first paint after {} ms", evaluate(&browser.client, paint).await?);
    }
    let textbook = address("NSCONFORM_TEXTBOOK", "")?;
    browser.client.goto(&textbook).await.map_err(|error| error.to_string())?;
    wait(&browser.client, "Overview").await?;
    let console = browser.log("browser").await?;
    must(console.is_empty(), format!("the console says {console:?}"))?;
    let mut addresses = Vec::new();
    for line in browser.log("performance").await? {
        let message: Value = serde_json::from_str(line["message"].as_str().unwrap_or_default())
            .map_err(|error| error.to_string())?;
        if message["message"]["method"] == "Network.requestWillBeSent" {
            let address = message["message"]["params"]["request"]["url"].as_str().unwrap_or_default();
            addresses.push(address.to_string());
        }
    }
    let pages = |address: &String| address.starts_with("file:///") && address.contains(".html");
    must(addresses.iter().any(pages), "the log of requests is empty, so that it shows nothing")?;
    let others: Vec<&String> = addresses.iter().filter(|address| !pages(address)).collect();
    must(others.is_empty(), format!("the page asks for {others:?}"))
}

/// The rows of cases that are drawn.
const ROWS: &str = "document.querySelectorAll('#table tbody th .id').length";

async fn filters(browser: &Browser) -> Result<(), String> {
    let client = &browser.client;
    open(client, "#matrix", "Matrix").await?;
    let differing = number(client, ROWS).await?;
    must(differing > 100, format!("{differing} rows differ"))?;
    evaluate(client, "document.querySelector('#table button[aria-expanded=false]').click()").await?;
    must(number(client, ROWS).await? > differing, "a section does not unfold")?;
    let search = client.find(Locator::Id("search")).await.map_err(|error| error.to_string())?;
    search.send_keys("unbindable copied").await.map_err(|error| error.to_string())?;
    let found = number(client, ROWS).await?;
    must(found > 0 && found < 10, format!("{found} rows are found"))?;
    open(client, "#matrix?show=alone&as=root", "Matrix").await?;
    let alone = number(client, ROWS).await?;
    let failing = "[...document.querySelectorAll('#table tbody tr')].filter((row) => row.querySelector('.id'))\
                   .map((row) => row.querySelectorAll('td.listed, td.bad').length)";
    let failing = evaluate(client, failing).await?;
    let each = failing.as_array().ok_or("no rows")?;
    must(alone > 0 && each.iter().all(|number| number == 1), format!("one kernel alone fails: {failing}"))?;
    must(
        number(client, "document.querySelectorAll('#table thead .kernel').length").await? == 11,
        "one user has 11 columns",
    )?;
    open(client, "#matrix?show=then-passes", "Matrix").await?;
    must(number(client, ROWS).await? > alone, "more fail and then pass")
}

async fn links(browser: &Browser) -> Result<(), String> {
    let client = &browser.client;
    open(client, &format!("#matrix?q={CASE}"), "Matrix").await?;
    let cell = client.find(Locator::Css("#table td.listed a")).await.map_err(|error| error.to_string())?;
    let name = cell.attr("aria-label").await.map_err(|error| error.to_string())?.unwrap_or_default();
    must(name == "6.17 as root: expected failure", format!("the first failure is {name}"))?;
    cell.click().await.map_err(|error| error.to_string())?;
    wait(client, CASE).await?;
    let chosen = evaluate(client, "document.querySelector('tr.chosen').textContent").await?;
    must(
        chosen.as_str().is_some_and(|text| text.contains("6.17") && text.contains("expected failure")),
        format!("chosen is {chosen}"),
    )?;
    must(
        number(client, "document.querySelectorAll('#view-case svg.picture .does').length").await? > 3,
        "no picture",
    )?;
    must(
        number(client, "document.querySelectorAll('.difference .first').length").await? == 1,
        "no first difference",
    )?;
    client.back().await.map_err(|error| error.to_string())?;
    wait(client, "Matrix").await?;
    must(number(client, ROWS).await? == 1, "the way back loses the filter")?;
    for (id, part, least) in PARTS {
        open(client, &format!("#case/{id}"), id).await?;
        let found = number(client, &format!("document.querySelectorAll('#view-case {part}').length")).await?;
        must(found >= least, format!("{id} has {found} of {part}, and not {least}"))?;
    }
    open(client, "#case/no.such", "No such case").await
}

/// Cases with pictures of their state and a wrong kernel: a part that is drawn, and how many there must be.
const PARTS: [(&str, &str, i64); 4] = [
    ("api.setns-pidfd-userns-first", ".states .link", 6),
    ("mnt.tag-propagate-from", ".states .head", 2),
    ("user.map-any-order", ".states .range", 3),
    ("api.setns-pidfd-userns-first", ".fault .differs", 1),
];

/// The name of what has the focus.
const FOCUS: &str = "(document.activeElement.id || document.activeElement.getAttribute('aria-label') \
                     || document.activeElement.textContent.trim().slice(0, 60))";

async fn press(client: &Client, keys: &[Key]) -> Result<String, String> {
    for key in keys {
        let focus = client.active_element().await.map_err(|error| error.to_string())?;
        focus.send_keys(&char::from(*key).to_string()).await.map_err(|error| error.to_string())?;
    }
    Ok(evaluate(client, FOCUS).await?.as_str().unwrap_or_default().to_string())
}

async fn keyboard(browser: &Browser) -> Result<(), String> {
    let client = &browser.client;
    open(client, "", "Overview").await?;
    let mut walk = Vec::new();
    for _ in 0..5 {
        walk.push(press(client, &[Key::Tab]).await?);
    }
    must(
        walk == ["Skip to the content", "Overview", "Matrix", "Coverage", "Editions"],
        format!("the walk is {walk:?}"),
    )?;
    open(client, "", "Overview").await?;
    press(client, &[Key::Tab, Key::Tab, Key::Tab, Key::Enter]).await?;
    wait(client, "Matrix").await?;
    let heading = evaluate(client, FOCUS).await?;
    must(heading == "Matrix", format!("a new view begins with its heading, not with {heading}"))?;
    let mut walk = Vec::new();
    for _ in 0..4 {
        walk.push(press(client, &[Key::Tab]).await?);
    }
    must(walk == ["search", "pattern", "privilege", "Matrix"], format!("the walk is {walk:?}"))?;
    open(client, &format!("#matrix?q={CASE}"), "Matrix").await?;
    evaluate(client, "document.querySelector('#table .id').focus()").await?;
    let cell = press(client, &[Key::Right, Key::Right]).await?;
    must(cell == "6.1 as root: pass", format!("two to the right is {cell}"))?;
    press(client, &[Key::Enter]).await?;
    wait(client, CASE).await?;
    must(number(client, "document.querySelectorAll('tr.chosen').length").await? == 1, "no row is chosen")
}

async fn axe(browser: &Browser) -> Result<(), String> {
    let client = &browser.client;
    let Some(path) = setting("NSCONFORM_AXE") else {
        println!("NOT CHECKED: accessibility by axe-core (NSCONFORM_AXE names no axe.min.js)");
        return Ok(());
    };
    let source = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    for scheme in ["light", "dark"] {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
        for (fragment, heading) in VIEWS {
            open(client, fragment, heading).await?;
            evaluate(
                client,
                "document.querySelectorAll('details').forEach((folded) => { folded.open = true; })",
            )
            .await?;
            client.execute(&source, vec![]).await.map_err(|error| error.to_string())?;
            let check = "const done = arguments[0]; axe.run(document).then((found) => done(found.violations.map(
                (rule) => [rule.id, rule.help, rule.nodes.slice(0, 3).map((node) => node.html)])), (error) => done(String(error)));";
            let found = client.execute_async(check, vec![]).await.map_err(|error| error.to_string())?;
            must(found == json!([]), format!("{heading}, {scheme}: {found:#}"))?;
        }
    }
    Ok(())
}

async fn fits(browser: &Browser) -> Result<(), String> {
    let client = &browser.client;
    for (fragment, heading) in VIEWS {
        open(client, fragment, heading).await?;
        let width = number(client, "window.innerWidth").await?;
        must(width == i64::from(browser.width), format!("the window is {width} pixels wide"))?;
        let page = number(client, "document.documentElement.scrollWidth").await?;
        must(page <= width, format!("{heading} is {page} pixels wide, and the window {width}"))?;
        if let Some(folder) = setting("NSCONFORM_SCREENSHOTS") {
            let picture = client.screenshot().await.map_err(|error| error.to_string())?;
            let path = folder.join(format!("{heading}-{width}.png"));
            std::fs::write(&path, picture).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}
