//! Every way to continue a list, and every proof of its end, against a server that serves pages of them all.

use crate::acme::{accounts, failure, open};
use connector_core::ErrorKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Serves so many items in pages of 3, or fewer at the offset where a page is short.
struct Pages {
    items: usize,
    short_at: Option<usize>,
}

impl Respond for Pages {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let number = |name: &str| query.get(name).map(|text| text.parse::<usize>().unwrap());
        let from = number("c").or(number("offset")).or(number("page").map(|page| (page - 1) * 3)).unwrap_or(0);
        let size = if self.short_at == Some(from) && number("page").is_none() { 1 } else { 3 };
        let end = (from + size).min(self.items);
        let items: Vec<_> = (from..end).map(|id| json!({"id": id})).collect();
        let more = end < self.items;
        let mut body = json!({"data": items, "total": self.items, "has_more": more, "is_last": !more});
        let mut response = ResponseTemplate::new(200);
        if more {
            let link = format!("http://{}/v2/users?c={end}", request.headers.get("host").unwrap().to_str().unwrap());
            body["next"] = end.to_string().into();
            body["link"] = link.clone().into();
            response =
                response.insert_header("Link", format!("<{link}&prev>; rel=\"prev\", <{link}>; rel=\"next\"").as_str());
        } else {
            // APIs write the end in several ways.
            body["next"] = [json!(""), Value::Null][self.items % 2].clone();
            body["link"] = body["next"].clone();
            response = response.insert_header("Link", "<http://x/v2/users>; rel=\"first\"");
        }
        response.insert_header("X-Total", self.items.to_string().as_str()).set_body_json(body)
    }
}

async fn server(items: usize, short_at: Option<usize>) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Pages { items, short_at }).mount(&server).await;
    server
}

fn settings(server: &MockServer, page: &Value) -> Value {
    json!({
        "base_url": format!("{}/v2", server.uri()),
        "accounts": {"get": "/users", "items": "/data", "page": page, "map": {"id": "item.id"}},
    })
}

fn proven() -> Vec<Value> {
    let cursor = json!({"from": "/next", "as": "c"});
    let expiring = json!({"from": "/next", "as": "c", "expires": true});
    vec![
        json!({"cursor": cursor, "end": "no_cursor"}),
        json!({"cursor": expiring, "end": "no_cursor"}),
        json!({"cursor": cursor, "end": {"flag": "/has_more"}, "total": "/total"}),
        json!({"cursor": cursor, "end": {"last": "/is_last"}}),
        json!({"next_link": {"body": "/link"}, "end": "no_cursor"}),
        json!({"next_link": {"header": "Link"}, "end": "no_cursor"}),
        json!({"next_link": {"header": "Link"}, "end": {"flag": "/has_more"}}),
        json!({"offset": {"as": "offset"}, "end": "empty_page"}),
        json!({"offset": {"as": "offset"}, "end": {"total": "/total"}}),
        json!({"offset": {"as": "offset"}, "end": {"total": {"header": "X-Total"}}}),
        json!({"offset": {"as": "offset"}, "end": {"flag": "/has_more"}}),
        json!({"page": {"as": "page"}, "end": "empty_page"}),
        json!({"page": {"as": "page"}, "end": {"last": "/is_last"}}),
        json!({"page": {"as": "page"}, "end": {"total": "/total"}}),
    ]
}

#[tokio::test]
async fn every_paging_reads_every_item_once_and_proves_its_end() {
    for items in [0, 1, 3, 7, 9] {
        let server = server(items, None).await;
        for page in proven() {
            let connector = open(&settings(&server, &page)).unwrap();
            let listed = accounts(connector.as_ref()).await.unwrap();
            let ids: Vec<_> = listed.items.iter().map(|one| one.id.parse::<usize>().unwrap()).collect();
            assert_eq!(ids, (0..items).collect::<Vec<_>>(), "{page}");
            assert_eq!(listed.incomplete, Vec::<String>::new(), "{page}");
        }
    }
}

/// Airbyte: a page that was shorter than asked for, because the API caps or filters it, ended the list.
#[tokio::test]
async fn a_short_page_in_the_middle_ends_no_list_whose_end_is_proven() {
    let server = server(10, Some(3)).await;
    for page in proven() {
        let connector = open(&settings(&server, &page)).unwrap();
        let listed = accounts(connector.as_ref()).await.unwrap();
        assert_eq!((listed.items.len(), listed.incomplete.len()), (10, 0), "{page}");
    }
}

#[tokio::test]
async fn an_end_that_only_a_short_page_shows_is_not_proven() {
    let server = server(10, Some(3)).await;
    let page = json!({"offset": {"as": "offset"}, "end": {"short_page": 3}});
    let connector = open(&settings(&server, &page)).unwrap();
    let listed = accounts(connector.as_ref()).await.unwrap();
    assert_eq!(listed.items.len(), 4, "the list was cut");
    assert!(listed.incomplete[0].contains("short page"), "{:?}", listed.incomplete);
}

async fn answering(body: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&server).await;
    server
}

#[tokio::test]
async fn a_list_that_ends_before_its_total_is_not_complete() {
    let server = answering(json!({"data": [{"id": 1}], "total": 560})).await;
    let page = json!({"cursor": {"from": "/next", "as": "c"}, "end": "no_cursor", "total": "/total"});
    let listed = accounts(open(&settings(&server, &page)).unwrap().as_ref()).await.unwrap();
    assert!(listed.incomplete[0].contains("after 1 of 560"), "{:?}", listed.incomplete);
}

/// The walk of a stranger: a wrong place of the cursor read 50 of 300 people, and everything was green.
#[tokio::test]
async fn a_place_that_no_response_has_proves_no_end() {
    let cursor = |place: &str, end: &str| json!({"cursor": {"from": place, "as": "c"}, "end": end});
    let header = json!({"cursor": {"from": {"header": "X-Next"}, "as": "c"}, "end": "no_cursor"});
    let link = |end: &str| json!({"next_link": {"body": "/lnk"}, "end": end});
    let links = |end: &str| json!({"next_link": {"header": "Lnk"}, "end": end});
    let doubted = [
        (cursor("/nxt", "no_cursor"), "no cursor at `/nxt`"),
        (header, "no cursor in the header `X-Next`"),
        (link("no_cursor"), "no link at `/lnk`"),
        (links("no_cursor"), "no header `Lnk`"),
    ];
    for (page, says) in doubted {
        let server = server(7, None).await;
        let connector = open(&settings(&server, &page)).unwrap();
        let listed = accounts(connector.as_ref()).await.unwrap();
        assert_eq!((listed.items.len(), listed.incomplete.len()), (3, 1), "{page}");
        assert!(listed.incomplete[0].contains(says), "{}", listed.incomplete[0]);
        assert!(listed.incomplete[0].contains("write `end: left_out`"), "{}", listed.incomplete[0]);
        let mut report = connector_core::TestReport::new();
        connector.test_connection(&mut report).await;
        let step = report.steps().iter().find(|step| step.name == "accounts").unwrap();
        assert_eq!(step.status, connector_core::StepStatus::Warning, "{step:?}");
    }
    // The author says that the API leaves it out.
    for page in [cursor("/nxt", "left_out"), link("left_out"), links("left_out")] {
        let server = server(2, None).await;
        let listed = accounts(open(&settings(&server, &page)).unwrap().as_ref()).await.unwrap();
        assert_eq!((listed.items.len(), listed.incomplete.len()), (2, 0), "{page}");
    }
    // A page that came by a cursor shows that the place is right.
    let server = MockServer::start().await;
    let turn = |request: &Request| match request.url.query() {
        Some(query) if query.contains("c=a") => ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": 2}]})),
        _ => ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": 1}], "next": "a"})),
    };
    Mock::given(any()).respond_with(turn).mount(&server).await;
    let page = cursor("/next", "no_cursor");
    let listed = accounts(open(&settings(&server, &page)).unwrap().as_ref()).await.unwrap();
    assert_eq!((listed.items.len(), listed.incomplete.len()), (2, 0));
}

#[tokio::test]
async fn a_server_that_ignores_the_page_number_is_an_error_and_no_endless_read() {
    let server = answering(json!({"data": [{"id": 1}, {"id": 2}]})).await;
    let page = json!({"page": {"as": "page"}, "end": "empty_page"});
    let error = failure(open(&settings(&server, &page)).unwrap().as_ref()).await;
    assert!(error.message().contains("never end"), "{error}");
}

#[tokio::test]
async fn a_page_that_names_itself_as_the_next_one_is_an_error_and_no_endless_read() {
    let server = answering(json!({"data": [{"id": 1}], "next": "same"})).await;
    let page = json!({"cursor": {"from": "/next", "as": "c"}, "end": "no_cursor"});
    let error = failure(open(&settings(&server, &page)).unwrap().as_ref()).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("never end"), "{error}");
}

/// airbyte-python-cdk: nothing watched for tokens that come again.
#[tokio::test]
async fn a_circle_of_pages_with_a_total_is_an_error() {
    let server = MockServer::start().await;
    let items: Vec<_> = (0..400).map(|id| json!({"id": id})).collect();
    let turn = move |request: &Request| {
        let next = if request.url.query().is_some_and(|query| query.contains("c=a")) { "b" } else { "a" };
        ResponseTemplate::new(200).set_body_json(json!({"data": items, "total": 800, "next": next}))
    };
    Mock::given(any()).respond_with(turn).mount(&server).await;
    let page = json!({"cursor": {"from": "/next", "as": "c"}, "end": "no_cursor", "total": "/total"});
    let error = failure(open(&settings(&server, &page)).unwrap().as_ref()).await;
    assert!(error.message().contains("never end"), "{error}");
}

#[tokio::test]
async fn a_response_that_contradicts_the_settings_is_an_error_and_never_an_empty_list() {
    let pages = json!({"cursor": {"from": "/next", "as": "c"}, "end": {"flag": "/has_more"}});
    for (body, says) in [
        (json!({"users": []}), "no list at `/data`"),
        (json!({"data": null, "has_more": false}), "no list at `/data`"),
        (json!({"data": {}, "has_more": false}), "no list at `/data`"),
        (json!({"data": []}), "neither true nor false at `/has_more`"),
        (json!({"data": [], "has_more": "no"}), "neither true nor false"),
        (json!({"data": [{"id": 1}], "has_more": true}), "does not say where"),
        (json!({"data": [{"id": 1}], "has_more": true, "next": {}}), "neither a text nor a number"),
        (json!({"data": [{"name": "x"}], "has_more": false}), "`item.id` gives no value"),
    ] {
        let server = answering(body.clone()).await;
        let error = failure(open(&settings(&server, &pages)).unwrap().as_ref()).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert!(error.message().contains(says), "{body}: {error}");
        assert!(error.help().is_some(), "{error}");
    }
}

#[tokio::test]
async fn a_link_to_another_host_gets_no_request() {
    let server = answering(json!({"data": [], "next": "https://evil.example/users?c=2"})).await;
    let page = json!({"next_link": {"body": "/next"}, "end": "no_cursor"});
    let error = failure(open(&settings(&server, &page)).unwrap().as_ref()).await;
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(error.message().contains("evil.example"), "{error}");
}

/// Serves so many items in pages of this size by an offset, with their number, which may change.
struct Counted {
    items: std::sync::atomic::AtomicUsize,
    size: usize,
    each: i64,
    ignores: bool,
}

impl Respond for Counted {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        use std::sync::atomic::Ordering::SeqCst;
        let offset = request.url.query_pairs().find(|(name, _)| name == "offset").map(|(_, value)| value.into_owned());
        let from: usize = offset.map_or(0, |text| if self.ignores { 0 } else { text.parse().unwrap() });
        let total = self.items.load(SeqCst);
        self.items.store(usize::try_from(i64::try_from(total).unwrap() + self.each).unwrap_or(0), SeqCst);
        let items: Vec<_> = (from..(from + self.size).min(total)).map(|id| json!({"id": id})).collect();
        ResponseTemplate::new(200).set_body_json(json!({"data": items, "total": total}))
    }
}

async fn counted(items: usize, size: usize, each: i64, ignores: bool) -> MockServer {
    let server = MockServer::start().await;
    let pages = Counted { items: items.into(), size, each, ignores };
    Mock::given(any()).respond_with(pages).mount(&server).await;
    server
}

fn by_offset(server: &MockServer) -> Value {
    settings(server, &json!({"offset": {"as": "offset"}, "end": {"total": "/total"}}))
}

#[tokio::test]
async fn a_list_that_counts_its_items_is_read_in_branches_that_miss_nothing() {
    for (items, size) in [(0, 3), (1, 3), (3, 3), (4, 3), (7, 3), (25, 3), (100, 3), (1000, 7), (64, 1)] {
        let server = counted(items, size, 0, false).await;
        let listed = accounts(open(&by_offset(&server)).unwrap().as_ref()).await.unwrap();
        let mut ids: Vec<usize> = listed.items.iter().map(|one| one.id.parse().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..items).collect::<Vec<_>>(), "{items} by {size}");
        assert_eq!(listed.incomplete.len(), 0, "{items} by {size}: {:?}", listed.incomplete);
        let asked = server.received_requests().await.unwrap().len();
        assert_eq!(asked, items.div_ceil(size).max(1), "{items} by {size}");
    }
}

#[tokio::test]
async fn a_list_that_becomes_longer_is_read_to_its_new_end_and_a_shorter_one_is_not_complete() {
    let server = counted(40, 3, 1, false).await;
    let listed = accounts(open(&by_offset(&server)).unwrap().as_ref()).await.unwrap();
    assert!(listed.items.len() > 40 && listed.incomplete.is_empty(), "{} {:?}", listed.items.len(), listed.incomplete);
    let server = counted(40, 3, -1, false).await;
    let listed = accounts(open(&by_offset(&server)).unwrap().as_ref()).await.unwrap();
    assert!(!listed.incomplete.is_empty(), "{}", listed.items.len());
}

#[tokio::test]
async fn a_server_that_ignores_the_offset_is_an_error_and_no_shorter_list() {
    for items in [5, 7, 40] {
        let server = counted(items, 3, 0, true).await;
        let error = failure(open(&by_offset(&server)).unwrap().as_ref()).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{items}: {error}");
        assert!(error.message().contains("never end"), "{items}: {error}");
    }
}
