//! Lists end, return the same page again, and continue from a stored cursor.

use super::{Need, Trial, Tried};
use crate::reading;
use crate::subject::Subject;
use connector_core::Cursor;

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
        name: "a_foreign_cursor_is_refused",
        need: Need::Nothing,
        run: |subject| Box::pin(foreign_cursor_is_refused(subject)),
    },
];

async fn lists_end(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    for list in reading::lists(connector) {
        reading::whole(&list).await?;
    }
    Ok(())
}

async fn same_page_twice(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    for list in reading::lists(connector) {
        for cursor in reading::whole(&list).await?.cursors {
            let first = list.page(&cursor).await.map_err(|error| error.to_string())?;
            let second = list.page(&cursor).await.map_err(|error| error.to_string())?;
            if first != second {
                return Err(format!("{} at {cursor:?}: the second read returned another page", list.name()));
            }
        }
    }
    Ok(())
}

async fn cursors_outlive(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    for list in reading::lists(connector) {
        for cursor in reading::whole(&list).await?.cursors {
            let other = subject.open()?;
            let others = reading::lists(other.as_ref());
            let Some(same) = others.iter().find(|candidate| candidate.name() == list.name()) else {
                return Err(format!("a new connector has no {}", list.name()));
            };
            let kept = Cursor::from_text(cursor.as_str());
            let there = same.page(&kept).await.map_err(|error| format!("{} at {cursor:?}: {error}", list.name()))?;
            let here = list.page(&cursor).await.map_err(|error| error.to_string())?;
            if here != there {
                return Err(format!("{} at {cursor:?}: a new connector returned another page", list.name()));
            }
        }
    }
    Ok(())
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
    Ok(())
}
