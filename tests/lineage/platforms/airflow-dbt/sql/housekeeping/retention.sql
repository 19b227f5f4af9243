DELETE FROM web.clicks WHERE clicked_at < dateadd(day, -90, current_date);
DELETE FROM support.tickets USING app.customers c WHERE support.tickets.email = c.email AND c.created_at < dateadd(year, -10, current_date);
