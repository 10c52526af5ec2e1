//! Versions that a client names in a header.

/// Whether a list of versions names this one, or all. The comparison is weak (RFC 9110, 8.8.3.2).
pub(crate) fn names(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|one| one == "*" || opaque(one) == opaque(tag))
}

/// The tag without the sign of a weak one.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list() {
        for list in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(names(list, "\"a\"") && names(list, "W/\"a\""), "{list}");
        }
        assert!(!names("\"ab\"", "\"a\"") && !names("", "\"a\""));
    }
}
