//! The certificate of an app: read by SOAP, replaced by a deploy over REST.
//!
//! A deploy is a whole definition: what it leaves out falls back to a default. So the component is read first, and goes
//! back as it was read, with another certificate.

pub(crate) mod apps;
mod component;
mod deploy;
mod failure;
mod package;
mod pem;
mod rights;
mod soap;
mod xml;

use crate::api::Rest;
use apps::NamedApp;
use component::Component;
use connector_core::{Deployed, Result};

pub(crate) use deploy::deploy;

/// What an app has now.
pub(crate) async fn deployed(rest: &Rest, app: &NamedApp) -> Result<Deployed> {
    let component = Component::find(rest, app).await?;
    Ok(Deployed::new(component.certificate().map(str::to_owned)).keeping(component.kept()))
}
