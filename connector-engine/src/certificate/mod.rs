//! Watching the certificates that sources name.
//!
//! [`examine`] looks at the certificate of a source and at its key, wherever they are kept; [`glance`] looks at a
//! certificate in a file alone, for those who only want to warn in passing. Both are offline and judge alike.

mod watch;

pub use watch::{Watched, examine, glance, key_of};
