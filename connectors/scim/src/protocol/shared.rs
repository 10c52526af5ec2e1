//! Responses that two readers want, such as a page of groups: one reads what the groups are, the other one who is in them.

use connector_http::Response;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many responses wait for their second reader.
const MOST_KEPT: usize = 16;

/// The largest response that waits. A larger one is requested again.
const LARGEST_KEPT: usize = 4 * 1024 * 1024;

/// The response to one request, and who has read it. Locked while it is requested, so that the other reader waits for it.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<(&'static str, Response)>>>;

/// The responses that wait, by their requests.
#[derive(Default)]
pub(super) struct Shared {
    slots: Mutex<VecDeque<(String, Slot)>>,
}

impl Shared {
    /// The place for the response to a request.
    pub(super) fn slot(&self, request: &str) -> Slot {
        let mut slots = self.lock();
        if let Some((_, slot)) = slots.iter().find(|(known, _)| known == request) {
            return slot.clone();
        }
        if slots.len() >= MOST_KEPT {
            slots.pop_front();
        }
        let slot = Slot::default();
        slots.push_back((request.to_owned(), slot.clone()));
        slot
    }

    /// Both have read it.
    pub(super) fn forget(&self, request: &str) {
        self.lock().retain(|(known, _)| known != request);
    }

    /// Something changed, so every response is out of date.
    pub(super) fn forget_all(&self) {
        self.lock().clear();
    }

    pub(super) fn may_wait(response: &Response) -> bool {
        response.body.len() <= LARGEST_KEPT
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(String, Slot)>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
