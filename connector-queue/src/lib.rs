//! Jobs for several workers, in the PostgreSQL database of the store.
//!
//! A command or a clock asks for a job ([`Queue::ask`]), a worker does it ([`work`]), and whoever asked follows it ([`Queue::follow`]).
//! `graphile_worker` is the queue: it decides which worker takes a job, and gives the jobs of dead workers to others. The table `jobs` of
//! the store has what people ask about: what was asked, by whom, and what became of it.
//!
//! A job may be done twice in part: its worker died, or was only slow. The run is where that can do no harm: the lock and the fence of the
//! source let one of them commit, and it goes on where the other one was.

mod alive;
mod ask;
mod follow;
mod job;
mod list;
mod moment;
mod order;
mod queue;
mod steer;
mod worker;

pub use ask::Asked;
pub use follow::Sight;
pub use job::{Job, JobState};
pub use list::{Figures, Station};
pub use order::Order;
pub use queue::Queue;
pub use steer::Cancelled;
pub use worker::{Capacity, WorkerEvent, work};
