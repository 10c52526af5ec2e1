//! Runs the trials as tests that `cargo test` and nextest list by name.

use crate::subject::Subject;
use crate::trials::{self, Kept};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;

/// Runs the trials as the tests of a binary with `harness = false`: `fn main() -> ExitCode { connector_testkit::run(…) }`.
///
/// The trials run one after the other. With a runner that starts a process per test, such as nextest, each process must have
/// a source of its own: start it in `main`. A trial that does not apply is ignored: in the list, if the capabilities show it, or else when it runs.
pub fn run(subject: Subject<'static>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Some trials change the source while the others must find it unchanged.
    arguments.test_threads = Some(1);
    let subject = Arc::new(subject);
    let connector = subject.open();
    let trials = trials::all().map(|trial| {
        // If the connector does not open, the trials fail. They are not hidden.
        let missing = connector.as_ref().ok().and_then(|connector| trial.missing(&subject, connector.as_ref()));
        let subject = subject.clone();
        let test = Trial::ignorable_test(trial.name, move || try_one(trial, &subject));
        match missing {
            Some(missing) => test.with_kind(format!("needs {missing}")).with_ignored_flag(true),
            None => test,
        }
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn try_one(trial: &trials::Trial, subject: &Subject<'_>) -> Result<Completion, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(missing) = trial.missing(subject, subject.open()?.as_ref()) {
        return Ok(not_applicable(missing));
    }
    Ok(match runtime.block_on(trial.run(subject))? {
        Kept::Promise => Completion::Completed,
        Kept::NotUsed(what) => not_applicable(what),
    })
}

fn not_applicable(needs: &str) -> Completion {
    Completion::ignored_with(format!("needs {needs}"))
}
