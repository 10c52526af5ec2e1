//! Accounts that the API shows among the changes although they no longer exist.

use crate::acme::{accounts, faults, open};
use connector_core::{Absence, Connector, Cursor, ErrorKind, Holder, SourceChange};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Two people, and what is left of a third one.
async fn server(deleted: Value) -> MockServer {
    let server = MockServer::start().await;
    let people = json!([
        {"id": 1, "login": "jane", "updated": "2126-01-01T00:00:00Z", "deleted": false},
        {"id": 2, "login": "bob", "updated": "2126-01-01T00:00:00Z"},
        {"id": 3, "updated": "2126-01-01T00:00:00Z", "deleted": deleted},
    ]);
    let turn = move |_: &Request| {
        let answer = ResponseTemplate::new(200).insert_header("Date", "Mon, 30 Nov 2026 08:00:00 GMT");
        answer.set_body_json(&people)
    };
    Mock::given(any()).respond_with(turn).mount(&server).await;
    server
}

fn settings(server: &MockServer, gone: Option<&str>) -> Value {
    json!({
        "base_url": server.uri(),
        "accounts": {
            "get": "/users", "page": "none", "map": {"id": "item.id", "name": "item.login"},
            "since": {"query": "since", "field": "item.updated", "overlap": "5m", "gone": gone},
        },
    })
}

async fn changes(connector: &dyn Connector) -> connector_core::Result<Vec<SourceChange>> {
    let ability = connector.capabilities().changes().unwrap();
    let watermark: Cursor = ability.watermark().await?;
    Ok(ability.changes(&watermark).await?.into_parts().0)
}

#[tokio::test]
async fn an_account_that_is_gone_is_removed_by_the_changes_and_in_no_list() {
    let server = server(true.into()).await;
    let connector = open(&settings(&server, Some("item.deleted"))).unwrap();
    assert_eq!(connector.capabilities().changes().unwrap().absence(), Absence::Told);
    let changes = changes(connector.as_ref()).await.unwrap();
    let shown = |change: &SourceChange| match change {
        SourceChange::Account(account) => account.id.clone(),
        SourceChange::Removed(Holder::Account(id)) => format!("-{id}"),
        other => format!("{other:?}"),
    };
    assert_eq!(changes.iter().map(shown).collect::<Vec<_>>(), ["1", "2", "-3"]);
    let listed = accounts(connector.as_ref()).await.unwrap();
    assert_eq!(listed.items.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn without_the_setting_nothing_changes_and_an_odd_value_is_an_error() {
    let server = server(true.into()).await;
    let connector = open(&settings(&server, None)).unwrap();
    assert_eq!(connector.capabilities().changes().unwrap().absence(), Absence::Untold);
    assert_eq!(changes(connector.as_ref()).await.unwrap_err().kind(), ErrorKind::Protocol, "it has no name");
    let odd = self::server("yes".into()).await;
    let connector = open(&settings(&odd, Some("item.deleted"))).unwrap();
    let error = changes(connector.as_ref()).await.unwrap_err();
    assert!(error.message().contains("instead of true or false"), "{error}");
    assert_eq!(faults(&settings(&odd, Some("itm.deleted")))[0].pointer, "/accounts/since/gone");
}
