//! What live cursors refer to.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Keeps what live cursors refer to: connections, server-side cursors, response streams.
///
/// A page takes the session out of its cursor's number, reads on, and puts it back under a new number. So a session
/// is used by one read at a time, and a cursor that is read twice or after a restart is [`Expired`](crate::ErrorKind::Expired): the engine then
/// goes back to the anchor.
///
/// ```
/// use connector_core::{ErrorKind, Sessions};
///
/// let sessions = Sessions::new(8);
/// let number = sessions.put("an open result set");
/// assert_eq!(sessions.take(number)?, "an open result set");
/// assert_eq!(sessions.take(number).unwrap_err().kind(), ErrorKind::Expired);
/// # Ok::<(), connector_core::Error>(())
/// ```
pub struct Sessions<S> {
    limit: usize,
    state: Mutex<State<S>>,
}

struct State<S> {
    next: u64,
    open: BTreeMap<u64, S>,
}

impl<S> Sessions<S> {
    /// Keeps at most `limit` sessions, at least one; the oldest makes room for a new one.
    pub fn new(limit: usize) -> Self {
        // Numbers of an earlier process must not name a session of this one.
        let next = u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or_default();
        Self { limit: limit.max(1), state: Mutex::new(State { next, open: BTreeMap::new() }) }
    }

    /// Keeps a session and gives the number for its live cursor.
    pub fn put(&self, session: S) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open.len() >= self.limit {
            state.open.pop_first();
        }
        let number = state.next;
        state.next += 1;
        state.open.insert(number, session);
        number
    }

    /// Takes the session with that number out. Fails with kind `expired` when it is no longer there.
    pub fn take(&self, number: u64) -> Result<S> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open.remove(&number).ok_or_else(|| Error::expired("the position belongs to a session that has ended"))
    }
}

impl<S> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_oldest_session_makes_room_and_is_expired() {
        let sessions = Sessions::new(2);
        let numbers: Vec<_> = (0..3).map(|one| sessions.put(one)).collect();
        assert_eq!(sessions.take(numbers[0]).unwrap_err().kind(), ErrorKind::Expired);
        assert_eq!(sessions.take(numbers[1]).unwrap(), 1);
        assert_eq!(sessions.take(numbers[2]).unwrap(), 2);
    }
}
