//! Decides which steps are ready to send, and which go together.

use super::journal::StepRow;
use connector_core::Lane;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// A step and how often it was tried.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) row: StepRow,
    pub(super) lane: Lane,
    /// How often this job sent it.
    pub(super) tries: u32,
    /// Whether an earlier try may have succeeded.
    pub(super) doubtful: bool,
}

/// Unfinished steps from the journal. Steps of one account run one after the other, steps of
/// different accounts run side by side, in batches.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Steps that wait for another step of the same account.
    behind: HashMap<i64, VecDeque<Item>>,
    /// Accounts with a step that is ready or in progress.
    busy: HashSet<i64>,
    ready: BTreeMap<Lane, VecDeque<Item>>,
    /// Steps that wait for earlier steps of other accounts.
    barred: Vec<Item>,
    /// How many steps of each lane wait for others.
    to_come: HashMap<Lane, usize>,
    /// The turns of unfinished steps.
    turns: BTreeSet<i64>,
}

impl Lanes {
    /// The number of steps here, including those in progress.
    pub(super) fn len(&self) -> usize {
        self.turns.len()
    }

    /// Sends nothing for this account, because the result of an earlier step is unknown.
    pub(super) fn hold(&mut self, lead: i64) {
        self.busy.insert(lead);
    }

    /// Adds the next step of the plan.
    pub(super) fn add(&mut self, item: Item) {
        self.turns.insert(item.row.turn);
        if self.busy.contains(&item.row.lead) {
            *self.to_come.entry(item.lane).or_default() += 1;
            self.behind.entry(item.row.lead).or_default().push_back(item);
        } else {
            self.busy.insert(item.row.lead);
            self.offer(item);
        }
    }

    fn offer(&mut self, item: Item) {
        if self.is_barred(&item) {
            self.barred.push(item);
        } else {
            self.ready.entry(item.lane).or_default().push_back(item);
        }
    }

    fn is_barred(&self, item: &Item) -> bool {
        let earliest = self.turns.first().copied().unwrap_or(i64::MAX);
        item.row.waits_for.is_some_and(|turn| earliest <= turn && earliest < item.row.turn)
    }

    /// Puts a step back to send it again.
    pub(super) fn again(&mut self, item: Item) {
        self.ready.entry(item.lane).or_default().push_front(item);
    }

    /// Marks a step as finished: the next step of its account is ready.
    pub(super) fn done(&mut self, row: &StepRow) {
        self.turns.remove(&row.turn);
        self.busy.remove(&row.lead);
        if let Some(next) = self.behind.get_mut(&row.lead).and_then(VecDeque::pop_front) {
            if let Some(count) = self.to_come.get_mut(&next.lane) {
                *count -= 1;
            }
            self.busy.insert(row.lead);
            self.offer(next);
        } else {
            self.behind.remove(&row.lead);
        }
        for item in std::mem::take(&mut self.barred) {
            self.offer(item);
        }
    }

    /// Drops the steps of an account that was not created.
    pub(super) fn drop_account(&mut self, lead: i64) {
        for item in self.behind.remove(&lead).into_iter().flatten() {
            self.turns.remove(&item.row.turn);
            if let Some(count) = self.to_come.get_mut(&item.lane) {
                *count -= 1;
            }
        }
    }

    /// Sets the account's id, now that it is known. A later create of the same name makes an account of its own: its lost
    /// response must be looked up by the name.
    pub(super) fn made(&mut self, lead: i64, id: &str) {
        let steps = self.behind.get_mut(&lead).into_iter().flatten();
        for item in steps.filter(|item| !item.row.is_create) {
            id.clone_into(&mut item.row.operation.account);
        }
    }

    /// The next batch. A lane that is not full waits while steps in progress may fill it. `idle` means that nothing is
    /// in progress, `complete` that the journal has no more steps.
    pub(super) fn next_batch(&mut self, idle: bool, complete: bool) -> Option<Vec<Item>> {
        let is_full = |lane: &Lane, items: &VecDeque<Item>| items.len() >= lane.limit.max(1);
        let is_final =
            |lane: &Lane| complete && self.barred.is_empty() && self.to_come.get(lane).is_none_or(|n| *n == 0);
        let lane = self
            .ready
            .iter()
            .filter(|(lane, items)| !items.is_empty() && (is_full(lane, items) || is_final(lane)))
            .max_by_key(|(lane, items)| items.len().min(lane.limit))
            .or_else(|| {
                self.ready.iter().filter(|(_, items)| idle && !items.is_empty()).max_by_key(|(_, items)| items.len())
            })
            .map(|(lane, _)| *lane)?;
        let items = self.ready.get_mut(&lane)?;
        let most = items.len().min(lane.limit.max(1));
        Some(items.drain(..most).collect())
    }
}
