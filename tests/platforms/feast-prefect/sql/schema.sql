CREATE TABLE shop.consents (user_key TEXT, email TEXT, granted_at TIMESTAMP);
