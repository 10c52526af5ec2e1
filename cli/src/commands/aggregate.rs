//! `connector aggregate NAME…`.

mod queued;

use super::identities;
use crate::arguments::AggregateArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{ProgressDisplay, count, duration, render_summary, wrap};
use connector_core::{Error, ErrorKind};
use connector_engine::aggregate::{self, Options, Progress, Wanted};
use connector_engine::query;
use connector_engine::store::{Mode, RunError, RunReport, RunStatus, Store};
use connector_project::certificate;
use connector_project::source::{Opened, Problems, Project, Source};
use connector_queue::{Order, Queue};
use jiff::Timestamp;
use queued::Ticket;
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

/// The first pause of `--wait-for-quota`. Each one is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause. A daily quota becomes free little by little.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

pub(crate) fn run(invocation: &Invocation, arguments: &AggregateArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    // All of them are read before the first is run: with an invalid definition nothing is sent.
    let mut sources = Vec::with_capacity(arguments.names.len());
    let loaded = load_all(&project, &arguments.names)?;
    refuse_same_name(&loaded)?;
    for source in loaded {
        let opened = source.open(&project)?;
        let watched = certificate::glance(&project, &source, Timestamp::now());
        let warning = watched.and_then(|watched| watched.warning());
        if arguments.delta && opened.connector.capabilities().changes().is_none() {
            let message = format!("connector `{}` can't read only changes", opened.registration.name);
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_help("leave out `--delta`; a full run also writes only what changed")
                .into());
        }
        sources.push((opened, warning, source.path));
    }
    let store = invocation.store(&project)?;
    let queue = queued::queue_of(&store, arguments.local)?;
    // Workers can read them at the same time, so all are asked for before the first is followed.
    let mut tickets = VecDeque::new();
    let mut exit = Exit::Success;
    let result = (|| {
        for (source, _, file) in &sources {
            let order = Order::new(&source.source, wanted(arguments), options(arguments));
            let asked = queue.as_ref().filter(|_| is_of_project(&project, file));
            tickets.push_back(asked.map(|queue| queued::ask(invocation, queue, &order)).transpose()?.flatten());
        }
        for (source, warning, file) in &sources {
            let ticket = tickets.pop_front().flatten();
            name_history(invocation, &project, &store, &source.source, file)?;
            let is_queued = ticket.is_some();
            let report = aggregate_one(invocation, &store, queue.as_ref().zip(ticket), source, arguments)?;
            // What a worker sent, only the report knows.
            let sent = source.context.meter().api_calls() > 0 || (is_queued && report.api_calls > 0);
            exit = exit.worse(conclude(invocation, report, warning.as_deref(), sent)?);
            if invocation.interrupted().is_some() {
                break;
            }
        }
        identities::follow(invocation, &project, &store);
        Ok(exit)
    })();
    if let Some(queue) = &queue {
        queued::leave(invocation, queue, tickets.into_iter().flatten())?;
    }
    result
}

fn wanted(arguments: &AggregateArguments) -> Wanted {
    match (arguments.full, arguments.delta) {
        (true, _) => Wanted::Full,
        (_, true) => Wanted::Delta,
        _ => Wanted::Due,
    }
}

fn options(arguments: &AggregateArguments) -> Options {
    Options {
        restart: arguments.restart,
        accept_new_system: arguments.accept_new_system,
        remove: !arguments.no_delete,
        ..Options::default()
    }
}

/// Whether a file is one of `sources/`, which workers have, too.
fn is_of_project(project: &Project, file: &Path) -> bool {
    let is_in = |folder: &Path| file.canonicalize().is_ok_and(|file| file.starts_with(folder));
    project.folder().join("sources").canonicalize().is_ok_and(|folder| is_in(&folder))
}

/// Refuses two files with the same name: they would take turns in one history.
fn refuse_same_name(sources: &[Source]) -> Result<(), Error> {
    for (index, source) in sources.iter().enumerate() {
        let is_other = |other: &&Source| other.name == source.name && other.path != source.path;
        if let Some(other) = sources[..index].iter().find(is_other) {
            let (first, second) = (other.path.display(), source.path.display());
            return Err(Error::definition(format!("`{first}` and `{second}` have the same name `{}`", source.name))
                .with_help("the store keeps one history for each name: give each file a name of its own"));
        }
    }
    Ok(())
}

/// Names the history that a file outside of `sources/` continues, which may be that of another file.
fn name_history(
    invocation: &Invocation,
    project: &Project,
    store: &Store,
    source: &str,
    file: &Path,
) -> Result<(), Stop> {
    if !is_of_project(project, file) && query::last_run(store, source)?.is_some() {
        invocation.printer.remark(format!(
            "`{}` continues the history of `{source}` in the store: files with the same name share one",
            file.display()
        ));
    }
    Ok(())
}

/// The definitions of all these sources, or everything that is wrong in any of them.
fn load_all(project: &Project, names: &[String]) -> Result<Vec<Source>, Problems> {
    let mut sources = Vec::with_capacity(names.len());
    let mut problems = Vec::new();
    for name in names {
        match project.load(name) {
            Ok(source) => sources.push(source),
            // What is wrong in connector.yaml is wrong for each source, and said once.
            Err(found) => found.0.into_iter().for_each(|problem| {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }),
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(Problems(problems)) }
}

fn aggregate_one(
    invocation: &Invocation,
    store: &Store,
    mut queued: Option<(&Queue, Ticket)>,
    source: &Opened,
    arguments: &AggregateArguments,
) -> Result<RunReport, Stop> {
    let (mut wanted, mut options) = (wanted(arguments), options(arguments));
    let stop = invocation.interrupt().token();
    let mut pause = FIRST_PAUSE;
    let report = invocation.block_on(async {
        loop {
            let report = if let Some((queue, ticket)) = &queued {
                queued::follow(invocation, queue, ticket, &source.source, &stop).await?
            } else {
                let display = ProgressDisplay::begin(&invocation.printer, &source.source);
                let show = |progress: &Progress| display.show(progress);
                aggregate::run_as_due(store, source, wanted, options, show, stop.clone()).await?
            };
            if !arguments.wait_for_quota || !is_out_of_quota(&report) {
                return Ok::<_, Error>(report);
            }
            tell_wait(invocation, &report, pause);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return Ok(report),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            // The next part continues this run, also if changes proved too little and it reads everything by now.
            wanted = Wanted::Due;
            options.restart = false;
            options.accept_new_system = false;
            if let Some((queue, _)) = queued {
                let order = Order::new(&source.source, wanted, options);
                queued = queued::ask(invocation, queue, &order)?.map(|ticket| (queue, ticket));
            }
        }
    })??;
    tracing::info!(
        source = report.source,
        run = report.run,
        status = report.status.name(),
        accounts = report.counts.accounts.seen,
        api_calls = report.api_calls,
        "the aggregation ended"
    );
    Ok(report)
}

/// Whether the source, or the reserve in the source file, allows no further call for now.
fn is_out_of_quota(report: &RunReport) -> bool {
    report.error.as_ref().is_some_and(|error| error.kind == ErrorKind::Quota)
        || (report.status == RunStatus::Interrupted && is_put_off(report))
}

/// Says why a job waits, and until when.
fn tell_wait(invocation: &Invocation, report: &RunReport, pause: Duration) {
    let why = report.error.as_ref().map_or("the quota is used up", |error| error.message.as_str());
    invocation.printer.remark(format!("{}: {why}", report.source));
    invocation.printer.remark(format!("Waiting; the next try is in {}, and Ctrl-C stops.", duration(pause)));
}

/// Shows how a run ended. A certificate that expires soon is one of its warnings, although it is not about the run. `sent` is whether
/// the source was asked anything.
pub(super) fn conclude(
    invocation: &Invocation,
    mut report: RunReport,
    warning: Option<&str>,
    sent: bool,
) -> Result<Exit, Stop> {
    report.warnings.extend(warning.map(|warning| format!("certificate: {warning}")));
    show(invocation, &report)?;
    Ok(exit_of(invocation, &report, sent))
}

fn show(invocation: &Invocation, report: &RunReport) -> Result<(), Stop> {
    let printer = &invocation.printer;
    if printer.is_json() {
        printer.json(report)?;
        printer.flush()?;
    } else {
        printer.result(render_summary(report, printer.table_width()))?;
        for warning in &report.warnings {
            printer.warning(warning);
        }
    }
    if let Some(error) = &report.error
        && (report.status != RunStatus::Interrupted || is_put_off(report))
    {
        let error = as_error(error, &report.source);
        printer.note_blank();
        printer.error(&error);
    }
    if !printer.is_json() {
        what_next(invocation, report);
    }
    Ok(())
}

fn what_next(invocation: &Invocation, report: &RunReport) {
    let printer = &invocation.printer;
    let source = &report.source;
    match report.status {
        RunStatus::Succeeded if report.mode == Mode::Refresh => {
            printer.next(&[(&format!("connector diff {source}"), "show what this run changed")]);
        }
        _ if report.mode == Mode::Refresh => {}
        RunStatus::Succeeded => printer.next(&[
            (&format!("connector accounts {source}"), "list the accounts"),
            (&format!("connector entitlements {source}"), "list the entitlements"),
            (&format!("connector diff {source}"), "show what this run changed"),
        ]),
        RunStatus::Interrupted | RunStatus::Failed | RunStatus::Running => {
            if report.counts.named().iter().all(|(_, counts)| counts.seen == 0) {
                printer.next(&[(&format!("connector test {source}"), "find the problem, step by step")]);
                return;
            }
            let kept = format!(
                "Saved so far: {} accounts, {} entitlements, {} assignments. Nothing was marked as removed.",
                count(report.counts.accounts.seen),
                count(report.counts.entitlements.seen),
                count(report.counts.assignments.seen)
            );
            printer.note(format!("\n{}", wrap(&kept, printer.prose_width()).join("\n")));
            printer.next(&[
                (&format!("connector aggregate {source}"), "continue where it stopped"),
                (&format!("connector aggregate {source} --restart"), "start from the beginning"),
            ]);
        }
        RunStatus::Refused => {}
    }
}

fn as_error(error: &RunError, source: &str) -> Error {
    let mut shown = Error::new(error.kind, &error.message).with_context("source", source);
    if let Some(help) = &error.help {
        shown = shown.with_help(help);
    }
    match &error.step {
        Some(step) => shown.with_context("step", step),
        None => shown,
    }
}

/// Whether a guard stopped the run, not the user.
fn is_put_off(report: &RunReport) -> bool {
    report.error.as_ref().is_some_and(|error| error.kind == ErrorKind::Guard)
}

fn exit_of(invocation: &Invocation, report: &RunReport, sent: bool) -> Exit {
    match report.status {
        RunStatus::Succeeded => Exit::Success,
        RunStatus::Refused => Exit::Refused,
        RunStatus::Interrupted if is_put_off(report) => Exit::Refused,
        RunStatus::Interrupted => invocation.interrupted().unwrap_or(Exit::Interrupted),
        // Ctrl-C ended the wait.
        RunStatus::Failed if is_out_of_quota(report) && invocation.interrupted().is_some() => {
            invocation.interrupted().unwrap_or(Exit::Interrupted)
        }
        RunStatus::Failed | RunStatus::Running => match report.error.as_ref().map(|error| Exit::of(error.kind)) {
            Some(exit @ (Exit::Unreachable | Exit::Refused)) => exit,
            Some(Exit::Invalid) if !sent => Exit::Invalid,
            _ => Exit::Failure,
        },
    }
}
