//! Which tables are read with a job.

use super::state::Bulk;
use super::transport::{Transport, version};
use crate::api::rest::{API_USAGE, COUNTED, Counts, Rest};
use crate::api::soql::MAX_ROWS_PER_PAGE;
use connector_core::{Allowance, Result};

/// From this number of records on, a job pays. The org needs about ten seconds for a small job; in this time, REST reads
/// hundreds of pages of 2,000 records, several at a time. And the pages of a job are larger, so a run needs about 40 MiB more.
const FASTER_FROM: u64 = 500_000;

/// From this number of records on, a job needs fewer calls: about 8, and one for 10,000 records.
const CHEAPER_FROM: u64 = 20_000;

/// Calls are scarce if a read by REST needs more than one in this many of those that are left.
const SCARCE: u64 = 10;

/// The first version of the API with query jobs.
const FIRST_VERSION: u32 = 47;

impl Bulk {
    /// Whether a job is to read a table.
    pub(super) async fn pays(&self, rest: &Rest, object: &str) -> Result<bool> {
        if self.transport == Transport::Rest || !COUNTED.contains(&object) || self.refuses(object) {
            return Ok(false);
        }
        if self.transport == Transport::Bulk {
            return Ok(true);
        }
        let counts = rest.counts().await?;
        let usage = rest.meter.allowances().remove(API_USAGE);
        Ok(version(rest.version().await?) >= FIRST_VERSION
            && counts.get(object).is_some_and(|count| *count >= pays_from(counts, usage)))
    }
}

/// From how many records on a table is read with a job.
fn pays_from(counts: &Counts, usage: Option<Allowance>) -> u64 {
    let calls: u64 = counts.values().map(|count| count.div_ceil(MAX_ROWS_PER_PAGE as u64)).sum();
    let is_scarce = usage.is_some_and(|usage| calls.saturating_mul(SCARCE) > usage.max.saturating_sub(usage.used));
    if is_scarce { CHEAPER_FROM } else { FASTER_FROM }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_read_smaller_tables_when_calls_are_scarce() {
        let counts: Counts = [("User".to_owned(), 60_000), ("GroupMember".to_owned(), 40_000)].into();
        assert_eq!(pays_from(&counts, None), FASTER_FROM);
        assert_eq!(pays_from(&counts, Some(Allowance::new(1_000, 15_000))), FASTER_FROM);
        assert_eq!(pays_from(&counts, Some(Allowance::new(14_501, 15_000))), CHEAPER_FROM);
        assert_eq!(pays_from(&counts, Some(Allowance::new(16_000, 15_000))), CHEAPER_FROM);
    }
}
