//! `DPoP` (RFC 9449): tokens are bound to the key of the source, and each request proves that it has the key.

use crate::source::{context, keep, plain};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use connector_core::{Clock, Context, ErrorKind, HttpOptions, Tape};
use connector_http::{Client, Reach};
use connector_keys::{PrivateKey, PublicKey};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sha::sha256;
use openssl::sign::Verifier;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::LazyLock;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(2048).unwrap());

const TOKEN: &str = "marked-bound-token-77";
const NOW: &str = "2026-11-30T10:00:00Z";

fn now() -> jiff::Timestamp {
    NOW.parse().unwrap()
}

/// The header and the claims of a proof, after its signature is checked against the key in it.
fn opened(proof: &str) -> (Value, Value) {
    let parts: Vec<_> = proof.split('.').collect();
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, claims) = (read(parts[0]), read(parts[1]));
    let number = |name: &str| URL_SAFE_NO_PAD.decode(header["jwk"][name].as_str().unwrap()).unwrap();
    let key = PublicKey::from_rsa(&number("n"), &number("e")).unwrap().to_der().unwrap();
    let key = PKey::public_key_from_der(&key).unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    assert!(verifier.verify_oneshot(&signature, format!("{}.{}", parts[0], parts[1]).as_bytes()).unwrap());
    assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("RS256")));
    assert_eq!(header["jwk"].as_object().unwrap().len(), 3, "nothing but the public key");
    (header, claims)
}

fn proof(request: &Request) -> Value {
    opened(request.headers["dpop"].to_str().unwrap()).1
}

fn token(kind: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"access_token": TOKEN, "token_type": kind}))
}

/// A server whose token endpoint wants a nonce.
async fn started() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/token"))
        .respond_with(|request: &Request| {
            if proof(request)["nonce"] == "t1" {
                return token("DPoP").insert_header("DPoP-Nonce", "t1");
            }
            let refused = json!({"error": "use_dpop_nonce"});
            ResponseTemplate::new(400).set_body_json(refused).insert_header("DPoP-Nonce", "t1")
        })
        .mount(&server)
        .await;
    server
}

fn jwt_bearer(server: &MockServer, http: HttpOptions) -> Context {
    keep("dpop-key", KEY.to_pkcs8_pem(None).unwrap().expose_secret());
    let auth = json!({
        "token_url": format!("{}/token", server.uri()), "issuer": "client", "subject": "iga@acme.example",
        "audience": server.uri(), "key_ref": "memory:dpop-key", "dpop": true,
    });
    context("jwt_bearer", auth, http, Clock::from_fn(now))
}

fn client(context: &Context, server: &MockServer) -> Client {
    Client::open(context, Reach::base(&server.uri().parse().unwrap())).unwrap()
}

async fn requests(server: &MockServer, at: &str) -> Vec<Request> {
    let all = server.received_requests().await.unwrap();
    all.into_iter().filter(|request| request.url.path() == at).collect()
}

#[tokio::test]
async fn each_request_proves_the_key_with_the_method_the_address_the_token_and_the_nonce() {
    let server = started().await;
    Mock::given(path("/people"))
        .respond_with(|request: &Request| {
            if proof(request)["nonce"] == "r1" {
                return ResponseTemplate::new(200);
            }
            let asked = ResponseTemplate::new(401).insert_header("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\"");
            asked.insert_header("DPoP-Nonce", "r1")
        })
        .mount(&server)
        .await;
    let client = client(&jwt_bearer(&server, plain()), &server);
    assert_eq!(client.get("/people").query(&[("limit", "2")]).send().await.unwrap().status, 200);
    assert_eq!(client.put_json("/people", &1).send().await.unwrap().status, 200);

    let logins = requests(&server, "/token").await;
    let claims: Vec<_> = logins.iter().map(proof).collect();
    assert_eq!(claims.iter().map(|claims| claims["nonce"].clone()).collect::<Vec<_>>(), [json!(null), json!("t1")]);
    assert_eq!((&claims[0]["htm"], &claims[0]["htu"]), (&json!("POST"), &json!(format!("{}/token", server.uri()))));
    assert_eq!((&claims[0]["iat"], &claims[0]["ath"]), (&json!(now().as_second()), &json!(null)));
    assert_ne!(logins[0].body, logins[1].body, "an assertion counts only once");

    let sent = requests(&server, "/people").await;
    let claims: Vec<_> = sent.iter().map(proof).collect();
    assert_eq!(sent.len(), 3, "the nonce of the API is kept, and nobody signs in again");
    for (request, claims) in sent.iter().zip(&claims) {
        assert_eq!(request.headers["authorization"], format!("DPoP {TOKEN}"));
        assert_eq!(claims["htu"], format!("{}/people", server.uri()), "without the query");
        assert_eq!(claims["ath"], URL_SAFE_NO_PAD.encode(sha256(TOKEN.as_bytes())));
    }
    let of = |name: &str| claims.iter().map(|claims| claims[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("htm"), ["GET", "GET", "PUT"]);
    assert_eq!(of("nonce"), [json!(null), json!("r1"), json!("r1")]);
    let mut ids = of("jti");
    ids.dedup();
    assert_eq!(ids.len(), 3, "no proof is sent twice");
}

#[tokio::test]
async fn a_proof_in_the_body_is_in_no_header() {
    let server = started().await;
    Mock::given(path("/soap")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let client = client(&jwt_bearer(&server, plain()), &server);
    let request = client.post_with_token("/soap", "text/xml", |token, proof| {
        Bytes::from(format!("{} {}", token.expose_secret(), proof.unwrap().expose_secret()))
    });
    assert_eq!(request.send().await.unwrap().status, 200);
    let sent = &requests(&server, "/soap").await[0];
    let body = String::from_utf8(sent.body.clone()).unwrap();
    let (token, proof) = body.split_once(' ').unwrap();
    let claims = opened(proof).1;
    assert_eq!(
        (token, &claims["htm"], &claims["htu"]),
        (TOKEN, &json!("POST"), &json!(format!("{}/soap", server.uri())))
    );
    assert!(!sent.headers.contains_key("dpop") && !sent.headers.contains_key("authorization"));
}

#[tokio::test]
async fn no_proof_is_in_an_answer_or_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    let server = started().await;
    Mock::given(path("/echo"))
        .respond_with(|request: &Request| {
            let proof = request.headers.get("dpop").map_or("", |proof| proof.to_str().unwrap());
            let text = format!("{proof} {}", String::from_utf8_lossy(&request.body));
            ResponseTemplate::new(400).set_body_json(json!({"message": text})).insert_header("X-Echo", proof)
        })
        .mount(&server)
        .await;
    let answers = folder.path().join("answers");
    let options = HttpOptions { tape: Tape::Record(answers.clone()), ..plain() };
    let client = client(&jwt_bearer(&server, options), &server);
    let shown = client.get("/echo").send().await.unwrap();
    assert!(!String::from_utf8_lossy(&shown.body).contains("eyJ"), "{shown:?}");
    let soap = client.post_with_token("/echo", "text/xml", |token, proof| {
        Bytes::from(format!("<a>{}</a><b>{}</b>", token.expose_secret(), proof.unwrap().expose_secret()))
    });
    let shown = soap.send().await.unwrap();
    let text = String::from_utf8_lossy(&shown.body);
    assert!(text.contains("<b>…</b>") && !text.contains("eyJ") && !text.contains(TOKEN), "{text}");
    let recorded: Vec<_> = std::fs::read_dir(&answers).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(recorded.len(), 2);
    for file in recorded {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains("eyJ") && !text.contains(TOKEN), "{text}");
    }
}

#[tokio::test]
async fn a_client_secret_has_a_key_of_its_own_for_proofs() {
    let server = started().await;
    Mock::given(path("/people")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    keep("dpop-key", KEY.to_pkcs8_pem(None).unwrap().expose_secret());
    let auth = json!({
        "token_url": format!("{}/token", server.uri()), "client_id": "client", "client_secret_ref": "memory:client",
        "dpop_key_ref": "memory:dpop-key",
    });
    let context = context("client_credentials", auth, plain(), Clock::system());
    assert_eq!(client(&context, &server).get("/people").send().await.unwrap().status, 200);
    let sent = requests(&server, "/people").await;
    assert_eq!(sent[0].headers["authorization"], format!("DPoP {TOKEN}"));
    assert_eq!(requests(&server, "/token").await.len(), 2, "the second one has the nonce");
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_not_used() {
    let server = MockServer::start().await;
    Mock::given(path("/token")).respond_with(token("Bearer")).mount(&server).await;
    let refused = client(&jwt_bearer(&server, plain()), &server).get("/people").send().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Protocol);
    assert!(refused.message().contains("not bound to the key"), "{refused}");
    assert_eq!(requests(&server, "/people").await.len(), 0);
}

#[tokio::test]
async fn a_server_that_never_likes_its_nonce_gets_two_logins() {
    let server = MockServer::start().await;
    let count = std::sync::atomic::AtomicU32::new(0);
    Mock::given(path("/token"))
        .respond_with(move |_: &Request| {
            let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let refused = json!({"error": "use_dpop_nonce"});
            ResponseTemplate::new(400).set_body_json(refused).insert_header("DPoP-Nonce", format!("t{number}").as_str())
        })
        .mount(&server)
        .await;
    let refused = client(&jwt_bearer(&server, plain()), &server).get("/people").send().await.unwrap_err();
    assert!(refused.kind() == ErrorKind::Auth && refused.message().contains("use_dpop_nonce"), "{refused}");
    // With this key, and with what is at its place now.
    assert!(requests(&server, "/token").await.len() <= 4);
}
