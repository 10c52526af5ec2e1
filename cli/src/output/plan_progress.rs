//! How far a plan is, drawn on stderr while it is previewed, settled and applied.

use super::printer::Printer;
use super::progress::{bar_template, fitting, room_for_clock, spinner, style};
use connector_engine::provision::{Phase, Progress};
use connector_text::count;
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
        let bar = spinner(printer, "{spinner} {prefix}  {clock}  {msg}");
        bar.set_prefix(format!("Reading {name}"));
        Self { printer: printer.clone(), bar }
    }

    /// Draws what changed.
    pub(crate) fn show(&self, progress: &Progress) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_prefix(prefix(progress.phase));
        self.bar.set_length(progress.total.max(1));
        self.bar.set_position(progress.done);
        let width = self.printer.prose_width();
        let (template, taken) = bar_template(width);
        self.bar.set_style(style(template));
        let taken = taken + self.bar.prefix().chars().count() + room_for_clock(self.bar.elapsed()) + 2;
        self.bar.set_message(message(progress, width.saturating_sub(taken)));
    }
}

fn prefix(phase: Phase) -> &'static str {
    match phase {
        Phase::Previewing => "Previewing",
        Phase::Settling => "Settling",
        Phase::Applying => "Applying",
        Phase::ReadingBack => "Checking",
    }
}

fn message(progress: &Progress, room: usize) -> String {
    let parts = [
        format!("{} of {} operations", count(progress.done), count(progress.total)),
        format!("{} API calls", count(progress.api_calls)),
    ];
    fitting(&parts, room)
}

impl Drop for PlanProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.printer.attach(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_engine::provision::Progress;
    use std::time::Duration;

    /// Where the cursor is after a line that fills the terminal, the terminal breaks that line, too.
    #[test]
    fn what_is_drawn_of_a_plan_fits_any_usual_terminal() {
        let progress = Progress { phase: Phase::Previewing, done: 1_234_567, total: 2_345_678, api_calls: 123_456 };
        let hour = Duration::from_mins(59);
        for width in [40, 60, 79, 80, 100] {
            for phase in [Phase::Previewing, Phase::Settling, Phase::Applying, Phase::ReadingBack] {
                let prefix = prefix(phase);
                let (template, taken) = bar_template(width);
                let taken = taken + prefix.len() + room_for_clock(hour) + 2;
                let message = message(&progress, width.saturating_sub(taken));
                let shown = template
                    .replace("{prefix}", prefix)
                    .replace("{bar:24}", &"━".repeat(24))
                    .replace("{percent:>3}", "100")
                    .replace("{clock}", "1:00:00")
                    .replace("{msg}", &message);
                assert!(!shown.contains('{'), "{shown}");
                assert!(shown.trim_end().chars().count() <= width, "{width}: {shown}");
            }
        }
        assert_eq!(message(&progress, 60), "1,234,567 of 2,345,678 operations  123,456 API calls");
    }
}
