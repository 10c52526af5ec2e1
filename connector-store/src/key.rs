//! The key of an assignment.

use connector_core::{Error, ErrorKind, Result};

/// The key of an assignment in the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    /// Empty if an entitlement is the holder.
    pub account: &'a str,
    pub entitlement: i64,
    /// 0 if an account is the holder.
    pub holder: i64,
    /// 0 if the source does not say what gave it.
    pub through: i64,
    pub inline: bool,
}

impl<'a> Key<'a> {
    pub(crate) fn inline(account: &'a str, entitlement: i64) -> Self {
        Self { account, entitlement, holder: 0, through: 0, inline: true }
    }
}

/// The key of an assignment as bytes, which compare like the columns of the table's key.
pub(super) fn write_key(bytes: &mut Vec<u8>, key: Key<'_>) {
    bytes.clear();
    bytes.extend_from_slice(key.account.as_bytes());
    bytes.push(0);
    for number in [key.entitlement, key.holder, key.through, i64::from(key.inline)] {
        let all = number.to_be_bytes();
        let length = 8 - all.iter().take_while(|byte| **byte == 0).count();
        // Row numbers are positive, so a longer number is a larger one. It has at most eight bytes.
        bytes.push(u8::try_from(length).unwrap_or(8));
        bytes.extend_from_slice(&all[8 - length..]);
    }
}

/// What the key of a waiting name begins with. It is in no text, so names come after the assignments.
const NAME: u8 = 0xff;

/// The name of an account as a key among those of assignments.
pub(super) fn write_name_key(bytes: &mut Vec<u8>, name: &str, account: i64) {
    bytes.clear();
    bytes.push(NAME);
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&account.to_be_bytes());
}

/// Whether `write_name_key` wrote it.
pub(super) fn is_name_key(bytes: &[u8]) -> bool {
    bytes.first() == Some(&NAME)
}

/// Reads what `write_name_key` wrote: the name and the row of the account.
pub(super) fn read_name_key(bytes: &[u8]) -> Result<(&str, i64)> {
    let parse = || {
        let (rest, account) = bytes.strip_prefix(&[NAME])?.split_last_chunk()?;
        let name = std::str::from_utf8(rest.strip_suffix(&[0])?).ok()?;
        Some((name, i64::from_be_bytes(*account)))
    };
    parse().ok_or_else(damaged)
}

/// Reads what `write_key` wrote.
pub(super) fn read_key(bytes: &[u8]) -> Result<Key<'_>> {
    let parse = || {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let account = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut rest = &bytes[end + 1..];
        let mut number = || {
            let (length, after) = rest.split_first()?;
            let (digits, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            digits.iter().try_fold(0_i64, |number, byte| number.checked_mul(256)?.checked_add(i64::from(*byte)))
        };
        let (entitlement, holder, through, inline) = (number()?, number()?, number()?, number()? == 1);
        rest.is_empty().then_some(Key { account, entitlement, holder, through, inline })
    };
    parse().ok_or_else(damaged)
}

/// The error for a waiting row that can't be read.
pub(super) fn damaged() -> Error {
    Error::new(ErrorKind::Internal, "the store holds a waiting row that can't be read")
        .with_help("drop the unfinished run with `--restart`")
}
