//! What `provision` prints.

use super::Run;
use super::left_out::LeftOut;
use crate::arguments::ProvisionArguments;
use crate::exit::{Exit, Stop};
use crate::output::{
    DIM, STRONG, clean_line, count, duration, paint, plural, render_change, render_operation, render_tally,
};
use connector_engine::provision::{Changed, Preview, Standing, ValueChange};
use connector_engine::query::{self, Names, OperationReport, OutcomeTally};
use connector_files::shell_word;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// At most this many operations are shown in full; for longer plans only those that need attention.
const SHOWN_IN_FULL: u64 = 100;

/// Whoever approves a plan must see who gets what, also behind many harmless changes.
const GRANTS_SHOWN_IN_FULL: u64 = 1_000;

/// Operations that give somebody access.
const GIVES_ACCESS: [&str; 6] = ["create", "grant", "enable", "unlock", "set_password", "reset_password"];

/// What is shown of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlanView {
    /// What it will change.
    Preview,
    /// The remaining operations of an interrupted plan.
    Left,
    /// The outcome.
    Outcome,
}

/// The last line of machine output.
#[derive(Serialize)]
struct LastLine<'a> {
    summary: &'a OutcomeTally,
    plan: &'a str,
    digest: &'a str,
    api_calls: u64,
    retries: u64,
    duration_ms: u64,
}

/// An operation that would do something other than an earlier preview showed.
#[derive(Serialize)]
struct ChangedLine<'a> {
    #[serde(flatten)]
    operation: &'a OperationReport,
    /// What it would have changed then.
    before: &'a [ValueChange],
    /// Its outcome then.
    before_outcome: Standing,
    /// Why, if it was unchanged or failed then.
    #[serde(skip_serializing_if = "Option::is_none")]
    before_reason: Option<&'a str>,
}

impl Run<'_> {
    /// Shows the operations, and how many have which outcome.
    pub(super) fn show(&self, shown: PlanView) -> Result<OutcomeTally, Stop> {
        let printer = &self.invocation.printer;
        let id = self.provisioning.id();
        if printer.is_json() {
            let tally = query::plan_operations(self.store, &id, |operation| Ok(printer.json(&operation)?))?;
            printer.json(&self.last_line(&tally, &id))?;
            printer.flush()?;
            return Ok(tally);
        }
        if shown != PlanView::Outcome {
            printer.result(self.heading(shown))?;
        }
        let known = Names::of(self.store, &self.opened.source)?;
        let names = |id: &str| known.name(id).unwrap_or_default();
        let (mut lines, mut failures, mut grants, mut left_out) = (0, 0, 0, LeftOut::default());
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        let tally = query::plan_operations(self.store, &id, |operation| {
            if operation.outcome == Standing::Planned {
                *kinds.entry(operation.kind.clone()).or_default() += 1;
            }
            if !concerns(shown, &operation) {
                return Ok(());
            }
            let failed = operation.outcome == Standing::Failed;
            let gives_access = shown != PlanView::Outcome && GIVES_ACCESS.contains(&operation.kind.as_str());
            if lines < SHOWN_IN_FULL
                || (failed && failures < SHOWN_IN_FULL)
                || (gives_access && grants < GRANTS_SHOWN_IN_FULL)
            {
                grants += u64::from(gives_access);
                lines += 1;
                failures += u64::from(failed);
                printer.result(render_operation(&operation, printer.prose_width(), &names))?;
            } else if shown == PlanView::Outcome {
                left_out.count();
            } else {
                left_out.add(&operation, &known)?;
            }
            Ok(())
        })?;
        printer.result(left_out.render())?;
        if lines > 0 {
            printer.result("\n")?;
        }
        if left_out.is_any() && !kinds.is_empty() {
            let kinds: Vec<_> = kinds.iter().map(|(kind, number)| format!("{} {kind}", count(*number))).collect();
            printer.result(format!("to apply: {}\n", kinds.join(", ")))?;
        }
        printer.result(self.end(shown, &tally))?;
        printer.flush()?;
        Ok(tally)
    }

    fn last_line<'a>(&'a self, tally: &'a OutcomeTally, plan: &'a str) -> LastLine<'a> {
        let meter = self.opened.context.meter();
        LastLine {
            summary: tally,
            plan,
            digest: &self.digest,
            api_calls: meter.api_calls(),
            retries: meter.retries(),
            duration_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// What an operation would have changed at the time of the preview, and what it would change now.
    fn changed(
        &self,
        operation: &OperationReport,
        changed: &Changed,
        names: &dyn Fn(&str) -> Option<String>,
    ) -> String {
        let width = self.invocation.printer.prose_width();
        let mut text = format!("  {} {}\n", paint(STRONG, &operation.kind), paint(STRONG, clean_line(&operation.name)));
        for (label, shown) in [("in the preview:", &changed.before), ("now:", &changed.now)] {
            let outcome = if shown.outcome == Standing::Planned { "" } else { shown.outcome.name() };
            let reason = shown.reason.as_deref().map(|reason| format!(": {}", clean_line(reason))).unwrap_or_default();
            _ = writeln!(text, "    {} {outcome}{reason}", paint(DIM, label));
            text.extend(shown.changes.iter().map(|change| render_change(change, width, names)));
        }
        text
    }

    /// The names of ids, as of the last aggregation. A preview is correct without them.
    fn names(&self) -> Result<impl Fn(&str) -> Option<String>, Stop> {
        let names = Names::of(self.store, &self.opened.source)?;
        Ok(move |id: &str| names.name(id).unwrap_or_default())
    }

    fn heading(&self, shown: PlanView) -> String {
        let what = if shown == PlanView::Left { "Remaining operations of" } else { "Preview of" };
        let what = format!("{what} {}", clean_line(&self.file));
        format!("{} for {}\n\n", paint(STRONG, what), paint(STRONG, &self.opened.source))
    }

    fn end(&self, shown: PlanView, tally: &OutcomeTally) -> String {
        let planned = match shown {
            PlanView::Preview | PlanView::Left => "to apply",
            PlanView::Outcome => "not sent",
        };
        let mut cost = vec![plural(self.opened.context.meter().api_calls(), "API call")];
        match shown {
            PlanView::Preview => cost.push(format!("digest {}", self.digest)),
            PlanView::Left => {}
            PlanView::Outcome => {
                cost.push(duration(self.began.elapsed()));
                cost.push(format!("plan {}", self.provisioning.id()));
            }
        }
        format!("{}  {}\n", render_tally(tally, planned), paint(DIM, cost.join(", ")))
    }

    /// Shows what changed since the earlier preview, and refuses.
    pub(super) fn refuse_changed(
        &self,
        preview: &Preview,
        arguments: &ProvisionArguments,
        sees: bool,
    ) -> Result<Exit, Stop> {
        let printer = &self.invocation.printer;
        let tally = self.list_changed(preview)?;
        if printer.is_json() {
            printer.json(&self.last_line(&tally, &self.provisioning.id()))?;
        }
        let source = shell_word(&self.opened.source);
        let again = match &arguments.plan {
            Some(file) => {
                format!("connector provision {source} {}", shell_word(&file.to_string_lossy()))
            }
            None => format!("connector provision {source} --resume"),
        };
        let help = if sees {
            format!("if you want the new result, run it again: `{again}`")
        } else {
            format!("look at the new result: `{again} --preview`; then apply it with `--yes` or `--expect-digest`")
        };
        printer.note_blank();
        printer.error(&preview.changed_since().with_help(help));
        Ok(Exit::Refused)
    }

    /// Lists the operations that changed since the earlier preview: what they did then, and what they do now.
    pub(super) fn list_changed(&self, preview: &Preview) -> Result<OutcomeTally, Stop> {
        let printer = &self.invocation.printer;
        let names = self.names()?;
        let id = self.provisioning.id();
        let (mut lines, mut left_out) = (0, LeftOut::default());
        let tally = query::plan_operations(self.store, &id, |mut operation| {
            let place = preview.changed.binary_search_by_key(&operation.operation, |changed| changed.operation);
            let Some(changed) = place.ok().and_then(|place| preview.changed.get(place)) else { return Ok(()) };
            if printer.is_json() {
                let Changed { before, now, .. } = changed;
                operation.changes.clone_from(&now.changes);
                printer.json(&ChangedLine {
                    operation: &operation,
                    before: &before.changes,
                    before_outcome: before.outcome,
                    before_reason: before.reason.as_deref(),
                })?;
            } else if lines < SHOWN_IN_FULL {
                lines += 1;
                printer.result(self.changed(&operation, changed, &names))?;
            } else {
                left_out.count();
            }
            Ok(())
        })?;
        printer.result(left_out.render())?;
        Ok(tally)
    }
}

/// The outcome of a plan lists only the operations that need attention; the journal has all of them.
fn concerns(shown: PlanView, operation: &OperationReport) -> bool {
    match shown {
        PlanView::Preview => true,
        PlanView::Left => matches!(operation.outcome, Standing::Planned | Standing::Pending),
        // What was refused beforehand was in the preview.
        PlanView::Outcome => operation.tried && matches!(operation.outcome, Standing::Failed | Standing::Pending),
    }
}
