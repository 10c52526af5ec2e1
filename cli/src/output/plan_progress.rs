//! How far a plan is, drawn on stderr while it is previewed, settled and applied.

use super::printer::Printer;
use super::progress::{bar_template, fitting, spinner, style};
use super::quantity::count;
use connector_engine::provision::{Phase, Progress};
use indicatif::ProgressBar;

/// Draws the progress of one plan; draws nothing where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct PlanProgress {
    printer: Printer,
    bar: ProgressBar,
}

impl PlanProgress {
    /// Begins to draw for the source `name`.
    pub(crate) fn begin(printer: &Printer, name: &str) -> Self {
        let bar = spinner(printer, "{spinner} {prefix}  {msg}");
        bar.set_prefix(format!("Reading {name}"));
        Self { printer: printer.clone(), bar }
    }

    /// Draws what changed.
    pub(crate) fn show(&self, progress: &Progress) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_prefix(match progress.phase {
            Phase::Previewing => "Previewing",
            Phase::Settling => "Settling",
            Phase::Applying => "Applying",
            Phase::ReadingBack => "Checking",
        });
        self.bar.set_length(progress.total.max(1));
        self.bar.set_position(progress.done);
        let width = self.printer.prose_width();
        let (template, taken) = bar_template(width);
        self.bar.set_style(style(template));
        let room = width.saturating_sub(taken + self.bar.prefix().chars().count() + 2);
        let parts = [
            format!("{} of {} operations", count(progress.done), count(progress.total)),
            format!("{} API calls", count(progress.api_calls)),
        ];
        self.bar.set_message(fitting(&parts, room));
    }
}

impl Drop for PlanProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.printer.attach(None);
    }
}
