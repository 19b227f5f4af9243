CREATE TABLE sales.customers (
    email varchar(160) DEFAULT 'none,
    city varchar(80
