//! Recordings: the answers of a source in a folder, one file each, without secrets.

use crate::response::Response;
use bytes::Bytes;
use connector_core::{Error, ErrorKind, RecordedAnswer, Recording, Redactor, Result, Tape};
use connector_files::{NewFile, Role};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use url::Url;

/// The headers that a recording keeps, beside those that begin with `x-`. Cookies are not among them.
const HEADERS: [&str; 7] = ["content-type", "date", "etag", "last-modified", "link", "location", "retry-after"];

/// The largest file of a recording.
const LARGEST: u64 = 64 * 1024 * 1024;

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

    /// Writes an answer without secrets. Only the headers that connectors read are kept, and no cookies.
    pub(crate) fn keep(&self, asked: RecordedAnswer, response: &Response, redactor: &Redactor) -> Result<()> {
        let is_kept = |name: &str| HEADERS.contains(&name) || name.starts_with("x-");
        let headers = response.headers.iter().filter(|(name, _)| is_kept(name.as_str()));
        let mut answer = asked.with_body(&response.body);
        answer.status = response.status;
        for (name, value) in headers.filter_map(|(name, value)| Some((name, value.to_str().ok()?))) {
            answer = answer.with_header(name.as_str(), value);
        }
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{number:04}.json"));
        let written = serde_json::to_string_pretty(&answer.without_secrets(redactor))
            .map_err(std::io::Error::other)
            .and_then(|text| NewFile::beside(&path)?.with_text(&text)?.create());
        written.map_err(|cause| Error::new(ErrorKind::Definition, format!("can't write `{}`: {cause}", path.display())))
    }
}

/// A request as a recording names it.
pub(crate) fn asked(method: &Method, url: &Url, sent: Option<&[u8]>) -> RecordedAnswer {
    // A recording can be replayed for another host.
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    RecordedAnswer::new(method.as_str(), url.origin().ascii_serialization(), target, 0)
        .with_sent(sent.unwrap_or_default())
}

/// Gives answers of a recording.
pub(crate) struct Player {
    folder: PathBuf,
    recording: Mutex<Recording>,
}

impl Player {
    fn new(folder: &Path) -> Result<Self> {
        let fault = |what: String| {
            Error::definition(format!("can't replay `{}`: {what}", folder.display()))
                .with_help("name a folder that `connector test NAME --record DIR` has written")
        };
        let entries = std::fs::read_dir(folder).map_err(|cause| fault(cause.to_string()))?;
        let mut files = Vec::new();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.extension().is_some_and(|end| end == "json") {
                let read = connector_files::read(&path, Role::Data, LARGEST);
                files.push((path.display().to_string(), read.map_err(|refusal| fault(refusal.to_string()))?));
            }
        }
        let recording = Recording::read(files).map_err(|error| fault(error.message().to_owned()))?;
        Ok(Self { folder: folder.to_owned(), recording: Mutex::new(recording) })
    }

    pub(crate) fn answer(&self, asked: RecordedAnswer) -> Result<Response> {
        let what = format!("{} {}", asked.method, asked.target);
        let origin = asked.origin.clone();
        let found = self.recording.lock().unwrap_or_else(PoisonError::into_inner).answer(asked);
        found.as_ref().map(response).ok_or_else(|| {
            let folder = self.folder.display();
            Error::new(ErrorKind::NotFound, format!("`{folder}` has no answer to `{what}` of `{origin}`"))
                .with_help("record again: the settings ask for something else now")
        })
    }
}

fn response(answer: &RecordedAnswer) -> Response {
    let pair = |(name, value): (&String, &String)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
    };
    let headers: HeaderMap = answer.headers.iter().filter_map(pair).collect();
    Response { status: answer.status, headers, body: Bytes::from(answer.body_text()) }
}
