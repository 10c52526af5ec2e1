//! Questions about the store.
