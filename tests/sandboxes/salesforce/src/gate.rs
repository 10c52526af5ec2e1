//! Holds responses back, so that a test can act at a defined moment instead of racing the org.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// When the org begins to hold back its responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The log has this many requests in total.
    Requests(u64),
    /// Clients have written this many rows.
    Writes(usize),
}

/// A gate in front of every response. It is open unless a moment is set.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    moment: watch::Sender<Option<Moment>>,
    is_holding: AtomicBool,
}

impl Gate {
    /// Closes the gate at that moment; `None` opens it.
    pub(crate) fn set(&self, moment: Option<Moment>) {
        self.moment.send_replace(moment);
        if moment.is_none() {
            self.is_holding.store(false, Ordering::SeqCst);
        }
    }

    /// Whether at least one response waits.
    pub(crate) fn is_holding(&self) -> bool {
        self.is_holding.load(Ordering::SeqCst)
    }

    /// Returns at once before that moment, otherwise when the gate opens.
    pub(crate) async fn pass(&self, has_come: impl Fn(Moment) -> bool) {
        let mut moment = self.moment.subscribe();
        loop {
            let set = *moment.borrow_and_update();
            if !set.is_some_and(&has_come) {
                return;
            }
            self.is_holding.store(true, Ordering::SeqCst);
            if moment.changed().await.is_err() {
                return;
            }
        }
    }
}
