//! The store: what was read, run by run.
