//! Compares what the service account sees with what the org counts.

use super::keyset::Part;
use super::rest::Rest;
use super::rights;
use connector_core::Result;

/// The count of the org may be some hours old, so one in this many may be missing.
const TOLERATED_SHARE: u64 = 20;

/// In a small table, so many may be missing.
const TOLERATED: u64 = 5;

/// Why not everything of an object is visible, as far as that shows after a page: at the end of a list that was read in one
/// span, or when a list is about to be read in several. `seen` is the number of records that were read before.
pub(crate) async fn after<T>(
    rest: &Rest,
    object: &'static str,
    part: &Part<T>,
    seen: Option<u64>,
) -> Result<Option<String>> {
    match (part.next.len(), seen) {
        (0, Some(seen)) if part.is_end() => reason(rest, object, Some(seen + part.rows as u64)).await,
        (0 | 1, _) => Ok(None),
        _ => reason(rest, object, None).await,
    }
}

/// Why not everything of an object is visible, if the org counts clearly more records than the service account sees. `read` is
/// the number of records of a complete read; without it, the org is asked.
pub(crate) async fn reason(rest: &Rest, object: &'static str, read: Option<u64>) -> Result<Option<String>> {
    let counts = rest.counts().await?;
    let Some(mut count) = counts.get(object).copied() else { return Ok(None) };
    if object == "PermissionSetAssignment" && read.is_some() {
        // Nearly every user has one more row, for the set that the profile owns. Those rows are not read.
        let Some(owned) = counts.get("User") else { return Ok(None) };
        count = count.saturating_sub(*owned);
    }
    let seen = match read {
        Some(read) => Some(read),
        None => rest.visible(object).await?,
    };
    Ok(seen.filter(|seen| is_short(*seen, count)).map(|seen| {
        let right =
            if object == "User" { VIEW_ALL } else { rights::need(object).map_or("read access", |need| need.right) };
        format!("the service account sees {seen} of about {count} records of `{object}`: give it \"{right}\"")
    }))
}

/// The permission that shows users to each other.
const VIEW_ALL: &str = "View All Users";

fn is_short(seen: u64, count: u64) -> bool {
    let missing = count.saturating_sub(seen);
    // Whoever sees one record sees only the own one.
    missing > (count / TOLERATED_SHARE).max(TOLERATED) || (seen <= 1 && count > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_yesterday_is_no_reason_to_doubt_and_one_of_several_is() {
        for (seen, count) in [(0, 0), (1, 1), (200, 200), (210, 200), (195, 200), (96, 100), (9_600, 10_000)] {
            assert!(!is_short(seen, count), "{seen} of {count}");
        }
        for (seen, count) in [(0, 3), (1, 2), (1, 200), (180, 200), (2_500, 10_000), (9_400, 10_000)] {
            assert!(is_short(seen, count), "{seen} of {count}");
        }
    }
}
