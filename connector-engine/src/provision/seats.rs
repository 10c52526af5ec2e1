//! Counts the free seats of licenses at each operation's turn.

use super::journal::OpenPlan;
use super::reasons::not_made;
use connector_core::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The seats of one license during a plan.
#[derive(Debug, Default)]
struct Tally {
    free: u64,
    taken: u64,
    given: u64,
    /// The last operation that frees a seat.
    giver: u64,
}

impl Tally {
    fn is_used_up(&self) -> bool {
        self.taken >= self.free.saturating_add(self.given)
    }
}

/// Refuses operations that have no free seat at their turn, and makes an operation wait if it needs a seat that an earlier
/// operation frees.
pub(super) fn count(journal: &mut OpenPlan) -> Result<()> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut refused = Vec::new();
    let mut waiting = Vec::new();
    // After a refused create, the later operations on its account are not done.
    let mut not_done = BTreeSet::new();
    journal.each_seats(|row| {
        if row.is_to_be_made && !row.is_create && not_done.contains(&row.lead) {
            return Ok(());
        }
        for seat in &row.seats {
            tallies.entry(seat.license.clone()).or_default().free = seat.free;
        }
        // A refused operation takes and frees no seat.
        if let Some(seat) = row.seats.iter().find(|seat| seat.takes && tallies[&seat.license].is_used_up()) {
            refused.push((row.number, none_left(&seat.license, seat.free)));
            if row.is_create {
                not_done.insert(row.lead);
            }
            return Ok(());
        }
        for seat in &row.seats {
            let tally = tallies.entry(seat.license.clone()).or_default();
            if !seat.takes {
                tally.given += 1;
                tally.giver = row.number;
                continue;
            }
            if tally.taken >= tally.free {
                waiting.push((row.number, tally.giver));
            }
            tally.taken += 1;
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
        0 => format!("`{license}` has no free seat"),
        1 => format!("the only free seat of `{license}` is taken by an earlier operation of this plan"),
        _ => format!("the {free} free seats of `{license}` are taken by earlier operations of this plan"),
    };
    Error::new(ErrorKind::Quota, message).with_help("free a seat, or buy more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_license_without_end_is_never_used_up() {
        assert!(!Tally { free: u64::MAX, given: 1, taken: 7, giver: 0 }.is_used_up());
        assert!(Tally { free: 1, given: 1, taken: 2, giver: 0 }.is_used_up());
    }
}
