//! How to undo a transaction that fails.

use super::object::Object;
use super::state::State;
use super::value::Value;

/// How to undo one change of a table.
#[derive(Debug)]
pub(crate) enum Undo {
    Pop(Object),
    Restore(Object, u64),
    Unset { object: Object, index: u64, field: usize, earlier: Option<Value> },
}

/// A point that the org can return to until the next commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(usize);

impl State {
    /// A point to come back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.undo.len())
    }

    /// Undoes everything since a mark, the latest change first.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        while self.undo.len() > mark.0 {
            match self.undo.pop() {
                Some(Undo::Pop(object)) => self.table_mut(object).pop(),
                Some(Undo::Restore(object, index)) => self.table_mut(object).restore(index),
                Some(Undo::Unset { object, index, field, earlier }) => {
                    self.table_mut(object).unset(index, field, earlier);
                }
                None => {}
            }
        }
    }

    /// Commits everything since the last commit.
    pub(crate) fn commit(&mut self) {
        self.undo.clear();
    }
}
