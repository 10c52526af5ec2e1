//! Requests that are safe to repeat are repeated, within limits. A request that may have been carried out is not.

use crate::server::{Scripted, answer};
use crate::source::{client, login_for, plain, requests, started, token_url, with_client_secret};
use connector_core::{ErrorKind, Happened, HttpOptions, Retry};
use connector_http::{Client, Method, Reach, Reaction};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

/// Where nobody listens: another test can get a port that was free a moment ago, but never this one.
const NOBODY: &str = "127.0.0.1:1";

fn at_once(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("Retry-After", "0")
}

#[tokio::test]
async fn a_read_is_repeated_after_a_temporary_status() {
    for status in [408, 429, 500, 502, 503, 504] {
        let server = started().await;
        Mock::given(path("/data")).respond_with(at_once(status)).up_to_n_times(2).mount(&server).await;
        Mock::given(path("/data")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
        let context = with_client_secret(&token_url(&server), plain());
        let client = Client::open(&context, Reach::named_by_token()).unwrap();
        assert_eq!(client.get("/data").send().await.unwrap().status, 200, "{status}");
        assert_eq!(requests(&server, "/data").await, 3);
        assert_eq!((context.meter().api_calls(), context.meter().retries()), (4, 2));
    }
}

#[tokio::test]
async fn repeating_ends_and_the_last_status_is_returned() {
    let server = started().await;
    Mock::given(path("/data")).respond_with(at_once(503)).mount(&server).await;
    assert_eq!(client(&token_url(&server)).get("/data").send().await.unwrap().status, 503);
    assert_eq!(requests(&server, "/data").await, 5);
}

#[tokio::test]
async fn a_final_status_is_not_repeated() {
    for status in [200, 204, 300, 304, 400, 403, 404, 501] {
        let server = started().await;
        Mock::given(path("/data")).respond_with(at_once(status)).mount(&server).await;
        assert_eq!(client(&token_url(&server)).get("/data").send().await.unwrap().status, status);
        assert_eq!(requests(&server, "/data").await, 1, "{status}");
    }
}

#[tokio::test]
async fn a_wait_longer_than_the_limit_ends_the_tries_immediately() {
    for wait in ["86400", "Thu, 31 Dec 2099 23:59:59 GMT"] {
        let server = started().await;
        let template = ResponseTemplate::new(503).insert_header("Retry-After", wait);
        Mock::given(path("/data")).respond_with(template).mount(&server).await;
        assert_eq!(client(&token_url(&server)).get("/data").send().await.unwrap().status, 503);
        assert_eq!(requests(&server, "/data").await, 1, "{wait}");
    }
}

#[tokio::test]
async fn a_date_in_the_past_means_now() {
    let server = started().await;
    let template = ResponseTemplate::new(503).insert_header("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT");
    Mock::given(path("/data")).respond_with(template).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/data")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    assert_eq!(client(&token_url(&server)).get("/data").send().await.unwrap().status, 200);
    assert_eq!(requests(&server, "/data").await, 2);
}

#[tokio::test]
async fn a_write_is_not_repeated_unless_it_is_marked_repeatable() {
    let server = started().await;
    Mock::given(path("/data")).respond_with(at_once(503)).mount(&server).await;
    let client = client(&token_url(&server));
    let writes = [
        client.post_json("/data", &1),
        client.put_json("/data", &1),
        client.patch_json("/data", &1),
        client.delete("/data"),
    ];
    for write in writes {
        assert_eq!(write.send().await.unwrap().status, 503);
    }
    assert_eq!(requests(&server, "/data").await, 4);
    client.put_json("/data", &1).repeatable().send().await.unwrap();
    assert_eq!(requests(&server, "/data").await, 9);
}

#[tokio::test]
async fn every_write_is_repeated_after_status_429_because_the_service_carried_out_nothing() {
    for busy in [at_once(429), ResponseTemplate::new(429)] {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let server = started().await;
            Mock::given(path("/data")).respond_with(busy.clone()).up_to_n_times(1).mount(&server).await;
            Mock::given(path("/data")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
            let context = with_client_secret(&token_url(&server), plain());
            let client = Client::open(&context, Reach::named_by_token()).unwrap();
            assert_eq!(client.request(method.clone(), "/data").send().await.unwrap().status, 204);
            assert_eq!((requests(&server, "/data").await, context.meter().retries()), (2, 1), "{method}");
        }
    }
}

#[tokio::test]
async fn a_write_that_is_refused_with_429_each_time_has_not_happened_and_ends_within_the_limits() {
    let server = started().await;
    Mock::given(path("/data")).respond_with(at_once(429)).mount(&server).await;
    let error = client(&token_url(&server)).post_json("/data", &1).answer().await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::RateLimited, Happened::No), "{error:?}");
    assert_eq!(requests(&server, "/data").await, 5);
    let server = started().await;
    let tomorrow = ResponseTemplate::new(429).insert_header("Retry-After", "86400");
    Mock::given(path("/data")).respond_with(tomorrow).mount(&server).await;
    assert_eq!(client(&token_url(&server)).post_json("/data", &1).send().await.unwrap().status, 429);
    assert_eq!(requests(&server, "/data").await, 1, "the wait is longer than the limit");
}

#[tokio::test]
async fn a_write_that_a_gateway_answers_with_an_error_may_have_happened() {
    for (status, happened) in [(502, Happened::Unknown), (504, Happened::Unknown), (422, Happened::No)] {
        let server = started().await;
        Mock::given(path("/data")).respond_with(ResponseTemplate::new(status)).mount(&server).await;
        let error = client(&token_url(&server)).post_json("/data", &1).answer().await.unwrap_err();
        assert_eq!((error.happened(), error.retry()), (happened, Retry::No), "{error:?}");
        assert_eq!(requests(&server, "/data").await, 1);
    }
}

#[tokio::test]
async fn a_write_whose_repeat_after_429_was_cut_off_is_not_repeated_again_and_its_result_is_unknown() {
    let busy = answer("429 Too Many Requests", "Retry-After: 0\r\n", b"");
    let api = Scripted::start(vec![busy, Vec::new(), answer("200 OK", "", b"{}")]);
    let error = client(&login_for(&api.url())).post_json("/data", &1).send().await.unwrap_err();
    assert_eq!((error.happened(), error.retry()), (Happened::Unknown, Retry::No), "{error:?}");
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test]
async fn a_write_whose_response_was_cut_off_is_not_repeated_and_its_result_is_unknown() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":".to_vec();
    for broken in [cut, Vec::new()] {
        let api = Scripted::start(vec![broken; 9]);
        let client = client(&login_for(&api.url()));
        for write in [client.post_json("/data", &1), client.patch_json("/data", &1), client.delete("/data")] {
            let error = write.send().await.unwrap_err();
            assert_eq!((error.happened(), error.retry()), (Happened::Unknown, Retry::No), "{error:?}");
        }
        assert_eq!(api.seen().len(), 3);
    }
}

#[tokio::test]
async fn a_read_whose_response_was_cut_off_is_repeated() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
    let api = Scripted::start(vec![cut, answer("200 OK", "", b"whole")]);
    let response = client(&login_for(&api.url())).get("/data").send().await.unwrap();
    assert_eq!(response.body, "whole");
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test]
async fn a_write_that_never_reached_the_server_is_known_not_to_have_happened() {
    let client = client(&login_for(&format!("http://{NOBODY}")));
    let error = client.post_json("/data", &1).send().await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Unavailable, Happened::No));
    assert_eq!(error.retry(), Retry::Exhausted, "it was retried, which is safe here");
}

#[tokio::test]
async fn a_refused_connection_is_an_error_at_once_where_somebody_waits() {
    for (gives_up_if_refused, calls) in [(true, 1), (false, 5)] {
        let http = HttpOptions { gives_up_if_refused, ..plain() };
        let context = with_client_secret(&login_for(&format!("http://{NOBODY}")), http);
        let client = Client::open(&context, Reach::named_by_token()).unwrap();
        client.token().await.unwrap();
        let before = context.meter().api_calls();
        let error = client.get("/data").send().await.unwrap_err();
        assert!(error.message().ends_with("refused the connection"), "{error}");
        assert_eq!(context.meter().api_calls() - before, calls);
    }
}

#[tokio::test]
async fn a_connector_decides_which_response_is_temporary() {
    let server = started().await;
    let locked = at_once(400).set_body_string("locked");
    Mock::given(path("/data")).respond_with(locked).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/data")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let client = client(&token_url(&server)).with_reaction(|answer| match answer.status {
        400 if answer.body == "locked" => Reaction::Retry,
        _ => Reaction::Final,
    });
    assert_eq!(client.get("/data").send().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_repeated_request_has_the_same_bytes() {
    let server = started().await;
    Mock::given(path("/data")).respond_with(at_once(503)).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/data")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let body = serde_json::json!({"name": "Jané & Co"});
    let request = client(&token_url(&server)).post_json("/data", &body);
    request.query(&[("q", "a b&c")]).header("x-extra", "1").repeatable().send().await.unwrap();
    let all = server.received_requests().await.unwrap();
    let sent: Vec<_> = all.iter().filter(|request| request.url.path() == "/data").collect();
    assert_eq!(sent.len(), 2);
    for request in sent {
        assert_eq!(request.body_json::<serde_json::Value>().unwrap(), body);
        assert_eq!(request.url.query_pairs().collect::<Vec<_>>(), [("q".into(), "a b&c".into())]);
        assert_eq!(request.headers["x-extra"], "1");
        assert!(request.headers["user-agent"].to_str().unwrap().starts_with("connector/"));
    }
}
