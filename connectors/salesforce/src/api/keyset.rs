//! Reads a table page by page. Each page starts after the last id of the previous page.
//!
//! Salesforce's own cursors expire after two days, and a user has at most ten. An id does not expire.

use super::bulk::Place;
use super::ranges::{RecordId, Span, split};
use super::record::{self, Asked, Row};
use super::rest::Rest;
use super::soql::{MAX_ROWS_PER_PAGE, Select};
use crate::error;
use bytes::Bytes;
use connector_core::{Cursor, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// A table is split into spans only if each has this many pages. The last page of a span is rarely full, so this keeps the
/// extra calls below 5 percent.
const MIN_PAGES_PER_SPAN: u64 = 20;

/// The most spans per table.
const MAX_SPANS: u64 = 8;

/// No page is smaller, even if the org needs long for it.
const MIN_ROWS_PER_PAGE: usize = 50;

/// A whole table.
pub(crate) const FIRST: Span = Span { after: None, end: None };

/// Where a read continues: in which list, after which id, up to which id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<RecordId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<RecordId>,
    /// How many records were read before, where the list is read in one span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<u64>,
    /// Where in which job, where a job reads the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<Place>,
}

impl Position {
    /// The list it is in.
    pub(crate) fn of(&self) -> &str {
        &self.of
    }

    /// The remaining ids.
    pub(crate) fn span(&self) -> Span {
        Span { after: self.after, end: self.end }
    }

    /// How many records were read before; `None` if others are read in other spans.
    pub(crate) fn seen(&self) -> Option<u64> {
        if self.span() == FIRST { Some(0) } else { self.seen }
    }

    /// Where in which job, where a job reads the list.
    pub(crate) fn job(&self) -> Option<&Place> {
        self.job.as_ref()
    }

    /// An error for a position in an unknown list.
    pub(crate) fn unknown(&self) -> Error {
        let message = format!("a saved position of this run is in `{}`, which this connector does not read", self.of);
        Error::new(ErrorKind::Protocol, message).with_help("discard the unfinished run with `--restart`")
    }
}

/// The cursor of a span of a list.
pub(crate) fn cursor(of: &str, span: Span) -> Result<Cursor> {
    Cursor::of(&Position { of: of.to_owned(), after: span.after, end: span.end, seen: None, job: None })
}

/// A page of a table, and the remaining spans.
#[derive(Debug)]
pub(crate) struct Part<T> {
    pub(crate) items: Vec<T>,
    /// How many records the page has, also those that became no item.
    pub(crate) rows: usize,
    /// The last record's id.
    pub(crate) last: Option<RecordId>,
    pub(crate) next: Vec<Span>,
    /// Where a job goes on, which reads all remaining records.
    pub(crate) job: Option<Place>,
}

impl<T> Part<T> {
    /// A page without records. `last` is the last record's id before it.
    pub(crate) fn empty(last: Option<RecordId>) -> Self {
        Self { items: Vec::new(), rows: 0, last, next: Vec::new(), job: None }
    }

    /// The same, where a job goes on.
    pub(crate) fn of_job(last: Option<RecordId>, place: Place) -> Self {
        Self { job: Some(place), ..Self::empty(last) }
    }

    /// Whether the records of this page, and of those before, are all that a table has.
    pub(crate) fn is_end(&self) -> bool {
        self.next.is_empty() && self.job.as_ref().is_none_or(Place::is_read)
    }

    /// The cursors of the remaining spans. `seen` is the number of records that were read before this page, if it is known.
    pub(crate) fn cursors(&self, of: &str, seen: Option<u64>) -> Result<Vec<Cursor>> {
        let seen =
            if self.next.len() == 1 || self.job.is_some() { seen.map(|seen| seen + self.rows as u64) } else { None };
        if let Some(place) = &self.job {
            let job = Some(place.clone());
            return Ok(vec![Cursor::of(&Position { of: of.to_owned(), after: self.last, end: None, seen, job })?]);
        }
        let position = |span: &Span| Position { of: of.to_owned(), after: span.after, end: span.end, seen, job: None };
        self.next.iter().map(|span| Cursor::of(&position(span))).collect()
    }
}

/// Reads one page. `count` is the approximate number of records in a table that is read from the start. A large table is
/// split into spans after its first page.
pub(crate) async fn part<T>(
    rest: &Rest,
    select: &Select<'_>,
    span: Span,
    count: Option<u64>,
    make: impl FnMut(&Row<'_>) -> Result<Option<T>>,
) -> Result<Part<T>> {
    let (body, limit) = ask(rest, select, &span).await?;
    let asked = Asked { object: select.object, columns: select.columns(), span: Some(span), limit };
    let answer = record::read(&body, &asked, make)?;
    let next = match answer.last {
        Some(last) if !is_end(&answer, last, span, limit) => {
            let rest_of_span = Span { after: Some(last), end: span.end };
            match count.map(spans) {
                Some(parts) if parts > 1 && span == Span::default() => spread(rest, select, last, parts).await?,
                _ => vec![rest_of_span],
            }
        }
        _ => Vec::new(),
    };
    Ok(Part { items: answer.items, rows: answer.rows, last: answer.last, next, job: None })
}

/// The response to the query of a page, and how many rows were asked for at most. If the query takes the org too long, asks
/// again, and then for smaller pages.
async fn ask(rest: &Rest, select: &Select<'_>, span: &Span) -> Result<(Bytes, usize)> {
    let known = rest.page_rows(select.object);
    let (mut limit, mut is_repeated) = (known, false);
    loop {
        match rest.query(select.object, &select.page_of(span, limit)).await {
            Err(refused) if error::is_too_slow(&refused) && !is_repeated => is_repeated = true,
            Err(refused) if error::is_too_slow(&refused) && limit > MIN_ROWS_PER_PAGE => {
                limit = (limit / 4).max(MIN_ROWS_PER_PAGE);
                tracing::debug!(
                    object = select.object,
                    limit,
                    "a page takes the org too long, asking for a smaller one"
                );
            }
            answered => {
                let body = answered?;
                if limit < known {
                    rest.keep_page_rows(select.object, limit);
                }
                return Ok((body, limit));
            }
        }
    }
}

/// Reads one page like [`part`], but without the fields that the org hides. When the org refuses a field, the connector
/// finds out which fields are hidden.
pub(crate) async fn shown_part<T>(
    rest: &Rest,
    select: &Select<'static>,
    span: Span,
    count: Option<u64>,
    make: impl Fn(&Row<'_>) -> Result<Option<T>>,
) -> Result<Part<T>> {
    let known = rest.hidden(select.object);
    match part(rest, &select.without(&known), span, count, &make).await {
        Err(refused) if error::is_refused_field(&refused) => {
            let hidden = newly_hidden(rest, select, &known, refused).await?;
            part(rest, &select.without(&hidden), span, count, make).await
        }
        answered => answered,
    }
}

/// Finds out which fields the org hides. Fails with what the org said if that explains nothing.
async fn newly_hidden(
    rest: &Rest,
    select: &Select<'static>,
    known: &[&'static str],
    refused: Error,
) -> Result<Vec<&'static str>> {
    match rest.find_hidden(select.object, &select.fields).await {
        Ok(hidden) if hidden != known => Ok(hidden),
        Err(error) if !error::is_missing_object(&error) => Err(error),
        _ => Err(refused),
    }
}

/// Reads a table to the end like [`all`], but without the fields that the org hides.
pub(crate) async fn all_shown<T>(
    rest: &Rest,
    select: &Select<'static>,
    make: impl Fn(&Row<'_>) -> Result<Option<T>>,
) -> Result<Vec<T>> {
    let known = rest.hidden(select.object);
    match all(rest, &select.without(&known), &make).await {
        Err(refused) if error::is_refused_field(&refused) => {
            let hidden = newly_hidden(rest, select, &known, refused).await?;
            all(rest, &select.without(&hidden), make).await
        }
        answered => answered,
    }
}

/// Reads a table to the end. Only for conditions that match few records.
pub(crate) async fn all<T>(
    rest: &Rest,
    select: &Select<'_>,
    make: impl FnMut(&Row<'_>) -> Result<Option<T>>,
) -> Result<Vec<T>> {
    all_of(rest, select, FIRST, make).await
}

/// Reads a span of a table to the end.
pub(crate) async fn all_of<T>(
    rest: &Rest,
    select: &Select<'_>,
    span: Span,
    mut make: impl FnMut(&Row<'_>) -> Result<Option<T>>,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut left = vec![span];
    while let Some(span) = left.pop() {
        let part = part(rest, select, span, None, &mut make).await?;
        items.extend(part.items);
        left.extend(part.next);
    }
    Ok(items)
}

/// A span ends with a complete response with fewer rows than requested, or with its last id.
fn is_end<T>(answer: &record::RowsRead<T>, last: RecordId, span: Span, limit: usize) -> bool {
    (answer.done && answer.rows < limit) || span.end == Some(last)
}

fn spans(count: u64) -> usize {
    let spans = (count / MAX_ROWS_PER_PAGE as u64 / MIN_PAGES_PER_SPAN).clamp(1, MAX_SPANS);
    usize::try_from(spans).unwrap_or(1)
}

/// The spans of a large table after its first page.
async fn spread(rest: &Rest, select: &Select<'_>, after: RecordId, parts: usize) -> Result<Vec<Span>> {
    let one_span = vec![Span { after: Some(after), end: None }];
    let body = match rest.query(select.object, &select.last_id()).await {
        Err(refused) if error::is_too_slow(&refused) => return Ok(one_span),
        answered => answered?,
    };
    let asked = Asked { object: select.object, columns: vec!["Id"], span: None, limit: 1 };
    let answer = record::read(&body, &asked, |_| Ok(Some(())))?;
    Ok(match answer.last {
        Some(last) if last > after => split(after, last, parts),
        _ => one_span,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_stay_whole_and_large_ones_are_bounded() {
        let counts = [0, 20_000, 79_999, 80_000, 120_000, 10_000_000];
        assert_eq!(counts.map(spans), [1, 1, 1, 2, 3, 8]);
    }

    #[test]
    fn a_position_survives_being_kept_as_text() {
        let span = Span { after: RecordId::read("005000000000001"), end: None };
        let kept = Cursor::from_text(cursor("User", span).unwrap().as_str());
        let position: Position = kept.position().unwrap().unwrap();
        assert_eq!((position.of(), position.span()), ("User", span));
        for foreign in [r#"{"made_by":"x"}"#, r#"{"of":"User","after":"1"}"#, "[]"] {
            assert!(Cursor::from_text(foreign).position::<Position>().is_err(), "{foreign}");
        }
    }
}
