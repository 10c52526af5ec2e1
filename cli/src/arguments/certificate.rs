//! `cert`.

use clap::{Args, Subcommand};
use connector_core::TimeSpan;
use std::path::PathBuf;

/// Commands on keys and certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// Make a key and a self-signed certificate, or a signing request, in secrets/
    New(CertNewArguments),
    /// Bring the certificate of an authority, or a PKCS#12 file, to secrets/
    Import(CertImportArguments),
    /// Show a certificate: subject, validity, fingerprints, whether it fits the key
    Show {
        /// A certificate file, a source with `certificate_ref`, or the name given to `cert new`
        #[arg(value_name = "FILE|NAME")]
        subject: String,
    },
    /// Check the certificates of the sources; exit code 1 when one has ended or ends soon
    Check(CertCheckArguments),
    /// Replace the key and certificate of a source with no downtime: deploy, prove, switch
    Rotate(CertRotateArguments),
}

/// Arguments of `cert new`.
#[derive(Args, Debug)]
pub(crate) struct CertNewArguments {
    /// The files' name: secrets/NAME.key and secrets/NAME.crt, usually the source's name
    pub(crate) name: String,
    /// The size of the RSA key
    #[arg(long, default_value_t = 2048, value_parser = key_size, value_name = "BITS", help = "The size of the RSA key: 2048 or 4096")]
    pub(crate) bits: u32,
    /// How long the certificate is valid
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650), value_name = "DAYS")]
    pub(crate) days: u32,
    /// The common name of the certificate [default: NAME]
    #[arg(long, value_name = "TEXT")]
    pub(crate) common_name: Option<String>,
    /// The organization of the certificate
    #[arg(long, value_name = "TEXT")]
    pub(crate) organization: Option<String>,
    /// Make a signing request for a certificate authority instead of a certificate: secrets/NAME.csr
    #[arg(long, conflicts_with_all = ["days", "write_source"])]
    pub(crate) csr: bool,
    #[command(flatten)]
    pub(crate) key: KeyFileArguments,
}

/// Arguments of `cert import`.
#[derive(Args, Debug)]
pub(crate) struct CertImportArguments {
    /// The files' name: secrets/NAME.key and secrets/NAME.crt, usually the source's name
    pub(crate) name: String,
    /// The certificate that an authority made (PEM or DER), or a PKCS#12 file (.p12, .pfx) with key and certificate
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The password of FILE, a secret ref
    #[arg(long, value_name = "REF")]
    #[arg(help = "The password of FILE: a secret ref such as env:P12_PASSWORD [default: asked for]")]
    pub(crate) password_ref: Option<String>,
    #[command(flatten)]
    pub(crate) key: KeyFileArguments,
}

/// How the private key is kept, and which source uses it.
#[derive(Args, Debug, Default)]
pub(crate) struct KeyFileArguments {
    /// The password of secrets/NAME.key, a secret ref
    #[arg(long, value_name = "REF", conflicts_with = "encrypt")]
    #[arg(help = "The password of secrets/NAME.key: a secret ref such as env:SALESFORCE_KEY_PASSWORD")]
    pub(crate) key_password_ref: Option<String>,
    /// Encrypt secrets/NAME.key with a password that is asked for
    #[arg(long)]
    pub(crate) encrypt: bool,
    /// Name the new files in the `auth:` block of this source
    #[arg(long, value_name = "SOURCE")]
    pub(crate) write_source: Option<String>,
}

/// Arguments of `cert check`.
#[derive(Args, Debug)]
pub(crate) struct CertCheckArguments {
    /// The sources: names or paths of source files [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Warn of certificates that end within this time
    #[arg(long, value_name = "TIME")]
    #[arg(
        help = "Warn of certificates that end within this time, such as 45d [default: what the source says, else 30d]"
    )]
    pub(crate) within: Option<TimeSpan>,
}

fn key_size(text: &str) -> Result<u32, String> {
    match text {
        "2048" => Ok(2048),
        "4096" => Ok(4096),
        _ => Err("write 2048 or 4096".to_owned()),
    }
}

/// Arguments of `cert rotate`.
#[derive(Args, Debug)]
pub(crate) struct CertRotateArguments {
    /// The source: its name or the path of its file
    #[arg(required_unless_present = "due", conflicts_with = "due")]
    pub(crate) name: Option<String>,
    /// All sources with `auth.rotation` whose certificate ends soon, as that says; for a timer
    #[arg(long)]
    pub(crate) due: bool,
    /// Show the steps and the exact change, and stop
    #[arg(long, conflicts_with = "yes")]
    pub(crate) preview: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How long the new key is tried before the old certificate comes back
    #[arg(long, default_value = "20m", value_name = "TIME")]
    pub(crate) wait: TimeSpan,
}
