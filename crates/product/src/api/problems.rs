//! What a client is told of a refusal.

use runtime::http::{Problem, StatusCode};

use crate::refusal::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, slug, title) = match &refusal {
            Refusal::AlreadyListed(_) => {
                (StatusCode::CONFLICT, "product-exists", "The SKU is taken")
            }
            Refusal::Unknown(_) => {
                (StatusCode::NOT_FOUND, "unknown-product", "There is no such product")
            }
            Refusal::Discontinued(_) => {
                (StatusCode::CONFLICT, "product-discontinued", "The product is discontinued")
            }
            Refusal::EmptyName | Refusal::LongName | Refusal::UnprintableName => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-name", "The name cannot be taken")
            }
            Refusal::NegativePrice(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "negative-price", "The price is negative")
            }
            Refusal::UnacceptablePrice(amount) => {
                let (slug, title) = amount.problem();
                (StatusCode::UNPROCESSABLE_ENTITY, slug, title)
            }
        };
        Self::new(status, slug, title).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use contracts::Money;
    use contracts::money::UnacceptableAmount;
    use protocol::Id;

    use super::*;

    #[test]
    fn each_refusal_has_its_status_and_says_what_is_wrong() {
        let sku: Id = "p-1".parse().unwrap();
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
            assert_eq!((problem.status.as_u16(), problem.slug), (status, slug));
            assert!(problem.detail.unwrap().contains(said), "{slug}");
        }
    }
}
