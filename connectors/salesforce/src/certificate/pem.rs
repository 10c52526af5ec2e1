//! Certificates as text.

use connector_core::{Error, ErrorKind, Result};

/// Checks that a text is one certificate and nothing else. Above all, it must not contain a private key.
pub(super) fn check(pem: &str) -> Result<()> {
    let blocks = pem.matches("-----BEGIN ").count();
    if blocks == 1 && pem.trim_start().starts_with("-----BEGIN CERTIFICATE-----") {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Invalid, "the text to deploy is not a single PEM certificate")
        .with_help("use the certificate alone, without its chain and without a key"))
}

/// Whether two texts contain the same certificate. The org may break lines in other places.
pub(super) fn same(one: &str, other: &str) -> bool {
    payload(one).eq(payload(other))
}

fn payload(pem: &str) -> impl Iterator<Item = char> {
    let lines = pem.lines().filter(|line| !line.trim_start().starts_with("-----"));
    lines.flat_map(str::chars).filter(|character| !character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_certificate_alone_is_handed_over() {
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(check(certificate).is_ok());
        let key = certificate.replace("CERTIFICATE", "PRIVATE KEY");
        for wrong in ["", "AAAA", &key, &certificate.repeat(2), &format!("{certificate}{key}")] {
            assert_eq!(check(wrong).unwrap_err().kind(), ErrorKind::Invalid);
        }
    }

    #[test]
    fn the_breaks_of_lines_make_no_other_certificate() {
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n";
        assert!(same(certificate, "-----BEGIN CERTIFICATE-----\r\nAAAABBBB\r\n-----END CERTIFICATE-----"));
        assert!(!same(certificate, &certificate.replace("BBBB", "BBBC")));
    }
}
