//! The groups in which operations are shown.

use serde_json::{Value, json};

/// What every process answers of itself.
pub const PROCESS: &str = "process";

/// What the live page asks.
pub const PAGE: &str = "page";

/// What operators ask.
pub const OPERATOR: &str = "operator";

/// All groups that are there, with what is in them: that of the service first.
pub(super) fn described(
    title: &str,
    description: &str,
    tags: impl Iterator<Item = Option<&'static str>>,
) -> Value {
    let there: Vec<&str> = tags.flatten().collect();
    let own = json!({ "name": title, "description": description });
    let others = [
        (OPERATOR, "What operators ask, and `murmur` for them."),
        (PAGE, "What the live page asks. It changes with the page: nothing of it is promised."),
        (PROCESS, "What every process answers of itself."),
    ];
    let others = others.into_iter().filter(|(name, _)| there.contains(name));
    let others =
        others.map(|(name, description)| json!({ "name": name, "description": description }));
    [own].into_iter().chain(others).collect()
}
