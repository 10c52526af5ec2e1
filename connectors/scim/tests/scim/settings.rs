//! Settings are checked before anything is sent.

use crate::server::faults;
use serde_json::json;

#[test]
fn faults_name_the_setting_and_what_to_write_instead() {
    for (more, pointer, words) in [
        (json!({"base_url": "https://x.example/scim/v2/Users"}), "/base_url", "ends with `/Users`"),
        (json!({"filter": "userType eq"}), "/filter", "not a SCIM filter"),
        (json!({"filter": "(a eq 1"}), "/filter", "not a SCIM filter"),
        (json!({"entitlements": []}), "/entitlements", "empty"),
        (json!({"entitlements": ["Group", "group"]}), "/entitlements/1", "in the list already"),
        (json!({"entitlements": ["groups"]}), "/entitlements/0", "not a type"),
        (json!({"memberships": "user", "entitlements": ["Group", "Team"]}), "/memberships", "only groups"),
        (json!({"memberships": "user", "changes": "last_modified"}), "/changes", "date of its users"),
    ] {
        let mut settings = json!({"base_url": "https://x.example/scim/v2"});
        settings.as_object_mut().unwrap().append(more.clone().as_object_mut().unwrap());
        let faults = faults(&settings);
        assert_eq!(faults.len(), 1, "{more}: {faults:?}");
        assert_eq!(faults[0].pointer, pointer);
        assert!(faults[0].message.contains(words) && faults[0].help.is_some(), "{:?}", faults[0]);
    }
}
