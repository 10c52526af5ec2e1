//! People and their accounts on pages.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use connector_engine::identities::{NamedAccount, confirm, follow};
use connector_engine::store::Store;
use connector_project::source::Project;
use place::{HOSTILE, Place, links};

/// The accounts of `people` are the people; those of `staff` have the same logins, and 40 others.
async fn place() -> (Place, Store, Project) {
    let place = Place::with_people().await;
    place.add_staff("aggregation: {delete_threshold: 100%}\n").await;
    let project = Project::at(place.path());
    let store = Store::open(place.store.clone()).unwrap();
    assert!(follow(&store, &project).unwrap().is_none());
    let rules = "identities:\n  authority: people\n  sources: [staff]\n  rules: [{name: login, account: {from: name}, person: {from: name}}]\n";
    place.write("connector.yaml", rules);
    follow(&store, &project).unwrap();
    (place, store, project)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_orphans_are_listed_and_one_person_has_all_accounts_with_what_they_hold() {
    let (place, store, project) = place().await;
    let settings = project.settings().unwrap().identities.unwrap();
    confirm(&store, &settings, NamedAccount { source: "staff", account: "s00" }, "p00007", "ann", Some("<b>sure</b>"))
        .unwrap();
    let served = place.open().await;
    let (mut path, mut people) = ("/identities".to_owned(), Vec::new());
    loop {
        let page = served.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        for markup in ["<script>alert", "<svg onload", "<i>boss"] {
            assert!(!page.body.to_lowercase().contains(markup), "{markup}");
        }
        people.extend(links(&page.body).into_iter().filter(|link| link.starts_with("/identities/")));
        let next = page
            .body
            .split("rel=\"next\" href=\"")
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
        match next {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(people.len(), 251 + HOSTILE.len());
    let mut linked = 0;
    for link in people.iter().filter(|link| !link.starts_with("/identities/p0")) {
        let page = served.get(link).await;
        assert_eq!(page.status, 200, "{link}: {}", page.body);
        linked += usize::from(page.body.contains("by the rule login") && page.body.contains("Payroll"));
        assert!(!page.body.contains("<i>boss"), "{}", page.body);
    }
    assert_eq!(linked, HOSTILE.len());
    let page = served.get("/identities/p00007").await.body;
    assert!(page.contains("confirmed by ann: &#60;b&#62;sure&#60;/b&#62;") && page.contains("staff0"), "{page}");
    let orphans = served.get("/identities?show=orphans").await.body;
    let accounts = links(&orphans).into_iter().filter(|link| link.starts_with("/sources/staff/accounts/")).count();
    assert_eq!(accounts, 39, "{orphans}");
    assert!(served.get("/identities?show=ambiguous").await.body.contains("This list is empty"));
    assert_eq!(served.get("/identities/nobody").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_rules_or_a_read_authority_the_page_says_what_to_do() {
    let place = Place::with_people().await;
    let served = place.open().await;
    assert!(served.get("/identities").await.body.contains("connector.yaml names the source"));
    place.add_staff("").await;
    place.write(
        "sources/other.yaml",
        "connector: delimited\nsettings: {accounts: {file: other.csv, id: id, name: id}}\n",
    );
    place.write(
        "connector.yaml",
        "identities:\n  authority: other\n  rules: [{name: a, account: {from: id}, person: {from: id}}]\n",
    );
    let page = served.get("/identities").await;
    assert!(page.status == 200 && page.body.contains("connector aggregate other"), "{}", page.body);
}
