//! Reading a list of a source to its end.

use crate::error::{Error, Result};

/// More pages than any list that is read at once.
const MOST_PAGES: usize = 1_000_000;

/// Reads all pages of a list of the source, one after the other. `page` reads the page at a position, `None` for the first one, and
/// says where the next one starts.
///
/// Only for lists that a connector needs at once, such as all members of a group among changes: the engine reads accounts,
/// entitlements and assignments page by page, and can stop between two of them. Fails with kind `protocol` if the list does not end.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> connector_core::Result<()> {
/// let all = connector_core::read_all(|page: Option<u32>| async move {
///     let page = page.unwrap_or(1);
///     Ok((vec![page * 10], (page < 3).then_some(page + 1)))
/// }).await?;
/// assert_eq!(all, [10, 20, 30]);
/// # Ok(()) }
/// ```
pub async fn read_all<T, P, F>(page: impl Fn(Option<P>) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<(Vec<T>, Option<P>)>>,
{
    let mut all = Vec::new();
    let mut position = None;
    for _ in 0..MOST_PAGES {
        let (items, next) = page(position).await?;
        all.extend(items);
        if next.is_none() {
            return Ok(all);
        }
        position = next;
    }
    Err(Error::protocol("a list of the source does not end"))
}
