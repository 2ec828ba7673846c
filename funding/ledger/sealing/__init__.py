"""Sealed days: each UTC day of the books as one text file, hashed and chained. docs/sealed-days.md tells a stranger how to check it.

`form` writes the file from the rows, `commitments` hides what is private in it, `closing` seals, `checking` recomputes,
`export` and `proof` hand out what others need to do the same.
"""
