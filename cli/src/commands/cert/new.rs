//! `connector cert new NAME`.

use crate::arguments::CertNewArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{GOOD, day, days_until, fields, paint, wrap};
use crate::project_files;
use connector_core::{Context, Error, ErrorKind, Result, SecretRef};
use connector_engine::source::Project;
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::fmt::Write as _;
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
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let password = match &arguments.password_ref {
        Some(reference) => Some(password(invocation, &project, reference)?),
        None => None,
    };
    let made = make_key_and_certificate(&project, arguments, password.as_ref())?;
    let certificate = &made.certificate;
    if printer.is_json() {
        printer.json(&json!({
            "key": made.key_file,
            "certificate": made.certificate_file,
            "encrypted": password.is_some(),
            "subject": certificate.subject(),
            "not_after": certificate.not_after(),
            "days_left": days_until(certificate.not_after(), Timestamp::now()),
            "sha256": certificate.sha256(),
        }))?;
        return Ok(Exit::Success);
    }
    let size = arguments.bits;
    let kind = if password.is_some() { format!("RSA {size}, encrypted") } else { format!("RSA {size}") };
    printer.result(format!("{} made a key and its certificate\n\n", paint(GOOD, "✓")))?;
    printer.result(fields(
        &[
            ("private key", format!("{} ({kind}) stays here", made.key_file.display())),
            ("certificate", format!("{} is what you upload", made.certificate_file.display())),
            ("subject", certificate.subject()),
            ("valid until", day(certificate.not_after())),
            ("SHA-256", certificate.sha256()),
        ],
        printer.prose_width(),
    ))?;
    explain(invocation, &made, arguments);
    Ok(Exit::Success)
}

/// Says where the certificate belongs, and what the source file has to say.
fn explain(invocation: &Invocation, made: &KeyAndCertificate, arguments: &CertNewArguments) {
    let printer = &invocation.printer;
    if printer.is_json() {
        return;
    }
    let upload = format!(
        "In Salesforce: Setup, External Client App Manager (or App Manager), your app, OAuth settings, \
         Use digital signatures / JWT Bearer Flow: upload {}.",
        made.certificate_file.display()
    );
    let mut text = format!("\n{}\n\nIn the source file:\n", wrap(&upload, printer.prose_width()).join("\n"));
    _ = writeln!(text, "  key_ref: file:{}", in_project(&arguments.name, "key"));
    if let Some(reference) = &arguments.password_ref {
        _ = writeln!(text, "  key_password_ref: {reference}");
    }
    _ = write!(text, "  certificate_ref: file:{}", in_project(&arguments.name, "crt"));
    printer.note(text);
}

fn in_project(name: &str, extension: &str) -> String {
    format!("secrets/{name}.{extension}")
}

/// Makes a key and a self-signed certificate in `secrets/` of the project; writes over nothing.
pub(crate) fn make_key_and_certificate(
    project: &Project,
    arguments: &CertNewArguments,
    password: Option<&SecretString>,
) -> Result<KeyAndCertificate> {
    let name = &arguments.name;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) || name.starts_with('.')
    {
        return Err(Error::new(ErrorKind::Definition, format!("`{name}` can't be the name of a key"))
            .with_help("use letters, digits, `-`, `_` and `.`; the source's name is a good one"));
    }
    let folder = project.folder().strip_prefix(".").unwrap_or(project.folder());
    let key_file = folder.join(in_project(name, "key"));
    let certificate_file = folder.join(in_project(name, "crt"));
    for file in [&key_file, &certificate_file] {
        if file.exists() {
            return Err(Error::new(ErrorKind::AlreadyExists, format!("there is a file `{}` already", file.display()))
                .with_help("a key that is in use is not written over: choose another name, or move the file away"));
        }
    }
    let key = PrivateKey::generate(arguments.bits)?;
    let request = CertificateRequest {
        subject_cn: arguments.common_name.clone().unwrap_or_else(|| name.clone()),
        organization: arguments.organization.clone(),
        days: arguments.days,
    };
    let certificate = Certificate::self_signed(&key, &request, Timestamp::now())?;
    project_files::make_private_folder(&folder.join("secrets"))?;
    project_files::write_private(&key_file, key.to_pkcs8_pem(password)?.expose_secret())?;
    project_files::write_private(&certificate_file, &certificate.to_pem())?;
    Ok(KeyAndCertificate { key_file, certificate_file, certificate })
}

fn password(invocation: &Invocation, project: &Project, reference: &str) -> Result<SecretString, Stop> {
    let reference: SecretRef = reference
        .parse()
        .map_err(|fault: String| Error::new(ErrorKind::Definition, format!("`--password-ref` is {fault}")))?;
    let context = Context::new("cert", project.folder());
    let text = invocation.block_on(context.secret(&reference))??;
    let password = text.expose_secret().trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Error::new(ErrorKind::Secret, "the password for the new key is empty").into());
    }
    Ok(SecretString::from(password))
}
