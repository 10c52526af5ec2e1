//! The small resources: versions, limits, single records, and the token's user.

use serde_json::{Map, Value as Json, json};

use super::answer::{Answer, Ask};
use super::route::session;
use super::shared::Shared;
use crate::id::Id;
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::State;
use crate::soql;

/// `GET /services/data/`, open to everybody.
pub(crate) fn versions(shared: &Shared) -> Answer {
    let list: Vec<Json> = shared
        .versions()
        .map(|number| {
            let version = format!("{number}.0");
            json!({"label": release(number), "url": format!("/services/data/v{version}"), "version": version})
        })
        .collect();
    Answer::json(200, &Json::Array(list))
}

/// The release that brought a version: three a year, v67 in Summer '26.
fn release(version: u32) -> String {
    let since = version.saturating_sub(31);
    // v31 came in Summer '14.
    let (season, year) = match since % 3 {
        0 => ("Summer", 14 + since / 3),
        1 => ("Winter", 15 + since / 3),
        _ => ("Spring", 15 + since / 3),
    };
    format!("{season} '{year}")
}

/// `GET /services/data/vNN.0/`.
pub(crate) fn list(shared: &Shared, version: &str) -> Answer {
    let base = format!("/services/data/{version}");
    let mut resources = Map::new();
    for name in [
        "tooling",
        "metadata",
        "eclair",
        "folders",
        "prechatForms",
        "contactTracing",
        "jsonxform",
        "chatter",
        "payments",
        "tabs",
        "appMenu",
        "quickActions",
        "queryAll",
        "commerce",
        "wave",
        "iot",
        "analytics",
        "search",
        "smartdatadiscovery",
        "composite",
        "parameterizedSearch",
        "fingerprint",
        "theme",
        "nouns",
        "domino",
        "event",
        "serviceTemplates",
        "recent",
        "connect",
        "licensing",
        "limits",
        "process",
        "jobs",
        "asyncQueries",
        "query",
        "consent",
        "compactLayouts",
        "sobjects",
        "actions",
        "support",
    ] {
        resources.insert(name.to_owned(), json!(format!("{base}/{name}")));
    }
    let state = shared.org.read();
    let user = state.world.id(Object::User, 0);
    resources
        .insert("identity".to_owned(), json!(format!("{}/id/{}/{user}", shared.login_url, state.world.organization())));
    Answer::json(200, &Json::Object(resources))
}

/// `GET …/limits`.
pub(crate) fn limits(shared: &Shared) -> Answer {
    if !shared.org.read().rights.view_setup {
        return Answer::error(403, "INSUFFICIENT_ACCESS", "insufficient access rights on object id");
    }
    let used = shared.api_usage.load(std::sync::atomic::Ordering::Relaxed);
    let max = shared.options.daily_requests;
    Answer::json(
        200,
        &json!({
            "DailyApiRequests": {"Max": max, "Remaining": max.saturating_sub(used)},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DataStorageMB": {"Max": 1_024, "Remaining": 900},
            "FileStorageMB": {"Max": 1_024, "Remaining": 1_000},
            "PermissionSets": {"Max": 1_500, "Remaining": 1_300, "CreateCustom": {"Max": 1_000, "Remaining": 880}},
            "SingleEmail": {"Max": 5_000, "Remaining": 5_000},
        }),
    )
}

/// `GET …/limits/recordCount?sObjects=User,Group`.
pub(crate) fn record_count(shared: &Shared, ask: &Ask) -> Answer {
    let state = shared.org.read();
    let asked = ask.parameter("sObjects");
    let counts: Vec<Json> = Object::all()
        .filter(|object| state.sees(*object))
        .filter(|object| asked.is_none_or(|names| names.split(',').any(|name| name.trim() == object.name())))
        .map(|object| json!({"count": state.table(object).count(), "name": object.name()}))
        .collect();
    Answer::json(200, &json!({"sObjects": counts}))
}

/// `GET …/sobjects/X/<id>[?fields=A,B]`.
pub(crate) fn record(shared: &Shared, state: &State, ask: &Ask, object: Object, id: &str, version: &str) -> Answer {
    let index = match named_row(state, object, id) {
        Ok(index) => index,
        Err(answer) => return answer,
    };
    let fields: Vec<&str> = match ask.parameter("fields") {
        Some(fields) => fields.split(',').map(str::trim).collect(),
        None => visible(state, object).collect(),
    };
    if let Some(unknown) = fields.iter().find(|name| !name.contains('.') && state.field(object, name).is_none()) {
        let message = format!("No such column '{unknown}' on sobject of type {}", object.name());
        return Answer::error(400, "INVALID_FIELD", &message);
    }
    let statement = format!("SELECT {} FROM {}", fields.join(", "), object.name());
    let bound = soql::parse(&statement, shared.now()).and_then(|select| soql::bind(state, &statement, &select));
    match bound {
        Ok(bound) => {
            let mut body = Vec::new();
            bound.shape.write(state, (object, index), version, &mut body);
            Answer::page(body)
        }
        Err(error) => error.into(),
    }
}

/// The row of an id in a URL.
pub(crate) fn named_row(state: &State, object: Object, id: &str) -> Result<u64, Answer> {
    let index = Id::parse(id).and_then(|id| state.world.index(object, id)).ok_or_else(Answer::not_found)?;
    let table = state.table(object);
    if table.has(index) {
        Ok(index)
    } else if index < table.end() {
        Err(Answer::error(404, "ENTITY_IS_DELETED", "entity is deleted"))
    } else {
        Err(Answer::not_found())
    }
}

fn visible(state: &State, object: Object) -> impl Iterator<Item = &'static str> {
    schema::fields(object)
        .iter()
        .enumerate()
        .filter(move |(place, _)| state.sees_field(object, *place))
        .map(|(_, field)| field.name)
}

/// Errors of the two identity resources are plain text with status 403.
fn bad_token() -> Answer {
    Answer::new(403, "text/html;charset=UTF-8", b"Bad_OAuth_Token".to_vec())
}

/// A user's field as JSON.
fn json_of(state: &State, user: u64, field: &str) -> Json {
    let mut text = Vec::new();
    state.named(Object::User, user, field).write(&mut text);
    serde_json::from_slice(&text).unwrap_or(Json::Null)
}

/// The API's URLs, with a placeholder for the version.
fn urls(shared: &Shared, organization: Id, user: Id) -> Json {
    let base = &shared.instance_url;
    json!({
        "enterprise": format!("{base}/services/Soap/c/{{version}}/{}", &organization.as_str()[..15]),
        "metadata": format!("{base}/services/Soap/m/{{version}}/{}", &organization.as_str()[..15]),
        "partner": format!("{base}/services/Soap/u/{{version}}/{}", &organization.as_str()[..15]),
        "rest": format!("{base}/services/data/v{{version}}/"),
        "sobjects": format!("{base}/services/data/v{{version}}/sobjects/"),
        "search": format!("{base}/services/data/v{{version}}/search/"),
        "query": format!("{base}/services/data/v{{version}}/query/"),
        "recent": format!("{base}/services/data/v{{version}}/recent/"),
        "profile": format!("{base}/{user}"),
        "users": format!("{base}/services/data/v{{version}}/chatter/users"),
        "custom_domain": base,
    })
}

/// `GET /services/oauth2/userinfo`.
pub(crate) fn userinfo(shared: &Shared, ask: &Ask) -> Answer {
    let Ok(session) = session(shared, ask) else { return bad_token() };
    let state = shared.org.read();
    let user = state.world.id(Object::User, session.user);
    let organization = state.world.organization();
    let of = |field: &str| json_of(&state, session.user, field);
    Answer::json(
        200,
        &json!({
            "sub": format!("{}/id/{organization}/{user}", shared.login_url),
            "user_id": user.as_str(),
            "organization_id": organization.as_str(),
            "preferred_username": of("Username"),
            "nickname": of("CommunityNickname"),
            "name": of("Name"),
            "email": of("Email"),
            "email_verified": true,
            "given_name": of("FirstName"),
            "family_name": of("LastName"),
            "zoneinfo": of("TimeZoneSidKey"),
            "photos": {"picture": of("FullPhotoUrl"), "thumbnail": of("SmallPhotoUrl")},
            "profile": format!("{}/{user}", shared.instance_url),
            "picture": of("FullPhotoUrl"),
            "address": {"country": of("Country")},
            "is_salesforce_integration_user": false,
            "urls": urls(shared, organization, user),
            "active": of("IsActive"),
            "user_type": upper(&of("UserType")),
            "language": of("LanguageLocaleKey"),
            "locale": of("LocaleSidKey"),
            "utcOffset": 0,
            "updated_at": of("SystemModstamp"),
        }),
    )
}

fn upper(text: &Json) -> Json {
    Json::from(text.as_str().unwrap_or("").to_uppercase())
}

/// `GET /id/<organization>/<user>`.
pub(crate) fn identity(shared: &Shared, ask: &Ask, organization: &str, user: &str) -> Answer {
    let Ok(session) = session(shared, ask) else { return bad_token() };
    let state = shared.org.read();
    let plain = |text: &str| Answer::new(403, "text/html;charset=UTF-8", text.as_bytes().to_vec());
    if Id::parse(organization) != Some(state.world.organization()) {
        return plain("Wrong_Org");
    }
    let own = state.world.id(Object::User, session.user);
    if Id::parse(user) != Some(own) {
        return plain("Bad_Id");
    }
    let of = |field: &str| json_of(&state, session.user, field);
    let mut urls = urls(shared, state.world.organization(), own).to_string();
    if ask.parameter("version") == Some("latest") {
        urls = urls.replace("{version}", &format!("{}.0", shared.options.newest_version));
    }
    Answer::json(
        200,
        &json!({
            "id": format!("{}/id/{}/{own}", shared.login_url, state.world.organization()),
            "asserted_user": true,
            "user_id": own.as_str(),
            "organization_id": state.world.organization().as_str(),
            "username": of("Username"),
            "nick_name": of("CommunityNickname"),
            "display_name": of("Name"),
            "email": of("Email"),
            "email_verified": true,
            "first_name": of("FirstName"),
            "last_name": of("LastName"),
            "timezone": of("TimeZoneSidKey"),
            "photos": {"picture": of("FullPhotoUrl"), "thumbnail": of("SmallPhotoUrl")},
            "addr_street": of("Street"),
            "addr_city": of("City"),
            "addr_state": of("State"),
            "addr_country": of("Country"),
            "addr_zip": of("PostalCode"),
            "mobile_phone": of("MobilePhone"),
            "status": {"created_date": null, "body": null},
            "urls": serde_json::from_str::<Json>(&urls).unwrap_or(Json::Null),
            "active": of("IsActive"),
            "user_type": upper(&of("UserType")),
            "language": of("LanguageLocaleKey"),
            "locale": of("LocaleSidKey"),
            "utcOffset": 0,
            "last_modified_date": of("LastModifiedDate"),
        }),
    )
}

/// `POST` or `GET /services/oauth2/revoke` with `token=`.
pub(crate) fn revoke(shared: &Shared, ask: &Ask) -> Answer {
    let from_form = url::form_urlencoded::parse(&ask.body).find(|(name, _)| name == "token").map(|(_, token)| token);
    let token = from_form.as_deref().or_else(|| ask.parameter("token")).unwrap_or("");
    if shared.sessions().close(token) {
        Answer::new(200, "text/html;charset=UTF-8", Vec::new())
    } else {
        Answer::refused("invalid_token", "invalid token: session not found")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_their_known_names() {
        assert_eq!(release(31), "Summer '14");
        assert_eq!(release(65), "Winter '26");
        assert_eq!(release(66), "Spring '26");
        assert_eq!(release(67), "Summer '26");
    }
}
