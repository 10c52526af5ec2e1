//! A component as a document: how the org writes that of an app, and how it reads a deployed one.

use std::collections::BTreeMap;

use openssl::pkey::Id as KeyKind;
use openssl::x509::X509;
use roxmltree::{Document, Node};
use secrecy::SecretString;
use serde_json::{Map, Value as Json};

use super::component::{Element, Form, Kind};
use super::history::AppChange;
use super::problem::Problem;
use super::{NAMESPACE, xml};
use crate::app::App;

/// The longest certificate, in bytes of PEM.
const LONGEST_CERTIFICATE: usize = 4_096;
/// The smallest RSA key, in bits.
const SMALLEST_KEY: u32 = 2_048;

/// The content of a deployed component.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) kind: Kind,
    pub(crate) full_name: String,
    /// The elements that are present, by the name of their setting.
    values: BTreeMap<&'static str, Vec<String>>,
}

impl Definition {
    /// Reads a component and checks what can be checked without the app.
    pub(crate) fn read(kind: Kind, full_name: &str, document: &[u8]) -> Result<Self, Problem> {
        let problem = |text: String| Problem::of(kind, full_name, text);
        let text = str::from_utf8(document).map_err(|_| problem("Invalid encoding: UTF-8 is expected".to_owned()))?;
        let tree = Document::parse(text).map_err(|error| {
            let place = error.pos();
            problem(format!("Error parsing file: {error}")).at((place.row, place.col))
        })?;
        let root = tree.root_element();
        if !root.has_tag_name((NAMESPACE, kind.name())) {
            return Err(problem(format!("Invalid root element: {} is expected", kind.name())));
        }
        let mut definition = Self { kind, full_name: full_name.to_owned(), values: BTreeMap::new() };
        definition.take(root, "").map_err(|(node, text)| {
            let place = tree.text_pos_at(node.range().start);
            problem(text).at((place.row, place.col))
        })?;
        definition.complete()?;
        Ok(definition)
    }

    /// Takes the elements of one section.
    fn take<'a>(&mut self, parent: Node<'a, 'a>, section: &str) -> Result<(), (Node<'a, 'a>, String)> {
        for node in parent.children().filter(Node::is_element) {
            let name = node.tag_name().name();
            let elements = self.kind.elements();
            if section.is_empty() && elements.iter().any(|element| element.section == name) {
                self.take(node, name)?;
                continue;
            }
            if section.is_empty() && name == "fullName" {
                continue;
            }
            let known = elements.iter().find(|element| element.section == section && element.name == name);
            let Some(element) = known.filter(|_| node.tag_name().namespace() == Some(NAMESPACE)) else {
                let kind = self.kind.name();
                return Err((node, format!("Element {{{NAMESPACE}}}{name} invalid at this location in type {kind}")));
            };
            let text = node.text().unwrap_or("").to_owned();
            if element.form == Form::Flag && !matches!(text.as_str(), "true" | "false") {
                return Err((node, format!("'{text}' is not a valid value for the type xsd:boolean")));
            }
            let values = self.values.entry(element.setting).or_default();
            if element.form != Form::Texts && !values.is_empty() {
                return Err((node, format!("Duplicate element {name}")));
            }
            values.push(text);
        }
        Ok(())
    }

    /// Required elements and the certificate.
    fn complete(&mut self) -> Result<(), Problem> {
        let problem = |text: String| Problem::of(self.kind, &self.full_name, text);
        for element in self.kind.elements().iter().filter(|element| element.form == Form::Required) {
            if self.one(element.setting).is_none_or(str::is_empty) {
                return Err(problem(format!("Required field is missing: {}", element.name)));
            }
        }
        if let Some(pem) = self.one("certificate").filter(|pem| !pem.trim().is_empty()) {
            let pem = checked_certificate(pem).map_err(problem)?;
            self.values.insert("certificate", vec![pem]);
        } else {
            self.values.remove("certificate");
        }
        Ok(())
    }

    /// The value of an element that occurs once.
    pub(crate) fn one(&self, setting: &str) -> Option<&str> {
        self.values.get(setting)?.first().map(String::as_str)
    }

    pub(crate) fn asks(&self, flag: &str) -> bool {
        self.one(flag) == Some("true")
    }

    /// The value of an element, or its default if it is absent.
    fn says(&self, element: &Element) -> Vec<String> {
        match self.values.get(element.setting) {
            Some(values) => values.clone(),
            None => element.default.map(str::to_owned).into_iter().collect(),
        }
    }

    /// Applies the component to the app. An element that is left out falls back to its default: a component is the
    /// whole definition, not a change of it.
    pub(crate) fn apply(&self, app: &mut App) -> AppChange {
        let mut change = AppChange {
            app: app.name.clone(),
            component_type: self.kind.name(),
            changed: Vec::new(),
            lost: Vec::new(),
        };
        for element in self.kind.elements().iter().filter(|element| !is_kept(element)) {
            let says = self.says(element);
            if says != shown(app, element) {
                let is_there = self.values.contains_key(element.setting);
                if is_there { &mut change.changed } else { &mut change.lost }.push(element.setting);
                put(app, element, says);
            }
        }
        if let Some(secret) = self.one("consumerSecret") {
            app.client_secret = Some(SecretString::from(secret));
            change.changed.push("consumerSecret");
        }
        change
    }
}

/// A certificate that the org accepts, in normalized PEM.
fn checked_certificate(pem: &str) -> Result<String, String> {
    if pem.len() > LONGEST_CERTIFICATE {
        let length = pem.len();
        return Err(format!("Certificate: data value too large: {length} bytes (max length={LONGEST_CERTIFICATE})"));
    }
    let not_pem = || "Certificate: not a PEM-encoded X.509 certificate".to_owned();
    let stack = X509::stack_from_pem(pem.trim().as_bytes()).map_err(|_| not_pem())?;
    let [certificate] = &stack[..] else {
        return Err(if stack.is_empty() { not_pem() } else { "Certificate: one certificate is expected".to_owned() });
    };
    let key = certificate.public_key().map_err(|_| not_pem())?;
    if key.id() != KeyKind::RSA || key.bits() < SMALLEST_KEY {
        return Err("Certificate: an RSA key of 2048 or 4096 bits is expected".to_owned());
    }
    let pem = certificate.to_pem().map_err(|_| not_pem())?;
    String::from_utf8(pem).map_err(|_| not_pem())
}

/// Elements that don't fall back when they are left out, or that are commands rather than settings.
fn is_kept(element: &Element) -> bool {
    matches!(
        element.setting,
        "consumerKey"
            | "consumerSecret"
            | "externalClientApplication"
            | "shouldRotateConsumerKey"
            | "shouldRotateConsumerSecret"
    )
}

/// What the org shows of an element.
fn shown(app: &App, element: &Element) -> Vec<String> {
    let known = match element.setting {
        "certificate" => app.certificate_pem.clone().into_iter().collect(),
        "consumerKey" => vec![app.consumer_key.clone()],
        "consumerSecret" => Vec::new(),
        "externalClientApplication" => vec![app.name.clone()],
        "isAdminApproved" => vec![app.approved.to_string()],
        setting => app.settings.get(setting).cloned().unwrap_or_default(),
    };
    if known.is_empty() { element.default.map(str::to_owned).into_iter().collect() } else { known }
}

fn put(app: &mut App, element: &Element, values: Vec<String>) {
    match element.setting {
        "certificate" => app.certificate_pem = values.into_iter().next(),
        "isAdminApproved" => app.approved = values == ["true"],
        setting if values.is_empty() => {
            app.settings.remove(setting);
        }
        setting => {
            app.settings.insert(setting.to_owned(), values);
        }
    }
}

/// The org's description of an app, as JSON in the order of the schema.
pub(crate) fn described(kind: Kind, app: &App) -> Map<String, Json> {
    let mut whole = Map::new();
    for element in kind.elements() {
        let values = shown(app, element);
        if values.is_empty() {
            continue;
        }
        let section = if element.section.is_empty() {
            &mut whole
        } else {
            let section = whole.entry(element.section).or_insert_with(|| Json::Object(Map::new()));
            section.as_object_mut().expect("sections hold elements, and no element has a section's name")
        };
        section.insert(element.name.to_owned(), Json::from(values));
    }
    whole
}

/// An app's component as a file of a package.
pub(crate) fn document(kind: Kind, app: &App) -> String {
    root(kind.name(), described(kind, app))
}

/// A document of the Metadata API.
pub(crate) fn root(name: &str, children: Map<String, Json>) -> String {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{NAMESPACE}\">");
    for (child, value) in children {
        xml::write(&mut out, &child, &value, Some(1));
    }
    out.extend(["\n</", name, ">\n"]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::AppKind;

    #[test]
    fn what_the_org_writes_changes_nothing_when_it_is_deployed() {
        for kind in Kind::ALL {
            let app_kind = if kind == Kind::ConnectedApp { AppKind::ConnectedApp } else { AppKind::default() };
            let mut app = App { kind: app_kind, ..App::default() };
            let document = document(kind, &app);
            let definition = Definition::read(kind, &kind.full_name(&app), document.as_bytes()).unwrap();
            let change = definition.apply(&mut app);
            assert!(change.changed.is_empty() && change.lost.is_empty(), "{change:?}\n{document}");
        }
    }

    #[test]
    fn a_document_that_does_not_fit_its_type_says_where() {
        let read = |body: &str| {
            let text =
                format!("<ExternalClientApplication xmlns=\"{NAMESPACE}\">\n{body}\n</ExternalClientApplication>");
            Definition::read(Kind::ExternalClientApplication, "Connector", text.as_bytes()).unwrap_err()
        };
        for (body, text) in [
            ("<labl>x</labl>", "labl invalid at this location in type ExternalClientApplication"),
            ("<isProtected>yes</isProtected>", "'yes' is not a valid value for the type xsd:boolean"),
            ("<label>x</label><label>y</label>", "Duplicate element label"),
        ] {
            let problem = read(body);
            assert!(problem.text.contains(text), "{problem:?}");
            assert_eq!(problem.place.map(|(line, _)| line), Some(2));
        }
        assert!(read("<label>x").text.contains("Error parsing file"));
        assert!(read("<!DOCTYPE x>").text.contains("Error parsing file"));
    }
}
