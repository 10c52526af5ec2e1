//! Reads source files, runs aggregation jobs and keeps the store
