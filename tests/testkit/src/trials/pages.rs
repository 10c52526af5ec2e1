//! Lists end, return the same page again, and continue from a stored cursor.

use super::{Kept, Need, Trial, Tried};
use crate::reading::{self, Line};
use crate::subject::Subject;
use connector_core::{Cursor, ErrorKind};
use futures_util::future::join_all;

/// As many as a job reads at once.
const MAX_PAGES_AT_ONCE: usize = 8;

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "every_list_ends_and_no_cursor_repeats",
        need: Need::Nothing,
        run: |subject| Box::pin(lists_end(subject)),
    },
    Trial {
        name: "the_same_cursor_returns_the_same_page",
        need: Need::Nothing,
        run: |subject| Box::pin(same_page_twice(subject)),
    },
    Trial {
        name: "cursors_outlive_the_connector",
        need: Need::Nothing,
        run: |subject| Box::pin(cursors_outlive(subject)),
    },
    Trial {
        name: "pages_read_at_once_and_in_another_order_are_the_same",
        need: Need::Nothing,
        run: |subject| Box::pin(pages_at_once(subject)),
    },
    Trial {
        name: "a_foreign_cursor_is_refused",
        need: Need::Nothing,
        run: |subject| Box::pin(foreign_cursor_is_refused(subject)),
    },
    Trial {
        name: "a_live_cursor_expires_elsewhere_and_its_anchor_shows_the_same_rows",
        need: Need::Nothing,
        run: |subject| Box::pin(live_cursors_have_anchors(subject)),
    },
];

/// Live cursors end with their connection; the others can be read at any time.
fn lasting(cursors: Vec<Cursor>) -> impl Iterator<Item = Cursor> {
    cursors.into_iter().filter(|cursor| cursor.anchor().is_none())
}

/// What to do about a position that does not give its page again.
const USED_UP: &str = "; if a position can be used only once, or only on one connection, make it with `Cursor::live`";

/// A page as it is each time: its live successors differ, but not their anchors.
fn comparable((items, next): (Vec<Line>, Vec<Cursor>)) -> (Vec<Line>, Vec<Cursor>) {
    (items, next.into_iter().map(|cursor| cursor.anchor().unwrap_or(cursor)).collect())
}

async fn live_cursors_have_anchors(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let mut kept = Kept::NotUsed("a live cursor");
    for list in reading::lists(connector.as_ref()) {
        let pages = reading::walk(list.name(), &Cursor::start(), async |cursor| list.page(cursor).await).await?;
        for (cursor, items) in pages {
            let Some(anchor) = cursor.anchor() else { continue };
            kept = Kept::Promise;
            let other = subject.open()?;
            let others = reading::lists(other.as_ref());
            let Some(same) = others.iter().find(|candidate| candidate.name() == list.name()) else {
                return Err(format!("a second connector has no {}", list.name()));
            };
            match same.page(&cursor).await {
                Err(error) if error.kind() == ErrorKind::Expired => {}
                Err(error) => return Err(format!("{cursor:?} elsewhere is an error of kind {}", error.kind())),
                Ok(_) => return Err(format!("{cursor:?} is live, but another connector gave a page for it")),
            }
            let again = reading::walk(list.name(), &anchor, async |cursor| same.page(cursor).await).await?;
            if let Some(lost) = items.iter().find(|item| !again.iter().any(|(_, page)| page.contains(item))) {
                return Err(format!("{} from the anchor {anchor:?} do not show {lost}", list.name()));
            }
        }
    }
    Ok(kept)
}

async fn lists_end(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    for list in reading::lists(connector) {
        reading::whole(&list).await?;
    }
    Ok(Kept::Promise)
}

async fn same_page_twice(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    for list in reading::lists(connector) {
        for cursor in lasting(reading::whole(&list).await?.cursors) {
            let again = async || {
                let read = list.page(&cursor).await;
                read.map_err(|error| format!("{} at {cursor:?}, read again: {error}{USED_UP}", list.name()))
            };
            if comparable(again().await?) != comparable(again().await?) {
                return Err(format!("{} at {cursor:?}: the second read returned another page{USED_UP}", list.name()));
            }
        }
    }
    Ok(Kept::Promise)
}

async fn cursors_outlive(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    for list in reading::lists(connector) {
        for cursor in lasting(reading::whole(&list).await?.cursors) {
            let other = subject.open()?;
            let others = reading::lists(other.as_ref());
            let Some(same) = others.iter().find(|candidate| candidate.name() == list.name()) else {
                return Err(format!("a new connector has no {}", list.name()));
            };
            let kept = Cursor::from_text(cursor.as_str());
            let broken = |what: &str| format!("{} at {cursor:?}{what}{USED_UP}", list.name());
            let there = same.page(&kept).await.map_err(|error| broken(&format!(", in a new connector: {error}")))?;
            let here = list.page(&cursor).await.map_err(|error| broken(&format!(", read again: {error}")))?;
            if comparable(here) != comparable(there) {
                return Err(broken(": a new connector returned another page"));
            }
        }
    }
    Ok(Kept::Promise)
}

/// An aggregation reads several pages at once, and the next one before this one is saved.
async fn pages_at_once(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    for list in reading::lists(connector.as_ref()) {
        let pages = reading::walk(list.name(), &Cursor::start(), async |cursor| list.page(cursor).await).await?;
        let mut pages: Vec<_> = pages.into_iter().filter(|(cursor, _)| cursor.anchor().is_none()).collect();
        pages.reverse();
        for pages in pages.chunks(MAX_PAGES_AT_ONCE) {
            let together = join_all(pages.iter().map(|(cursor, _)| list.page(cursor))).await;
            for ((cursor, alone), together) in pages.iter().zip(together) {
                let broken = |what: &str| format!("{} at {cursor:?}{what}{USED_UP}", list.name());
                let (items, _) = together.map_err(|error| broken(&format!(", read again: {error}")))?;
                if items != *alone {
                    return Err(broken(": the page differs when others are read at once"));
                }
            }
        }
    }
    Ok(Kept::Promise)
}

async fn foreign_cursor_is_refused(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    for list in reading::lists(connector) {
        let foreign = Cursor::from_text(r#"{"made_by":"another connector"}"#);
        if list.page(&foreign).await.is_ok() {
            return Err(format!("{}: the connector accepted a cursor that it did not create", list.name()));
        }
    }
    Ok(Kept::Promise)
}
