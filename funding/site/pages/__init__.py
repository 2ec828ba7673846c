"""Home, projects, books and trails: the pages that show both sides."""
