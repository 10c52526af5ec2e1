//! `connector cert new NAME`.

use super::advice::{self, SourceLines};
use super::files::KeyFiles;
use super::password;
use crate::arguments::CertNewArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{GOOD, Waiting, day, days_until, fields, paint, wrap};
use connector_core::Result;
use connector_keys::{Certificate, CertificateRequest, PrivateKey, signing_request};
#[cfg(feature = "sandbox")]
use connector_project::source::Project;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::path::PathBuf;

/// What was made, and where it is.
#[derive(Debug)]
pub(crate) struct KeyAndCertificate {
    /// The file of the private key.
    pub(crate) key_file: PathBuf,
    /// The file of the certificate.
    pub(crate) certificate_file: PathBuf,
    /// The certificate.
    pub(crate) certificate: Certificate,
}

pub(super) fn run(invocation: &Invocation, arguments: &CertNewArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let files = KeyFiles::named(&project, &arguments.name)?;
    // Before anybody is asked for a password.
    files.refuse_present(&["key", "crt", "csr"])?;
    let password = password::of_new_key(invocation, &project, &arguments.key)?;
    if arguments.csr {
        return request(invocation, arguments, &files, password.as_ref());
    }
    let waiting = Waiting::begin(&invocation.printer, "Making the key");
    let made = make(&files, arguments.bits, &wanted(arguments), password.as_ref())?;
    drop(waiting);
    show(invocation, arguments, &made, password.is_some())?;
    advice::say_where_to_upload(invocation, &project, &arguments.name, &arguments.key, &made.certificate_file);
    let lines = SourceLines::of(&files, &arguments.name, &arguments.key, password.is_some());
    advice::name_in_source(invocation, &project, &arguments.name, &arguments.key, &lines)?;
    Ok(Exit::Success)
}

#[cfg(feature = "sandbox")]
/// Makes a key of 2048 bits without a password and a certificate for a year; writes over nothing.
pub(crate) fn make_key_and_certificate(project: &Project, name: &str) -> Result<KeyAndCertificate> {
    let request = CertificateRequest { subject_cn: name.to_owned(), organization: None, days: 365 };
    make(&KeyFiles::named(project, name)?, 2048, &request, None)
}

fn make(
    files: &KeyFiles,
    bits: u32,
    request: &CertificateRequest,
    password: Option<&SecretString>,
) -> Result<KeyAndCertificate> {
    let key = PrivateKey::generate(bits)?;
    let certificate = Certificate::self_signed(&key, request, Timestamp::now())?;
    files.write(&[("key", key.to_pkcs8_pem(password)?.expose_secret()), ("crt", &certificate.to_pem())])?;
    Ok(KeyAndCertificate { key_file: files.file("key"), certificate_file: files.file("crt"), certificate })
}

fn wanted(arguments: &CertNewArguments) -> CertificateRequest {
    CertificateRequest {
        subject_cn: arguments.common_name.clone().unwrap_or_else(|| arguments.name.clone()),
        organization: arguments.organization.clone(),
        days: arguments.days,
    }
}

/// Makes a key and a request for an authority.
fn request(
    invocation: &Invocation,
    arguments: &CertNewArguments,
    files: &KeyFiles,
    password: Option<&SecretString>,
) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let waiting = Waiting::begin(printer, "Making the key");
    let key = PrivateKey::generate(arguments.bits)?;
    drop(waiting);
    let request = signing_request(&key, &wanted(arguments))?;
    files.write(&[("key", key.to_pkcs8_pem(password)?.expose_secret()), ("csr", &request)])?;
    let (key_file, request_file) = (files.file("key"), files.file("csr"));
    if printer.is_json() {
        printer.json(&json!({"key": key_file, "csr": request_file, "encrypted": password.is_some()}))?;
        return Ok(Exit::Success);
    }
    printer.result(format!("{} created a key and a signing request\n\n", paint(GOOD, "✓")))?;
    let pairs = [
        (
            "private key",
            format!("{} ({}); keep it on this machine", key_file.display(), kind(arguments.bits, password.is_some())),
        ),
        ("request", format!("{}; send this file to the certificate authority", request_file.display())),
    ];
    printer.result(fields(&pairs, printer.prose_width()))?;
    let then = "Ask for a certificate for signing (RSA, SHA-256). Until you get it, do not change the key.";
    printer.note(format!("\n{}", wrap(then, printer.prose_width()).join("\n")));
    printer.next(&[(&format!("connector cert import {} FILE", arguments.name), "when you have the certificate")]);
    Ok(Exit::Success)
}

fn show(
    invocation: &Invocation,
    arguments: &CertNewArguments,
    made: &KeyAndCertificate,
    encrypted: bool,
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let certificate = &made.certificate;
    if printer.is_json() {
        return printer.json(&json!({
            "key": made.key_file,
            "certificate": made.certificate_file,
            "encrypted": encrypted,
            "subject": certificate.subject(),
            "not_after": certificate.not_after(),
            "days_left": days_until(certificate.not_after(), Timestamp::now()),
            "sha256": certificate.sha256(),
        }));
    }
    let kind = kind(arguments.bits, encrypted);
    printer.result(format!("{} created a key and its certificate\n\n", paint(GOOD, "✓")))?;
    printer.result(fields(
        &[
            ("private key", format!("{} ({kind}); keep it on this machine", made.key_file.display())),
            ("certificate", format!("{}; upload this file", made.certificate_file.display())),
            ("subject", certificate.subject()),
            ("valid until", day(certificate.not_after())),
            ("SHA-256", certificate.sha256()),
        ],
        printer.prose_width(),
    ))
}

fn kind(bits: u32, encrypted: bool) -> String {
    format!("RSA {bits}{}", if encrypted { ", encrypted" } else { "" })
}
