//! One list of a server.

use super::index::{self, Drift, Odd, Seen};
use super::place::{Place, Range, Reading};
use crate::error::odd;
use crate::protocol::{Discovery, Listed, Members, Object, Rows, Service, Spooled, quoted};
use crate::settings::Paging;
use connector_core::{Error, ErrorKind, Result, Retry, Sessions};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A list of a server: where it is, and how it is read.
pub(crate) struct List<'a> {
    pub(crate) service: &'a Service,
    pub(crate) cursors: &'a Sessions<Reading>,
    pub(crate) endpoint: &'a str,
    /// The rows, for people: "users".
    pub(crate) what: &'a str,
    pub(crate) paging: Paging,
    pub(crate) size: u64,
    pub(crate) filter: Option<String>,
    /// Who reads it, if somebody else reads the same list.
    pub(crate) reader: Option<(&'static str, Members)>,
    /// More parameters.
    pub(crate) query: Vec<(&'static str, String)>,
}

/// A part of a list.
pub(crate) struct Part<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Vec<Place>,
    /// How many rows the whole list has.
    pub(crate) total: u64,
    pub(crate) drift: Option<Drift>,
    /// The members of the rows by the number of the row, if the response was too large to hold them.
    pub(crate) members: Option<Spooled>,
}

/// What a row becomes.
pub(crate) type Mapping<'a, T> = &'a (dyn Fn(&str, &Object<'_>) -> Result<T> + Send + Sync);

impl List<'_> {
    /// Reads the rows at a place, `None` for the beginning.
    pub(crate) async fn part<T: Send>(&self, at: Option<&Place>, map: Mapping<'_, T>) -> Result<Part<T>> {
        let known = self.service.discovery().await?;
        let cursors = match self.paging {
            Paging::Auto => known.prefers_cursors,
            paging => paging == Paging::Cursor,
        };
        match at {
            None if cursors => self.by_cursor(None, map).await,
            None if self.paging == Paging::None => self.whole(map).await,
            None if self.paging == Paging::Keyset => self.by_id(known, None, map).await,
            None => self.by_index(known, None, map).await,
            Some(Place::Index(range)) => self.by_index(known, Some(range), map).await,
            Some(Place::After(id)) => self.by_id(known, Some(id), map).await,
            Some(Place::Live(key)) => self.by_cursor(Some(self.cursors.take(key)?), map).await,
            Some(Place::Open(_)) => Err(Error::internal("a place in a response was asked as a place in a list")),
        }
    }

    /// Reads all rows, one page after the other.
    pub(crate) async fn all<T: Send>(&self, map: Mapping<'_, T>) -> Result<Vec<T>> {
        let (mut all, mut left) = (Vec::new(), vec![None]);
        while let Some(place) = left.pop() {
            let part = self.part(place.as_ref(), map).await?;
            // Rows that moved may be missing.
            if let Some(reason) = part.incomplete(self.what, false) {
                return Err(odd(reason, "try again in a moment").with_retry(Retry::After(Duration::from_secs(1))));
            }
            all.extend(part.items);
            left.extend(part.next.into_iter().map(Some));
        }
        Ok(all)
    }

    /// How many rows a page asks for.
    fn rows_asked(&self, known: &Discovery) -> u64 {
        self.size.min(known.most_rows.unwrap_or(self.size)).max(1)
    }

    async fn request(&self, parameters: &[(&str, &str)]) -> Result<Listed> {
        let doing = self.doing();
        match self.reader {
            Some((reader, members)) => self.service.list_for(reader, self.endpoint, parameters, &doing, members).await,
            None => self.service.list(self.endpoint, parameters, &doing).await,
        }
    }

    fn doing(&self) -> String {
        format!("reading {}", self.what)
    }

    fn parameters<'p>(&'p self, own: &[(&'p str, &'p str)], filter: Option<&'p str>) -> Vec<(&'p str, &'p str)> {
        let mut parameters = own.to_vec();
        parameters.extend(filter.map(|filter| ("filter", filter)));
        parameters.extend(self.query.iter().map(|(name, value)| (*name, value.as_str())));
        parameters
    }

    async fn whole<T: Send>(&self, map: Mapping<'_, T>) -> Result<Part<T>> {
        let parameters = self.parameters(&[], self.filter.as_deref());
        let mut listed = self.request(&parameters).await?;
        let Rows { total, resources: rows, .. } = listed.rows()?;
        let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
        index::unique(&ids).map_err(|fault| self.odd_page(&fault))?;
        let read = ids.len() as u64;
        if read != total {
            let what = format!("{}: {read} of {total} came in one response", self.doing());
            return Err(odd(what, "set another `paging`: the server gives pages"));
        }
        let items = rows.iter().map(|(id, row)| map(id, row)).collect::<Result<_>>()?;
        Ok(Part { items, next: Vec::new(), total, drift: None, members: listed.members.take() })
    }

    async fn by_index<T: Send>(&self, known: &Discovery, at: Option<&Range>, map: Mapping<'_, T>) -> Result<Part<T>> {
        let asked = at.map_or_else(|| self.rows_asked(known), index::count);
        let (start, count) = (at.map_or(1, |range| range.start).to_string(), asked.to_string());
        let own = [("startIndex", start.as_str()), ("count", count.as_str()), ("sortBy", "id")];
        let mut again = false;
        loop {
            let sorts = known.sort
                && match at {
                    None => !self.service.refuses_sort.load(Ordering::Relaxed),
                    Some(range) => !range.unsorted,
                };
            let own = if sorts { &own[..] } else { &own[..2] };
            let mut listed = match self.request(&self.parameters(own, self.filter.as_deref())).await {
                // Some servers sort, but not by id.
                Err(error) if sorts && matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported) => {
                    self.service.refuses_sort.store(true, Ordering::Relaxed);
                    if at.is_some() {
                        return Err(self.other_order(error));
                    }
                    continue;
                }
                listed => listed?,
            };
            let Rows { total, resources: rows, .. } = listed.rows()?;
            let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
            self.note_total(ids.len(), total);
            let seen = match (at, ids.first()) {
                (None, Some(first)) if ids.len() as u64 >= total => {
                    let start = (ids.len() + 1).to_string();
                    let after = [("startIndex", start.as_str()), ("count", "1"), ("sortBy", "id")];
                    let after = self.parameters(if sorts { &after } else { &after[..2] }, self.filter.as_deref());
                    let is_full = ids.len() as u64 >= asked;
                    let goes_on = self.goes_on(&after, first, is_full).await?;
                    index::first(&ids, total, asked, goes_on, sorts)
                }
                (None, _) => index::first(&ids, total, asked, false, sorts),
                (Some(range), _) => index::later(range, &ids, total),
            };
            match seen {
                Ok(Seen { take, next, drift }) => {
                    let items = rows[..take].iter().map(|(id, row)| map(id, row)).collect::<Result<_>>()?;
                    let next = next.into_iter().map(Place::Index).collect();
                    return Ok(Part { items, next, total, drift, members: listed.members.take() });
                }
                // Somebody may have changed the list at this moment.
                Err(_) if !again => again = true,
                Err(fault) => return Err(self.odd_page(&fault)),
            }
        }
    }

    async fn by_id<T: Send>(&self, known: &Discovery, after: Option<&str>, map: Mapping<'_, T>) -> Result<Part<T>> {
        let asked = self.rows_asked(known);
        let count = asked.to_string();
        let own = [("count", count.as_str()), ("sortBy", "id"), ("sortOrder", "ascending")];
        let filter = self.after(after);
        let mut listed = self.request(&self.parameters(&own, filter.as_deref())).await?;
        let Rows { total, resources: rows, .. } = listed.rows()?;
        let mut before = after;
        for (id, _) in &rows {
            if before.is_some_and(|before| before >= id.as_str()) {
                return Err(odd(
                    format!(
                        "{}: the server does not give the rows in the order of their ids, or ignores `id gt`",
                        self.doing()
                    ),
                    "set `paging: index`",
                ));
            }
            before = Some(id);
        }
        let read = rows.len() as u64;
        if read == 0 && total > 0 {
            return Err(self.odd_page(&Odd::Early { start: 1, total }));
        }
        self.note_total(rows.len(), total);
        let next = match rows.last() {
            Some((last, _)) if total > read || self.goes_on_after(last, read >= asked).await? => {
                Some(Place::After(last.clone()))
            }
            _ => None,
        };
        let items = rows.iter().map(|(id, row)| map(id, row)).collect::<Result<_>>()?;
        Ok(Part { items, next: next.into_iter().collect(), total, drift: None, members: listed.members.take() })
    }

    /// The filter for the rows after an id.
    fn after(&self, id: Option<&str>) -> Option<String> {
        let after = id.map(|id| format!("id gt {}", quoted(id)));
        match (&self.filter, after) {
            (Some(filter), Some(after)) => Some(format!("({filter}) and {after}")),
            (filter, after) => after.or_else(|| filter.clone()),
        }
    }

    /// Whether rows come after the last one of a page.
    async fn goes_on_after(&self, last: &str, is_full: bool) -> Result<bool> {
        let filter = self.after(Some(last));
        let own = [("count", "1"), ("sortBy", "id"), ("sortOrder", "ascending")];
        self.goes_on(&self.parameters(&own, filter.as_deref()), "", is_full).await
    }

    async fn by_cursor<T: Send>(&self, at: Option<Reading>, map: Mapping<'_, T>) -> Result<Part<T>> {
        let cursor = at.as_ref().map_or("", |at| at.cursor.as_str());
        let known = self.service.discovery().await?;
        // The count must be the same for each page.
        let count = self.rows_asked(known).to_string();
        let own = [("cursor", cursor), ("count", count.as_str())];
        let parameters = self.parameters(&own, self.filter.as_deref());
        let mut listed = self.request(&parameters).await.map_err(|error| {
            // At the beginning, no cursor can have expired.
            if at.is_none() && error.kind() == ErrorKind::Expired {
                Error::unsupported(error.message()).with_help("set `paging: index`")
            } else {
                error
            }
        })?;
        let Rows { total, resources: rows, next } = listed.rows()?;
        let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
        index::unique(&ids).map_err(|fault| self.odd_page(&fault))?;
        if next.as_deref() == Some(cursor) {
            return Err(odd(
                format!("{}: the server returned the same cursor again", self.doing()),
                "set `paging: index`, and ask the owner of the server",
            ));
        }
        let came = ids.len() as u64;
        let read = at.as_ref().map_or(0, |at| at.read) + came;
        let begun = at.as_ref().map_or(total, |at| at.total);
        let first = at.as_ref().map_or_else(|| ids.first().copied(), |at| at.first.as_deref());
        let is_again = |first: &&str| at.is_some() && ids.contains(first);
        let drift = match (first.filter(is_again), &next) {
            (Some(id), _) => Some(Drift::Order(id.to_owned())),
            // The smaller number: rows may have come or gone meanwhile, and some servers count the rows of the page.
            (None, None) if read < begun.min(total) => {
                let what = format!("{}: {read} of {total} rows came without a cursor for the next page", self.doing());
                let help = match at {
                    None => "the server seems to ignore `cursor`: set `paging: index`",
                    Some(_) => "try again; if it fails again, set `paging: index`, and ask the owner of the server",
                };
                return Err(odd(what, help));
            }
            (None, None) if read < total => Some(Drift::Total(begun, total)),
            _ => None,
        };
        let first = first.map(str::to_owned);
        let items = rows.iter().map(|(id, row)| map(id, row)).collect::<Result<_>>()?;
        let next = next.map(|cursor| self.cursors.keep(Reading { cursor, read, total: begun, first }));
        let next = next.map(Place::Live).into_iter().collect();
        Ok(Part { items, next, total, drift, members: listed.members.take() })
    }

    /// Whether rows come after a page that has as many as the server counts. `parameters` ask for the row after it, and `first` is
    /// the first row of the list. A total that is larger than its page shows that the server counts whole lists: then it is not
    /// asked again. Some servers refuse a start after the end: after a page with fewer rows than asked for, that is the end. After
    /// a full page it proves nothing.
    async fn goes_on(&self, parameters: &[(&str, &str)], first: &str, is_full: bool) -> Result<bool> {
        let _counting = self.service.counting.lock().await;
        if self.service.counts_all.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let listed = match self.service.list_alone(self.endpoint, parameters, &self.doing()).await {
            Err(error) if error.kind() == ErrorKind::Invalid && !is_full => return Ok(false),
            listed => listed?,
        };
        let Rows { total, resources: rows, .. } = listed.rows()?;
        self.note_total(rows.len(), total);
        // Some servers begin again after the end.
        Ok(rows.first().is_some_and(|(id, _)| id != first))
    }

    fn note_total(&self, rows: usize, total: u64) {
        if total > rows as u64 {
            self.service.counts_all.store(true, Ordering::Relaxed);
        }
    }

    fn other_order(&self, refused: Error) -> Error {
        let what = format!("{}: the server refused in the middle of the list to give it by id", self.doing());
        Error::new(ErrorKind::Expired, what).with_help("run it again").with_cause(refused)
    }

    fn odd_page(&self, fault: &Odd) -> Error {
        let doing = self.doing();
        let (text, help) = match fault {
            Odd::Early { start, total } => (
                format!("{doing}: there are {total}, but the page from {start} on is empty"),
                "the server may hide rows, or count from 0: set `paging: keyset` or `cursor`, or ask its owner",
            ),
            Odd::SamePage { start } => (
                format!("{doing}: the page from {start} on is the first page again"),
                "the server ignores `startIndex`: set `paging: keyset` or `cursor`, or a `page_size` of all rows",
            ),
            Odd::Twice { id } => (
                format!("{doing}: one page has the id `{id}` twice"),
                "ask the owner of the server: an id must name one resource",
            ),
            Odd::Total { read, total } => (
                format!("{doing}: the server counts {total}, but gave {read}"),
                "set `paging: keyset` or `cursor`, or ask the owner of the server",
            ),
        };
        odd(text, help)
    }
}

impl<T> Part<T> {
    /// Why the part may not show all rows, if it doesn't. Rows that moved because others came or went are no reason if what a list
    /// does not show is looked up.
    pub(crate) fn incomplete(&self, what: &str, looked_up: bool) -> Option<String> {
        match &self.drift {
            Some(Drift::Order(id)) => {
                Some(format!("the order of the {what} changed while they were read: `{id}` came twice"))
            }
            Some(Drift::Total(before, now)) if !looked_up => {
                Some(format!("the number of {what} changed from {before} to {now} while they were read"))
            }
            _ => None,
        }
    }

    /// Why the part may not show all rows if some left the list while it was read. New rows come with the next read of changes.
    pub(crate) fn fewer(&self, what: &str) -> Option<String> {
        match &self.drift {
            Some(Drift::Total(before, now)) if now > before => None,
            _ => self.incomplete(what, false),
        }
    }
}
