//! Which step of a connection test runs, and for how long, drawn on stderr.

use super::printer::Printer;
use super::progress::style;
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::time::Duration;

/// Draws the running step; draws nothing where stderr is no terminal.
#[derive(Clone, Debug)]
pub(crate) struct TestProgress {
    printer: Printer,
    bar: ProgressBar,
}

impl TestProgress {
    /// Begins to draw.
    pub(crate) fn begin(printer: &Printer) -> Self {
        let bar = if printer.shows_progress() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.set_style(style("  {spinner} {msg}  {elapsed}"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            ProgressBar::hidden()
        };
        printer.attach(Some(bar.clone()));
        Self { printer: printer.clone(), bar }
    }

    /// A step begins.
    pub(crate) fn show(&self, step: &'static str) {
        self.bar.reset_elapsed();
        self.bar.set_message(step);
    }

    /// Writes something to the terminal without mixing it with what is drawn.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Takes away what is drawn.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
        self.printer.attach(None);
    }
}
