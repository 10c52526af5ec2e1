//! Hashes.

/// The SHA-256 hash of `data`.
///
/// ```
/// assert_eq!(connector_keys::sha256(b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
/// ```
pub fn sha256(data: &[u8]) -> [u8; 32] {
    openssl::sha::sha256(data)
}
