//! A Chromium without a window, which a test drives: started with a profile of its own, and ended with the
//! test. The tests of the page live in `tests/page.rs`.

use fantoccini::wd::{Capabilities, TimeoutConfiguration, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// So long may the driver take to listen, and a page to show something.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// So long may a script run; axe-core looks at every element of a page, on a machine that may be busy.
const SCRIPT_DEADLINE: Duration = Duration::from_secs(600);

/// Options that keep Chromium from asking the network for anything by itself.
const QUIET: [&str; 8] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Chromium refuses its sandbox to root.
    "--no-sandbox",
];

/// A browser and its driver.
pub struct Browser {
    /// Commands to the browser.
    pub client: Client,
    /// The width of the page in CSS pixels.
    pub width: u32,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts one with a window of this size in CSS pixels.
    ///
    /// # Errors
    /// When the driver or the browser does not start before the deadline.
    pub async fn start(width: u32, height: u32) -> Result<Browser, String> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("chromedriver: {error}"))?;
        let port =
            timeout(DEADLINE, port(&mut driver)).await.map_err(|_| "chromedriver does not listen")??;
        let profile = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut arguments: Vec<String> = QUIET.map(str::to_string).into();
        arguments.push(format!("--window-size={width},{height}"));
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".into(), json!({ "args": arguments }));
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL", "performance": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .map_err(|error| error.to_string())?;
        let deadlines = TimeoutConfiguration::new(Some(SCRIPT_DEADLINE), None, None);
        client.update_timeouts(deadlines).await.map_err(|error| error.to_string())?;
        Ok(Browser { client, width, driver, _profile: profile })
    }

    /// The new lines of a log of the browser: `browser` is its console, `performance` its requests.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn log(&self, name: &str) -> Result<Vec<Value>, String> {
        let command = ChromeCommand { path: "se/log", body: json!({ "type": name }) };
        let lines = self.client.issue_cmd(command).await.map_err(|error| error.to_string())?;
        Ok(lines.as_array().cloned().unwrap_or_default())
    }

    /// Gives a command of the Chrome DevTools protocol.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn devtools(&self, name: &str, parameters: Value) -> Result<Value, String> {
        let command =
            ChromeCommand { path: "goog/cdp/execute", body: json!({ "cmd": name, "params": parameters }) };
        self.client.issue_cmd(command).await.map_err(|error| error.to_string())
    }

    /// Ends browser and driver.
    ///
    /// # Errors
    /// When the browser does not answer; it is ended even so.
    pub async fn end(mut self) -> Result<(), String> {
        let closed = self.client.close().await.map_err(|error| error.to_string());
        let killed = self.driver.kill().await.map_err(|error| error.to_string());
        closed.and(killed)
    }
}

/// The port that the driver says it listens on.
async fn port(driver: &mut Child) -> Result<u16, String> {
    let output = driver.stdout.take().ok_or("chromedriver has no output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
        // An earlier line repeats the port that was asked for, which is 0.
        let words = line.trim_end_matches('.').rsplit_once("started successfully on port ");
        if let Some(port) = words.and_then(|(_, port)| port.parse().ok()) {
            // Whoever does not read on stops the driver once the pipe is full.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(port);
        }
    }
    Err("chromedriver ended before it listened".to_string())
}

/// A command that only Chromium's driver knows.
#[derive(Debug)]
struct ChromeCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for ChromeCommand {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
