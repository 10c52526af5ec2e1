//! The order of grants and revokes that follow each other on one account.

use super::journal::{Foreseen, ForeseenStep};
use super::names::Entitlements;
use connector_core::{Change, EntitlementRef};

/// A grant or revoke and its place.
struct Held {
    place: (usize, usize),
    turn: i64,
    revoke: bool,
    rank: u8,
}

/// Lets licenses come before what needs them, and go after it: among steps that grant, or that revoke, one after the
/// other, in which the plan's order says nothing.
pub(super) fn by_rank(foreseen: &mut [Foreseen], entitlements: &Entitlements) {
    let mut run: Vec<Held> = Vec::new();
    let mut runs: Vec<Vec<Held>> = Vec::new();
    for (at, operation) in foreseen.iter().enumerate() {
        for (part, step) in operation.steps.iter().enumerate() {
            let turn = ForeseenStep::turn_in_plan(operation.number, part);
            let held = holding(step).map(|(entitlement, revoke)| Held {
                place: (at, part),
                turn,
                revoke,
                rank: entitlements.rank(entitlement),
            });
            let goes_on = held.as_ref().zip(run.last()).is_some_and(|(one, last)| one.revoke == last.revoke);
            if !goes_on && !run.is_empty() {
                runs.push(std::mem::take(&mut run));
            }
            run.extend(held);
        }
    }
    runs.push(run);
    for run in runs {
        sort(run, foreseen);
    }
}

/// What is revoked is revoked when the first of them would be, and what is granted is granted when the last of them would
/// be: so a seat that another account waits for is given back no later, and one that is waited for is taken no earlier.
fn sort(mut run: Vec<Held>, foreseen: &mut [Foreseen]) {
    let rank = |held: &Held| if held.revoke { u8::MAX - held.rank } else { held.rank };
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
    if run.is_sorted_by_key(rank) {
        return;
    }
    let turns: Vec<i64> =
        if first.revoke { (first.turn..).take(run.len()).collect() } else { back_from(last.turn, run.len()) };
    run.sort_by_key(rank);
    for (held, turn) in run.iter().zip(turns) {
        foreseen[held.place.0].steps[held.place.1].turn = Some(turn);
    }
}

/// So many turns up to this one.
fn back_from(last: i64, count: usize) -> Vec<i64> {
    let mut turns: Vec<i64> = (0..).map(|back| last - back).take(count).collect();
    turns.reverse();
    turns
}

fn holding(step: &ForeseenStep) -> Option<(&EntitlementRef, bool)> {
    let change = &step.operation.change;
    Some((change.entitlement()?, matches!(change, Change::Revoke { .. })))
}
