//! Numbers that look random and come from one seed, so that a run can be told to do the same again.
//!
//! Only what is chosen is repeatable: what real processes make of it depends on the machine.

#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed from the operating system's entropy.
    pub fn fresh_seed() -> u64 {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        // Short enough to be typed again.
        (high ^ low) % 1_000_000_000
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 if that is 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next() % limit }
    }

    /// One of them; none if there are none.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let nth = self.below(all.len() as u64);
        all.get(usize::try_from(nth).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_the_same_numbers_again_and_another_seed_others() {
        let numbers = |seed| {
            let mut dice = Dice::new(seed);
            (0..8).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
        assert!(numbers(7).iter().all(|number| *number < 1_000));
        assert_eq!(Dice::new(1).one_of::<u8>(&[]), None);
    }
}
