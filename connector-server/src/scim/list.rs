//! Lists, page by page, and single resources.

use super::discovery::{LARGEST_PAGE, USUAL_PAGE, places};
use super::fault::{answer, marked};
use super::filter::{fits, is_core, must_be, values};
use super::names::location;
use super::places::Places;
use super::rank::Rank;
use super::resource::{Wanted, as_group, as_user, group_id};
use crate::asked::Asked;
use crate::etag::names;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use axum::extract::{Path, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::{EntitlementRef, Error, ErrorKind, Result};
use connector_engine::ExternalIds;
use connector_engine::query::{self, AccountQuery, Breadth};
use connector_engine::store::Store;
use scim_v2::filter::{AttrExp, AttrPath, Filter};
use serde::Deserialize;
use serde_json::{Value, json};

/// How many resources are put in an order that is not the one of their ids.
const MOST_SORTED: usize = 100_000;

/// What a client asks for behind `?`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fields {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    cursor: Option<String>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
}

/// A list that somebody asks for.
struct Question {
    filter: Option<Filter>,
    sort: Option<(AttrPath, bool)>,
    wanted: Wanted,
    count: usize,
    /// How many are passed over; none with a cursor.
    skip: usize,
    /// The id behind which the page begins, with a cursor.
    after: Option<String>,
    by_cursor: bool,
}

impl Question {
    fn of(fields: &Fields) -> Result<Self> {
        let filter = match fields.filter.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => {
                let parsed: std::result::Result<Filter, _> = text.parse();
                Some(parsed.map_err(|fault| marked("invalidFilter", format!("`{text}` is not a filter: {fault}")))?)
            }
            None => None,
        };
        let sort = match fields.sort_by.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => {
                // The grammar of a path is that of a filter.
                let parsed: Option<Filter> = format!("{text} pr").parse().ok();
                let Some(Filter::Attr(AttrExp::Present(path))) = parsed else {
                    let message = format!("`sortBy` is not the name of an attribute: `{text}`");
                    return Err(marked("invalidValue", message));
                };
                let descending =
                    fields.sort_order.as_deref().is_some_and(|order| order.eq_ignore_ascii_case("descending"));
                Some((path, descending))
            }
            None => None,
        };
        let sort =
            sort.filter(|(path, descending)| *descending || !is_core(path) || !path.name.eq_ignore_ascii_case("id"));
        let count = fields.count.map_or(USUAL_PAGE, |count| usize::try_from(count).unwrap_or(0).min(LARGEST_PAGE));
        let skip = usize::try_from(fields.start_index.unwrap_or(1).max(1) - 1).unwrap_or(0);
        let by_cursor = fields.cursor.is_some();
        if by_cursor && sort.is_some() {
            return Err(marked(
                "invalidValue",
                "a cursor follows the order of the ids: leave out `sortBy`, or page with `startIndex`",
            ));
        }
        let after = match fields.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            Some(cursor) => {
                let read = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                Some(read.ok_or_else(|| marked("invalidValue", "the cursor is none of this service"))?)
            }
            None => None,
        };
        let wanted = Wanted::of(fields.attributes.as_deref(), fields.excluded_attributes.as_deref());
        Ok(Self { filter, sort, wanted, count, skip: if by_cursor { 0 } else { skip }, after, by_cursor })
    }
}

/// The page that is being gathered.
struct Gathered<'a> {
    question: &'a Question,
    /// How many there are in all, where that is known beforehand: then nothing behind the page is read.
    known: Option<u64>,
    total: u64,
    rows: Vec<(String, Value)>,
    has_more: bool,
    is_over: bool,
}

impl<'a> Gathered<'a> {
    /// `number` is how many resources there are without a filter.
    fn of(question: &'a Question, number: u64) -> Self {
        let known = (question.filter.is_none() && question.sort.is_none()).then_some(number);
        Self { question, known, total: 0, rows: Vec::new(), has_more: false, is_over: false }
    }

    /// Takes a resource if it fits. `is_after` is whether it comes behind the cursor. Fails when the page is full and nothing
    /// behind it counts.
    fn take(&mut self, position: String, is_after: bool, resource: impl FnOnce() -> Result<Value>) -> Result<()> {
        let question = self.question;
        let is_full = self.rows.len() >= question.count;
        if self.known.is_some() {
            self.total += 1;
            if is_full {
                (self.has_more, self.is_over) = (true, true);
                return Err(Error::new(ErrorKind::Cancelled, "the page is full"));
            }
            if is_after && self.total > question.skip as u64 {
                self.rows.push((position, resource()?));
            }
            return Ok(());
        }
        let resource = resource()?;
        if question.filter.as_ref().is_some_and(|filter| !fits(&resource, filter)) {
            return Ok(());
        }
        self.total += 1;
        if question.sort.is_some() {
            if self.rows.len() == MOST_SORTED {
                let message =
                    format!("no more than {MOST_SORTED} resources are sorted: narrow the filter, or sort by `id`");
                return Err(marked("tooMany", message));
            }
            self.rows.push((position, resource));
        } else if is_after && self.total > question.skip as u64 {
            if is_full {
                self.has_more = true;
            } else {
                self.rows.push((position, resource));
            }
        }
        Ok(())
    }

    /// The page as a client reads it.
    fn page(mut self) -> Value {
        let question = self.question;
        if let Some((path, descending)) = &question.sort {
            self.rows.sort_by_cached_key(|(position, resource)| {
                let key = values(resource, path).iter().map(Rank::of).next();
                // What is absent comes last (RFC 7644, 3.4.2.3).
                (key.is_none(), key, position.clone())
            });
            if *descending {
                self.rows.reverse();
            }
            self.rows = self.rows.into_iter().skip(question.skip).take(question.count).collect();
        }
        let next = self.rows.last().filter(|_| self.has_more).map(|(position, _)| URL_SAFE_NO_PAD.encode(position));
        let resources: Vec<Value> = self
            .rows
            .into_iter()
            .map(|(_, mut resource)| {
                question.wanted.apply(&mut resource);
                resource
            })
            .collect();
        let mut page = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "itemsPerPage": resources.len(),
        });
        page["totalResults"] = self.known.unwrap_or(self.total).into();
        if !question.by_cursor {
            page["startIndex"] = (question.skip + 1).into();
        } else if let Some(next) = next {
            page["nextCursor"] = next.into();
        }
        page["Resources"] = resources.into();
        page
    }
}

pub(super) async fn users(
    State(state): State<ServerState>,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let page = state.ask(move |reach| {
        let store = reach.store_of(&source)?;
        let question = Question::of(&fields)?;
        let places = places(reach, &source)?;
        let mut gathered = Gathered::of(&question, query::size(store, &source)?.accounts);
        let external = ExternalIds::of(store, &source)?;
        let named =
            question.filter.as_ref().and_then(|filter| named(reach, (store, &source), (&places, &external), filter));
        // With a filter, all are counted.
        let after = question.after.as_deref();
        let begins = after.filter(|_| gathered.known.is_some());
        let asked = AccountQuery { filter: named.as_ref(), after: begins, ..AccountQuery::default() };
        let read = query::accounts(store, &source, &asked, |account| {
            let is_after = after.is_none_or(|after| account.id.as_str() > after);
            gathered.take(account.id.clone(), is_after, || {
                Ok(as_user(&source, &places, external.of_account(&account.id)?, account))
            })
        });
        ended(read.map(drop), &gathered)?;
        Ok(gathered.page())
    });
    Ok(answer(StatusCode::OK, &page.await?))
}

/// The accounts that a filter can be about, if it names one. What the store does not understand is looked for in all of them.
fn named(
    reach: &Reach,
    (store, source): (&Store, &str),
    (places, external): (&Places, &ExternalIds),
    filter: &Filter,
) -> Option<query::Filter> {
    if places.keeps_external_ids()
        && let Some(known) = must_be(filter, "externalid").and_then(|text| external.account(text).ok().flatten())
        && !known.contains(['"', '\\', '%', '_'])
    {
        return query::condition(&reach.project, store, source, source, &format!("id = \"{known}\"")).ok();
    }
    let (name, value) = [("username", "name"), ("id", "id")]
        .into_iter()
        .find_map(|(attribute, member)| must_be(filter, attribute).map(|value| (member, value)))?;
    if value.contains(['"', '\\', '%', '_']) {
        return None;
    }
    // Names have any case in SCIM.
    let text = if name == "id" { format!("id = \"{value}\"") } else { format!("name like \"{value}\"") };
    query::condition(&reach.project, store, source, source, &text).ok()
}

/// A page that is full ended its stream.
fn ended(read: Result<()>, gathered: &Gathered<'_>) -> Result<()> {
    if gathered.is_over { Ok(()) } else { read }
}

pub(super) async fn user(
    State(state): State<ServerState>,
    Path((source, id)): Path<(String, String)>,
    Asked(fields): Asked<Fields>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let found = state.ask(move |reach| user_now(reach, &places(reach, &source)?, &source, &id));
    Ok(single(StatusCode::OK, found.await?, &fields, &headers))
}

/// A user as the store has it.
pub(super) fn user_now(reach: &Reach, places: &Places, source: &str, id: &str) -> Result<Value> {
    let missing = || Error::not_found(format!("`{source}` has no user `{id}`"));
    let store = reach.store_of(source)?;
    let detail = match query::account(store, source, id, Breadth::default()) {
        Err(error) if error.kind() == ErrorKind::Conflict => return Err(missing()),
        found => found?,
    };
    // The commands take names and beginnings of ids, too.
    if detail.account.id != id || detail.removed {
        return Err(missing());
    }
    let external_id = ExternalIds::of(store, source)?.of_account(id)?;
    Ok(as_user(source, places, external_id, &detail.account))
}

pub(super) async fn groups(
    State(state): State<ServerState>,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let page = state.ask(move |reach| {
        let store = reach.store_of(&source)?;
        let question = Question::of(&fields)?;
        let mut gathered = Gathered::of(&question, query::size(store, &source)?.entitlements);
        // Whoever asks about members pays for them.
        let with_members = question.wanted.asks_for("members")
            || fields.filter.as_deref().is_some_and(|filter| filter.to_lowercase().contains("members"));
        let read = query::entitlements(store, &source, None, |stored| {
            let key = &stored.entitlement.key;
            let position = group_id(&key.entitlement_type, &key.id);
            let place = (&*key.entitlement_type, key.id.as_str());
            let after = question.after.as_deref().map(|after| after.split_once(':').unwrap_or((after, "")));
            gathered.take(position, after.is_none_or(|after| place > after), || {
                let members = if with_members { Some(members(store, &source, key)?) } else { None };
                Ok(as_group(&source, stored, members))
            })
        });
        ended(read.map(drop), &gathered)?;
        Ok(gathered.page())
    });
    Ok(answer(StatusCode::OK, &page.await?))
}

pub(super) async fn group(
    State(state): State<ServerState>,
    Path((source, id)): Path<(String, String)>,
    Asked(fields): Asked<Fields>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let wanted = Wanted::of(fields.attributes.as_deref(), fields.excluded_attributes.as_deref());
    let found = state.ask(move |reach| group_now(reach, &source, &id, !wanted.excludes("members")));
    Ok(single(StatusCode::OK, found.await?, &fields, &headers))
}

/// A group as the store has it.
pub(super) fn group_now(reach: &Reach, source: &str, id: &str, with_members: bool) -> Result<Value> {
    let store = reach.store_of(source)?;
    let missing = || Error::not_found(format!("`{source}` has no group `{id}`"));
    let key = group_key(id).ok_or_else(missing)?;
    let stored = query::entitlement(store, source, &key.to_string())?;
    // The commands take names, too.
    if stored.entitlement.key != key {
        return Err(missing());
    }
    let members = if with_members { Some(members(store, source, &key)?) } else { None };
    Ok(as_group(source, &stored, members))
}

/// The entitlement of a group.
pub(super) fn group_key(id: &str) -> Option<EntitlementRef> {
    let (entitlement_type, of_type) = id.split_once(':')?;
    Some(EntitlementRef::new(entitlement_type.to_owned(), of_type.to_owned()))
}

/// Who holds an entitlement directly and with effect: accounts, then entitlements.
fn members(store: &Store, source: &str, key: &EntitlementRef) -> Result<Vec<Value>> {
    let mut members = Vec::new();
    query::holders(store, source, key, Breadth::default(), |holder| {
        let mut member = json!({"value": holder.id, "$ref": location(source, "Users", &holder.id), "type": "User"});
        if let Some(name) = &holder.name {
            member["display"] = name.as_str().into();
        }
        members.push(member);
        Ok(())
    })?;
    for held in query::nesting(store, source, key, Breadth::default())?.held_by {
        let id = group_id(&held.entitlement.entitlement_type, &held.entitlement.id);
        members.push(json!({"value": id, "$ref": location(source, "Groups", &id), "type": "Group"}));
    }
    Ok(members)
}

/// One resource, or nothing if the client has it.
pub(super) fn single(status: StatusCode, mut resource: Value, fields: &Fields, headers: &HeaderMap) -> Response {
    let version = resource["meta"]["version"].as_str().unwrap_or_default().to_owned();
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let tag = HeaderValue::from_str(&version).ok();
    if status == StatusCode::OK && known.is_some_and(|known| names(known, &version)) {
        let mut unchanged = StatusCode::NOT_MODIFIED.into_response();
        unchanged.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
        return unchanged;
    }
    Wanted::of(fields.attributes.as_deref(), fields.excluded_attributes.as_deref()).apply(&mut resource);
    let mut whole = answer(status, &resource);
    whole.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
    whole
}
