//! Private keys under a password: PKCS#8 with PBES2 (RFC 8018).
//!
//! OpenSSL writes such keys with 2,048 rounds, and its binding has no way to ask for more.

use crate::pem;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_bytes;
use openssl::symm::{Cipher, encrypt};
use zeroize::Zeroizing;

/// The rounds of PBKDF2 with HMAC-SHA-256 that OWASP asks for: each guess of the password costs that much.
const ROUNDS: u32 = 600_000;

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
const HMAC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

/// The key as PEM text.
pub(crate) fn pem(key: &PKey<Private>, password: &[u8]) -> Result<String, ErrorStack> {
    let plain = Zeroizing::new(key.private_key_to_pkcs8()?);
    let (mut salt, mut start) = ([0; 16], [0; 16]);
    rand_bytes(&mut salt)?;
    rand_bytes(&mut start)?;
    let mut secret = Zeroizing::new([0; 32]);
    pbkdf2_hmac(password, &salt, ROUNDS as usize, MessageDigest::sha256(), &mut *secret)?;
    let sealed = encrypt(Cipher::aes_256_cbc(), &*secret, Some(&start), &plain)?;

    let rounds = ROUNDS.to_be_bytes();
    let rounds = &rounds[rounds.iter().position(|byte| *byte != 0).unwrap_or(0)..];
    let random = sequence(&[object(HMAC_SHA256), value(0x05, &[])]);
    let derivation = sequence(&[object(PBKDF2), sequence(&[octets(&salt), value(0x02, rounds), random])]);
    let cipher = sequence(&[object(AES_256_CBC), octets(&start)]);
    let algorithm = sequence(&[object(PBES2), sequence(&[derivation, cipher])]);
    let der = sequence(&[algorithm, octets(&sealed)]);
    Ok(pem::written("ENCRYPTED PRIVATE KEY", "", &openssl::base64::encode_block(&der)).to_string())
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    value(0x30, &parts.concat())
}

fn object(id: &[u8]) -> Vec<u8> {
    value(0x06, id)
}

fn octets(bytes: &[u8]) -> Vec<u8> {
    value(0x04, bytes)
}

/// A DER value: its tag, its length and its content.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    if content.len() >= 0x80 {
        // A length has at most eight bytes.
        der.push(0x80 | u8::try_from(length.len()).unwrap_or(8));
    }
    der.extend_from_slice(length);
    der.extend_from_slice(content);
    der
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::rsa::Rsa;

    #[test]
    fn a_password_costs_600000_rounds_for_each_guess_and_openssl_opens_the_key() {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let pem = pem(&key, b"correct horse").unwrap();
        let opened = PKey::private_key_from_pem_passphrase(pem.as_bytes(), b"correct horse").unwrap();
        assert!(opened.public_eq(&key));
        assert!(PKey::private_key_from_pem_passphrase(pem.as_bytes(), b"wrong horse").is_err());
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = openssl::base64::decode_block(&base64).unwrap();
        // The number itself: 600,000 as a DER integer.
        assert!(der.windows(5).any(|part| part == [0x02, 0x03, 0x09, 0x27, 0xc0]));
    }
}
