//! `connector test NAME`.

use super::cert::unfinished_rotation;
use crate::arguments::TestArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{DIM, STRONG, TestProgress, paint, plural, render_step, render_steps_end};
use connector_core::registry::ConnectorRegistration;
use connector_core::{Error, ErrorKind, Finding, Tape, TestReport, TestStep};
use connector_files::Role;
use connector_project::source::{Opened, Project, Source, loosened_guards};
use serde::Serialize;
use std::time::{Duration, Instant};

#[derive(Serialize)]
struct Outcome<'a> {
    source: &'a str,
    connector: Option<&'a str>,
    ok: bool,
    duration_ms: u64,
    steps: &'a [TestStep],
}

pub(crate) fn run(invocation: &Invocation, arguments: &TestArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let name = arguments.name.as_str();
    let project = invocation.project()?;
    let started = Instant::now();
    let source = source_name(name);
    let registration = connector_in_file(&project, name);
    let connector = registration.map(|known| &*known.name);
    if !printer.is_json() {
        // A missing source has no steps; machine output keeps its shape.
        project.source_file(name)?;
        let title =
            registration.map_or(String::new(), |known| format!(" {}", paint(DIM, format!("({})", known.title))));
        printer.result_line(format!("Testing {}{title}\n", paint(STRONG, source)))?;
    }
    let progress = TestProgress::begin(printer);
    let mut report = report(invocation, &progress);
    let mut invalid = None;
    let later = registration.map_or(&[][..], |known| known.provider.test_steps);
    let tape = tape(arguments);
    let asked = Asked { project: &project, name, tape: &tape, later };
    let finished = invocation.block_on(steps(invocation, &asked, &mut report, &mut invalid));
    progress.end();
    let finished = finished?;
    let took = started.elapsed();
    let ok = finished && report.failure().is_none();
    if printer.is_json() {
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        printer.json(&Outcome { source, connector, ok, duration_ms, steps: report.steps() })?;
    } else if finished {
        end(invocation, source, report.steps(), took, ok)?;
        if let (Tape::Record(folder), None) = (&tape, &invalid) {
            let folder = folder.display();
            printer.note(format!("The answers are in `{folder}`, without secrets. They can contain personal data."));
        }
    }
    conclude(invocation, finished, ok, invalid)
}

/// A report that shows each step when it begins and when it is done.
fn report(invocation: &Invocation, progress: &TestProgress) -> TestReport {
    let (printer, begins, ends) = (invocation.printer.clone(), progress.clone(), progress.clone());
    let report = if printer.is_json() {
        TestReport::new()
    } else {
        TestReport::observed(move |step| {
            ends.suspend(|| {
                // A closed output is noticed at the next write outside the test.
                let _ = printer.result_line(render_step(step, printer.prose_width()));
            });
        })
    };
    report.announced(move |step| begins.show(step))
}

/// What is tested, and where its answers go or come from.
struct Asked<'a> {
    project: &'a Project,
    name: &'a str,
    tape: &'a Tape,
    /// The steps to show as skipped if the definition can't be read.
    later: &'a [&'static str],
}

fn tape(arguments: &TestArguments) -> Tape {
    match (&arguments.record, &arguments.replay) {
        (Some(folder), _) => Tape::Record(folder.clone()),
        (None, Some(folder)) => Tape::Replay(folder.clone()),
        (None, None) => Tape::Off,
    }
}

fn load(project: &Project, name: &str, tape: &Tape) -> Result<(Source, Opened), Error> {
    let mut source = project.load(name)?;
    source.http.tape = tape.clone();
    // Somebody waits, and a server that is not there is the usual reason.
    source.http.gives_up_if_refused = true;
    let opened = source.open(project)?;
    Ok((source, opened))
}

/// What a valid file turns off, and what in it ends soon.
fn of_file(project: &Project, source: &Source) -> Finding {
    let valid = format!("{} is valid", source.path.display());
    let loosened = loosened_guards(&source.aggregation, &source.provisioning);
    let advice = source.advice(project);
    let of_guards = "take the setting out of the source file when the change that needs it is done".to_owned();
    let of_guards = (!loosened.is_empty()).then_some(of_guards);
    let helps = of_guards.into_iter().chain(advice.iter().filter_map(|one| one.help.clone())).collect::<Vec<_>>();
    let buts = loosened.into_iter().chain(advice.iter().map(ToString::to_string)).collect::<Vec<_>>();
    if buts.is_empty() {
        Finding::passed(valid)
    } else {
        Finding::warning(format!("{valid}, but {}", buts.join("; ")), helps.join("; "))
    }
}

/// Runs the steps, the definition first; false if a signal stopped them.
async fn steps(
    invocation: &Invocation,
    asked: &Asked<'_>,
    report: &mut TestReport,
    invalid: &mut Option<Error>,
) -> bool {
    let Asked { project, name, tape, later } = *asked;
    let mut opened = None;
    let definition = async {
        match load(project, name, tape) {
            Ok((source, ready)) => {
                opened = Some(ready);
                Ok(of_file(project, &source))
            }
            Err(error) => {
                // People get the problems below the steps, with the lines of the file.
                let short = if invocation.printer.is_json() { in_short(&error) } else { counted(&error) };
                *invalid = Some(error);
                Err(short)
            }
        }
    };
    report.step("definition", definition).await;
    let Some(opened) = opened else {
        for name in later {
            // Never runs: an earlier step failed.
            report.step(name, async { Ok(Finding::passed("")) }).await;
        }
        return true;
    };
    if let Some(verdict) = unfinished_rotation(invocation, project, &opened.source) {
        let finding = Finding::warning(verdict.detail, verdict.help.unwrap_or_default());
        report.step("rotation", async { Ok(finding) }).await;
    }
    let stop = invocation.interrupt().token();
    tokio::select! {
        () = connector_engine::test_connection(&opened, report) => true,
        () = stop.cancelled() => false,
    }
}

/// The error as the detail of a step; stderr has the full problems.
fn in_short(error: &Error) -> Error {
    let message = error.message();
    let more = message.lines().count().saturating_sub(1);
    let first = message.lines().next().unwrap_or_default();
    let short = match more {
        0 => first.to_owned(),
        1 => format!("{first}, and 1 more problem"),
        _ => format!("{first}, and {more} more problems"),
    };
    let short = Error::new(error.kind(), short);
    match error.help() {
        Some(help) => short.with_help(help),
        None => short,
    }
}

/// How many problems the definition has.
fn counted(error: &Error) -> Error {
    let number = plural(error.message().lines().count() as u64, "problem");
    Error::new(error.kind(), format!("{number}, shown below"))
}

fn end(invocation: &Invocation, source: &str, steps: &[TestStep], took: Duration, ok: bool) -> Result<(), Stop> {
    let printer = &invocation.printer;
    printer.result_line(format!("\n{}", render_steps_end(steps, took)))?;
    if ok {
        printer.next(&[(&format!("connector aggregate {source}"), "read the source into the store")]);
    }
    Ok(())
}

fn conclude(invocation: &Invocation, finished: bool, ok: bool, invalid: Option<Error>) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    if !finished {
        return Err(Error::new(ErrorKind::Cancelled, "the test was canceled").into());
    }
    match invalid {
        Some(error) => {
            printer.note_blank();
            printer.error(&error);
            Ok(Exit::of(error.kind()))
        }
        None if ok => Ok(Exit::Success),
        None => Ok(Exit::Failure),
    }
}

/// The connector that a file names, even if the file is invalid.
fn connector_in_file<'a>(project: &'a Project, name: &str) -> Option<&'a ConnectorRegistration> {
    let file = project.source_file(name).ok()?;
    let text = String::from_utf8(connector_files::read(&file, Role::Instructions, 1024 * 1024).ok()?).ok()?;
    // YAML can be written as JSON, and a broken file has no value at all: the first such key will do.
    let value = text.lines().find_map(|line| {
        let key = line.trim_start_matches([' ', '{', '"', '\'']);
        key.strip_prefix("connector")?.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')
    })?;
    let value = value.split(['#', ',', '}']).next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    project.catalog().find(value).map(|one| &*one.registration)
}
