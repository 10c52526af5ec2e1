//! Another system behind the same source is refused.

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World};
use connector_core::{Error, ErrorKind};
use connector_engine::aggregate::RunStatus;

fn system(id: Option<&str>, world: &World) -> Fake {
    let mut fake = Fake::new(world);
    fake.instance = id.map(str::to_owned);
    fake
}

#[tokio::test]
async fn another_system_is_refused_before_a_page_is_read() {
    let (place, world) = (Place::new(), World::of(30));
    assert_eq!(place.run(&system(Some("org-1"), &world).job()).await.status, RunStatus::Succeeded);
    let accounts = place.query("SELECT * FROM accounts");
    let copy = system(Some("org-2"), &World::of(29));
    let report = place.run(&copy.job()).await;
    let error = report.error.unwrap();
    assert_eq!((report.status, error.kind), (RunStatus::Refused, ErrorKind::Guard));
    assert!(error.message.contains("org-1") && error.message.contains("org-2"), "{}", error.message);
    assert!(copy.asked.lock().unwrap().is_empty(), "a page was read");
    assert_eq!(place.query("SELECT * FROM accounts"), accounts);
}

#[tokio::test]
async fn an_accepted_system_is_read_from_the_beginning_and_stays_accepted() {
    let (place, world) = (Place::new(), World::of(30));
    let mut stopped =
        system(Some("org-1"), &world).with_script(|_, _, number| (number > 6).then(|| Err(Error::unavailable("gone"))));
    stopped.branches = 1;
    assert_eq!(place.run(&Job { concurrency: 1, ..stopped.job() }).await.status, RunStatus::Failed);
    let new = system(Some("org-2"), &world);
    let report = place.run(&Job { accept_new_system: true, ..new.job() }).await;
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, false));
    assert_eq!(report.counts.accounts.seen, 30);
    assert!(report.warnings.iter().any(|text| text.contains("different system")), "{:?}", report.warnings);
    assert_eq!(place.run(&new.job()).await.status, RunStatus::Succeeded);
    assert_eq!(place.run(&system(Some("org-1"), &world).job()).await.status, RunStatus::Refused);
}

#[tokio::test]
async fn a_system_that_hides_its_id_is_read_with_a_warning() {
    let (place, world) = (Place::new(), World::of(3));
    assert!(place.run(&system(None, &world).job()).await.warnings.is_empty());
    assert!(place.run(&system(Some("org-1"), &world).job()).await.warnings.is_empty());
    let report = place.run(&system(None, &world).job()).await;
    assert_eq!(report.status, RunStatus::Succeeded);
    assert!(report.warnings[0].contains("no longer shows its id"), "{:?}", report.warnings);
}
