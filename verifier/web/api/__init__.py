"""The JSON interface of CONTRACT.md section 4."""
