//! Paging by offset.

use crate::error::{Error, Result};

/// Where the next page of a list starts that is read by offset, after `came` rows from `offset` on: after the rows that came, not after
/// those that were asked for, because a page may have fewer. `None` if these were all of the `total`.
///
/// Fails with kind `protocol` if no rows came although more must follow, or if more rows came than there are: neither proves an
/// end.
///
/// ```
/// use connector_core::next_offset;
///
/// assert_eq!(next_offset(100, 40, 250)?, Some(140));
/// assert_eq!(next_offset(200, 50, 250)?, None);
/// assert!(next_offset(100, 0, 250).is_err());
/// assert!(next_offset(0, 100, 40).is_err());
/// # Ok::<(), connector_core::Error>(())
/// ```
pub fn next_offset(offset: u64, came: usize, total: u64) -> Result<Option<u64>> {
    let end = offset.saturating_add(came as u64);
    if came == 0 && end < total {
        let what = format!("the page from row {offset} on is empty, but there are {total} rows");
        return Err(Error::protocol(what).with_help(
            "try again in a moment; if it fails again, the source hides rows or counts them in another way",
        ));
    }
    if came > 0 && end > total {
        let what = format!("the page from row {offset} on ends at row {end}, but there are {total} rows");
        return Err(Error::protocol(what).with_help(
            "try again in a moment; if it fails again, the source counts its rows in another way: read it by another way of paging",
        ));
    }
    Ok((end < total).then_some(end))
}
