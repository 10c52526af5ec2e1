//! Collects the operations and the problems of a plan.

use super::operation::PlanOperation;
use crate::document::{Problems, at_start};
use connector_core::Problem;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Problems after this many are only counted. So many usually have one cause, and the first ones show it.
const MOST_PROBLEMS: usize = 100;

/// Takes operations and problems, in the order of the plan.
pub(super) struct Intake<'a> {
    file: PathBuf,
    sink: &'a mut dyn FnMut(PlanOperation),
    problems: Vec<Problem>,
    unlisted: usize,
    empty: bool,
    created: Created,
    /// Whether a ref may run a program.
    pub(super) commands: bool,
}

impl<'a> Intake<'a> {
    pub(super) fn new(file: &Path, sink: &'a mut dyn FnMut(PlanOperation)) -> Self {
        Self {
            file: file.to_owned(),
            sink,
            problems: Vec::new(),
            unlisted: 0,
            empty: true,
            created: Created::default(),
            commands: false,
        }
    }

    pub(super) fn with_commands(mut self, commands: bool) -> Self {
        self.commands = commands;
        self
    }

    /// The names of the accounts that the plan creates.
    pub(super) fn created(&mut self) -> &mut Created {
        &mut self.created
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems(vec![problem]);
    }

    /// Takes the problems of one piece of the file.
    ///
    /// If one problem of the piece is listed, so are all that hide a secret: a shown line must hide all of its secrets.
    pub(super) fn problems(&mut self, found: Vec<Problem>) {
        let room = self.problems.len() < MOST_PROBLEMS;
        for problem in found {
            if room && (problem.secret || self.problems.len() < MOST_PROBLEMS) {
                self.problems.push(problem);
            } else {
                self.unlisted += 1;
            }
        }
    }

    /// Takes an operation. `None` counts as an invalid operation, so the plan is not empty.
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
        if self.unlisted > 0 {
            let title = format!("{} more problems are not listed", self.unlisted);
            let help = "fix the problems above first".to_owned();
            self.problems.push(at_start(self.file, "more_problems", title, Some(help)));
        }
        if self.problems.is_empty() { Ok(()) } else { Err(Problems(self.problems)) }
    }
}

/// A plan without operations is probably a mistake.
fn empty_plan(file: PathBuf) -> Problem {
    let help = "write at least one operation, such as `disable: {account: …}`".to_owned();
    at_start(file, "empty_plan", "the plan has no operations".to_owned(), Some(help))
}

/// The names of the accounts that a plan creates, with the line of each.
///
/// It stores 128-bit hashes of the names, so that a plan with a million rows fits into memory.
#[derive(Debug, Default)]
pub(super) struct Created(HashMap<u128, usize>);

impl Created {
    /// Adds a name. Returns the line of an earlier account with the same name.
    pub(super) fn add(&mut self, name: &str, line: usize) -> Option<usize> {
        let key = xxh3_128(name.as_bytes());
        let before = self.0.get(&key).copied();
        self.0.entry(key).or_insert(line);
        before
    }
}
