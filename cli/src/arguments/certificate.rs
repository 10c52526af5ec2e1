//! `cert`.

use super::completes::Completes;
use super::list::ListArguments;
use clap::{Args, Subcommand};
use connector_core::TimeSpan;
use std::path::PathBuf;

/// Commands on keys and certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// Create a key and a self-signed certificate (or a signing request) in secrets/
    New(CertNewArguments),
    /// Import a CA-signed certificate or a PKCS#12 file into secrets/
    Import(CertImportArguments),
    /// Show a certificate: subject, validity, fingerprints, and whether it matches its key
    Show {
        /// Certificate file, source with `certificate_ref`, or name that was given to `cert new`
        #[arg(value_name = "FILE|NAME")]
        subject: String,
    },
    /// Check certificates; the exit code is 1 if one has expired or expires soon
    Check(CertCheckArguments),
    /// Replace the key and certificate of a source without downtime
    Rotate(CertRotateArguments),
}

/// Arguments of `cert new`.
#[derive(Args, Debug)]
pub(crate) struct CertNewArguments {
    /// Name of the files secrets/NAME.key and secrets/NAME.crt; use the name of the source
    pub(crate) name: String,
    /// The size of the RSA key
    #[arg(long, default_value_t = 2048, value_parser = key_size, value_name = "BITS", help = "Size of the RSA key: 2048 or 4096")]
    pub(crate) bits: u32,
    /// Days that the certificate is valid
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650), value_name = "DAYS")]
    pub(crate) days: u32,
    /// Common name of the certificate [default: NAME]
    #[arg(long, value_name = "TEXT")]
    pub(crate) common_name: Option<String>,
    /// Organization of the certificate
    #[arg(long, value_name = "TEXT")]
    pub(crate) organization: Option<String>,
    /// Create a signing request for a certificate authority (secrets/NAME.csr) instead of a certificate
    #[arg(long, conflicts_with_all = ["days", "write_source"])]
    pub(crate) csr: bool,
    #[command(flatten)]
    pub(crate) key: KeyFileArguments,
}

/// Arguments of `cert import`.
#[derive(Args, Debug)]
pub(crate) struct CertImportArguments {
    /// Name of the files secrets/NAME.key and secrets/NAME.crt; use the name of the source
    pub(crate) name: String,
    /// CA-signed certificate (PEM or DER), or PKCS#12 file (.p12, .pfx) with key and certificate
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The password of FILE, a secret ref
    #[arg(long, value_name = "REF")]
    #[arg(help = "Password of FILE, as a secret ref such as env:P12_PASSWORD [default: ask]")]
    pub(crate) password_ref: Option<String>,
    /// Key to import, if FILE is a PKCS#12 file with several keys [default: ask]
    #[arg(long, value_name = "NAME")]
    pub(crate) key_name: Option<String>,
    #[command(flatten)]
    pub(crate) key: KeyFileArguments,
}

/// How to keep the private key, and which source uses it.
#[derive(Args, Debug, Default)]
pub(crate) struct KeyFileArguments {
    /// The password of secrets/NAME.key, a secret ref
    #[arg(long, value_name = "REF", conflicts_with = "encrypt")]
    #[arg(help = "Password of secrets/NAME.key, as a secret ref such as env:SALESFORCE_KEY_PASSWORD")]
    pub(crate) key_password_ref: Option<String>,
    /// Ask for a password and encrypt secrets/NAME.key with it
    #[arg(long)]
    pub(crate) encrypt: bool,
    /// Write the names of the new files into the `auth:` block of this source
    #[arg(long, value_name = "SOURCE")]
    pub(crate) write_source: Option<String>,
}

/// Arguments of `cert check`.
#[derive(Args, Debug)]
pub(crate) struct CertCheckArguments {
    /// Source names, or paths of source files [default: all sources]
    #[arg(value_name = "NAME")]
    #[arg(add = Completes::Sources)]
    pub(crate) names: Vec<String>,
    /// Warn about certificates that expire within this time
    #[arg(long, value_name = "TIME")]
    #[arg(
        help = "Warn about certificates that expire within this time, such as 45d [default: the window of the source, or 30d]"
    )]
    pub(crate) within: Option<TimeSpan>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

fn key_size(text: &str) -> Result<u32, String> {
    match text {
        "2048" => Ok(2048),
        "4096" => Ok(4096),
        _ => Err("use 2048 or 4096".to_owned()),
    }
}

/// Arguments of `cert rotate`.
#[derive(Args, Debug)]
pub(crate) struct CertRotateArguments {
    /// Source name, or path of its file
    #[arg(required_unless_present = "due", conflicts_with = "due")]
    pub(crate) name: Option<String>,
    /// Rotate every source whose certificate is inside its rotation window (for cron)
    #[arg(long)]
    pub(crate) due: bool,
    /// Show the steps and the exact change; change nothing
    #[arg(long, visible_alias = "dry-run", conflicts_with = "yes")]
    pub(crate) preview: bool,
    /// Don't ask for confirmation
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How long to try the new key before restoring the old certificate
    #[arg(long, default_value = "20m", value_name = "TIME")]
    pub(crate) wait: TimeSpan,
}
