"""Host, projects and funds; what a reference means and whose money paid which day."""
