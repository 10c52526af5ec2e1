//! Reading one page of a list.

use crate::cursor::Cursor;
use crate::error::Result;
use crate::page::Page;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The page of a list at a cursor. `page` reads the page at a position, `None` for the first one, and says where the next one starts:
/// `None` after the last one.
///
/// ```
/// use connector_core::{Account, Cursor, read_page};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> connector_core::Result<()> {
/// let users = |token: Option<String>| async move {
///     Ok((vec![Account::new("1", "jane")], token.is_none().then(|| "a1".to_owned())))
/// };
/// let first = read_page(&Cursor::start(), users).await?;
/// assert!(read_page(&first.next()[0], users).await?.next().is_empty());
/// # Ok(()) }
/// ```
pub async fn read_page<T, P, F>(cursor: &Cursor, page: impl FnOnce(Option<P>) -> F) -> Result<Page<T>>
where
    P: Serialize + DeserializeOwned,
    F: Future<Output = Result<(Vec<T>, Option<P>)>>,
{
    let (items, next) = page(cursor.position()?).await?;
    Page::continuing(items, next)
}
