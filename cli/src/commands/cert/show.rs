//! `connector cert show FILE|NAME`.

use crate::exit::{Exit, Stop, file_error};
use crate::invocation::Invocation;
use crate::output::{day, days_until, fields};
use connector_core::{Context, Error, ErrorKind, Result, SecretRef};
use connector_engine::source::{Project, Source};
use connector_keys::{Certificate, PrivateKey};
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use std::path::Path;

pub(super) fn run(invocation: &Invocation, subject: &str) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let path = Path::new(subject);
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let (certificate, fits) = if path.is_file() && !is_yaml {
        let text = fs::read_to_string(path).map_err(|cause| file_error("can't read", path, cause))?;
        let certificate = Certificate::from_pem(&text)?;
        let fits = key_beside(path).map(|key| certificate.fits(&key));
        (certificate, fits)
    } else {
        let project = invocation.project()?;
        let source = project.load(subject)?;
        invocation.block_on(of_source(&project, &source))??
    };
    let days_left = days_until(certificate.not_after(), Timestamp::now());
    if printer.is_json() {
        printer.json(&json!({
            "subject": certificate.subject(),
            "not_before": certificate.not_before(),
            "not_after": certificate.not_after(),
            "days_left": days_left,
            "fits_key": fits,
            "sha256": certificate.sha256(),
        }))?;
        return Ok(Exit::Success);
    }
    let left = if days_left < 0 { "expired".to_owned() } else { format!("{days_left} days left") };
    printer.result(fields(
        &[
            ("subject", certificate.subject()),
            ("valid from", day(certificate.not_before())),
            ("valid until", format!("{} ({left})", day(certificate.not_after()))),
            ("SHA-256", certificate.sha256()),
            (
                "fits the key",
                fits.map_or("no key at hand to compare", |fits| if fits { "yes" } else { "no" }).to_owned(),
            ),
        ],
        printer.prose_width(),
    ))?;
    Ok(Exit::Success)
}

/// The certificate of a source, and whether it fits the source's key, as far as that can be opened.
async fn of_source(project: &Project, source: &Source) -> Result<(Certificate, Option<bool>)> {
    let refs = source.auth.as_ref().map(connector_engine::source::AuthBlock::refs).unwrap_or_default();
    let named = |name: &str| refs.iter().find(|(known, _)| *known == name).and_then(|(_, text)| text.parse().ok());
    let reference: Option<SecretRef> = named("certificate_ref");
    let Some(reference) = reference else {
        return Err(Error::new(ErrorKind::NotFound, format!("source `{}` names no certificate", source.name))
            .with_help("add `certificate_ref` to its `auth:` block, or give the path of a certificate file"));
    };
    let context = Context::new(&source.name, project.folder());
    let certificate = Certificate::from_pem(&context.public_text(&reference).await?)?;
    let key = async {
        let key_ref: SecretRef = named("key_ref")?;
        let password: Option<SecretRef> = named("key_password_ref");
        let password = match password {
            Some(reference) => Some(context.secret(&reference).await.ok()?),
            None => None,
        };
        PrivateKey::from_pem(&context.secret(&key_ref).await.ok()?, password.as_ref()).ok()
    };
    let fits = key.await.map(|key| certificate.fits(&key));
    Ok((certificate, fits))
}

/// The key that `cert new` put beside the certificate, when it needs no password.
fn key_beside(certificate: &Path) -> Option<PrivateKey> {
    let text = fs::read_to_string(certificate.with_extension("key")).ok()?;
    PrivateKey::from_pem(&text.into(), None).ok()
}
