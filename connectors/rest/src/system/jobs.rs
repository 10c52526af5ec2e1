//! Jobs of the system, compiled.

use super::compiler::Compiler;
use super::scopes;
use crate::expression::{Expression, Template};
use crate::settings::{JobSettings, Place};
use std::time::Duration;

/// A job of the system that makes a change.
#[derive(Debug)]
pub(crate) struct Job {
    /// The status that says that it began.
    pub(crate) status: u16,
    pub(crate) from: Place,
    /// `None` if the response has its URL.
    pub(crate) path: Option<Template>,
    pub(crate) done: Expression,
    pub(crate) failed: Option<Expression>,
    pub(crate) every: Duration,
    pub(crate) at_most: Duration,
}

pub(super) fn compile(compiler: &mut Compiler<'_>, job: &JobSettings, place: &str) -> Job {
    if let Place::Pointer(text) = &job.from {
        compiler.pointer(text, &format!("{place}/from"));
    }
    if job.every.duration().is_zero() || job.every.duration() > job.at_most.duration() {
        let help = "write a time such as `2s`, and not more than `at_most`";
        compiler.add(format!("{place}/every"), "the job would never be asked, or all the time", help);
    }
    let path = job.get.as_ref().map(|path| {
        let path = compiler.path(path, scopes::JOB, &format!("{place}/get"));
        if !path.uses("job") && compiler.faults.is_empty() {
            compiler.add(format!("{place}/get"), "nothing says which job", "add `{job}`");
        }
        path
    });
    Job {
        status: job.status,
        from: job.from.clone(),
        path,
        done: compiler.expression(&job.done, scopes::RESPONSE, &format!("{place}/done")),
        failed: compiler.optional(job.failed.as_deref(), scopes::RESPONSE, &format!("{place}/failed")),
        every: job.every.duration(),
        at_most: job.at_most.duration(),
    }
}
