//! A file of SQL, taken apart into its statements.
//!
//! Deliberately absent: what a statement says. SQLite itself is asked for that.

/// One statement of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// The last comment before it, or its first words.
    pub(super) name: String,
    pub(super) sql: String,
}

/// Characters of a statement that stand for it where no comment does.
const NAME_CHARS: usize = 48;

/// Where in a text a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    /// Up to that quote.
    Quoted(char),
    LineComment,
    BlockComment,
}

/// The statements of a file. A comment before one is its name.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let mut all = Vec::new();
    let (mut sql, mut comment) = (String::new(), String::new());
    let mut part = Part::Code;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let before = part;
        part = next(part, c, chars.peek().copied());
        match (before, part) {
            (Part::Code, Part::LineComment) if sql.trim().is_empty() => comment.clear(),
            (Part::LineComment, _) if sql.trim().is_empty() => comment.push(c),
            (Part::Code, Part::Code) if c == ';' => {
                all.extend(statement(&comment, &sql));
                (sql, comment) = (String::new(), String::new());
                continue;
            }
            _ => {}
        }
        // A comment between two words parts them.
        let is_comment = |part| matches!(part, Part::LineComment | Part::BlockComment);
        let is_shown = !is_comment(before) && !is_comment(part);
        sql.push(if is_shown { c } else { ' ' });
        // The second character of what ends a comment belongs to it.
        if before == Part::BlockComment && part == Part::Code {
            chars.next();
        }
    }
    all.extend(statement(&comment, &sql));
    all
}

fn next(part: Part, c: char, following: Option<char>) -> Part {
    match (part, c) {
        (Part::Code, '-') if following == Some('-') => Part::LineComment,
        (Part::Code, '/') if following == Some('*') => Part::BlockComment,
        (Part::Code, '\'' | '"' | '`') => Part::Quoted(c),
        (Part::Code, '[') => Part::Quoted(']'),
        (Part::Quoted(quote), c) if c == quote => Part::Code,
        (Part::LineComment, '\n') => Part::Code,
        (Part::BlockComment, '*') if following == Some('/') => Part::Code,
        _ => part,
    }
}

fn statement(comment: &str, sql: &str) -> Option<Statement> {
    let sql = sql.trim();
    if sql.is_empty() {
        return None;
    }
    let comment = comment.trim_start_matches('-').trim();
    let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = if comment.is_empty() {
        words.chars().take(NAME_CHARS).collect()
    } else {
        comment.to_owned()
    };
    Some(Statement { name, sql: sql.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_statements_whatever_is_quoted_or_said_between() {
        let text = "-- first; of all\nSELECT ';' AS \"a;b\" /* ; */ FROM [c;d];\n\n-- old\n-- new\n\
                    SELECT 'it''s;' -- not a name\n, 2;\nSELECT 3";
        let all = statements(text);
        let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["first; of all", "new", "SELECT 3"]);
        assert!(all[0].sql.starts_with("SELECT ';' AS \"a;b\"") && all[0].sql.ends_with("[c;d]"));
        assert!(all[1].sql.contains("'it''s;'") && all[1].sql.ends_with(", 2"), "{}", all[1].sql);
        assert!(statements(" ;; -- nothing\n").is_empty());
    }
}
