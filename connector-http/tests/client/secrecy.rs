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
