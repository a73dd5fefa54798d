//! One owner: asked through its breaker, and again where that makes sense, until the deadline.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use protocol::Service;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep, timeout_at};

use crate::breaker::{Breaker, Permit, State, Verdict, View};
use crate::exchange::{Behalf, Exchange, Reply};
use crate::failure::Failure;
use crate::question::Question;

/// Calls to one owner under way at most: one that hangs must not take all memory with it.
pub const CALLS_MAX: usize = 512;

/// Times that a failed call is made again at most.
const RETRIES_MAX: usize = 2;

/// The first pause before a retry; later ones double, and each is jittered by up to its own length,
/// so that those who failed together do not come back together.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// An owner that has had this share of the deadline, and has not answered, is slow. With less, it
/// was asked too late to be judged.
const FAIR_SHARE: u32 = 3;

/// An owner.
#[derive(Debug)]
pub struct Owner {
    service: Service,
    url: String,
    exchange: Exchange,
    breaker: Mutex<Breaker>,
    places: Semaphore,
    fair_wait: Duration,
}

/// A call that is under way. Given up half-way, it shows nothing, and its probe is free again.
struct UnderWay<'a> {
    owner: &'a Owner,
    permit: Permit,
    verdict: Verdict,
    _place: SemaphorePermit<'a>,
}

impl Owner {
    /// The owner at this address, which answers `http` without a path: `http://127.0.0.1:8083`.
    #[must_use]
    pub fn new(service: Service, url: &str, exchange: Exchange, deadline: Duration) -> Self {
        let owner = Self {
            service,
            url: url.trim_end_matches('/').to_owned(),
            exchange,
            breaker: Mutex::new(Breaker::new(Instant::now())),
            places: Semaphore::new(CALLS_MAX),
            fair_wait: deadline / FAIR_SHARE,
        };
        owner.show(State::Closed);
        owner
    }

    /// Which one.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How its breaker stands.
    #[must_use]
    pub fn breaker(&self) -> View {
        self.with_breaker(|breaker| breaker.view(Instant::now()))
    }

    /// Asks, and asks again after failures that may pass, until the deadline.
    ///
    /// # Errors
    /// The last failure.
    pub async fn ask(
        &self,
        question: &Question,
        behalf: &Behalf,
        deadline: Instant,
    ) -> Result<Reply, Failure> {
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(RETRY_PAUSE)
            .with_jitter()
            .with_max_times(RETRIES_MAX)
            .build();
        loop {
            let failure = match self.attempt(question, behalf, deadline).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let pause = pauses.next().filter(|pause| Instant::now() + *pause < deadline);
            let Some(pause) = pause.filter(|_| failure.is_worth_a_retry()) else {
                return Err(failure);
            };
            sleep(pause).await;
        }
    }

    async fn attempt(
        &self,
        question: &Question,
        behalf: &Behalf,
        deadline: Instant,
    ) -> Result<Reply, Failure> {
        let begun = Instant::now();
        let mut under_way = self.begin(begun)?;
        let url = format!("{}{}", self.url, question.path);
        let asked = timeout_at(deadline.into(), self.exchange.get(&url, behalf)).await;
        let answer = asked.unwrap_or_else(|_| {
            let waited = begun.elapsed() >= self.fair_wait;
            Err(Failure::TimedOut { fair: waited && behalf.token.0.is_empty() })
        });
        let answer = answer.and_then(|reply| question.check(reply));
        under_way.verdict = answer.as_ref().map_or_else(Failure::verdict, |_| Verdict::Works);
        self.count(answer.as_ref().err(), begun.elapsed());
        answer
    }

    fn begin(&self, now: Instant) -> Result<UnderWay<'_>, Failure> {
        let place = self.places.try_acquire().map_err(|_| Failure::Busy)?;
        let permit = self.with_breaker(|breaker| {
            let refused = breaker.view(now).next_probe_in;
            breaker.ask(now).ok_or(Failure::BreakerOpen { next_probe_in: refused })
        })?;
        Ok(UnderWay { owner: self, permit, verdict: Verdict::Nothing, _place: place })
    }

    /// Does something with the breaker, and shows a change of its state.
    fn with_breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let before = breaker.view(Instant::now()).state;
        let done = act(&mut breaker);
        let after = breaker.view(Instant::now()).state;
        drop(breaker);
        if after != before {
            tracing::info!(owner = %self.service, ?before, ?after, "the breaker has changed");
            self.show(after);
        }
        done
    }

    fn show(&self, state: State) {
        let value = match state {
            State::Closed => 0.0,
            State::HalfOpen => 1.0,
            State::Open => 2.0,
        };
        let owner = self.service.to_string();
        metrics::gauge!("murmur_composer_breaker_state", "owner" => owner).set(value);
    }

    fn count(&self, failure: Option<&Failure>, took: Duration) {
        let owner = self.service.to_string();
        let outcome = failure.map_or("answered", Failure::reason);
        metrics::counter!("murmur_composer_calls_total", "owner" => owner.clone(), "outcome" => outcome)
            .increment(1);
        metrics::histogram!("murmur_composer_call_seconds", "owner" => owner).record(took);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let (permit, verdict) = (&self.permit, self.verdict);
        self.owner.with_breaker(|breaker| breaker.record(permit, verdict, Instant::now()));
    }
}
