//! A headless Chromium of one's own, driven by chromedriver.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::http::send;

/// Without the last few, Chromium talks to hosts that have nothing to do with the page.
const ARGUMENTS: &[&str] = &[
    "--force-prefers-reduced-motion",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// All rules of WCAG up to 2.2 AA, and what else axe-core holds to be good.
const AXE: &str = r#"
    const done = arguments[arguments.length - 1];
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const where = (node) => `${node.target.join(" ")}: ${node.failureSummary}`;
    axe.run(document, { runOnly: { type: "tag", values: tags } }).then(
      ({ violations }) => done(violations.flatMap((one) => one.nodes.map((node) => `${one.id} at ${where(node)}`))),
      (error) => done([String(error)]));
"#;

/// How large the page is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Screen {
    Desktop,
    Laptop,
    Phone,
    /// The narrowest that WCAG asks for: 1280 pixels at 400 %.
    Narrow,
}

impl Screen {
    /// Width, height, and whether it is a phone's.
    const fn size(self) -> (u64, u64, bool) {
        match self {
            Self::Desktop => (1440, 1000, false),
            Self::Laptop => (1280, 900, false),
            Self::Phone => (390, 844, true),
            Self::Narrow => (320, 640, false),
        }
    }
}

/// A browser with one page; it ends with the value.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Option<Client>,
    session: String,
    port: u16,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Opens a page.
    pub(crate) fn open(url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (driver, port) = start_driver();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(profile.path()));
        let address = format!("http://127.0.0.1:{port}");
        let client = runtime.block_on(builder.connect(&address)).unwrap();
        let session = runtime.block_on(client.session_id()).unwrap().unwrap();
        let client = Some(client);
        let browser = Self { runtime, client, session, port, driver, _profile: profile };
        browser.show_on(Screen::Desktop);
        browser.go(url);
        browser
    }

    fn client(&self) -> &Client {
        self.client.as_ref().unwrap()
    }

    pub(crate) fn go(&self, url: &str) {
        self.runtime.block_on(self.client().goto(url)).unwrap();
    }

    pub(crate) fn reload(&self) {
        self.runtime.block_on(self.client().refresh()).unwrap();
    }

    /// The value of an expression, in the page.
    pub(crate) fn value_of(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        self.runtime.block_on(self.client().execute(&script, Vec::new())).unwrap()
    }

    pub(crate) fn holds(&self, expression: &str) -> bool {
        self.value_of(expression) == Value::Bool(true)
    }

    /// The text of the first element that the selector finds; empty if there is none.
    pub(crate) fn text(&self, selector: &str) -> String {
        let found = format!("document.querySelector({})?.textContent ?? ''", json!(selector));
        self.value_of(&found).as_str().unwrap_or_default().trim().to_owned()
    }

    pub(crate) fn click(&self, selector: &str) {
        let clicked = async { self.client().find(Locator::Css(selector)).await?.click().await };
        self.runtime.block_on(clicked).unwrap();
    }

    /// Writes into a field, in place of what is there.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let filled = async {
            let field = self.client().find(Locator::Css(selector)).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        self.runtime.block_on(filled).unwrap();
    }

    /// Chooses an option of a list by its value.
    pub(crate) fn choose(&self, selector: &str, value: &str) {
        let chosen = async {
            self.client().find(Locator::Css(selector)).await?.select_by_value(value).await
        };
        self.runtime.block_on(chosen).unwrap();
    }

    /// Presses keys, wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let pressed = async { self.client().active_element().await?.send_keys(keys).await };
        self.runtime.block_on(pressed).unwrap();
    }

    pub(crate) fn show_on(&self, screen: Screen) {
        let (width, height, mobile) = screen.size();
        self.resize(width, height, mobile);
    }

    fn resize(&self, width: u64, height: u64, mobile: bool) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// As if the system was set to `light` or `dark`.
    pub(crate) fn prefer(&self, theme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Whether the page is wider than the screen.
    pub(crate) fn scrolls_sideways(&self) -> bool {
        self.holds("document.documentElement.scrollWidth > innerWidth")
    }

    /// What a script hands to the last of its arguments, a function.
    pub(crate) fn run_async(&self, script: &str) -> Value {
        self.runtime.block_on(self.client().execute_async(script, Vec::new())).unwrap()
    }

    /// Runs in each page before its own scripts, from the next one on.
    pub(crate) fn run_first(&self, script: &str) {
        let parameters = json!({ "source": script });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", &parameters);
    }

    /// Where the page, as it is, breaks a rule of WCAG 2.2 AA, as far as axe-core finds it.
    pub(crate) fn violations(&self) -> Vec<String> {
        if !self.holds("typeof axe === 'object'") {
            let axe = std::fs::read_to_string(target().join("axe-core/axe.min.js"));
            let axe =
                axe.map_err(|error| format!("scripts/setup --tests brings axe-core: {error}"));
            let axe = axe.unwrap();
            self.runtime.block_on(self.client().execute(&axe, Vec::new())).unwrap();
        }
        let found = self.run_async(AXE);
        let found = found.as_array().unwrap().iter();
        found.map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Writes a picture of the whole page, and says where.
    #[expect(clippy::print_stdout, reason = "whoever runs the tests wants to look at it")]
    pub(crate) fn picture(&self, name: &str, screen: Screen) {
        let whole = "(document.querySelector('.paper') ?? document.documentElement).scrollHeight";
        let height = self.value_of(whole).as_u64().unwrap();
        let (width, _, mobile) = screen.size();
        self.resize(width, height, mobile);
        let png = self.runtime.block_on(self.client().screenshot()).unwrap();
        self.show_on(screen);
        let file = pictures().join(format!("{name}.png"));
        std::fs::write(&file, png).unwrap();
        println!("a picture of the page: {}", file.display());
    }

    /// Errors and warnings in the page's console since this was last asked.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        let worth_a_word =
            |entry: &Value| ["SEVERE", "WARNING"].contains(&entry["level"].as_str().unwrap());
        self.log("browser").into_iter().filter(worth_a_word).collect()
    }

    /// The addresses that the page has asked since this was last asked.
    pub(crate) fn requests(&self) -> Vec<String> {
        let entries = self.log("performance").into_iter();
        let messages = entries.map(|entry| {
            serde_json::from_str::<Value>(entry["message"].as_str().unwrap()).unwrap()
        });
        let sent = messages.filter(|one| one["message"]["method"] == "Network.requestWillBeSent");
        let url =
            |one: Value| one["message"]["params"]["request"]["url"].as_str().unwrap().to_owned();
        // A new tab has a page of the browser's own.
        sent.map(url).filter(|url| !url.starts_with("chrome")).collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let answer = self.drive("se/log", &json!({ "type": kind }));
        answer["value"].as_array().unwrap().clone()
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        self.drive("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    /// What only chromedriver knows, and no standard.
    fn drive(&self, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}/{path}", self.session);
        let answer = send(self.port, "POST", &path, &[], &body.to_string()).unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // What cannot be closed any more ends with its driver.
            drop(self.runtime.block_on(client.close()));
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// `scripts/setup --tests` installs it.
fn start_driver() -> (Child, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|line| {
        let rest = line.split_once("started successfully on port ")?.1;
        rest.trim_end_matches('.').parse().ok()
    });
    (driver, port.unwrap())
}

fn capabilities(profile: &Path) -> Map<String, Value> {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments: Vec<&str> = ARGUMENTS.iter().copied().chain([profile.as_str()]).collect();
    let options = json!({ "args": arguments });
    let logs = json!({ "browser": "ALL", "performance": "ALL" });
    Map::from_iter([
        ("goog:chromeOptions".to_owned(), options),
        ("goog:loggingPrefs".to_owned(), logs),
    ])
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

/// Beside the programs, where a person finds them.
fn pictures() -> PathBuf {
    let folder = target().join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}
