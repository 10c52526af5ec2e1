//! A cut or damaged body is an error, never a shorter body (promise 3).

use crate::server::{Scripted, answer};
use crate::source::{client, login_for, requests, started, token_url};
use connector_core::{Error, ErrorKind};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

const GZIP: &str = "Content-Encoding: gzip\r\n";

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Sends one request without retries, like a write, so that no second try hides the fault.
async fn ask(bytes: Vec<u8>) -> Result<connector_http::Response, Error> {
    let api = Scripted::start(vec![bytes]);
    client(&login_for(&api.url())).post_json("/data", &1).send().await
}

#[tokio::test]
async fn a_truncated_body_is_an_error() {
    let whole = answer("200 OK", "", b"0123456789");
    assert_eq!(ask(whole.clone()).await.unwrap().body, "0123456789");
    for missing in 1..=10 {
        let error = ask(whole[..whole.len() - missing].to_vec()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{missing} bytes missing: {error:?}");
        assert!(error.message().contains("cut off or damaged"), "{error}");
    }
}

#[tokio::test]
async fn a_truncated_chunked_body_is_an_error() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(ask(format!("{head}4\r\nwhol\r\n1\r\ne\r\n0\r\n\r\n").into()).await.unwrap().body, "whole");
    for cut in ["4\r\nwhol\r\n", "4\r\nwh", "4\r\nwhol\r\n1\r\ne\r\n", "zz\r\n"] {
        let error = ask(format!("{head}{cut}").into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{cut:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_truncated_gzip_body_is_an_error_even_when_its_length_fits() {
    let body: Vec<u8> = (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let packed = gzip(&body);
    assert_eq!(ask(answer("200 OK", GZIP, &packed)).await.unwrap().body, body);
    for missing in [1, 4, 8, 9, packed.len() / 2, packed.len() - 11] {
        let error = ask(answer("200 OK", GZIP, &packed[..packed.len() - missing])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{missing} bytes missing: {error:?}");
    }
}

#[tokio::test]
async fn a_damaged_gzip_body_is_an_error() {
    let mut packed = gzip(&[7; 9000]);
    let end = packed.len();
    packed[end - 6] ^= 0xff;
    for bytes in [packed, b"not gzip at all".to_vec()] {
        let error = ask(answer("200 OK", GZIP, &bytes)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    }
}

#[tokio::test]
async fn a_gzip_body_is_decompressed() {
    let server = started().await;
    let template = ResponseTemplate::new(200).insert_header("Content-Encoding", "gzip").set_body_bytes(gzip(b"[1,2]"));
    Mock::given(path("/data")).respond_with(template).mount(&server).await;
    let response = client(&token_url(&server)).get("/data").send().await.unwrap();
    assert_eq!(response.json::<Vec<u8>>().unwrap(), [1, 2]);
    assert_eq!(requests(&server, "/data").await, 1);
    let all = server.received_requests().await.unwrap();
    assert!(all.iter().all(|request| request.headers["accept-encoding"].to_str().unwrap().contains("gzip")));
}

#[tokio::test]
async fn a_body_that_is_not_the_expected_json_is_an_error_that_describes_it() {
    for (body, part) in [
        (&b""[..], "is empty"),
        (b"<html>login</html>", "web page"),
        (b"[1,2", "is cut off after 4 bytes"),
        (b"[1,\n\"marked-value\"]", "line 2"),
    ] {
        let error = ask(answer("200 OK", "", body)).await.unwrap().json::<Vec<u8>>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains(part), "{error}");
        assert!(error.help().is_some_and(|help| help.contains("proxy")), "{error:?}");
        assert!(!format!("{error:?}").contains("marked"), "{error:?}");
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_refused() {
    // Slightly larger than the limit after decompression, and small on the network.
    let packed = gzip(&vec![0; 257 * 1024 * 1024]);
    let error = ask(answer("200 OK", GZIP, &packed)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("larger than 256 MiB"), "{error}");
}
