//! The token endpoint: checks the parts of a grant in the order in which an org does.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::{Signer, Verifier};
use openssl::x509::X509;
use secrecy::ExposeSecret;
use serde_json::{Map, Value as Json, json};

use super::answer::{Answer, Ask};
use super::dpop::{self, Asker, Thumbprint, Unproved};
use super::session::TokenForm;
use super::shared::Shared;
use crate::Fault;
use crate::app::{App, AppKind};
use crate::org::INTEGRATION;
use crate::org::object::Object;
use crate::org::value::Value;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The generic login hosts, which External Client Apps refuse as audience.
const GENERIC_AUDIENCES: [&str; 2] = ["https://login.salesforce.com", "https://test.salesforce.com"];
/// How many logins of one user the org accepts.
const LOGIN_RATE: u64 = 3_600;
/// The maximum lifetime of an assertion in a strict org, in seconds: three minutes, and one for skewed clocks.
const LONGEST_LIFE: f64 = 240.0;
const SCOPE: &str = "api refresh_token";

/// A refused token request: `error` and `error_description`.
type Refused = (&'static str, &'static str);

const INVALID_ASSERTION: Refused = ("invalid_grant", "invalid assertion");
const UNKNOWN_APP: Refused = ("invalid_client_id", "client identifier invalid");
const NO_PROOF: Refused = ("invalid_dpop_proof", "DPoP proof is required");
const NOT_APPROVED: Refused = ("invalid_grant", "user hasn't approved this consumer");

/// `POST /services/oauth2/token`.
pub(crate) fn token(shared: &Shared, ask: &Ask) -> Answer {
    if shared.faults.breaks_token() {
        return Answer::html(200, "Data Not Available");
    }
    if ask.method != hyper::Method::POST {
        return Answer::refused("invalid_request", "must use HTTP POST");
    }
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&ask.body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    // A proof is checked first, so that an assertion is not used up by a request for a nonce.
    let key = match ask.header("dpop").map(|proof| dpop::verify(shared, ask, proof, (Asker::Token, None))).transpose() {
        Ok(key) => key,
        Err(Unproved::Invalid(why)) => return Answer::refused("invalid_dpop_proof", why),
        Err(Unproved::Nonce(nonce)) => {
            let required = Answer::refused("use_dpop_nonce", "Authorization server requires nonce in DPoP proof");
            return required.with("DPoP-Nonce", nonce);
        }
    };
    let granted = match field("grant_type") {
        JWT_BEARER => jwt_bearer(shared, field("assertion"), key),
        "client_credentials" => client_credentials(shared, ask, (field("client_id"), field("client_secret")), key),
        _ => Err(("unsupported_grant_type", "grant type not supported")),
    };
    match granted {
        Ok(answer) => Answer::json(200, &Json::Object(answer))
            .with("Cache-Control", "no-cache, no-store")
            .with("Pragma", "no-cache"),
        Err((error, description)) => Answer::refused(error, description),
    }
}

fn jwt_bearer(shared: &Shared, assertion: &str, key: Option<Thumbprint>) -> Result<Map<String, Json>, Refused> {
    let (app, claims) = verified(shared, assertion)?;
    check_binding(&app, key)?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    check_audience(shared, &app, text("aud").unwrap_or(""))?;
    // The org also takes the number as a string, as some clients in wide use send it.
    let expires = match claims.get("exp") {
        Some(Json::String(text)) => text.parse().ok(),
        other => other.and_then(Json::as_f64),
    };
    let expires = expires.ok_or(INVALID_ASSERTION)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double")]
    let now = (shared.sign_in_time() / 1_000) as f64;
    if expires <= now || (shared.options.strict_expiry && expires > now + LONGEST_LIFE) {
        return Err(("invalid_grant", "expired authorization code"));
    }
    if text("jti").is_some_and(|jti| !shared.first_use(jti)) {
        return Err(("bad_jti_claim", "jti claim was used before"));
    }
    let user = approved(shared, &app, text("sub").or_else(|| text("prn")).unwrap_or(""))?;
    check_login(shared, user)?;
    Ok(success(shared, &app, (user, key)))
}

fn check_binding(app: &App, key: Option<Thumbprint>) -> Result<(), Refused> {
    if app.requires_dpop && key.is_none() { Err(NO_PROOF) } else { Ok(()) }
}

/// The app and the claims of an assertion with valid form, issuer and signature.
fn verified(shared: &Shared, assertion: &str) -> Result<(App, Map<String, Json>), Refused> {
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, payload, signature] = parts[..] else { return Err(INVALID_ASSERTION) };
    let header = decoded(header)?;
    let claims = decoded(payload)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| INVALID_ASSERTION)?;
    let issuer = claims.get("iss").and_then(Json::as_str).unwrap_or("");
    let (app, certificates) = shared.metadata_moved_on(false).apps.with_key(issuer).ok_or(UNKNOWN_APP)?;
    if certificates.is_empty() && app.certificate_pem.is_none() {
        return Err(("invalid_grant", "invalid grant type"));
    }
    let signed = &assertion[..assertion.rfind('.').unwrap_or(0)];
    let is_rs256 = header.get("alg").and_then(Json::as_str) == Some("RS256");
    if !is_rs256 || !certificates.iter().any(|certificate| fits(certificate, signed, &signature)) {
        return Err(INVALID_ASSERTION);
    }
    Ok((app, claims))
}

fn decoded(part: &str) -> Result<Map<String, Json>, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| INVALID_ASSERTION)?;
    serde_json::from_slice(&bytes).map_err(|_| INVALID_ASSERTION)
}

/// Whether the signature is that of the certificate's key.
fn fits(certificate: &str, signed: &str, signature: &[u8]) -> bool {
    let checked = X509::from_pem(certificate.as_bytes())
        .and_then(|certificate| certificate.public_key())
        .and_then(|key| Verifier::new(MessageDigest::sha256(), &key)?.verify_oneshot(signature, signed.as_bytes()));
    checked.unwrap_or(false)
}

fn check_audience(shared: &Shared, app: &App, audience: &str) -> Result<(), Refused> {
    if audience == shared.login_url || audience == shared.instance_url {
        return Ok(());
    }
    match app.kind {
        AppKind::ConnectedApp if audience == GENERIC_AUDIENCES[0] => Ok(()),
        AppKind::ExternalClientApp if GENERIC_AUDIENCES.contains(&audience) => {
            Err(("app_not_found", "External client app is not installed in this org"))
        }
        _ => Err(("invalid_grant", "audience is invalid")),
    }
}

/// The user with this name, if the app may act for it. An unknown name gets the same error as one that is not approved.
fn approved(shared: &Shared, app: &App, username: &str) -> Result<u64, Refused> {
    let user = shared.org.read().user_named(username).ok_or(NOT_APPROVED)?;
    match (app.approved, app.kind) {
        (true, _) => Ok(user),
        (false, AppKind::ExternalClientApp) => {
            Err(("invalid_app_access", "user is not admin approved to access this app"))
        }
        (false, AppKind::ConnectedApp) => Err(NOT_APPROVED),
    }
}

fn check_login(shared: &Shared, user: u64) -> Result<(), Refused> {
    {
        let state = shared.org.read();
        let id = state.world.id(Object::User, user);
        let login = state.login_of(id);
        let is = |field: &str| login.is_some_and(|row| state.named(Object::UserLogin, row, field) == Value::Bool(true));
        if state.named(Object::User, user, "IsActive") != Value::Bool(true) || is("IsFrozen") {
            return Err(("invalid_grant", "inactive user"));
        }
        if is("IsPasswordLocked") {
            return Err(("invalid_grant", "user is locked"));
        }
    }
    if shared.count_login(user) > LOGIN_RATE {
        return Err(("rate_limit_exceeded", "number of logins exceeded"));
    }
    Ok(())
}

fn client_credentials(
    shared: &Shared,
    ask: &Ask,
    (id, secret): (&str, &str),
    key: Option<Thumbprint>,
) -> Result<Map<String, Json>, Refused> {
    let (id, secret) = match basic(ask) {
        Some((id, secret)) if secret_is_missing(ask) => (id, secret),
        _ => (id.to_owned(), secret.to_owned()),
    };
    let (app, _) = shared.metadata_moved_on(false).apps.with_key(&id).ok_or(UNKNOWN_APP)?;
    let known = app.client_secret.as_ref().ok_or(("invalid_grant", "no client credentials user enabled"))?;
    if !openssl_equal(known.expose_secret().as_bytes(), secret.as_bytes()) {
        return Err(("invalid_client", "invalid client credentials"));
    }
    check_binding(&app, key)?;
    check_login(shared, INTEGRATION)?;
    let mut answer = success(shared, &app, (INTEGRATION, key));
    let issued_at = shared.now().to_string();
    let signed = format!("{}{issued_at}", answer.get("id").and_then(Json::as_str).unwrap_or(""));
    let signature = PKey::hmac(known.expose_secret().as_bytes())
        .and_then(|key| Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(signed.as_bytes()))
        .unwrap_or_default();
    answer.insert("issued_at".to_owned(), Json::from(issued_at));
    answer.insert("signature".to_owned(), Json::from(STANDARD.encode(signature)));
    Ok(answer)
}

fn secret_is_missing(ask: &Ask) -> bool {
    !url::form_urlencoded::parse(&ask.body).any(|(name, _)| name == "client_secret")
}

fn openssl_equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && openssl::memcmp::eq(a, b)
}

/// The client's id and secret from `Authorization: Basic`.
fn basic(ask: &Ask) -> Option<(String, String)> {
    let encoded = ask.header("authorization")?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    decoded.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

fn success(shared: &Shared, app: &App, (user, key): (u64, Option<Thumbprint>)) -> Map<String, Json> {
    let state = shared.org.read();
    let organization = state.world.organization();
    let lifetime = |session: u64| {
        shared.faults.find(|fault| match fault {
            Fault::SessionExpiry(requests) => Some(*requests),
            Fault::SessionExpiryOnce(requests) if session == 1 => Some(*requests),
            _ => None,
        })
    };
    let is_jwt = app.settings.get("isNamedUserJwtEnabled").is_some_and(|values| values == &["true"]);
    let form = if is_jwt { TokenForm::Jwt } else { TokenForm::Opaque };
    let token = shared.sessions().open(organization, (user, key), form, lifetime);
    let foreign = shared.faults.find(|fault| match fault {
        Fault::ForeignInstanceUrl(url) => Some(url.clone()),
        _ => None,
    });
    let mut answer = Map::new();
    for (key, value) in [
        ("access_token", json!(token)),
        ("scope", json!(SCOPE)),
        ("instance_url", json!(foreign.unwrap_or_else(|| shared.current_instance()))),
        ("id", json!(format!("{}/id/{organization}/{}", shared.login_url, state.world.id(Object::User, user)))),
        ("token_type", json!(if key.is_some() { "DPoP" } else { "Bearer" })),
    ] {
        answer.insert(key.to_owned(), value);
    }
    answer
}
