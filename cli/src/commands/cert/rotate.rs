//! `connector cert rotate NAME`.

use crate::arguments::CertRotateArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{DIM, GOOD, STRONG, WARN, Waiting, fields, paint, plural, render_step_line, wrap};
use crate::terminal;
use connector_core::{Error, ErrorKind};
use connector_engine::certificate::{Rotated, Rotation, RotationPreview, RotationStep};
use connector_engine::store::Store;
use connector_project::certificate;
use connector_project::source::Project;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often to show that a step goes on: the source is asked every few seconds.
const SHOWN_EVERY: Duration = Duration::from_mins(1);

/// Machine output of a rotation.
#[derive(Serialize)]
struct Ended<'a> {
    source: &'a str,
    #[serde(flatten)]
    rotated: &'a Rotated,
    steps: &'a [RotationStep],
}

pub(super) fn run(invocation: &Invocation, arguments: &CertRotateArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let (names, mut exit) = match &arguments.name {
        Some(name) => (vec![name.clone()], Exit::Success),
        None => due(invocation, &project)?,
    };
    if names.is_empty() {
        if exit == Exit::Success {
            invocation.printer.note("no certificate is due for rotation");
        }
        return Ok(exit);
    }
    let asks = !arguments.preview && !arguments.yes;
    if asks && (invocation.printer.is_json() || !terminal::can_ask()) {
        return Err(Error::new(ErrorKind::Definition, "the rotation needs a confirmation, but there is no terminal")
            .with_help("check it with `--preview`, then run it with `--yes`")
            .into());
    }
    let store = invocation.store(&project)?;
    for name in &names {
        // One source that can't be rotated does not stop the others.
        match rotate(invocation, arguments, &project, &store, name) {
            Ok(ended) => exit = exit.worse(ended),
            Err(stop) if arguments.name.is_some() => return Err(stop),
            Err(Stop(error)) => {
                invocation.printer.error(&error);
                exit = exit.worse(invocation.exit_of(error.kind()));
            }
        }
        if invocation.interrupted().is_some() {
            break;
        }
    }
    Ok(exit)
}

/// The sources whose certificate is inside its rotation window, and those with an interrupted rotation. Prints an error for
/// each source that can't be checked; the exit code shows it, too.
fn due(invocation: &Invocation, project: &Project) -> Result<(Vec<String>, Exit), Stop> {
    let store = invocation.existing_store(project)?;
    let (mut due, mut exit) = (Vec::new(), Exit::Success);
    for name in project.sources()? {
        let interrupted = match &store {
            Some(store) => Rotation::is_unfinished(store, &name)?,
            None => false,
        };
        let is_due = || certificate::is_due(project, &project.load(&name)?, Timestamp::now());
        match if interrupted { Ok(true) } else { is_due() } {
            Ok(true) => due.push(name),
            Ok(false) => {}
            Err(error) => {
                invocation.printer.error(&error);
                exit = exit.worse(invocation.exit_of(error.kind()));
            }
        }
    }
    Ok((due, exit))
}

fn rotate(
    invocation: &Invocation,
    arguments: &CertRotateArguments,
    project: &Project,
    store: &Store,
    name: &str,
) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let stop = invocation.interrupt().token();
    invocation.block_on(async {
        let waiting = Waiting::begin(printer, "Reading the app");
        let mut rotation = Rotation::open(project, store, name, arguments.wait.duration()).await?;
        let wants_preview = arguments.preview || !printer.is_json();
        let preview = if wants_preview { Some(rotation.preview().await?) } else { None };
        drop(waiting);
        if let Some(preview) = preview {
            if printer.is_json() {
                printer.json(&preview)?;
            } else {
                let shown = show(invocation, &preview, rotation.is_taken_up());
                // Closing the output does not take back a `--yes`.
                if !(arguments.yes && printer.is_closed()) {
                    shown?;
                }
            }
        }
        if arguments.preview {
            return Ok(Exit::Success);
        }
        let question = if rotation.is_taken_up() {
            format!("Continue the rotation of {}?", rotation.source())
        } else {
            format!("Replace the key and certificate of {}?", rotation.source())
        };
        if !arguments.yes && !terminal::confirm(&question)? {
            printer.note("Nothing was changed");
            return Ok(Exit::Success);
        }
        let (steps, waits) = (Mutex::new(Vec::new()), Mutex::new(None));
        let waiting = Waiting::begin(printer, "Replacing the certificate");
        let ended = rotation
            .run(
                |step| {
                    if !step.goes_on || is_news(&waits, step.step) {
                        tell(invocation, step);
                    }
                    if !step.goes_on {
                        steps.lock().unwrap_or_else(PoisonError::into_inner).push(step.clone());
                    }
                },
                &stop,
            )
            .await;
        drop(waiting);
        let steps = steps.into_inner().unwrap_or_else(PoisonError::into_inner);
        match ended {
            Ok(rotated) => conclude(invocation, rotation.source(), &rotated, &steps),
            // An invalid definition or file does not mean that nothing was sent before.
            Err(error)
                if Exit::of(error.kind()) == Exit::Invalid
                    && (rotation.is_taken_up() || steps.iter().any(|step| step.step == "deploy")) =>
            {
                printer.error(&error);
                Ok(Exit::Failure)
            }
            Err(error) => Err(error.into()),
        }
    })?
}

fn show(invocation: &Invocation, preview: &RotationPreview, taken_up: bool) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let what = if taken_up { "Remaining steps of the rotation of" } else { "Rotation of" };
    printer.result(format!("{} {}\n\n", paint(STRONG, what), paint(STRONG, &preview.source)))?;
    let app = format!("{} `{}`{}", preview.app_kind, preview.app, if preview.switches_app { " (standby)" } else { "" });
    let pairs = [
        ("app", app),
        ("certificate", format!("SHA-256 {}", preview.old_sha256)),
        ("new certificate", format!("{}, RSA {}, valid for {} days", preview.subject, preview.bits, preview.days)),
    ];
    let mut pairs: Vec<(&str, String)> = pairs.into_iter().collect();
    // A list of what stays the same would hide what changes.
    if !preview.kept.is_empty() {
        let kept = plural(preview.kept.len() as u64, "other setting");
        pairs.push(("unchanged", format!("{kept} of the app; `--output json` lists them")));
    }
    printer.result(fields(&pairs, printer.prose_width()))?;
    printer.result("\n")?;
    for (number, step) in preview.steps.iter().enumerate() {
        let lines = wrap(step, printer.prose_width().saturating_sub(5));
        printer.result(format!("  {}. {}\n", number + 1, lines.join("\n     ")))?;
    }
    printer.result("\n")?;
    printer.flush()
}

/// Whether to show that a step goes on: the first time, and then once a minute.
fn is_news(waits: &Mutex<Option<(&'static str, Instant)>>, step: &'static str) -> bool {
    let mut last = waits.lock().unwrap_or_else(PoisonError::into_inner);
    let is_news = last.is_none_or(|(shown, when)| shown != step || when.elapsed() >= SHOWN_EVERY);
    if is_news {
        *last = Some((step, Instant::now()));
    }
    is_news
}

/// One step, on stderr: a rotation takes minutes.
fn tell(invocation: &Invocation, step: &RotationStep) {
    let mark = if step.goes_on { paint(DIM, "…") } else { paint(GOOD, "✓") };
    invocation.printer.note(render_step_line(&mark, step.step, &step.detail, invocation.printer.prose_width()));
}

fn conclude(invocation: &Invocation, source: &str, rotated: &Rotated, steps: &[RotationStep]) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let exit = if rotated.rotated { Exit::Success } else { Exit::Failure };
    if printer.is_json() {
        printer.json(&Ended { source, rotated, steps })?;
        printer.flush()?;
        return Ok(exit);
    }
    let until = rotated
        .not_after
        .as_deref()
        .map_or(String::new(), |moment| format!(", valid until {}", moment.get(..10).unwrap_or(moment)));
    if rotated.rotated {
        let sha256 = rotated.sha256.as_deref().unwrap_or_default();
        printer.result(format!(
            "\n{} {source} signs in with the new key{until}\n  {}\n",
            paint(GOOD, "✓"),
            paint(DIM, format!("SHA-256 {sha256}"))
        ))?;
        printer.next(&[(&format!("connector test {source}"), "test the new key")]);
    } else {
        printer.result(format!(
            "\n{} the org did not accept the new key; {source} still uses the old one{until}\n",
            paint(WARN, "!")
        ))?;
        let reason = Error::new(ErrorKind::Auth, rotated.reason.clone().unwrap_or_default()).with_help(
            "check the app in Salesforce Setup, then try again; use a longer `--wait` if the org is only slow",
        );
        printer.error(&reason);
    }
    Ok(exit)
}
