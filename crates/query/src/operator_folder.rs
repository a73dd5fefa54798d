//! What the operator's programs leave in the data folder of `murmur up`, for the page to show: how the
//! supervisor sees its processes, their logs, and what the last audit found.
//!
//! Each is read when it is asked for. Where there is no such folder, nothing of it is known; in containers it has the last audit alone.
//!
//! Deliberately absent: any write, and any look at a file that is not named here.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contracts::{problems, service};
use runtime::http::openapi::AnyObject;
use runtime::http::server::Routes;
use runtime::http::{Problem, Response, StatusCode, json};
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the supervisor writes.
const SUPERVISED: &str = "processes.json";

/// What `murmur audit` writes.
const AUDIT: &str = "audit.json";

/// Most of a file that is read as a whole, in bytes: far above ten processes, or the checks of an audit.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// How much of a log's end is read, in bytes.
const LOG_BYTES_MAX: u64 = 64 << 10;

/// Lines of a log that are answered.
pub const LINES_MAX: usize = 60;

/// Processes that are no services and have a log.
const OTHERS: [&str; 5] = ["nats", "redis", "query", "composer", "supervisor"];

/// The last lines of a log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogAnswer {
    /// Whose.
    pub process: String,
    /// The lines, the oldest first.
    pub lines: Vec<String>,
}

/// The processes, as their supervisor sees them.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Supervised {
    /// One each, in the order in which they are listed; none where nobody supervises them here.
    pub processes: Option<Vec<SupervisedProcess>>,
}

/// What the last audit found.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct AuditAnswer {
    /// Its verdict, its time, what was examined, and each check; none if there was no audit here.
    pub last: Option<AnyObject>,
}

/// One process.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SupervisedProcess {
    /// Which one.
    pub process: String,
    /// Its process id, while it runs.
    pub pid: Option<u32>,
    /// Where it stands, in a word.
    pub state: String,
    /// What it waits for, or why it is in that state; empty for nothing.
    pub reason: String,
    /// How often it was started again.
    pub restarts: u32,
    /// Since when it runs.
    pub running_since: Option<String>,
    /// How it last ended.
    pub last_death: Option<String>,
}

/// `/supervised`, `/logs/{process}` and `/audit`.
#[must_use]
pub fn routes(folder: Option<PathBuf>) -> Routes {
    let folder: Option<Arc<Path>> = folder.map(Into::into);
    let with = warp::any().map(move || folder.clone());
    let supervised = warp::path!("supervised").and(warp::get()).and(with.clone());
    let supervised = supervised.then(async |folder| answer(read_in(folder, supervised_in).await));
    let log = warp::path!("logs" / String).and(warp::get()).and(with.clone());
    let log = log.then(async |process: String, folder| {
        answer(read_in(folder, move |folder| log_in(folder, &process)).await)
    });
    let audit = warp::path!("audit").and(warp::get()).and(with);
    let audit = audit.then(async |folder| answer(read_in(folder, audit_in).await));
    supervised.or(log).unify().or(audit).unify().boxed()
}

/// Reads files, where that holds up nobody. Without a folder there is nothing to be read.
async fn read_in<T: Send + 'static>(
    folder: Option<Arc<Path>>,
    read: impl FnOnce(Option<&Path>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let reading = tokio::task::spawn_blocking(move || read(folder.as_deref())).await;
    reading.map_err(|error| Problem::defect(&error.to_string()))?
}

fn answer<T: Serialize>(read: Result<T, Problem>) -> Response {
    read.map_or_else(Problem::into_response, |found| json(StatusCode::OK, &found))
}

fn supervised_in(folder: Option<&Path>) -> Result<Supervised, Problem> {
    let found = folder.map(|folder| parsed(&folder.join(SUPERVISED))).transpose()?;
    Ok(found.flatten().unwrap_or_default())
}

fn audit_in(folder: Option<&Path>) -> Result<AuditAnswer, Problem> {
    let found = folder.map(|folder| parsed(&folder.join(AUDIT))).transpose()?;
    Ok(AuditAnswer { last: found.flatten() })
}

fn log_in(folder: Option<&Path>, process: &str) -> Result<LogAnswer, Problem> {
    let is_service = service::ALL.iter().any(|service| service.name() == process);
    if !is_service && !OTHERS.contains(&process) {
        return Err(Problem::new(&problems::UNKNOWN_PROCESS));
    }
    let file = folder.map(|folder| folder.join("logs").join(format!("{process}.log")));
    let text = file.map(|file| end_of(&file, LOG_BYTES_MAX)).transpose()?.flatten();
    let text = text.ok_or_else(|| {
        Problem::new(&problems::NO_LOG)
            .detail("`murmur up` keeps logs; else ask whatever has started the process")
    })?;
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let lines = lines[lines.len().saturating_sub(LINES_MAX)..].to_vec();
    Ok(LogAnswer { process: process.to_owned(), lines })
}

fn parsed<T: serde::de::DeserializeOwned>(file: &Path) -> Result<Option<T>, Problem> {
    let Some(text) = end_of(file, FILE_BYTES_MAX)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        Problem::defect(&format!("{} does not make sense: {error}", file.display()))
    })
}

/// The end of a file, as text; none if there is no such file.
fn end_of(file: &Path, bytes_max: u64) -> Result<Option<String>, Problem> {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(bytes_max)))?;
        let mut bytes = Vec::new();
        file.take(bytes_max).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::defect(&format!("{}: {error}", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_there_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for nothing in [None, Some(path)] {
            assert!(supervised_in(nothing).unwrap().processes.is_none());
            assert!(audit_in(nothing).unwrap().last.is_none());
            assert_eq!(log_in(nothing, "order").unwrap_err().kind.slug, "no-log");
        }
        for other in ["../operator.token", "operator.token", "", "murmur"] {
            assert_eq!(
                log_in(Some(path), other).unwrap_err().kind.slug,
                "unknown-process",
                "{other}"
            );
        }
        std::fs::write(path.join(AUDIT), r#"{"verdict": "clean", "at": "x"}"#).unwrap();
        assert_eq!(audit_in(Some(path)).unwrap().last.unwrap().0["verdict"], "clean");
        std::fs::create_dir(path.join("logs")).unwrap();
        let many: String = (0..20_000).map(|nth| format!("line {nth}\n")).collect();
        std::fs::write(path.join("logs/order.log"), many).unwrap();
        let log = log_in(Some(path), "order").unwrap();
        assert_eq!(log.lines.len(), LINES_MAX);
        assert_eq!(log.lines.last().unwrap(), "line 19999");
    }
}
