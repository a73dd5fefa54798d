-- one product
SELECT name, price, currency FROM products WHERE sku = :sku;

-- a customer's orders, newest first
SELECT o.id, o.ordered_on, o.state, c.name
FROM orders o JOIN customers c ON c.id = o.customer_id
WHERE c.id = :customer ORDER BY o.ordered_on DESC;

-- the packing list
SELECT * FROM order_overview WHERE id = :order;

-- revenue by country
SELECT c.country, SUM(l.quantity * l.unit_price)
FROM orders o JOIN customers c ON c.id = o.customer_id JOIN order_lines l ON l.order_id = o.id
WHERE o.state = 'shipped' GROUP BY c.country;

-- best sellers
SELECT p.name, SUM(l.quantity) FROM products p JOIN order_lines l USING (sku)
GROUP BY p.sku ORDER BY 2 DESC LIMIT 10;

-- what is short
SELECT sku, name, on_hand FROM stock_list WHERE on_hand < 10;

-- what a customer owes
SELECT c.credit_limit,
       (SELECT SUM(l.quantity * l.unit_price) FROM orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.customer_id = c.id AND o.state = 'shipped')
     - (SELECT SUM(p.amount) FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE o.customer_id = c.id)
FROM customers c WHERE c.id = :customer;

-- a customer moves
UPDATE customers SET street = :street, city = :city WHERE id = :customer;

-- an order is placed and paid
BEGIN;
INSERT INTO orders (id, customer_id, ordered_on, state) VALUES (:order, :customer, :day, 'open');
INSERT INTO order_lines (order_id, line, sku, quantity, unit_price)
SELECT :order, 1, sku, :quantity, price FROM products WHERE sku = :sku;
INSERT INTO payments (order_id, amount, paid_on) VALUES (:order, :amount, :day);
COMMIT;
