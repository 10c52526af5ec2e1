//! Scripts, styles and pictures, inside the binary. Their addresses have a hash of their bytes, so a browser may keep them.

use crate::failure::Failure;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use connector_core::Error;
use openssl::sha::sha256;
use std::fmt::Write;
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    hash: LazyLock<String>,
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("../assets/", $name)),
            hash: LazyLock::new(|| short_hash(include_bytes!(concat!("../assets/", $name)))),
        }
    };
}

static ASSETS: [Asset; 4] = [
    asset!("console.css", "text/css; charset=utf-8"),
    asset!("console.js", "text/javascript; charset=utf-8"),
    asset!("htmx.min.js", "text/javascript; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
];

fn short_hash(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in &sha256(bytes)[..8] {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The address of an asset.
pub(crate) fn address(name: &str) -> String {
    let hash = ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| asset.hash.as_str());
    format!("/assets/{hash}/{name}")
}

pub(crate) async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name && *asset.hash == hash) {
        Some(asset) => {
            ([(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")], asset.bytes)
                .into_response()
        }
        None => Failure::from(Error::not_found("there is no such file")).into_response(),
    }
}
