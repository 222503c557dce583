"""Reports for those who answer for the dossiers: what each counts is decided here, from values, without input or output.

What every figure means, with its source, is written in docs/reference/reports.md.
"""
