//! Aggregation: reading a source into the store.
