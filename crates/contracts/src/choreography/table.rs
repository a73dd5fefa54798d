//! The table of this system.

use super::{Choreography, Compensation, Exempt, Ignored, NONE, Reaction, Reads, State, Trigger};
use crate::Kind;
use crate::Kind::{
    CustomerChanged, CustomerClosed, CustomerRecovered, CustomerRegistered, InventoryCommitted,
    InventoryRecovered, InventoryRejected, InventoryReleased, InventoryReserved, InventoryStocked,
    OrderCancelled, OrderCompleted, OrderConfirmed, OrderPlaced, OrderPrepared, OrderRecovered,
    OrderRejected, PaymentCharged, PaymentDeclined, PaymentRecovered, PaymentRefunded,
    PaymentSettled, PaymentVoided, ProductChanged, ProductDiscontinued, ProductListed,
    ProductRecovered, ShippingCancelled, ShippingCreated, ShippingDispatched, ShippingRecovered,
};
use crate::Service::{self, Customer, Inventory, Order, Payment, Product, Shipping};
use Trigger::{Command, Event, Timer};

/// The choreography of Murmuration.
pub static MURMURATION: Choreography<'static> = Choreography {
    reads: READS,
    states: STATES,
    after: AFTER,
    reactions: REACTIONS,
    ignored: IGNORED,
    compensations: COMPENSATIONS,
    start: OrderPlaced,
    ends: &[OrderCompleted, OrderRejected, OrderCancelled],
    facts: FACTS,
    waits: WAITS,
};

const READS: &[Reads] = &[
    Reads { service: Customer, decides: &[], replicas: &[] },
    Reads { service: Product, decides: &[], replicas: &[] },
    Reads {
        service: Order,
        decides: &[Inventory, Payment, Shipping],
        replicas: &[Customer, Product],
    },
    Reads { service: Inventory, decides: &[Order], replicas: &[Product] },
    Reads { service: Payment, decides: &[Inventory, Order], replicas: &[Customer] },
    Reads { service: Shipping, decides: &[Payment, Order], replicas: &[Customer] },
];

const ANY_ORDER: &[State] =
    &[NONE, "placed", "prepared", "confirmed", "completed", "rejected", "cancelled"];
const ANY_RESERVATION: &[State] = &[NONE, "reserved", "rejected", "released", "committed"];
const ANY_CHARGE: &[State] = &[NONE, "charged", "declined", "refunded", "voided"];
const ANY_SHIPMENT: &[State] = &[NONE, "created", "dispatched", "cancelled"];

const STATES: &[(Service, &[State])] = &[
    (Customer, &[NONE, "open", "closed"]),
    (Product, &[NONE, "listed", "discontinued"]),
    (Order, ANY_ORDER),
    (Inventory, ANY_RESERVATION),
    (Payment, ANY_CHARGE),
    (Shipping, ANY_SHIPMENT),
];

const AFTER: &[(Kind, State)] = &[
    (CustomerRegistered, "open"),
    (CustomerChanged, "open"),
    (CustomerClosed, "closed"),
    (ProductListed, "listed"),
    (ProductChanged, "listed"),
    (ProductDiscontinued, "discontinued"),
    (OrderPlaced, "placed"),
    (OrderPrepared, "prepared"),
    (OrderConfirmed, "confirmed"),
    (OrderCompleted, "completed"),
    (OrderRejected, "rejected"),
    (OrderCancelled, "cancelled"),
    (InventoryReserved, "reserved"),
    (InventoryRejected, "rejected"),
    (InventoryReleased, "released"),
    (InventoryCommitted, "committed"),
    (PaymentCharged, "charged"),
    (PaymentDeclined, "declined"),
    (PaymentRefunded, "refunded"),
    (PaymentVoided, "voided"),
    (ShippingCreated, "created"),
    (ShippingDispatched, "dispatched"),
    (ShippingCancelled, "cancelled"),
];

const fn on(
    service: Service,
    states: &'static [State],
    on: Trigger,
    emits: &'static [Kind],
) -> Reaction {
    Reaction { service, states, on, emits }
}

const REACTIONS: &[Reaction] = &[
    on(Customer, &[NONE], Command("register"), &[CustomerRegistered]),
    on(Customer, &["open"], Command("change"), &[CustomerChanged]),
    on(Customer, &["open"], Command("close"), &[CustomerClosed]),
    on(Product, &[NONE], Command("list"), &[ProductListed]),
    on(Product, &["listed"], Command("change"), &[ProductChanged]),
    on(Product, &["listed"], Command("discontinue"), &[ProductDiscontinued]),
    on(Order, &[NONE], Command("place"), &[OrderPlaced]),
    on(Order, &["placed"], Event(ShippingCreated), &[OrderConfirmed, OrderPrepared]),
    on(Order, &["prepared"], Timer("window"), &[OrderConfirmed]),
    on(Order, &["placed", "prepared"], Command("cancel"), &[OrderCancelled]),
    on(Order, &["placed"], Timer("deadline"), &[OrderCancelled]),
    on(Order, &["placed"], Event(InventoryRejected), &[OrderRejected]),
    on(Order, &["placed"], Event(PaymentDeclined), &[OrderRejected]),
    on(Order, &["placed", "prepared", "confirmed"], Event(ShippingCancelled), &[OrderCancelled]),
    on(Order, &["confirmed"], Event(ShippingDispatched), &[OrderCompleted]),
    on(Inventory, &[NONE], Command("stock"), &[InventoryStocked]),
    on(Inventory, &[NONE], Event(OrderPlaced), &[InventoryReserved, InventoryRejected]),
    on(Inventory, &["reserved"], Event(OrderCancelled), &[InventoryReleased]),
    on(Inventory, &["reserved"], Event(OrderRejected), &[InventoryReleased]),
    on(Inventory, &["reserved"], Event(OrderCompleted), &[InventoryCommitted]),
    on(Payment, &[NONE], Command("settle"), &[PaymentSettled]),
    on(Payment, &[NONE], Event(InventoryReserved), &[PaymentCharged, PaymentDeclined]),
    on(Payment, &["charged"], Event(OrderCancelled), &[PaymentRefunded]),
    on(Payment, &[NONE], Event(OrderCancelled), &[PaymentVoided]),
    on(Shipping, &[NONE], Event(PaymentCharged), &[ShippingCreated, ShippingCancelled]),
    on(Shipping, &["created"], Event(OrderConfirmed), &[ShippingDispatched, ShippingCancelled]),
    on(Shipping, &[NONE, "created"], Event(OrderCancelled), &[ShippingCancelled]),
];

const fn ignores(service: Service, states: &'static [State], on: Kind) -> Ignored {
    Ignored { service, states, on }
}

const IGNORED: &[Ignored] = &[
    ignores(Order, ANY_ORDER, InventoryStocked),
    ignores(Order, ANY_ORDER, InventoryReserved),
    ignores(Order, ANY_ORDER, InventoryReleased),
    ignores(Order, ANY_ORDER, InventoryCommitted),
    ignores(Order, ANY_ORDER, InventoryRecovered),
    ignores(Order, ORDER_NOT_PLACED, InventoryRejected),
    ignores(Order, ANY_ORDER, PaymentCharged),
    ignores(Order, ANY_ORDER, PaymentRefunded),
    ignores(Order, ANY_ORDER, PaymentVoided),
    ignores(Order, ANY_ORDER, PaymentSettled),
    ignores(Order, ANY_ORDER, PaymentRecovered),
    ignores(Order, ORDER_NOT_PLACED, PaymentDeclined),
    ignores(Order, ORDER_NOT_PLACED, ShippingCreated),
    ignores(Order, &[NONE, "completed", "rejected", "cancelled"], ShippingCancelled),
    ignores(
        Order,
        &[NONE, "placed", "prepared", "completed", "rejected", "cancelled"],
        ShippingDispatched,
    ),
    ignores(Order, ANY_ORDER, ShippingRecovered),
    ignores(Inventory, &["reserved", "rejected", "released", "committed"], OrderPlaced),
    ignores(Inventory, ANY_RESERVATION, OrderPrepared),
    ignores(Inventory, ANY_RESERVATION, OrderConfirmed),
    ignores(Inventory, RESERVATION_NOT_HELD, OrderCompleted),
    ignores(Inventory, RESERVATION_NOT_HELD, OrderRejected),
    ignores(Inventory, RESERVATION_NOT_HELD, OrderCancelled),
    ignores(Inventory, ANY_RESERVATION, OrderRecovered),
    ignores(Payment, ANY_CHARGE, InventoryStocked),
    ignores(Payment, &["charged", "declined", "refunded", "voided"], InventoryReserved),
    ignores(Payment, ANY_CHARGE, InventoryRejected),
    ignores(Payment, ANY_CHARGE, InventoryReleased),
    ignores(Payment, ANY_CHARGE, InventoryCommitted),
    ignores(Payment, ANY_CHARGE, InventoryRecovered),
    ignores(Payment, ANY_CHARGE, OrderPlaced),
    ignores(Payment, ANY_CHARGE, OrderPrepared),
    ignores(Payment, ANY_CHARGE, OrderConfirmed),
    ignores(Payment, ANY_CHARGE, OrderCompleted),
    ignores(Payment, ANY_CHARGE, OrderRejected),
    ignores(Payment, &["declined", "refunded", "voided"], OrderCancelled),
    ignores(Payment, ANY_CHARGE, OrderRecovered),
    ignores(Shipping, &["created", "dispatched", "cancelled"], PaymentCharged),
    ignores(Shipping, ANY_SHIPMENT, PaymentDeclined),
    ignores(Shipping, ANY_SHIPMENT, PaymentRefunded),
    ignores(Shipping, ANY_SHIPMENT, PaymentVoided),
    ignores(Shipping, ANY_SHIPMENT, PaymentSettled),
    ignores(Shipping, ANY_SHIPMENT, PaymentRecovered),
    ignores(Shipping, ANY_SHIPMENT, OrderPlaced),
    ignores(Shipping, ANY_SHIPMENT, OrderPrepared),
    ignores(Shipping, &[NONE, "dispatched", "cancelled"], OrderConfirmed),
    ignores(Shipping, ANY_SHIPMENT, OrderCompleted),
    ignores(Shipping, ANY_SHIPMENT, OrderRejected),
    ignores(Shipping, &["dispatched", "cancelled"], OrderCancelled),
    ignores(Shipping, ANY_SHIPMENT, OrderRecovered),
];

const ORDER_NOT_PLACED: &[State] =
    &[NONE, "prepared", "confirmed", "completed", "rejected", "cancelled"];
const RESERVATION_NOT_HELD: &[State] = &[NONE, "rejected", "released", "committed"];

const COMPENSATIONS: &[Compensation] = &[
    Compensation { step: InventoryReserved, undone_by: InventoryReleased },
    Compensation { step: PaymentCharged, undone_by: PaymentRefunded },
    Compensation { step: ShippingCreated, undone_by: ShippingCancelled },
];

const fn fact(what: Kind, because: &'static str) -> Exempt<Kind> {
    Exempt { what, because }
}

const RESTORED: &str = "takes the end of the stream for a restored owner; nobody reacts";

const FACTS: &[Exempt<Kind>] = &[
    fact(InventoryStocked, "a fact for the read side: reservations are not retried"),
    fact(InventoryReleased, "the reservation's end: the order has ended already"),
    fact(InventoryCommitted, "the reservation's end: the order has ended already"),
    fact(PaymentRefunded, "the charge's end: the order has ended already"),
    fact(PaymentVoided, "the tombstone of a charge: the order has ended already"),
    fact(PaymentSettled, "only payment's own account of the customer changes"),
    fact(OrderPrepared, "shows people that the window is open; a timer of order goes on"),
    fact(CustomerRecovered, RESTORED),
    fact(ProductRecovered, RESTORED),
    fact(OrderRecovered, RESTORED),
    fact(InventoryRecovered, RESTORED),
    fact(PaymentRecovered, RESTORED),
    fact(ShippingRecovered, RESTORED),
];

const FOLLOWS_ORDER: &str = "follows the order, which has the deadline and always ends";

const WAITS: &[Exempt<(Service, State)>] = &[
    Exempt {
        what: (Order, "confirmed"),
        because: "a parcel handed to the carrier cannot be called back: only shipping knows its end",
    },
    Exempt { what: (Inventory, "reserved"), because: FOLLOWS_ORDER },
    Exempt { what: (Payment, "charged"), because: FOLLOWS_ORDER },
    Exempt { what: (Shipping, "created"), because: FOLLOWS_ORDER },
];
