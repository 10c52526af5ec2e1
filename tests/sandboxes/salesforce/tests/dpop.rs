//! Tokens that are bound to a key: each check of a proof by itself.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_sandbox_salesforce::{App, Options, Sandbox};
use openssl::sha::sha256;
use serde_json::{Value, json};
use support::{Client, Keys, Reply, claims, now, reply, with};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

async fn sandbox(keys: &Keys, options: Options) -> Sandbox {
    let app = App { requires_dpop: true, ..keys.app() };
    Sandbox::start(Options { app, users: 5, ..options }).await.unwrap()
}

fn header(keys: &Keys) -> Value {
    let rsa = keys.key.rsa().unwrap();
    let number = |number: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(number.to_vec());
    json!({"typ": "dpop+jwt", "alg": "RS256", "jwk": {"kty": "RSA", "n": number(rsa.n()), "e": number(rsa.e())}})
}

/// The claims of a good proof; each has another id.
fn proof(method: &str, url: &str, token: Option<&str>) -> Value {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut proof = json!({"jti": format!("id-{number}"), "htm": method, "htu": url, "iat": now()});
    if let Some(token) = token {
        proof["ath"] = json!(URL_SAFE_NO_PAD.encode(sha256(token.as_bytes())));
    }
    proof
}

async fn ask_token(sandbox: &Sandbox, keys: &Keys, proof: Option<String>) -> Reply {
    let assertion = keys.assertion(&json!({"alg": "RS256"}), &claims(sandbox));
    let form = [("grant_type", GRANT), ("assertion", assertion.as_str())];
    let mut request = reqwest::Client::new().post(sandbox.token_url()).form(&form);
    if let Some(proof) = proof {
        request = request.header("DPoP", proof);
    }
    reply(request).await.unwrap()
}

/// A client whose token is bound to the key.
async fn bound(sandbox: &Sandbox, keys: &Keys) -> Client {
    let proof = keys.assertion(&header(keys), &proof("POST", &sandbox.token_url(), None));
    let reply = ask_token(sandbox, keys, Some(proof)).await;
    let token = reply.json();
    assert_eq!((reply.status, &token["token_type"]), (200, &json!("DPoP")), "{}", reply.text);
    Client {
        http: reqwest::Client::new(),
        base: token["instance_url"].as_str().unwrap().to_owned(),
        token: token["access_token"].as_str().unwrap().to_owned(),
    }
}

async fn limits(client: &Client, scheme: &str, proof: Option<&str>) -> Reply {
    let mut request = client.http.get(format!("{}/services/data/v67.0/limits", client.base));
    request = request.header("Authorization", format!("{scheme} {}", client.token));
    if let Some(proof) = proof {
        request = request.header("DPoP", proof);
    }
    reply(request).await.unwrap()
}

#[tokio::test]
async fn an_app_that_requires_proofs_gives_no_token_without_a_good_one() {
    let (keys, other) = (Keys::generate(), Keys::generate());
    let sandbox = sandbox(&keys, Options::default()).await;
    let url = sandbox.token_url();
    let good = || proof("POST", &url, None);
    let forged = keys.assertion(&header(&other), &good());
    let mut private = header(&keys);
    private["jwk"]["d"] = json!("AQAB");
    for (proof, why) in [
        (None, "DPoP proof is required"),
        (Some("no proof".to_owned()), "the proof is not a JWT"),
        (Some(forged), "the signature is not by the key in the proof"),
        (Some(keys.assertion(&private, &good())), "jwk is a private key"),
        (Some(keys.assertion(&with(header(&keys), "typ", json!("JWT")), &good())), "typ or alg is wrong"),
        (Some(keys.assertion(&header(&keys), &with(good(), "htm", json!("GET")))), "htm is another method"),
        (
            Some(keys.assertion(&header(&keys), &with(good(), "htu", json!("https://x.example/")))),
            "htu is another address",
        ),
        (Some(keys.assertion(&header(&keys), &with(good(), "iat", json!(now() - 900)))), "iat is too far from now"),
        (Some(keys.assertion(&header(&keys), &with(good(), "jti", json!("")))), "jti was used before"),
    ] {
        let refused = ask_token(&sandbox, &keys, proof).await;
        let expected = json!({"error": "invalid_dpop_proof", "error_description": why});
        assert_eq!((refused.status, refused.json()), (400, expected));
    }
}

#[tokio::test]
async fn a_bound_token_counts_only_with_a_new_proof_by_its_key() {
    let (keys, other) = (Keys::generate(), Keys::generate());
    let sandbox = sandbox(&keys, Options::default()).await;
    let client = bound(&sandbox, &keys).await;
    let url = format!("{}/services/data/v67.0/limits", client.base);
    let good = || proof("GET", &url, Some(&client.token));
    let used = keys.assertion(&header(&keys), &good());
    assert_eq!(limits(&client, "DPoP", Some(&used)).await.status, 200);
    for (scheme, proof) in [
        ("DPoP", Some(used)),
        ("DPoP", None),
        ("Bearer", Some(keys.assertion(&header(&keys), &good()))),
        ("DPoP", Some(other.assertion(&header(&other), &good()))),
        ("DPoP", Some(keys.assertion(&header(&keys), &with(good(), "ath", json!("another"))))),
        ("DPoP", Some(keys.assertion(&header(&keys), &with(good(), "htm", json!("POST"))))),
    ] {
        let refused = limits(&client, scheme, proof.as_deref()).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "INVALID_SESSION_ID"), "{scheme} {proof:?}");
    }
    assert_eq!(limits(&client, "DPoP", Some(&keys.assertion(&header(&keys), &good()))).await.status, 200);
}

#[tokio::test]
async fn nonces_are_asked_for_and_change() {
    let keys = Keys::generate();
    let sandbox = sandbox(&keys, Options { dpop_nonces: Some(2), ..Options::default() }).await;
    let url = sandbox.token_url();
    let with_nonce =
        |nonce: &str| keys.assertion(&header(&keys), &with(proof("POST", &url, None), "nonce", json!(nonce)));
    let asked = ask_token(&sandbox, &keys, Some(with_nonce(""))).await;
    assert_eq!((asked.status, &asked.json()["error"]), (400, &json!("use_dpop_nonce")));
    let nonce = asked.headers["dpop-nonce"].to_str().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(ask_token(&sandbox, &keys, Some(with_nonce(&nonce))).await.status, 200);
    }
    let asked = ask_token(&sandbox, &keys, Some(with_nonce(&nonce))).await;
    assert_ne!(asked.headers["dpop-nonce"].to_str().unwrap(), nonce);
}
