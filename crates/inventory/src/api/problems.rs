//! What a client is told of a refusal.

use runtime::http::{Problem, StatusCode};

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (slug, title) = match &refusal {
            Refusal::UnknownProduct(_) => ("unknown-product", "There is no such product"),
            Refusal::ProductDiscontinued(_) => {
                ("product-discontinued", "The product is discontinued")
            }
            Refusal::NoQuantity => ("invalid-quantity", "The quantity is too small"),
            Refusal::TooMuch { .. } => ("too-much-stock", "The quantity is too large"),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug, title).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use protocol::Id;

    use super::*;

    #[test]
    fn each_refusal_says_what_is_wrong() {
        let sku: Id = "p-1".parse().unwrap();
        for (refusal, slug, said) in [
            (Refusal::UnknownProduct(sku.clone()), "unknown-product", "p-1"),
            (Refusal::ProductDiscontinued(sku.clone()), "product-discontinued", "p-1"),
            (Refusal::NoQuantity, "invalid-quantity", "at least 1"),
            (Refusal::TooMuch { sku, stocked: 7 }, "too-much-stock", "7 units"),
        ] {
            let problem = Problem::from(refusal);
            assert_eq!((problem.status.as_u16(), problem.slug), (422, slug));
            assert!(problem.detail.unwrap().contains(said), "{slug}");
        }
    }
}
