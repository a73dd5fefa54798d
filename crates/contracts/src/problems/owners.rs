//! Problems with what the other services own: customers, products, stock, accounts, shipments.

use protocol::problem_kinds;

problem_kinds! {
    /// Problems with customers, products, stock, accounts and shipments.
    pub OWNERS;
    UNKNOWN_CUSTOMER: 404 | 422, "unknown-customer", "The customer is not known here" {
        when: "A path (404) or a body (422) names a customer that the process that was asked has not heard of.",
        remedy: "Register the customer at the customer service. Straight after that, send the Murmur-Token of that answer: the process waits until it knows the customer.",
        example: "customer c-9 is not known here: register it, or send the token of its registration as Murmur-Token",
    }
    CUSTOMER_CLOSED: 409 | 422, "customer-closed", "The customer is closed" {
        when: "A closed customer is to be changed (409) or places an order (422).",
        remedy: "Register another customer: a closed one stays closed.",
        example: "customer c-9 is closed and places no more orders",
    }
    CUSTOMER_EXISTS: 409, "customer-exists", "The id is taken" {
        when: "A registration brings an id that is taken.",
        remedy: "Choose another id, or none. To repeat a command safely, send the same Idempotency-Key.",
        example: "customer c-9 is registered already",
    }
    INVALID_TEXT: 422, "invalid-text", "A text cannot be taken" {
        when: "A name or a part of an address is empty, longer than 200 bytes, or holds control characters.",
        remedy: "Correct the field that the detail names.",
        example: "name must not be empty",
    }
    NEGATIVE_LIMIT: 422, "negative-limit", "The credit limit is negative" {
        when: "A customer is registered or changed with a credit_limit below zero.",
        remedy: "Send a limit from 0.",
        example: "credit_limit must not be negative, it is -0.01 GBP",
    }
    UNKNOWN_PRODUCT: 404 | 422, "unknown-product", "The product is not known here" {
        when: "A path (404) or a body or a command (422) names a product that the process that was asked has not heard of.",
        remedy: "List the product at the product service. Straight after that, send the Murmur-Token of that answer: the process waits until it knows the product.",
        example: "product mug is not known here: list it, or send the token of its listing as Murmur-Token",
    }
    PRODUCT_DISCONTINUED: 409 | 422, "product-discontinued", "The product is no longer sold" {
        when: "A discontinued product is to be changed (409), stocked or ordered (422).",
        remedy: "List it under another SKU: a discontinued one stays so.",
        example: "product mug is discontinued",
    }
    PRODUCT_EXISTS: 409, "product-exists", "The SKU is taken" {
        when: "A listing brings a SKU that is taken.",
        remedy: "Choose another SKU, or change the product that is there.",
        example: "product mug is listed already",
    }
    INVALID_NAME: 422, "invalid-name", "The name cannot be taken" {
        when: "A product's name is empty, longer than 200 bytes, or holds control characters.",
        remedy: "Send another name.",
        example: "name must not be longer than 200 bytes",
    }
    NEGATIVE_PRICE: 422, "negative-price", "The price is negative" {
        when: "A product is listed or changed with a price below zero.",
        remedy: "Send a price from 0.",
        example: "price must not be negative, it is -0.01 GBP",
    }
    UNKNOWN_STOCK: 404, "unknown-stock", "There is no such stock" {
        when: "Nothing of this product has ever come in.",
        remedy: "Check the SKU, or let goods come in: POST /stock/{sku}.",
        example: "nothing of mug was ever stocked",
    }
    INVALID_QUANTITY: 422, "invalid-quantity", "The quantity is too small" {
        when: "Goods come in with a quantity of 0.",
        remedy: "Send at least 1.",
        example: "quantity must be at least 1",
    }
    TOO_MUCH_STOCK: 422, "too-much-stock", "The quantity is too large" {
        when: "All that ever came in of a product would be more than 1,000,000,000,000 units.",
        remedy: "Send less.",
        example: "product mug was stocked 7 units so far, and 1000000000000 is the most",
    }
    UNKNOWN_RESERVATION: 404, "unknown-reservation", "There is no such reservation" {
        when: "Inventory has not heard of this order.",
        remedy: "Check the id. Straight after placing, send the Murmur-Token of that answer.",
        example: "inventory has not heard of order o-17",
    }
    UNKNOWN_CHARGE: 404, "unknown-charge", "There is no such charge" {
        when: "Payment has not heard of this order: it was not reserved, or not yet.",
        remedy: "Check the id, or ask again in a moment.",
        example: "nothing was heard of order o-17 here, or not yet",
    }
    BAD_AMOUNT: 422, "bad-amount", "The amount is not positive" {
        when: "A customer pays in nothing or less.",
        remedy: "Send an amount above 0.",
        example: "0.00 GBP cannot be paid in: the amount must be positive",
    }
    UNKNOWN_SHIPMENT: 404, "unknown-shipment", "There is no such shipment" {
        when: "Shipping has no shipment of this order: it was not charged, or not yet.",
        remedy: "Check the id, or ask again in a moment.",
        example: "there is no shipment of order o-17",
    }
}
