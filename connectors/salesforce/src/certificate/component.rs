//! The component that holds an app's certificate.

use super::apps::{AppKind, NamedApp};
use super::soap::{self, children, text};
use super::xml::{self, Content, Element, escaped};
use super::{pem, rights};
use crate::api::Rest;
use connector_core::{Error, ErrorKind, Result};
use roxmltree::Node;

/// The most components that one read gives.
const MOST_NAMES: usize = 10;

/// Before this version the settings of External Client Apps hold no certificate.
const OLDEST_VERSION: u32 = 60;

/// The component of one app, as it was read: everything that goes back when it is deployed.
#[derive(Debug)]
pub(super) struct Component {
    kind: AppKind,
    pub(super) full_name: String,
    elements: Vec<Element>,
}

impl Component {
    /// Reads the component of an app. Fails with kind `not_found` when there is none.
    pub(super) async fn find(rest: &Rest, app: &NamedApp) -> Result<Self> {
        let found = match app.kind {
            AppKind::ConnectedApp => read(rest, app, std::slice::from_ref(&app.name)).await?,
            AppKind::ExternalClientApp => find_settings(rest, app).await?,
        };
        let mut found = found.into_iter().filter(|component| component.belongs_to(app));
        let what = app.kind.title();
        match (found.next(), found.next()) {
            (Some(component), None) => Ok(component),
            (None, _) => {
                let message = format!("the org shows no {what} named `{}` that has OAuth settings", app.name);
                Err(Error::new(ErrorKind::NotFound, message).with_help(format!(
                    "compare kind and API name in the settings with Setup (External Client App Manager, or App Manager); \
                     {}",
                    rights::cure(app.kind)
                )))
            }
            (Some(one), Some(other)) => {
                let (one, other) = (one.full_name, other.full_name);
                let message = format!("the {what} `{}` has two components: `{one}` and `{other}`", app.name);
                Err(Error::new(ErrorKind::Conflict, message)
                    .with_help("delete the one that is too much, so that it is clear which certificate counts"))
            }
        }
    }

    /// The metadata type.
    pub(super) fn type_name(&self) -> &'static str {
        type_name(self.kind)
    }

    /// Where a package keeps it.
    pub(super) fn file(&self) -> String {
        match self.kind {
            AppKind::ExternalClientApp => format!("extlClntAppGlobalOauthSets/{}.ecaGlblOauth", self.full_name),
            AppKind::ConnectedApp => format!("connectedApps/{}.connectedApp", self.full_name),
        }
    }

    /// The file of a package.
    pub(super) fn document(&self) -> String {
        xml::document(self.type_name(), &self.elements)
    }

    /// The certificate, where there is one.
    pub(super) fn certificate(&self) -> Option<&str> {
        let found = self.section()?.iter().find(|element| element.name == "certificate");
        found.and_then(Element::text).filter(|pem| !pem.trim().is_empty())
    }

    /// Whether it has this certificate already.
    pub(super) fn has(&self, certificate: &str) -> bool {
        self.certificate().is_some_and(|known| pem::same(known, certificate))
    }

    /// What it says beside the certificate, by names such as `oauthConfig.callbackUrl`.
    pub(super) fn kept(&self) -> Vec<(String, String)> {
        let mut kept = Vec::new();
        tell(&self.elements, "", &mut kept);
        kept.retain(|(name, _)| name != "certificate" && name != "oauthConfig.certificate");
        kept
    }

    /// The same component with another certificate. Fails where an app has no OAuth settings that could hold one.
    pub(super) fn with_certificate(mut self, certificate: &str) -> Result<Self> {
        let kind = self.kind;
        let section = match kind {
            AppKind::ExternalClientApp => Some(&mut self.elements),
            AppKind::ConnectedApp => self.elements.iter_mut().find_map(|element| match &mut element.content {
                Content::Elements(elements) if element.name == "oauthConfig" => Some(elements),
                _ => None,
            }),
        };
        let section = section.ok_or_else(|| {
            Error::new(ErrorKind::Invalid, format!("the {} `{}` has no OAuth settings", kind.title(), self.full_name))
                .with_help("enable OAuth settings in the app, or name the app that the source signs in with")
        })?;
        let element = Element::of_text("certificate", certificate);
        match section.iter_mut().find(|element| element.name == "certificate") {
            Some(old) => *old = element,
            None => section.push(element),
        }
        Ok(self)
    }

    /// The elements among which the certificate stands.
    fn section(&self) -> Option<&[Element]> {
        match self.kind {
            AppKind::ExternalClientApp => Some(&self.elements),
            AppKind::ConnectedApp => self.elements.iter().find_map(|element| match &element.content {
                Content::Elements(elements) if element.name == "oauthConfig" => Some(elements.as_slice()),
                _ => None,
            }),
        }
    }

    fn belongs_to(&self, app: &NamedApp) -> bool {
        let owner = match self.kind {
            AppKind::ConnectedApp => Some(self.full_name.as_str()),
            AppKind::ExternalClientApp => {
                let owner = self.elements.iter().find(|element| element.name == "externalClientApplication");
                owner.and_then(Element::text).map(str::trim)
            }
        };
        owner.is_some_and(|owner| owner.eq_ignore_ascii_case(&app.name))
    }
}

/// Whether an element goes back into a deploy. The name stands in the package; the org keeps secret and key of an app for
/// which they are left out; orders to make new ones would cut off everything that signs in with the app.
fn is_handed_over(kind: AppKind, name: &str) -> bool {
    match name {
        "fullName" | "consumerSecret" | "shouldRotateConsumerKey" | "shouldRotateConsumerSecret" => false,
        "consumerKey" => kind == AppKind::ConnectedApp,
        _ => true,
    }
}

/// The OAuth settings of an External Client App: those with the usual name if they are the app's, else all others.
async fn find_settings(rest: &Rest, app: &NamedApp) -> Result<Vec<Component>> {
    check_version(rest.version().await?)?;
    let usual = format!("{}_glbloauth", app.name);
    let names = list(rest, app).await?;
    let (first, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.eq_ignore_ascii_case(&usual));
    let mut found = Vec::new();
    for names in first.chunks(MOST_NAMES) {
        found.extend(read(rest, app, names).await?);
    }
    if !found.iter().any(|component| component.belongs_to(app)) {
        for names in others.chunks(MOST_NAMES) {
            found.extend(read(rest, app, names).await?);
        }
    }
    Ok(found)
}

fn check_version(version: &str) -> Result<()> {
    let number = version.split('.').next().and_then(|number| number.parse::<u32>().ok());
    if number.is_some_and(|number| number >= OLDEST_VERSION) {
        return Ok(());
    }
    let message = format!("API version `{version}` does not know the certificates of External Client Apps");
    Err(Error::new(ErrorKind::Definition, message)
        .with_help(format!("write `{OLDEST_VERSION}.0` or newer as `api_version`, or leave it out")))
}

/// The names of all components of the app's type.
async fn list(rest: &Rest, app: &NamedApp) -> Result<Vec<String>> {
    let (kind, version) = (type_name(app.kind), rest.version().await?);
    let doing = format!("listing the {}s", app.kind.title());
    let arguments = format!("<m:queries><m:type>{kind}</m:type></m:queries><m:asOfVersion>{version}</m:asOfVersion>");
    let answer = soap::call(rest, "listMetadata", &arguments, &doing).await;
    let answer = answer.map_err(|error| rights::explained(error, app.kind))?;
    soap::results(&answer, "listMetadata", &doing, |response| {
        children(response, "result").filter_map(|file| text(file, "fullName").map(str::to_owned)).collect()
    })
}

/// The components of these names that are there.
async fn read(rest: &Rest, app: &NamedApp, names: &[String]) -> Result<Vec<Component>> {
    let doing = format!("reading the {} `{}`", app.kind.title(), app.name);
    let mut arguments = format!("<m:type>{}</m:type>", type_name(app.kind));
    arguments.extend(names.iter().map(|name| format!("<m:fullNames>{}</m:fullNames>", escaped(name))));
    let answer = soap::call(rest, "readMetadata", &arguments, &doing).await;
    let answer = answer.map_err(|error| rights::explained(error, app.kind))?;
    soap::results(&answer, "readMetadata", &doing, |response| {
        let records = children(response, "result").flat_map(|result| children(result, "records"));
        records.filter_map(|record| component(app.kind, record)).collect()
    })
}

fn component(kind: AppKind, record: Node<'_, '_>) -> Option<Component> {
    let full_name = record.children().find(|node| node.tag_name().name() == "fullName")?.text()?.trim().to_owned();
    let elements = Element::within(record, &|name| is_handed_over(kind, name));
    (!xml::is_nil(record)).then_some(Component { kind, full_name, elements })
}

fn type_name(kind: AppKind) -> &'static str {
    match kind {
        AppKind::ExternalClientApp => "ExtlClntAppGlobalOauthSettings",
        AppKind::ConnectedApp => "ConnectedApp",
    }
}

fn tell(elements: &[Element], before: &str, told: &mut Vec<(String, String)>) {
    for Element { name, content } in elements {
        match content {
            Content::Text(text) => told.push((format!("{before}{name}"), text.clone())),
            Content::Elements(elements) => tell(elements, &format!("{before}{name}."), told),
        }
    }
}
