//! The order of operations that name accounts which other operations of the plan create.

use super::journal::{OpenPlan, Waiting};
use super::reasons::{in_a_circle, not_made};
use connector_core::Result;
use connector_project::effect::{After, Order};
use std::collections::{BTreeMap, BTreeSet};

/// Puts operations behind those that create the accounts that they name, and refuses those that wait for each other or for
/// an operation that fails. All operations of a level run before those of the next one, so that batches stay full.
pub(super) fn arrange(journal: &mut OpenPlan) -> Result<()> {
    let waiting: BTreeMap<u64, Waiting> = journal.waiting()?.into_iter().map(|one| (one.number, one)).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let after = edges(journal, &waiting)?;
    let Order { order, levels, circles } = Order::of(&after);
    for circle in &circles {
        for number in circle.iter().filter(|number| waiting.contains_key(number)) {
            journal.refuse(*number, &in_a_circle(circle), &not_made(*number))?;
        }
    }
    for number in order {
        let Some(one) = waiting.get(&number) else { continue };
        let mut failed = None;
        for creator in &one.creators {
            if !journal.creation(*creator)?.is_some_and(|creation| creation.is_planned) {
                failed = failed.or(Some(*creator));
            }
        }
        match failed {
            Some(creator) => journal.refuse(number, &not_made(creator), &not_made(number))?,
            None => journal.put_off(one, levels.get(&number).copied().unwrap_or_default())?,
        }
    }
    Ok(())
}

/// Each operation and those that must run after it.
fn edges(journal: &OpenPlan, waiting: &BTreeMap<u64, Waiting>) -> Result<After> {
    let mut accounts: BTreeMap<i64, BTreeSet<u64>> = BTreeMap::new();
    let mut after = After::new();
    for one in waiting.values() {
        accounts.entry(one.lead).or_default().insert(one.number);
        after.entry(one.number).or_default();
        for creator in &one.creators {
            if let Some(creation) = journal.creation(*creator)? {
                accounts.entry(creation.lead).or_default().insert(*creator);
                after.entry(*creator).or_default().push((one.number, 1));
            }
        }
    }
    for numbers in accounts.values() {
        for (earlier, later) in numbers.iter().zip(numbers.iter().skip(1)) {
            after.entry(*earlier).or_default().push((*later, 0));
        }
    }
    Ok(after)
}
