//! Recordings: the answers of a source, without secrets, that a test takes instead of the source.

mod answer;
mod answers;
mod scrub;

pub use answer::RecordedAnswer;
pub use answers::Recording;
