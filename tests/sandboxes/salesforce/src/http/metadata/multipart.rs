//! The body of a deploy: its options and its zip.

use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;
use serde_json::Value as Json;

use super::super::answer::{Answer, Ask};

/// The content of a deploy request.
pub(super) struct DeployBody {
    pub(super) options: Json,
    pub(super) zip: Bytes,
}

/// Reads the two parts. The options are documented as `json` and called `entity_content` by clients in wide use.
pub(super) fn read(ask: &Ask) -> Result<DeployBody, Answer> {
    let content_type = ask.header("content-type").unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        let message = format!("Content-Type of the request is not supported: {content_type}");
        Answer::error(415, "UNSUPPORTED_MEDIA_TYPE", &message)
    })?;
    let body = stream::iter([Ok::<_, std::io::Error>(ask.body.clone())]);
    // Requests are answered on threads that may wait.
    let parts = tokio::runtime::Handle::current().block_on(parts(Multipart::new(body, boundary)));
    let parts = parts.map_err(|error| broken(&format!("The multipart body can't be read: {error}")))?;
    let part = |names: &[&str]| parts.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, body)| body);
    let json = part(&["json", "entity_content"]).ok_or_else(|| broken("The part json is missing"))?;
    let zip = part(&["file"]).ok_or_else(|| broken("The part file is missing"))?;
    let mut json: Json = serde_json::from_slice(json).map_err(|error| {
        Answer::error(400, "JSON_PARSER_ERROR", &format!("The deploy options are no JSON: {error}"))
    })?;
    match json.get_mut("deployOptions").map(Json::take) {
        Some(options @ Json::Object(_)) => Ok(DeployBody { options, zip: zip.clone() }),
        _ => Err(broken("The deploy options are missing")),
    }
}

async fn parts(mut multipart: Multipart<'_>) -> multer::Result<Vec<(String, Bytes)>> {
    let mut parts = Vec::new();
    while let Some(field) = multipart.next_field().await? {
        let name = field.name().unwrap_or("").to_owned();
        parts.push((name, field.bytes().await?));
    }
    Ok(parts)
}

fn broken(message: &str) -> Answer {
    Answer::error(400, "INVALID_MULTIPART_REQUEST", message)
}
