//! Reads the fault of a SOAP envelope.

use super::Refusal;
use crate::certificate::xml::parse;

/// The refusal in a SOAP fault, if the body is one. The code loses its prefix `sf:`, and the message loses the code that it
/// begins with.
pub(super) fn refusal(body: &[u8]) -> Option<Refusal> {
    let text = str::from_utf8(body).ok()?;
    let tree = parse(text)?;
    let fault = tree.descendants().find(|node| node.tag_name().name() == "Fault")?;
    let child = |name: &str| fault.children().find(|node| node.has_tag_name(name))?.text().map(str::trim);
    let whole = child("faultcode")?;
    let code = whole.strip_prefix("sf:").unwrap_or(whole);
    let message = child("faultstring").unwrap_or_default();
    let message = message.strip_prefix(code).map_or(message, |rest| rest.trim_start_matches([':', ' ']));
    Some(Refusal { code: code.to_owned(), message: message.to_owned(), fields: None })
}
