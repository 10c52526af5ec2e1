//! Waits for other programs that hold a store.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long to wait for another program that holds a store, and how long between two looks.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(2);

type Watch = dyn Fn(Duration) -> bool + Send + Sync;

/// SQLite gives a wait no value of the caller, so what watches it is the process's.
static WATCH: Mutex<Option<Arc<Watch>>> = Mutex::new(None);

/// From now on, `goes_on` decides in this process whether to go on waiting for another program that holds a store. It gets
/// how long the wait has lasted.
pub fn watch_waits(goes_on: impl Fn(Duration) -> bool + Send + Sync + 'static) {
    *WATCH.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(goes_on));
}

pub(super) fn goes_on(waited: Duration) -> bool {
    let watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner).clone();
    watch.is_none_or(|watch| watch(waited))
}

/// Waits for another program that holds the store; false ends the wait.
pub(super) fn wait(tries: i32) -> bool {
    let waited = PAUSE * tries.unsigned_abs();
    let waits = waited < LONGEST_WAIT && goes_on(waited);
    if waits {
        std::thread::sleep(PAUSE);
    }
    waits
}
