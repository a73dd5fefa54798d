//! Which words a person may have meant.

use rusqlite::{Connection, params};

/// Words that are looked at for one word of a question: a bound on the work of one search.
const CANDIDATES_MAX: usize = 400;

/// Words that one word of a question may stand for.
const MEANT_MAX: usize = 12;

/// Up to this length, a slip can leave a word without three letters in a row that are right.
const SHORT_LETTERS: usize = 6;

/// The known words that `word` may be a slip of, or the beginning of with a slip; the nearest first.
/// None for a word that is the beginning of a known one as it is.
///
/// # Errors
/// When the index fails.
pub fn meant(connection: &Connection, word: &str) -> rusqlite::Result<Vec<String>> {
    let letters: Vec<char> = word.chars().collect();
    let allowed = slips_allowed(letters.len());
    let not_misspelt = allowed == 0 || letters.iter().any(char::is_ascii_digit);
    if not_misspelt || begins_a_known_word(connection, word)? {
        return Ok(Vec::new());
    }
    let mut candidates = by_grams(connection, &letters)?;
    if letters.len() <= SHORT_LETTERS {
        candidates.extend(by_first_letter(connection, &letters)?);
    }
    let distance = |known: String| (slips(&letters, &known.chars().collect::<Vec<_>>()), known);
    let mut near: Vec<(usize, String)> = candidates.into_iter().map(distance).collect();
    near.retain(|(slips, _)| (1..=allowed).contains(slips));
    near.sort();
    near.dedup();
    near.truncate(MEANT_MAX);
    Ok(near.into_iter().map(|(_, known)| known).collect())
}

/// Short words have too many neighbours.
const fn slips_allowed(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

fn begins_a_known_word(connection: &Connection, word: &str) -> rusqlite::Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM spelling WHERE word >= ?1 AND word < ?2)";
    let behind = format!("{word}{}", char::MAX);
    connection.prepare_cached(select)?.query_row([word, behind.as_str()], |row| row.get(0))
}

/// Words that have three letters in a row in common with it, those with most of them first.
fn by_grams(connection: &Connection, letters: &[char]) -> rusqlite::Result<Vec<String>> {
    let grams: Vec<String> =
        letters.windows(3).map(|gram| format!("\"{}\"", gram.iter().collect::<String>())).collect();
    let select = "
        SELECT word FROM spelling
        WHERE rowid IN (SELECT rowid FROM grams WHERE grams MATCH ?1 ORDER BY rank LIMIT ?2)";
    let most = i64::try_from(CANDIDATES_MAX).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(select)?;
    let found = select.query_map(params![grams.join(" OR "), most], |row| row.get(0))?;
    found.collect()
}

/// Words of about its length that begin with the same letter.
fn by_first_letter(connection: &Connection, letters: &[char]) -> rusqlite::Result<Vec<String>> {
    let Some(first) = letters.first() else { return Ok(Vec::new()) };
    let next = char::from_u32(u32::from(*first) + 1).unwrap_or(char::MAX);
    let select = "
        SELECT word FROM spelling WHERE word >= ?1 AND word < ?2
          AND length(word) BETWEEN ?3 AND ?4 LIMIT ?5";
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (shortest, longest) = (number(letters.len() - 1), number(letters.len() + 1));
    let (first, most) = (first.to_string(), number(CANDIDATES_MAX));
    let mut select = connection.prepare_cached(select)?;
    let values = params![first, next.to_string(), shortest, longest, most];
    let found = select.query_map(values, |row| row.get(0))?;
    found.collect()
}

/// How many slips lead from `typed` to `known`, or to a beginning of it: letters left out, put in,
/// changed, or two that changed places.
fn slips(typed: &[char], known: &[char]) -> usize {
    let width = known.len() + 1;
    let mut before_last = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (row, letter) in typed.iter().enumerate() {
        let mut present = vec![row + 1; width];
        for (column, other) in known.iter().enumerate() {
            let changed = last[column] + usize::from(letter != other);
            let mut fewest = changed.min(last[column + 1] + 1).min(present[column] + 1);
            let swapped =
                row > 0 && column > 0 && typed[row - 1] == *other && known[column - 1] == *letter;
            if swapped {
                fewest = fewest.min(before_last[column - 1] + 1);
            }
            present[column + 1] = fewest;
        }
        (before_last, last) = (last, present);
    }
    last.into_iter().min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slips_between(typed: &str, known: &str) -> usize {
        slips(&typed.chars().collect::<Vec<_>>(), &known.chars().collect::<Vec<_>>())
    }

    #[test]
    fn each_kind_of_slip_counts_once_and_what_follows_a_beginning_does_not() {
        for (typed, known, expected) in [
            ("lantern", "lantern", 0),
            ("lanten", "lantern", 1),
            ("lanntern", "lantern", 1),
            ("lantarn", "lantern", 1),
            ("latnern", "lantern", 1),
            ("lant", "lantern", 0),
            ("lnat", "lantern", 1),
            ("mug", "lamp", 3),
        ] {
            assert_eq!(slips_between(typed, known), expected, "{typed} {known}");
        }
    }
}
