//! Files as the settings name them: which ones there are, how they are written, and the text in them.

mod compression;
mod encoded;
mod ended;
mod file;
mod format;
mod open;
mod pattern;
mod table;
mod transcode;

pub(crate) use compression::Compression;
pub(crate) use encoded::{Encoded, Packed};
pub(crate) use ended::{Ended, LONGEST_ROW, SENTINEL};
pub(crate) use file::DataFile;
pub(crate) use format::{Format, delimiter_of, quote_of};
pub(crate) use open::{MARK, encoding_of, text_of};
pub(crate) use pattern::Pattern;
pub(crate) use table::Table;
