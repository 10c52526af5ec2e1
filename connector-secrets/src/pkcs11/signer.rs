//! Signs with a key in a token.

use super::apart;
use super::fault::{failed, fault};
use super::find;
use super::module::Module;
use super::token::Admission;
use super::uri::Uri;
use async_trait::async_trait;
use connector_core::Result;
use connector_keys::{PublicKey, Signer};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;
use openssl::sha::sha256;
use secrecy::SecretString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The prefix of a SHA-256 digest: a `DigestInfo` without the digest (RFC 8017, section 9.2).
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// An RSA key in a token, after the login to the token.
pub(super) struct TokenSigner {
    admission: Arc<Admission>,
    key: ObjectHandle,
    public: PublicKey,
    /// Whether the token also computes the digest.
    digests: bool,
}

impl TokenSigner {
    /// Logs in and finds the key. Blocks the thread.
    pub(super) fn open(module: &Path, uri: &Uri, pin: Option<&SecretString>) -> Result<Self> {
        let token = Module::at(module)?.token(uri)?;
        let digests = token.knows(MechanismType::SHA256_RSA_PKCS)?;
        if !digests && !token.knows(MechanismType::RSA_PKCS)? {
            return Err(fault(format!("the token `{}` does not support the RSA signatures of RS256", token.label()))
                .with_help("enable the mechanism CKM_SHA256_RSA_PKCS or CKM_RSA_PKCS, or use another token"));
        }
        let admission = token.enter(pin)?;
        let (key, public) = admission.with(|session| find::key(session, uri, token.label()))?;
        Ok(Self { admission: Arc::new(admission), key, public, digests })
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSigner({})", self.describe())
    }
}

#[async_trait]
impl Signer for TokenSigner {
    fn algorithm(&self) -> &'static str {
        "RS256"
    }

    fn describe(&self) -> String {
        format!("{} in the token `{}`", self.public.describe(), self.admission.token().label())
    }

    fn public_key(&self) -> Result<PublicKey> {
        Ok(self.public.clone())
    }

    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>> {
        let (admission, key, digests) = (self.admission.clone(), self.key, self.digests);
        let data = if digests { data.to_vec() } else { [&DIGEST_INFO[..], &sha256(data)].concat() };
        apart(move || {
            let mechanism = if digests { Mechanism::Sha256RsaPkcs } else { Mechanism::RsaPkcs };
            admission.with(|session| {
                session.sign(&mechanism, key, &data).map_err(|cause| failed("signing in the token", cause))
            })
        })
        .await
    }
}
