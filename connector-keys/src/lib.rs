//! Private keys and certificates for connectors: make, load, sign, inspect
