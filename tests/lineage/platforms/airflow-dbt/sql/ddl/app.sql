-- The shop's own database, as the replica gives it.
CREATE TABLE app.customers (
  customer_id BIGINT PRIMARY KEY,
  full_name   VARCHAR(200) NOT NULL,
  email       VARCHAR(320) NOT NULL,
  phone       VARCHAR(40),
  birth_date  DATE,
  street      VARCHAR(200),
  postcode    VARCHAR(12),
  country     CHAR(2),
  created_at  TIMESTAMP
);

CREATE TABLE app.prescriptions (
  prescription_id BIGINT PRIMARY KEY,
  customer_id     BIGINT NOT NULL,
  drug_code       VARCHAR(16) NOT NULL,
  diagnosis_code  VARCHAR(8),
  prescriber      VARCHAR(200),
  issued_on       DATE
);

CREATE TABLE app.orders (
  order_id     BIGINT PRIMARY KEY,
  customer_id  BIGINT NOT NULL,
  iban         VARCHAR(34),
  total_cents  BIGINT,
  ordered_at   TIMESTAMP
);
