//! What a query answers does not depend on the order in which the pages of a source came.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Place, World, reference};
use connector_core::{Assignment, Holder};
use connector_engine::query::{self, AccountQuery, Breadth, Format, TableFormat, What};

/// Two groups lead to the same one, and accounts hold several things.
fn world(count: usize) -> World {
    let mut world = World::of(count);
    for group in ["inner", "left", "right"] {
        world.add_entitlement(&format!("group/{group}"), group);
    }
    for (holder, held) in [("right", "inner"), ("left", "inner"), ("g0", "right"), ("g0", "left")] {
        let holder = Holder::Entitlement(reference(&format!("group/{holder}")));
        world.assignments.push(Assignment::new(holder, reference(&format!("group/{held}"))));
    }
    world
}

/// Everything that a user can ask for, as text.
async fn answers(branches: usize, page: usize) -> String {
    let place = Place::new();
    for world in [world(10), world(12)] {
        let fake = Fake { page, branches, ..Fake::new(&world) };
        place.run(&fake.job()).await;
    }
    let mut text = Vec::new();
    for what in [What::Accounts, What::Entitlements, What::Assignments] {
        for format in [Format::Ndjson, Format::Table(TableFormat::Csv)] {
            query::export(&place.store, "directory", what, format, &mut text).unwrap();
        }
    }
    let mut text = String::from_utf8(text).unwrap();
    let breadth = Breadth { effective: true, all_states: true };
    query::accounts(&place.store, "directory", &AccountQuery { breadth, ..AccountQuery::default() }, |account| {
        text.push_str(&serde_json::to_string(account).unwrap());
        Ok(())
    })
    .unwrap();
    for (written, effective) in [("group/g0", false), ("group/g0", true), ("group/inner", true), ("profile/user", true)]
    {
        let breadth = Breadth { effective, all_states: true };
        query::holders(&place.store, "directory", &reference(written), breadth, |holder| {
            text.push_str(&serde_json::to_string(holder).unwrap());
            text.push('\n');
            Ok(())
        })
        .unwrap();
    }
    let mut runs = query::runs(&place.store, Some("directory"), None).unwrap();
    let (second, first) = (runs.remove(0).report.run, runs.remove(0).report.run);
    for (from, to) in [(None, first.as_str()), (Some(first.as_str()), second.as_str())] {
        query::diff(&place.store, "directory", from, Some(to), |difference| {
            text.push_str(&serde_json::to_string(difference).unwrap());
            text.push('\n');
            Ok(())
        })
        .unwrap();
    }
    text
}

#[tokio::test]
async fn two_stores_of_one_source_answer_the_same_whatever_page_came_first() {
    let one_page = answers(1, 1_000).await;
    for (branches, page) in [(3, 1), (7, 2), (2, 5)] {
        assert_eq!(answers(branches, page).await, one_page, "{branches} branches with {page} rows a page");
    }
}
