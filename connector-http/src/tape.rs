//! Recordings: the answers of a source in a folder, one file each, without secrets.

use crate::hosts::host_and_port;
use crate::response::Response;
use bytes::Bytes;
use connector_core::{Error, ErrorKind, Redactor, Result, Tape};
use connector_files::{NewFile, Role};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use url::Url;

/// The headers that a recording keeps, beside those that begin with `x-` and are no secrets. Cookies are not among them.
const HEADERS: [&str; 7] = ["content-type", "date", "etag", "last-modified", "link", "location", "retry-after"];

/// The largest file of a recording.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Stands for a value that was removed.
const REMOVED: &str = "(removed)";

/// What a tape does.
pub(crate) enum Deck {
    Recorder(Recorder),
    Player(Player),
}

impl Deck {
    /// Fails with kind `definition` if the folder can't be used.
    pub(crate) fn of(tape: &Tape) -> Result<Option<Self>> {
        Ok(match tape {
            Tape::Record(folder) => Some(Self::Recorder(Recorder::new(folder)?)),
            Tape::Replay(folder) => Some(Self::Player(Player::new(folder)?)),
            _ => None,
        })
    }
}

/// One answer.
#[derive(Serialize, Deserialize)]
struct Answer {
    method: String,
    /// The path and the query.
    target: String,
    status: u16,
    headers: BTreeMap<String, String>,
    /// JSON, or else the text.
    body: Value,
}

/// Writes answers.
pub(crate) struct Recorder {
    folder: PathBuf,
    number: AtomicU64,
}

impl Recorder {
    fn new(folder: &Path) -> Result<Self> {
        let fault = |cause: std::io::Error| {
            Error::definition(format!("can't record into `{}`: {cause}", folder.display()))
                .with_help("name a new or empty folder")
        };
        std::fs::create_dir_all(folder).map_err(fault)?;
        // Files of an older recording would be replayed together with the new ones.
        if std::fs::read_dir(folder).map_err(fault)?.next().is_some() {
            return Err(Error::definition(format!("the folder `{}` is not empty", folder.display()))
                .with_help("name a new or empty folder, so that recordings don't mix"));
        }
        Ok(Self { folder: folder.to_owned(), number: AtomicU64::new(1) })
    }

    /// Writes an answer without the secrets that the redactor knows, and without values whose names say that they are secret.
    pub(crate) fn keep(&self, method: &Method, url: &Url, response: &Response, redactor: &Redactor) -> Result<()> {
        let blank = |text: &str| redactor.blank(text).into_owned();
        let is_kept = |name: &str| HEADERS.contains(&name) || (name.starts_with("x-") && !is_secret(name));
        let headers = response.headers.iter().filter(|(name, _)| is_kept(name.as_str()));
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), blank(value.to_str().ok()?))));
        let text = blank(&String::from_utf8_lossy(&response.body));
        let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        scrub(&mut body);
        let answer = Answer {
            method: method.to_string(),
            target: blank(&target(url)),
            status: response.status,
            headers: headers.collect(),
            body,
        };
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{number:04}.json"));
        let written = serde_json::to_string_pretty(&answer)
            .map_err(std::io::Error::other)
            .and_then(|text| NewFile::beside(&path)?.with_text(&text)?.create());
        written.map_err(|cause| Error::new(ErrorKind::Definition, format!("can't write `{}`: {cause}", path.display())))
    }
}

/// Removes texts under names that say that they are secret. The token of a page is none.
fn scrub(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                if inner.is_string() && is_secret(name) {
                    *inner = REMOVED.into();
                } else {
                    scrub(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(scrub),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    let of_page = ["page", "next", "prev", "cursor", "continuation", "sync"].iter().any(|word| name.contains(word));
    let secret =
        ["password", "passwd", "secret", "token", "apikey", "privatekey", "credential", "authorization", "cookie"];
    let is_time = ["changed", "updated", "expires", "date", "at"].iter().any(|end| name.ends_with(end));
    !of_page && !is_time && secret.iter().any(|word| name.contains(word))
}

/// Gives answers of a recording. For a request that was recorded several times, they come in that order, and the last one stays.
pub(crate) struct Player {
    folder: PathBuf,
    answers: Mutex<HashMap<String, VecDeque<Answer>>>,
}

impl Player {
    fn new(folder: &Path) -> Result<Self> {
        let fault = |what: String| {
            Error::definition(format!("can't replay `{}`: {what}", folder.display()))
                .with_help("name a folder that `connector test NAME --record DIR` has written")
        };
        let entries = std::fs::read_dir(folder).map_err(|cause| fault(cause.to_string()))?;
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
        paths.sort_unstable();
        let mut answers: HashMap<String, VecDeque<Answer>> = HashMap::new();
        for path in paths {
            let bytes =
                connector_files::read(&path, Role::Data, LARGEST).map_err(|refusal| fault(refusal.to_string()))?;
            let answer: Answer =
                serde_json::from_slice(&bytes).map_err(|cause| fault(format!("`{}`: {cause}", path.display())))?;
            answers.entry(format!("{} {}", answer.method, answer.target)).or_default().push_back(answer);
        }
        if answers.is_empty() {
            return Err(fault("it has no answers".to_owned()));
        }
        Ok(Self { folder: folder.to_owned(), answers: Mutex::new(answers) })
    }

    pub(crate) fn answer(&self, method: &Method, url: &Url) -> Result<Response> {
        let asked = format!("{method} {}", target(url));
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let found = answers.get_mut(&asked).and_then(|queue| {
            let response = queue.front().map(response);
            if queue.len() > 1 {
                queue.pop_front();
            }
            response
        });
        found.ok_or_else(|| {
            let (folder, host) = (self.folder.display(), host_and_port(url));
            Error::new(ErrorKind::NotFound, format!("`{folder}` has no answer to `{asked}` of `{host}`"))
                .with_help("record again: the settings ask for something else now")
        })
    }
}

fn response(answer: &Answer) -> Response {
    let pair = |(name, value): (&String, &String)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
    };
    let body = match &answer.body {
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let headers: HeaderMap = answer.headers.iter().filter_map(pair).collect();
    Response { status: answer.status, headers, body: Bytes::from(body) }
}

/// The path and the query: a recording can be replayed for another host.
fn target(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}
