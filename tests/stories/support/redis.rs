//! Redis, by its own protocol.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// What is answered to the last of these, as it is sent.
pub(crate) fn say(port: u16, commands: &[&[&str]]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (last, before) = commands.split_last().unwrap();
    for command in before {
        stream.write_all(text_of(command).as_bytes()).unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n", "{command:?}");
    }
    stream.write_all((text_of(last) + &text_of(&["QUIT"])).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.strip_suffix("+OK\r\n").unwrap_or(&answer).to_owned()
}

fn text_of(command: &[&str]) -> String {
    let words = command.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", command.len(), words.collect::<String>())
}
