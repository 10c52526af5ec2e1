//! Lists that are longer than the API gives, read in parts.

use crate::acme::{accounts, assignments, failure, faults, open};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Gives at most 50 users of a time, in pages of 10, and says how many there are.
struct Search {
    created: Vec<i64>,
}

impl Respond for Search {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let number = |name: &str| {
            let found = request.url.query_pairs().find(|(known, _)| known == name);
            found.map(|(_, value)| value.parse::<i64>().unwrap())
        };
        let (from, to) = (number("from").unwrap(), number("to").unwrap());
        let of_time: Vec<_> = self.created.iter().enumerate().filter(|(_, at)| (from..to).contains(*at)).collect();
        let offset = usize::try_from(number("offset").unwrap_or(0)).unwrap();
        let shown = of_time.iter().take(50).skip(offset).take(10);
        let items: Vec<_> = shown.map(|(id, at)| json!({"id": id, "created": at, "teams": ["t"]})).collect();
        ResponseTemplate::new(200).set_body_json(json!({"data": items, "total": of_time.len()}))
    }
}

async fn server(created: Vec<i64>) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Search { created }).mount(&server).await;
    server
}

fn settings(base_url: &str) -> Value {
    json!({
        "base_url": base_url,
        "accounts": {
            "get": "/users", "query": {"from": "{from}", "to": "{to}"}, "items": "/data", "max_items": 50,
            "split": {"format": "unix"},
            "page": {"offset": {"as": "offset"}, "end": {"total": "/total"}},
            "map": {"id": "item.id"},
        },
        "entitlements": {"team": {"fixed": {"t": "Team"}}},
        "assignments": [{"embedded": "accounts", "items": "/teams", "map": {"entitlement": {"team": "item"}, "attributes": {"x": "item"}}}],
    })
}

#[tokio::test]
async fn a_list_that_is_too_long_is_read_in_parts_that_miss_nothing() {
    for count in [0, 10, 49, 50, 51, 700] {
        // Most of them in one month, as after an import.
        let created: Vec<i64> =
            (0..count).map(|n| if n % 10 == 0 { 1_000_000_000 + n * 500_000 } else { 1_700_000_000 + n * 3 }).collect();
        let server = server(created).await;
        let connector = open(&settings(&server.uri())).unwrap();
        let listed = accounts(connector.as_ref()).await.unwrap();
        let ids: BTreeSet<_> = listed.items.iter().map(|one| one.id.clone()).collect();
        assert_eq!((ids.len(), listed.items.len()), (usize::try_from(count).unwrap(), usize::try_from(count).unwrap()));
        assert_eq!(listed.incomplete, Vec::<String>::new());
        let held = assignments(connector.as_ref()).await.unwrap();
        assert_eq!(held.items.len(), ids.len(), "what is inside of accounts is read in parts, too");
    }
}

#[tokio::test]
async fn a_part_of_a_second_that_is_still_too_long_is_an_error() {
    let server = server(vec![1_700_000_000; 60]).await;
    let error = failure(open(&settings(&server.uri())).unwrap().as_ref()).await;
    assert!(error.message().contains("reached 50 items"), "{error}");
}

#[test]
fn a_list_in_parts_says_how_long_it_is_and_which_part_it_asks_for() {
    let found = |change: &dyn Fn(&mut Value)| {
        let mut all = settings("https://api.acme.example");
        change(&mut all["accounts"]);
        faults(&all).into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect::<Vec<_>>()
    };
    assert_eq!(found(&|_| {}), Vec::<String>::new());
    for (text, change) in [
        (
            "`max_items` is missing",
            &(|s: &mut Value| _ = s.as_object_mut().unwrap().remove("max_items")) as &dyn Fn(&mut Value),
        ),
        ("how long the list is", &|s| s["page"] = json!({"offset": {"as": "offset"}, "end": "empty_page"})),
        ("does not use `{to}`", &|s| s["query"] = json!({"from": "{from}"})),
        ("`since` and `split`", &|s| s["since"] = json!({"query": "s", "field": "item.created", "overlap": "5m"})),
    ] {
        let all = found(change);
        assert!(
            all.iter().any(|fault| fault.starts_with("/accounts/split") && fault.contains(text)),
            "{text}: {all:?}"
        );
    }
    let unsplit = found(&|s| _ = s.as_object_mut().unwrap().remove("split"));
    assert!(unsplit[0].contains("unknown name `from`"), "{unsplit:?}");
}
