//! The certificate that the client presents to servers that ask for one (mutual TLS).

use connector_core::{Context, Error, ErrorKind, Finding, Result, SecretRef, TestReport};
use connector_keys::{CertificateStatus, ClientIdentity, RENEW_BEFORE};
use reqwest::Identity;

/// Where the certificate and its key are kept.
pub(crate) struct ClientCertificate {
    context: Context,
    certificate: SecretRef,
    key: SecretRef,
    password: Option<SecretRef>,
}

impl ClientCertificate {
    /// What the `http:` options name. Fails with kind `definition` if one half is missing.
    pub(crate) fn of(context: &Context) -> Result<Option<Self>> {
        let options = context.http();
        let password = options.client_key_password_ref.clone();
        match (options.client_certificate_ref.clone(), options.client_key_ref.clone()) {
            (Some(certificate), Some(key)) => Ok(Some(Self { context: context.clone(), certificate, key, password })),
            (None, None) if password.is_none() => Ok(None),
            _ => Err(Error::new(ErrorKind::Definition, "half of the client certificate is missing under `http:`")
                .with_help("set both `client_certificate_ref` and `client_key_ref`, or neither")),
        }
    }

    /// The certificate and key in the form that the HTTP library takes.
    pub(crate) async fn identity(&self) -> Result<Identity> {
        let opened = self.open().await?;
        Identity::from_pkcs8_pem(opened.certificates_pem().as_bytes(), opened.key_pem().as_bytes()).map_err(|fault| {
            Error::new(ErrorKind::Secret, "the TLS library does not accept the client certificate").with_cause(fault)
        })
    }

    /// Adds the step `client_certificate` to a connection test: it can be read, matches its key and has not expired.
    pub(crate) async fn check(&self, report: &mut TestReport) {
        report.step("client_certificate", self.finding()).await;
    }

    async fn open(&self) -> Result<ClientIdentity> {
        let certificates = self.context.public_text(&self.certificate).await?;
        let key = self.context.secret(&self.key).await?;
        let password = match &self.password {
            Some(password) => Some(self.context.secret(password).await?),
            None => None,
        };
        ClientIdentity::from_pem(&certificates, &key, password.as_ref())
            .map_err(|error| error.with_context("client_key_ref", self.key.to_string()))
    }

    async fn finding(&self) -> Result<Finding> {
        let opened = self.open().await?;
        let verdict = opened.chain().judge(None, self.context.clock().now(), RENEW_BEFORE, self.context.source());
        let renew = "renew it, and set `client_certificate_ref` and `client_key_ref` under `http:` to the new pair";
        match verdict.status {
            CertificateStatus::Ok => Ok(Finding::passed(format!("{}, matches its key", verdict.detail))),
            CertificateStatus::Warning => Ok(Finding::warning(verdict.detail, renew)),
            CertificateStatus::Expired | CertificateStatus::Broken => {
                Err(Error::new(ErrorKind::Secret, verdict.detail).with_help(renew))
            }
        }
    }
}
