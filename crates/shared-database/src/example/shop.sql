-- One database for everything, as it grows in one house: every table within reach of every query.
CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    street TEXT NOT NULL DEFAULT '',
    city TEXT NOT NULL DEFAULT '',
    country TEXT NOT NULL,
    currency TEXT NOT NULL,
    credit_limit DECIMAL(12, 2) NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE products (
    sku TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    price DECIMAL(12, 2) NOT NULL,
    currency TEXT NOT NULL,
    discontinued INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE stock (
    sku TEXT PRIMARY KEY REFERENCES products (sku),
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0)
);
CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    ordered_on TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'shipped', 'cancelled'))
);
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE TABLE order_lines (
    order_id TEXT NOT NULL REFERENCES orders (id),
    line INTEGER NOT NULL,
    sku TEXT NOT NULL REFERENCES products (sku),
    quantity INTEGER NOT NULL,
    unit_price DECIMAL(12, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE payments (
    id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    amount DECIMAL(12, 2) NOT NULL,
    paid_on TEXT NOT NULL
);
CREATE INDEX payments_by_order ON payments (order_id);

CREATE VIEW order_overview AS
SELECT o.id, o.ordered_on, o.state, c.name AS customer, c.country, l.sku, p.name AS product,
       l.quantity, l.unit_price, s.on_hand,
       (SELECT SUM(amount) FROM payments WHERE order_id = o.id) AS paid
FROM orders o
JOIN customers c ON c.id = o.customer_id
JOIN order_lines l ON l.order_id = o.id
JOIN products p ON p.sku = l.sku
LEFT JOIN stock s ON s.sku = l.sku;

CREATE VIEW stock_list AS
SELECT p.sku, p.name, p.price, s.on_hand FROM products p JOIN stock s USING (sku);

-- What was ordered leaves the shelves when it is shipped.
CREATE TRIGGER stock_leaves AFTER UPDATE OF state ON orders
WHEN NEW.state = 'shipped' AND OLD.state <> 'shipped'
BEGIN
    UPDATE stock SET on_hand = on_hand - (
        SELECT SUM(quantity) FROM order_lines WHERE order_id = NEW.id AND sku = stock.sku
    )
    WHERE sku IN (SELECT sku FROM order_lines WHERE order_id = NEW.id);
END;
