//! Writing over HTTP: single records, collections, composites and batches, the password resource.

mod batch;
mod body;
mod collections;
mod composite;
mod password;
mod reference;
mod retrieve;
mod row;
mod single;

pub(crate) use batch::batch;
pub(super) use body::object;
pub(crate) use collections::collections;
pub(crate) use composite::composite;
pub(crate) use password::password;
pub(crate) use retrieve::retrieve;
pub(crate) use single::{create, record};

use super::answer::Answer;
use super::shared::Shared;
use crate::org::Author;
use crate::org::object::Object;
use crate::write::Transaction;

/// The requester and the version of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    /// The user's row.
    pub(crate) user: u64,
    pub(crate) version: &'a str,
}

/// Runs a write request as its own transaction: a successful response commits.
fn alone(shared: &Shared, caller: Caller<'_>, run: impl FnOnce(&mut Transaction<'_>) -> Answer) -> Answer {
    let mut state = shared.org.write();
    let now = shared.now() / 1_000 * 1_000;
    let author = Author { user: state.world.id(Object::User, caller.user), now };
    let mut transaction = Transaction::new(&mut state, author);
    let start = transaction.savepoint();
    let mut answer = run(&mut transaction);
    if answer.status >= 400 {
        transaction.roll_back(start);
    }
    let ended = transaction.commit();
    drop(state);
    shared.sessions().close_of(&ended);
    answer.wrote = true;
    answer
}
