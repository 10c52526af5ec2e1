//! The order of operations of which some must run before others.

use std::collections::{BTreeMap, BTreeSet};

/// What must run before what: the number of an operation, those that run after it, and how many levels later.
pub type After = BTreeMap<u64, Vec<(u64, i64)>>;

/// An order of operations.
#[derive(Debug)]
pub struct Order {
    /// Each operation after those that it waits for; at the end those that wait for a circle.
    pub order: Vec<u64>,
    /// The levels of the operations that wait for no circle.
    pub levels: BTreeMap<u64, i64>,
    /// The operations that wait for each other.
    pub circles: Vec<BTreeSet<u64>>,
}

impl Order {
    /// Orders operations.
    pub fn of(after: &After) -> Self {
        let (mut order, levels) = sorted(after);
        let sorted: BTreeSet<u64> = order.iter().copied().collect();
        let in_circles = without_ends(after, |number| !sorted.contains(number));
        order.extend(after.keys().filter(|number| !sorted.contains(number) && !in_circles.contains(number)));
        Self { order, levels, circles: circles(after, in_circles) }
    }
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
