CREATE SCHEMA IF NOT EXISTS orders;

CREATE TABLE orders.customers (
    customer_id     bigint PRIMARY KEY,
    full_name       text   NOT NULL,
    email           text   NOT NULL,
    phone           text
);

CREATE TABLE orders.orders (
    order_id        bigint PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES orders.customers (customer_id),
    placed_at       timestamptz NOT NULL,
    settled_at      timestamptz
);

GRANT SELECT ON orders.orders TO settlement;
