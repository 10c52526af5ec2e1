//! Queries: the first page, the pages after it, and the cursors between them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::answer::{Answer, Ask, Noted};
use super::misbehave::PageFaults;
use super::shared::Shared;
use crate::id::Id;
use crate::org::object::Object;
use crate::org::state::State;
use crate::soql::{self, Bound, Rows};

/// The smallest page a client can ask for.
const SMALLEST_PAGE: usize = 200;
/// The largest page of `OauthToken`.
const TOKENS_PER_PAGE: usize = 500;
/// The key prefix of cursor ids.
const PREFIX: &str = "01g";
/// The maximum number of open cursors. The oldest closes first.
const OPEN_CURSORS: usize = 100;

/// A query whose pages are being read.
#[derive(Debug)]
pub(crate) struct Cursor {
    bound: Bound,
    rows: Rows,
    page: usize,
}

/// The open cursors.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    open: HashMap<Id, Arc<Cursor>>,
    order: VecDeque<Id>,
    opened: u64,
    /// The first page of each object, for the fault that repeats it.
    first_pages: HashMap<Object, Vec<u8>>,
}

impl Cursors {
    fn add(&mut self, cursor: Arc<Cursor>) -> Id {
        self.opened += 1;
        let id = Id::new(PREFIX, 34_000_000 + self.opened);
        self.open.insert(id, cursor);
        self.order.push_back(id);
        if self.order.len() > OPEN_CURSORS
            && let Some(oldest) = self.order.pop_front()
        {
            self.open.remove(&oldest);
        }
        id
    }

    /// Closes all of them.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.order.clear();
    }
}

/// `GET …/query?q=` and `GET …/queryAll?q=`.
pub(crate) fn query(shared: &Shared, state: &State, ask: &Ask, version: &str) -> Answer {
    let Some(statement) = ask.parameter("q").filter(|text| !text.trim().is_empty()) else {
        return Answer::error(400, "MALFORMED_QUERY", "A query string has to be specified").kind("query");
    };
    let mut answer = run(shared, state, ask, version, statement);
    if answer.kind.is_empty() {
        "query".clone_into(&mut answer.kind);
    }
    answer.noted = Noted::Soql(statement.into());
    answer
}

fn run(shared: &Shared, state: &State, ask: &Ask, version: &str, statement: &str) -> Answer {
    let select = match soql::parse(statement, shared.now()) {
        Ok(select) => select,
        Err(error) => return error.into(),
    };
    let bound = match soql::bind(state, statement, &select) {
        Ok(bound) => bound,
        Err(error) => return error.into(),
    };
    let object = bound.object;
    let kind = format!("query:{}", object.name());
    if shared.faults.times_out(bound.limit) {
        let message = "Your query request was running for too long.";
        return Answer::error(400, "QUERY_TIMEOUT", message).kind(kind);
    }
    if bound.count {
        let rows = soql::rows(state, &bound);
        let body = format!("{{\"totalSize\":{},\"done\":true,\"records\":[]}}", rows.len());
        return Answer::page(body.into_bytes()).kind(kind);
    }
    if let Some(grouped) = &bound.grouped {
        return match soql::grouped_records(state, statement, &bound, grouped) {
            Ok((records, groups)) => {
                let mut body = format!("{{\"totalSize\":{groups},\"done\":true,\"records\":[").into_bytes();
                body.extend_from_slice(&records);
                body.extend_from_slice(b"]}");
                Answer::page(body).kind(kind)
            }
            Err(error) => error.into(),
        };
    }
    let keyset = bound.filter.is_some();
    let rows = soql::rows(state, &bound);
    let page_size = page_size(shared, ask);
    let page_size = if object == Object::OauthToken { page_size.min(TOKENS_PER_PAGE) } else { page_size };
    let cursor = Arc::new(Cursor { bound, rows, page: page_size });
    let id = (cursor.rows.len() > cursor.page as u64).then(|| shared.cursors().add(cursor.clone()));
    page(shared, state, &cursor, id, 0, version, keyset).kind(kind)
}

/// `Sforce-Query-Options: batchSize=N`, within its limits.
fn page_size(shared: &Shared, ask: &Ask) -> usize {
    let largest = shared.options.max_page.max(1);
    let asked = ask
        .header("sforce-query-options")
        .and_then(|options| options.split(',').find_map(|option| option.trim().strip_prefix("batchSize=")))
        .and_then(|size| size.trim().parse::<usize>().ok());
    asked.map_or(largest, |size| size.max(SMALLEST_PAGE).min(largest))
}

/// `GET …/query/<cursor>-<offset>`.
pub(crate) fn more(shared: &Shared, locator: &str, version: &str) -> Answer {
    let gone = || Answer::error(400, "INVALID_QUERY_LOCATOR", "invalid query locator").kind("more");
    let Some((id, offset)) = locator.split_once('-') else { return gone() };
    let (Some(id), Ok(offset)) = (Id::parse(id), offset.parse::<u64>()) else { return gone() };
    let cursor = shared.cursors().open.get(&id).cloned();
    let Some(cursor) = cursor.filter(|cursor| offset < cursor.rows.len() && !shared.faults.kills_cursors()) else {
        return gone();
    };
    let state = shared.org.read();
    let kind = format!("more:{}", cursor.bound.object.name());
    page(shared, &state, &cursor, Some(id), offset, version, true).kind(kind)
}

/// One page; `follows` means that it may not be the first page of this object.
fn page(
    shared: &Shared,
    state: &State,
    cursor: &Cursor,
    id: Option<Id>,
    offset: u64,
    version: &str,
    follows: bool,
) -> Answer {
    let faults = shared.faults.page();
    let object = cursor.bound.object;
    if faults.repeat && follows {
        let known = shared.cursors().first_pages.get(&object).cloned();
        if let Some(body) = known {
            return Answer::page(body);
        }
    }
    let mut body = body(state, cursor, id, offset, version, faults);
    if faults.repeat {
        shared.cursors().first_pages.entry(object).or_insert_with(|| body.clone());
    }
    if faults.truncate {
        body.truncate(body.len() / 2);
    }
    let mut answer = Answer::page(body);
    answer.cut = faults.cut;
    answer
}

fn body(state: &State, cursor: &Cursor, id: Option<Id>, offset: u64, version: &str, faults: PageFaults) -> Vec<u8> {
    let total = cursor.rows.len();
    let to = total.min(offset + cursor.page as u64);
    // Skips rows that were removed after the query, as a real org does.
    let table = state.table(cursor.bound.object);
    let mut rows = cursor.rows.part(offset, to);
    rows.retain(|row| table.has(*row));
    if faults.drop_rows {
        rows.truncate(rows.len() / 2);
    }
    let mut out = Vec::with_capacity(rows.len() * 400 + 200);
    out.extend_from_slice(format!("{{\"totalSize\":{total},\"done\":{}", to == total).as_bytes());
    if let Some(id) = id.filter(|_| to < total) {
        let next = format!(",\"nextRecordsUrl\":\"/services/data/{version}/query/{id}-{to}\"");
        out.extend_from_slice(next.as_bytes());
    }
    out.extend_from_slice(b",\"records\":[");
    let last = rows.len().saturating_sub(1);
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let record = (cursor.bound.object, *row);
        if faults.wrong_type {
            let id = Id::new("003", *row);
            soql::write_attributes("Contact", id, version, &mut out);
            out.extend_from_slice(format!(",\"Id\":\"{id}\"}}").as_bytes());
        } else if faults.missing_id && at == last {
            cursor.bound.shape.without_id().write(state, record, version, &mut out);
        } else {
            cursor.bound.shape.write(state, record, version, &mut out);
        }
    }
    out.extend_from_slice(b"]}");
    out
}
