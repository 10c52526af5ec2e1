//! Credentials stay with the hosts that the source names (promise 2).

use crate::server::{Scripted, answer};
use crate::source::{
    ACCESS_TOKEN, CLIENT_SECRET, TOKEN_PATH, client, context, keep, login_for, plain, token_for, with_client_secret,
};
use connector_core::{Clock, Error, ErrorKind, HttpOptions};
use connector_http::{Client, Reach};
use connector_keys::{CertificateAuthority, PrivateKey};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::json;

/// Signs in to a TLS server on this machine whose token has this `instance_url`, and requests `path`.
struct Secure {
    folder: tempfile::TempDir,
    login: Scripted,
}

impl Secure {
    fn start(instance_url: &str) -> Self {
        let now = Timestamp::now();
        let authority = CertificateAuthority::generate("Test authority", now).unwrap();
        let key = PrivateKey::generate(2048).unwrap();
        let certificate = authority.issue_server(&["localhost"], &key, now).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.certificate().to_pem()).unwrap();
        let token = answer("200 OK", "", token_for(instance_url).to_string().as_bytes());
        let key = key.to_pkcs8_pem(None).unwrap();
        Self { folder, login: Scripted::start_tls(&certificate.to_pem(), key.expose_secret(), vec![token; 9]) }
    }

    fn client(&self, insecure_loopback: bool) -> Client {
        let http = HttpOptions {
            ca_file: Some(self.folder.path().join("ca.pem")),
            allow_insecure_loopback: insecure_loopback,
            ..HttpOptions::default()
        };
        let token_url = format!("https://localhost:{}{TOKEN_PATH}", self.login.port());
        Client::open(&with_client_secret(&token_url, http), Reach::named_by_token()).unwrap()
    }
}

fn assert_refused(error: &Error, host: &str) {
    assert_eq!(error.kind(), ErrorKind::Auth, "{error:?}");
    assert!(error.message().contains(host), "{error}");
    assert!(error.help().is_some());
}

#[tokio::test]
async fn credentials_never_leave_for_a_host_the_source_does_not_name() {
    // An instance that the token names, but that is not allowed.
    for instance in [
        "https://evil.example",
        "https://127.0.0.1.evil.example",
        "https://localhost.evil.example",
        "https://user:pass@localhost",
        "http://evil.example",
        "http://10.0.0.1",
    ] {
        let client = client(&login_for(instance));
        let host = instance.rsplit(['/', '@']).next().unwrap();
        assert_refused(&client.base_url().await.unwrap_err(), host);
        assert_refused(&client.get("/data").send().await.unwrap_err(), host);
        assert_refused(&client.post_json("/data", &1).send().await.unwrap_err(), host);
    }

    // A link in a response. The listener represents the foreign host: no request may reach it.
    let api = Scripted::start(vec![answer("200 OK", "", b""); 9]);
    let client = client(&login_for(&api.url()));
    for link in ["https://evil.example/next", "//evil.example/next", "https://localhost@evil.example/"] {
        match client.get(link).send().await {
            Err(error) => assert_refused(&error, "evil.example"),
            Ok(_) => assert!(api.seen().last().unwrap().starts_with("GET //evil.example/next"), "{link}"),
        }
    }
    for odd in ["next", "file:///etc/passwd", "javascript:1", ""] {
        let error = client.get(odd).send().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Auth | ErrorKind::Protocol), "{odd}: {error:?}");
    }
    assert_eq!(api.seen().len(), 1, "the path that only looks like a host went to the source");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_error_names_only_its_host() {
    let foreign = Scripted::start(vec![answer("200 OK", "", b"stolen"); 9]);
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: http://localhost:{}/x?sid=marked-sid\r\n", foreign.port());
        let api = Scripted::start(vec![answer(status, &location, b""); 2]);
        let error = client(&login_for(&api.url())).get("/data").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{status}");
        assert!(error.message().contains(&format!("localhost:{}", foreign.port())), "{error}");
        assert!(!format!("{error:?}").contains("marked-sid"), "{error:?}");
        assert_eq!(api.seen().len(), 1, "{status}");

        let token_url = format!("{}{TOKEN_PATH}", Scripted::start(vec![answer(status, &location, b"")]).url());
        assert!(client(&token_url).token().await.unwrap_err().message().contains("redirects"));
    }
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn an_instance_on_the_allow_list_gets_the_token() {
    let api = Scripted::start(vec![answer("200 OK", "", b"good")]);
    let secure = Secure::start(&format!("http://127.0.0.1:{}", api.port()));
    // Both are on this machine, which is allowed if plain http is.
    let response = secure.client(true).get("/data").send().await.unwrap();
    assert_eq!(response.body, "good");
    assert!(api.seen()[0].contains(&format!("Bearer {ACCESS_TOKEN}")));

    let auth = json!({"token_url": "https://login.acme.example/token", "client_id": "c", "client_secret_ref": "memory:client"});
    let context = context("client_credentials", auth, HttpOptions::default(), Clock::system());
    Client::open(&context, Reach::named_by_token().and_where(|token_url, url| token_url.domain() == url.domain()))
        .unwrap();
}

#[test]
fn plain_http_is_refused_except_on_this_machine_with_the_switch() {
    let open = |token_url: &str, http: HttpOptions| {
        Client::open(&with_client_secret(token_url, http), Reach::named_by_token().and_where(|_, _| true)).map(|_| ())
    };
    for local in ["http://127.0.0.1:1/t", "http://localhost/t", "http://[::1]/t", "http://127.9.9.9/t"] {
        open(local, plain()).unwrap();
        let error = open(local, HttpOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert!(error.help().unwrap().contains("allow_insecure_loopback: true"), "{local}");
    }
    for far in [
        "http://acme.example/t",
        "http://10.0.0.1/t",
        "http://0.0.0.0/t",
        "http://localhost.acme.example/t",
        "http://api.localhost/t",
    ] {
        let error = open(far, plain()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition, "{far}");
        assert!(error.help().unwrap().contains("https://"), "{far}");
    }
    for odd in ["ftp://acme.example/t", "data:x", "https://user:marked@acme.example/t"] {
        let error = open(odd, plain()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition, "{odd}");
        assert!(!format!("{error:?}").contains("marked"));
    }
}

#[tokio::test]
async fn a_token_received_over_tls_is_not_sent_in_plain_http_without_the_switch() {
    let api = Scripted::start(vec![answer("200 OK", "", b""); 9]);
    let secure = Secure::start(&api.url());
    assert_refused(&secure.client(false).get("/data").send().await.unwrap_err(), "127.0.0.1");
    assert!(api.seen().is_empty());
}

#[tokio::test]
async fn requests_to_a_local_source_never_use_a_proxy() {
    let proxy = Scripted::start(vec![answer("200 OK", "", b"proxied"); 9]);
    let api = Scripted::start(vec![answer("200 OK", "", b"direct")]);
    let http = HttpOptions { proxy: Some(proxy.url().parse().unwrap()), ..plain() };
    let client = Client::open(&with_client_secret(&login_for(&api.url()), http), Reach::named_by_token()).unwrap();
    assert_eq!(client.get("/data").send().await.unwrap().body, "direct");
    assert!(proxy.seen().is_empty());
}

/// A proxy in the environment applies to the whole process, so this test starts itself again with one set.
#[tokio::test]
async fn requests_to_a_local_source_never_use_the_proxy_of_the_environment() {
    const CHILD: &str = "CONNECTOR_TEST_IN_CHILD";
    let name = "credentials::requests_to_a_local_source_never_use_the_proxy_of_the_environment";
    if std::env::var_os(CHILD).is_some() {
        let api = Scripted::start(vec![answer("200 OK", "", b"direct")]);
        assert_eq!(client(&login_for(&api.url())).get("/data").send().await.unwrap().body, "direct");
        return;
    }
    let proxy = Scripted::start(vec![answer("200 OK", "", token_for("http://127.0.0.1:1").to_string().as_bytes()); 9]);
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, "1")
        .env("HTTP_PROXY", proxy.url())
        .env("http_proxy", proxy.url())
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
    assert!(proxy.seen().is_empty());
}

#[tokio::test]
async fn a_strategy_can_post_its_form_only_to_the_token_url() {
    let login = Scripted::start(vec![answer("200 OK", "", token_for("https://evil.example").to_string().as_bytes())]);
    keep("unused", "x");
    let client = client(&format!("{}{TOKEN_PATH}", login.url()));
    client.token().await.unwrap();
    let seen = login.seen();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].contains(&format!("client_secret={CLIENT_SECRET}")), "the secret is in the body");
    assert!(!seen[0].lines().next().unwrap().contains(CLIENT_SECRET), "and not in the URL");
}
