//! The words by which the parts of an API are recognized.

/// Lists of accounts, the likeliest first.
const ACCOUNTS: &[&str] =
    &["users", "people", "persons", "employees", "identities", "members", "accounts", "agents", "workers", "staff"];

/// Lists of entitlements.
const ENTITLEMENTS: &[&str] =
    &["groups", "teams", "roles", "usergroups", "permissionsets", "permissions", "profiles", "licenses"];

/// Lists of who holds something, below it.
const HOLDERS: &[&str] = &["members", "users", "memberships", "assignees", "people", "assignments", "accounts"];

/// How well a word names accounts; 0 if it does not.
pub(super) fn accounts_rank(word: &str) -> usize {
    rank(ACCOUNTS, word)
}

/// How well a word names entitlements; 0 if it does not.
pub(super) fn entitlements_rank(word: &str) -> usize {
    rank(ENTITLEMENTS, word)
}

/// How well a word names the holders of something; 0 if it does not.
pub(super) fn holders_rank(word: &str) -> usize {
    rank(HOLDERS, word)
}

fn rank(words: &[&str], word: &str) -> usize {
    words.iter().position(|known| *known == word).map_or(0, |at| words.len() - at)
}

/// What the last segment of a path is called: `user_groups` is `usergroups`, and so is `usergroups.list`.
pub(super) fn word_of(path: &str) -> &str {
    let last = path.rsplit('/').next().unwrap_or(path);
    last.split('.').next().unwrap_or(last)
}

/// A word without what separates its parts, in lower case.
pub(super) fn bare(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// `groups` is `group`, `identities` is `identity`.
pub(super) fn singular(word: &str) -> String {
    match (word.strip_suffix("ies"), word.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// A word in snake case, as types of entitlements are named.
pub(super) fn snake(word: &str) -> String {
    let mut snake = String::new();
    for c in word.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        match c {
            c if c.is_ascii_alphanumeric() => snake.push(c.to_ascii_lowercase()),
            _ if !snake.is_empty() && !snake.ends_with('_') => snake.push('_'),
            _ => {}
        }
    }
    snake.trim_matches('_').to_owned()
}

/// Whether a segment of a path is plain text or one parameter in braces.
pub(super) fn is_plain_segment(segment: &str) -> bool {
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~@:$".contains(&byte))
    };
    match segment.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}').is_some_and(is_word),
        None => is_word(segment),
    }
}

/// The expression for a member of an item; `None` for a name that no expression can have.
pub(super) fn member(of: &str, name: &str) -> Option<String> {
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word {
        return Some(format!("{of}.{name}"));
    }
    let is_usable = !name.is_empty() && name.len() <= 60 && name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    (is_usable && !name.contains(['\'', '"', '\\', '{', '}'])).then(|| format!("{of}['{name}']"))
}
