-- Old tickets keep a pseudonym for deduplication.
UPDATE support.tickets SET email = sha2(email, 256) WHERE opened_at < dateadd(year, -2, current_date);
