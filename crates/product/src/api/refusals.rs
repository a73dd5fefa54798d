//! What a client is told of a refusal.

use contracts::problems;
use runtime::http::Problem;

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match &refusal {
            Refusal::AlreadyListed(_) => &problems::PRODUCT_EXISTS,
            Refusal::Unknown(_) => &problems::UNKNOWN_PRODUCT,
            Refusal::Discontinued(_) => &problems::PRODUCT_DISCONTINUED,
            Refusal::EmptyName | Refusal::LongName | Refusal::UnprintableName => {
                &problems::INVALID_NAME
            }
            Refusal::NegativePrice(_) => &problems::NEGATIVE_PRICE,
            Refusal::UnacceptablePrice(amount) => amount.problem(),
        };
        Self::new(kind).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use contracts::Money;
    use contracts::Sku;
    use contracts::money::UnacceptableAmount;

    use super::*;

    #[test]
    fn each_refusal_has_its_status_and_says_what_is_wrong() {
        let sku: Sku = "p-1".parse().unwrap();
        let price = Money::new(-1, "GBP".parse().unwrap());
        let unknown = UnacceptableAmount::UnknownCurrency("ZZZ".parse().unwrap());
        for (refusal, status, slug, said) in [
            (Refusal::AlreadyListed(sku.clone()), 409, "product-exists", "p-1"),
            (Refusal::Unknown(sku.clone()), 404, "unknown-product", "p-1"),
            (Refusal::Discontinued(sku), 409, "product-discontinued", "p-1"),
            (Refusal::EmptyName, 422, "invalid-name", "empty"),
            (Refusal::LongName, 422, "invalid-name", "200 bytes"),
            (Refusal::UnprintableName, 422, "invalid-name", "control characters"),
            (Refusal::NegativePrice(price), 422, "negative-price", "-0.01 GBP"),
            (Refusal::UnacceptablePrice(unknown), 422, "unknown-currency", "price: ZZZ"),
        ] {
            let problem = Problem::from(refusal);
            assert_eq!((problem.status.as_u16(), problem.kind.slug), (status, slug));
            assert!(problem.detail.unwrap().contains(said), "{slug}");
        }
    }
}
