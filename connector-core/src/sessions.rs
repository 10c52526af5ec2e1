//! Connections that live cursors need.

use crate::error::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The connections (or streams) behind the live cursors of one connector. They are dropped with it.
///
/// A page takes the session that its cursor names, reads on, and keeps it again for the next page. If the read is dropped on
/// the way, the session is gone with it, and the next page is an error of kind [`Expired`](ErrorKind::Expired).
///
/// ```
/// use connector_core::{Cursor, ErrorKind, Sessions};
///
/// let sessions = Sessions::new(8);
/// let key = sessions.keep("an open connection");
/// let cursor = Cursor::live(&key, &Cursor::start())?;
///
/// let key: String = cursor.position()?.unwrap();
/// assert_eq!(sessions.take(&key)?, "an open connection");
/// assert_eq!(sessions.take(&key).unwrap_err().kind(), ErrorKind::Expired);
/// # Ok::<(), connector_core::Error>(())
/// ```
pub struct Sessions<S> {
    most: usize,
    /// Tells the keys of this process and connector from those of others.
    mark: u64,
    open: Mutex<Open<S>>,
}

struct Open<S> {
    next: u64,
    sessions: VecDeque<(String, S)>,
}

impl<S> Sessions<S> {
    /// Keeps at most this many sessions; one more drops the oldest.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            mark: RandomState::new().hash_one(0),
            open: Mutex::new(Open { next: 0, sessions: VecDeque::new() }),
        }
    }

    /// Keeps a session. Returns its key, which no other session ever has.
    pub fn keep(&self, session: S) -> String {
        let mut open = self.lock();
        open.next += 1;
        let key = format!("{:016x}-{}", self.mark, open.next);
        open.sessions.push_back((key.clone(), session));
        let oldest = if open.sessions.len() > self.most { open.sessions.pop_front() } else { None };
        drop(open);
        // Closing a connection can take a while.
        drop(oldest);
        key
    }

    /// Takes a session out. Fails with kind [`Expired`](ErrorKind::Expired) if it is gone or belongs to another connector.
    pub fn take(&self, key: &str) -> Result<S> {
        let mut open = self.lock();
        let place = open.sessions.iter().position(|(kept, _)| kept == key);
        let session = place.and_then(|place| open.sessions.remove(place));
        session
            .map(|(_, session)| session)
            .ok_or_else(|| Error::new(ErrorKind::Expired, "the connection that this read needs is closed"))
    }

    fn lock(&self) -> MutexGuard<'_, Open<S>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("open", &self.lock().sessions.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_session_makes_room_for_a_new_one() {
        let sessions = Sessions::new(2);
        let keys: Vec<_> = (0..3).map(|number| sessions.keep(number)).collect();
        assert_eq!(sessions.take(&keys[0]).unwrap_err().kind(), ErrorKind::Expired);
        assert_eq!((sessions.take(&keys[1]).unwrap(), sessions.take(&keys[2]).unwrap()), (1, 2));
    }

    #[test]
    fn a_key_of_another_connector_opens_nothing() {
        let (one, other) = (Sessions::new(2), Sessions::new(2));
        let key = one.keep(1);
        other.keep(2);
        assert_eq!(other.take(&key).unwrap_err().kind(), ErrorKind::Expired);
    }
}
