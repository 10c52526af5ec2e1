//! A store, and plans that are carried out from it.

use super::connector::Directory;
use connector_engine::provision::{Applied, Earlier, Preview, Provisioning, Standing};
use connector_engine::query::{OperationReport, OutcomeTally, plan_operations};
use connector_engine::store::Store;
use connector_project::plan::PlanOperation;
use connector_sandbox_postgres::Home;
use connector_sql::Connection;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// A store in a folder that goes with it.
pub struct Place {
    pub store: Store,
    _home: Home,
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::in_folder(folder.path());
        let store = Store::open(home.place()).unwrap();
        Self { store, _home: home, folder }
    }

    /// The file, of tests that only a file can have.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join(".connector/store.db")
    }

    /// A connection that changes the store behind the back of the program.
    pub fn connection(&self) -> Connection {
        self.store.writer().unwrap()
    }

    pub fn begin<'a>(&self, directory: &'a Directory, plan: &[PlanOperation]) -> Provisioning<'a> {
        let plan = plan.to_vec();
        Provisioning::begin(&self.store, directory.opened(), "plans/test.yaml", "", |sink| {
            plan.into_iter().for_each(sink);
            Ok(())
        })
        .unwrap()
    }

    pub async fn preview<'a>(
        &self,
        directory: &'a Directory,
        plan: &[PlanOperation],
    ) -> (Provisioning<'a>, Preview, Vec<OperationReport>) {
        let mut provisioning = self.begin(directory, plan);
        let preview = provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
        provisioning.seen().await.unwrap();
        let reports = self.reports(&provisioning.id());
        (provisioning, preview, reports)
    }

    /// Begins or takes up a plan, settles, previews, applies and leaves it.
    pub async fn carry_out(&self, directory: &Directory, plan: &[PlanOperation]) -> (Applied, Vec<OperationReport>) {
        self.finish(self.begin(directory, plan)).await
    }

    pub async fn finish(&self, mut provisioning: Provisioning<'_>) -> (Applied, Vec<OperationReport>) {
        if provisioning.earlier() == Earlier::Interrupted {
            provisioning.settle(|_| {}).await.unwrap();
        }
        provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
        let applied = provisioning.apply(|_| {}, &CancellationToken::new()).await.unwrap();
        provisioning.leave().await.unwrap();
        (applied, self.reports(&provisioning.id()))
    }

    pub fn reports(&self, plan: &str) -> Vec<OperationReport> {
        let mut reports = Vec::new();
        plan_operations(&self.store, plan, |report| {
            reports.push(report);
            Ok(())
        })
        .unwrap();
        reports
    }

    pub fn tally(&self, plan: &str) -> OutcomeTally {
        plan_operations(&self.store, plan, |_| Ok(())).unwrap()
    }
}

pub fn outcomes(reports: &[OperationReport]) -> Vec<Standing> {
    reports.iter().map(|report| report.outcome).collect()
}
