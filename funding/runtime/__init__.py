"""Starts the site's processes for bin/demo and bin/test. Imports nothing of the site: it runs manage.py as a child."""
