//! Queries of the store.
//!
//! Long results are streamed: a function calls a closure with one row after the other, and memory stays
//! flat for any number of rows. If the closure returns an error, the stream ends with that error.

mod account;
mod accounts;
mod attention;
mod audit;
mod belonging;
mod bytes;
mod check;
mod condition;
mod diff;
mod difference;
mod entitlements;
mod export;
mod find;
mod growth;
mod holding;
mod lifetime;
mod names;
mod operations;
mod past_runs;
mod plans;
mod powers;
mod reading;
mod runs;
mod size;
mod sources;
mod who;

pub(crate) use audit::{Described, Subject, Unseen, audit};
pub(crate) use reading::account_from_row;

pub use account::{AccountDetail, Event, HistoryEntry, account};
pub use accounts::{AccountQuery, StoredAccount, accounts, attribute_names};
pub use attention::{Attention, Urgency, attention};
pub use bytes::bytes_of_store;
pub use check::{Flaw, check};
pub use condition::{condition, declared_attributes};
pub use connector_filter::Filter;
pub use connector_tables::TableFormat;
pub use diff::{DiffSummary, Tally, diff, window};
pub use difference::{AttributeChange, Change, Difference};
pub use entitlements::{Holder, Nesting, StoredEntitlement, entitlement, entitlements, holders, nesting};
pub use export::{Format, STARTS_OF_EXPORTS, What, export};
pub use find::{Found, find};
pub use growth::{Growth, growth, totals_at};
pub use holding::{Breadth, Holding, HoldingState, WithoutEffect};
pub use names::Names;
pub use operations::{
    JournalEntry, OperationQuery, OperationReport, OutcomeTally, StepReport, operations, plan_operations,
};
pub use past_runs::{PastRun, past_runs};
pub use plans::{Plan, PlanStage, plan, plans};
pub use runs::{Run, last_aggregation, last_run, last_success, run, runs};
pub use size::{Size, size};
pub use sources::{SourceState, sources};
pub use who::{Blame, Who};

#[cfg(test)]
mod tests {
    use super::entitlements::{holders_of_one, holders_of_several};
    use super::export::select_assignments;
    use connector_sql::{Dialect, Null, params_from_iter};
    use connector_store::Store;

    #[test]
    fn no_long_answer_is_gathered_in_memory_first() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Store::open(folder.path().join("store.db")).unwrap().reader().unwrap();
        for query in
            [holders_of_one(), holders_of_several(Dialect::Sqlite), select_assignments(Dialect::Sqlite).to_owned()]
        {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let nothing = vec![Null; if query.contains("?2") { 2 } else { 1 }];
            let plan = statement.query_map(params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = plan.map(Result::unwrap).collect();
            assert!(!plan.is_empty() && plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }
}
