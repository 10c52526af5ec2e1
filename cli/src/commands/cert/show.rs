//! `connector cert show FILE|NAME`.

use super::files::{KeyFiles, text_of};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Waiting, day, days_until, fields};
use connector_core::{Error, ErrorKind, Result};
use connector_keys::{Chain, PrivateKey, Signer};
use connector_project::certificate;
use connector_project::source::{Project, Source};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// A certificate file and the key that should match it.
struct CertificateView {
    chain: Chain,
    /// The key, or why it is unknown.
    key: Result<Arc<dyn Signer>, String>,
}

pub(super) fn run(invocation: &Invocation, subject: &str) -> Result<Exit, Stop> {
    let shown = find(invocation, subject)?;
    let fits = shown.key.as_ref().ok().map(|key| shown.chain.leaf().fits(&**key));
    let now = Timestamp::now();
    if invocation.printer.is_json() {
        as_json(invocation, &shown.chain, fits, now)?;
    } else {
        for_people(invocation, &shown, fits, now)?;
    }
    Ok(Exit::Success)
}

/// Looks for a file first, then a source, then a file that `cert new` created with that name.
fn find(invocation: &Invocation, subject: &str) -> Result<CertificateView, Stop> {
    let project = invocation.project()?;
    let path = &project.typed(Path::new(subject));
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if path.is_file() && !is_yaml {
        return Ok(in_file(path)?);
    }
    if project.source_file(subject).is_err()
        && let Ok(files) = KeyFiles::named(&project, subject)
        && files.file("crt").is_file()
    {
        return Ok(in_file(&files.file("crt"))?);
    }
    let source = project.load(subject)?;
    // The places of keys and certificates can be other programs and servers.
    let _waiting = Waiting::begin(&invocation.printer, "Reading the certificate");
    invocation.block_on(of_source(&project, &source))?.map_err(Stop::from)
}

/// A file, and the key that `cert new` put next to it, if that key needs no password.
fn in_file(path: &Path) -> Result<CertificateView> {
    let chain = Chain::from_pem(text_of(path)?.expose_secret())?;
    let key_file = path.with_extension("key");
    let key = if key_file.is_file() {
        text_of(&key_file)
            .and_then(|text| PrivateKey::from_pem(&text, None))
            .map(|key| Arc::new(key) as Arc<dyn Signer>)
            .map_err(|error| error.message().to_owned())
    } else {
        Err("there is no key to compare it with".to_owned())
    };
    Ok(CertificateView { chain, key })
}

/// The certificate of a source, and its key if that can be opened.
async fn of_source(project: &Project, source: &Source) -> Result<CertificateView> {
    let Some(reference) = source.signing_key(project).and_then(|key| key.certificate_ref) else {
        return Err(Error::new(ErrorKind::NotFound, format!("source `{}` names no certificate", source.name))
            .with_help("add `certificate_ref` to its `auth:` block, or use the path of a certificate file"));
    };
    let context = source.context(project);
    let chain = Chain::from_pem(&context.public_text(&reference).await?)?;
    let key = match certificate::key_of(project, source).await {
        Some(key) => key.map_err(|error| error.message().to_owned()),
        None => Err("the source has no key".to_owned()),
    };
    Ok(CertificateView { chain, key })
}

fn as_json(invocation: &Invocation, chain: &Chain, fits: Option<bool>, now: Timestamp) -> Result<(), Stop> {
    let certificate = chain.leaf();
    let flaws = chain.flaws(now);
    invocation.printer.json(&json!({
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "serial": certificate.serial(),
        "not_before": certificate.not_before(),
        "not_after": certificate.not_after(),
        "days_left": days_until(certificate.not_after(), now),
        "key": certificate.key(),
        "signature": certificate.signature_algorithm(),
        "sha1": certificate.sha1(),
        "sha256": certificate.sha256(),
        "fits_key": fits,
        "chain": {"certificates": chain.issuers().len() + 1, "sound": flaws.is_empty(), "flaws": flaws},
    }))
}

fn for_people(
    invocation: &Invocation,
    shown: &CertificateView,
    fits: Option<bool>,
    now: Timestamp,
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let certificate = shown.chain.leaf();
    let days_left = days_until(certificate.not_after(), now);
    let left = if days_left < 0 { "expired".to_owned() } else { format!("{days_left} days left") };
    let issuer = if certificate.is_self_signed() { "itself (self-signed)".to_owned() } else { certificate.issuer() };
    let fits = match (fits, &shown.key) {
        (Some(true), _) => "yes".to_owned(),
        (Some(false), _) => "no".to_owned(),
        (None, Err(why)) => format!("unknown: {why}"),
        (None, Ok(_)) => String::new(),
    };
    let flaws = shown.chain.flaws(now);
    let chain = match (shown.chain.issuers().len(), flaws.is_empty()) {
        (0, true) => String::new(),
        (more, true) => format!("{} certificates, valid", more + 1),
        (_, false) => flaws.join("\n"),
    };
    printer.result(fields(
        &[
            ("subject", certificate.subject()),
            ("issuer", issuer),
            ("serial", certificate.serial()),
            ("valid from", day(certificate.not_before())),
            ("valid until", format!("{} ({left})", day(certificate.not_after()))),
            ("key", certificate.key()),
            ("signed with", certificate.signature_algorithm()),
            ("SHA-1", certificate.sha1()),
            ("SHA-256", certificate.sha256()),
            ("matches key", fits),
            ("chain", chain),
        ],
        printer.prose_width(),
    ))
}
