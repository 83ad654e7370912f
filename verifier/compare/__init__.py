"""Reading closed values out of raw text and comparing two values: pure functions, no state, no errors of the tree.

`read_*` functions take the raw text of a value, with labels and units still glued to it, and give the normalised value
of the contract, or None when it is not certain. They never guess. `compare_*` functions take two stated values and name
how they relate; how severe that is belongs to the rules.
"""
