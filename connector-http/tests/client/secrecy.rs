//! `Debug` output and errors never show a secret.

use crate::server::{Scripted, answer};
use crate::source::{ACCESS_TOKEN, CLIENT_SECRET, TOKEN_PATH, context, keep, plain, token_for, with_client_secret};
use connector_core::{Clock, TestReport};
use connector_http::{Client, Reach};
use connector_keys::PrivateKey;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::error::Error;
use std::fmt::Write;

const KEY_PASSWORD: &str = "marked-key-password-a8e1";

/// Every text that an error can show.
fn shown(error: &connector_core::Error) -> String {
    let mut all = format!("{error} {error:?} {error:#?} {}", error.help().unwrap_or_default());
    let mut cause = error.source();
    while let Some(inner) = cause {
        let _ = write!(all, " {inner} {inner:?}");
        cause = inner.source();
    }
    all
}

#[tokio::test]
async fn debug_output_and_errors_never_show_a_secret() {
    let sealed = PrivateKey::generate(2048).unwrap().to_pkcs8_pem(Some(&SecretString::from(KEY_PASSWORD))).unwrap();
    keep("marked-key", sealed.expose_secret());
    keep("marked-password", KEY_PASSWORD);
    let good = answer("200 OK", "", token_for("https://foreign.example").to_string().as_bytes());
    let echo = format!(r#"{{"error":"invalid_client","error_description":"{CLIENT_SECRET} is wrong"}}"#);
    let odd = format!(r#"{{"access_token":"{ACCESS_TOKEN}","token_type":"Bearer""#);
    let typed = format!(r#"{{"access_token":"{ACCESS_TOKEN}","token_type":"mac"}}"#);
    let mut swept = String::new();
    let mut seen = String::new();

    for body in [
        good,
        answer("401 Unauthorized", "", echo.as_bytes()),
        answer("200 OK", "", odd.as_bytes()),
        answer("200 OK", "", typed.as_bytes()),
    ] {
        let server = Scripted::start(vec![body.clone(); 9]);
        let client_secret = with_client_secret(&format!("{}{TOKEN_PATH}", server.url()), plain());
        let auth = json!({
            "token_url": format!("{}{TOKEN_PATH}", server.url()), "issuer": "i", "subject": "s", "audience": "a",
            "key_ref": "memory:marked-key", "key_password_ref": "memory:marked-password",
        });
        let jwt = context("jwt_bearer", auth, plain(), Clock::system());
        for context in [client_secret, jwt] {
            let echoes = String::from_utf8_lossy(&body).contains(CLIENT_SECRET);
            if echoes && format!("{context:?}").contains("SignedLogin") {
                continue; // it never sent the secret that this server quotes
            }
            let client = Client::open(&context, Reach::named_by_token()).unwrap();
            let mut report = TestReport::new();
            context.auth().unwrap().check(&mut report).await;
            client.test_access_token(&mut report).await;
            let _ = write!(swept, "{report:?} {client:?} {context:?} {:?}", context.auth().unwrap());
            if let Some(error) = report.failure() {
                swept.push_str(&shown(error));
            }
            match client.token().await {
                Ok(token) => {
                    let _ = write!(swept, "{token:?} {}", serde_json::to_string(&token.members).unwrap());
                }
                Err(error) => swept.push_str(&shown(&error)),
            }
            let request =
                client.post_json("/data?q=1", &json!({"password": "marked-body"})).header("x-key", "marked-header");
            let _ = write!(swept, "{request:?}");
            swept.push_str(&shown(&request.send().await.unwrap_err()));
        }
        seen.push_str(&server.seen().concat());
    }

    let key_line = sealed.expose_secret().lines().nth(5).unwrap();
    let assertions: Vec<_> = seen.split("assertion=").skip(1).map(|text| text.lines().next().unwrap()).collect();
    assert!(!assertions.is_empty() && seen.contains(CLIENT_SECRET), "the secrets were in use");
    for assertion in assertions {
        assert!(!swept.contains(assertion));
    }
    for secret in [CLIENT_SECRET, ACCESS_TOKEN, KEY_PASSWORD, key_line, "marked-body", "marked-header"] {
        assert!(!swept.contains(secret), "{secret} shows");
    }
}

#[tokio::test]
async fn debug_output_hides_the_body_and_the_headers_with_credentials() {
    let server = Scripted::start(vec![answer(
        "200 OK",
        "",
        token_for("http://localhost:1").to_string().replace("http://localhost:1", "").as_bytes(),
    )]);
    let client =
        Client::open(&with_client_secret(&format!("{}{TOKEN_PATH}", server.url()), plain()), Reach::named_by_token())
            .unwrap();
    let error = client.base_url().await.unwrap_err();
    assert!(error.message().contains("not a URL"), "{error}");
    assert!(!shown(&error).contains(ACCESS_TOKEN));
}

/// What a server says about a request often quotes it.
#[tokio::test]
async fn whatever_a_server_quotes_of_a_secret_is_blanked_in_every_spelling() {
    let odd = "pl@in/secret+123=\"é";
    keep("odd", odd);
    keep("new-password", "Tr0ub4dor-horse");
    let token =
        answer("200 OK", "", json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer"}).to_string().as_bytes());
    let header = format!(r#"[{{"message":"denied for header Authorization: Bearer {ACCESS_TOKEN}"}}]"#);
    let password = r#"{"errors":["Your password Tr0ub4dor-horse is too simple"]}"#;
    let server = Scripted::start(vec![
        token,
        answer("403 Forbidden", "", header.as_bytes()),
        answer("200 OK", "", password.as_bytes()),
        answer("400 Bad Request", "", password.as_bytes()),
    ]);
    let auth = json!({
        "token_url": format!("{}{TOKEN_PATH}", server.url()), "client_id": "client", "client_secret_ref": "memory:odd",
    });
    let context = context("client_credentials", auth.clone(), plain(), Clock::system());
    let client = Client::open(&context, Reach::named_by_token()).unwrap();
    context.secret(&"memory:new-password".parse().unwrap()).await.unwrap();
    let denied = client.get("/data").send().await.unwrap();
    assert_eq!(denied.status, 403);
    assert!(String::from_utf8_lossy(&denied.body).contains("Bearer …"), "{:?}", denied.body);
    for status in [200, 400] {
        let said = client.post_json("/password", &json!({})).send().await.unwrap();
        assert_eq!(said.status, status);
        assert!(String::from_utf8_lossy(&said.body).contains("Your password … is"), "{:?}", said.body);
    }

    let echoes = [
        "pl%40in%2Fsecret%2B123%3D%22%C3%A9",
        "pl%40in%2fsecret%2b123%3d%22%c3%a9",
        r#"pl@in/secret+123=\\\"é"#,
        "cGxAaW4vc2VjcmV0KzEyMz0iw6k=",
    ];
    for echo in echoes {
        let body = format!(r#"{{"error":"invalid_client","error_description":"no client has {echo} here"}}"#);
        let server = Scripted::start(vec![answer("401 Unauthorized", "", body.as_bytes()); 3]);
        let mut auth = auth.clone();
        auth["token_url"] = format!("{}{TOKEN_PATH}", server.url()).into();
        let context = crate::source::context("client_credentials", auth, plain(), Clock::system());
        let error = Client::open(&context, Reach::named_by_token()).unwrap().token().await.unwrap_err();
        assert!(!shown(&error).contains(&echo[..8]), "{echo}: {error}");
        assert!(error.message().contains('…'), "{echo}: {error}");
    }
}

/// Data stays what it is: a title that equals a password is no leak.
#[tokio::test]
async fn the_data_of_a_successful_read_is_not_changed() {
    keep("short", "Head of Sales");
    let token =
        answer("200 OK", "", json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer"}).to_string().as_bytes());
    let server = Scripted::start(vec![token, answer("200 OK", "", br#"{"Title":"Head of Sales"}"#)]);
    let context = with_client_secret(&format!("{}{TOKEN_PATH}", server.url()), plain());
    context.secret(&"memory:short".parse().unwrap()).await.unwrap();
    let client = Client::open(&context, Reach::named_by_token()).unwrap();
    let read: serde_json::Value = client.get("/data").send().await.unwrap().json().unwrap();
    assert_eq!(read["Title"], "Head of Sales");
}

/// A few bytes on the wire can become gigabytes in memory.
#[tokio::test]
async fn an_error_beyond_its_limit_is_known_by_its_status_and_a_token_beyond_its_limit_is_refused() {
    let token =
        answer("200 OK", "", json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer"}).to_string().as_bytes());
    let large = vec![b'0'; 3 * 1024 * 1024];
    let server = Scripted::start(vec![token, answer("403 Forbidden", "", &large)]);
    let context = with_client_secret(&format!("{}{TOKEN_PATH}", server.url()), plain());
    let client = Client::open(&context, Reach::named_by_token()).unwrap();
    let denied = client.get("/data").send().await.unwrap();
    assert_eq!((denied.status, denied.body.len()), (403, 0));

    let server = Scripted::start(vec![answer("200 OK", "", &large); 3]);
    let context = with_client_secret(&format!("{}{TOKEN_PATH}", server.url()), plain());
    let error = Client::open(&context, Reach::named_by_token()).unwrap().token().await.unwrap_err();
    assert!(error.message().contains("larger than 1 MiB"), "{error}");
}

/// Another port is another service, which anybody with an account on the host can run.
#[tokio::test]
async fn the_credential_goes_to_no_other_port_of_a_host() {
    let context = with_client_secret("https://acme.example/oauth2/token", plain());
    let base = "https://acme.example/v1".parse().unwrap();
    let client = Client::open(&context, Reach::base(&base).and_hosts(["files.acme.example"])).unwrap();
    for url in ["https://acme.example:8443/v1", "https://files.acme.example:8443/v1"] {
        let error = client.get(url).anonymous().send().await.unwrap_err();
        assert!(error.message().contains(":8443`, which must not get its credentials"), "{error}");
    }
}
