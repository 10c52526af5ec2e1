//! Changes by `meta.lastModified`.

use crate::server::{Server, Traits, World};
use connector_core::{Connector, Cursor, ErrorKind, Holder, SourceChange};
use serde_json::json;

async fn changes(connector: &dyn Connector, since: &Cursor) -> connector_core::Result<(Vec<SourceChange>, Cursor)> {
    let ability = connector.capabilities().changes().unwrap();
    let (mut left, mut all, mut watermark) = (vec![since.clone()], Vec::new(), None);
    while let Some(cursor) = left.pop() {
        let page = ability.changes(&cursor).await?;
        watermark = page.watermark().cloned().or(watermark);
        let (items, next) = page.into_parts();
        all.extend(items);
        left.extend(next);
    }
    Ok((all, watermark.unwrap()))
}

fn settings() -> serde_json::Value {
    json!({"changes": "last_modified", "page_size": 10})
}

#[tokio::test]
async fn changed_users_and_groups_come_whole() {
    let server = Server::start(Traits::default(), World::of(130, &[&[1], &[2]])).await;
    let connector = server.open(&settings());
    let since = connector.capabilities().changes().unwrap().watermark().await.unwrap();
    {
        let mut world = server.world();
        for user in &mut world.users {
            user["meta"]["lastModified"] = json!("2025-12-31T00:00:00Z");
        }
        for group in &mut world.groups {
            group["meta"]["lastModified"] = json!("2025-12-31T00:00:00Z");
        }
        world.now = 60;
        for number in 0..25 {
            let mut user = world.users[number].clone();
            user["title"] = json!("New");
            world.put("Users", user);
        }
        let mut group = world.groups[1].clone();
        group["members"] = json!([{"value": "u00003", "type": "User"}, {"value": "u00004", "type": "User"}]);
        world.put("Groups", group);
    }
    let (changes, _) = changes(&*connector, &since).await.unwrap();
    let accounts = changes.iter().filter(|change| matches!(change, SourceChange::Account(_))).count();
    assert_eq!(accounts, 25);
    let all_of: Vec<_> = changes
        .iter()
        .filter_map(|change| match change {
            SourceChange::AllOf(Holder::Entitlement(group), held) => Some((group.to_string(), held.len())),
            _ => None,
        })
        .collect();
    assert_eq!(all_of, [("group/g1".to_owned(), 2)]);
}

#[tokio::test]
async fn a_server_that_cannot_find_changes_is_read_whole() {
    for traits in [
        Traits { ignores_filter: true, ..Traits::default() },
        Traits { filter: false, ..Traits::default() },
        Traits { only_eq_and: true, ..Traits::default() },
        Traits { discovery: false, ..Traits::default() },
    ] {
        let server = Server::start(traits.clone(), World::of(30, &[])).await;
        let connector = server.open(&settings());
        let since = connector.capabilities().changes().unwrap().watermark().await.unwrap();
        let error = changes(&*connector, &since).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Expired, "{traits:?}");
    }
}
