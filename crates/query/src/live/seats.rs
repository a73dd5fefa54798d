//! Who may listen at once: so many in all, and so many of one client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::http::auth::caller::Client;

/// Most listeners at once: each holds a connection for as long as somebody looks at the page.
pub const LISTENERS_MAX: usize = 64;

/// Most of one client, which is a token or an address. A browser keeps six connections to a server at
/// most, so that these are the pages of some three; and it takes four clients to leave no seat.
pub const LISTENERS_EACH_MAX: usize = 16;

/// Places among those that may listen at once. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Seats(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<Client, usize>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    client: Option<Client>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All are taken.
    All,
    /// This client has as many as one may have.
    Client,
}

impl Seats {
    /// A place for this client; of one that cannot be told from others, only all are counted.
    ///
    /// # Errors
    /// When there is none.
    pub fn take(&self, client: Option<Client>) -> Result<Seat, Full> {
        let mut taken = self.taken();
        if taken.all >= LISTENERS_MAX {
            return Err(Full::All);
        }
        if let Some(client) = &client {
            let of_client = taken.by.entry(client.clone()).or_default();
            if *of_client >= LISTENERS_EACH_MAX {
                return Err(Full::Client);
            }
            *of_client += 1;
        }
        taken.all += 1;
        drop(taken);
        Ok(Seat { seats: self.clone(), client })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.all -= 1;
        let Some(client) = &self.client else { return };
        if let Some(of_client) = taken.by.get_mut(client) {
            *of_client -= 1;
            if *of_client == 0 {
                taken.by.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats_of(seats: &Seats, client: Option<Client>, count: usize) -> Vec<Seat> {
        (0..count).map(|_| seats.take(client.clone()).unwrap()).collect()
    }

    #[test]
    fn one_client_cannot_take_all_and_gives_back_what_it_leaves() {
        let (seats, shop) = (Seats::default(), Some(Client::Named("shop".into())));
        let mut of_shop = seats_of(&seats, shop.clone(), LISTENERS_EACH_MAX);
        assert_eq!(seats.take(shop.clone()).unwrap_err(), Full::Client);
        let rest = seats_of(&seats, None, LISTENERS_MAX - LISTENERS_EACH_MAX);
        assert_eq!(seats.take(None).unwrap_err(), Full::All);
        of_shop.pop();
        assert!(seats.take(shop).is_ok());
        drop((of_shop, rest));
        assert!(seats.taken().by.is_empty() && seats.taken().all == 0);
    }
}
