//! Record ids: 15 significant characters and three that make them safe to compare without case.

use std::fmt;

/// Counters are written in base 62 with this alphabet, which is in ASCII order: ids sort as their counters do.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// What follows the object's key prefix in every id of this org.
const POD: &[u8; 2] = b"ak";

/// A record id in its 18-character form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id([u8; 18]);

impl Id {
    /// The id of the record `counter` of the object with this three-character key prefix.
    pub(crate) fn new(prefix: &str, counter: u64) -> Self {
        let mut id = [b'0'; 15];
        for (place, byte) in id.iter_mut().zip(prefix.bytes().chain(POD.iter().copied())) {
            *place = byte;
        }
        let mut rest = counter;
        for place in id[5..].iter_mut().rev() {
            *place = DIGITS[usize::try_from(rest % 62).expect("below 62")];
            rest /= 62;
        }
        Self::complete(id)
    }

    /// Reads an id of 15 or 18 characters; the last three of 18 must match.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 15 | 18) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let id = Self::complete(bytes[..15].try_into().ok()?);
        (bytes.len() == 15 || id.0 == bytes).then_some(id)
    }

    /// Adds the three characters that encode which letters are capitals.
    fn complete(id: [u8; 15]) -> Self {
        const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
        let mut whole = [0; 18];
        whole[..15].copy_from_slice(&id);
        for (place, group) in whole[15..].iter_mut().zip(id.chunks(5)) {
            let capitals = group
                .iter()
                .enumerate()
                .fold(0_usize, |bits, (bit, character)| bits | usize::from(character.is_ascii_uppercase()) << bit);
            *place = SUFFIX[capitals];
        }
        Self(whole)
    }

    /// The number after the prefix, if the id belongs to this org.
    pub(crate) fn counter(&self) -> Option<u64> {
        if self.0[3..5] != POD[..] {
            return None;
        }
        self.0[5..15].iter().try_fold(0_u64, |number, byte| {
            let digit = DIGITS.binary_search(byte).ok()?;
            number.checked_mul(62)?.checked_add(digit as u64)
        })
    }

    /// The object's key prefix.
    pub(crate) fn prefix(&self) -> &str {
        &self.as_str()[..3]
    }

    /// The first 15 characters, as some messages write them.
    pub(crate) fn short(&self) -> &str {
        &self.as_str()[..15]
    }

    /// The 18 characters.
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("ids are made of ASCII letters and digits only")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_characters_become_the_documented_eighteen() {
        for (short, long) in [
            ("005D0000001KyEI", "005D0000001KyEIIA0"),
            ("005ak000005hvjJ", "005ak000005hvjJAAQ"),
            ("0PSak00000M9uBB", "0PSak00000M9uBBGAZ"),
        ] {
            assert_eq!(Id::parse(short).unwrap().as_str(), long);
            assert_eq!(Id::parse(long), Id::parse(short));
        }
    }

    #[test]
    fn ids_sort_as_their_counters_and_read_back() {
        let counters = [0, 1, 9, 10, 35, 36, 61, 62, 3_843, 3_844, 1_000_000_000];
        let ids: Vec<Id> = counters.iter().map(|counter| Id::new("005", *counter)).collect();
        assert!(ids.is_sorted());
        for (id, counter) in ids.iter().zip(counters) {
            assert_eq!(Id::parse(id.as_str()).unwrap().counter(), Some(counter));
        }
    }

    #[test]
    fn a_damaged_id_is_none() {
        for text in ["", "005", "005D0000001KyEIIA1", "005D0000001KyE!", "005D0000001KyEé", "005D0000001KyEIIA00"] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}
