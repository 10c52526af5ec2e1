//! The order of operations that name accounts which other operations of the plan create.

use super::journal::{OpenPlan, Waiting};
use super::reasons::{in_a_circle, not_made};
use connector_core::Result;
use std::collections::{BTreeMap, BTreeSet};

/// What must be done before what: the number of an operation, and how many levels later another one runs.
type After = BTreeMap<u64, Vec<(u64, i64)>>;

/// Puts operations behind those that create the accounts that they name, and refuses those that wait for each other or for
/// an operation that fails. All operations of a level run before those of the next one, so that batches stay full.
pub(super) fn arrange(journal: &mut OpenPlan) -> Result<()> {
    let waiting: BTreeMap<u64, Waiting> = journal.waiting()?.into_iter().map(|one| (one.number, one)).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let after = edges(journal, &waiting)?;
    let (order, levels) = sorted(&after);
    let sorted: BTreeSet<u64> = order.iter().copied().collect();
    let circle = without_ends(&after, |number| !sorted.contains(number));
    for circle in circles(&after, circle.clone()) {
        for number in circle.iter().filter(|number| waiting.contains_key(number)) {
            journal.refuse(*number, &in_a_circle(&circle), &not_made(*number))?;
        }
    }
    let behind = after.keys().filter(|number| !sorted.contains(number) && !circle.contains(number)).copied();
    for number in order.into_iter().chain(behind) {
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

/// The operations that wait for no circle, each after those that it waits for, and their levels.
fn sorted(after: &After) -> (Vec<u64>, BTreeMap<u64, i64>) {
    let mut open: BTreeMap<u64, usize> = after.keys().map(|number| (*number, 0)).collect();
    for (next, _) in after.values().flatten() {
        *open.entry(*next).or_default() += 1;
    }
    let mut ready: Vec<u64> = open.iter().filter(|(_, count)| **count == 0).map(|(number, _)| *number).collect();
    let (mut order, mut levels) = (Vec::new(), BTreeMap::<u64, i64>::new());
    while let Some(number) = ready.pop() {
        let level = *levels.entry(number).or_default();
        order.push(number);
        for (next, further) in after.get(&number).into_iter().flatten() {
            let known = levels.entry(*next).or_default();
            *known = (*known).max(level + further);
            if let Some(count) = open.get_mut(next) {
                *count -= 1;
                if *count == 0 {
                    ready.push(*next);
                }
            }
        }
    }
    (order, levels)
}

/// Parts operations into those that wait for each other. One between two circles is alone.
fn circles(after: &After, mut left: BTreeSet<u64>) -> Vec<BTreeSet<u64>> {
    let mut before = After::new();
    for (number, next) in after.iter().flat_map(|(number, all)| all.iter().map(move |(next, _)| (*number, *next))) {
        before.entry(next).or_default().push((number, 0));
    }
    let reached = |first: u64, edges: &After, left: &BTreeSet<u64>| {
        let (mut found, mut open) = (BTreeSet::from([first]), vec![first]);
        while let Some(number) = open.pop() {
            let next = edges.get(&number).into_iter().flatten().map(|(next, _)| *next);
            open.extend(next.filter(|next| left.contains(next) && found.insert(*next)));
        }
        found
    };
    let mut parts = Vec::new();
    while let Some(first) = left.first().copied() {
        let (behind, ahead) = (reached(first, &before, &left), reached(first, after, &left));
        let part: BTreeSet<u64> = behind.intersection(&ahead).copied().collect();
        left.retain(|number| !part.contains(number));
        parts.push(part);
    }
    parts
}

/// Some operations without those that no other one of them waits for.
fn without_ends(after: &After, is_one: impl Fn(&u64) -> bool) -> BTreeSet<u64> {
    let mut left: BTreeSet<u64> = after.keys().copied().filter(is_one).collect();
    let mut before: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut awaited: BTreeMap<u64, usize> = BTreeMap::new();
    for number in &left {
        for (next, _) in after[number].iter().filter(|(next, _)| left.contains(next)) {
            before.entry(*next).or_default().push(*number);
            *awaited.entry(*number).or_default() += 1;
        }
    }
    let mut ends: Vec<u64> = left.iter().copied().filter(|number| !awaited.contains_key(number)).collect();
    while let Some(end) = ends.pop() {
        left.remove(&end);
        for number in before.get(&end).into_iter().flatten() {
            if let Some(count) = awaited.get_mut(number) {
                *count -= 1;
                if *count == 0 {
                    ends.push(*number);
                }
            }
        }
    }
    left
}
