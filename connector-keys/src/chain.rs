//! The certificates of one file.

use crate::certificate::{Certificate, day};
use crate::pem;
use crate::private_key::PrivateKey;
use connector_core::{Error, ErrorKind, Result};
use jiff::Timestamp;

/// One certificate or several in one file: the first is the one that counts, each other one issued the one before it.
#[derive(Clone, Debug)]
pub struct Chain {
    leaf: Certificate,
    issuers: Vec<Certificate>,
}

impl Chain {
    /// Reads every certificate of a PEM text in its order.
    ///
    /// Fails with kind `secret` when there is none, and names what is there instead, and when one is damaged.
    pub fn from_pem(text: &str) -> Result<Self> {
        let leaf = Certificate::from_pem(text)?;
        let blocks = pem::blocks(text).into_iter().filter(|block| block.label.ends_with("CERTIFICATE"));
        let issuers = blocks.skip(1).map(|block| Certificate::from_pem(block.text)).collect::<Result<_>>()?;
        Ok(Self { leaf, issuers })
    }

    /// The certificate that was made for `key`, and its issuers as far as they are among `certificates`, in order.
    ///
    /// Fails with kind `secret` when none of them was made for the key.
    pub fn for_key(certificates: Vec<Certificate>, key: &PrivateKey) -> Result<Self> {
        let mut rest = certificates;
        let Some(at) = rest.iter().position(|certificate| certificate.fits(key)) else {
            let subjects: Vec<_> = rest.iter().map(Certificate::subject).collect();
            let message = match &subjects[..] {
                [] => "there is no certificate".to_owned(),
                [subject] => format!("the certificate ({subject}) does not belong to the private key"),
                _ => format!("none of the certificates ({}) belongs to the private key", subjects.join("; ")),
            };
            return Err(Error::new(ErrorKind::Secret, message)
                .with_help("give the certificate that was issued for the signing request of this key"));
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

    /// The certificate that counts.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The others, which should each have issued the one before.
    pub fn issuers(&self) -> &[Certificate] {
        &self.issuers
    }

    /// What is wrong with the order, the signatures and the dates of the issuers; empty when the chain is sound.
    ///
    /// A chain that ends before its root is sound: whoever trusts the root has it.
    pub fn flaws(&self, now: Timestamp) -> Vec<String> {
        let mut flaws = Vec::new();
        if self.issuers.is_empty() && self.leaf.is_named_as_self_signed() && !self.leaf.is_self_signed() {
            flaws.push(format!("the signature of `{}` is not its own", self.leaf.subject()));
        }
        let mut before = &self.leaf;
        for issuer in &self.issuers {
            let name = issuer.subject();
            if !before.is_issued_by(issuer) {
                let elsewhere = self.issuers.iter().any(|other| before.is_issued_by(other));
                let why = if elsewhere { "the order is wrong" } else { "its issuer is missing or another one" };
                flaws.push(format!("`{name}` did not issue `{}`, which stands before it: {why}", before.subject()));
            }
            if issuer.not_after() < now {
                flaws.push(format!("the issuer `{name}` expired on {}", day(issuer.not_after())));
            } else if issuer.not_before() > now {
                flaws.push(format!("the issuer `{name}` is valid only from {} on", day(issuer.not_before())));
            }
            before = issuer;
        }
        flaws
    }
}
