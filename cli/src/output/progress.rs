//! How far an aggregation is, drawn on stderr while it runs.

use super::printer::Printer;
use super::quantity::{count, duration};
use connector_engine::aggregate::{Phase, Progress, StepProgress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Draws the progress of one run; draws nothing where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct ProgressDisplay {
    printer: Printer,
    bar: ProgressBar,
    /// The rows that earlier jobs of the run had read, when the first progress came.
    before: Mutex<Option<u64>>,
}

impl ProgressDisplay {
    /// Begins to draw for the source `name`.
    pub(crate) fn begin(printer: &Printer, name: &str) -> Self {
        let bar = spinner(printer, "{spinner} {prefix}  {msg}  {elapsed}");
        bar.set_prefix(format!("Reading {name}"));
        bar.set_message("connecting");
        Self { printer: printer.clone(), bar, before: Mutex::new(None) }
    }

    /// Draws what changed.
    pub(crate) fn show(&self, progress: &Progress) {
        if self.bar.is_hidden() {
            return;
        }
        let steps = progress.steps.named().map(|(_, step)| *step);
        let seen: u64 = steps.iter().map(|step| step.seen).sum();
        let before = *self.before.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(if progress.resumed {
            seen
        } else {
            0
        });
        let rate = per_second(seen.saturating_sub(before), progress.elapsed);
        let width = self.printer.prose_width();
        let mut parts = Vec::new();
        // The spinner and a blank.
        let mut taken = 2;
        if progress.phase == Phase::Reconciling {
            parts.push("looking for removed rows".to_owned());
        } else if rate > 0 {
            parts.push(format!("{}/s", count(rate)));
        }
        match total(&steps) {
            Some(total) if progress.phase == Phase::Reading => {
                self.bar.set_length(total.max(1));
                self.bar.set_position(seen);
                let (template, beside) = bar_template(width);
                self.bar.set_style(style(template));
                taken = beside;
                if rate > 0 && total > seen {
                    parts.push(format!("{} left", time_left((total - seen).div_ceil(rate))));
                }
            }
            _ => self.bar.set_style(style("{spinner} {prefix}  {msg}")),
        }
        parts.push(format!("{} API calls", count(progress.api_calls)));
        let rows = progress.steps.named().map(|(what, step)| so_far(what, *step));
        let taken = taken + self.bar.prefix().chars().count() + 2;
        let first = fitting(&parts, width.saturating_sub(taken));
        self.bar.set_message(format!("{first}\n  {}", fitting(&rows, width.saturating_sub(2))));
    }
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.printer.attach(None);
    }
}

/// A bar without a length, which the printer writes around; hidden where stderr is no terminal.
pub(super) fn spinner(printer: &Printer, template: &str) -> ProgressBar {
    if !printer.shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(10));
    bar.set_style(style(template));
    bar.enable_steady_tick(Duration::from_millis(120));
    printer.attach(Some(bar.clone()));
    bar
}

/// The templates are ours and well formed; otherwise the default style is used.
pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

/// The line of a known length for a terminal of this width, and the room it takes beside prefix and message.
pub(super) fn bar_template(width: usize) -> (&'static str, usize) {
    if width < 80 { ("{prefix} {percent:>3}%  {msg}", 5) } else { ("{prefix} {bar:24} {percent:>3}%  {msg}", 30) }
}

/// As many of the parts as fit on one line: a line that the terminal breaks can't be drawn over.
pub(super) fn fitting(parts: &[impl AsRef<str>], room: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let part = part.as_ref();
        let gap = if line.is_empty() { "" } else { "  " };
        if line.chars().count() + gap.len() + part.chars().count() > room {
            break;
        }
        line.push_str(gap);
        line.push_str(part);
    }
    line
}

/// An estimate: no fractions of seconds.
fn time_left(seconds: u64) -> String {
    if seconds < 60 { format!("{seconds} s") } else { duration(Duration::from_secs(seconds)) }
}

fn per_second(rows: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    rows.saturating_mul(1_000) / millis
}

/// About how many rows there are, if the source said so for the kinds that are being read.
fn total(steps: &[StepProgress]) -> Option<u64> {
    steps[0].estimate?;
    Some(steps.iter().map(|step| step.estimate.unwrap_or(0).max(step.seen)).sum())
}

fn so_far(what: &str, step: StepProgress) -> String {
    match step.estimate {
        Some(estimate) if estimate > step.seen => format!("{what} {} of {}", count(step.seen), count(estimate)),
        _ => format!("{what} {}", count(step.seen)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_progress_is_never_wider_than_the_terminal() {
        let parts = ["123,456/s", "2 min 10 s left", "12,345 API calls"];
        assert_eq!(fitting(&parts, 80), "123,456/s  2 min 10 s left  12,345 API calls");
        assert_eq!(fitting(&parts, 30), "123,456/s  2 min 10 s left");
        assert_eq!(fitting(&parts, 9), "123,456/s");
        assert_eq!(fitting(&parts, 3), "");
    }
}
