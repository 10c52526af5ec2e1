//! SOAP envelopes.

use roxmltree::{Document, Node};
use serde_json::Value as Json;

use super::super::answer::Answer;
use super::Refused;
use crate::metadata::{NAMESPACE, xml};

const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const XML: &str = "text/xml;charset=UTF-8";

/// A call: the session id and the element that names the operation.
pub(super) struct Call<'a> {
    pub(super) session_id: &'a str,
    /// The proof of a token that is bound to a key.
    pub(super) proof: Option<&'a str>,
    pub(super) operation: Node<'a, 'a>,
}

impl<'a> Call<'a> {
    pub(super) fn read(tree: &'a Document<'a>) -> Option<Self> {
        let envelope = Some(tree.root_element()).filter(|root| root.has_tag_name((ENVELOPE, "Envelope")))?;
        let part = |name: &str| envelope.children().find(|node| node.has_tag_name((ENVELOPE, name)));
        let operation = part("Body")?.children().find(Node::is_element)?;
        if operation.tag_name().namespace() != Some(NAMESPACE) {
            return None;
        }
        let of = |name: &str, field: &str| part("Header").and_then(|header| text(child(header, name)?, field));
        let session_id = of("SessionHeader", "sessionId").unwrap_or("");
        Some(Self { session_id, proof: of("DpopProofHeader", "proof"), operation })
    }

    pub(super) fn name(&self) -> &'a str {
        self.operation.tag_name().name()
    }
}

/// A child in the namespace of the Metadata API.
pub(super) fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.has_tag_name((NAMESPACE, name)))
}

/// The text of a child.
pub(super) fn text<'a>(node: Node<'a, 'a>, name: &str) -> Option<&'a str> {
    child(node, name)?.text().map(str::trim)
}

/// The answer to an operation: each result as an element of its own.
pub(super) fn results(operation: &str, results: &[Json]) -> Answer {
    let mut inner = String::new();
    for result in results {
        xml::write(&mut inner, "result", result, None);
    }
    answered(operation, &inner)
}

/// The answer to an operation whose result is XML already.
pub(super) fn answered(operation: &str, inner: &str) -> Answer {
    let body = format!("<{operation}Response>{inner}</{operation}Response>");
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"{ENVELOPE}\" xmlns=\"{NAMESPACE}\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    );
    Answer::new(200, XML, text.into_bytes())
}

/// A fault with a code of the org.
pub(super) fn fault((code, message): &Refused) -> Answer {
    named_fault(&format!("sf:{code}"), &format!("{code}: {message}"))
}

/// A call that can't be read.
pub(super) fn unreadable(message: &str) -> Answer {
    named_fault("soapenv:Client", message)
}

fn named_fault(code: &str, message: &str) -> Answer {
    let message = xml::escaped(message);
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"{ENVELOPE}\" xmlns:sf=\"{NAMESPACE}\">\
         <soapenv:Body><soapenv:Fault><faultcode>{code}</faultcode><faultstring>{message}</faultstring></soapenv:Fault>\
         </soapenv:Body></soapenv:Envelope>"
    );
    Answer::new(500, XML, text.into_bytes())
}
