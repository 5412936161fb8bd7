"""The catalog's tables in admin, but for prices: vendors, models, aliases, upstreams and the routes to them."""
