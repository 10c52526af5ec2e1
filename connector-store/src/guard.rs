//! The guard before the removal of what a run did not see.

use super::step::Step;
use connector_core::{Error, ErrorKind, Percentage, TimeSpan};
use std::collections::BTreeMap;

/// So many rows of a type may go at any time: one of five is no reason to stop.
const FEW: u64 = 2;

/// How much may be removed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest share of what was known before: of the accounts, and of each type of entitlements and assignments.
    pub threshold: Percentage,
    /// Runs within this time count together.
    pub window: TimeSpan,
}

/// How many rows earlier runs within the window removed, by step and type.
pub(crate) type Recent = BTreeMap<(String, String), u64>;

/// How many rows of the store live, and how many of those were seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Census {
    pub alive: u64,
    pub seen: u64,
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
    pub limits: Limits,
    /// The names of the types of entitlements.
    pub names: &'a [String],
    pub recent: &'a Recent,
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
        let too_many = self.too_many(gone, known_before, self.recent(Step::Accounts, ""), "accounts", 0)?;
        Some(refusal(
            too_many,
            "check whether they are really gone. If so, raise `aggregation.delete_threshold` for one run; to keep them, use `--no-delete`",
        ))
    }

    /// Why entitlements or assignments must not be removed, if so: all of them, or too many of a type, are missing.
    pub(crate) fn by_type(&self, step: Step, census: &BTreeMap<usize, Census>) -> Option<Error> {
        if self.limits.threshold.percent() >= 100.0 {
            return None;
        }
        let help = "check whether the login may see them. If they are really gone, raise `aggregation.delete_threshold` for one run; to keep them, use `--no-delete`";
        let many = step.name();
        let alive: u64 = census.values().map(|one| one.alive).sum();
        let seen: u64 = census.values().map(|one| one.seen).sum();
        if alive > 0 && seen == 0 {
            let message = format!("the source showed no {many}, but the store has {alive}: nothing was removed");
            return Some(refusal(message, help));
        }
        census.iter().find_map(|(place, census)| {
            let (name, alive, gone) = (&self.names[*place], census.alive, census.gone());
            let what = format!("{many} of type `{name}`");
            let too_many = self.too_many(gone, alive, self.recent(step, name), &what, FEW)?;
            Some(refusal(
                if census.seen == 0 {
                    format!("the source showed none of the {what}, but the store has {alive}: nothing was removed")
                } else {
                    too_many
                },
                help,
            ))
        })
    }

    fn recent(&self, step: Step, name: &str) -> u64 {
        self.recent.get(&(step.name().to_owned(), name.to_owned())).copied().unwrap_or_default()
    }

    /// What to say if more of `known` rows are gone than the threshold allows, in this run or together with earlier ones.
    fn too_many(&self, gone: u64, known: u64, recent: u64, what: &str, few: u64) -> Option<String> {
        let Limits { threshold, window } = self.limits;
        if gone > few && threshold.is_exceeded_by(gone, known) {
            return Some(format!(
                "{gone} of {known} {what} were not seen, more than the delete threshold of {threshold}: nothing was removed"
            ));
        }
        let (all_gone, all) = (gone + recent, known + recent);
        (gone > 0 && recent > 0 && all_gone > few && threshold.is_exceeded_by(all_gone, all)).then(|| {
            format!(
                "{gone} of {known} {what} were not seen, and runs within {window} removed {recent}: together more than the delete threshold of {threshold}, so nothing was removed"
            )
        })
    }
}

fn refusal(message: String, help: &str) -> Error {
    Error::new(ErrorKind::Guard, message).with_help(help)
}
