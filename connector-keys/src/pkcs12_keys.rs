//! The private keys in a PKCS#12 file. OpenSSL's own function opens only the first one.

/// One key, and its name in the file.
pub(crate) struct Bag<'a> {
    /// The friendly name, if the file has one.
    pub(crate) name: Option<String>,
    /// Whether the key is encrypted by itself.
    pub(crate) encrypted: bool,
    /// The key in PKCS#8, as DER.
    pub(crate) der: &'a [u8],
}

const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01];
const SHROUDED_KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02];
const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x14];

const OBJECT_ID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const EXPLICIT: u8 = 0xa0;

/// The keys outside of encrypted parts, where every common tool puts them; empty for a file with another structure.
pub(crate) fn keys(pkcs12: &[u8]) -> Vec<Bag<'_>> {
    parts(pkcs12).unwrap_or_default().into_iter().flat_map(|part| bags(part).unwrap_or_default()).collect()
}

/// The parts that are not encrypted.
fn parts(pkcs12: &[u8]) -> Option<Vec<&[u8]>> {
    let (file, _) = take(pkcs12, SEQUENCE)?;
    let (_version, rest) = any(file)?;
    let (safe, _) = take(rest, SEQUENCE)?;
    let (parts, _) = take(data(safe)?, SEQUENCE)?;
    Some(each(parts).filter_map(|(_, part)| data(part)).collect())
}

/// What is in a part of the kind "data".
fn data(part: &[u8]) -> Option<&[u8]> {
    let (kind, rest) = take(part, OBJECT_ID)?;
    let (explicit, _) = take(rest, EXPLICIT).filter(|_| kind == DATA)?;
    Some(take(explicit, OCTETS)?.0)
}

fn bags(part: &[u8]) -> Option<Vec<Bag<'_>>> {
    let (bags, _) = take(part, SEQUENCE)?;
    Some(each(bags).filter_map(|(_, bag)| key(bag)).collect())
}

fn key(bag: &[u8]) -> Option<Bag<'_>> {
    let (kind, rest) = take(bag, OBJECT_ID)?;
    let encrypted = kind == SHROUDED_KEY_BAG;
    let (der, rest) = take(rest, EXPLICIT).filter(|_| encrypted || kind == KEY_BAG)?;
    let attributes = take(rest, SET).map(|(attributes, _)| attributes).unwrap_or_default();
    Some(Bag { name: each(attributes).find_map(|(_, attribute)| friendly_name(attribute)), encrypted, der })
}

fn friendly_name(attribute: &[u8]) -> Option<String> {
    let (kind, rest) = take(attribute, OBJECT_ID)?;
    let (values, _) = take(rest, SET).filter(|_| kind == FRIENDLY_NAME)?;
    let ((_, text), _) = element(values)?;
    let units: Vec<_> = text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    Some(String::from_utf16_lossy(&units))
}

/// A tag and its content.
type Element<'a> = (u8, &'a [u8]);

/// The elements in a row, as far as they can be read.
fn each(mut bytes: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || {
        let (found, rest) = element(bytes)?;
        bytes = rest;
        Some(found)
    })
}

/// The content of the first element, which has this tag, and what follows it.
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let ((found, content), rest) = element(bytes)?;
    (found == tag).then_some((content, rest))
}

fn any(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    element(bytes).map(|((_, content), rest)| (content, rest))
}

/// The tag and content of the first element, and what follows it; `None` for an open length, which is not DER.
fn element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some(((tag, content), rest))
}
