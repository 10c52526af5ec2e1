//! Seats of licences: how many are left when an operation's turn comes.

use super::simulate::not_made;
use crate::store::Held;
use connector_core::{Error, ErrorKind, Result, Seat};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A seat as the journal keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    license: String,
    free: u64,
    takes: bool,
}

pub(super) fn to_json(seats: &[Seat]) -> String {
    let written: Vec<_> = seats
        .iter()
        .map(|seat| Written { license: seat.license.clone(), free: seat.free, takes: seat.takes })
        .collect();
    serde_json::to_string(&written).expect("texts, numbers and booleans can be written as JSON")
}

/// The seats of one licence in the course of a plan.
#[derive(Debug, Default)]
struct Tally {
    free: u64,
    taken: u64,
    given: u64,
    /// The last operation that gives one back.
    giver: u64,
}

/// Refuses operations for which no seat is left when their turn comes, and lets those wait that need one which an earlier
/// operation gives back.
pub(super) fn count(journal: &mut Held) -> Result<()> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut refused = Vec::new();
    let mut waiting = Vec::new();
    journal.each_seats(|number, seats| {
        let seats: Vec<Written> = serde_json::from_str(seats).unwrap_or_default();
        for seat in &seats {
            let tally = tallies.entry(seat.license.clone()).or_default();
            tally.free = seat.free;
            if !seat.takes {
                tally.given += 1;
                tally.giver = number;
            } else if tally.taken < tally.free {
                tally.taken += 1;
            } else if tally.taken < tally.free + tally.given {
                tally.taken += 1;
                waiting.push((number, tally.giver));
            } else {
                refused.push((number, none_left(&seat.license, tally.free)));
                break;
            }
        }
        Ok(())
    })?;
    for (number, giver) in waiting {
        journal.wait_for(number, giver)?;
    }
    for (number, error) in refused {
        journal.refuse(number, &error, &not_made(number))?;
    }
    Ok(())
}

fn none_left(license: &str, free: u64) -> Error {
    let message = match free {
        0 => format!("no seat of `{license}` is free"),
        1 => format!("the only free seat of `{license}` is taken by an earlier operation of this plan"),
        _ => format!("the {free} free seats of `{license}` are taken by earlier operations of this plan"),
    };
    Error::new(ErrorKind::Quota, message).with_help("free a seat, or buy more")
}
