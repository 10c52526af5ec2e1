//! The order of consecutive grants and revokes on one account.

use super::journal::{Foreseen, ForeseenStep};
use super::names::Entitlements;
use connector_core::{Change, EntitlementRef};

/// A grant or revoke and its place.
struct Holding {
    place: (usize, usize),
    turn: i64,
    revoke: bool,
    rank: u8,
}

/// Grants licenses before what needs them, and revokes them after it. Applies to consecutive grants or consecutive
/// revokes, whose order in the plan means nothing.
pub(super) fn by_rank(foreseen: &mut [Foreseen], entitlements: &Entitlements) {
    let mut run: Vec<Holding> = Vec::new();
    let mut runs: Vec<Vec<Holding>> = Vec::new();
    for (at, operation) in foreseen.iter().enumerate() {
        for (part, step) in operation.steps.iter().enumerate() {
            let turn = ForeseenStep::turn_in_plan(operation.number, part);
            let held = holding(step).map(|(entitlement, revoke)| Holding {
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

/// Revokes take the turns from the first one on, grants take the turns up to the last one.
/// So no seat is freed later and none is taken earlier than the plan says.
fn sort(mut run: Vec<Holding>, foreseen: &mut [Foreseen]) {
    let rank = |held: &Holding| if held.revoke { u8::MAX - held.rank } else { held.rank };
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

/// This many turns, ending with this one.
fn back_from(last: i64, count: usize) -> Vec<i64> {
    let mut turns: Vec<i64> = (0..).map(|back| last - back).take(count).collect();
    turns.reverse();
    turns
}

fn holding(step: &ForeseenStep) -> Option<(&EntitlementRef, bool)> {
    let change = &step.operation.change;
    Some((change.entitlement()?, matches!(change, Change::Revoke { .. })))
}
