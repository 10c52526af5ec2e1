//! The org's metadata: its OAuth apps as components, the deploys that change them, and what a new certificate goes
//! through until it is accepted.

mod apps;
mod certificates;
mod component;
mod definition;
mod deploys;
mod history;
mod package;
mod problem;
mod retrieves;
pub(crate) mod xml;

pub(crate) use apps::Apps;
pub(crate) use component::Kind;
pub(crate) use definition::described;
pub(crate) use deploys::{Asked, Deploys, Job, Trouble};
pub use history::{AppChange, Deploy, DeployStatus};
pub(crate) use package::Parcel;
pub(crate) use problem::Problem;
pub(crate) use retrieves::Retrieves;

use crate::options::Options;

/// The namespace of all Metadata API messages.
pub(crate) const NAMESPACE: &str = "http://soap.sforce.com/2006/04/metadata";

/// The org's metadata.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) apps: Apps,
    pub(crate) deploys: Deploys,
    pub(crate) retrieves: Retrieves,
}

impl Metadata {
    pub(crate) fn new(options: &Options) -> Self {
        Self { apps: Apps::new(options), deploys: Deploys::default(), retrieves: Retrieves::default() }
    }

    /// Advances the deploys by one step. Every request to the org advances them, so that a deploy needs no clock and
    /// continues even if its response is lost.
    pub(crate) fn step(&mut self, trouble: Trouble, is_poll: bool, now: i64) {
        self.deploys.step(&mut self.apps, trouble, is_poll, now);
    }
}
