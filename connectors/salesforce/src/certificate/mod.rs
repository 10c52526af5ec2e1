//! The certificate of an app: read with SOAP, replaced by a deploy over REST.
//!
//! A deploy is a complete definition: whatever it omits gets a default value. So the connector reads the component first and
//! deploys it unchanged, except for the certificate.

pub(crate) mod apps;
mod component;
mod deploy;
mod failure;
mod package;
mod pem;
mod rights;
mod soap;
mod upload;
pub(crate) mod xml;

use crate::api::Rest;
use apps::NamedApp;
use component::Component;
use connector_core::{Deployed, Result};

pub(crate) use deploy::deploy;
pub(crate) use upload::UPLOAD;

/// The current certificate and settings of an app.
pub(crate) async fn deployed(rest: &Rest, app: &NamedApp) -> Result<Deployed> {
    let component = Component::find(rest, app).await?;
    Ok(Deployed::new(component.certificate().map(str::to_owned)).keeping(component.kept()))
}
