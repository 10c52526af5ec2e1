//! Which step of a connection test runs, and for how long, drawn on stderr.

use super::printer::Printer;
use super::progress::spinner;
use indicatif::ProgressBar;

/// Draws the running step; draws nothing where stderr is no terminal.
#[derive(Clone, Debug)]
pub(crate) struct TestProgress {
    printer: Printer,
    bar: ProgressBar,
}

impl TestProgress {
    /// Begins to draw.
    pub(crate) fn begin(printer: &Printer) -> Self {
        Self { printer: printer.clone(), bar: spinner(printer, "  {spinner} {msg}  {clock}") }
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
