//! One request and its answer.

use super::error::{self, undone};
use super::pace::Pace;
use crate::expression::{BodyTemplate, QueryTemplate, Template, Undone, Vars};
use crate::settings::{Kind, Place, Where};
use crate::system::{List, System};
use connector_core::{Clock, Context, Error, Result};
use connector_http::{Client, Method, Reach, Request, Response};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The largest body of one page.
const LARGEST_PAGE: usize = 64 * 1024 * 1024;

/// The API of one source.
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) system: Arc<System>,
    base: Url,
    headers: Vec<(String, String)>,
    pace: Pace,
    clock: Clock,
}

/// What is asked: a path below the base URL or a complete URL, and its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// The body of a list that is asked for by POST.
    pub(crate) body: Option<Value>,
}

impl Asked {
    pub(crate) fn new(path: &Template, query: &QueryTemplate, vars: &Vars<'_>) -> Result<Self, Undone> {
        Ok(Self { path: path.path(vars)?, query: query.pairs(vars)?, body: None })
    }

    /// The request for the first page of a list.
    pub(crate) fn list(list: &List, vars: &Vars<'_>) -> Result<Self, Undone> {
        Self::of(&list.path, &list.query, list.body.as_ref(), vars)
    }

    /// A request that only reads: a POST if it has a body.
    pub(crate) fn of(
        path: &Template,
        query: &QueryTemplate,
        body: Option<&BodyTemplate>,
        vars: &Vars<'_>,
    ) -> Result<Self, Undone> {
        let empty = || Value::Object(Map::new());
        let body = body.map(|body| body.json(vars)).transpose()?.map(|body| body.unwrap_or_else(empty));
        Ok(Self { body, ..Self::new(path, query, vars)? })
    }

    /// A GET of a URL or a path, as the system gave it.
    pub(crate) fn link(link: String) -> Self {
        Self { path: link, query: Vec::new(), body: None }
    }

    fn method(&self) -> Method {
        if self.body.is_some() { Method::POST } else { Method::GET }
    }
}

/// A response with success.
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// Null if the response has no body.
    pub(crate) body: Value,
    /// The URL that was asked.
    url: Url,
    what: String,
}

impl Api {
    pub(crate) fn open(context: &Context, system: Arc<System>) -> Result<Self> {
        let base = system.base_url().map_err(|why| {
            Error::definition(format!("`base_url`: {why}")).with_help("write it like `https://api.acme.example/v2`")
        })?;
        let client = Client::open(context, Reach::base(&base))?;
        let pace = Pace::new(&system.limits);
        let headers = headers(&system)?;
        Ok(Self { client, base, headers, pace, clock: context.clock().clone(), system })
    }

    /// Asks for something that must be there.
    pub(crate) async fn get(&self, asked: &Asked, on: Where) -> Result<Answer> {
        let response = self.ask(asked, on).await?;
        self.judged(response, &asked.method(), asked, on)
    }

    async fn ask(&self, asked: &Asked, on: Where) -> Result<Response> {
        let with = |request: Request| match &asked.body {
            // It only reads, so it can be sent again.
            Some(body) => request.json(body).repeatable(),
            None => request,
        };
        self.send(&asked.method(), asked, on, with).await
    }

    /// Asks for something that may not be there: these statuses say so.
    pub(crate) async fn get_if_there(&self, asked: &Asked, absent: &[u16], on: Where) -> Result<Option<Answer>> {
        let response = self.ask(asked, on).await?;
        if absent.contains(&response.status) || self.says_not_found(&response, on) {
            return Ok(None);
        }
        self.judged(response, &asked.method(), asked, on).map(Some)
    }

    /// Sends a request. The response can have any status.
    pub(crate) async fn send(
        &self,
        method: &Method,
        asked: &Asked,
        on: Where,
        with: impl FnOnce(Request) -> Request + Send,
    ) -> Result<Response> {
        let _turn = self.pace.turn().await;
        let mut request = self.client.request(method.clone(), &asked.path).at_most(LARGEST_PAGE);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let query: Vec<_> = asked.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        tracing::debug!(%method, path = shown(&asked.path), ?on, "asking the API");
        with(request.query(&query)).send().await
    }

    /// The answer, or the error that the table or the status says.
    pub(crate) fn judged(&self, response: Response, method: &Method, asked: &Asked, on: Where) -> Result<Answer> {
        let what = format!("{method} {}", shown(&asked.path));
        let is_read = *method == asked.method() && (asked.body.is_some() || *method == Method::GET);
        let parsed = if response.body.is_empty() && !is_read { Ok(Value::Null) } else { response.json::<Value>() };
        let body = parsed.as_ref().unwrap_or(&Value::Null);
        let row = error::row(&self.system.problems, response.status, body, on);
        if row.is_some() || !response.is_success() {
            let wait = self.wait(&response);
            return Err(error::of(&what, response.status, body, row, wait, is_read));
        }
        let body = match parsed {
            Ok(body) => body,
            // Whoever changes something needs no body, and some APIs answer with a text.
            Err(_) if !is_read => Value::Null,
            Err(fault) => return Err(fault.with_context("request", what)),
        };
        let url = self.url(asked)?;
        Ok(Answer { response, body, url, what })
    }

    /// Whether a row of the error table says that the object does not exist.
    fn says_not_found(&self, response: &Response, on: Where) -> bool {
        let body = response.json::<Value>().unwrap_or(Value::Null);
        let row = error::row(&self.system.problems, response.status, &body, on);
        row.is_some_and(|row| row.kind == Kind::NotFound)
    }

    fn wait(&self, response: &Response) -> Duration {
        self.pace.wait(response, self.clock.now())
    }

    fn url(&self, asked: &Asked) -> Result<Url> {
        let text = if asked.path.starts_with('/') {
            format!("{}{}", self.base.as_str().trim_end_matches('/'), asked.path)
        } else {
            asked.path.clone()
        };
        Url::parse(&text).map_err(|_| Error::protocol("the API returned a link that is not a URL"))
    }
}

/// The headers of every request. One whose setting is left out is not sent.
fn headers(system: &System) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for (name, value) in &system.headers {
        let value = value.text(&system.vars()).map_err(|fault| undone(&format!("`headers.{name}`"), &fault))?;
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(Error::definition(format!("the value of the header `{name}` is not plain text"))
                .with_help("correct the setting that it uses"));
        }
        all.push((name.clone(), value));
    }
    Ok(all)
}

impl Answer {
    /// The request, for people.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// What is at a place; `None` if it is absent or null.
    pub(crate) fn at(&self, place: &Place) -> Option<Value> {
        match place {
            Place::Pointer(pointer) => self.body.pointer(pointer).filter(|value| !value.is_null()).cloned(),
            Place::Header(place) => self.response.header(&place.header).map(|text| Value::String(text.to_owned())),
        }
    }

    /// A link, made complete. It may be relative to what was asked.
    pub(crate) fn link(&self, link: &str) -> Result<String> {
        self.url
            .join(link)
            .map(String::from)
            .map_err(|_| Error::protocol(format!("{}: the link to the next page is not a URL", self.what)))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("what", &self.what).finish_non_exhaustive()
    }
}

/// A path or URL without its query, which may hold values of people.
fn shown(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}
