CREATE TABLE support.tickets (
  ticket_id   BIGINT PRIMARY KEY,
  email       VARCHAR(320),
  body        TEXT,
  opened_at   TIMESTAMP
);
