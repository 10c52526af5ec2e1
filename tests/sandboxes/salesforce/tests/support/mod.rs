//! A client of the sandbox for its own tests: keys, assertions, tokens, requests.

#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_sandbox_salesforce::{App, Options, Sandbox};
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::X509;
use serde_json::{Value, json};

/// A key and the certificate that fits it.
pub(crate) struct Keys {
    pub(crate) key: PKey<Private>,
    pub(crate) certificate_pem: String,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let certificate_pem = String::from_utf8(builder.build().to_pem().unwrap()).unwrap();
        Self { key, certificate_pem }
    }

    pub(crate) fn app(&self) -> App {
        App { certificate_pem: Some(self.certificate_pem.clone()), ..App::default() }
    }

    /// A signed assertion of these claims.
    pub(crate) fn assertion(&self, header: &Value, claims: &Value) -> String {
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let content = format!("{}.{}", encode(header), encode(claims));
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(content.as_bytes()).unwrap();
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) fn private_pem(&self) -> String {
        String::from_utf8(self.key.private_key_to_pem_pkcs8().unwrap()).unwrap()
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The claims that the sandbox accepts.
pub(crate) fn claims(sandbox: &Sandbox) -> Value {
    json!({
        "iss": sandbox.consumer_key(), "sub": sandbox.username(), "aud": sandbox.audience(), "exp": now() + 120,
    })
}

/// A signed-in client.
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) token: String,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The `errorCode` of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()[0]["errorCode"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn message(&self) -> String {
        self.json()[0]["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// A user that the org takes; `number` tells one from another.
pub(crate) fn person(sandbox: &Sandbox, number: u32) -> Value {
    json!({
        "Username": format!("jane.{number}@new.example"), "LastName": "Roe", "FirstName": "Jane", "Alias": "jroe",
        "Email": "jane@new.example", "ProfileId": sandbox.org().id_of("Profile", 1).unwrap(), "IsActive": true,
        "TimeZoneSidKey": "Europe/Rome", "LocaleSidKey": "it_IT", "LanguageLocaleKey": "it",
        "EmailEncodingKey": "UTF-8",
    })
}

/// The same with one field replaced.
pub(crate) fn with(mut json: Value, name: &str, value: Value) -> Value {
    json[name] = value;
    json
}

/// Asserts the single error of a reply: its status, code and fields. Says the message.
#[track_caller]
pub(crate) fn assert_refused(reply: &Reply, status: u16, code: &str, fields: &[&str]) -> String {
    assert_eq!((reply.status, reply.code().as_str()), (status, code), "{}", reply.text);
    assert_eq!(reply.json()[0]["fields"], json!(fields), "{}", reply.text);
    reply.message()
}

/// Posts a form to the token endpoint.
pub(crate) async fn post_token(sandbox: &Sandbox, form: &[(&str, &str)]) -> Reply {
    let http = http(sandbox);
    reply(http.post(sandbox.token_url()).form(form)).await.unwrap()
}

/// Asks for a token with an assertion.
pub(crate) async fn post_assertion(sandbox: &Sandbox, assertion: &str) -> Reply {
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    post_token(sandbox, &[("grant_type", grant), ("assertion", assertion)]).await
}

fn http(sandbox: &Sandbox) -> reqwest::Client {
    let mut builder = reqwest::Client::builder().no_proxy();
    if let Some(pem) = sandbox.ca_pem() {
        builder = builder.add_root_certificate(reqwest::Certificate::from_pem(pem.as_bytes()).unwrap());
    }
    builder.build().unwrap()
}

pub(crate) async fn reply(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Reply { status, headers, text: response.text().await? })
}

/// Starts an org whose app has a key of ours, and signs in.
pub(crate) async fn signed_in(options: Options) -> (Sandbox, Client) {
    let keys = Keys::generate();
    let sandbox = Sandbox::start(Options { app: keys.app(), ..options }).await.unwrap();
    let client = Client::sign_in(&sandbox, &keys).await;
    (sandbox, client)
}

impl Client {
    pub(crate) async fn sign_in(sandbox: &Sandbox, keys: &Keys) -> Self {
        let assertion = keys.assertion(&json!({"alg": "RS256"}), &claims(sandbox));
        let reply = post_assertion(sandbox, &assertion).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let token = reply.json();
        Self {
            http: http(sandbox),
            base: token["instance_url"].as_str().unwrap().to_owned(),
            token: token["access_token"].as_str().unwrap().to_owned(),
        }
    }

    pub(crate) fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.request(path)).await.unwrap()
    }

    pub(crate) async fn try_get(&self, path: &str) -> Result<Reply, reqwest::Error> {
        reply(self.request(path)).await
    }

    /// A request with a JSON body, or with none where that is null; the path begins after the version.
    pub(crate) async fn try_send(&self, method: &str, path: &str, body: &Value) -> Result<Reply, reqwest::Error> {
        let url = format!("{}/services/data/v67.0{path}", self.base);
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        reply(if body.is_null() { request } else { request.json(body) }).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.try_send(method, path, body).await.unwrap()
    }

    /// Makes a record and says its id.
    pub(crate) async fn create(&self, object: &str, body: &Value) -> String {
        let reply = self.send("POST", &format!("/sobjects/{object}"), body).await;
        assert_eq!(reply.status, 201, "{object} {body}: {}", reply.text);
        let made = reply.json();
        assert_eq!((&made["success"], &made["errors"]), (&json!(true), &json!([])));
        made["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn query(&self, soql: &str) -> Reply {
        reply(self.request("/services/data/v67.0/query").query(&[("q", soql)])).await.unwrap()
    }

    /// All records of a query, over all its pages.
    pub(crate) async fn records(&self, soql: &str) -> Vec<Value> {
        let mut page = self.query(soql).await.json();
        let mut records = Vec::new();
        loop {
            records.extend(page["records"].as_array().unwrap_or_else(|| panic!("{page}")).iter().cloned());
            match page["nextRecordsUrl"].as_str() {
                Some(next) => page = self.get(next).await.json(),
                None => return records,
            }
        }
    }
}
