//! Problems with orders.

use protocol::problem_kinds;

problem_kinds! {
    /// Problems with orders.
    pub ORDERS;
    UNKNOWN_ORDER: 404, "unknown-order", "There is no such order" {
        when: "The path names an order that the process that was asked does not know.",
        remedy: "Check the id. Straight after placing, send the Murmur-Token of that answer: the process waits until it knows the order.",
        example: "there is no order o-17",
    }
    NO_LINES: 422, "no-lines", "Nothing is ordered" {
        when: "The lines of a new order are empty.",
        remedy: "Send at least one line with a sku and a quantity.",
        example: "an order needs at least one line",
    }
    TOO_MANY_LINES: 422, "too-many-lines", "The order has too many lines" {
        when: "A new order has more lines than one order may have.",
        remedy: "Place several orders.",
        example: "1001 lines are too many: an order has at most 1000, place several orders",
    }
    ORDER_TOO_LARGE: 422, "order-too-large", "The order is too large" {
        when: "A new order, with the names of its products, takes more bytes than an event may.",
        remedy: "Place several orders.",
        example: "the order takes 700000 bytes with the names of its products, 655360 is the limit: place several orders",
    }
    BAD_QUANTITY: 422, "bad-quantity", "A quantity is out of bounds" {
        when: "A line of a new order asks for less than 1 or more than 1,000,000 units.",
        remedy: "Ask for a quantity within these bounds.",
        example: "the quantity of mug is 0: it must be from 1 to 1000000",
    }
    BAD_UNIT_PRICE: 422, "bad-unit-price", "A price is negative" {
        when: "A line of a new order brings a unit_price below zero.",
        remedy: "Leave unit_price out for the price of the catalogue, or send one from 0.",
        example: "the unit_price of mug is -0.01 GBP: it must not be negative",
    }
    CURRENCY_MISMATCH: 422, "currency-mismatch", "This is another currency than the customer's" {
        when: "A price or a payment is not in the currency of the customer's credit limit.",
        remedy: "Use the currency that the detail names.",
        example: "the price of mug is in USD, but the customer's orders are in GBP",
    }
    UNKNOWN_CURRENCY: 422, "unknown-currency", "The currency does not exist" {
        when: "An amount names a currency that is no active one of ISO 4217.",
        remedy: "Use a code such as GBP.",
        example: "price: ZZZ is no active currency of ISO 4217: use a code such as GBP",
    }
    AMOUNT_TOO_LARGE: 422, "amount-too-large", "An amount is too large" {
        when: "An amount is more than 1,000,000,000,000,000 minor units.",
        remedy: "Name a smaller amount.",
        example: "price: 10000000000000.01 GBP is too large: 10000000000000.00 GBP is the most",
    }
    AMOUNT_OVERFLOW: 422, "amount-overflow", "A sum is too large" {
        when: "The total of a new order, or all that a customer has paid in, would be more than can be kept.",
        remedy: "Order or pay in less.",
        example: "the total is more than 10000000000000.00 GBP, the most that an order may come to: order less",
    }
    BAD_DEADLINE: 422, "bad-deadline", "The deadline is out of bounds" {
        when: "A new order has a deadline_ms below 100 or above a week.",
        remedy: "Leave it out, or send one within these bounds.",
        example: "deadline_ms is 5: it must be from 100 to 604800000",
    }
    BAD_HAND_OVER: 422, "bad-hand-over", "The hand-over window is out of bounds" {
        when: "A new order has a hand_over_ms above a week.",
        remedy: "Leave it out, or send one of at most a week.",
        example: "hand_over_ms is 604800001: it must be from 0 to 604800000",
    }
    BAD_BUSINESS_DATE: 422, "bad-business-date", "The business date is no day" {
        when: "A new order has a business_date that is no day from 1970 to tomorrow.",
        remedy: "Leave it out for today, or write a day such as 2026-01-31.",
        example: "business_date is \"31.1.\": write a day from 1970-01-01 to tomorrow, such as 2026-01-31",
    }
    ORDER_EXISTS: 409, "order-exists", "The order exists already" {
        when: "A new order brings an id that another order has.",
        remedy: "Choose another id, or none. To repeat a command safely, send the same Idempotency-Key.",
        example: "there is an order o-17 already: place this one under another id",
    }
    TOO_LATE: 409, "too-late", "It is too late to cancel the order" {
        when: "The order that is to be cancelled is confirmed or completed.",
        remedy: "Nothing: the goods are on their way.",
        example: "order o-17 is confirmed: it is too late to cancel it",
    }
    ALREADY_REJECTED: 409, "already-rejected", "The order was rejected" {
        when: "The order that is to be cancelled has ended by itself: stock or credit was lacking.",
        remedy: "Nothing: what it had reserved is released.",
        example: "order o-17 was rejected: there is nothing to cancel",
    }
    BAD_STATE: 400, "bad-state", "No order is in such a state" {
        when: "A list of orders is asked for by a state that there is not.",
        remedy: "Use one that the detail names.",
        example: "use placed, prepared, confirmed, completed, rejected, cancelled",
    }
}
