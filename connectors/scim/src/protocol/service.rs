//! The requests to one server.

use super::discovery::{Answers, Discovery};
use super::list::Listed;
use super::path;
use super::shared::Shared;
use super::split::{Form, Splitter};
use super::spool::{Spool, Spooled};
use crate::error;
use bytes::Bytes;
use connector_core::{Context, Error, Result};
use connector_http::{Client, Method, Reach, Request, Response};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use tokio::sync::Mutex;
use url::Url;

/// The schema of errors.
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The content type of SCIM.
const SCIM_JSON: &str = "application/scim+json";

/// The largest response that is held as it is, in bytes.
const LARGEST_WHOLE: usize = 4 * 1024 * 1024;

/// How often a response with groups is requested that is cut off.
const TRIES: usize = 3;

/// Whether a reader of groups wants their members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    Wanted,
    LeftOut,
}

/// A response as it arrived.
enum Arrived {
    /// With any status.
    Whole(Response),
    /// A success without its members, and these if they are wanted.
    Split(Response, Option<Spooled>),
}

/// Why a response did not arrive.
enum Fault {
    /// It began.
    OnTheWay(Error),
    Final(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// One server.
pub(crate) struct Service {
    pub(crate) client: Client,
    base_path: String,
    /// The folder of the project.
    project: PathBuf,
    discovery: OnceLock<Discovery>,
    /// Held while the server is asked about itself, so that it is asked once.
    asking: Mutex<()>,
    shared: Shared,
    /// Whether the server says that it can sort, but refused to sort by id.
    pub(crate) refuses_sort: AtomicBool,
    /// Whether a total was seen that counts more than the rows of its page. Some servers count only these.
    pub(crate) counts_all: AtomicBool,
    /// Held while a server is asked for a row after the end, so that lists that are read at once ask it once.
    pub(crate) counting: Mutex<()>,
}

impl Service {
    /// Opens it without sending anything.
    pub(crate) fn open(context: &Context, base: &Url) -> Result<Self> {
        let client = Client::open(context, Reach::base(base))?;
        Ok(Self {
            client,
            base_path: base.path().to_owned(),
            project: context.project().to_owned(),
            discovery: OnceLock::new(),
            asking: Mutex::default(),
            shared: Shared::default(),
            refuses_sort: AtomicBool::new(false),
            counts_all: AtomicBool::new(false),
            counting: Mutex::default(),
        })
    }

    /// What the server says about itself; asked once.
    pub(crate) async fn discovery(&self) -> Result<&Discovery> {
        if let Some(known) = self.discovery.get() {
            return Ok(known);
        }
        let _asking = self.asking.lock().await;
        if let Some(known) = self.discovery.get() {
            return Ok(known);
        }
        let config = Box::pin(self.part("/ServiceProviderConfig"));
        let types = Box::pin(self.part("/ResourceTypes"));
        let schemas = Box::pin(self.part("/Schemas"));
        let (config, types, schemas) = futures_util::try_join!(config, types, schemas)?;
        let found = Discovery::read(&Answers { config, types, schemas }, &self.base_path)?;
        Ok(self.discovery.get_or_init(|| found))
    }

    /// What the server said about itself, if it was asked.
    pub(crate) fn known(&self) -> Option<&Discovery> {
        self.discovery.get()
    }

    /// A part of what the server says about itself; `None` if it has no such part.
    async fn part(&self, path: &str) -> Result<Option<Response>> {
        let doing = format!("reading {}", path.trim_start_matches('/'));
        let response = self.client.get(path).header("accept", "application/scim+json, application/json").send().await?;
        if matches!(response.status, 404 | 405 | 501) {
            return Ok(None);
        }
        checked(response, &doing).map(Some)
    }

    /// A successful response to a GET that has JSON.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)], doing: &str) -> Result<Response> {
        let response = self.ask(path, query).await?;
        checked(response, doing)
    }

    /// The response to a GET with any status.
    pub(crate) async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Response> {
        Box::pin(self.reading(path, query).send()).await
    }

    /// A GET.
    pub(crate) fn reading(&self, path: &str, query: &[(&str, &str)]) -> Request {
        self.client.get(path).query(query).header("accept", "application/scim+json, application/json")
    }

    /// A part of a list.
    pub(crate) async fn list(&self, path: &str, query: &[(&str, &str)], doing: &str) -> Result<Listed> {
        self.get(path, query, doing).await.map(|response| Listed::new(response, doing.to_owned()))
    }

    /// A part of a list for its rows and total alone: the members of a large one are not kept.
    pub(crate) async fn list_alone(&self, path: &str, query: &[(&str, &str)], doing: &str) -> Result<Listed> {
        Ok(match self.whole_or_split(path, query, doing, Form::List, Members::LeftOut).await? {
            Arrived::Whole(response) => Listed::new(checked(response, doing)?, doing.to_owned()),
            Arrived::Split(response, spooled) => Listed::split(response, doing.to_owned(), spooled),
        })
    }

    /// A part of a list that two readers want: who asks second gets the response of the first. A reader that asks again gets a new
    /// response.
    pub(crate) async fn list_for(
        &self,
        reader: &'static str,
        path: &str,
        query: &[(&str, &str)],
        doing: &str,
        members: Members,
    ) -> Result<Listed> {
        let request = format!("{path} {query:?}");
        let slot = self.shared.slot(&request);
        let mut kept = slot.lock().await;
        if let Some((_, response)) = kept.take_if(|(by, _)| *by != reader) {
            self.shared.forget(&request);
            return Ok(Listed::new(response, doing.to_owned()));
        }
        match self.whole_or_split(path, query, doing, Form::List, members).await? {
            Arrived::Whole(response) => {
                let response = checked(response, doing)?;
                *kept = Shared::may_wait(&response).then(|| (reader, response.clone()));
                Ok(Listed::new(response, doing.to_owned()))
            }
            Arrived::Split(response, spooled) => Ok(Listed::split(response, doing.to_owned(), spooled)),
        }
    }

    /// A list of groups, or one of them: as it is if it is small. Otherwise, the members are taken out while it arrives. A response that is cut
    /// off is requested again.
    async fn whole_or_split(
        &self,
        path: &str,
        query: &[(&str, &str)],
        doing: &str,
        form: Form,
        members: Members,
    ) -> Result<Arrived> {
        let mut tries = 1;
        loop {
            match Box::pin(self.arriving(path, query, doing, form, members)).await {
                Err(Fault::OnTheWay(_)) if tries < TRIES => tries += 1,
                Err(Fault::OnTheWay(error) | Fault::Final(error)) => return Err(error),
                Ok(arrived) => return Ok(arrived),
            }
        }
    }

    async fn arriving(
        &self,
        path: &str,
        query: &[(&str, &str)],
        doing: &str,
        form: Form,
        members: Members,
    ) -> std::result::Result<Arrived, Fault> {
        let (mut response, parts) = Box::pin(self.reading(path, query).stream()).await?;
        let Some(mut parts) = parts else { return Ok(Arrived::Whole(response)) };
        let mut begun = Vec::new();
        while begun.len() <= LARGEST_WHOLE {
            let Some(part) = parts.next().await.map_err(Fault::OnTheWay)? else {
                response.body = begun.into();
                return Ok(Arrived::Whole(response));
            };
            begun.extend_from_slice(&part);
        }
        response.body = Bytes::copy_from_slice(&begun[..LARGEST_WHOLE.min(1024)]);
        let mut response = checked(response, doing)?;
        let mut spool = match members {
            Members::Wanted => Some(Spool::new(&self.project)?),
            Members::LeftOut => None,
        };
        let mut each = |row, member: &[u8]| spool.as_mut().map_or(Ok(()), |spool| spool.push(row, member));
        let mut splitter = Splitter::new(doing, form);
        splitter.push(&begun, &mut each)?;
        drop(begun);
        while let Some(part) = parts.next().await.map_err(Fault::OnTheWay)? {
            splitter.push(&part, &mut each)?;
        }
        response.body = splitter.finish()?.into();
        Ok(Arrived::Split(response, spool.map(Spool::finish).transpose()?))
    }

    /// A resource by its id; `None` if the server doesn't have it.
    pub(crate) async fn resource(
        &self,
        endpoint: &str,
        id: &str,
        query: &[(&str, &str)],
        doing: &str,
    ) -> Result<Option<Response>> {
        let Some(path) = path::resource(endpoint, id) else { return Ok(None) };
        let response = self.ask(&path, query).await?;
        self.if_there(endpoint, &path, query, response, doing).await
    }

    /// A group by its id, and its members if the response is too large to hold them; `None` if the server doesn't have it.
    pub(crate) async fn group(
        &self,
        endpoint: &str,
        id: &str,
        query: &[(&str, &str)],
        doing: &str,
    ) -> Result<Option<(Response, Option<Spooled>)>> {
        let Some(path) = path::resource(endpoint, id) else { return Ok(None) };
        match self.whole_or_split(&path, query, doing, Form::One, Members::Wanted).await? {
            Arrived::Whole(response) => {
                let there = self.if_there(endpoint, &path, query, response, doing).await?;
                Ok(there.map(|response| (response, None)))
            }
            Arrived::Split(response, spooled) => Ok(Some((response, spooled))),
        }
    }

    async fn if_there(
        &self,
        endpoint: &str,
        path: &str,
        query: &[(&str, &str)],
        response: Response,
        doing: &str,
    ) -> Result<Option<Response>> {
        // The server may refuse the parameters and not the id. That says nothing about the resource.
        let refuses_id = response.status == 400
            && absence(&response) != Absence::No
            && (query.is_empty() || absence(&self.ask(path, &[]).await?) != Absence::No);
        if (response.status == 400 && !refuses_id) || !self.is_absent(endpoint, &response).await? {
            return checked(response, doing).map(Some);
        }
        Ok(None)
    }

    /// Whether a response about one resource says that there is none. If it says so only by its status, as a gateway would for a
    /// server that is away, the list of these resources must still be there.
    pub(crate) async fn is_absent(&self, endpoint: &str, response: &Response) -> Result<bool> {
        match absence(response) {
            Absence::Said => Ok(true),
            Absence::No => Ok(false),
            Absence::Perhaps => {
                let list = self.ask(endpoint, &[("startIndex", "1"), ("count", "1")]).await?;
                Ok(list.is_success() && Listed::new(list, "looking at the list".to_owned()).rows().is_ok())
            }
        }
    }

    /// A request that changes something, with the version that it must still have.
    pub(crate) async fn write(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        version: Option<&str>,
    ) -> Result<Response> {
        self.shared.forget_all();
        let mut request = self.client.request(method, path);
        if let Some(body) = body {
            request = request.json(body).header("content-type", SCIM_JSON);
        }
        request = request.header("accept", "application/scim+json, application/json");
        if let Some(version) = version {
            request = request.header("if-match", version);
        }
        Box::pin(request.send()).await
    }
}

/// Whether a response says that there is no such resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absence {
    /// It is an error of SCIM (RFC 7644, section 3.12) that says so.
    Said,
    /// Its status says so, but it is no error of SCIM; or the server may know no ids of this form.
    Perhaps,
    No,
}

fn absence(response: &Response) -> Absence {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let names_error = |schemas: &Value| schemas.as_str().is_some_and(|schema| schema.eq_ignore_ascii_case(ERROR));
    let is_scim =
        body["schemas"].as_array().is_some_and(|all| all.iter().any(names_error)) || names_error(&body["schema"]);
    match response.status {
        404 | 410 if is_scim => Absence::Said,
        // A web page doesn't say so.
        404 | 410 if body.is_object() || response.body.trim_ascii().is_empty() => Absence::Perhaps,
        // Some servers refuse an id of another form than their own.
        400 if is_scim && matches!(body["scimType"].as_str(), None | Some("" | "invalidValue")) => Absence::Perhaps,
        _ => Absence::No,
    }
}

/// A response that must be a success with JSON.
fn checked(response: Response, doing: &str) -> Result<Response> {
    if !response.is_success() {
        return Err(error::of_answer(&response, doing));
    }
    let content_type = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let is_page = response.body.trim_ascii_start().starts_with(b"<");
    if is_page || (!content_type.is_empty() && !content_type.contains("json")) {
        let kind = content_type.split(';').next().unwrap_or_default();
        let what = if is_page {
            "the response is a web page, not SCIM".to_owned()
        } else {
            format!("the response is `{kind}`, not SCIM")
        };
        return Err(error::not_scim(doing, &what));
    }
    if response.body.is_empty() {
        return Err(error::not_scim(doing, "the response is empty"));
    }
    Ok(response)
}
