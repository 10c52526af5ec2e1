//! The JSON body of a write request.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Map, Value as Json};

use super::super::answer::{Answer, Ask};

/// The maximum size of a decompressed body.
const LARGEST: u64 = 50 * 1024 * 1024;

/// The object in a request's body, or the response that refuses it.
pub(in crate::http) fn object(ask: &Ask) -> Result<Map<String, Json>, Answer> {
    let content_type = ask.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if !content_type.starts_with("application/json") {
        let message = format!("Content-Type of the request is not supported: {content_type}");
        return Err(Answer::error(415, "UNSUPPORTED_MEDIA_TYPE", &message));
    }
    let bytes = unpacked(ask)?;
    match serde_json::from_slice(&bytes) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(unparsable("Cannot deserialize the request: an object is expected at [line:1, column:1]")),
        Err(error) => Err(unparsable(&misplaced(&bytes, &error))),
    }
}

fn unpacked(ask: &Ask) -> Result<Cow<'_, [u8]>, Answer> {
    if ask.header("content-encoding") != Some("gzip") {
        return Ok(Cow::Borrowed(&ask.body));
    }
    let mut bytes = Vec::new();
    match GzDecoder::new(&*ask.body).take(LARGEST).read_to_end(&mut bytes) {
        Ok(_) => Ok(Cow::Owned(bytes)),
        Err(_) => Err(Answer::error(400, "UNKNOWN_EXCEPTION", "The request is not in gzip format")),
    }
}

/// A document that can't be read.
pub(super) fn unparsable(message: &str) -> Answer {
    Answer::error(400, "JSON_PARSER_ERROR", message)
}

/// The message of the org's parser for a document that is not JSON.
fn misplaced(bytes: &[u8], error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let text = String::from_utf8_lossy(bytes);
    let at = text.lines().nth(line.saturating_sub(1)).and_then(|line| line.chars().nth(column.saturating_sub(1)));
    match at {
        Some(character) if !error.is_eof() => format!(
            "Unexpected character ('{character}' (code {})): was expecting a valid value at [line:{line}, column:{column}]",
            u32::from(character)
        ),
        _ => format!("Unexpected end-of-input: expected close marker for Object at [line:{line}, column:{column}]"),
    }
}
