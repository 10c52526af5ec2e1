//! Reading lists of a source from a function that reads one page of them: items, and the position of the next page.

mod all;
mod each;
mod offset;
mod page;

pub use all::read_all;
pub use each::read_each;
pub use offset::next_offset;
pub use page::read_page;
