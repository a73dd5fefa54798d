//! What a client is told of a refusal.

use contracts::problems;
use runtime::http::{Problem, StatusCode};

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match &refusal {
            Refusal::UnknownProduct(_) => &problems::UNKNOWN_PRODUCT,
            Refusal::ProductDiscontinued(_) => &problems::PRODUCT_DISCONTINUED,
            Refusal::NoQuantity => &problems::INVALID_QUANTITY,
            Refusal::TooMuch { .. } => &problems::TOO_MUCH_STOCK,
        };
        Self::new(kind).status(StatusCode::UNPROCESSABLE_ENTITY).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use contracts::Sku;

    use super::*;

    #[test]
    fn each_refusal_says_what_is_wrong() {
        let sku: Sku = "p-1".parse().unwrap();
        for (refusal, slug, said) in [
            (Refusal::UnknownProduct(sku.clone()), "unknown-product", "p-1"),
            (Refusal::ProductDiscontinued(sku.clone()), "product-discontinued", "p-1"),
            (Refusal::NoQuantity, "invalid-quantity", "at least 1"),
            (Refusal::TooMuch { sku, stocked: 7 }, "too-much-stock", "7 units"),
        ] {
            let problem = Problem::from(refusal);
            assert_eq!((problem.status.as_u16(), problem.kind.slug), (422, slug));
            assert!(problem.detail.unwrap().contains(said), "{slug}");
        }
    }
}
