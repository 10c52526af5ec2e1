//! One authenticated HTTP client and the OAuth grants for connectors
