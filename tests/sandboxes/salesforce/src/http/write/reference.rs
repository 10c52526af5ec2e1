//! References of a composite to earlier responses: `@{ref.id}`, `@{q.records[0].Id}`.

use std::collections::HashMap;

use serde_json::Value as Json;

/// The bodies of the responses so far, by reference id.
pub(super) type Answers = HashMap<String, Json>;

/// A text with its references replaced; the first unknown one is the error message.
pub(super) fn resolved(text: &str, answers: &Answers) -> Result<String, String> {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        whole.push_str(before);
        let Some((path, after)) = after.split_once('}') else {
            return Err(format!("Invalid reference specified. No closing bracket in {text}"));
        };
        whole.push_str(&value(path, answers)?);
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}

/// A body with the references in its texts replaced.
pub(super) fn resolved_json(json: &Json, answers: &Answers) -> Result<Json, String> {
    Ok(match json {
        Json::String(text) => Json::String(resolved(text, answers)?),
        Json::Array(list) => list.iter().map(|item| resolved_json(item, answers)).collect::<Result<_, _>>()?,
        Json::Object(map) => Json::Object(
            map.iter()
                .map(|(key, value)| Ok((key.clone(), resolved_json(value, answers)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

fn value(path: &str, answers: &Answers) -> Result<String, String> {
    let name = path.split(['.', '[']).next().unwrap_or_default();
    let none = || format!("Invalid reference specified. No value for {path} found in {name}");
    let mut at = answers.get(name).ok_or_else(none)?;
    for step in path[name.len()..].split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        at = match step.parse::<usize>() {
            Ok(place) if at.is_array() => at.get(place),
            _ => at.get(step),
        }
        .ok_or_else(none)?;
    }
    match at {
        Json::String(text) => Ok(text.clone()),
        Json::Number(_) | Json::Bool(_) => Ok(at.to_string()),
        _ => Err(none()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_name_values_of_earlier_answers() {
        let answers = Answers::from([
            ("u".to_owned(), json!({"id": "005x", "success": true})),
            ("q".to_owned(), json!({"records": [{"Id": "0PSx"}], "totalSize": 1})),
        ]);
        for (text, expected) in [
            ("/sobjects/User/@{u.id}?n=@{q.totalSize}", Some("/sobjects/User/005x?n=1")),
            ("@{q.records[0].Id}", Some("0PSx")),
            ("plain", Some("plain")),
            ("@{q.records[1].Id}", None),
            ("@{U.id}", None),
            ("@{u", None),
            ("@{q.records}", None),
        ] {
            assert_eq!(resolved(text, &answers).ok().as_deref(), expected, "{text}");
        }
    }
}
