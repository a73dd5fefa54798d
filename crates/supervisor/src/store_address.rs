//! Addresses of stores on command lines. What stands there, everybody on the machine can read: an
//! address with a password can be named by the variable that holds it, and what murmur starts by itself
//! is told so.

use std::ffi::OsString;

use runtime::address::redacted;

/// What stands before the name of a variable, in the place of an address.
const BY_NAME: &str = "env:";

/// Variables that murmur makes for what it was told on its command line.
const VARIABLE: &str = "MURMUR_STORE_ADDRESS_";

/// The text, with the value of the variable that its last part names, if it does.
///
/// # Errors
/// When there is no such variable.
pub fn revealed(text: &str) -> Result<String, String> {
    let (before, last) = text.split_at(text.rfind('=').map_or(0, |at| at + 1));
    let Some(name) = last.strip_prefix(BY_NAME) else { return Ok(text.to_owned()) };
    match std::env::var(name) {
        Ok(address) => Ok(format!("{before}{address}")),
        Err(_) => Err(format!("there is no variable {name} in the environment")),
    }
}

/// An argument as others may read it; and, if it holds a secret, the variable that holds that.
pub fn hide((nth, argument): (usize, OsString)) -> (OsString, Option<(String, String)>) {
    let Some(text) = argument.to_str().filter(|text| redacted(text) != **text) else {
        return (argument, None);
    };
    let scheme = text.find("://").unwrap_or_default();
    let (before, address) = text.split_at(text[..scheme].rfind('=').map_or(0, |at| at + 1));
    let variable = format!("{VARIABLE}{nth}");
    let shown = format!("{before}{BY_NAME}{variable}").into();
    (shown, Some((variable, address.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_password_is_handed_on_by_the_name_of_a_variable() {
        let (shown, secret) = hide((4, "--broker-at=order=nats://a:b=c@h".into()));
        assert_eq!(shown, "--broker-at=order=env:MURMUR_STORE_ADDRESS_4");
        let secret = secret.unwrap();
        assert_eq!(secret, ("MURMUR_STORE_ADDRESS_4".to_owned(), "nats://a:b=c@h".to_owned()));
        assert_eq!(hide((0, "redis://h:1".into())), ("redis://h:1".into(), None));
    }

    #[test]
    fn what_names_no_variable_is_taken_as_it_is() {
        assert_eq!(revealed("nats://h"), Ok("nats://h".to_owned()));
        let home = std::env::var("PATH").unwrap();
        assert_eq!(revealed("x=env:PATH"), Ok(format!("x={home}")));
        assert!(revealed("env:MURMUR_NO_SUCH").unwrap_err().contains("MURMUR_NO_SUCH"));
    }
}
