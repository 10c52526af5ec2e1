//! `cert`.

use clap::{Args, Subcommand};

/// Commands on keys and certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// Make a key pair and a self-signed certificate in secrets/
    New(CertNewArguments),
    /// Show a certificate: subject, validity, fingerprint, whether it fits the key
    Show {
        /// A certificate file, or a source with `certificate_ref`
        #[arg(value_name = "FILE|NAME")]
        subject: String,
    },
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
    /// Encrypt the key with this password, a secret ref
    #[arg(long, value_name = "REF")]
    #[arg(help = "Encrypt the key with this password: a secret ref such as env:SALESFORCE_KEY_PASSWORD")]
    pub(crate) password_ref: Option<String>,
}

fn key_size(text: &str) -> Result<u32, String> {
    match text {
        "2048" => Ok(2048),
        "4096" => Ok(4096),
        _ => Err("write 2048 or 4096".to_owned()),
    }
}
