//! Which steps are ready to be sent, and together with which.

use super::journal::StepRow;
use connector_core::Lane;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// A step on its way.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) row: StepRow,
    pub(super) lane: Lane,
    /// How often this job sent it.
    pub(super) tries: u32,
    /// Whether an earlier try may have taken place.
    pub(super) doubtful: bool,
}

/// Steps that were taken from the journal and are not done with: those of one account one after the other, those of
/// different accounts side by side, gathered into batches.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Steps behind another one of their account.
    behind: HashMap<i64, VecDeque<Item>>,
    /// Accounts of which a step is ready or under way.
    busy: HashSet<i64>,
    ready: BTreeMap<Lane, VecDeque<Item>>,
    /// Steps that wait for earlier ones of other accounts.
    barred: Vec<Item>,
    /// How many steps of each lane are behind others.
    to_come: HashMap<Lane, usize>,
    /// The turns that are not done with.
    turns: BTreeSet<i64>,
}

impl Lanes {
    /// How many steps are here, those under way included.
    pub(super) fn len(&self) -> usize {
        self.turns.len()
    }

    /// Nothing of this account is sent: it is not known what became of an earlier step.
    pub(super) fn hold(&mut self, lead: i64) {
        self.busy.insert(lead);
    }

    /// Takes in the next step of the plan.
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

    /// A step to be sent again.
    pub(super) fn again(&mut self, item: Item) {
        self.ready.entry(item.lane).or_default().push_front(item);
    }

    /// A step is done with: the next one of its account is ready.
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

    /// The account was not made: what was to be done with it falls away.
    pub(super) fn drop_account(&mut self, lead: i64) {
        for item in self.behind.remove(&lead).into_iter().flatten() {
            self.turns.remove(&item.row.turn);
            if let Some(count) = self.to_come.get_mut(&item.lane) {
                *count -= 1;
            }
        }
    }

    /// The account's id has become known.
    pub(super) fn made(&mut self, lead: i64, id: &str) {
        for item in self.behind.get_mut(&lead).into_iter().flatten() {
            id.clone_into(&mut item.row.operation.account);
        }
    }

    /// The next batch. A lane that is not full waits as long as steps under way may fill it; `idle` says that nothing is
    /// under way, `complete` that the journal has no further steps.
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
