//! Reads a table with a job, from the first page to the last.

use super::Place;
use super::columns::{self, Column};
use super::job;
use super::place::{Spot, Stage};
use super::results::Pages;
use super::sheet::Chunk;
use crate::api::keyset::Part;
use crate::api::ranges::{RecordId, Span};
use crate::api::record::{Row, odd};
use crate::api::rest::Rest;
use crate::api::soql::{MAX_ROWS_PER_PAGE, Select};
use crate::error::{self, JobRefusal};
use connector_core::{Error, ErrorKind, Result};

/// How many jobs in a row may end without a record, in this process, before REST reads the table.
const MOST_LOST: u32 = 2;

/// Reads the next page of a table with a job, or makes the job. `None` if REST is to read it.
pub(crate) async fn part<T>(
    rest: &Rest,
    select: &Select<'_>,
    span: Span,
    place: Option<&Place>,
    make: impl FnMut(&Row<'_>) -> Result<Option<T>>,
) -> Result<Option<Part<T>>> {
    let Some(place) = place else {
        if !is_due(rest, select.object, span).await? {
            return Ok(None);
        }
        return Ok(begin(rest, select, None).await?.map(|place| Part::of_job(None, place)));
    };
    if place.stage == Stage::Read {
        job::delete(rest, &place.job).await?;
        return Ok(Some(Part::empty(span.after)));
    }
    match go_on(rest, select, span.after, place, make).await {
        Err(lost) if is_lost(&lost) => again(rest, select, span.after, lost).await.map(Some),
        part => part.map(Some),
    }
}

/// Whether a job is to be made for a table.
pub(crate) async fn is_due(rest: &Rest, object: &str, span: Span) -> Result<bool> {
    Ok(span == Span::default() && rest.bulk.pays(rest, object).await?)
}

/// Makes the job for the records after an id. `None` if the org refuses it and REST can read the table.
async fn begin(rest: &Rest, select: &Select<'_>, after: Option<RecordId>) -> Result<Option<Place>> {
    let object = select.object;
    let refused = match job::make(rest, object, &select.job(after)).await {
        Ok(job) => return Ok(Some(Place::waiting(job))),
        Err(refused) => refused,
    };
    let why = refused.message().to_owned();
    match error::job_refusal(&refused) {
        Some(JobRefusal::OfObject) => {
            rest.bulk.give_up(object, format!("a query job can't read `{object}`, so REST reads it: {why}"));
        }
        Some(JobRefusal::OfAll) if !rest.bulk.is_required() => {
            rest.bulk.turn_off(format!("the org makes no query jobs, so REST reads everything: {why}"));
        }
        Some(JobRefusal::OfAll) => {
            return Err(refused.with_help(
                "give the service account \"API Enabled\" and check that the org has the Bulk API, or set `transport: auto`",
            ));
        }
        None => return Err(refused),
    }
    Ok(None)
}

/// Whether the job can't give its records any more.
fn is_lost(error: &Error) -> bool {
    error.kind() == ErrorKind::Expired || error::is_lost_job(error)
}

/// Plans the records after an id again.
async fn again<T>(rest: &Rest, select: &Select<'_>, after: Option<RecordId>, why: Error) -> Result<Part<T>> {
    let object = select.object;
    let lost = rest.bulk.lose(object);
    tracing::debug!(object, lost, error = %why, "a query job is lost, planning its records again");
    if lost < MOST_LOST {
        if let Some(place) = begin(rest, select, after).await? {
            return Ok(Part::of_job(after, place));
        }
    } else if rest.bulk.is_required() {
        return Err(why);
    } else {
        let message = why.message();
        rest.bulk
            .give_up(object, format!("query jobs don't succeed for `{object}`, so REST reads the rest: {message}"));
    }
    let mut part = Part::empty(after);
    part.next.push(Span { after, end: None });
    Ok(part)
}

async fn go_on<T>(
    rest: &Rest,
    select: &Select<'_>,
    after: Option<RecordId>,
    place: &Place,
    make: impl FnMut(&Row<'_>) -> Result<Option<T>>,
) -> Result<Part<T>> {
    let object = select.object;
    let mut spot = match &place.stage {
        Stage::Reading(spot) => spot.clone(),
        _ => Spot { total: job::completed(rest, object, &place.job).await?, ..Spot::default() },
    };
    let description = rest.describe(object).await?;
    let columns = columns::of(select, &description);
    let names = select.columns();
    let mut pages = opened(rest, object, (&place.job, &spot), after, &columns).await?;
    let chunk = read_some(rest, &mut pages, (&columns, &names), after, make).await?;
    if chunk.rows > 0 {
        rest.bulk.find(object);
    }
    spot.read += chunk.rows as u64;
    spot.of_page += chunk.rows as u64;
    let mut is_end = false;
    if chunk.is_end {
        pages.sheet = None;
        is_end = pages.next().is_none();
        spot = Spot { page: pages.next().map(str::to_owned), of_page: 0, ..spot };
    }
    if let Some(total) = spot.total
        && (spot.read > total || (is_end && spot.read < total))
    {
        return Err(odd(object, &format!("has {} records instead of the {total} of the job", spot.read)));
    }
    if chunk.rows == 0 && !is_end {
        return Err(odd(object, "has a page without records, but says that more follow"));
    }
    let stage = if is_end {
        Stage::Read
    } else {
        rest.bulk.keep(&place.job, spot.clone(), pages);
        Stage::Reading(spot)
    };
    let next = Place { job: place.job.clone(), stage };
    Ok(Part { items: chunk.items, rows: chunk.rows, ..Part::of_job(chunk.last, next) })
}

/// The next records of a page, as they arrive.
async fn read_some<T>(
    rest: &Rest,
    pages: &mut Pages,
    (columns, names): (&[Column<'_>], &[&str]),
    after: Option<RecordId>,
    mut make: impl FnMut(&Row<'_>) -> Result<Option<T>>,
) -> Result<Chunk<T>> {
    let object = pages.object;
    let mut all = Chunk { items: Vec::new(), rows: 0, last: after, is_end: false };
    loop {
        let most = MAX_ROWS_PER_PAGE - all.rows;
        let sheet = pages.sheet(rest).await?;
        if sheet.is_waiting() {
            pages.more(columns).await?;
            continue;
        }
        if most == 0 && !sheet.is_read() {
            return Ok(all);
        }
        let chunk = sheet.read(object, (columns, names), all.last, most, &mut make)?;
        all.items.extend(chunk.items);
        all.rows += chunk.rows;
        all.last = chunk.last;
        if chunk.is_end {
            return Ok(Chunk { is_end: true, ..all });
        }
    }
}

/// The results of a job, from a place on: as they were kept after the last page, or opened again.
async fn opened(
    rest: &Rest,
    object: &'static str,
    (job, spot): (&str, &Spot),
    after: Option<RecordId>,
    columns: &[Column<'_>],
) -> Result<Pages> {
    if let Some(pages) = rest.bulk.take(job, spot) {
        return Ok(pages);
    }
    let mut pages = Pages::open(rest, object, job, spot.page.as_deref()).await?;
    if spot.of_page == 0 {
        return Ok(pages);
    }
    loop {
        let sheet = pages.sheet(rest).await?;
        if sheet.is_waiting() {
            pages.more(columns).await?;
        } else if sheet.skip(object, spot.of_page, after)? {
            return Ok(pages);
        }
    }
}
