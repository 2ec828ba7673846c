"""The design system: template tags, form base, and the pages that explain an error."""
