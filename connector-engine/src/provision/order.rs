//! The order of grants and revokes that follow each other on one account.

use super::names::Entitlements;
use super::step::Step;
use crate::store::{Foreseen, ForeseenStep};
use connector_core::EntitlementRef;

/// A grant or revoke and its place.
struct Held {
    place: (usize, usize),
    turn: i64,
    revoke: bool,
    rank: u8,
}

/// Lets licences come before what needs them, and go after it: among steps that grant, or that revoke, one after the
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
                rank: entitlements.rank(&entitlement),
            });
            let goes_on = held.as_ref().zip(run.last()).is_some_and(|(one, last)| one.revoke == last.revoke);
            if !goes_on && !run.is_empty() {
                runs.push(std::mem::take(&mut run));
            }
            run.extend(held);
        }
    }
    runs.push(run);
    for mut run in runs {
        let turns: Vec<_> = run.iter().map(|held| held.turn).collect();
        run.sort_by_key(|held| if held.revoke { u8::MAX - held.rank } else { held.rank });
        for (held, turn) in run.iter().zip(turns) {
            foreseen[held.place.0].steps[held.place.1].turn = (turn != held.turn).then_some(turn);
        }
    }
}

fn holding(step: &ForeseenStep) -> Option<(EntitlementRef, bool)> {
    match Step::from_json(&step.step).ok()? {
        Step::Grant { entitlement } => Some((entitlement, false)),
        Step::Revoke { entitlement } => Some((entitlement, true)),
        _ => None,
    }
}
