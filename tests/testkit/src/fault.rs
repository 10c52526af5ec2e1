//! What can go wrong between a connector and its source.

use std::time::Duration;

/// What the proxy does to a request or to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection closes before the source gets the request.
    Reset,
    /// The source gets the request, but the connection closes before its answer.
    LostAnswer,
    /// The connection closes in the middle of the answer.
    CutAnswer,
    /// Half of the answer arrives as if it were whole.
    HalfAnswer,
    /// The answer has status 200 and no body.
    EmptyAnswer,
    /// A page for people with status 200, as gateways send it.
    Html,
    /// The answer takes a while.
    Slow,
    /// An answer with this status instead of the source's. A retry may follow at once.
    Status(u16),
}

/// How long a slow answer takes.
pub(crate) const SLOW: Duration = Duration::from_millis(700);

impl Fault {
    /// Faults that pass when the request is repeated.
    pub(crate) const PASSING: &[Self] = &[Self::Reset, Self::Status(503), Self::Status(429), Self::Slow];

    /// Each of them. Some end a read, none may shorten it.
    pub(crate) const ALL: &[Self] = &[
        Self::Reset,
        Self::LostAnswer,
        Self::CutAnswer,
        Self::HalfAnswer,
        Self::EmptyAnswer,
        Self::Html,
        Self::Slow,
        Self::Status(401),
        Self::Status(403),
        Self::Status(404),
        Self::Status(429),
        Self::Status(500),
        Self::Status(503),
    ];
}
