//! Secrets as they are read from the places that keep them.

use crate::der::pem_from_der;
use connector_core::{Error, ErrorKind, Result};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Turns fetched bytes into a secret: text without a byte order mark, and not empty. Binary keys and
/// certificates become PEM text. `place` names the origin in errors.
///
/// Fails with kind `secret` if the bytes are empty, or neither text nor a key or certificate.
pub fn secret_text(bytes: Vec<u8>, place: &str) -> Result<SecretString> {
    let fault = |message: String| Error::new(ErrorKind::Secret, message);
    let text = match String::from_utf8(bytes) {
        Ok(text) => Zeroizing::new(text),
        Err(binary) => {
            let bytes = Zeroizing::new(binary.into_bytes());
            return pem_from_der(&bytes).ok_or_else(|| not_text(&bytes, place));
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_end_matches(['\r', '\n']).is_empty() {
        return Err(fault(format!("{place} is empty")).with_help("write the secret there, or use another secret ref"));
    }
    Ok(SecretString::from(text))
}

/// The first bytes of files that people export instead of a key, what such a file is, and how to get the key out of it.
const FOREIGN: &[(&[u8], &str, &str)] = &[
    (b"\xff\xfe", "is UTF-16, not UTF-8", "save it as UTF-8 or ASCII; PowerShell writes UTF-16 by default"),
    (b"\xfe\xff", "is UTF-16, not UTF-8", "save it as UTF-8 or ASCII; PowerShell writes UTF-16 by default"),
    (
        b"\xfe\xed\xfe\xed",
        "is a Java keystore (JKS)",
        "run `keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12`, then \
         `connector cert import NAME FILE.p12`",
    ),
    (
        b"\xce\xce\xce\xce",
        "is a Java keystore (JCEKS)",
        "run `keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore FILE.p12 -deststoretype PKCS12`, \
         then `connector cert import NAME FILE.p12`",
    ),
    (
        b"\x1e\xf1\xb5\xb0",
        "is a Microsoft private key (PVK)",
        "run `openssl rsa -inform PVK -in FILE -out FILE.pem`, and use the new file",
    ),
    (
        b"SQLite format 3\0",
        "is a database, perhaps the key database of a browser (NSS)",
        "run `pk12util -d FOLDER -n NICKNAME -o FILE.p12`, then `connector cert import NAME FILE.p12`",
    ),
    (b"PK\x03\x04", "is a ZIP archive", "unpack it, and use the key or certificate in it"),
    (b"\x1f\x8b", "is compressed (gzip)", "unpack it with `gunzip`, and use the file in it"),
];

fn not_text(bytes: &[u8], place: &str) -> Error {
    let known = FOREIGN.iter().find(|(beginning, ..)| bytes.starts_with(beginning));
    let (what, help) = known.map_or(
        (
            "is neither text nor a binary key or certificate",
            "use PEM or DER for a key or certificate, and text for a password",
        ),
        |(_, what, help)| (*what, *help),
    );
    Error::new(ErrorKind::Secret, format!("{place} {what}")).with_help(help)
}
