"""The roof of the API: tokens, the table of addresses, its pages and its schema."""
