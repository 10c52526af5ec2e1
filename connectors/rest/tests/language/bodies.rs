//! The expression language keeps its bounds for whatever an API returns.

use crate::acme::{accounts, open};
use proptest::prelude::*;
use serde_json::{Value, json};
use wiremock::matchers::any as every_request;
use wiremock::{Mock, MockServer, ResponseTemplate};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("(id|name|data|next|status)", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Reads one response of any form.
async fn read(body: Value) -> Result<usize, connector_core::Error> {
    let server = MockServer::start().await;
    Mock::given(every_request()).respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&server).await;
    let settings = json!({
        "base_url": server.uri(),
        "accounts": {
            "get": "/users", "items": "/data", "page": {"cursor": {"from": "/next", "as": "c"}, "end": "no_cursor"},
            "map": {"id": "item.id", "name": "item.name | default('x') | string", "enabled": "item.status == 'on'"},
        },
    });
    accounts(open(&settings).unwrap().as_ref()).await.map(|listed| listed.items.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_response_is_a_list_of_whole_accounts_or_an_error(body in any_json()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let items = body.get("data").and_then(Value::as_array).map(Vec::len);
        match runtime.block_on(read(body.clone())) {
            Ok(count) => prop_assert_eq!(Some(count), items, "{}", body),
            Err(error) => prop_assert!(error.help().is_some(), "{}: {}", body, error),
        }
    }
}
