//! "Did you mean": the name that was probably meant.

/// The known name that is most like `name`, for a "did you mean"; `None` when no name is like enough. Case and
/// punctuation don't count.
///
/// ```
/// use connector_core::nearest;
///
/// assert_eq!(nearest("tokenUrl", ["token_url", "issuer"]), Some("token_url"));
/// assert_eq!(nearest("color", ["token_url", "issuer"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(name);
    known
        .into_iter()
        .map(|candidate| (similarity(&wanted, &plain(candidate)), candidate))
        .filter(|(similarity, _)| *similarity >= 0.7)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// `token-url`, `tokenUrl` and `token_url` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn similarity(a: &str, b: &str) -> f64 {
    if a.is_empty() {
        return 0.0;
    }
    let edits = strsim::normalized_damerau_levenshtein(a, b);
    let extends =
        a.len().min(b.len()) >= 4 && (a.ends_with(b) || b.ends_with(a) || a.starts_with(b) || b.starts_with(a));
    if extends { edits.max(0.71) } else { edits }
}
