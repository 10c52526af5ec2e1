//! PKCS#12 files with the keys of several.
#![allow(unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use openssl::pkey::PKey;

/// A DER element.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84][..], &length, &content].concat()
}

/// The content of the first DER element.
fn content(bytes: &[u8]) -> &[u8] {
    match usize::from(bytes[1]) {
        short @ 0..=0x7f => &bytes[2..2 + short],
        long => {
            let digits = long & 0x0f;
            let length = bytes[2..2 + digits].iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            &bytes[2 + digits..2 + digits + length]
        }
    }
}

/// What follows the first DER element.
fn rest(bytes: &[u8]) -> &[u8] {
    let inner = content(bytes);
    &bytes[inner.as_ptr() as usize - bytes.as_ptr() as usize + inner.len()..]
}

const DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const SHA_1: &[u8] = &[0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00];

/// One file with the keys of several: their parts in a row, signed with the password again.
pub fn joined(files: &[Vec<u8>], password: &str) -> Vec<u8> {
    let parts: Vec<&[u8]> = files
        .iter()
        .map(|file| {
            let safe = content(rest(content(file)));
            content(content(content(rest(safe))))
        })
        .collect();
    let safe = der(0x30, &parts);
    let salt = [7_u8; 8];
    let wide: Vec<u8> = password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
    let filled = |bytes: &[u8]| bytes.iter().copied().cycle().take(bytes.len().div_ceil(64) * 64).collect::<Vec<_>>();
    let seed = [vec![3_u8; 64], filled(&salt), filled(&wide)].concat();
    let key = PKey::hmac(&openssl::hash::hash(openssl::hash::MessageDigest::sha1(), &seed).unwrap()).unwrap();
    let mut signer = openssl::sign::Signer::new(openssl::hash::MessageDigest::sha1(), &key).unwrap();
    let mac = signer.sign_oneshot_to_vec(&safe).unwrap();
    let octets = der(0x04, &[&safe]);
    let whole = der(0x30, &[DATA, &der(0xa0, &[&octets])]);
    let mac = der(0x30, &[&der(0x30, &[SHA_1, &der(0x04, &[&mac])]), &der(0x04, &[&salt])]);
    der(0x30, &[&[0x02, 0x01, 0x03], &whole, &mac])
}
