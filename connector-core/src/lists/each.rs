//! Reading a list for each parent, such as the members of each group.

use crate::cursor::Cursor;
use crate::error::{ErrorKind, Result};
use crate::page::Page;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where a read of lists continues.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Position<P, C> {
    /// In the list of parents.
    Parents(P),
    /// In the list of this parent: at its beginning without a position.
    Of(String, Option<C>),
}

/// One page of a read that asks for a list for each parent, such as the members of each group. `parents` reads a page of the ids of
/// the parents, and `items` a page of what one of them has; each gets the position of its page, `None` for the first one, and says
/// where the next one starts.
///
/// Each parent is a branch of its own, so the engine reads several of them at the same time. If a parent can't be read (it was deleted
/// meanwhile, or is forbidden), the page is [incomplete](Page::with_incomplete): that is no empty list, so nothing is removed.
///
/// ```
/// use connector_core::{Cursor, read_each};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> connector_core::Result<()> {
/// let groups = |_: Option<u64>| async { Ok((vec!["a".to_owned(), "b".to_owned()], None)) };
/// let members = |group: String, page: Option<u64>| async move { Ok((vec![format!("jane in {group}")], None::<u64>)) };
/// let first = read_each(&Cursor::start(), groups, members).await?;
/// assert_eq!((first.items().len(), first.next().len()), (0, 2));
/// let second = read_each(&first.next()[1], groups, members).await?;
/// assert_eq!(second.items(), ["jane in b"]);
/// # Ok(()) }
/// ```
pub async fn read_each<T, P, C, FP, FC>(
    cursor: &Cursor,
    parents: impl Fn(Option<P>) -> FP,
    items: impl Fn(String, Option<C>) -> FC,
) -> Result<Page<T>>
where
    P: Serialize + DeserializeOwned,
    C: Serialize + DeserializeOwned,
    FP: Future<Output = Result<(Vec<String>, Option<P>)>>,
    FC: Future<Output = Result<(Vec<T>, Option<C>)>>,
{
    let list = match cursor.position()? {
        Some(Position::Of(parent, at)) => {
            return match items(parent.clone(), at).await {
                Ok((items, next)) => Page::continuing(items, next.map(|next| Position::<P, C>::Of(parent, Some(next)))),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Permission) => {
                    Ok(Page::last(Vec::new()).with_incomplete(format!("what {parent} has can't be read: {error}")))
                }
                Err(error) => Err(error),
            };
        }
        Some(Position::Parents(at)) => Some(at),
        None => None,
    };
    let (ids, next) = parents(list).await?;
    let branches = ids.into_iter().map(|id| Position::Of(id, None));
    Page::continuing(Vec::new(), branches.chain(next.map(Position::<P, C>::Parents)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::collections::VecDeque;

    /// Five groups in pages of two, each with as many members as its number, in pages of two. The group 3 fails.
    async fn page(cursor: &Cursor, fault: Option<ErrorKind>) -> Result<Page<String>> {
        let groups = |at: Option<u8>| async move {
            let first = at.unwrap_or(0);
            let ids = (first..(first + 2).min(5)).map(|id| id.to_string()).collect();
            Ok((ids, (first + 2 < 5).then_some(first + 2)))
        };
        let members = |id: String, at: Option<u8>| async move {
            let number: u8 = id.parse().unwrap_or_default();
            if let Some(kind) = fault.filter(|_| number == 3) {
                return Err(Error::new(kind, "no"));
            }
            let first = at.unwrap_or(0);
            let end = (first + 2).min(number);
            Ok(((first..end).map(|member| format!("{id}.{member}")).collect(), (end < number).then_some(end)))
        };
        read_each(cursor, groups, members).await
    }

    async fn whole(fault: Option<ErrorKind>) -> Result<(Vec<String>, Vec<String>)> {
        let (mut all, mut incomplete, mut left) = (Vec::new(), Vec::new(), VecDeque::from([Cursor::start()]));
        while let Some(cursor) = left.pop_front() {
            let page = page(&cursor, fault).await?;
            incomplete.extend(page.incomplete().map(str::to_owned));
            let (items, next) = page.into_parts();
            all.extend(items);
            left.extend(next);
        }
        all.sort_unstable();
        Ok((all, incomplete))
    }

    #[tokio::test]
    async fn every_item_of_every_parent_comes_once() {
        let (all, incomplete) = whole(None).await.unwrap();
        assert_eq!(all, ["1.0", "2.0", "2.1", "3.0", "3.1", "3.2", "4.0", "4.1", "4.2", "4.3"]);
        assert!(incomplete.is_empty());
    }

    #[tokio::test]
    async fn a_parent_that_is_gone_or_forbidden_is_no_empty_list_and_another_fault_is_one() {
        for kind in [ErrorKind::NotFound, ErrorKind::Permission] {
            let (all, incomplete) = whole(Some(kind)).await.unwrap();
            assert_eq!((all.len(), incomplete), (7, vec!["what 3 has can't be read: no".to_owned()]));
        }
        assert_eq!(whole(Some(ErrorKind::Unavailable)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}
