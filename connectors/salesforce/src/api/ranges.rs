//! Record ids, and spans of ids that can be read side by side.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many of the 18 characters of an id tell records apart; the last three only guard against a change of case.
const SIGNIFICANT: usize = 15;

/// A record id. Its first 15 characters tell it apart, and they sort as Salesforce sorts ids. The last three are kept as
/// they came: an id is given back as it was got.
#[derive(Clone, Copy)]
pub(crate) struct RecordId([u8; 18]);

impl RecordId {
    /// Reads an id of 15 or 18 characters.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        bytes.try_into().map(Self).ok().or_else(|| bytes.try_into().map(Self::complete).ok())
    }

    /// Adds the last three characters: each says which of five characters are capital letters.
    fn complete(significant: [u8; SIGNIFICANT]) -> Self {
        const MARKS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
        let mut id = [b'A'; 18];
        id[..SIGNIFICANT].copy_from_slice(&significant);
        for (mark, group) in id[SIGNIFICANT..].iter_mut().zip(significant.chunks(5)) {
            let capitals = group.iter().rev().fold(0, |bits, byte| bits << 1 | usize::from(byte.is_ascii_uppercase()));
            *mark = MARKS[capitals];
        }
        Self(id)
    }

    /// All 18 characters.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an id is made of ASCII letters and digits only")
    }

    /// Whether it is an id of the object with this key prefix.
    pub(crate) fn has_prefix(self, prefix: &str) -> bool {
        self.as_str().starts_with(prefix)
    }

    fn significant(&self) -> &[u8] {
        &self.0[..SIGNIFICANT]
    }

    fn number(self) -> u128 {
        self.significant().iter().fold(0, |number, byte| {
            let digit = DIGITS.binary_search(byte).expect("an id is made of ASCII letters and digits only");
            number * 62 + digit as u128
        })
    }

    fn from_number(mut number: u128) -> Self {
        let mut id = [b'0'; SIGNIFICANT];
        for place in id.iter_mut().rev() {
            *place = DIGITS[usize::try_from(number % 62).expect("below 62")];
            number /= 62;
        }
        Self::complete(id)
    }
}

impl PartialEq for RecordId {
    fn eq(&self, other: &Self) -> bool {
        self.significant() == other.significant()
    }
}

impl Eq for RecordId {}

impl PartialOrd for RecordId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RecordId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.significant().cmp(other.significant())
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("not a record id"))
    }
}

/// The ids after one and up to another; open where one is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Ids greater than this one.
    pub(crate) after: Option<RecordId>,
    /// Ids up to and with this one.
    pub(crate) end: Option<RecordId>,
}

impl Span {
    /// Whether the id is in it.
    pub(crate) fn holds(&self, id: RecordId) -> bool {
        self.after.is_none_or(|after| id > after) && self.end.is_none_or(|end| id <= end)
    }
}

/// The ids after `after` in `parts` spans of about the same width up to `last`; the last span is open, so that
/// records made meanwhile are in it.
pub(crate) fn split(after: RecordId, last: RecordId, parts: usize) -> Vec<Span> {
    let (low, high) = (after.number(), last.number());
    let parts = parts.max(1) as u128;
    let mut spans = Vec::new();
    let mut from = after;
    for part in 1..parts {
        let end = RecordId::from_number(low + high.saturating_sub(low) * part / parts);
        if end > from {
            spans.push(Span { after: Some(from), end: Some(end) });
            from = end;
        }
    }
    spans.push(Span { after: Some(from), end: None });
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id() -> impl Strategy<Value = RecordId> {
        "[0-9A-Za-z]{15}".prop_map(|text| RecordId::read(&text).unwrap())
    }

    proptest! {
        #[test]
        fn numbers_keep_ids_and_their_order(one in id(), other in id()) {
            prop_assert_eq!(RecordId::from_number(one.number()), one);
            prop_assert_eq!(one.cmp(&other), one.number().cmp(&other.number()));
        }

        #[test]
        fn spans_cover_every_later_id_once(after in id(), last in id(), parts in 0..10_usize, probe in id()) {
            let spans = split(after, last, parts);
            prop_assert!(spans.len() <= parts.max(1));
            let holding = spans.iter().filter(|span| span.holds(probe)).count();
            prop_assert_eq!(holding, usize::from(probe > after));
            prop_assert_eq!(spans[spans.len() - 1].end, None);
        }

        #[test]
        fn spans_of_neighboring_ids_cover_them_once(start in 0_u128..1_000_000, width in 0_u128..40, parts in 1..9_usize) {
            let at = |offset: u128| RecordId::from_number(start + offset);
            let spans = split(at(0), at(width), parts);
            for offset in 1..=width + 2 {
                prop_assert_eq!(spans.iter().filter(|span| span.holds(at(offset))).count(), 1);
            }
        }

        #[test]
        fn odd_text_is_no_id(text in any::<String>()) {
            let plain = matches!(text.len(), 15 | 18) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            prop_assert_eq!(RecordId::read(&text).is_some(), plain);
        }
    }

    #[test]
    fn the_two_forms_of_an_id_are_the_same_id() {
        assert_eq!(RecordId::read("005ak000005hvjJAAQ"), RecordId::read("005ak000005hvjJ"));
        assert!(RecordId::read("005ak000005hvjJ").is_some_and(|id| id.has_prefix("005")));
    }

    #[test]
    fn a_short_id_is_completed_and_a_whole_one_stays_as_it_came() {
        let whole = |text: &str| RecordId::read(text).map(|id| id.as_str().to_owned());
        assert_eq!(whole("005D0000001KyEI").as_deref(), Some("005D0000001KyEIIA0"));
        assert_eq!(whole("005ak000005hvjJ").as_deref(), Some("005ak000005hvjJAAQ"));
        assert_eq!(whole("0PSak00000M9uBB").as_deref(), Some("0PSak00000M9uBBGAZ"));
        assert_eq!(whole("005ak000005hvjJXYZ").as_deref(), Some("005ak000005hvjJXYZ"));
    }
}
