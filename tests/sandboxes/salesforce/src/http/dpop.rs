//! `DPoP` (RFC 9449) as an org checks it: tokens that are bound to a key, and a proof by that key in each request.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use openssl::sha::sha256;
use openssl::sign::Verifier;
use serde_json::{Map, Value as Json, json};

use super::answer::Ask;
use super::shared::Shared;

/// How far the time of a proof may be off, in seconds.
const SKEW: i64 = 300;
/// The members of a private RSA key, which must not be in a proof.
const PRIVATE: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

/// The thumbprint of a key (RFC 7638).
pub(crate) type Thumbprint = [u8; 32];

/// Who asks for a proof: each has nonces of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Token,
    Api,
}

/// Why a proof does not count.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unproved {
    Invalid(&'static str),
    /// It must be made again with this nonce.
    Nonce(String),
}

/// What the org remembers of proofs.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    seen: HashSet<String>,
    token: Nonce,
    api: Nonce,
}

#[derive(Debug, Default)]
struct Nonce {
    number: u64,
    uses: u64,
}

impl Proofs {
    /// Whether this nonce is the current one; otherwise the current one. It changes after `life` uses.
    fn check(&mut self, asker: Asker, given: &str, life: u64) -> Result<(), String> {
        let (name, nonce) = match asker {
            Asker::Token => ("token", &mut self.token),
            Asker::Api => ("api", &mut self.api),
        };
        if nonce.uses >= life {
            (nonce.number, nonce.uses) = (nonce.number + 1, 0);
        }
        let current = format!("{name}-nonce-{}", nonce.number);
        if given != current {
            return Err(current);
        }
        nonce.uses += 1;
        Ok(())
    }
}

/// The address of a request as a proof must name it.
pub(crate) fn address(shared: &Shared, ask: &Ask) -> String {
    let scheme = shared.login_url.split("://").next().unwrap_or("http");
    format!("{scheme}://{}{}", ask.header("host").unwrap_or(""), ask.path)
}

/// The thumbprint of the key that signed a proof for this request; `token` is the access token in it.
pub(crate) fn verify(
    shared: &Shared,
    ask: &Ask,
    proof: &str,
    (asker, token): (Asker, Option<&str>),
) -> Result<Thumbprint, Unproved> {
    use Unproved::Invalid;
    let parts: Vec<&str> = proof.split('.').collect();
    let [header, claims, signature] = parts[..] else { return Err(Invalid("the proof is not a JWT")) };
    let (header, claims) = (decoded(header)?, decoded(claims)?);
    let (key, thumbprint) = key(&header)?;
    let signed = &proof[..proof.rfind('.').unwrap_or(0)];
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Invalid("the signature is not base64url"))?;
    let fits = Verifier::new(MessageDigest::sha256(), &key)
        .and_then(|mut verifier| verifier.verify_oneshot(&signature, signed.as_bytes()));
    if !fits.unwrap_or(false) {
        return Err(Invalid("the signature is not by the key in the proof"));
    }
    let text = |name: &str| claims.get(name).and_then(Json::as_str).unwrap_or("");
    if text("htm") != ask.method.as_str() {
        return Err(Invalid("htm is another method"));
    }
    if text("htu") != address(shared, ask) {
        return Err(Invalid("htu is another address"));
    }
    let made = claims.get("iat").and_then(Json::as_i64).ok_or(Invalid("iat is missing"))?;
    if (made - shared.sign_in_time() / 1_000).abs() > SKEW {
        return Err(Invalid("iat is too far from now"));
    }
    if token.is_some_and(|token| text("ath") != URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()))) {
        return Err(Invalid("ath is not the hash of the token"));
    }
    let mut proofs = shared.proofs();
    if text("jti").is_empty() || !proofs.seen.insert(text("jti").to_owned()) {
        return Err(Invalid("jti was used before"));
    }
    if let Some(life) = shared.options.dpop_nonces {
        proofs.check(asker, text("nonce"), life).map_err(Unproved::Nonce)?;
    }
    Ok(thumbprint)
}

fn decoded(part: &str) -> Result<Map<String, Json>, Unproved> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Unproved::Invalid("the proof is not base64url"))?;
    serde_json::from_slice(&bytes).map_err(|_| Unproved::Invalid("the proof is not JSON"))
}

/// The public key in the header of a proof, and its thumbprint.
fn key(header: &Map<String, Json>) -> Result<(PKey<Public>, Thumbprint), Unproved> {
    use Unproved::Invalid;
    let is = |name: &str, value: &str| header.get(name).and_then(Json::as_str) == Some(value);
    if !is("typ", "dpop+jwt") || !is("alg", "RS256") {
        return Err(Invalid("typ or alg is wrong"));
    }
    let jwk = header.get("jwk").and_then(Json::as_object).ok_or(Invalid("jwk is missing"))?;
    if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
        return Err(Invalid("jwk is a private key"));
    }
    let member = |name: &str| jwk.get(name).and_then(Json::as_str).unwrap_or("");
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(member(name)).map_err(|_| Invalid("jwk is not base64url"));
    let (modulus, exponent) = (bytes("n")?, bytes("e")?);
    let build = || -> Result<_, ErrorStack> {
        PKey::from_rsa(Rsa::from_public_components(BigNum::from_slice(&modulus)?, BigNum::from_slice(&exponent)?)?)
    };
    let key = build().map_err(|_| Invalid("jwk is not an RSA key"))?;
    // The members in the order of RFC 7638, which is that of the alphabet.
    let canonical = json!({"e": member("e"), "kty": "RSA", "n": member("n")}).to_string();
    Ok((key, sha256(canonical.as_bytes())))
}
