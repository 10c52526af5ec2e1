//! How far an aggregation is, drawn on stderr while it runs.

use super::printer::Printer;
use crate::terminal;
use connector_engine::aggregate::{Phase, Progress, StepProgress};
use connector_text::{clock, count, duration};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
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
        let bar = spinner(printer, "{spinner} {prefix}  {clock}  {msg}");
        bar.set_prefix(format!("Reading {name}"));
        bar.set_message("connecting");
        if terminal::is_dumb() && printer.shows_progress() {
            printer.note(bar.prefix());
        }
        Self { printer: printer.clone(), bar, before: Mutex::new(None) }
    }

    /// Draws what changed.
    pub(crate) fn show(&self, progress: &Progress) {
        if self.bar.is_hidden() {
            return;
        }
        let seen = seen(progress);
        let before = *self.before.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(if progress.resumed {
            seen
        } else {
            0
        });
        let drawn = Drawn::of(progress, before, &self.bar.prefix(), self.printer.prose_width());
        if let Some(total) = drawn.total {
            self.bar.set_length(total.max(1));
            self.bar.set_position(seen);
        }
        self.bar.set_style(style(drawn.template));
        self.bar.set_message(drawn.message);
    }
}

/// What is drawn of a progress.
struct Drawn {
    template: &'static str,
    message: String,
    /// How many rows there are, if a bar shows it.
    total: Option<u64>,
}

impl Drawn {
    /// For a terminal of this width. `before` is how many rows earlier jobs had read.
    fn of(progress: &Progress, before: u64, prefix: &str, width: usize) -> Self {
        let seen = seen(progress);
        let rate = per_second(seen.saturating_sub(before), progress.elapsed);
        let mut parts = Vec::new();
        if progress.phase == Phase::Reconciling {
            parts.push("looking for removed rows".to_owned());
        } else if rate > 0 {
            parts.push(format!("{}/s", count(rate)));
        }
        let total = total(&progress.steps.named().map(|(_, step)| *step)).filter(|_| progress.phase == Phase::Reading);
        if let Some(total) = total.filter(|total| rate > 0 && *total > seen) {
            parts.push(format!("{} left", time_left((total - seen).div_ceil(rate))));
        }
        parts.push(format!("{} API calls", count(progress.api_calls)));
        // The spinner and a blank.
        let (template, taken) = if total.is_some() { bar_template(width) } else { (SPINNER, 4) };
        let taken = taken + prefix.chars().count() + room_for_clock(progress.elapsed) + 2;
        let first = fitting(&parts, width.saturating_sub(taken));
        let rows = progress.steps.named().map(|(what, step)| so_far(what, *step));
        let message = format!("{first}\n  {}", fitting(&rows, width.saturating_sub(2)));
        Self { template, message, total }
    }
}

/// What is drawn before it is known how much there is.
const SPINNER: &str = "{spinner} {prefix}  {clock}  {msg}";

fn seen(progress: &Progress) -> u64 {
    progress.steps.named().iter().map(|(_, step)| step.seen).sum()
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
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let clock = |state: &ProgressState, text: &mut dyn Write| _ = text.write_str(&clock(state.elapsed()));
    style.progress_chars("━╸─").with_key("clock", clock)
}

/// The room for a clock that goes on until something else is drawn.
pub(super) fn room_for_clock(elapsed: Duration) -> usize {
    clock(elapsed + Duration::from_mins(1)).len()
}

/// The line of a known length for a terminal of this width, and the room it takes beside prefix and message.
pub(super) fn bar_template(width: usize) -> (&'static str, usize) {
    if width < 80 {
        ("{prefix} {percent:>3}%  {clock}  {msg}", 7)
    } else {
        ("{prefix} {bar:24} {percent:>3}%  {clock}  {msg}", 32)
    }
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

    /// Where the cursor is after a line that fills the terminal, the terminal breaks that line, too.
    #[test]
    fn what_is_drawn_fits_any_usual_terminal() {
        use connector_engine::store::PerStep;
        let step = |seen, estimate| StepProgress { seen, estimate };
        let (accounts, entitlements) = (step(1_234_567, Some(2_345_678)), step(12_345, Some(23_456)));
        for (phase, estimate) in
            [(Phase::Reading, Some(9_876_543)), (Phase::Reading, None), (Phase::Reconciling, Some(9_876_543))]
        {
            let accounts = if estimate.is_some() { accounts } else { step(accounts.seen, None) };
            let steps = PerStep { accounts, entitlements, assignments: step(3_456_789, estimate) };
            let elapsed = Duration::from_secs(100);
            let progress = Progress { phase, resumed: false, steps, api_calls: 123_456, elapsed };
            for width in [40, 60, 79, 80, 100] {
                let drawn = Drawn::of(&progress, 0, "Reading salesforce", width);
                let bar = "━".repeat(24);
                let line = [
                    ("{spinner}", "⠋"),
                    ("{prefix}", "Reading salesforce"),
                    ("{percent:>3}", "100"),
                    // As long as it gets until the next draw.
                    ("{clock}", &clock(elapsed + Duration::from_mins(1))),
                    ("{bar:24}", &bar),
                    ("{msg}", &drawn.message),
                ];
                let shown =
                    line.iter().fold(drawn.template.to_owned(), |text, (name, value)| text.replace(name, value));
                assert!(!shown.contains('{') && drawn.template.contains("{clock}"), "{shown}");
                for line in shown.lines() {
                    assert!(line.chars().count() <= width, "{width}: {line}");
                }
                assert!(width < 80 || (shown.contains("/s") || phase == Phase::Reconciling), "{shown}");
            }
        }
    }

    #[test]
    fn a_line_of_progress_is_never_wider_than_the_terminal() {
        let parts = ["123,456/s", "2 min 10 s left", "12,345 API calls"];
        assert_eq!(fitting(&parts, 80), "123,456/s  2 min 10 s left  12,345 API calls");
        assert_eq!(fitting(&parts, 30), "123,456/s  2 min 10 s left");
        assert_eq!(fitting(&parts, 9), "123,456/s");
        assert_eq!(fitting(&parts, 3), "");
    }
}
