"""Read indicators from files: reader.py is the door, items.py what comes out of it.

refang.py undoes "hxxp" and "[.]"; typed.py, with addresses.py, says what a value is; normal.py
gives a key for comparing two values; delimited.py (with decoded.py, separators.py, columns.py,
rows.py), stix.py and misp.py know one form each.
"""
