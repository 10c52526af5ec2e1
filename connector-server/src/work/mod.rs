//! What the server does for somebody: it reads a source, tests its connection, previews and applies plans, with the same calls as the commands.

mod aggregation;
mod connection;
mod diary;
mod job;
mod jobs;
mod plan;
mod task;

pub(crate) use diary::{Diary, DiaryEntry};
pub(crate) use job::{Changed, Job, Outcome, Work};
pub(crate) use jobs::{Begun, Jobs, Wish};
pub(crate) use task::{Previewed, Task};
