//! A bare client of the simulated org that shares no code with the connector: what it reads is what the connector should have read.

use crate::project::Project;
use serde_json::Value;

/// Signed in to the simulated org.
#[derive(Debug)]
pub struct Bare {
    client: reqwest::Client,
    instance: String,
    token: String,
}

/// What the org holds, counted the way accounts, entitlements and assignments are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The ids of all users, in id order.
    pub users: Vec<String>,
    /// Entitlements as `type/id`, sorted.
    pub entitlements: Vec<String>,
    /// Assignments as `account type/id`, sorted.
    pub assignments: Vec<String>,
    /// The fewest pages of 2,000 rows that the large tables can be read in.
    pub pages: u64,
}

impl Bare {
    /// Signs in by client credentials.
    ///
    /// # Panics
    ///
    /// When the org does not let it in.
    pub async fn sign_in(project: &Project) -> Self {
        let pem = project.sandbox.ca_pem().expect("the org speaks TLS");
        let ca = reqwest::Certificate::from_pem(pem.as_bytes()).expect("the org's authority is PEM");
        let client = reqwest::Client::builder().tls_certs_merge([ca]).no_proxy().build().expect("a client");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &project.sandbox.consumer_key()),
            ("client_secret", Project::CLIENT_SECRET),
        ];
        let answer = client.post(project.sandbox.token_url()).form(&form).send().await.expect("the org answers");
        let members: Value = answer.json().await.expect("a token");
        let member = |name: &str| members[name].as_str().unwrap_or_else(|| panic!("no {name}: {members}")).to_owned();
        Self { client, instance: member("instance_url"), token: member("access_token") }
    }

    /// The token it signed in with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A GET of a path, ready to be sent.
    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.instance)).bearer_auth(&self.token)
    }

    /// Every row of a query, read by following the links to the next page.
    ///
    /// # Panics
    ///
    /// When an answer is not a page.
    pub async fn rows(&self, soql: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut next = self.get("/services/data/v67.0/query").query(&[("q", soql)]);
        loop {
            let page: Value = next.send().await.expect("the org answers").json().await.expect("a page");
            rows.extend(page["records"].as_array().unwrap_or_else(|| panic!("{soql}: {page}")).iter().cloned());
            match page["nextRecordsUrl"].as_str() {
                Some(path) => next = self.get(path),
                None => return rows,
            }
        }
    }

    /// Reads the whole org.
    ///
    /// # Panics
    ///
    /// When an answer is not a page.
    pub async fn truth(&self) -> Truth {
        let mut truth = Truth { users: Vec::new(), entitlements: Vec::new(), assignments: Vec::new(), pages: 0 };
        for user in self.rows("SELECT Id, ProfileId, UserRoleId FROM User ORDER BY Id").await {
            let id = text(&user, "Id");
            for (entitlement_type, field) in [("profile", "ProfileId"), ("role", "UserRoleId")] {
                if let Some(held) = user[field].as_str() {
                    truth.assignments.push(format!("{id} {entitlement_type}/{held}"));
                }
            }
            truth.users.push(id);
        }
        truth.pages += pages(truth.users.len());
        for (entitlement_type, from) in [
            ("profile", "Profile"),
            ("role", "UserRole"),
            ("permission_set", "PermissionSet WHERE IsOwnedByProfile = false AND Type != 'Group'"),
            ("permission_set_group", "PermissionSetGroup"),
            ("group", "Group WHERE Type = 'Regular'"),
            ("queue", "Group WHERE Type = 'Queue'"),
            ("permission_set_license", "PermissionSetLicense"),
            ("package_license", "PackageLicense"),
            ("muting_permission_set", "MutingPermissionSet"),
            ("custom_permission", "CustomPermission"),
        ] {
            for row in self.rows(&format!("SELECT Id FROM {from}")).await {
                truth.entitlements.push(format!("{entitlement_type}/{}", text(&row, "Id")));
            }
        }
        self.assignments(&mut truth).await;
        truth.entitlements.sort();
        truth.assignments.sort();
        truth
    }

    async fn assignments(&self, truth: &mut Truth) {
        let sets = "SELECT AssigneeId, PermissionSetId, PermissionSetGroupId FROM PermissionSetAssignment \
                    WHERE PermissionSet.IsOwnedByProfile = false";
        let rows = self.rows(sets).await;
        truth.pages += pages(rows.len());
        for row in rows {
            let held = match row["PermissionSetGroupId"].as_str() {
                Some(group) => format!("permission_set_group/{group}"),
                None => format!("permission_set/{}", text(&row, "PermissionSetId")),
            };
            truth.assignments.push(format!("{} {held}", text(&row, "AssigneeId")));
        }
        for (entitlement_type, holder, held, from) in [
            ("group", "UserOrGroupId", "GroupId", "GroupMember WHERE Group.Type = 'Regular'"),
            ("queue", "UserOrGroupId", "GroupId", "GroupMember WHERE Group.Type = 'Queue'"),
            ("permission_set_license", "AssigneeId", "PermissionSetLicenseId", "PermissionSetLicenseAssign"),
            ("package_license", "UserId", "PackageLicenseId", "UserPackageLicense"),
        ] {
            let rows = self.rows(&format!("SELECT {holder}, {held} FROM {from}")).await;
            truth.pages += pages(rows.len());
            for row in rows.iter().filter(|row| text(row, holder).starts_with("005")) {
                truth.assignments.push(format!("{} {entitlement_type}/{}", text(row, holder), text(row, held)));
            }
        }
    }
}

fn pages(rows: usize) -> u64 {
    rows.div_ceil(2_000) as u64
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_else(|| panic!("no {field}: {row}")).to_owned()
}
