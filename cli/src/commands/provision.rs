//! `connector provision NAME PLAN`.

mod left_out;
mod show;

use crate::arguments::ProvisionArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{PlanProgress, Waiting, plural};
use crate::plan_file::{named, shown};
use crate::terminal;
use connector_core::{Error, ErrorKind};
use connector_engine::provision::{Consent, Earlier, Preview, Provisioning, Settled, Verdict, this_user};
use connector_engine::query::{self, OutcomeTally};
use connector_engine::store::Store;
use connector_project::plan::PlanOperation;
use connector_project::source::Opened;
use connector_project::source::Project;
use show::PlanView;
use std::time::Instant;

pub(crate) fn run(invocation: &Invocation, arguments: &ProvisionArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let opened = project.load(&arguments.name)?.open(&project)?;
    let store = invocation.store(&project)?;
    let Some(provisioning) = begin(invocation, &project, &store, &opened, arguments)? else {
        invocation.printer.remark(format!("`{}` has no interrupted plan", opened.source));
        return Ok(Exit::Success);
    };
    let asks = needs_answer(invocation, arguments, provisioning.earlier())?;
    invocation.block_on(async {
        provisioning.written_by(&this_user()).await?;
        let file = shown(&provisioning.file().await?).to_owned();
        let (digest, began) = (String::new(), Instant::now());
        let mut run = Run { invocation, store: &store, opened: &opened, provisioning, file, digest, began };
        let ended = if arguments.abandon { run.abandon().await } else { run.go(arguments, asks).await };
        if ended.is_err() && !arguments.abandon {
            // A later job must not start what was not started now without a new approval.
            run.provisioning.approve(false).await?;
        }
        run.provisioning.leave().await?;
        ended
    })?
}

fn begin<'a>(
    invocation: &Invocation,
    project: &Project,
    store: &Store,
    opened: &'a Opened,
    arguments: &ProvisionArguments,
) -> Result<Option<Provisioning<'a>>, Error> {
    match &arguments.plan {
        None => Provisioning::interrupted(store, opened),
        Some(file) => {
            let settings = project.settings()?;
            let from = named(project, file)?;
            let _waiting = Waiting::begin(&invocation.printer, "Reading the plan");
            let read = |sink: &mut dyn FnMut(PlanOperation)| Ok(from.read(&settings, sink)?);
            Provisioning::begin(store, opened, &file.to_string_lossy(), &this_user(), read).map(Some)
        }
    }
}

/// Whether to ask the user. Fails if that is necessary and there is no terminal.
fn needs_answer(invocation: &Invocation, arguments: &ProvisionArguments, earlier: Earlier) -> Result<bool, Error> {
    // An interrupted plan was approved when it started.
    let is_approved = arguments.is_unattended()
        || (arguments.resume && (earlier == Earlier::Interrupted || arguments.plan.is_none()));
    if arguments.preview || arguments.abandon || is_approved {
        return Ok(false);
    }
    if invocation.printer.is_json() || !terminal::can_ask() {
        return Err(Error::new(ErrorKind::Definition, "the plan needs a confirmation, but there is no terminal")
            .with_help("check it with `--preview`, then apply it with `--yes`"));
    }
    Ok(true)
}

/// One call of the command.
struct Run<'a> {
    invocation: &'a Invocation,
    store: &'a Store,
    opened: &'a Opened,
    provisioning: Provisioning<'a>,
    /// The file of the plan for people, as the user named it when the plan started.
    file: String,
    /// Identifies the result of the last preview.
    digest: String,
    began: Instant,
}

impl Run<'_> {
    async fn go(&mut self, arguments: &ProvisionArguments, asks: bool) -> Result<Exit, Stop> {
        let resumes = self.provisioning.earlier() == Earlier::Interrupted;
        if arguments.is_unattended() {
            self.provisioning.approve(true).await?;
        }
        if !arguments.preview {
            self.settle().await?;
        }
        self.warn_of_others().await?;
        let preview = self.preview().await?;
        for warning in &preview.warnings {
            self.invocation.printer.warning(warning);
        }
        let consent = match &arguments.expect_digest {
            Some(digest) => Consent::Digest(digest),
            None if arguments.yes => Consent::EarlierPreview,
            None => Consent::None,
        };
        let verdict = self.provisioning.verdict(&preview, consent).await?;
        if let Verdict::Refused(refusal) = &verdict {
            return self.refuse(refusal).await;
        }
        if matches!(verdict, Verdict::Changed) {
            // The user approved something else. A preview alone sends nothing, so it only says so.
            if !arguments.preview {
                return self.stop_at(&preview, arguments).await;
            }
            self.provisioning.approve(false).await?;
            if !self.invocation.printer.is_json() {
                self.list_changed(&preview)?;
            }
            let changed = plural(preview.changed.len() as u64, "operation");
            self.invocation
                .printer
                .warning(&format!("{changed} changed since the last preview; this is the new result"));
        }
        if arguments.preview || asks {
            self.provisioning.seen().await?;
        }
        if asks && let Some(missing) = self.provisioning.unapproved().await? {
            return self.refuse(&missing).await;
        }
        let mut tally = OutcomeTally::default();
        // Machine output has one line for each operation, printed once: when it was applied.
        if arguments.preview || !self.invocation.printer.is_json() {
            let shown = self.show(if resumes { PlanView::Left } else { PlanView::Preview });
            // Closing the output does not take back a `--yes`.
            tally = match shown {
                Err(_) if !asks && !arguments.preview && self.invocation.printer.is_closed() => tally,
                shown => shown?,
            };
        }
        if arguments.preview {
            return Ok(if tally.failed > 0 { Exit::Failure } else { Exit::Success });
        }
        if asks {
            if tally.planned == 0 {
                self.invocation.printer.note("\nThere is nothing to apply");
                return Ok(if tally.failed + tally.pending > 0 { Exit::Failure } else { Exit::Success });
            }
            if !self.ask(&tally)? {
                self.provisioning.approve(false).await?;
                return Ok(Exit::Success);
            }
            self.provisioning.approve(true).await?;
            // Others may have changed the accounts while the user was thinking.
            let preview = self.preview().await?;
            if let Some(refusal) = &preview.refusal {
                return self.refuse(refusal).await;
            }
            if !preview.changed.is_empty() {
                return self.stop_at(&preview, arguments).await;
            }
        }
        if arguments.no_verify {
            self.provisioning.skip_read_back();
        }
        self.apply().await
    }

    /// Settles the operations that were sent, and ends the plan without the rest.
    async fn abandon(&self) -> Result<Exit, Stop> {
        self.settle().await?;
        self.provisioning.abandon().await?;
        self.invocation
            .printer
            .remark(format!("Abandoned `{}`: operations that were not sent will not be applied\n", self.file));
        let tally = self.show(PlanView::Outcome)?;
        self.warn_of_others().await?;
        // What was dropped is what the user asked for; what failed or is unknown was sent before.
        Ok(if tally.failed + tally.pending > 0 { Exit::Failure } else { Exit::Success })
    }

    /// Stops because accounts changed: the user approved something else.
    async fn stop_at(&mut self, preview: &Preview, arguments: &ProvisionArguments) -> Result<Exit, Stop> {
        self.provisioning.approve(false).await?;
        let sees = !arguments.is_unattended() && !self.invocation.printer.is_json() && terminal::can_ask();
        if sees {
            self.provisioning.seen().await?;
        }
        self.refuse_changed(preview, arguments, sees)
    }

    /// Shows the plan, and why a guard refuses it.
    async fn refuse(&self, refusal: &Error) -> Result<Exit, Stop> {
        self.provisioning.approve(false).await?;
        self.show(PlanView::Preview)?;
        self.invocation.printer.note_blank();
        self.invocation.printer.error(refusal);
        Ok(Exit::Refused)
    }

    async fn settle(&self) -> Result<(), Stop> {
        let settled = {
            let display = PlanProgress::begin(&self.invocation.printer, &self.opened.source);
            self.provisioning.settle(|progress| display.show(progress)).await?
        };
        let Settled { applied, again, unknown } = settled;
        if applied + again + unknown > 0 {
            self.invocation.printer.remark(format!(
                "Checked the interrupted plan: {} had succeeded, {} will be sent again{}",
                plural(applied, "operation"),
                again,
                if unknown > 0 { format!(", the result of {unknown} is unknown") } else { String::new() }
            ));
        }
        Ok(())
    }

    async fn warn_of_others(&self) -> Result<(), Stop> {
        for (id, file) in self.provisioning.others_interrupted().await? {
            let name = &self.opened.source;
            self.invocation.printer.warning(&format!(
                "the plan `{}` ({id}) was interrupted: `connector provision {name} --resume` continues it, `--abandon` ends it",
                shown(&file)
            ));
        }
        Ok(())
    }

    async fn preview(&mut self) -> Result<Preview, Stop> {
        let stop = self.invocation.interrupt().token();
        let display = PlanProgress::begin(&self.invocation.printer, &self.opened.source);
        let preview = self.provisioning.preview(|progress| display.show(progress), &stop).await?;
        self.digest.clone_from(&preview.digest);
        Ok(preview)
    }

    async fn apply(&mut self) -> Result<Exit, Stop> {
        let stop = self.invocation.interrupt().token();
        let applied = {
            let display = PlanProgress::begin(&self.invocation.printer, &self.opened.source);
            self.provisioning.apply(|progress| display.show(progress), &stop).await?
        };
        let tally = match self.show(PlanView::Outcome) {
            Err(_) if self.invocation.printer.is_closed() => self.tally()?,
            shown => shown?,
        };
        if let Some(error) = applied.error {
            self.invocation.printer.note_blank();
            self.invocation.printer.error(&error);
            self.what_next(&tally);
            return Ok(self.invocation.exit_of(error.kind()));
        }
        self.what_next(&tally);
        if let Some(exit) = self.invocation.interrupted().filter(|_| tally.planned > 0) {
            return Ok(exit);
        }
        Ok(if tally.failed + tally.pending + tally.planned > 0 { Exit::Failure } else { Exit::Success })
    }

    /// Counts the operations by outcome, without showing them.
    fn tally(&self) -> Result<OutcomeTally, Stop> {
        Ok(query::plan_operations(self.store, &self.provisioning.id(), |_| Ok(()))?)
    }

    fn what_next(&self, tally: &OutcomeTally) {
        let name = &self.opened.source;
        if tally.planned + tally.pending > 0 {
            self.invocation.printer.next(&[
                (&format!("connector provision {name} --resume"), "continue the plan"),
                (&format!("connector operations {name}"), "show every operation and its outcome"),
            ]);
        } else if tally.applied > 0 {
            self.invocation.printer.next(&[
                (&format!("connector operations {name}"), "show every operation and its outcome"),
                (&format!("connector aggregate {name}"), "read the source again"),
            ]);
        }
    }

    fn ask(&self, tally: &OutcomeTally) -> Result<bool, Stop> {
        self.invocation.printer.flush()?;
        let question = format!("Apply {} to {}?", plural(tally.planned, "operation"), self.opened.source);
        let wanted = terminal::confirm(&question)?;
        if !wanted {
            self.invocation.printer.note(match tally.applied {
                0 => "Nothing was changed".to_owned(),
                applied => format!("Nothing more was changed; {} applied before", plural(applied, "operation")),
            });
        }
        Ok(wanted)
    }
}
