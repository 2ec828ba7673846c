"""How a page takes a form, remembers that it was sent, and explains an error. No domain words."""
