//! A body that is read in parts keeps the promises of a body that is read at once.

use crate::server::{Scripted, answer};
use crate::source::{client, login_for, plain, with_client_secret};
use connector_core::{Error, ErrorKind, HttpOptions, Retry};
use connector_http::{Client, Reach};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

async fn read(client: &Client) -> Result<(u16, Vec<u8>), Error> {
    let (response, parts) = client.get("/rows").stream().await?;
    let mut body = response.body.to_vec();
    if let Some(mut parts) = parts {
        assert!(response.body.is_empty());
        while let Some(part) = parts.next().await? {
            body.extend_from_slice(&part);
        }
    }
    Ok((response.status, body))
}

#[tokio::test]
async fn all_parts_together_are_the_body_and_a_cut_one_is_an_error() {
    // Larger than the largest body that is read at once.
    let long = vec![b'a'; 300 * 1024 * 1024];
    let whole = answer("200 OK", "", &long);
    let api = Scripted::start(vec![whole]);
    let client = client(&login_for(&api.url()));
    let (response, parts) = client.get("/rows").stream().await.unwrap();
    let (mut parts, mut length) = (parts.unwrap(), 0);
    while let Some(part) = parts.next().await.unwrap() {
        length += part.len();
    }
    assert_eq!((response.status, length), (200, long.len()));

    let whole = answer("200 OK", "", b"0123456789");
    let api = Scripted::start(vec![whole[..whole.len() - 1].to_vec()]);
    let error = read(&crate::source::client(&login_for(&api.url()))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(matches!(error.retry(), Retry::After(_)), "the caller may ask for the page again: {error:?}");
}

#[tokio::test]
async fn what_is_no_success_is_complete_and_repeated_like_any_request() {
    let missing = answer("404 Not Found", "", b"no such job");
    let api = Scripted::start(vec![missing]);
    let read_once = read(&client(&login_for(&api.url()))).await.unwrap();
    assert_eq!(read_once, (404, b"no such job".to_vec()));

    let script = vec![answer("503 Service Unavailable", "", b""), answer("200 OK", "", b"a,b\n")];
    let api = Scripted::start(script);
    let repeated = read(&client(&login_for(&api.url()))).await.unwrap();
    assert_eq!(repeated, (200, b"a,b\n".to_vec()));
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test]
async fn only_the_response_to_a_get_is_read_in_parts() {
    let api = Scripted::start(Vec::new());
    let error = client(&login_for(&api.url())).post_json("/rows", &1).stream().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(api.seen().is_empty());
}

/// A server that sends one part of a body, waits until it is told, and sends the rest. If it is never told, it sends nothing more.
fn halting() -> (String, std::sync::mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (go, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc").unwrap();
        if told.recv().is_ok() {
            stream.write_all(b"def").unwrap();
        }
        let _ = stream.read(&mut [0; 16]);
    });
    (url, go)
}

fn impatient(url: &str) -> Client {
    let http = HttpOptions { timeout: "1s".parse().unwrap(), ..plain() };
    Client::open(&with_client_secret(&login_for(url), http), Reach::named_by_token()).unwrap()
}

#[tokio::test]
async fn a_server_that_stops_sending_is_not_waited_for_beyond_the_time_limit() {
    let (url, _go) = halting();
    let (_, parts) = impatient(&url).get("/rows").stream().await.unwrap();
    let mut parts = parts.unwrap();
    assert_eq!(parts.next().await.unwrap().unwrap(), "abc");
    let error = parts.next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert!(matches!(error.retry(), Retry::After(_)), "{error:?}");
}

#[tokio::test]
async fn the_time_in_which_nobody_reads_does_not_count() {
    let (url, go) = halting();
    let (_, parts) = impatient(&url).get("/rows").stream().await.unwrap();
    let mut parts = parts.unwrap();
    assert_eq!(parts.next().await.unwrap().unwrap(), "abc");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    go.send(()).unwrap();
    assert_eq!(parts.next().await.unwrap().unwrap(), "def");
    assert_eq!(parts.next().await.unwrap(), None);
}
