//! What a server says about itself (RFC 7644, section 4). Each part may be missing.

use super::builtin;
use super::schema::Schema;
use super::{ENTERPRISE, GROUP, USER};
use crate::error::{not_scim, odd};
use connector_core::{Error, Result};
use connector_http::Response;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a server says about itself.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a word of the server about itself")]
pub(crate) struct Discovery {
    pub(crate) patch: bool,
    pub(crate) filter: bool,
    pub(crate) sort: bool,
    pub(crate) etag: bool,
    /// The most rows of a page, where the server says it.
    pub(crate) most_rows: Option<u64>,
    /// Whether cursors are the only or the preferred way to read lists.
    pub(crate) prefers_cursors: bool,
    pub(crate) types: Vec<ResourceType>,
    pub(crate) schemas: BTreeMap<String, Schema>,
    /// The parts that are missing.
    pub(crate) missing: Vec<&'static str>,
    /// The server's time when it said this.
    pub(crate) date: Option<Timestamp>,
}

/// A type of resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceType {
    pub(crate) name: String,
    /// The path after the base URL.
    pub(crate) endpoint: String,
    pub(crate) schema: String,
    pub(crate) extensions: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    patch: Option<Supported>,
    filter: Option<Supported>,
    sort: Option<Supported>,
    etag: Option<Supported>,
    pagination: Option<Pagination>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Supported {
    supported: bool,
    max_results: Option<u64>,
}

/// RFC 9865, section 4.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Pagination {
    cursor: bool,
    index: Option<bool>,
    default_pagination_method: Option<String>,
    max_page_size: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    name: String,
    endpoint: String,
    schema: String,
    #[serde(default)]
    schema_extensions: Vec<Extension>,
}

#[derive(Deserialize)]
struct Extension {
    schema: String,
}

/// The three responses.
pub(crate) struct Answers {
    pub(crate) config: Option<Response>,
    pub(crate) types: Option<Response>,
    pub(crate) schemas: Option<Response>,
}

impl Discovery {
    /// Reads what the server said. `base` is the path of the base URL.
    pub(crate) fn read(answers: &Answers, base: &str) -> Result<Self> {
        let mut missing = Vec::new();
        let config: Config = if let Some(response) = &answers.config {
            part(response, "ServiceProviderConfig")?
        } else {
            missing.push("ServiceProviderConfig");
            // Most servers can do both, and one that can't says so with an error.
            let yes = Some(Supported { supported: true, max_results: None });
            Config { patch: yes, filter: yes, ..Config::default() }
        };
        let types = if let Some(response) = &answers.types {
            resource_types(response, base)?
        } else {
            missing.push("ResourceTypes");
            vec![ResourceType::user(), ResourceType::group()]
        };
        let mut schemas: BTreeMap<_, _> = builtin::schemas().into_iter().map(|one| (one.id.clone(), one)).collect();
        match &answers.schemas {
            Some(response) => {
                for schema in rows::<Schema>(response, "Schemas")?.into_iter().filter(|one| !one.attributes.is_empty())
                {
                    schemas.insert(schema.id.clone(), schema);
                }
            }
            None => missing.push("Schemas"),
        }
        let is_on = |one: Option<Supported>| one.is_some_and(|one| one.supported);
        let pagination = config.pagination.unwrap_or_default();
        let by_default = pagination.default_pagination_method.as_deref();
        let most = [config.filter.and_then(|filter| filter.max_results), pagination.max_page_size];
        let date = [&answers.config, &answers.types, &answers.schemas].into_iter().flatten().filter_map(date).min();
        Ok(Self {
            patch: is_on(config.patch),
            filter: is_on(config.filter),
            sort: is_on(config.sort),
            etag: is_on(config.etag),
            most_rows: most.into_iter().flatten().filter(|most| *most > 0).min(),
            prefers_cursors: pagination.cursor && (pagination.index == Some(false) || by_default == Some("cursor")),
            types,
            schemas,
            missing,
            date,
        })
    }

    /// What is known before a server was asked.
    pub(crate) fn assumed() -> Self {
        let nothing = Answers { config: None, types: None, schemas: None };
        Self::read(&nothing, "").unwrap_or_else(|_| unreachable!("no response can't be malformed"))
    }

    /// A resource type by its name.
    pub(crate) fn resource_type(&self, name: &str) -> Result<&ResourceType> {
        let found = self.types.iter().find(|one| one.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let known: Vec<_> = self.types.iter().map(|one| one.name.as_str()).collect();
            Error::definition(format!("the server has no resource type `{name}`"))
                .with_help(format!("it has {}; check `entitlements` in the settings", known.join(", ")))
        })
    }

    /// The schemas of a type with extensions: each with its prefix, which is empty for the first one.
    pub(crate) fn schemas_of<'a>(&'a self, of: &'a ResourceType) -> impl Iterator<Item = (&'a str, &'a Schema)> {
        let own = self.schemas.get(&of.schema).map(|schema| ("", schema));
        own.into_iter().chain(of.extensions.iter().filter_map(|id| Some((id.as_str(), self.schemas.get(id)?))))
    }
}

impl ResourceType {
    fn user() -> Self {
        Self {
            name: "User".to_owned(),
            endpoint: "/Users".to_owned(),
            schema: USER.to_owned(),
            extensions: vec![ENTERPRISE.to_owned()],
        }
    }

    fn group() -> Self {
        Self {
            name: "Group".to_owned(),
            endpoint: "/Groups".to_owned(),
            schema: GROUP.to_owned(),
            extensions: Vec::new(),
        }
    }
}

fn resource_types(response: &Response, base: &str) -> Result<Vec<ResourceType>> {
    let mut types = Vec::new();
    for one in rows::<Described>(response, "ResourceTypes")? {
        types.push(ResourceType {
            endpoint: endpoint(&one.endpoint, base)?,
            name: one.name,
            schema: one.schema,
            extensions: one.schema_extensions.into_iter().map(|extension| extension.schema).collect(),
        });
    }
    // Some servers leave out one of the two that all have.
    for own in [ResourceType::user(), ResourceType::group()] {
        if !types.iter().any(|one| one.name.eq_ignore_ascii_case(&own.name)) {
            types.push(own);
        }
    }
    Ok(types)
}

/// An endpoint as a path after the base URL. Some servers give the whole path, or the whole URL; its host doesn't count.
fn endpoint(given: &str, base: &str) -> Result<String> {
    let path = match given.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => given.trim_start_matches('/'),
    };
    let base = base.trim_matches('/');
    let below = path.strip_prefix(base).filter(|rest| !base.is_empty() && rest.starts_with('/')).unwrap_or(path);
    let below = below.trim_matches('/');
    let is_plain = !below.is_empty()
        && below.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && below.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c));
    if is_plain {
        return Ok(format!("/{below}"));
    }
    Err(odd("the ResourceTypes of the server name an endpoint that is not a path", "ask the owner of the server"))
}

fn part<T: for<'de> Deserialize<'de>>(response: &Response, name: &'static str) -> Result<T> {
    response.json().map_err(|fault| fault.with_context("step", format!("reading {name}")))
}

/// The rows of a part. Most servers give a list of resources, some a bare array.
fn rows<T: for<'de> Deserialize<'de>>(response: &Response, name: &'static str) -> Result<Vec<T>> {
    let mut whole: Value = part(response, name)?;
    let rows = match &mut whole {
        Value::Object(members) => match members.remove("Resources").or_else(|| members.remove("resources")) {
            Some(rows) => rows,
            None => whole,
        },
        _ => whole,
    };
    serde_json::from_value(rows).map_err(|_| not_scim(&format!("reading {name}"), "the response is not a list of them"))
}

fn date(response: &Response) -> Option<Timestamp> {
    rfc2822::parse(response.header("date")?).ok().map(|date| date.timestamp())
}
