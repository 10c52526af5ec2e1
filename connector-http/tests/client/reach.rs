//! The errors for an unreachable source say why, and what to do.

use crate::server::{Scripted, answer};
use crate::source::{CLIENT_SECRET, TOKEN_PATH, client, context, login_for, plain, token_for, with_client_secret};
use connector_core::{Clock, Context, Error, ErrorKind, HttpOptions, Retry, StepStatus, TestReport};
use connector_http::{Client, Reach};
use connector_keys::{CertificateAuthority, PrivateKey};
use jiff::{Timestamp, ToSpan};
use secrecy::ExposeSecret;
use serde_json::json;
use std::io::{Read, Write};
use std::path::PathBuf;

async fn token_error(token_url: &str, http: HttpOptions) -> Error {
    Client::open(&with_client_secret(token_url, http), Reach::named_by_token()).unwrap().token().await.unwrap_err()
}

fn assert_says(error: &Error, kind: ErrorKind, message: &str, help: &str) {
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(error.message().contains(message), "{message}: {error:?}");
    assert!(error.help().unwrap().contains(help), "{help}: {error:?}");
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    let error = token_error("https://no-such-host.invalid/token?x=marked", HttpOptions::default()).await;
    assert_says(&error, ErrorKind::Unavailable, "`no-such-host.invalid` was not found", "spelling");
    assert!(!format!("{error:?}").contains("marked"), "{error:?}");
}

#[tokio::test]
async fn a_refused_connection_is_named() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = token_error(&format!("http://{nobody}/token"), plain()).await;
    assert_says(&error, ErrorKind::Unavailable, &format!("`{nobody}` refused the connection"), "server is running");
    assert_eq!(error.retry(), Retry::Exhausted);
}

#[tokio::test]
async fn a_server_that_hangs_up_is_named() {
    let server = Scripted::start(vec![]);
    let error = token_error(&format!("{}{TOKEN_PATH}", server.url()), plain()).await;
    assert_says(&error, ErrorKind::Unavailable, "broke before a response arrived", "proxies");
}

#[tokio::test]
async fn a_silent_server_is_an_error_after_the_time_limit() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http = HttpOptions { timeout: "100ms".parse().unwrap(), ..plain() };
    let error = token_error(&format!("http://{}/token", silent.local_addr().unwrap()), http).await;
    assert_says(&error, ErrorKind::Timeout, "within the time limit of 100 ms, tried 3 times", "timeout:");
}

#[tokio::test]
async fn a_host_that_never_connects_is_told_apart_and_the_message_names_tries_and_time() {
    // The listener takes the connection, and nobody answers in the TLS handshake.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let http = HttpOptions { timeout: "1s".parse().unwrap(), ..HttpOptions::default() };
    let error = token_error(&format!("https://{address}/token"), http).await;
    let message = format!("no connection to `{address}` within the time limit of 500 ms, tried 3 times");
    assert_says(&error, ErrorKind::Timeout, &message, "proxy");
    assert_eq!(error.retry(), Retry::Exhausted);
}

#[tokio::test]
async fn a_server_without_tls_is_named() {
    // Answers whatever it gets with plain HTTP, as a web server does that is asked for TLS.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(&answer("400 Bad Request", "", b""));
        }
    });
    let error = token_error(&format!("https://{address}/token"), HttpOptions::default()).await;
    assert_says(&error, ErrorKind::Unavailable, "does not use TLS", "port");
}

/// An authority, and a server whose certificate it issued for `hosts` at `issued`.
struct Tls {
    folder: tempfile::TempDir,
    server: Scripted,
}

impl Tls {
    fn start(hosts: &[&str], issued: Timestamp) -> Self {
        let authority = CertificateAuthority::generate("Test authority", Timestamp::now()).unwrap();
        let key = PrivateKey::generate(2048).unwrap();
        let certificate = authority.issue_server(hosts, &key, issued).unwrap().to_pem();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.certificate().to_pem()).unwrap();
        let token = answer("200 OK", "", br#"{"access_token":"x","token_type":"Bearer"}"#);
        let key = key.to_pkcs8_pem(None).unwrap();
        Self { folder, server: Scripted::start_tls(&certificate, key.expose_secret(), vec![token; 9]) }
    }

    fn context(&self, host: &str, ca_file: Option<&str>) -> Context {
        let http = HttpOptions { ca_file: ca_file.map(PathBuf::from), ..HttpOptions::default() };
        let auth = json!({
            "token_url": format!("https://{host}:{}/token", self.server.port()),
            "client_id": "c", "client_secret_ref": "memory:client",
        });
        let bare = Context::new("acme", self.folder.path()).with_http(http);
        let strategy = (connector_core::registry::auth_strategy("client_credentials").unwrap().open)(auth, &bare);
        bare.with_auth(strategy.unwrap())
    }

    async fn error(&self, host: &str, ca_file: Option<&str>) -> Error {
        Client::open(&self.context(host, ca_file), Reach::named_by_token()).unwrap().token().await.unwrap_err()
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_if_the_source_names_its_file() {
    for host in ["localhost", "127.0.0.1"] {
        let tls = Tls::start(&["localhost", "127.0.0.1"], Timestamp::now());
        let client = Client::open(&tls.context(host, Some("ca.pem")), Reach::named_by_token()).unwrap();
        client.token().await.unwrap();
    }
}

#[tokio::test]
async fn the_error_for_an_invalid_certificate_says_why() {
    let now = Timestamp::now();
    let good = Tls::start(&["localhost"], now);
    let error = good.error("localhost", None).await;
    assert_says(&error, ErrorKind::Unavailable, "does not trust", "ca_file");
    assert_eq!(error.retry(), Retry::No, "it is not retried");
    let error = good.error("127.0.0.1", Some("ca.pem")).await;
    assert_says(&error, ErrorKind::Unavailable, "another host name", "host name");
    let expired = Tls::start(&["localhost"], now - (24 * 400).hours());
    assert_says(&expired.error("localhost", Some("ca.pem")).await, ErrorKind::Unavailable, "has expired", "renew");
    let early = Tls::start(&["localhost"], now + (24 * 9).hours());
    assert_says(&early.error("localhost", Some("ca.pem")).await, ErrorKind::Unavailable, "not valid yet", "clock");
}

#[tokio::test]
async fn a_ca_file_that_is_missing_or_has_no_certificate_is_named() {
    let tls = Tls::start(&["localhost"], Timestamp::now());
    let key = PrivateKey::generate(2048).unwrap().to_pkcs8_pem(None).unwrap();
    std::fs::write(tls.folder.path().join("empty.pem"), "").unwrap();
    std::fs::write(tls.folder.path().join("key.pem"), key.expose_secret()).unwrap();
    std::fs::write(tls.folder.path().join("cut.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n").unwrap();
    let garbage = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
    std::fs::write(tls.folder.path().join("garbage.pem"), garbage).unwrap();
    for (file, part) in [
        ("missing.pem", "can't read"),
        ("empty.pem", "contains no valid certificate"),
        ("key.pem", "contains no valid certificate"),
        ("cut.pem", "contains no valid certificate"),
        ("garbage.pem", "contains no valid certificate"),
    ] {
        let error = Client::open(&tls.context("localhost", Some(file)), Reach::named_by_token()).unwrap_err();
        assert_says(&error, ErrorKind::Definition, part, "");
        assert!(error.message().contains(file), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_sees_only_the_host_and_its_refusal_is_named() {
    let proxy = Scripted::start(vec![answer("403 Forbidden", "", b""); 9]);
    let http = HttpOptions { proxy: Some(proxy.url().parse().unwrap()), ..HttpOptions::default() };
    let error = token_error("https://acme.example/token", http).await;
    assert_says(&error, ErrorKind::Unavailable, "proxy refused to connect to `acme.example`", "http: {proxy:");
    assert!(proxy.seen()[0].starts_with("CONNECT acme.example:443 HTTP/1.1"), "{:?}", proxy.seen());
    assert!(proxy.seen().iter().all(|request| !request.contains(CLIENT_SECRET)));
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_is_named_with_its_setting() {
    let proxy = Scripted::start(vec![answer("407 Proxy Authentication Required", "", b""); 9]);
    let http = HttpOptions { proxy: Some(proxy.url().parse().unwrap()), ..HttpOptions::default() };
    let error = token_error("https://acme.example/token", http).await;
    let says = "the proxy in `http: {proxy: …}` requires a user name and a password to connect to `acme.example`";
    assert_says(&error, ErrorKind::Unavailable, says, "HTTPS_PROXY");
}

/// The variables apply to the whole process, so this test starts itself again for each.
#[tokio::test]
async fn a_proxy_of_the_environment_is_named_when_it_refuses_or_is_none() {
    const EXPECTED: &str = "CONNECTOR_TEST_EXPECTS";
    if let Ok(expected) = std::env::var(EXPECTED) {
        let context = with_client_secret("https://acme.example/token", HttpOptions::default());
        let error = match Client::open(&context, Reach::named_by_token()) {
            Ok(client) => client.token().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(error.to_string().contains(&expected) && error.help().is_some(), "{error:?}");
        assert!(!format!("{error:?}").contains("no url"), "{error:?}");
        return;
    }
    let proxy = Scripted::start(vec![answer("407 Proxy Authentication Required", "", b""); 9]);
    for (value, expected) in [
        (proxy.url().as_str(), "the proxy in the environment variable HTTPS_PROXY or ALL_PROXY requires a user name"),
        ("no url", "the environment variable HTTPS_PROXY does not hold the URL of a proxy"),
    ] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        for name in ["https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
            child.env_remove(name);
        }
        let name = "reach::a_proxy_of_the_environment_is_named_when_it_refuses_or_is_none";
        let child = child.args(["--exact", name]).env(EXPECTED, expected).env("HTTPS_PROXY", value).output().unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{value}: {said}");
    }
}

#[tokio::test]
async fn the_step_access_token_names_the_hosts_and_a_wrong_clock() {
    let token = token_for("http://localhost:9").to_string();
    let date = "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n";
    for (clock, status) in [("2026-11-23T10:00:30Z", StepStatus::Passed), ("2026-11-23T10:05:00Z", StepStatus::Warning)]
    {
        let server = Scripted::start(vec![answer("200 OK", date, token.as_bytes())]);
        let now: Timestamp = clock.parse().unwrap();
        let auth = json!({
            "token_url": format!("{}/token", server.url()), "client_id": "c", "client_secret_ref": "memory:client",
        });
        let context = context("client_credentials", auth, plain(), Clock::from_fn(move || now));
        let mut report = TestReport::new();
        Client::open(&context, Reach::named_by_token()).unwrap().test_access_token(&mut report).await;
        let step = &report.steps()[0];
        assert_eq!((step.name, step.status), ("access_token", status), "{step:?}");
        assert!(step.detail.as_ref().unwrap().contains("localhost:9"), "{step:?}");
        let hint = step.help.as_deref().unwrap_or_default();
        assert_eq!(hint.contains("300 seconds ahead"), status == StepStatus::Warning, "{hint}");
    }
}

#[tokio::test]
async fn without_an_instance_url_requests_go_to_the_origin_of_the_token_url() {
    let token = answer("200 OK", "", br#"{"access_token":"x","token_type":"Bearer"}"#);
    let server = Scripted::start(vec![token, answer("200 OK", "", b"here")]);
    let client = client(&format!("{}/deep/token", server.url()));
    assert_eq!(client.base_url().await.unwrap().as_str(), format!("{}/", server.url()));
    assert_eq!(client.get("/data?x=1").send().await.unwrap().body, "here");
    assert!(server.seen()[1].starts_with("GET /data?x=1 HTTP/1.1"));
}

#[tokio::test]
async fn a_complete_url_on_a_host_of_the_source_is_requested() {
    let api = Scripted::start(vec![answer("200 OK", "", b"next")]);
    let client = client(&login_for(&api.url()));
    assert_eq!(client.get(&format!("{}/page/2", api.url())).send().await.unwrap().body, "next");
}
