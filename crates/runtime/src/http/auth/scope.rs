//! What a token is good for.
//!
//! Deliberately absent: a scope that holds another one. What a token may do is all named in its line.

use std::fmt;
use std::str::FromStr;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To see: orders, customers, figures, and how a process stands.
    Read,
    /// The everyday work of a shop: orders are placed and cancelled, goods come in.
    Write,
    /// What decides about money ahead: prices, credit limits, customers, and orders that bring their
    /// own price or business date.
    Price,
    /// What an operator does: accounts are settled, read models built and switched.
    Operate,
}

/// Several of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

/// What an operation asks of who calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: whatever it says, everybody may know.
    Anybody,
    /// Nothing of who is on this machine; of others, [`Scope::Read`].
    OnThisMachine,
    /// A token, whatever it is good for.
    Holders,
    /// A token that is good for this.
    Only(Scope),
}

/// A text that names no scopes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("its scopes are none or unknown: use some of read,write,price,operate")]
pub struct UnknownScope;

impl Scope {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Price, Self::Operate];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Price => "price",
            Self::Operate => "operate",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Scopes {
    /// All that there is.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Whether this is one of them.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl Access {
    /// The scope that it asks of somebody elsewhere.
    #[must_use]
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Anybody | Self::Holders => None,
            Self::OnThisMachine => Some(Scope::Read),
            Self::Only(scope) => Some(scope),
        }
    }
}

impl From<Scope> for Access {
    fn from(scope: Scope) -> Self {
        Self::Only(scope)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |all, scope| all | scope.bit()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(UnknownScope)
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(str::trim).map(Scope::from_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_what_was_named_and_nothing_else() {
        let some: Scopes = "write, read".parse().unwrap();
        assert_eq!(some.to_string(), "read,write");
        assert!(some.has(Scope::Write) && !some.has(Scope::Operate));
        assert_eq!(Scopes::all().to_string().parse(), Ok(Scopes::all()));
        for wrong in ["", "read,", "reed", "Read", "*", "all"] {
            assert_eq!(wrong.parse::<Scopes>(), Err(UnknownScope), "{wrong:?}");
        }
    }
}
