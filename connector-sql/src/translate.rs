//! From SQLite's spelling to PostgreSQL's.

/// The statement in PostgreSQL's spelling:
///
/// * `?1` becomes `$1`;
/// * `INDEXED BY name` goes, because PostgreSQL takes no hints;
/// * `x''` becomes an empty `bytea`;
/// * `LIKE` becomes `ILIKE`, because SQLite's ignores case;
/// * `COLLATE BINARY` becomes `COLLATE "C"`.
///
/// What is in quotes stays.
pub(crate) fn to_postgres(statement: &str) -> String {
    let mut written = String::with_capacity(statement.len() + 16);
    let mut rest = statement;
    let mut is_inside_word = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted(rest, first),
            '?' => {
                written.push('$');
                rest = &rest[1..];
                continue;
            }
            _ if is_inside_word || !first.is_ascii_alphabetic() => first.len_utf8(),
            _ => {
                if let Some((replacement, length)) = replaced(rest) {
                    written.push_str(replacement);
                    rest = &rest[length..];
                    continue;
                }
                first.len_utf8()
            }
        };
        written.push_str(&rest[..length]);
        is_inside_word = first.is_alphanumeric() || first == '_';
        rest = &rest[length..];
    }
    written
}

/// The length of a text in quotes; of all the rest if it does not end.
fn quoted(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

/// What stands in place of the words at the beginning, and how long they are.
fn replaced(text: &str) -> Option<(&'static str, usize)> {
    if let Some(after) = text.strip_prefix("INDEXED BY ") {
        let name = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len());
        return Some(("", text.len() - after.len() + name));
    }
    let words = [("x''", "''::bytea"), ("LIKE ", "ILIKE "), ("COLLATE BINARY", "COLLATE \"C\"")];
    words.into_iter().find(|(word, _)| text.starts_with(word)).map(|(word, replacement)| (replacement, word.len()))
}

#[cfg(test)]
mod tests {
    use super::to_postgres;
    use proptest::prelude::*;

    #[test]
    fn only_the_spelling_changes() {
        for (sqlite, postgres) in [
            ("SELECT a FROM t WHERE b = ?1 AND c = ?12", "SELECT a FROM t WHERE b = $1 AND c = $12"),
            ("SELECT 1 FROM t INDEXED BY t_by_id WHERE a = ?1", "SELECT 1 FROM t  WHERE a = $1"),
            ("FROM t h INDEXED BY holders\n LEFT JOIN", "FROM t h \n LEFT JOIN"),
            ("SET hash = x'' WHERE max''", "SET hash = ''::bytea WHERE max''"),
            ("a LIKE '%? LIKE x'", "a ILIKE '%? LIKE x'"),
            ("name = ?3 COLLATE BINARY AS exact", "name = $3 COLLATE \"C\" AS exact"),
            ("'it''s ?1' || \"?\"", "'it''s ?1' || \"?\""),
        ] {
            assert_eq!(to_postgres(sqlite), postgres);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_lost_or_stops_the_translation(text in "[a-z'\" ?x0-9é]{0,40}") {
            let written = to_postgres(&text);
            prop_assert!(written.len() >= text.len() || text.contains("INDEXED"));
        }
    }
}
