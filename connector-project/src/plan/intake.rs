//! What was read of a plan, and what was wrong.

use super::operation::PlanOperation;
use crate::document::{Problems, at_start};
use connector_core::Problem;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// More problems than this are counted, not told: a file with so many has one cause, which the first ones show.
const MOST_PROBLEMS: usize = 100;

/// Takes operations and problems, in the order of the plan.
pub(super) struct Intake<'a> {
    file: PathBuf,
    sink: &'a mut dyn FnMut(PlanOperation),
    problems: Vec<Problem>,
    untold: usize,
    empty: bool,
    created: Created,
}

impl<'a> Intake<'a> {
    pub(super) fn new(file: &Path, sink: &'a mut dyn FnMut(PlanOperation)) -> Self {
        Self { file: file.to_owned(), sink, problems: Vec::new(), untold: 0, empty: true, created: Created::default() }
    }

    /// The names of the accounts that the plan makes.
    pub(super) fn created(&mut self) -> &mut Created {
        &mut self.created
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems(vec![problem]);
    }

    /// Takes what is wrong in one piece of the file.
    ///
    /// Problems that hide a secret are all told when the others of their piece are: lines are shown with what they hide.
    pub(super) fn problems(&mut self, found: Vec<Problem>) {
        let room = self.problems.len() < MOST_PROBLEMS;
        for problem in found {
            if room && (problem.secret || self.problems.len() < MOST_PROBLEMS) {
                self.problems.push(problem);
            } else {
                self.untold += 1;
            }
        }
    }

    /// Takes an operation, or that something stands there which is none.
    pub(super) fn operation(&mut self, operation: Option<PlanOperation>) {
        self.empty = false;
        if let (Some(operation), true) = (operation, self.problems.is_empty()) {
            (self.sink)(operation);
        }
    }

    pub(super) fn finish(mut self) -> Result<(), Problems> {
        if self.empty && self.problems.is_empty() {
            self.problems.push(empty_plan(self.file.clone()));
        }
        if self.untold > 0 {
            let title = format!("{} more problems are not listed", self.untold);
            let help = "correct the ones above first".to_owned();
            self.problems.push(at_start(self.file, "more_problems", title, Some(help)));
        }
        if self.problems.is_empty() { Ok(()) } else { Err(Problems(self.problems)) }
    }
}

/// A plan that asks for nothing was probably not meant.
fn empty_plan(file: PathBuf) -> Problem {
    let help = "write at least one, such as `disable` of an account".to_owned();
    at_start(file, "empty_plan", "the plan holds no operation".to_owned(), Some(help))
}

/// The names of the accounts that a plan makes, with the line of each.
///
/// Names are kept as 128-bit hashes, so that a plan of a million rows fits.
#[derive(Debug, Default)]
pub(super) struct Created(HashMap<u128, usize>);

impl Created {
    /// Adds a name. Gives the line on which it stood before.
    pub(super) fn add(&mut self, name: &str, line: usize) -> Option<usize> {
        let key = xxh3_128(name.as_bytes());
        let before = self.0.get(&key).copied();
        self.0.entry(key).or_insert(line);
        before
    }
}
