//! Salesforce's REST API: versions, queries, descriptions, counts.

use super::bulk::{Bulk, Transport};
use super::description::Description;
use super::ranges::RecordId;
use super::record::{self, Asked};
use super::soql::MAX_ROWS_PER_PAGE;
use crate::error;
use bytes::Bytes;
use connector_core::{Allowance, Context, Error, ErrorKind, Meter, Result};
use connector_http::{Client, Request, Response};
use jiff::fmt::rfc2822;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// The longest query in a URI. Salesforce refuses 16,384 bytes of URI and headers, and the path and the token need some of
/// that.
const MAX_QUERY_BYTES: usize = 14_300;

/// The large objects. One request asks for the size of all of them.
pub(crate) const COUNTED: [&str; 5] =
    ["User", "PermissionSetAssignment", "GroupMember", "PermissionSetLicenseAssign", "UserPackageLicense"];

/// The name of the daily allowance of API requests.
pub(crate) const API_USAGE: &str = "api-usage";

/// A warning about this allowance.
pub(crate) const NEARLY_USED_UP: &str =
    "the org has used nearly all its API calls for the last 24 hours; Setup › System Overview shows who uses them";

/// The REST API of one org.
pub(crate) struct Rest {
    pub(crate) client: Client,
    pub(crate) meter: Arc<Meter>,
    pub(crate) bulk: Bulk,
    asked_version: Option<String>,
    version: OnceCell<String>,
    counts: OnceCell<Counts>,
    descriptions: tokio::sync::Mutex<BTreeMap<&'static str, Arc<Description>>>,
    /// Fields that the org hides, by object.
    hidden: Mutex<BTreeMap<&'static str, Vec<&'static str>>>,
    /// The most rows of a page, by object, where larger pages take the org too long.
    page_rows: Mutex<BTreeMap<&'static str, usize>>,
    /// The org's time in milliseconds, as the last answer said it; 0 before that.
    clock: AtomicI64,
    /// What the org last said about the API version in use, in a `Warning` header.
    warned: Mutex<Option<String>>,
}

/// The approximate number of records per object; empty if the org does not say.
pub(crate) type Counts = BTreeMap<String, u64>;

impl Rest {
    /// Opens the API without sending anything.
    pub(crate) fn open(context: &Context, client: Client, asked_version: Option<String>, transport: Transport) -> Self {
        Self {
            client: client.with_reaction(error::reaction),
            meter: context.meter().clone(),
            bulk: Bulk::new(transport),
            asked_version,
            version: OnceCell::new(),
            counts: OnceCell::new(),
            descriptions: tokio::sync::Mutex::default(),
            hidden: Mutex::default(),
            page_rows: Mutex::default(),
            clock: AtomicI64::new(0),
            warned: Mutex::default(),
        }
    }

    /// The API version to use, such as `67.0`: the configured or the newest version. The org must list it.
    pub(crate) async fn version(&self) -> Result<&str> {
        self.version.get_or_try_init(|| self.find_version()).await.map(String::as_str)
    }

    async fn find_version(&self) -> Result<String> {
        #[derive(Deserialize)]
        struct Listed {
            version: String,
        }
        let response = self.client.get("/services/data/").anonymous().send().await?;
        let doing = "listing the API versions";
        if !response.is_success() {
            return Err(error::of_answer(&response, doing));
        }
        let listed: Vec<Listed> = response.json().map_err(|fault| fault.with_context("step", doing))?;
        let versions: Vec<_> = listed.into_iter().map(|listed| listed.version).collect();
        choose(&versions, self.asked_version.as_deref())
    }

    /// A path below the API version.
    pub(crate) async fn path(&self, below: &str) -> Result<String> {
        Ok(format!("/services/data/v{}/{below}", self.version().await?))
    }

    /// The raw response of a query about `object`.
    pub(crate) async fn query(&self, object: &str, soql: &str) -> Result<Bytes> {
        if !fits(soql) {
            return Err(Error::new(ErrorKind::Definition, format!("the query of `{object}` has too many fields"))
                .with_help("in `custom_fields`, list only the fields that you need instead of `all`"));
        }
        let path = self.path("query").await?;
        let doing = format!("reading `{object}`");
        self.get(&path, &[("q", soql)], &doing).await.map(|response| response.body)
    }

    /// The id of the org with all 18 characters; `None` if the org does not show it.
    pub(crate) async fn organization(&self) -> Result<Option<String>> {
        let asked = Asked { object: "Organization", columns: vec!["Id"], span: None, limit: 1 };
        let body = match self.query("Organization", "SELECT Id FROM Organization LIMIT 1").await {
            Ok(body) => body,
            Err(refused) if error::is_missing_object(&refused) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut ids = record::read(&body, &asked, |row| Ok(Some(row.id("Id")?.0.into_owned())))?.items;
        let id = ids.pop().ok_or_else(|| record::odd("Organization", "does not name an org"))?;
        // `https://…/id/ORG/USER`: the login server itself says which org the session is for.
        let token = self.client.token().await?;
        let of_token = token.member("id").and_then(|url| url.rsplit('/').nth(1)).and_then(RecordId::read);
        Ok(Some(of_token.filter(|id| id.has_prefix("00D")).map_or(id, |id| id.as_str().to_owned())))
    }

    /// The description of an object; requested once.
    pub(crate) async fn describe(&self, object: &'static str) -> Result<Arc<Description>> {
        let mut known = self.descriptions.lock().await;
        if let Some(description) = known.get(object) {
            return Ok(description.clone());
        }
        let path = self.path(&format!("sobjects/{object}/describe")).await?;
        let doing = format!("describing `{object}`");
        let description: Description =
            self.get(&path, &[], &doing).await?.json().map_err(|fault| fault.with_context("step", doing))?;
        if description.name != object {
            let message = format!("the description of `{object}` is about another object");
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        let description = Arc::new(description);
        known.insert(object, description.clone());
        Ok(description)
    }

    /// Asks for the description of an object again when it is needed next.
    pub(crate) async fn forget_description(&self, object: &str) {
        self.descriptions.lock().await.remove(object);
    }

    /// The most rows to ask for in a page of an object.
    pub(crate) fn page_rows(&self, object: &str) -> usize {
        let known = self.page_rows.lock().unwrap_or_else(PoisonError::into_inner).get(object).copied();
        known.unwrap_or(MAX_ROWS_PER_PAGE)
    }

    /// Keeps that larger pages of an object take the org too long.
    pub(crate) fn keep_page_rows(&self, object: &'static str, rows: usize) {
        self.page_rows.lock().unwrap_or_else(PoisonError::into_inner).insert(object, rows);
    }

    /// The org's own time in milliseconds when it sent its last answer; `None` if it does not say.
    pub(crate) fn clock(&self) -> Option<i64> {
        Some(self.clock.load(Ordering::Relaxed)).filter(|clock| *clock > 0)
    }

    /// What the org says about the API version in use, such as that it is deprecated.
    pub(crate) fn warned(&self) -> Option<String> {
        self.warned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many records of an object meet a condition.
    pub(crate) async fn count(&self, object: &str, condition: &str) -> Result<u64> {
        #[derive(Deserialize)]
        struct Counted {
            #[serde(rename = "totalSize")]
            total: u64,
        }
        let body = self.query(object, &format!("SELECT COUNT() FROM {object} WHERE {condition}")).await?;
        let counted: Counted =
            serde_json::from_slice(&body).map_err(|_| record::odd(object, "does not say a number"))?;
        Ok(counted.total)
    }

    /// How many records of an object the service account sees; `None` if the org does not say.
    pub(crate) async fn visible(&self, object: &'static str) -> Result<Option<u64>> {
        match self.count(object, "Id != null").await {
            Ok(counted) => Ok(Some(counted)),
            Err(odd) if odd.kind() == ErrorKind::Protocol => Ok(None),
            Err(refused)
                if error::is_missing_object(&refused)
                    || error::is_refused_query(&refused)
                    || error::is_too_slow(&refused) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the service account can manage the password of a user. True if the org does not say.
    pub(crate) async fn may_see_password(&self, user: &str) -> Result<bool> {
        let path = self.path(&format!("sobjects/User/{user}/password")).await?;
        match self.get(&path, &[], "reading the state of a password").await {
            Err(refused) if error::is_denied(&refused) => Ok(false),
            Err(refused) if error::is_not_offered(&refused) => Ok(true),
            Err(error) => Err(error),
            Ok(_) => Ok(true),
        }
    }

    /// The fields of an object that the org is known to hide.
    pub(crate) fn hidden(&self, object: &str) -> Vec<&'static str> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).get(object).cloned().unwrap_or_default()
    }

    /// Finds out which of the fields the org hides, and remembers them. Fields of a parent don't belong to the object.
    pub(crate) async fn find_hidden(&self, object: &'static str, fields: &[&'static str]) -> Result<Vec<&'static str>> {
        let description = self.describe(object).await?;
        let shown = |name: &str| description.fields.iter().any(|field| field.name.eq_ignore_ascii_case(name));
        let hidden: Vec<_> = fields.iter().copied().filter(|name| !name.contains('.') && !shown(name)).collect();
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).insert(object, hidden.clone());
        Ok(hidden)
    }

    /// The approximate number of records in the large objects, requested once. Empty if the org does not say.
    pub(crate) async fn counts(&self) -> Result<&Counts> {
        self.counts.get_or_try_init(|| self.find_counts()).await
    }

    async fn find_counts(&self) -> Result<Counts> {
        #[derive(Deserialize)]
        struct RecordCounts {
            #[serde(rename = "sObjects")]
            objects: Vec<Count>,
        }
        #[derive(Deserialize)]
        struct Count {
            name: String,
            count: u64,
        }
        let path = self.path("limits/recordCount").await?;
        let answer = self.get(&path, &[("sObjects", &COUNTED.join(","))], "counting records").await;
        match answer.and_then(|response| response.json::<RecordCounts>()) {
            Ok(answer) => Ok(answer.objects.into_iter().map(|count| (count.name, count.count)).collect()),
            // The counts only spread the work and show progress. A problem that affects more than the counts appears
            // again in the next request.
            Err(refused) => {
                tracing::debug!(error = %refused, "the org does not show how many records it has");
                Ok(Counts::new())
            }
        }
    }

    /// Sends a change. `doing` says what the connector tries, as in "creating users". An error says whether it happened.
    pub(crate) async fn write(&self, request: Request, doing: &str) -> Result<Response> {
        let response = request.send().await?;
        self.note_usage(&response);
        if response.is_success() { Ok(response) } else { Err(error::of_write(&response, doing)) }
    }

    /// Sends a cheap request that needs a session: lists the resources of the API.
    pub(crate) async fn reach(&self) -> Result<()> {
        let path = self.path("").await?;
        self.get(&path, &[], "listing the API resources").await.map(drop)
    }

    /// Sends a request that changes nothing. `doing` says what the connector tries.
    pub(crate) async fn ask(&self, request: Request, doing: &str) -> Result<Response> {
        self.answered(request.send().await?, doing)
    }

    /// The response to a request that changes nothing.
    pub(crate) fn answered(&self, response: Response, doing: &str) -> Result<Response> {
        self.note_usage(&response);
        if response.is_success() { Ok(response) } else { Err(error::of_answer(&response, doing)) }
    }

    async fn get(&self, path: &str, query: &[(&str, &str)], doing: &str) -> Result<Response> {
        self.ask(self.client.get(path).query(query), doing).await
    }

    /// What the user should know of this read, each with one page only where it happens once.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        let usage = self.usage_warning().map(str::to_owned);
        usage.into_iter().chain(std::iter::from_fn(|| self.bulk.take_warning()))
    }

    /// A warning if the org has used nearly all its API calls.
    pub(crate) fn usage_warning(&self) -> Option<&'static str> {
        let usage = self.meter.allowances().remove(API_USAGE)?;
        (usage.used.saturating_mul(10) >= usage.max.saturating_mul(9)).then_some(NEARLY_USED_UP)
    }

    fn note_usage(&self, response: &Response) {
        if let Some(clock) = response.header("date").and_then(clock) {
            self.clock.store(clock, Ordering::Relaxed);
        }
        if let Some(warning) = response.header("warning").and_then(general_warning) {
            *self.warned.lock().unwrap_or_else(PoisonError::into_inner) = Some(warning);
        }
        if let Some(allowance) = response.header("sforce-limit-info").and_then(api_usage) {
            self.meter.note_allowance(API_USAGE, allowance);
        }
    }
}

/// Whether a query is short enough for a URI.
pub(crate) fn fits(soql: &str) -> bool {
    let encoded: usize = url::form_urlencoded::byte_serialize(soql.as_bytes()).map(str::len).sum();
    encoded <= MAX_QUERY_BYTES
}

/// The newest version, or the configured version if the org lists it.
fn choose(listed: &[String], asked: Option<&str>) -> Result<String> {
    let number = |version: &str| version.strip_suffix(".0").and_then(|number| number.parse::<u32>().ok());
    let newest = listed.iter().max_by_key(|version| number(version)).filter(|version| number(version).is_some());
    let Some(newest) = newest else {
        return Err(Error::new(ErrorKind::Protocol, "the list of API versions is empty or unreadable")
            .with_help("check that `token_url` belongs to a Salesforce org"));
    };
    match asked {
        None => Ok(newest.clone()),
        Some(asked) if listed.iter().any(|version| version == asked) => Ok(asked.to_owned()),
        Some(asked) => Err(Error::new(ErrorKind::Definition, format!("the org does not have API version `{asked}`"))
            .with_help(format!("use one of {}, or omit `api_version` for the newest", listed.join(", ")))),
    }
}

/// The text of `299 - "This API is deprecated"`.
fn general_warning(header: &str) -> Option<String> {
    let (_, text) = header.trim().strip_prefix("299")?.split_once('"')?;
    Some(error::shown(text.trim_end().trim_end_matches('"'))).filter(|text| !text.is_empty())
}

/// Reads `Mon, 30 Nov 2026 00:12:04 GMT` as milliseconds.
fn clock(header: &str) -> Option<i64> {
    Some(rfc2822::parse(header.trim()).ok()?.timestamp().as_millisecond())
}

/// Reads `api-usage=10018/100000`, with or without further values.
fn api_usage(header: &str) -> Option<Allowance> {
    let value = header.split([',', ';']).find_map(|part| part.trim().strip_prefix("api-usage="))?;
    let (used, max) = value.split_once('/')?;
    Some(Allowance::new(used.trim().parse().ok()?, max.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(numbers: &[&str]) -> Vec<String> {
        numbers.iter().map(|number| (*number).to_owned()).collect()
    }

    #[test]
    fn the_newest_version_is_found_by_number_and_not_by_text() {
        let listed = versions(&["99.0", "100.0", "66.0"]);
        assert_eq!(choose(&listed, None).unwrap(), "100.0");
        assert_eq!(choose(&listed, Some("66.0")).unwrap(), "66.0");
    }

    #[test]
    fn a_version_that_is_not_listed_is_refused_with_the_list() {
        let error = choose(&versions(&["66.0", "67.0"]), Some("68.0")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert!(error.help().unwrap_or_default().contains("66.0, 67.0"));
        assert_eq!(choose(&versions(&["soon"]), None).unwrap_err().kind(), ErrorKind::Protocol);
        assert_eq!(choose(&[], Some("67.0")).unwrap_err().kind(), ErrorKind::Protocol);
    }

    #[test]
    fn the_time_of_an_answer_is_read_or_unknown() {
        assert_eq!(clock("Mon, 23 Nov 2026 12:00:00 GMT"), Some(1_795_435_200_000));
        assert_eq!(clock("2026-11-23T12:00:00Z"), None);
    }

    #[test]
    fn the_allowance_is_read_with_or_without_that_of_the_app() {
        let expected = Some(Allowance::new(18, 5000));
        assert_eq!(api_usage("api-usage=18/5000"), expected);
        assert_eq!(api_usage("per-app-api-usage=17/250(appName=sample), api-usage=18/5000"), expected);
        assert_eq!(api_usage("api-usage=many"), None);
    }
}
