-- Every night: yesterday's clicks from the landing bucket.
CREATE TABLE web.clicks (
  click_id   VARCHAR(40),
  email      VARCHAR(320),
  ip_address VARCHAR(45),
  url        VARCHAR(2000),
  clicked_at TIMESTAMP
);

COPY web.clicks FROM 's3://medimail-landing/clicks/' IAM_ROLE 'arn:aws:iam::123456789012:role/load' FORMAT AS PARQUET;
