//! Reads with SOAP: the Metadata API has no other way to list and read components.

use super::xml::{NAMESPACE, escaped, parse};
use crate::api::Rest;
use crate::error;
use bytes::Bytes;
use connector_core::{Error, ErrorKind, Happened, Result};
use connector_http::Response;
use roxmltree::Node;
use secrecy::{ExposeSecret, SecretString};

const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// Calls an operation that only reads. `arguments` is XML. Returns the response as text; [`results`] parses it.
pub(super) async fn call(rest: &Rest, operation: &str, arguments: &str, doing: &str) -> Result<Response> {
    let path = format!("/services/Soap/m/{}", rest.version().await?);
    let body = format!("<m:{operation}>{arguments}</m:{operation}>");
    let request = rest
        .client
        .post_with_token(&path, "text/xml; charset=UTF-8", move |token, proof| envelope(token, proof, &body))
        .header("Accept", "text/xml")
        .header("SOAPAction", "\"\"")
        .repeatable();
    match rest.ask(request, doing).await {
        Err(refused) if error::is_refused_session(&refused) => Err(of_session(rest, refused, doing).await),
        answer => answer.map_err(|error| error.with_happened(Happened::No)),
    }
}

/// The envelope contains the token, and the proof of a token that is bound to a key: never show or log it.
///
/// <https://developer.salesforce.com/docs/platform/api/guide/sforce-api-header-dpopproofheader.html>
fn envelope(token: &SecretString, proof: Option<&SecretString>, body: &str) -> Bytes {
    let token = escaped(token.expose_secret());
    let proof = proof.map(|proof| escaped(proof.expose_secret()));
    let proof = proof.map(|proof| format!("<m:DpopProofHeader><m:proof>{proof}</m:proof></m:DpopProofHeader>"));
    let proof = proof.unwrap_or_default();
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><e:Envelope xmlns:e=\"{ENVELOPE}\" xmlns:m=\"{NAMESPACE}\"><e:Header>\
         <m:SessionHeader><m:sessionId>{token}</m:sessionId></m:SessionHeader>{proof}</e:Header><e:Body>{body}</e:Body>\
         </e:Envelope>"
    );
    Bytes::from(text)
}

/// Why SOAP refuses a new session. REST shows whether the session is valid.
async fn of_session(rest: &Rest, refused: Error, doing: &str) -> Error {
    match rest.reach().await {
        Ok(()) => Error::new(
            ErrorKind::Auth,
            format!("{doing}: the org accepts the session for REST but not for SOAP (`INVALID_SESSION_ID`)"),
        )
        .with_help(
            "configure the app to issue opaque access tokens: switch off \"Issue JSON Web Token (JWT)-based access tokens for named \
             users\" in its OAuth settings. Salesforce does not accept JWT-based tokens for SOAP, which reads certificates",
        ),
        Err(error) if error.kind() == ErrorKind::Auth => error,
        Err(_) => refused,
    }
}

/// Parses a response and passes the element of the operation's response on.
pub(super) fn results<T>(
    answer: &Response,
    operation: &str,
    doing: &str,
    read: impl FnOnce(Node<'_, '_>) -> T,
) -> Result<T> {
    let odd = || {
        Error::new(ErrorKind::Protocol, format!("{doing}: the response is not from Salesforce's Metadata API"))
            .with_help("check `token_url`, and whether a proxy or maintenance page is answering instead of Salesforce")
    };
    let text = str::from_utf8(&answer.body).map_err(|_| odd())?;
    let tree = parse(text).ok_or_else(odd)?;
    let wanted = format!("{operation}Response");
    let response = tree.descendants().find(|node| node.has_tag_name((NAMESPACE, wanted.as_str())));
    response.map(read).ok_or_else(odd)
}

/// The children with this name.
pub(super) fn children<'a>(node: Node<'a, 'a>, name: &str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| child.has_tag_name((NAMESPACE, name)))
}

/// The text of the child with this name.
pub(super) fn text<'a>(node: Node<'a, 'a>, name: &str) -> Option<&'a str> {
    children(node, name).next()?.text().map(str::trim)
}
