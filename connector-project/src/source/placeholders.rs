//! Finds values that are still those of the example.

use super::definition::Source;
use serde_json::Value;

/// What makes a value of an example visibly invented. Other values of an example can be right as they are.
const INVENTED: &[&str] = &["acme", "example.", ".example", "_of_the_"];

impl Source {
    /// The keys whose values are still the invented ones of the example, such as `auth.issuer`, with these values.
    pub fn placeholders(&self) -> Vec<(String, String)> {
        let yaml = |text| serde_yaml::from_str::<Value>(text).unwrap_or_default();
        let mut examples = vec![yaml(&self.connector.example)];
        if let Some(auth) = &self.auth {
            let own = yaml(auth.strategy.example);
            examples.push(if own.get("auth").is_some() { own } else { serde_json::json!({ "auth": own }) });
        }
        let blocks = [("auth", self.auth.as_ref().map(|auth| &auth.settings)), ("settings", Some(&self.settings))];
        let mut found = Vec::new();
        for (block, values) in blocks {
            for (key, value) in values.and_then(Value::as_object).into_iter().flatten() {
                let Some(text) = value.as_str().filter(|_| !key.ends_with("_ref")) else { continue };
                let lower = text.to_lowercase();
                if INVENTED.iter().any(|part| lower.contains(part))
                    && examples.iter().any(|example| example[block][key] == *value)
                {
                    found.push((format!("{block}.{key}"), text.to_owned()));
                }
            }
        }
        found
    }
}
