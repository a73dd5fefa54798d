//! One listener: what it has been sent, and so what it still has to be sent.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::unfold;
use runtime::shutdown::Stop;
use runtime::warp::sse::Event;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::seats::Seat;
use super::update::{DashboardUpdate, Sections};

/// How soon a browser that has lost the connection tries again.
const RETRY: Duration = Duration::from_secs(1);

pub struct Listener {
    updates: watch::Receiver<Arc<DashboardUpdate>>,
    sent: Sections,
    greeted: bool,
    stop: Stop,
    /// Its place among those that may listen at once.
    _seat: Seat,
}

impl Listener {
    /// A listener that has been sent nothing.
    #[must_use]
    pub fn new(updates: watch::Receiver<Arc<DashboardUpdate>>, stop: Stop, seat: Seat) -> Self {
        Self { updates, sent: Sections::new(), greeted: false, stop, _seat: seat }
    }

    /// What it is sent. It ends when the process stops: an open stream would hold that up.
    pub fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
        unfold(self, |mut listener| async move {
            let event = listener.next().await?;
            Some((Ok(event), listener))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            return Some(Event::default().comment("welcome").retry(RETRY));
        }
        tokio::select! {
            () = self.stop.stopped() => return None,
            changed = self.updates.changed() => changed.ok()?,
        }
        let update = Arc::clone(&self.updates.borrow_and_update());
        let news = news(&self.sent, &update.sections);
        let event = Event::default().id(update.number.to_string()).json_data(&news).ok()?;
        self.sent.extend(news);
        Some(event)
    }
}

/// The sections that differ from what was sent. A section that is not told now is left as it is.
fn news(sent: &Sections, now: &Sections) -> Sections {
    let is_sent = |name: &String, section: &RawValue| {
        sent.get(name).is_some_and(|sent| sent.get() == section.get())
    };
    let news = now.iter().filter(|(name, section)| !is_sent(name, section));
    news.map(|(name, section)| (name.clone(), section.clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sections(json: &Value) -> Sections {
        serde_json::from_str(&json.to_string()).unwrap()
    }

    fn value(sections: &Sections) -> Value {
        serde_json::to_value(sections).unwrap()
    }

    #[test]
    fn only_what_differs_is_sent() {
        let sent = sections(&json!({"orders": {"placed": 1}, "stock": {"reserved": 2}}));
        let now = json!({"orders": {"placed": 2}, "stock": {"reserved": 2}, "parked": 0});
        let seen = value(&news(&sent, &sections(&now)));
        assert_eq!(seen, json!({"orders": {"placed": 2}, "parked": 0}));
        assert_eq!(value(&news(&Sections::new(), &sections(&now))), now);
    }

    #[test]
    fn what_cannot_be_told_now_is_left_as_it_was() {
        let sent = sections(&json!({"orders": {"placed": 1}, "problem": null}));
        let now = json!({"problem": {"title": "away"}});
        assert_eq!(value(&news(&sent, &sections(&now))), now);
    }
}
