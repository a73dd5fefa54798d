use clap::CommandFactory as _;
use clap::parser::ValueSource;

use super::*;
use crate::cli::Cli;

fn said(text: &str) -> anyhow::Result<ConfigFile> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.toml");
    std::fs::write(&path, text).unwrap();
    ConfigFile::read(Some(path.into()), &Cli::command())
}

fn refused(text: &str) -> String {
    format!("{:#}", said(text).unwrap_err())
}

#[test]
fn every_flag_of_up_is_a_key_and_none_that_is_hidden() {
    let command = Cli::command();
    let keys: Vec<_> = keys(&command).into_iter().map(|(key, _)| key).collect();
    for key in ["data", "json", "up.detach", "up.http-port-base", "up.without", "up.broker-at"] {
        assert!(keys.iter().any(|known| known == key), "{key} of {keys:?}");
    }
    for key in ["config", "up.in-background", "up.data", "up.help", "help", "version"] {
        assert!(!keys.iter().any(|known| known == key), "{key}");
    }
}

#[test]
fn what_the_file_says_holds_unless_the_command_line_says_otherwise() {
    let file =
        said("data = \"d\"\n[up]\nopen = true\nnice = 3\nwithout = [\"redis\", \"query\"]\n");
    let file = file.unwrap();
    let command = file.applied(Cli::command());
    let matches = command.clone().try_get_matches_from(["murmur", "up", "--nice", "5"]).unwrap();
    let data = matches.get_one::<PathBuf>("data").unwrap();
    assert!(data.ends_with("d") && data.is_absolute(), "beside its file: {}", data.display());
    assert_eq!(matches.value_source("data"), Some(ValueSource::DefaultValue));
    let (_, up) = matches.subcommand().unwrap();
    assert_eq!((up.get_flag("open"), up.get_one("nice")), (true, Some(&5_u8)));
    assert_eq!(up.get_raw("without").unwrap().count(), 2);
}

#[test]
fn what_the_command_line_would_not_take_is_refused_with_the_nearest_that_it_would() {
    assert!(refused("date = 'x'").contains("no key \"date\"; the nearest is \"data\""));
    for slip in ["[up]\nhttp-prot = 1", "http-port-base = 1", "[up]\nhttp_port_base = 1"] {
        assert!(refused(slip).contains("\"up.http-port-base\""), "{}", refused(slip));
    }
    assert!(refused("[up]\nnats-port = 0").contains("up.nats-port: invalid value '0'"));
    assert!(refused("[up]\nwithout = ['the-cat']").contains("no process is called"));
    assert!(refused("json = 'yes'").contains("json is true or false"));
    assert!(refused("data = [").contains("m.toml"));
}

#[test]
fn a_file_that_was_named_must_be_there_and_an_empty_name_is_none() {
    let missing = ConfigFile::read(Some("/nowhere/m.toml".into()), &Cli::command());
    assert!(format!("{:#}", missing.unwrap_err()).contains("/nowhere/m.toml"));
    assert!(ConfigFile::read(Some("".into()), &Cli::command()).unwrap().path.is_none());
}
