//! An API that moved to another host is found by a new sign-in, never by following a redirect.

use crate::server::{Scripted, answer};
use crate::source::{client, token_for};
use connector_core::ErrorKind;

fn login(instances: &[&Scripted]) -> Scripted {
    let token = |instance: &&Scripted| {
        answer("200 OK", "Content-Type: application/json\r\n", token_for(&instance.url()).to_string().as_bytes())
    };
    Scripted::start(instances.iter().map(token).collect())
}

fn redirect(target: &str) -> Vec<u8> {
    answer("301 Moved Permanently", &format!("Location: {target}\r\n"), b"")
}

#[tokio::test]
async fn after_a_redirect_a_new_token_names_the_new_host() {
    let new = Scripted::start(vec![answer("200 OK", "", b"[1]")]);
    let old = Scripted::start(vec![redirect(&new.url())]);
    let login = login(&[&old, &new]);
    let response = client(&format!("{}/oauth2/token", login.url())).get("/data").send().await.unwrap();
    assert_eq!(response.body, "[1]");
    assert_eq!((login.seen().len(), old.seen().len(), new.seen().len()), (2, 1, 1));
}

#[tokio::test]
async fn after_a_refused_session_the_request_goes_to_the_host_of_the_new_token() {
    let new = Scripted::start(vec![answer("200 OK", "", b"[1]")]);
    let old = Scripted::start(vec![answer("401 Unauthorized", "", b"")]);
    let login = login(&[&old, &new]);
    // Also a write: the old host refused it.
    let request = client(&format!("{}/oauth2/token", login.url())).post_json("/data", &1);
    assert_eq!(request.send().await.unwrap().body, "[1]");
    assert_eq!((old.seen().len(), new.seen().len()), (1, 1));
}

#[tokio::test]
async fn a_redirect_to_a_host_that_no_token_names_is_an_error() {
    let foreign = Scripted::start(vec![answer("200 OK", "", b"[1]")]);
    let api = Scripted::start(vec![redirect(&foreign.url()), redirect(&foreign.url())]);
    let login = login(&[&api, &api, &api]);
    let client = client(&format!("{}/oauth2/token", login.url()));
    let error = client.get("/data").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("does not follow redirects"), "{error}");
    assert!(foreign.seen().is_empty(), "the token went to a host that the source does not name");
}
