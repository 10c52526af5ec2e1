//! Sources that were not read for long.

use super::{days, in_days};
use connector_core::{AuditedSource, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("stale_store", "Sources that were not read for long", Severity::High, Check::Source(check))
        .because("every other finding is as old as the last run that succeeded")
        .cured_by("run `connector aggregate NAME`, and find out why the schedule does not")
}

/// A week without a run is longer than any schedule.
const LONGEST_DAYS: i64 = 7;

fn check(audited: &AuditedSource<'_>, hits: &mut Vec<Hit>) {
    match audited.last_read.map(|last| days(last, audited.criteria.now)) {
        None => hits.push(Hit::new("no run of it has ever succeeded")),
        Some(ago) if ago > LONGEST_DAYS => {
            hits.push(Hit::new(format!("the last run that succeeded was {} ago", in_days(ago))));
        }
        Some(_) => {}
    }
}
