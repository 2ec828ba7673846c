"""What every app's `api.py` is built from: one base for resources, its errors, fields and pages. It knows no app."""
