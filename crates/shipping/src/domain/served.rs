//! Where nobody delivers to.

use std::collections::BTreeSet;

use contracts::spelling;

/// Countries that nobody delivers to, as customers spell them; case, outer blanks and the form in which
/// letters are encoded do not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotServed(BTreeSet<String>);

impl NotServed {
    /// Whether nobody delivers to that country.
    #[must_use]
    pub fn contains(&self, country: &str) -> bool {
        self.0.contains(&spelled_alike(country))
    }
}

impl<T: AsRef<str>> FromIterator<T> for NotServed {
    fn from_iter<I: IntoIterator<Item = T>>(countries: I) -> Self {
        Self(countries.into_iter().map(|country| spelled_alike(country.as_ref())).collect())
    }
}

fn spelled_alike(country: &str) -> String {
    spelling::folded(country.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        let not_served: NotServed = ["Atlantis ", "XX", "Réunion"].into_iter().collect();
        assert!(not_served.contains("ATLANTIS"));
        assert!(not_served.contains(" xx"));
        assert!(not_served.contains("Re\u{301}union"));
        assert!(!not_served.contains("GB"));
    }
}
