//! A connection to the broker, in its own protocol: what a stranger, or somebody with a password, would use.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// More than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub(crate) struct Broker {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
    inbox: String,
    asked: u32,
}

impl Broker {
    /// Connects as somebody with a password, or as nobody.
    ///
    /// # Errors
    /// What the broker says to whom it does not let in.
    pub(crate) fn connect(port: u16, login: Option<(&str, &str)>) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap());
        let user = login.map_or("nobody", |(user, _)| user);
        let mut broker = Self { stream, lines, inbox: format!("_INBOX_{user}"), asked: 0 };
        let login = login.map(|(user, pass)| format!(r#","user":"{user}","pass":"{pass}""#));
        let login = login.unwrap_or_default();
        let options = r#""verbose":false,"headers":true,"no_responders":true"#;
        broker.say(&format!("CONNECT {{{options}{login}}}\r\n"));
        match broker.refusals().into_iter().next() {
            Some(refusal) => Err(refusal),
            None => Ok(broker),
        }
    }

    /// What the broker refuses of a message to that subject, which names that one for the answer.
    pub(crate) fn publish(&mut self, subject: &str, reply: &str, payload: &str) -> Vec<String> {
        let length = payload.len();
        self.say(&format!("PUB {subject} {reply} {length}\r\n{payload}\r\n"));
        self.refusals()
    }

    /// What the broker says to the mere beginning of a message of that length.
    pub(crate) fn announce(&mut self, subject: &str, length: usize) -> String {
        self.say(&format!("PUB {subject} {length}\r\n"));
        loop {
            let line = self.line();
            if line.is_empty() || line.starts_with("-ERR") {
                return line;
            }
        }
    }

    /// What the broker refuses of a subscription.
    pub(crate) fn subscribe(&mut self, subject: &str) -> Vec<String> {
        self.asked += 1;
        let number = self.asked;
        self.say(&format!("SUB {subject} {number}\r\n"));
        self.refusals()
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// What the broker says instead.
    pub(crate) fn ask(&mut self, subject: &str) -> Result<Value, String> {
        self.ask_with(subject, "")
    }

    /// The answer to a request of that content.
    ///
    /// # Errors
    /// What the broker says instead.
    pub(crate) fn ask_with(&mut self, subject: &str, payload: &str) -> Result<Value, String> {
        self.asked += 1;
        let answer = format!("{}.{}", self.inbox, self.asked);
        let number = self.asked;
        let length = payload.len();
        self.say(&format!("SUB {answer} {number}\r\nUNSUB {number} 1\r\n"));
        self.say(&format!("PUB {subject} {answer} {length}\r\n{payload}\r\n"));
        loop {
            let line = self.line();
            match line.split(' ').next() {
                Some("-ERR") => return Err(line),
                Some("MSG") => return Ok(serde_json::from_str(&self.payload_of(&line)).unwrap()),
                // Nobody answers there.
                Some("HMSG") => return Err(self.payload_of(&line)),
                _ => {}
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// What the broker has said against all that it was told so far.
    fn refusals(&mut self) -> Vec<String> {
        self.say("PING\r\n");
        let mut refusals = Vec::new();
        loop {
            let line = self.line();
            match line.split(' ').next() {
                Some("PONG" | "") => return refusals,
                Some("-ERR") => refusals.push(line),
                _ => {}
            }
        }
    }

    /// Empty at the end of the connection.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn payload_of(&mut self, line: &str) -> String {
        let length: usize = line.rsplit(' ').next().unwrap().parse().unwrap();
        let mut payload = vec![0; length + "\r\n".len()];
        self.lines.read_exact(&mut payload).unwrap();
        String::from_utf8(payload).unwrap().trim_end().to_owned()
    }
}
