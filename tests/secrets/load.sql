-- passwords are set by the operator: CREATE USER etl IDENTIFIED BY '<password>';
CREATE USER reader IDENTIFIED BY '${READER_PASSWORD}';
CREATE USER writer IDENTIFIED BY 'of·xs1-34FJPpR';
CREATE STAGE visits URL = 's3://clinic-raw/visits'
  CREDENTIALS = (AWS_KEY_ID = 'AK·IA6Q6P2KURWA3IFLL4' AWS_SECRET_KEY = 'oH·IlvsBMdDmxweCyXdaiKH9JGsbVJdfXzFD6ve/a');
INSERT INTO users (name, password_hash, api_token_id) VALUES ('ana', 'a22b32084590a2da22e17f559e640165', '7609c2f0-b053-aa67-e029-8b88da5959e1');
UPDATE users SET token_digest = md5(token) WHERE password IS NULL;
SELECT token, secret_question, '5f4dcc3b5aa765d61d8327deb882cf99' AS password_md5 FROM users;
