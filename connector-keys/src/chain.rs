//! The certificates of one file.

use crate::certificate::{Certificate, day};
use crate::mended::mended;
use crate::pem;
use crate::private_key::PrivateKey;
use connector_core::{Error, ErrorKind, Result};
use jiff::Timestamp;

/// The certificates of one file: the first is the certificate of the key, each other one issued the one before it.
#[derive(Clone, Debug)]
pub struct Chain {
    leaf: Certificate,
    issuers: Vec<Certificate>,
}

impl Chain {
    /// Reads every certificate of a PEM text, in order.
    ///
    /// Fails with kind `secret` if a certificate is damaged, or if there is none; then the error names what the text contains.
    pub fn from_pem(text: &str) -> Result<Self> {
        let leaf = Certificate::from_pem(text)?;
        let text = mended(text);
        let blocks = pem::blocks(&text).into_iter().filter(|block| block.label.ends_with("CERTIFICATE"));
        let issuers = blocks.skip(1).map(|block| Certificate::from_pem(block.text)).collect::<Result<_>>()?;
        Ok(Self { leaf, issuers })
    }

    /// The certificate of `key`, then its issuers in order, as far as `certificates` contains them.
    ///
    /// Fails with kind `secret` if none of them matches the key.
    pub fn for_key(certificates: Vec<Certificate>, key: &PrivateKey) -> Result<Self> {
        let mut rest = certificates;
        let Some(at) = rest.iter().position(|certificate| certificate.fits(key)) else {
            let subjects: Vec<_> = rest.iter().map(Certificate::subject).collect();
            let message = match &subjects[..] {
                [] => "no certificate found".to_owned(),
                [subject] => format!("the certificate ({subject}) does not match the private key"),
                _ => format!("none of the certificates ({}) matches the private key", subjects.join("; ")),
            };
            return Err(Error::new(ErrorKind::Secret, message)
                .with_help("use the certificate that was issued for the signing request of this key"));
        };
        let leaf = rest.remove(at);
        let mut issuers = Vec::new();
        let mut last = leaf.clone();
        while !last.is_self_signed()
            && let Some(at) = rest.iter().position(|other| last.is_issued_by(other))
        {
            last = rest.remove(at);
            issuers.push(last.clone());
        }
        Ok(Self { leaf, issuers })
    }

    /// The certificate of the key.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The other certificates. Each one should have issued the one before it.
    pub fn issuers(&self) -> &[Certificate] {
        &self.issuers
    }

    /// What is wrong with the order, the signatures and the dates of the issuers; empty if the chain is valid.
    ///
    /// A chain without its root is valid: everyone who trusts the root has it.
    pub fn flaws(&self, now: Timestamp) -> Vec<String> {
        let mut flaws = Vec::new();
        if self.issuers.is_empty() && self.leaf.is_named_as_self_signed() && !self.leaf.is_self_signed() {
            flaws.push(format!("`{}` is not signed with its own key", self.leaf.subject()));
        }
        let mut before = &self.leaf;
        for issuer in &self.issuers {
            let name = issuer.subject();
            if !before.is_issued_by(issuer) {
                let elsewhere = self.issuers.iter().any(|other| before.is_issued_by(other));
                let why = if elsewhere { "the order is wrong" } else { "its issuer is missing or different" };
                flaws.push(format!("`{name}` did not issue `{}`, which comes before it: {why}", before.subject()));
            }
            if issuer.not_after() < now {
                flaws.push(format!("the issuer `{name}` expired on {}", day(issuer.not_after())));
            } else if issuer.not_before() > now {
                flaws.push(format!("the issuer `{name}` is not valid before {}", day(issuer.not_before())));
            }
            before = issuer;
        }
        flaws
    }
}
