//! Commands that are named in what is said: in backquotes, such as `` `murmur status` ``. Whoever types
//! one must act on the same system as the command that named it, so it repeats the options by which that
//! was chosen.
//!
//! Deliberately absent: the commands themselves. Whoever names one writes it without those options.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::sync::OnceLock;

/// How a command that is named begins.
const COMMAND: &str = "`murmur ";

/// The options that every hint repeats.
static REPEATED: OnceLock<String> = OnceLock::new();

/// From here on, every command that is named repeats these options, each with its value.
pub fn repeat<'a>(options: impl IntoIterator<Item = (&'a str, &'a OsStr)>) {
    let texts = options.into_iter().map(|(name, value)| format!(" {name} {}", quoted(value)));
    REPEATED.get_or_init(|| texts.collect());
}

/// The text, with the repeated options in each command that it names.
pub fn complete(text: &str) -> Cow<'_, str> {
    with(text, REPEATED.get().map_or("", String::as_str))
}

fn with<'t>(text: &'t str, options: &str) -> Cow<'t, str> {
    if options.is_empty() || !text.contains(COMMAND) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(COMMAND);
    let mut complete = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (command, rest) = part.split_at(part.find('`').unwrap_or(part.len()));
        // Who names the folder by itself means that one.
        let options = if command.contains("--data ") { "" } else { options };
        complete.extend([COMMAND, command, options, rest]);
    }
    Cow::Owned(complete)
}

/// As a shell reads it as one word.
fn quoted(value: &OsStr) -> String {
    let text = value.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_that_is_named_repeats_the_options() {
        let said = "`murmur status` shows it, `murmur start order --no-wait` starts it";
        assert_eq!(
            with(said, " --data x"),
            "`murmur status --data x` shows it, `murmur start order --no-wait --data x` starts it"
        );
        assert_eq!(with(said, ""), said);
        assert_eq!(with("`ss -ltnp` shows it", " --data x"), "`ss -ltnp` shows it");
        assert_eq!(with("`murmur down --data y`", " --data x"), "`murmur down --data y`");
    }

    #[test]
    fn a_folder_is_one_word_for_the_shell() {
        assert_eq!(quoted(OsStr::new("a/b-1")), "a/b-1");
        assert_eq!(quoted(OsStr::new("my data")), "'my data'");
        assert_eq!(quoted(OsStr::new("it's")), r"'it'\''s'");
    }
}
