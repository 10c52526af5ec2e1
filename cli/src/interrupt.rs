//! Ctrl-C and SIGTERM.

use crate::exit::Exit;
use crate::output::Printer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

const NONE: u8 = 0;
const INTERRUPT: u8 = 1;
const TERMINATE: u8 = 2;

/// The first signal requests a stop, the second one ends the process.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    token: CancellationToken,
    first: Arc<AtomicU8>,
}

impl Interrupt {
    /// Starts to listen. If that is not possible, a signal ends the process as usual.
    pub(crate) fn listen(printer: &Printer) -> Self {
        let interrupt = Self { token: CancellationToken::new(), first: Arc::new(AtomicU8::new(NONE)) };
        let (listener, printer) = (interrupt.clone(), printer.clone());
        let (ready, wait) = std::sync::mpsc::channel();
        let spawned = thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
            runtime.block_on(listener.wait_for_signals(&printer, ready));
        });
        if spawned.is_ok() {
            let _ = wait.recv();
        }
        interrupt
    }

    /// Lets a pager have Ctrl-C: the process waits for the pager, and ends with it.
    pub(crate) fn leave_to_pager() {
        let listen = || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
            runtime.block_on(async {
                if let Ok(mut interrupts) = signal(SignalKind::interrupt()) {
                    while interrupts.recv().await.is_some() {}
                }
            });
        };
        // If that is not possible, Ctrl-C ends the process as usual.
        drop(thread::Builder::new().name("signals".to_owned()).spawn(listen));
    }

    /// Canceled at the first signal.
    pub(crate) fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// The exit for the signal that came; `None` before the first signal.
    pub(crate) fn exit(&self) -> Option<Exit> {
        exit_of(self.first.load(Ordering::SeqCst))
    }

    async fn wait_for_signals(self, printer: &Printer, ready: std::sync::mpsc::Sender<()>) {
        let (Ok(mut interrupts), Ok(mut terminations)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        let _ = ready.send(());
        loop {
            let number = tokio::select! {
                _ = interrupts.recv() => INTERRUPT,
                _ = terminations.recv() => TERMINATE,
            };
            match self.first.compare_exchange(NONE, number, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => {
                    self.token.cancel();
                    let again = if number == INTERRUPT { "; press Ctrl-C again to stop immediately" } else { "" };
                    printer.note(format!("\nStopping{again}"));
                }
                Err(first) => {
                    let exit = exit_of(first).unwrap_or(Exit::Interrupted);
                    std::process::exit(i32::from(exit.code()));
                }
            }
        }
    }
}

fn exit_of(signal: u8) -> Option<Exit> {
    match signal {
        INTERRUPT => Some(Exit::Interrupted),
        TERMINATE => Some(Exit::Terminated),
        _ => None,
    }
}
