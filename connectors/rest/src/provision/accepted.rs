//! What a system answers to a request that it accepts.

use connector_http::Response;

/// What the system answered to a request that it accepted.
pub(super) enum Accepted {
    Done(Response),
    Already,
    Queued(String),
}
