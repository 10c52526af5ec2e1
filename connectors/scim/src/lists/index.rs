//! Paging by index (RFC 7644, section 3.4.2.4), with servers that number their rows in their own ways.

use super::place::Range;
use std::collections::HashSet;

/// Into how many branches a list is split at most, which are read at the same time.
const MOST_BRANCHES: u64 = 8;

/// What a page by index showed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How many rows of the page count: not those that other branches read.
    pub(crate) take: usize,
    /// Where the read continues.
    pub(crate) next: Vec<Range>,
    /// Why rows may be missing although no page is.
    pub(crate) drift: Option<Drift>,
}

/// Rows moved while the list was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Drift {
    /// The server has another number of rows now.
    Total(u64, u64),
    /// It has as many rows as before, but gave one a second time.
    Order(String),
}

/// A page that can't be right. It is read again once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// No rows, although there are more.
    Early { start: u64, total: u64 },
    /// The first page again.
    SamePage { start: u64 },
    /// A row twice.
    Twice { id: String },
    /// Fewer rows in the whole list than were read.
    Total { read: u64, total: u64 },
}

/// The first page: `asked` rows were wanted. `goes_on` says whether rows come after a page that has as many as the server counts:
/// some servers count the rows of the page. `sorted` says whether the rows were asked for by id.
pub(crate) fn first(ids: &[&str], total: u64, asked: u64, goes_on: bool, sorted: bool) -> Result<Seen, Odd> {
    unique(ids)?;
    let read = ids.len() as u64;
    let done = || Seen { take: ids.len(), next: Vec::new(), drift: None };
    let Some(first) = ids.first() else {
        return if total == 0 { Ok(done()) } else { Err(Odd::Early { start: 1, total }) };
    };
    let last = ids.last().map(|id| (*id).to_owned());
    let range =
        |start, end, size, last| Range { start, end, total, size, first: (*first).to_owned(), last, unsorted: !sorted };
    if total <= read {
        let next = if goes_on { vec![range(read + 1, None, asked, last)] } else { Vec::new() };
        return Ok(Seen { next, ..done() });
    }
    let size = asked.min(read);
    let pages = (total - read).div_ceil(size);
    let each = pages.div_ceil(MOST_BRANCHES) * size;
    let mut next = Vec::new();
    let mut start = read + 1;
    while start <= total {
        let end = (start + each - 1).min(total);
        next.push(range(start, Some(end), size, if next.is_empty() { last.clone() } else { None }));
        start = end + 1;
    }
    Ok(Seen { next, ..done() })
}

/// How many rows to ask for.
pub(crate) fn count(place: &Range) -> u64 {
    // Never more than there are: some servers then begin again at the first row.
    place.end.map_or(place.size, |end| place.size.min(end + 1 - place.start.min(end)))
}

/// A later page.
pub(crate) fn later(place: &Range, ids: &[&str], total: u64) -> Result<Seen, Odd> {
    let Range { start, end, total: before, .. } = place;
    let asked = count(place);
    let done = |take| Seen { take, next: Vec::new(), drift: None };
    let is_first_page = ids.first().is_some_and(|id| *id == place.first);
    let Some(end) = end else {
        // The end is an empty page. Some servers give the first one instead.
        if total < *start && (ids.is_empty() || is_first_page) {
            return Ok(done(0));
        }
        if ids.is_empty() {
            return Err(Odd::Early { start: *start, total });
        }
        if is_first_page {
            return Err(Odd::SamePage { start: *start });
        }
        unique(ids)?;
        let next = Range { start: start + ids.len() as u64, last: last(ids), ..place.clone() };
        return Ok(Seen { take: ids.len(), next: vec![next], drift: repeated(place, ids).map(Drift::Order) });
    };
    let changed = (total != *before).then_some(Drift::Total(*before, total));
    if ids.is_empty() {
        return if total < *start {
            Ok(Seen { drift: changed, ..done(0) })
        } else {
            Err(Odd::Early { start: *start, total })
        };
    }
    if is_first_page {
        return Err(Odd::SamePage { start: *start });
    }
    unique(ids)?;
    // A server that ignores the count gives rows of other branches, too.
    let take = ids.len().min(usize::try_from(asked).unwrap_or(usize::MAX));
    let read = start + take as u64 - 1;
    if total < read {
        return Err(Odd::Total { read, total });
    }
    let drift = changed.or_else(|| repeated(place, &ids[..take]).map(Drift::Order));
    let mut next = Vec::new();
    if read < *end {
        next.push(Range { start: read + 1, last: last(&ids[..take]), ..place.clone() });
    } else if *end == *before && total > *end {
        // New rows at the end.
        next.push(Range { start: read + 1, end: Some(total), total, last: last(&ids[..take]), ..place.clone() });
    }
    Ok(Seen { take, next, drift })
}

fn last(ids: &[&str]) -> Option<String> {
    ids.last().map(|id| (*id).to_owned())
}

/// A row that an earlier page had.
fn repeated(place: &Range, ids: &[&str]) -> Option<String> {
    let is_known = |id: &&&str| **id == place.first || place.last.as_deref() == Some(**id);
    ids.iter().find(is_known).map(|id| (*id).to_owned())
}

pub(crate) fn unique(ids: &[&str]) -> Result<(), Odd> {
    let mut seen = HashSet::with_capacity(ids.len());
    match ids.iter().find(|id| !seen.insert(**id)) {
        Some(id) => Err(Odd::Twice { id: (*id).to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::RangeInclusive<u64>) -> Vec<String> {
        range.map(|number| format!("{number:04}")).collect()
    }

    /// Reads a list of so many rows from a server that gives at most `cap` rows, and returns the rows and calls. The server counts
    /// the whole list, or the rows of each page.
    fn read_from(total: u64, asked: u64, cap: u64, counts_all: bool) -> (Vec<String>, usize) {
        let page = |start: u64, count: u64| ids(start..=(start + count.min(cap) - 1).min(total));
        let of = |page: &[String], place: Option<&Range>| {
            let ids: Vec<&str> = page.iter().map(String::as_str).collect();
            let total = if counts_all { total } else { ids.len() as u64 };
            match place {
                None => first(&ids, total, asked, !counts_all, true).unwrap(),
                Some(place) => later(place, &ids, total).unwrap(),
            }
        };
        let begin = page(1, asked);
        let seen = of(&begin, None);
        let (mut rows, mut left, mut calls) = (begin, seen.next, 1);
        while let Some(place) = left.pop() {
            let page = page(place.start, count(&place));
            let seen = of(&page, Some(&place));
            rows.extend(page.into_iter().take(seen.take));
            left.extend(seen.next);
            calls += 1;
        }
        rows.sort_unstable();
        (rows, calls)
    }

    fn read(total: u64, asked: u64, cap: u64) -> (Vec<String>, usize) {
        read_from(total, asked, cap, true)
    }

    #[test]
    fn every_row_is_read_once_with_as_few_calls_as_the_cap_allows() {
        for (total, asked, cap) in [
            (0, 100, 100),
            (1, 100, 100),
            (99, 100, 100),
            (101, 100, 100),
            (301, 100, 100),
            (1000, 100, 50),
            (2503, 100, 7),
        ] {
            let (rows, calls) = read(total, asked, cap);
            assert_eq!(rows, ids(1..=total), "{total} rows by {cap}");
            assert_eq!(calls as u64, total.div_ceil(asked.min(cap)).max(1), "{total} rows by {cap}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_size_of_list_page_and_cap_reads_every_row_once(total in 0..700_u64, asked in 1..250_u64, cap in 1..250_u64) {
            let (rows, calls) = read(total, asked, cap);
            proptest::prop_assert_eq!(rows, ids(1..=total));
            proptest::prop_assert!(calls as u64 <= total.div_ceil(asked.min(cap)).max(1));
            // A server that counts the rows of the page, and does not say how many it gives at most.
            let (rows, calls) = read_from(total, asked, cap, false);
            proptest::prop_assert_eq!(rows, ids(1..=total));
            proptest::prop_assert!(calls as u64 <= total.div_ceil(asked.min(cap)) + 1);
        }
    }
}
