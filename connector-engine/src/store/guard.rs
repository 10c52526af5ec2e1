//! The guard before the removal of what a run did not see.

use super::step::Step;
use connector_core::{Error, ErrorKind, Percentage};
use std::collections::BTreeMap;

/// A type with fewer live rows than this may vanish at once.
const MIN_ROWS_TO_GUARD: u64 = 20;

/// More than this share of the rows of a type at once is more likely a lost right than a tidied source: a login that
/// may not see the rows of others still sees its own.
const MAX_SHARE_GONE: Percentage = Percentage::new(50.0);

/// How many rows of the store live, and how many of those were seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Census {
    pub(crate) alive: u64,
    pub(crate) seen: u64,
}

impl Census {
    pub(crate) fn count(&mut self, seen: bool) {
        self.alive += 1;
        self.seen += u64::from(seen);
    }

    pub(crate) fn gone(self) -> u64 {
        self.alive.saturating_sub(self.seen)
    }
}

/// The guard before the removal of what a run did not see.
pub(crate) struct Guard<'a> {
    pub(crate) threshold: Percentage,
    /// The names of the types of entitlements.
    pub(crate) names: &'a [String],
}

impl Guard<'_> {
    /// Why the accounts must not be removed, if so. `known_before` lived before the run.
    pub(crate) fn accounts(&self, census: Census, known_before: u64) -> Option<Error> {
        let gone = census.gone();
        if gone == 0 {
            return None;
        }
        if census.seen == 0 {
            return Some(
                Error::new(
                    ErrorKind::Guard,
                    format!("the source showed no account, but the store has {gone}: nothing was removed"),
                )
                .with_help(
                    "check whether the login may see the accounts; an empty read never removes anything. To store this run without removing, use `--no-delete`",
                ),
            );
        }
        self.threshold.is_exceeded_by(gone, known_before).then(|| {
            let limit = self.threshold;
            Error::new(
                ErrorKind::Guard,
                format!(
                    "{gone} of {known_before} accounts were not seen, more than the delete threshold of {limit}: nothing was removed"
                ),
            )
            .with_help(
                "check whether they are really gone. If so, raise `aggregation.delete_threshold` for one run; to keep them, use `--no-delete`",
            )
        })
    }

    /// Why entitlements or assignments must not be removed, if so: all of them, or most of a type, are missing.
    pub(crate) fn by_type(&self, step: Step, census: &BTreeMap<usize, Census>) -> Option<Error> {
        if self.threshold.percent() >= 100.0 {
            return None;
        }
        let many = step.name();
        let alive: u64 = census.values().map(|one| one.alive).sum();
        let seen: u64 = census.values().map(|one| one.seen).sum();
        if alive > 0 && seen == 0 {
            return Some(refusal(format!(
                "the source showed no {many}, but the store has {alive}: nothing was removed"
            )));
        }
        let limit = if self.threshold > MAX_SHARE_GONE { self.threshold } else { MAX_SHARE_GONE };
        let emptied = |one: &Census| one.alive >= MIN_ROWS_TO_GUARD && limit.is_exceeded_by(one.gone(), one.alive);
        census.iter().find(|(_, one)| emptied(one)).map(|(place, census)| {
            let (name, alive, gone) = (&self.names[*place], census.alive, census.gone());
            refusal(if census.seen == 0 {
                format!(
                    "the source showed none of the {many} of type `{name}`, but the store has {alive}: nothing was removed"
                )
            } else {
                format!("{gone} of {alive} {many} of type `{name}` were not seen, more than {limit}: nothing was removed")
            })
        })
    }
}

fn refusal(message: String) -> Error {
    Error::new(ErrorKind::Guard, message).with_help(
        "check whether the login may see them. If they are really gone, set `aggregation.delete_threshold` to 100% for one run; to keep them, use `--no-delete`",
    )
}
