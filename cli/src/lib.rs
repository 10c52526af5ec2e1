//! The connector command line
