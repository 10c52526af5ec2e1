//! What connections are for.

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A job that writes: what is committed survives a kill of the job. A power cut may undo the last pages together with
    /// their change of the frontier, never one without the other.
    Job,
    /// A journal: commits are on the disk before anything is sent.
    Journal,
    /// Anything else.
    Other,
}
