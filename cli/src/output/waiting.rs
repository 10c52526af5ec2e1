//! What a command does while it has nothing to show yet, and for how long, drawn on stderr.

use super::printer::Printer;
use super::progress::spinner;
use crate::terminal;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A command that answers at once draws nothing.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Draws what is being done until it is dropped; draws nothing where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Ends the drawing when it is dropped.
    goes_on: Option<Sender<()>>,
    drawing: Option<JoinHandle<()>>,
}

impl Waiting {
    /// Begins to wait for `what`, such as `Reading the plan`.
    pub(crate) fn begin(printer: &Printer, what: impl Into<String>) -> Self {
        if !printer.shows_progress() {
            return Self { goes_on: None, drawing: None };
        }
        let (printer, what) = (printer.clone(), what.into());
        let (goes_on, ended) = mpsc::channel::<()>();
        let draw = move || {
            if ended.recv_timeout(AT_ONCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            if terminal::is_dumb() {
                printer.note(what);
                return;
            }
            let bar = spinner(&printer, "{spinner} {msg}  {clock}").with_elapsed(AT_ONCE);
            bar.set_message(what);
            let _ = ended.recv();
            bar.finish_and_clear();
            printer.attach(None);
        };
        Self { goes_on: Some(goes_on), drawing: thread::Builder::new().spawn(draw).ok() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.goes_on.take());
        // What is drawn must be gone before anything else is printed.
        let _ = self.drawing.take().map(JoinHandle::join);
    }
}
